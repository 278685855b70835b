"""optuna-dashboard on a run, which it follows and cannot change."""

from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from nas.errors import UserError
from nas.view.serving import is_named

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from nas.view.dashboard_files import RunFiles

Content: TypeAlias = "tuple[BaseStorage, RunFiles]"
"""A study, and the files that belong to it."""

LOOPBACK = "127.0.0.1"

Application = Callable[[Mapping[str, Any], Any], Iterable[bytes]]


def check_dashboard() -> None:
    """Check that optuna-dashboard is installed.

    Raises:
        UserError: It is not.
    """
    try:
        import optuna_dashboard  # noqa: F401
    except ImportError:
        raise UserError(
            "optuna-dashboard is not installed: pip install 'edgetpu-nas[dashboard]'"
        ) from None


class DashboardServer(ThreadingMixIn, WSGIServer):
    """Serves optuna-dashboard on a study to browsers of this machine, which may only read.

    Args:
        port: Port, 0 for a free one.
        version: Tells the version of what there is to show.
        study: Makes the study of the newest version.

    Raises:
        UserError: The port cannot be used.
    """

    daemon_threads = True

    def __init__(
        self,
        port: int,
        version: Callable[[], str],
        study: Callable[[], Content],
    ) -> None:
        self._version, self._study = version, study
        self._lock = Lock()
        self._kept: tuple[str, Application] | None = None
        try:
            super().__init__((LOOPBACK, port), _QuietHandler)
        except (OSError, OverflowError) as error:
            raise UserError(
                f"{LOOPBACK}:{port} cannot be listened at ({error}); use another --port"
            ) from None
        self.set_app(self._answer)

    @property
    def url(self) -> str:
        """Where the dashboard is."""
        return f"http://{LOOPBACK}:{self.server_port}/dashboard"

    def _answer(self, environment: dict[str, Any], start: Any) -> Iterable[bytes]:
        if not is_named(environment.get("HTTP_HOST", ""), LOOPBACK, self.server_port):
            return _refused(start, "403 Forbidden", "use the address that nas.report printed")
        if environment["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _refused(start, "405 Method Not Allowed", "the run is only shown here")
        try:
            return self._current()(environment, start)
        except UserError as error:
            return _refused(start, "500 Internal Server Error", str(error))

    def _current(self) -> Application:
        from optuna_dashboard import wsgi

        with self._lock:
            version = self._version()
            if self._kept is None or self._kept[0] != version:
                self._kept = (version, wsgi(*self._study()))
            return self._kept[1]


def _refused(start: Any, status: str, reason: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [reason.encode("utf-8", "backslashreplace")]


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""
