"""Link, clock and host, or a calibrated device instead: the same options of several commands."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import nas.audit
import nas.estimate
import nas.platform
import nas.sweep
from nas.calibrating.profile import profile_path, write_profile
from nas.command import EXIT_DONE
from nas.errors import UserError
from tests.adjustment.models import residual
from tests.calibrating.test_profile import PROFILE
from tests.conftest import OWN_SPACE

MODEL = str(Path(__file__).parent / "data" / "convolutional_int8.tflite")
SPACE = ["--space", f"{OWN_SPACE}:well_behaved", "--image-size", "16"]
FIXED_MS = 9.0
"""What every inference takes at least, by the profile and by nothing else."""

Main = Callable[[Sequence[str]], int]
COMMANDS: list[tuple[Main, list[str]]] = [
    (nas.estimate.main, [MODEL]), (nas.audit.main, [*SPACE, "--candidates", "4"]),
    (nas.sweep.main, ["tiny.keras", "--adjust", "depth", "--values", "1"]),
    (nas.platform.main, [MODEL]),
]  # fmt: skip


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A calibrated device called ``mine``, and a network to sweep."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    constants = {**PROFILE.constants, "link.fixed_ms": FIXED_MS}
    write_profile(replace(PROFILE, constants=constants), profile_path("mine"))
    residual().save("tiny.keras")


def latencies(value: dict[str, Any]) -> list[float]:
    """Return the latencies of whatever command told them."""
    if "costs" in value:
        return [value["costs"]["latency_ms"]["minimum"]]
    if "steps" in value:
        return [step["latency_ms"] for step in value["steps"]]
    if "curves" in value:
        return [value["models"][0]["standings"][0]["latency_ms"]["edgetpu"]["value"]]
    return [value["latency_ms"]]


@pytest.mark.parametrize(("main", "words"), COMMANDS)
def test_a_profile_is_what_a_command_estimates_with(
    main: Main, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == EXIT_DONE
    package = latencies(json.loads(capsys.readouterr().out))
    assert main([*words, "--profile", "mine", "--json"]) == EXIT_DONE
    mine = latencies(json.loads(capsys.readouterr().out))
    assert max(package) < FIXED_MS < min(mine)


@pytest.mark.parametrize(("main", "words"), COMMANDS)
def test_a_profile_excludes_what_it_tells_itself(main: Main, words: list[str]) -> None:
    with pytest.raises(UserError, match="leave out what else tells them"):
        main([*words, "--profile", "mine", "--clock-mhz", "250"])
    with pytest.raises(UserError, match="there are mine"):
        main([*words, "--profile", "yours"])


@pytest.mark.parametrize(("main", "words"), COMMANDS[1:3])
def test_people_are_told_whose_estimates_they_see(
    main: Main, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--profile", "mine"]) == EXIT_DONE
    assert "profile mine" in " ".join(capsys.readouterr().out.split())
