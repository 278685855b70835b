"""Why an agent ended or refused, from what it left behind."""

import pytest

from nas.device.explanation import explain_end, explain_refused

LIBRARY = {"stage": "library", "error": "OSError"}


@pytest.mark.parametrize(("status", "errors", "kind", "may_pass", "message"), [
    (255, "hello\nclient_loop: send disconnect: Broken pipe\n", "dropped", True, "send disconnect"),
    (255, "", "dropped", True, "exit status 255"),
    (None, "", "dropped", True, "exit status None"),
    (1, "Timeout (0:00:10)!\n  File x\n", "hang", True, "Timeout (0:00:10)!"),
    (255, "Fatal Python error: Segmentation fault\n\n  File x\n", "crash", True, "Segmentation"),
    (-11, "", "crash", True, "Segmentation fault"),
    (1, "  File x\nOSError: [Errno 28] No space left on device: 'x'\n", "disk", False, "is full"),
    (1, "  File x\nPermissionError: [Errno 13] Permission denied: 'x'\n", "refused", False,
     "the agent failed (PermissionError: [Errno 13]"),
    (1, "SyntaxError: invalid syntax\n", "refused", False, "the agent failed (SyntaxError: "),
    (127, "bash: line 1: python3: not found\n", "refused", False, "?python=/path/to/python3"),
    (255, "pi@board: Permission denied (publickey).\n", "refused", False, "ssh-copy-id"),
    (255, "Host key verification failed.\n", "refused", False, "connect once by hand"),
])  # fmt: skip
def test_an_end_is_told_from_its_traces(
    status: int | None, errors: str, kind: str, may_pass: bool, message: str
) -> None:
    failure = explain_end(status, errors)
    assert (failure.kind, failure.may_pass) == (kind, may_pass)
    assert message in str(failure)
    assert "\n" not in str(failure)


@pytest.mark.parametrize(("facts", "device", "kind", "may_pass", "message"), [
    ({"stage": "busy", "message": "used"}, "", "busy", True, "used"),
    ({"stage": "disk", "message": "full"}, "", "disk", False, "full"),
    ({"stage": "transfer", "message": "hash"}, "", "garbage", True, "hash"),
    ({"stage": "delegate", "devices": []}, "usb", "refused", True, "no Edge TPU is attached"),
    ({"stage": "delegate", "devices": [["usb", "/x"]]}, "usb:1", "refused", True, "fewer Edge"),
    ({"stage": "delegate", "devices": [["usb", "/x"]]}, "", "refused", True, "other program"),
    (LIBRARY | {"message": "cannot open shared object file"}, "", "refused", False, "is missing"),
    ({"stage": "model", "message": "bad"}, "", "model", False, "compile it again (bad)"),
    ({"stage": "request", "message": "not a hash"}, "", "refused", False, "not a hash"),
    ({}, "", "refused", False, ""),
])  # fmt: skip
def test_a_refusal_is_told_with_a_remedy(
    facts: dict[str, object], device: str, kind: str, may_pass: bool, message: str
) -> None:
    failure = explain_refused(facts, device)
    assert (failure.kind, failure.may_pass) == (kind, may_pass)
    assert message in str(failure)
