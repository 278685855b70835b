"""What can go wrong while a device measures: recorded, and the search goes on."""

from typing import Literal

FailureKind = Literal["dropped", "hang", "crash", "garbage", "busy", "disk", "model", "refused"]


class DeviceError(Exception):
    """A measurement that could not be made, in one line.

    Attributes:
        kind: What happened.
        may_pass: Whether trying again can help.
    """

    def __init__(self, kind: FailureKind, message: str, *, may_pass: bool) -> None:
        super().__init__(" ".join(message.split()))
        self.kind = kind
        self.may_pass = may_pass
