"""The embedded data set: circuit-board crops, drawn by this project, with and without defects."""

import numpy as np
from numpy.typing import NDArray

from nas.data.pcb_defects import DEFECT_KINDS, Board, add_defect
from nas.data.pcb_layout import draw_layout
from nas.data.pcb_photograph import photograph

CLASS_NAMES = ("defect", "ok")
CROPS = 2400
SIDE = 64


def defect_kind(index: int) -> str | None:
    """Return the defect on a crop, ``None`` on a sound one: kinds take turns.

    Args:
        index: Number of the crop, 0 or more; even crops are defective.
    """
    return None if index % 2 else DEFECT_KINDS[index // 2 % len(DEFECT_KINDS)]


def draw_crop(index: int, *, seed: int, side: int = SIDE) -> tuple[NDArray[np.uint8], int]:
    """Draw one crop; the same arguments give the same picture in any order.

    Args:
        index: Number of the crop, 0 or more.
        seed: Seed of the data set, 0 or more.
        side: Side of the picture in pixels.

    Returns:
        The picture, RGB, ``(side, side, 3)``, uint8, and its label in ``CLASS_NAMES``.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, index))))
    layout, kind = draw_layout(rng), defect_kind(index)
    board = Board(layout) if kind is None else add_defect(kind, layout, rng)
    return photograph(board, side, rng), 0 if kind else 1
