"""``examples/search.ipynb``: it runs, and what is kept of it is what it shows."""

import io
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples" / "search.ipynb"


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(notebook: Any) -> Iterator[tuple[str, str]]:
    """Yield the kind of each thing below the cells, and the thing."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "stream":
                yield output.name, output.text
            else:
                yield from sorted(getattr(output, "data", {output.output_type: ""}).items())


def test_it_is_kept_with_the_outputs_of_one_execution() -> None:
    notebook = read()
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {kind for kind, _ in shown(notebook)}
    assert kinds == {"stdout", "text/plain", "text/html", "image/png"}


def test_it_is_small_and_tells_nothing_of_the_machine_it_ran_on() -> None:
    (picture,) = (b64decode(thing) for kind, thing in shown(read()) if kind == "image/png")
    assert Image.open(io.BytesIO(picture)).size == (840, 540)
    assert len(picture) < 150_000
    for kind, thing in shown(read()):
        if kind != "image/png":
            for place in ("/home", "/root", "/tmp", "/usr", "/work", "site-packages"):  # noqa: S108
                assert place not in thing


@pytest.mark.slow
def test_it_runs_and_shows_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")  # or it warns that it will be the default
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))  # nothing of whoever runs the test
    from nbclient import NotebookClient

    kept, notebook = read(), read()
    folder = tmp_path / "folder"
    folder.mkdir()
    NotebookClient(
        notebook,
        timeout=200,
        coalesce_streams=True,  # as a person sees them
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    assert [kind for kind, _ in shown(notebook)] == [kind for kind, _ in shown(kept)]
    for kind, thing in shown(notebook):
        if kind == "stdout":
            assert "\x1b" not in thing
            assert "\r" not in thing
    assert (folder / "runs" / "mine" / "pareto.png").exists()
