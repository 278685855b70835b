"""The embedded signals: activities as a tri-axial accelerometer at the belt would see them.

Drawn by this project, not recorded: a person is a gait of his or her own, a way to wear the sensor
and a fidget; an activity is a pattern of harmonics of the step, impacts and posture. Walking on the
level and on stairs differ little, and sitting and standing by posture and sway alone.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLES = 256
RATE_HZ = 50.0
CHANNELS = 3
SUBJECTS = 60
WINDOWS = 7
"""Windows of each activity of each subject."""

_GRAVITY = 1.0  # accelerations are in g
_HARMONICS = 5
_NOISE = 0.05


@dataclass(frozen=True)
class Activity:
    """What a body does.

    Attributes:
        name: Class name.
        step_hz: Steps a second of an average person; 0 where there are none.
        vertical: Amplitudes of the harmonics of the step along the spine, g.
        forward: Those in the direction of movement, which begin at half the step: the stride.
        impact: Height of the jolt of each step, g.
        lean: Mean angle of the trunk, degrees forward.
        sway: Slow movement of the trunk, g.
    """

    name: str
    step_hz: float
    vertical: tuple[float, ...]
    forward: tuple[float, ...]
    impact: float
    lean: float
    sway: float


ACTIVITIES = (
    Activity("cycling", 1.35, (0.08, 0.10, 0.03), (0.12, 0.05), 0.0, 30.0, 0.06),
    Activity("downstairs", 1.85, (0.26, 0.15, 0.10), (0.06, 0.10), 0.38, 0.0, 0.05),
    Activity("jogging", 2.55, (0.62, 0.22, 0.10), (0.12, 0.20), 0.55, 8.0, 0.06),
    Activity("sitting", 0.0, (), (), 0.0, 18.0, 0.012),
    Activity("standing", 0.0, (), (), 0.0, 2.0, 0.022),
    Activity("upstairs", 1.65, (0.17, 0.10, 0.05), (0.13, 0.10), 0.06, 15.0, 0.05),
    Activity("walking", 1.85, (0.22, 0.12, 0.06), (0.08, 0.12), 0.18, 4.0, 0.04),
)  # fmt: skip
CLASS_NAMES = tuple(activity.name for activity in ACTIVITIES)
COUNT = SUBJECTS * len(ACTIVITIES) * WINDOWS


@dataclass(frozen=True)
class _Person:
    tempo: float
    strength: float
    colour: NDArray[np.float64]
    worn: NDArray[np.float64]
    posture: float
    fidget: float


def label_of(index: int) -> int:
    """Return the activity of a window: activities take turns."""
    return index % len(ACTIVITIES)


def subject_of(index: int) -> int:
    """Return the person of a window, from 0."""
    return index // len(ACTIVITIES) % SUBJECTS


def draw_window(index: int, *, seed: int) -> NDArray[np.float32]:
    """Draw one window; the same arguments give the same signal in any order.

    Args:
        index: Number of the window, 0 or more.
        seed: Seed of the data set, 0 or more.

    Returns:
        Accelerations in g, ``(SAMPLES, 3)``, float32, at ``RATE_HZ``.
    """
    person = _person(_generator(seed, 0, subject_of(index)))
    rng = _generator(seed, 1, index)
    body = _body(ACTIVITIES[label_of(index)], person, rng)
    shaken = body + _noise(rng, person)
    signal: NDArray[np.float32] = (shaken @ person.worn).astype(np.float32)
    return signal


def _generator(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def _person(rng: np.random.Generator) -> _Person:
    turn, tilt, roll = rng.normal(0, (0.6, 0.08, 0.08))
    return _Person(
        tempo=float(np.exp(rng.normal(0, 0.07))),
        strength=float(np.exp(rng.normal(0, 0.18))),
        colour=np.exp(rng.normal(0, 0.25, (2, _HARMONICS))),
        worn=_rotation(2, turn) @ _rotation(1, tilt) @ _rotation(0, roll),
        posture=float(rng.normal(0, 4)),
        fidget=float(np.exp(rng.normal(0, 0.5))),
    )


def _rotation(axis: int, angle: float) -> NDArray[np.float64]:
    """Rotation about the axis 0 – 2 by an angle in radians."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix: NDArray[np.float64] = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix


def _body(activity: Activity, person: _Person, rng: np.random.Generator) -> NDArray[np.float64]:
    """Accelerations along the spine's frame: forward, sideways, up."""
    times = np.arange(SAMPLES) / RATE_HZ
    lean = np.radians(activity.lean + person.posture + rng.normal(0, 3))
    sway = activity.sway * person.fidget * _slow(rng, 3)
    angle = lean + sway[:, 0]
    directions = [np.sin(angle), sway[:, 1], np.cos(angle)]
    body: NDArray[np.float64] = _GRAVITY * np.stack(directions, axis=1)
    if activity.step_hz:
        phase = _phase(activity, person, times, rng)
        effort = person.strength * float(np.exp(rng.normal(0, 0.12)))
        body[:, 2] += effort * _harmonics(phase, activity.vertical, person.colour[0], rng)
        body[:, 0] += effort * _harmonics(phase / 2, activity.forward, person.colour[1], rng)
        body[:, 1] += 0.4 * effort * _harmonics(phase / 2, activity.forward, person.colour[1], rng)
        body[:, 2] += effort * activity.impact * _impacts(phase)
    body += _fidget(person, rng)
    return body


def _phase(
    activity: Activity, person: _Person, times: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Phase of the step in radians; no two steps take equally long."""
    step_hz = activity.step_hz * person.tempo * float(np.exp(rng.normal(0, 0.06)))
    wander = 0.5 * _slow(rng, 1)[:, 0]
    phase: NDArray[np.float64] = 2 * np.pi * (step_hz * times + rng.random()) + wander
    return phase


def _harmonics(
    phase: NDArray[np.float64],
    amplitudes: tuple[float, ...],
    colour: NDArray[np.float64],
    rng: np.random.Generator,
) -> Any:
    terms = [
        amplitude * colour[number] * np.cos((number + 1) * phase + rng.normal(0, 0.6))
        for number, amplitude in enumerate(amplitudes)
    ]
    return np.sum(terms, axis=0)


def _impacts(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """A short jolt at the beginning of each step, of height 1."""
    jolt: NDArray[np.float64] = np.exp(-12 * (phase % (2 * np.pi)) / np.pi)
    return jolt


def _slow(rng: np.random.Generator, channels: int) -> NDArray[np.float64]:
    """Wander below about 1 Hz, of unit variance."""
    knots = rng.normal(size=(8, channels))
    at = np.linspace(0, len(knots) - 1, SAMPLES)
    return np.stack([np.interp(at, np.arange(len(knots)), column) for column in knots.T], axis=1)


def _fidget(person: _Person, rng: np.random.Generator) -> NDArray[np.float64]:
    """One short unrelated movement in some windows."""
    movement = np.zeros((SAMPLES, CHANNELS))
    if rng.random() < 0.3:
        centre, width = rng.uniform(0, SAMPLES), rng.uniform(4, 20)
        envelope = np.exp(-(((np.arange(SAMPLES) - centre) / width) ** 2))
        movement += 0.15 * person.fidget * envelope[:, None] * rng.normal(size=CHANNELS)
    return movement


def _noise(rng: np.random.Generator, person: _Person) -> NDArray[np.float64]:
    return rng.normal(0, _NOISE * np.sqrt(person.fidget), (SAMPLES, CHANNELS))
