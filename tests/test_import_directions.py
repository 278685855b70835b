"""Doors open in one direction: which room may import which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ALLOWED = {
    "objectives": {"objectives"},
    "search_spaces": {"search_spaces", "keras", "keras_tuner"},
    "nas/edgetpu": {"nas.edgetpu", "nas.errors"},
    "nas/device": {"nas.device", "nas.edgetpu", "nas.errors"},
    "nas/platforms": {"nas.platforms", "nas.edgetpu", "nas.errors"},
    "nas/data": {"nas.data", "nas.errors"},
    "nas/evaluation": {"nas.evaluation", "nas.data", "nas.edgetpu", "nas.errors"},
    "nas/quantization": {"nas.quantization", "nas.evaluation", "nas.data", "nas.edgetpu",
                         "nas.errors"},
    "nas/study": {
        "nas.study", "nas.evaluation", "nas.data", "nas.edgetpu", "nas.errors", "nas.provenance",
        "objectives", "search_spaces",
    },
    "nas/adjustment": {"nas.adjustment", "nas.errors"},
    "nas/sweeping": {"nas.sweeping", "nas.adjustment", "nas.evaluation", "nas.data", "nas.edgetpu",
                     "nas.study", "nas.errors"},
    "nas/view": {"nas.view", "nas.study", "nas.platforms", "nas.sweeping", "nas.errors",
                 "objectives"},
    "nas/bundle": {"nas.bundle", "nas.data", "nas.device", "nas.edgetpu", "nas.evaluation",
                   "nas.study", "nas.errors"},
}  # fmt: skip
OURS_AND_FRAMEWORKS = ("nas", "objectives", "search_spaces", "keras", "keras_tuner", "tensorflow")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "nas" else parts[0]


@pytest.mark.parametrize("room", ["objectives", "search_spaces", "nas/edgetpu", "nas/data",
                                  "nas/view", "nas/device", "nas/platforms",
                                  "nas/adjustment"])  # fmt: skip
def test_a_room_imports_only_what_it_may(room: str) -> None:
    allowed = ALLOWED[room]
    for path in sorted((ROOT / room).rglob("*.py")):
        for module in imported(path):
            if module.split(".")[0] in OURS_AND_FRAMEWORKS:
                lazily = module.split(".")[0] in ("keras", "tensorflow")
                assert lazily or room_of(module) in allowed, f"{path} imports {module}"


@pytest.mark.parametrize(
    "room", ["nas/evaluation", "nas/quantization", "nas/study", "nas/bundle", "nas/sweeping"]
)
def test_no_room_calls_back_into_an_earlier_one(room: str) -> None:
    for path in sorted((ROOT / room).rglob("*.py")):
        for module in imported(path):
            if module.split(".")[0] in ("nas", "objectives", "search_spaces"):
                assert room_of(module) in ALLOWED[room], f"{path} imports {module}"


def test_one_file_knows_both_optuna_and_keras_tuner() -> None:
    both = [
        path.name
        for path in (ROOT / "nas").rglob("*.py")
        if {"optuna", "keras_tuner"} <= {name.split(".")[0] for name in imported(path)}
    ]
    assert both == ["hyperparameters.py"]


@pytest.mark.parametrize("command", ["search", "report", "export", "estimate", "audit", "sweep",
                                     "calibrate", "doctor"])  # fmt: skip
def test_help_does_not_import_tensorflow(command: str) -> None:
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['nas.{command}', '--help']\n"
        "try:\n"
        f"    runpy.run_module('nas.{command}', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "heavy = {'tensorflow', 'keras', 'optuna', 'pandas', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
