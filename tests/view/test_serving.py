import threading
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from nas.errors import UserError
from nas.view.serving import PageServer


@pytest.fixture
def versions() -> list[str]:
    return ["1"]


@pytest.fixture
def server(versions: list[str]) -> Iterator[PageServer]:
    def page(version: str) -> str:
        if version == "broken":
            raise UserError("no run")
        return f"page {version}"

    with PageServer("127.0.0.1", 0, lambda: versions[-1], page) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def _get(server: PageServer, path: str, **headers: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_the_page_follows_its_version(server: PageServer, versions: list[str]) -> None:
    assert _get(server, "/") == (200, "page 1")
    versions.append("2")
    assert _get(server, "/version") == (200, "2")
    assert _get(server, "/?x") == (200, "page 2")


def test_nothing_else_is_served(server: PageServer) -> None:
    assert _get(server, "/run.json")[0] == 404
    assert _get(server, "/../../etc/passwd")[0] == 404


def test_a_strange_host_is_refused(server: PageServer) -> None:
    assert _get(server, "/", Host="evil.example")[0] == 403
    assert _get(server, "/", Host=f"localhost:{server.server_port}")[0] == 200


def test_a_page_that_cannot_be_made_is_an_error(server: PageServer, versions: list[str]) -> None:
    versions.append("broken")
    assert _get(server, "/")[0] == 500


def test_a_port_in_use_is_refused(server: PageServer) -> None:
    with pytest.raises(UserError, match="use another --port"):
        PageServer("127.0.0.1", server.server_port, str, str)
