"""The pages in a real browser, opened from disk with the network off."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.records.int8_loss import keep_int8_loss
from nas.records.run import RunDirectory
from nas.view.comparison import Run
from nas.view.comparison_page import write_comparison
from nas.view.page import report_page, write_report
from nas.view.serving import PageServer
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.browser import chromium, opened
from tests.view.candidates import HOSTILE, candidate, configuration, many, trade_off

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]
SHOWN = """return Object.fromEntries(document.getElementById('chart').data.map(
    (trace) => [trace.meta, trace.customdata]))"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def _open(browser: Any, folder: Path, records: list[Any], **values: Any) -> Any:
    browser.get("about:blank")
    browser.get_log("browser")
    write_report(folder / "report.html", configuration(**values), records, THREE)
    return opened(browser, (folder / "report.html").as_uri())


def _complaints(browser: Any) -> list[str]:
    return [e["message"] for e in browser.get_log("browser") if e["level"] == "SEVERE"]


def _click(browser: Any, selector: str) -> None:
    browser.execute_script(f"document.querySelector({json.dumps(selector)}).click()")


def _text(browser: Any, selector: str) -> str:
    script = f"return document.querySelector({json.dumps(selector)}).innerText"
    return str(browser.execute_script(script))


def test_it_opens_without_error_or_request(browser: Any, tmp_path: Path) -> None:
    _open(browser, tmp_path, trade_off())
    browser.get_log("performance")
    browser.refresh()
    opened(browser, (tmp_path / "report.html").as_uri())
    events = [json.loads(e["message"])["message"] for e in browser.get_log("performance")]
    urls = [
        e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
    ]
    assert {url.split(":")[0] for url in urls} <= {"file", "data", "blob"}
    assert _complaints(browser) == []
    assert browser.execute_script(SHOWN)["front"] == [0, 1, 2]


def test_a_thousand_candidates_are_painted_in_two_seconds(browser: Any, tmp_path: Path) -> None:
    _open(browser, tmp_path, many(1000, measured=0.2))
    paint = browser.execute_script(
        "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    assert paint < 2000
    assert (tmp_path / "report.html").stat().st_size < 8_000_000
    assert _complaints(browser) == []


def test_pointing_at_a_mark_tells_its_details(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    _open(browser, tmp_path, trade_off())
    browser.execute_script("document.getElementById('chart').scrollIntoView()")
    mark = browser.find_elements(By.CSS_SELECTOR, "#chart .scatterlayer .point")[0]
    ActionChains(browser).move_to_element(mark).perform()
    browser.implicitly_wait(5)
    assert browser.find_elements(By.CSS_SELECTOR, "#chart .hoverlayer .hovertext")
    assert "Latency 3 ms" in _text_content(browser, "#chart .hoverlayer")
    ActionChains(browser).click(mark).perform()
    assert _text(browser, "#candidate h3") == "worse"


def _text_content(browser: Any, selector: str) -> str:
    script = f"return document.querySelector({json.dumps(selector)}).textContent"
    return str(browser.execute_script(script))


def test_a_limit_leaves_fewer_marks_and_rows(browser: Any, tmp_path: Path) -> None:
    _open(browser, tmp_path, trade_off())
    browser.execute_script(
        "const input = document.querySelectorAll('#limits input')[1]; input.value = '2.5';"
        "input.dispatchEvent(new Event('input'))"
    )
    assert browser.execute_script(SHOWN)["front"] == [0, 2]
    assert _text(browser, "#fitting") == "2 of 4 complete candidates are within the limits."
    rows = "return [...document.querySelectorAll('tr[id^=front]')].filter((row) => !row.hidden)"
    assert len(browser.execute_script(rows)) == 2
    _click(browser, "#within")
    assert _text(browser, "#candidate h3") == "default (preset)"
    assert "Latency at most 2.5 ms" in _text(browser, "#candidate .reason")
    browser.refresh()
    opened(browser, browser.current_url)
    assert browser.execute_script(SHOWN)["front"] == [0, 2]


def _wait(browser: Any, text: str, selector: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 20).until(lambda each: text in _text_content(each, selector))


def test_a_choice_is_explained_and_its_command_copied(browser: Any, tmp_path: Path) -> None:
    _open(browser, tmp_path, trade_off())
    browser.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    _click(browser, "#choices button:nth-child(3)")
    assert "25.0 points below the best (95.0 %)" in _text(browser, "#candidate")
    browser.find_element("css selector", "#candidate .copy").click()
    _wait(browser, "Copied", "#said")
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == (f"python -m nas.export {tmp_path} --pick small --out bundles/small")


def test_any_two_axes_space_and_unfinished_candidates(browser: Any, tmp_path: Path) -> None:
    _open(browser, tmp_path, trade_off())
    browser.execute_script(
        "const x = document.getElementById('x'); x.value = 'memory_bytes';"
        "x.dispatchEvent(new Event('change'));"
        "for (const box of document.querySelectorAll('#controls [type=checkbox]')) box.click()"
    )
    drawn = browser.execute_script("return document.getElementById('chart').data")
    front = next(trace for trace in drawn if trace["meta"] == "front")
    assert front["x"] == [97.6562, 878.906, 390.625]
    unfinished = [trace["customdata"] for trace in drawn if trace["meta"] == "unfinished"]
    assert unfinished == [[4, 6], [5]]
    _click(browser, "[data-view=deep]")
    kinds = browser.execute_script(
        "return document.getElementById('chart').data.map((trace) => trace.type)"
    )
    assert set(kinds) == {"scatter3d"}
    assert _complaints(browser) == []


def test_what_int8_costs_and_where_measurements_stand(browser: Any, tmp_path: Path) -> None:
    change = {"examples": 200, "before": 0.95, "after": 0.9, "lost": 12, "gained": 2}
    layer = {"layer": HOSTILE[0], "operator": "CONV_2D", "sqnr_db": 31.25, "noise_share": 0.75}
    found = {
        "loss": change, "layers": [{**layer, "alone": change}], "applied": None,
        "remedies": [{"remedy": "bias correction", "change": change}],
    }  # fmt: skip
    keep_int8_loss(RunDirectory(tmp_path), "small", found)
    device = candidate("device", 0.8, 1.5, 1, latency_source="device", learning_curve=(0.5,))
    _open(browser, tmp_path, [*trade_off(), replace(device, energy_mj=1.0)])
    _click(browser, "#choices button:nth-child(3)")
    shown = _text_content(browser, "#candidate")
    assert "Float 95 %, int8 90 % of 200 validation examples: 12 lost, 2 gained" in shown
    assert "31.3" in shown
    assert HOSTILE[0] in shown
    names = "return document.getElementById('chart').data.map((trace) => trace.name)"
    assert "on the front, latency measured" in browser.execute_script(names)
    browser.execute_script(
        "for (const [id, value] of [['x', 'energy_mj'], ['by', 'trainings']]) {"
        "const select = document.getElementById(id); select.value = value;"
        "select.dispatchEvent(new Event('change')); }"
    )
    assert "on the front, energy estimated" in browser.execute_script(names)
    history = browser.execute_script("return document.getElementById('history').data[0].x")
    assert history == [0, 0, 0, 0, 0, 0, 0, 1]
    assert _complaints(browser) == []


@pytest.mark.parametrize("place", ["space", "data"])
def test_hostile_names_run_nothing(browser: Any, tmp_path: Path, place: str) -> None:
    settings = {name: name for name in HOSTILE}
    records = [
        candidate(name[:50], 0.9 - i / 99, 1.0 + i, 10 + i, preset=name, hyperparameters=settings)
        for i, name in enumerate(HOSTILE)
    ]
    records += [candidate(str(i), 0.5 + i / 99, i, i, hyperparameters=settings) for i in range(12)]
    whole = {place: " ".join(HOSTILE)}
    _open(browser, tmp_path, records, class_names=HOSTILE, **whole)
    _click(browser, "#choices button")
    _click(browser, "[data-view=deep]")
    elements = "script[src], img, iframe, [onerror], [onmouseover]"
    assert browser.execute_script(f"return document.querySelectorAll('{elements}').length") == 0
    assert _complaints(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("count", "names"), [
    (0, ["accuracy"]), (0, [*OBJECTIVES]), (1, ["latency_ms", "macs"]), (30, ["accuracy"]),
    (30, [*OBJECTIVES]),
])  # fmt: skip
def test_any_number_of_candidates_and_objectives(
    browser: Any, tmp_path: Path, count: int, names: list[str]
) -> None:
    browser.get_log("browser")
    objectives = [OBJECTIVES[name] for name in names]
    write_report(tmp_path / "report.html", configuration(), many(count), objectives)
    opened(browser, (tmp_path / "report.html").as_uri())
    _click(browser, "[data-view=deep]")
    browser.execute_script(
        "for (const b of document.querySelectorAll('[type=checkbox]')) b.click()"
    )
    _click(browser, "[data-view=flat]")
    assert _complaints(browser) == []
    drawn = browser.execute_script(SHOWN)
    assert len(drawn["candidates"]) + len(drawn.get("front", [])) <= count
    assert "unfinished" in drawn


def test_a_phone_needs_no_sideways_scrolling(tmp_path: Path) -> None:
    with chromium(tmp_path / "profile", width=390, height=844) as phone:
        _open(phone, tmp_path, many(40))
        _click(phone, "#choices button")
        assert phone.execute_script("return document.documentElement.scrollWidth") == 390


def test_paper_is_light_and_narrow_whatever_the_screen(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    dark = {"name": "prefers-color-scheme", "value": "dark"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [dark]})
    look = (
        "const charts = ['chart', 'history', 'parallel'].map((id) => document.getElementById(id));"
        "return charts.map((each) => [each._fullLayout.font.color, each._fullLayout.width])"
    )
    try:
        _open(browser, tmp_path, many(30))
        before = browser.execute_script(look)
        assert {ink for ink, _ in before} == {"#e8eaed"}
        paper = browser.execute_script(f"dispatchEvent(new Event('beforeprint')); {look}")
        assert paper == [["#1d2127", 650]] * 3
        browser.execute_script("dispatchEvent(new Event('afterprint'))")
        WebDriverWait(browser, 20).until(lambda each: each.execute_script(look) == before)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert _complaints(browser) == []


def test_runs_are_compared(browser: Any, tmp_path: Path) -> None:
    runs = [
        Run(
            RunDirectory(Path(f"runs/{seed}")), configuration(seed=seed), many(40, seed=seed), THREE
        )
        for seed in range(3)
    ]
    write_comparison(tmp_path / "c.html", runs)
    browser.get_log("browser")
    opened(browser, (tmp_path / "c.html").as_uri())
    drawn = browser.execute_script(
        "return document.getElementById('chart').data.map((trace) => trace.meta)"
    )
    assert (drawn.count("run"), drawn.count("attainment")) == (6, 1)
    assert len(_text(browser, "#runs tbody").splitlines()) == 3
    assert _complaints(browser) == []


def test_a_served_page_follows_its_run(browser: Any) -> None:
    records = trade_off()

    def page(version: str) -> str:
        return report_page(configuration(), records, THREE, run=Path("r"), version=version)

    with PageServer("127.0.0.1", 0, lambda: str(len(records)), page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            browser.get("about:blank")
            opened(browser, server.url)
            records.append(candidate("newest", 0.99, 0.1, 1))
            _wait(browser, "newest", "body")
        finally:
            browser.get("about:blank")
            server.shutdown()
            thread.join()
    assert _complaints(browser) == []
