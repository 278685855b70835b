"""Compiled files kept by hash: found again, bounded, whole whatever happens."""

import io
import multiprocessing
import os
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from nas.compiler.compile_cache import CompileCache, cache_key, default_folder
from nas.compiler.compiler import CompileOptions, compile_model, find_compiler
from tests.compiler.compiler_output import NOTHING, replay, write_stub
from tests.compiler.test_compiler import COMPILED, MODEL, SUCCESS

KEY = "0" * 64


def _calls(folder: Path) -> int:
    path = folder / "calls.txt"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_the_same_question_is_asked_once(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path / "cache")
    compiler = find_compiler(write_stub(tmp_path, SUCCESS))
    first = compile_model(MODEL, compiler, cache=cache)
    second = compile_model(MODEL, compiler, cache=cache)
    assert _calls(tmp_path) == 1
    assert second.content == first.content == COMPILED
    assert second.placed == first.placed
    assert second.log == first.log
    assert second.output == first.output
    assert (first.seconds is None, second.seconds is None) == (False, True)


def test_model_version_and_options_are_the_question(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path / "cache")
    compiler = find_compiler(write_stub(tmp_path, SUCCESS))
    compile_model(MODEL, compiler, cache=cache)
    compile_model(MODEL, compiler, CompileOptions(min_runtime_version=13), cache=cache)
    newer = find_compiler(write_stub(tmp_path, SUCCESS, version="16.1"))
    compile_model(MODEL, newer, cache=cache)
    compile_model(MODEL.with_name("late_unsupported_int8.tflite"), compiler, cache=cache)
    assert _calls(tmp_path) == 4
    assert cache_key(b"m", "16", ("-s", "-m")) != cache_key(b"m", "16", ("-s -m",))


def test_a_failure_is_asked_again(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path / "cache")
    compiler = find_compiler(write_stub(tmp_path, replay(NOTHING, compiled=MODEL.read_bytes())))
    for _ in range(2):
        assert compile_model(MODEL, compiler, cache=cache).compilation.outcome == "no"
    assert _calls(tmp_path) == 2
    assert not cache.folder.exists()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_entry_is_no_entry(damage: str, tmp_path: Path) -> None:
    cache = CompileCache(tmp_path / "cache")
    compiler = find_compiler(write_stub(tmp_path, SUCCESS))
    compile_model(MODEL, compiler, cache=cache)
    (path,) = cache.folder.iterdir()
    whole = path.read_bytes()
    middle = whole.index(COMPILED) + 100
    path.write_bytes({
        "cut": whole[:-30],
        "flip": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "empty": b"",
        "other": b"PK\x05\x06" + bytes(18),
    }[damage])  # fmt: skip
    assert compile_model(MODEL, compiler, cache=cache).content == COMPILED
    assert _calls(tmp_path) == 2
    assert compile_model(MODEL, compiler, cache=cache).content == COMPILED
    assert _calls(tmp_path) == 2, "and it is mended"


def test_the_entries_used_longest_ago_make_room(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path, max_bytes=3_500)
    for number in range(3):
        cache.write(str(number), {"content": bytes(1_000)})
        os.utime(tmp_path / f"{number}.zip", (number, number))
    assert cache.read("0") is not None, "used just now"
    cache.write("3", {"content": bytes(1_000)})
    assert [cache.read(str(number)) is not None for number in range(4)] == [
        True, False, True, True,
    ]  # fmt: skip
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3_500


def test_what_is_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path / "cache", max_bytes=100)
    cache.write(KEY, {"content": bytes(101)})
    assert not (tmp_path / "cache").exists()


def test_what_a_killed_writer_left_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "tmpabc.partial"
    left.write_bytes(bytes(2_000))
    os.utime(left, (0, 0))
    CompileCache(tmp_path, max_bytes=2_500).write(KEY, {"content": bytes(1_000)})
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.zip"]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = CompileCache(tmp_path / "file" / "cache")
    cache.write(KEY, {"content": b"x"})
    assert cache.read(KEY) is None


def _write_and_read(folder: Path, seed: int) -> None:
    """Write and read few keys in a small cache; an entry is whole or none."""
    cache = CompileCache(folder, max_bytes=200_000)
    for turn in range(40):
        key = str((turn + seed) % 5)
        cache.write(key, {"content": key.encode() * 50_000, "output": key.encode()})
        for other in map(str, range(5)):
            found = cache.read(other)
            whole = {"content": other.encode() * 50_000, "output": other.encode()}
            assert found is None or found == whole
            with suppress(FileNotFoundError):
                content = (folder / f"{other}.zip").read_bytes()
                assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None, "torn"


def test_several_writers_leave_whole_entries(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_and_read, args=(tmp_path, n)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200_000
    assert not list(tmp_path.glob("*.partial"))


def test_the_default_folder_is_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_folder() == Path("/somewhere/edgetpu-nas/compiled")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative is to be ignored")
    assert default_folder() == Path.home() / ".cache/edgetpu-nas/compiled"
