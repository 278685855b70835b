"""The front end: right amplitudes, and the same from the host and from the network."""

import ast
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces import front_end, spectrogram
from search_spaces.front_end import (
    FLOOR,
    SCALES,
    Spectrogram,
    Waveform,
    bands_of,
    make_front_end,
    sinusoids,
    window_weights,
)


def tone(bin_number: int, window: int = 64, samples: int = 256, phase: float = 0.3) -> Any:
    angles = 2 * np.pi * bin_number * np.arange(samples) / window + phase
    return np.sin(angles)[None, :, None].astype(np.float32)


def test_a_tone_of_amplitude_1_peaks_in_its_band_at_1() -> None:
    wanted = Spectrogram(256, 1, window=64, hop=16, bins=32, scale="linear")
    result = wanted(tone(8))
    assert result.shape == (1, wanted.frames, 32, 1) == (1, 13, 32, 1)
    assert result.dtype == np.float32
    assert set(result[0, :, :, 0].argmax(axis=1)) == {8}
    weights = bands_of(64, 32, "linear")[:, 8]
    spectrum = np.abs(np.fft.rfft(tone(8)[0, :64, 0] * window_weights(64)))[:32]
    assert spectrum[8] == pytest.approx(1, rel=1e-5)
    assert result[0, 0, 8, 0] == pytest.approx(np.log(spectrum @ weights + FLOOR), abs=1e-5)


def test_silence_is_the_floor() -> None:
    wanted = Spectrogram(256, 2, window=64, hop=64, bins=16, scale="mel")
    assert np.allclose(wanted(np.zeros((3, 256, 2))), np.log(FLOOR))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("window", "bins"), [(32, 16), (128, 16), (128, 64), (1024, 64)])
def test_bands_cover_every_frequency_and_none_is_empty(scale: str, window: int, bins: int) -> None:
    bands = bands_of(window, bins, scale)
    assert bands.shape == (window // 2, bins)
    assert bands.min() >= 0
    assert (bands.sum(axis=0) > 0.5).all()
    assert (bands.sum(axis=1) > 0.99).all()
    peaks = bands.argmax(axis=0)
    assert (np.diff(peaks) >= 0).all()


def test_mel_bands_are_hertz_of_oshaughnessy_s_scale_at_16_khz() -> None:
    bins = 40
    top = 2595 * np.log10(1 + 8000 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, bins) / 2595) - 1)
    peaks = bands_of(16_384, bins, "mel").argmax(axis=0) * 16_000 / 16_384
    assert np.abs(peaks - hertz).max() < 3


def test_sinusoids_give_amplitudes_within_the_stated_bounds() -> None:
    stretches = np.stack([tone(9, phase=phase)[0, :64, 0] for phase in np.linspace(0, 3.2, 40)])
    parts = np.maximum(stretches @ sinusoids(64), 0).reshape(40, 4, 32).sum(axis=1)
    assert 0.78 <= parts[:, 9].min() <= 0.80
    assert 1.10 <= parts[:, 9].max() <= 1.12
    constant = np.maximum(np.ones(64) @ sinusoids(64), 0).reshape(4, 32).sum(axis=0)
    assert constant[0] == pytest.approx(np.pi, rel=1e-5)


def test_settings_make_the_same_front_end_again() -> None:
    for made in (
        Spectrogram(256, 3, window=64, hop=32, bins=16, scale="mel"),
        Waveform(256, 3, used=224),
    ):
        assert make_front_end(made.settings) == made


def test_a_waveform_is_laid_out_channel_by_channel() -> None:
    signals = np.arange(2 * 6 * 3).reshape(2, 6, 3)
    result = Waveform(6, 3, used=4)(signals)
    assert result.tolist() == signals[:, :4].transpose(0, 2, 1).tolist()
    assert result.flags.c_contiguous


def test_the_work_of_the_host_is_counted() -> None:
    wanted = Spectrogram(256, 3, window=64, hop=32, bins=16, scale="mel")
    # 3 channels of 7 stretches: the window, 2.5 * 64 * 6 / 2 of the transform, 4 * 32 amplitudes.
    assert wanted.macs == 3 * 7 * (64 + 480 + 128)
    assert wanted.elements == 3 * 7 * (128 + 16)
    assert Waveform(256, 3, used=256).macs == 0


def test_what_runs_on_a_board_is_python_3_7() -> None:
    ast.parse(Path(front_end.__file__).read_text(), feature_version=(3, 7))
    assert "keras" not in Path(front_end.__file__).read_text()


@pytest.mark.parametrize("channels", [1, 3])
def test_the_network_computes_the_same_spectrum_as_the_host(channels: int) -> None:
    import keras

    wanted = Spectrogram(200, channels, window=64, hop=16, bins=16, scale="mel")
    inputs = keras.Input((channels, 192))
    model = keras.Model(inputs, spectrogram.compute_spectrogram(inputs, wanted))
    bands = keras.Model(inputs, model.layers[4].output)
    signals = np.random.default_rng(0).normal(size=(40, 200, channels)).astype(np.float32)
    prepared = Waveform(200, channels, used=192)(signals)
    assert model.output_shape == (None, wanted.frames, wanted.bins, channels)
    found = np.log(np.asarray(bands(prepared)) + FLOOR).transpose(0, 2, 3, 1)
    expected = wanted(signals)
    assert found.shape == expected.shape
    # |re| + |im| against the amplitude, and frequency 0 that counts twice.
    difference = (found - expected)[:, :, 2:]
    assert abs(difference.mean()) < 0.05
    assert np.abs(difference).max() < 0.26


def test_spaces_choose_windows_that_fit_the_signal() -> None:
    assert spectrogram.SpectrogramMlp((256, 3), 4).windows == [32, 64, 128]
    assert spectrogram.SpectrogramMlp((16_000, 1), 4).windows == [256, 512, 1024]
    assert spectrogram.SpectrogramCnn((64, 1), 4).windows == [8, 16, 32]
    with pytest.raises(ValueError, match="at least 64 samples, got 63"):
        spectrogram.SpectrogramCnn((63, 1), 4)


def test_a_spectrogram_takes_milliseconds() -> None:
    wanted = Spectrogram(256, 3, window=64, hop=32, bins=32, scale="linear")
    signals = np.zeros((100, 256, 3), np.float32)
    started = time.monotonic()
    wanted(signals)
    assert time.monotonic() - started < 1
