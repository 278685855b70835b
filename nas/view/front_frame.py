"""The Pareto front as a pandas frame that draws itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from nas.records.record import Record
from nas.records.run import RunConfig
from nas.view.charts import front_figure
from nas.view.files import front_title
from nas.view.front import front_rows
from objectives import Objective

if TYPE_CHECKING:
    from nas.view.notebook_figure import NotebookFigure


class FrontFrame(pd.DataFrame):  # type: ignore[misc]  # pandas' classes carry no types here
    """The front of a run as a ``DataFrame``: the rows and columns of ``pareto.csv``.

    What pandas makes of it, a sorted or filtered frame for instance, is an ordinary ``DataFrame``.

    Args:
        config: Configuration of the run.
        records: All its records.
        objectives: What the search pursues.
    """

    _metadata: ClassVar[list[str]] = ["_run"]  # what pandas takes for an attribute, not a column

    def __init__(
        self, config: RunConfig, records: Sequence[Record], objectives: Sequence[Objective]
    ) -> None:
        columns, *rows = front_rows(records, objectives)
        super().__init__(rows, columns=columns)
        self._run = (config, records, objectives)

    def plot(self) -> "NotebookFigure":
        """Return the picture of ``pareto.png`` as a Matplotlib ``Figure``, which a notebook shows.

        ``front.plot().savefig("front.pdf")`` writes it to a file.
        """
        config, records, objectives = self._run
        figure: NotebookFigure = front_figure(
            records, objectives, title=front_title(config), is_synthetic=config.is_synthetic
        )
        return figure
