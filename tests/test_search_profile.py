"""A search whose estimates are those of a calibrated device."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.calibrating.profile import profile_path, write_profile
from nas.errors import UserError
from nas.records.chip_model import make_estimator
from nas.search import main
from tests.calibrating.test_profile import PROFILE
from tests.network.networks import five_convolutions
from tests.records.runs import run_config


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_a_run_with_a_profile_estimates_with_it() -> None:
    constants = {**PROFILE.constants, "link.fixed_ms": 9.0}
    write_profile(replace(PROFILE, constants=constants), profile_path("mine"))
    estimator = make_estimator(run_config(profile="mine"))
    latency_ms = estimator.estimate(five_convolutions(8)).latency_ms
    assert latency_ms is not None
    assert latency_ms > 9.0
    assert make_estimator(run_config()).profile is None


@pytest.mark.parametrize(("words", "message"), [
    (["--link", "usb2"], "leave out what else tells them"), ([], r"nas\.calibrate makes one"),
])  # fmt: skip
def test_a_profile_that_cannot_be_used_is_refused_at_once(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main(["--profile", "mine", *words])
