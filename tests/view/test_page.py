import json
import re
import time
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from nas.records.record import Record
from nas.view import page
from nas.view.page import report_page, write_report
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import HOSTILE, candidate, configuration, many, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


class Outline(HTMLParser):
    """The elements, attribute names, links and scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.cdata_elem == "script":
            self.scripts[-1] += data


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "plotly", lambda: "/* plotly */")


def _page(records: list[Record], name: str = "plain") -> str:
    config = configuration(
        space=name,
        data=name,
        class_names=(name, name),
        constraints=(name,),
        versions={name: name},
        device=name,
        link=name,
    )
    return report_page(config, records, THREE, run=Path("runs/a"))


def _named(name: str) -> list[Record]:
    settings = {name: name}
    return [
        candidate(name[:50], 0.9, 1.0, 10, preset=name, hyperparameters=settings),
        candidate(name[:50], status="failed", reason=name, latency_source=name, finished_at=name),
    ]


def _data(outline: Outline) -> Any:
    return json.loads(outline.scripts[0])


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_add_no_element_attribute_or_link(name: str) -> None:
    plain, hostile = (Outline(_page(_named(each), each)) for each in ("plain", name))
    opened = hostile.tags["details"] - plain.tags["details"]  # long texts open on demand
    expected = plain.tags + Counter(details=opened, summary=opened, bdi=opened)
    assert hostile.tags == expected
    assert hostile.attributes == plain.attributes
    assert hostile.links == plain.links == ["data:,"]
    assert hostile.scripts[1:] == plain.scripts[1:]


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("name", HOSTILE)
def test_the_data_survives_hostile_names(name: str) -> None:
    data = _data(Outline(_page(_named(name), name)))
    assert data["values"]["accuracy"][0] == 90.0


@pytest.mark.usefixtures("_short")
def test_the_data_holds_nothing_that_could_end_its_script() -> None:
    data = Outline(_page(_named(HOSTILE[1]))).scripts[0]
    assert "\\u003c/script\\u003e" in data
    assert not {"<", ">", "&"} & set(data)


@pytest.mark.usefixtures("_short")
def test_a_run_directory_whose_name_is_no_text_has_a_page(tmp_path: Path) -> None:
    directory = tmp_path / "\udcff"
    directory.mkdir()
    write_report(directory / "report.html", configuration(), trade_off(), THREE)
    assert "\\udcff" in (directory / "report.html").read_text()


@pytest.mark.usefixtures("_short")
def test_hostile_text_is_still_readable() -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in _page(_named(HOSTILE[0]), HOSTILE[0])


@pytest.mark.usefixtures("_short")
def test_the_policy_names_each_script_and_forbids_the_network() -> None:
    text = _page(trade_off())
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    digests = [
        b64encode(sha256(script.encode()).digest()).decode() for script in Outline(text).scripts[1:]
    ]
    assert found[1] == (
        f"default-src 'none'; script-src 'sha256-{digests[0]}' 'sha256-{digests[1]}'; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


@pytest.mark.usefixtures("_short")
def test_the_page_says_what_is_estimated_and_what_is_synthetic() -> None:
    text = report_page(configuration(), trade_off(), THREE, run=Path("runs/a"))
    assert "The data pcb_synthetic is synthetic: this project drew it." in text
    assert "The latency of 4 candidates is an estimate" in text


@pytest.mark.usefixtures("_short")
def test_the_page_tells_the_configuration() -> None:
    text = report_page(configuration(), trade_off(), THREE, run=Path("runs/a"))
    assert "<dt>Seed</dt><dd><bdi>1</bdi></dd>" in text
    assert "<bdi>keras 3.15.0, tensorflow-cpu 2.20.0</bdi>" in text
    assert "<bdi>train 960, validation 240, test 300</bdi>" in text


@pytest.mark.usefixtures("_short")
def test_a_run_without_candidates_has_a_page() -> None:
    text = report_page(configuration(), [], THREE, run=Path("runs/a"))
    assert "No candidate is complete yet." in text


@pytest.mark.usefixtures("_short")
def test_only_a_served_page_may_ask_its_server() -> None:
    for version, is_served in ((None, False), ('a"b', True)):
        text = report_page(configuration(), [], THREE, run=Path("runs/a"), version=version)
        assert ("connect-src 'self'" in text) is is_served
        assert ('data-version="a&quot;b"' in text) is is_served


@pytest.mark.slow
def test_a_thousand_candidates_take_less_than_ten_seconds_and_8_mb(tmp_path: Path) -> None:
    started = time.monotonic()
    write_report(tmp_path / "report.html", configuration(), many(1000, measured=0.2), THREE)
    assert time.monotonic() - started < 10
    assert (tmp_path / "report.html").stat().st_size < 8_000_000


def test_a_storage_s_password_is_not_shown() -> None:
    config = configuration(storage="postgresql://bob:secret@db/x")
    page = report_page(config, [], THREE, run=Path("run"))
    assert "secret" not in page
    assert "postgresql://bob:***@db/x" in page
