"""A picture that a notebook shows."""

from io import BytesIO

from matplotlib.figure import Figure

_DOTS_PER_INCH = 100


class NotebookFigure(Figure):
    """A ``Figure`` that is shown where it is the result of a cell, without ``pyplot``."""

    def _repr_png_(self) -> bytes:
        """Return the picture as a notebook asks for it."""
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=_DOTS_PER_INCH)
        return picture.getvalue()
