"""What prepares signals for a network: spectrograms on the host, or the bare waveform.

This file needs Python 3.7 and NumPy only, so that an exported classifier can carry it to a board.
"""

from dataclasses import asdict, dataclass
from typing import Any, Dict  # noqa: UP035  Python 3.7

import numpy as np

SCALES = ("linear", "mel")
FLOOR = 1e-4
"""Added to amplitudes before their logarithm: 80 dB below full scale, or below one unit."""

_MEL_BREAK = 700 / 8000


@dataclass(frozen=True)
class Waveform:
    """The signal as it is, channel by channel: the network computes the spectrogram.

    Attributes:
        samples: Samples of a signal.
        channels: Channels of a signal.
        used: Samples that are passed on, the first ones.
    """

    samples: int
    channels: int
    used: int

    def __call__(self, signals: Any) -> Any:
        """Bring ``(n, samples, channels)`` to ``(n, channels, used)``, float32."""
        return np.ascontiguousarray(signals[:, : self.used].transpose(0, 2, 1), np.float32)

    @property
    def settings(self) -> Dict[str, Any]:  # noqa: UP006
        """What another program needs to do the same."""
        return {"kind": "waveform", **asdict(self)}

    @property
    def macs(self) -> int:
        """Multiply-accumulates that the host spends on a signal."""
        return 0

    @property
    def elements(self) -> int:
        """Numbers that the host writes for a signal."""
        return self.channels * self.used


@dataclass(frozen=True)
class Spectrogram:
    """Logarithms of the amplitudes in bands of short stretches of a signal.

    Attributes:
        samples: Samples of a signal.
        channels: Channels of a signal, each of which gets a spectrogram.
        window: Samples of a stretch, weighted by Hann's window.
        hop: Samples from one stretch to the next.
        bins: Bands.
        scale: Where the bands lie, ``linear`` or ``mel``.
    """

    samples: int
    channels: int
    window: int
    hop: int
    bins: int
    scale: str

    def __call__(self, signals: Any) -> Any:
        """Bring ``(n, samples, channels)`` to ``(n, frames, bins, channels)``, float32."""
        starts = np.arange(self.frames) * self.hop
        rows = starts[:, None] + np.arange(self.window)
        stretches = np.asarray(signals, np.float32).transpose(0, 2, 1)[:, :, rows]
        spectra = np.fft.rfft(stretches * window_weights(self.window))[..., : self.window // 2]
        bands = np.abs(spectra).astype(np.float32) @ bands_of(self.window, self.bins, self.scale)
        return np.log(bands + FLOOR).transpose(0, 2, 3, 1).astype(np.float32)

    @property
    def frames(self) -> int:
        """Stretches of a signal."""
        return 1 + (self.samples - self.window) // self.hop

    @property
    def settings(self) -> Dict[str, Any]:  # noqa: UP006
        """What another program needs to do the same."""
        return {"kind": "spectrogram", **asdict(self)}

    @property
    def macs(self) -> int:
        """Multiply-accumulates that the host spends on a signal.

        The window takes N a stretch, a real transform 2.5 N log2 N additions and multiplications,
        two of which are one multiply-accumulate, an amplitude 2, and its two bands 2.

        Reference: M. Frigo, S. G. Johnson, The Design and Implementation of FFTW3, Proc. IEEE
        93(2), 2005, doi:10.1109/JPROC.2004.840301, for the count of a transform.
        """
        transform = 2.5 * self.window * np.log2(self.window) / 2
        stretch = self.window + transform + 4 * (self.window // 2)
        return int(self.channels * self.frames * stretch)

    @property
    def elements(self) -> int:
        """Numbers that the host writes for a signal: stretches, spectra, and the result."""
        return self.channels * self.frames * (2 * self.window + self.bins)


def make_front_end(settings: Dict[str, Any]) -> Any:  # noqa: UP006
    """Return the front end whose ``settings`` these are."""
    kinds = {"waveform": Waveform, "spectrogram": Spectrogram}
    return kinds[settings["kind"]](**{k: v for k, v in settings.items() if k != "kind"})


def window_weights(window: int) -> Any:
    """Return Hann's window, scaled so that a sine of amplitude 1 has an amplitude of 1.

    Args:
        window: Samples.

    Returns:
        ``(window,)``, float32.
    """
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    return (hann * 2 / hann.sum()).astype(np.float32)


def bands_of(window: int, bins: int, scale: str) -> Any:
    """Return the weights of frequencies in overlapping triangular bands.

    The first band's centre is frequency 0, which tells how an accelerometer is held.
    ``mel`` is O'Shaughnessy's scale with its break, 700 Hz, at the same share of the highest
    frequency as in a signal of 16 kHz, so that it serves motion as well as sound.

    Args:
        window: Samples of a stretch.
        bins: Bands.
        scale: ``linear`` or ``mel``.

    Returns:
        ``(window // 2, bins)``, float32. No band is narrower than the neighbouring frequencies.

    Reference: D. O'Shaughnessy, Speech Communication: Human and Machine, Addison-Wesley (1987).
    """
    top = window // 2 - 1
    centres = np.linspace(0, 1, bins)
    if scale == "mel":
        centres = _MEL_BREAK * (np.power(1 + 1 / _MEL_BREAK, centres) - 1)
    centres = centres * top
    steps = np.maximum(np.diff(centres), 1)
    below, above = np.concatenate([[1], steps]), np.concatenate([steps, [1]])
    distances = np.arange(top + 1)[:, None] - centres
    weights = np.where(distances < 0, 1 + distances / below, 1 - distances / above)
    return np.maximum(weights, 0).astype(np.float32)


def sinusoids(window: int) -> Any:
    """Return the windowed cosines and sines of a transform, each with both signs.

    The positive parts of the four products sum to ``|re| + |im|``, by which a network made of
    convolutions and ReLUs stands for an amplitude. Divided by its mean over all phases, 4 / pi, it
    is 0.79 to 1.11 times the amplitude. Frequency 0 counts twice.

    Args:
        window: Samples of a stretch.

    Returns:
        ``(window, 4 * (window // 2))``, float32.
    """
    angles = 2 * np.pi * np.outer(np.arange(window), np.arange(window // 2)) / window
    cosines, sines = np.cos(angles), np.sin(angles)
    sines[:, 0] = cosines[:, 0]  # the sine of frequency 0 is nothing
    parts = np.concatenate([cosines, -cosines, sines, -sines], axis=1)
    return (window_weights(window)[:, None] * parts * np.pi / 4).astype(np.float32)
