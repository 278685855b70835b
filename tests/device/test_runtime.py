"""The runtime is tried through a real interpreter with a library that has libedgetpu's doors."""

import inspect
from pathlib import Path

import pytest

from nas.device import problems
from nas.device.attached import AttachedDevice
from nas.device.problems import Problem
from nas.device.runtime import examine_runtime, explain_refusal
from nas.errors import UserError
from tests.compiler.darwinn_packages import write_compiled, write_package

STICK = AttachedDevice("usb", Path("/dev/bus/usb/002/004"), True)
FRESH = AttachedDevice("usb", Path("/dev/bus/usb/002/005"), True, has_firmware=False)
LOCKED = AttachedDevice("usb", Path("/dev/bus/usb/002/006"), False)
CARD = AttachedDevice("pci", Path("/dev/apex_0"), True)
LOCKED_CARD = AttachedDevice("pci", Path("/dev/apex_0"), False)
BARE_CARD = AttachedDevice("pci", None, False)
ALL = tuple(value for _, value in inspect.getmembers(problems) if isinstance(value, Problem))


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    path = tmp_path / "model_edgetpu.tflite"
    path.write_bytes(write_compiled(write_package()))
    return path


def _hide(monkeypatch: pytest.MonkeyPatch, folder: Path, **packages: str) -> None:
    """Put packages before the installed ones."""
    for name, content in packages.items():
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(content)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_a_runtime_that_works_is_told_with_versions_and_devices(
    stub_library: str, compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_DEVICES", "2")
    runtime = examine_runtime("usb", library=stub_library, model=compiled, attached=())
    assert runtime.problem is None, runtime.message
    assert runtime.runtime_version == 14
    assert runtime.devices == (("usb", "/sys/bus/usb/devices/2-1"), ("pci", "/dev/apex_0"))
    assert runtime.interpreter is not None
    assert runtime.interpreter.startswith(("tflite_runtime ", "ai_edge_litert "))


def test_the_second_interpreter_is_taken_where_the_first_is_missing(
    stub_library: str, compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hide_interpreters(monkeypatch, tmp_path, "tflite_runtime")
    runtime = examine_runtime(library=stub_library, model=compiled, attached=())
    assert runtime.problem is None, runtime.message
    assert runtime.interpreter is not None
    assert runtime.interpreter.startswith("ai_edge_litert ")


def _hide_interpreters(monkeypatch: pytest.MonkeyPatch, folder: Path, *names: str) -> None:
    """Make installed packages unfindable."""
    hook = (
        "import importlib.util\nfind = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name: None if name in {names} else find(name)\n"
    )
    (folder / "sitecustomize.py").write_text(hook)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_no_interpreter_at_all_is_told(
    stub_library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hide_interpreters(monkeypatch, tmp_path, "tflite_runtime", "ai_edge_litert")
    runtime = examine_runtime(library=stub_library, attached=())
    assert runtime.problem is problems.NO_INTERPRETER
    assert runtime.interpreter is None


def test_an_interpreter_that_cannot_be_imported_is_told(
    stub_library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hide(monkeypatch, tmp_path, tflite_runtime="raise ImportError('numpy.core failed')")
    runtime = examine_runtime(library=stub_library, attached=())
    assert runtime.problem is problems.BROKEN_INTERPRETER
    assert runtime.message == "numpy.core failed"


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [("crash", problems.MISMATCH), ("crash_late", problems.MISMATCH), ("hang", problems.HANGS)],
)
def test_a_library_that_misbehaves_costs_one_process(
    behaviour: str, expected: Problem, stub_library: str, compiled: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("STUB_EDGETPU", behaviour)
    limit_s = 0.9 if behaviour == "hang" else 30.0
    runtime = examine_runtime(
        library=stub_library, model=compiled, attached=(STICK,), time_limit_s=limit_s
    )
    assert runtime.problem is expected
    assert runtime.message == {"hang": "no answer"}.get(behaviour, "Aborted")


@pytest.mark.parametrize(
    ("device", "attached", "expected"),
    [
        ("", (), problems.NO_DEVICE),
        ("pci", (STICK,), problems.NO_DEVICE),
        ("usb:1", (STICK,), problems.NO_SUCH_DEVICE),
        (":1", (STICK, LOCKED_CARD), problems.NO_PCI_PERMISSION),
        ("usb", (LOCKED,), problems.NO_USB_PERMISSION),
        ("usb", (FRESH,), problems.NO_FIRMWARE),
        ("pci:0", (STICK, BARE_CARD), problems.NO_DRIVER),
        ("", (STICK, CARD), problems.REFUSED),
    ],
)
def test_a_refused_device_is_explained_by_what_is_attached(
    device: str, attached: tuple[AttachedDevice, ...], expected: Problem
) -> None:
    assert explain_refusal(device, attached) is expected


def test_a_library_that_refuses_the_device_gives_no_reason(
    stub_library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_EDGETPU", "refuse")
    runtime = examine_runtime("usb", library=stub_library, attached=(STICK, LOCKED))
    assert runtime.problem is problems.NO_USB_PERMISSION
    assert runtime.message.startswith("Failed to load delegate from")


def test_a_missing_library_is_told_with_the_command_that_brings_it() -> None:
    runtime = examine_runtime(library="libedgetpu_of_nobody.so.1", attached=(STICK,))
    assert runtime.problem is problems.NO_LIBRARY
    assert "sudo apt-get install libedgetpu1-std" in runtime.problem.line


def test_another_library_is_recognised() -> None:
    assert examine_runtime(library="libm.so.6", attached=()).problem is problems.NOT_LIBEDGETPU


@pytest.mark.parametrize("kept_bytes", [20, 5_000])
def test_a_damaged_library_is_recognised(
    kept_bytes: int, stub_library: str, tmp_path: Path
) -> None:
    damaged = tmp_path / "libedgetpu.so.1"
    damaged.write_bytes(Path(stub_library).read_bytes()[:kept_bytes])
    runtime = examine_runtime(library=str(damaged), attached=())
    assert runtime.problem is problems.DAMAGED_LIBRARY, runtime


def test_a_library_that_lacks_libusb_is_told(stub_library: str, tmp_path: Path) -> None:
    lacking = tmp_path / "lacking.so"
    name = b"libc.so.6\0"
    content = Path(stub_library).read_bytes()
    assert name in content
    lacking.write_bytes(content.replace(name, b"libusb-1\0\0"))
    runtime = examine_runtime(library=str(lacking), attached=())
    assert runtime.problem is problems.NO_LIBUSB, runtime


def test_a_model_that_is_not_compiled_is_not_tried(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(b"would crash the interpreter")
    with pytest.raises(UserError, match="not a TFLite file"):
        examine_runtime(model=model, attached=())


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [("old_runtime", problems.OLD_RUNTIME), ("refuse_model", problems.MODEL_REFUSED)],
)
def test_a_model_that_the_runtime_refuses_is_told(
    behaviour: str, expected: Problem, stub_library: str, compiled: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("STUB_EDGETPU", behaviour)
    runtime = examine_runtime(library=stub_library, model=compiled, attached=(STICK,))
    assert runtime.problem is expected, runtime.message
    assert "failed to prepare" in runtime.message


@pytest.mark.parametrize(("package", "warnings"), [
    ("utils/edgetpu.py", ()), ("pycoral.py", (problems.OTHER_PYCORAL,)),
])  # fmt: skip
def test_the_other_project_named_pycoral_is_recognised_and_not_imported(
    package: str, warnings: tuple[Problem, ...], stub_library: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    _hide(monkeypatch, tmp_path, pycoral="raise SystemExit('imported')")
    (tmp_path / "pycoral" / package).parent.mkdir(exist_ok=True)
    (tmp_path / "pycoral" / package).touch()
    runtime = examine_runtime(library=stub_library, attached=())
    assert runtime.problem is None, runtime.message
    assert runtime.warnings == warnings


@pytest.mark.parametrize("device", ["usb1", "usb:", "usb:-1", "tpu", "usb:1;reboot", "ssh://a@b"])
def test_a_device_name_that_does_not_exist_is_refused(device: str) -> None:
    with pytest.raises(UserError, match="name it usb, usb:1, pci, pci:0 or :0"):
        examine_runtime(device, attached=())


def test_every_problem_is_one_line_with_a_remedy() -> None:
    assert len({each.name for each in ALL}) == len(ALL) > 15
    for each in ALL:
        assert each.remedy in each.line
        assert "\n" not in each.line


def test_what_others_print_does_not_hide_the_facts(
    stub_library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('INFO: {')\nprint('[1]')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    runtime = examine_runtime(library=stub_library, attached=())
    assert runtime.problem is None, runtime.message
    assert runtime.runtime_version == 14
