"""Compiled models that tell the stand-in of libedgetpu what to do."""

from tests.compiler.darwinn_packages import Program, write_compiled, write_package


def stub_model(words: str) -> bytes:
    """Write a compiled model with words for the stand-in, such as ``delay_us=2000``."""
    return write_compiled(write_package([Program(parameters=words.encode() + b"\0")]))
