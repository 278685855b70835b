"""How a drawn board looks to a camera: solder mask, metal, silkscreen, light, blur and noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from nas.data.pcb_defects import Board, Polygon
from nas.data.pcb_layout import CROP, Pad, Point

_SUPERSAMPLING = 4
_ROUGHNESS_CELLS = 24
Layer = NDArray[np.float32]

# Solder mask over bare board, in RGB; most boards are green.
_MASK_COLOURS = ((18, 78, 34), (14, 86, 30), (26, 74, 44))
_LAMINATE, _BARE_COPPER = (150, 138, 84), (206, 134, 84)
# How much of it shows, of 1.
_BARED = (0.15, 0.55)
_METALS = ((196, 190, 176), (212, 176, 104), (176, 178, 180))


@dataclass(frozen=True)
class _Canvas:
    """A black layer drawn ``scale`` times larger than the crop's units."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    scale: float

    def line(self, points: tuple[Point, ...], width: float, value: int = 255) -> None:
        """Draw a line with round joints."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        self.draw.line(scaled, fill=value, width=max(1, round(width * self.scale)), joint="curve")

    def disc(self, centre: Point, radius: float, value: int = 255) -> None:
        """Draw a filled circle."""
        (x, y), r = (centre[0] * self.scale, centre[1] * self.scale), radius * self.scale
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=value)

    def polygon(self, points: tuple[Point, ...], value: int = 255) -> None:
        """Draw a filled polygon."""
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=value)

    def layer(self) -> Layer:
        """Return coverage at the crop's resolution, ``(side, side)``, 0 – 1."""
        reduced = self.image.reduce(_SUPERSAMPLING)
        return np.asarray(reduced, dtype=np.float32) / np.float32(255)


def _new_canvas(side: int) -> _Canvas:
    image = Image.new("L", (side * _SUPERSAMPLING, side * _SUPERSAMPLING))
    return _Canvas(image, ImageDraw.Draw(image), side * _SUPERSAMPLING / CROP)


def _square(centre: Point, half: float) -> tuple[Point, ...]:
    (x, y) = centre
    return ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))


def _draw_pad(canvas: _Canvas, pad: Pad, margin: float) -> None:
    """Draw a pad, round where a hole belongs in it."""
    if pad.hole_radius:
        canvas.disc(pad.centre, pad.radius + margin)
    else:
        canvas.polygon(_square(pad.centre, pad.radius + margin))


def _copper(board: Board, side: int) -> _Canvas:
    canvas = _new_canvas(side)
    for trace in board.layout.traces:
        canvas.line(trace.points, trace.width)
    for pad in board.layout.pads:
        _draw_pad(canvas, pad, margin=0.4)
    for polygon in board.removed:
        canvas.polygon(polygon, 0)
    for polygon in board.added:
        canvas.polygon(polygon)
    return canvas


def _pads_and_holes(board: Board, side: int) -> tuple[Layer, Layer]:
    pads, holes = _new_canvas(side), _new_canvas(side)
    for pad in board.layout.pads:
        _draw_pad(pads, pad, margin=-0.4)
        if pad.is_drilled:
            holes.disc(pad.centre, pad.hole_radius)
    return pads.layer(), holes.layer()


def _faults(polygons: tuple[Polygon, ...], side: int) -> Layer:
    """Where etching went wrong the solder mask holds badly and what lies below shows through."""
    canvas = _new_canvas(side)
    for polygon in polygons:
        canvas.polygon(polygon)
    return canvas.layer()


def _silkscreen(side: int, rng: np.random.Generator) -> Layer:
    """Strokes of print in one corner, where they hide no defect."""
    canvas = _new_canvas(side)
    if rng.random() < 0.4:
        corner = rng.choice((3.0, CROP - 3.0), size=2)
        for start, end in rng.uniform(-7, 7, size=(int(rng.integers(1, 4)), 2, 2)) + corner:
            canvas.line((tuple(start), tuple(end)), rng.uniform(0.8, 1.4))
    return canvas.layer()


def _smooth_noise(cells: int, side: int, rng: np.random.Generator) -> Layer:
    """Noise that varies over ``side / cells`` pixels, ``(side, side)``, -1 – 1."""
    grid = rng.integers(0, 256, size=(cells, cells), dtype=np.uint8)
    image = Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC)
    return (np.asarray(image, dtype=np.float32) - np.float32(127.5)) / np.float32(127.5)


def _etch(copper: _Canvas, side: int, rng: np.random.Generator) -> Layer:
    """Coverage of copper with the ragged edges that etching leaves on sound boards too."""
    soft = copper.image.reduce(2).filter(ImageFilter.BoxBlur(side / CROP))
    level = np.asarray(soft, dtype=np.float32) / np.float32(255) - np.float32(0.5)
    level += np.float32(rng.uniform(0.06, 0.18)) * _smooth_noise(_ROUGHNESS_CELLS, 2 * side, rng)
    sharp = np.clip(level * 3 + np.float32(0.5), 0, 1)
    return np.asarray(sharp.reshape(side, 2, side, 2).mean(axis=(1, 3)), dtype=np.float32)


def _relief(layer: Layer, rng: np.random.Generator) -> Layer:
    """Light and shade at the edges of raised copper."""
    step = (int(rng.integers(-1, 2)), int(rng.integers(-1, 2)))
    return layer - np.roll(layer, step, axis=(0, 1))


def _blend(image: Layer, layer: Layer, colour: Layer) -> Layer:
    return image + layer[..., None] * (colour - image)


def _colour(base: tuple[int, ...], spread: float, rng: np.random.Generator) -> Layer:
    return np.asarray(np.array(base) + rng.uniform(-spread, spread, size=3), dtype=np.float32)


def _light(side: int, rng: np.random.Generator) -> Layer:
    """Brightness over the crop: a ramp in a random direction."""
    across = np.linspace(-1, 1, side, dtype=np.float32)
    ramp = rng.uniform(-0.12, 0.12) * across[:, None] + rng.uniform(-0.12, 0.12) * across[None, :]
    return np.asarray(rng.uniform(0.85, 1.15) + ramp, dtype=np.float32)


def _paint(board: Board, side: int, rng: np.random.Generator) -> Layer:
    """The board under even light, ``(side, side, 3)``, 0 – 255."""
    copper = _etch(_copper(board, side), side, rng)
    pads, holes = _pads_and_holes(board, side)
    bare = _colour(_MASK_COLOURS[int(rng.integers(len(_MASK_COLOURS)))], 10, rng)
    covered = bare * np.float32(rng.uniform(1.5, 1.9)) + np.float32(rng.uniform(4, 14))
    texture = _smooth_noise(16, side, rng) * rng.uniform(2, 8)
    image = _blend(np.broadcast_to(bare, (side, side, 3)), copper, covered)
    image = image + (texture + rng.uniform(8, 26) * _relief(copper, rng))[..., None]
    bared = np.float32(rng.uniform(*_BARED))
    image = _blend(image, _faults(board.removed, side) * bared, _colour(_LAMINATE, 12, rng))
    image = _blend(image, _faults(board.added, side) * bared, _colour(_BARE_COPPER, 12, rng))
    image = _blend(image, pads, _colour(_METALS[int(rng.integers(len(_METALS)))], 16, rng))
    image = _blend(image, holes, _colour((34, 30, 26), 14, rng))
    return _blend(image, _silkscreen(side, rng), _colour((214, 216, 206), 14, rng))


def _expose(image: Layer, side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur and noise of the camera."""
    sharp = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))
    blurred = sharp.filter(ImageFilter.GaussianBlur(rng.uniform(0.25, 0.8) * side / CROP))
    # Three uniforms add up to nearly a Gaussian, and to the same bits on every processor.
    uniforms = rng.random((3, side, side, 3), dtype=np.float32)
    noise = (uniforms[0] + uniforms[1] + uniforms[2] - np.float32(1.5)) * np.float32(2)
    noisy = np.asarray(blurred, dtype=np.float32) + np.float32(rng.uniform(2, 6)) * noise
    return np.asarray(np.clip(noisy + np.float32(0.5), 0, 255), dtype=np.uint8)


def photograph(board: Board, side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Take a picture of a board.

    Args:
        board: What to show.
        side: Side of the picture in pixels.
        rng: Source of colours, light, blur and noise.

    Returns:
        RGB, ``(side, side, 3)``, uint8.
    """
    painted = _paint(board, side, rng)
    return _expose(painted * _light(side, rng)[..., None], side, rng)
