"""Several machines on one study, through a PostgreSQL server that the test starts."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from nas.errors import UserError
from nas.executors.workers import Message
from nas.records.record import read_records
from nas.study.storage import check_storage, lost_storage_explained
from tests.study.sharing import (
    check_that_a_killed_machine_loses_nothing,
    check_that_two_searches_add_up,
)
from tests.study.test_loop import InstantPool, complete, make_search

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def tool(name: str) -> str:
    """Return the path of one of the server's programs, which Debian keeps off the PATH."""
    places = [shutil.which(name), *(shutil.which(name, path=place) for place in INSTALLED)]
    found = [place for place in places if place is not None]
    if not found:
        message = "PostgreSQL is not installed: apt-get install postgresql"
        assert not os.environ.get("REQUIRE_POSTGRESQL"), message
        pytest.skip(message)
    return found[-1]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of this module's own, reached through a socket in its folder; gives the URL."""
    initdb, pg_ctl = tool("initdb"), tool("pg_ctl")
    # It refuses to run as root, and its user must be able to reach the folder.
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="nas-postgresql-"))
    if user:
        shutil.chown(folder, "postgres")
    data, log = str(folder / "data"), str(folder / "log")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        run([*user, initdb, "-D", data, "-U", "nas", "--auth=trust", "--no-sync"])
        run([*user, pg_ctl, "-D", data, "-l", log, "-o", options, "-w", "start"])
        yield f"postgresql://nas@/postgres?host={folder}"
        run([*user, pg_ctl, "-D", data, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(arguments: list[str]) -> None:
    # A server inherits its starter's output: a pipe would never end.
    subprocess.run(arguments, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=60)


@pytest.mark.slow
def test_what_two_machines_find_adds_up(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_that_two_searches_add_up(server, tmp_path, monkeypatch)


@pytest.mark.slow
def test_a_killed_machine_loses_nothing(server: str, tmp_path: Path) -> None:
    database = server.replace("/postgres?", "/killed?")
    folder = server.split("host=")[1]
    run([tool("createdb"), "-h", folder, "-U", "nas", "killed"])
    check_that_a_killed_machine_loses_nothing(database, tmp_path)


@pytest.mark.slow
def test_a_database_that_goes_away_loses_no_record_and_says_so(server: str, tmp_path: Path) -> None:
    folder = server.split("host=")[1]
    run([tool("createdb"), "-h", folder, "-U", "nas", "short_lived"])
    location = server.replace("/postgres?", "/short_lived?")

    class Pool(InstantPool):
        def wait(self, seconds: float) -> Sequence[Message]:
            messages = super().wait(seconds)
            if len(self.assignments) >= 3:
                run([tool("dropdb"), "-h", folder, "-U", "nas", "--force", "short_lived"])
            return messages

    search = make_search(tmp_path, Pool(), storage=location, study="shared", trials=4)
    with pytest.raises(UserError, match="does not answer any more"), lost_storage_explained():
        search.run()
    recorded = len(read_records(search.directory.records))
    assert recorded >= 2
    run([tool("createdb"), "-h", folder, "-U", "nas", "short_lived"])
    resumed = make_search(tmp_path, InstantPool(), storage=location, study="shared", trials=4)
    assert resumed.run().finished == 4
    assert len(complete(resumed.study)) >= 4


def test_a_server_that_does_not_answer_says_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--storage cannot be opened: OperationalError"):
        check_storage(f"postgresql://nas@/postgres?host={tmp_path}")


def test_without_its_driver_the_package_to_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UserError, match=r"driver is not installed; .*\[postgresql\]"):
        check_storage(f"postgresql://nas@/postgres?host={tmp_path}")
