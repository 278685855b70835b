"""A server that shows a page and tells when there is a newer one."""

from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Lock

from nas.errors import UserError

_PLAIN, _HTML = "text/plain; charset=utf-8", "text/html; charset=utf-8"


class PageServer(ThreadingHTTPServer):
    """Serves ``/``, the page, and ``/version``, which changes when the page does.

    Args:
        address: Address to listen at; of a loopback address only browsers that name it as such are
            answered, so that no web site can read the page by a name of its own.
        port: Port, 0 for a free one.
        version: Tells the version of what there is to show.
        page: Makes the page of a version.

    Raises:
        UserError: The address cannot be used.
    """

    daemon_threads = True

    def __init__(
        self, address: str, port: int, version: Callable[[], str], page: Callable[[str], str]
    ) -> None:
        self._version, self._page = version, page
        self._lock = Lock()
        self._kept: tuple[str, bytes] | None = None
        try:
            super().__init__((address, port), _Handler)
        except (OSError, OverflowError) as error:
            raise UserError(
                f"{address}:{port} cannot be listened at ({error}); use another --port or --bind"
            ) from None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self.server_address[0]!s}:{self.server_port}/"

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Return media type and content of a path; ``None`` if there is nothing."""
        if path == "/version":
            return _PLAIN, self._version().encode()
        return (_HTML, self._current()) if path in ("/", "/index.html") else None

    def trusts(self, host: str) -> bool:
        """Tell whether a request may name this host."""
        address = str(self.server_address[0])
        if not ip_address(address).is_loopback:
            return True
        return is_named(host, address, self.server_port)

    def _current(self) -> bytes:
        with self._lock:
            version = self._version()
            if self._kept is None or self._kept[0] != version:
                self._kept = (version, self._page(version).encode("utf-8", "backslashreplace"))
            return self._kept[1]


def is_named(host: str, address: str, port: int) -> bool:
    """Tell whether a request to a server of this machine alone names it by a name of its own."""
    return host in {f"{address}:{port}", f"localhost:{port}"}


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    timeout = 30

    def do_GET(self) -> None:
        """Answer a request."""
        if not self.server.trusts(self.headers.get("Host", "")):
            self.send_error(403, "use the address that nas.report printed")
            return
        try:
            answer = self.server.answer(self.path.partition("?")[0])
        except (UserError, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            self.send_error(500, reason.encode("ascii", "replace").decode())
            return
        if answer is None:
            self.send_error(404)
            return
        media_type, content = answer
        with suppress(ConnectionError):  # a reader may leave at any time
            self._send(media_type, content)

    def _send(self, media_type: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""
