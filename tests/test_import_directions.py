"""Doors open in one direction: which room may import which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ALLOWED = {
    "objectives": {"objectives"},
    "search_spaces": {"search_spaces"},
    "nas/network": {"nas.network", "nas.errors"},
    "nas/edgetpu": {"nas.edgetpu", "nas.network", "nas.errors"},
    "nas/compiler": {"nas.compiler", "nas.edgetpu", "nas.network", "nas.errors"},
    "nas/calibrating": {"nas.calibrating", "nas.compiler", "nas.edgetpu", "nas.network",
                        "nas.errors", "nas.json_values"},
    "nas/device": {"nas.device", "nas.calibrating", "nas.compiler", "nas.edgetpu", "nas.network",
                   "nas.errors", "nas.json_values"},
    "nas/platforms": {"nas.platforms", "nas.edgetpu", "nas.network", "nas.errors"},
    "nas/adjustment": {"nas.adjustment", "nas.errors"},
    "nas/data": {"nas.data", "nas.errors", "nas.json_values"},
    "nas/evaluation": {"nas.evaluation", "nas.data", "nas.edgetpu", "nas.network", "nas.errors"},
    "nas/quantization": {"nas.quantization", "nas.evaluation", "nas.data", "nas.network",
                         "nas.errors"},
    "nas/records": {"nas.records", "nas.calibrating", "nas.edgetpu", "nas.network", "nas.errors",
                    "nas.json_values", "objectives"},
    "nas/candidates": {"nas.candidates", "nas.records", "nas.edgetpu", "nas.network",
                       "nas.errors", "search_spaces"},
    "nas/sampling": {"nas.sampling", "nas.candidates", "nas.records", "nas.edgetpu",
                     "nas.errors", "nas.provenance", "objectives"},
    "nas/auditing": {"nas.auditing", "nas.sampling", "nas.candidates", "nas.records",
                     "nas.evaluation", "nas.edgetpu", "nas.network", "nas.errors", "objectives",
                     "search_spaces"},
    "nas/executors": {"nas.executors", "nas.candidates", "nas.records", "nas.evaluation",
                      "nas.data", "nas.edgetpu", "nas.errors", "nas.provenance",
                      "nas.tensorflow_settings", "search_spaces"},
    "nas/study": {"nas.study", "nas.executors", "nas.sampling", "nas.candidates", "nas.records",
                  "nas.evaluation", "nas.data", "nas.edgetpu", "nas.errors", "nas.provenance",
                  "objectives", "search_spaces"},
    "nas/sweeping": {"nas.sweeping", "nas.adjustment", "nas.evaluation", "nas.data",
                     "nas.edgetpu", "nas.network", "nas.errors", "search_spaces"},
    "nas/view": {"nas.view", "nas.records", "nas.study", "nas.auditing", "nas.platforms",
                 "nas.sweeping", "nas.edgetpu", "nas.errors", "objectives"},
    "nas/bundle": {"nas.bundle", "nas.data", "nas.device", "nas.compiler", "nas.edgetpu",
                   "nas.network", "nas.evaluation", "nas.quantization", "nas.records",
                   "nas.errors"},
}  # fmt: skip
OURS = ("nas", "objectives", "search_spaces")


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


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    allowed = ALLOWED[room]
    for path in sorted((ROOT / room).rglob("*.py")):
        for module in imported(path):
            if module.split(".")[0] in OURS:
                assert room_of(module) in allowed, f"{path} imports {module}"


def test_every_room_has_its_doors() -> None:
    rooms = {f"nas/{path.parent.name}" for path in (ROOT / "nas").glob("*/__init__.py")}
    assert rooms | {"objectives", "search_spaces"} == set(ALLOWED)


def test_no_two_rooms_lead_into_each_other() -> None:
    """The order of ``ALLOWED`` is one in which every door leads back to an earlier room."""
    names = [room.replace("/", ".") for room in ALLOWED]
    for number, room in enumerate(ALLOWED):
        assert not ALLOWED[room] & set(names[number + 1 :]), room


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
