"""Neural architecture search for the Coral Edge TPU.

``nas.search(space="xception_lite", data="./parts", trials=12)`` searches from Python or a notebook;
``help(nas.search)`` lists the options.
"""

from typing import TYPE_CHECKING

__all__ = ["search"]

if TYPE_CHECKING:
    from nas.search import search
else:

    def __getattr__(name: str) -> object:
        """Import what searches when it is first asked for."""
        if name != "search":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return import_module("nas.search")

    def __dir__() -> list[str]:
        """Name what there is to use, for completion."""
        return __all__
