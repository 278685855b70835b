import csv
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from nas.records.run import RunDirectory
from nas.view.files import write_views
from nas.view.front_frame import FrontFrame
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import HOSTILE, candidate, configuration, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def front(records: Any = None) -> Any:
    return FrontFrame(configuration(), trade_off() if records is None else records, THREE)


def test_the_frame_has_the_rows_and_columns_of_pareto_csv(tmp_path: Path) -> None:
    write_views(RunDirectory(tmp_path), configuration(), trade_off(), THREE, with_page=False)
    with (tmp_path / "pareto.csv").open() as file:
        header, *rows = csv.reader(file)
    frame = front()
    assert list(frame.columns) == header
    assert (
        frame["candidate_id"].tolist() == [row[0] for row in rows] == ["large", "middle", "small"]
    )
    assert frame["accuracy"].tolist() == [0.95, 0.9, 0.7]
    assert frame["filters"].tolist() == [64, 32, 8]
    assert frame["act"].isna().tolist() == [False, True, True]


def test_the_picture_is_that_of_pareto_png(tmp_path: Path) -> None:
    write_views(RunDirectory(tmp_path), configuration(), trade_off(), THREE, with_page=False)
    figure = front().plot()
    assert isinstance(figure, Figure)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=200)
    kept = np.asarray(Image.open(tmp_path / "pareto.png"))
    assert np.array_equal(np.asarray(Image.open(picture)), kept)


def test_a_notebook_is_given_a_small_picture() -> None:
    picture = front().plot()._repr_png_()
    assert Image.open(io.BytesIO(picture)).size == (840, 540)
    assert len(picture) < 150_000


def test_what_pandas_makes_of_it_is_an_ordinary_frame() -> None:
    fast = front().sort_values("latency_ms").head(2)
    assert type(fast) is pd.DataFrame
    assert fast["candidate_id"].tolist() == ["small", "middle"]


def test_a_front_without_candidates_has_its_columns() -> None:
    frame = front([candidate("broken", status="failed")])
    assert list(frame.columns) == ["candidate_id", "accuracy", "latency_ms", "memory_bytes"]
    assert len(frame) == 0
    assert frame.plot()._repr_png_()


def test_a_frame_that_was_stored_draws_itself() -> None:
    frame = pickle.loads(pickle.dumps(front()))  # noqa: S301 - our own
    assert frame.equals(front())
    assert frame.plot()._repr_png_() == front().plot()._repr_png_()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    frame = front([candidate("a", 0.5, 1.0, 1, hyperparameters={name: name}, preset=name)])
    assert frame.iloc[0, -1] == name
    assert frame.plot()._repr_png_()
    assert "<script>" not in frame.to_html()
