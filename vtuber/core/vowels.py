"""Which vowel a sound is most like, by its formants.

Formants are the peaks of the spectral envelope that linear prediction gives (J. Makhoul, "Linear
Prediction: A Tutorial Review", 1975).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vtuber.core.sound import RATE, Samples

_DECIMATION = 3
_ORDER = 10
"""Poles of the vocal tract at 8 kHz: two for each formant that may be there."""
_BINS = 256
_LOWEST, _HIGHEST = 200.0, 3600.0  # Hz, of formants
_VOWELS = {  # the first two formants in Hz, of a voice between a man's and a woman's
    "A": (800.0, 1350.0),
    "I": (330.0, 2500.0),
    "U": (360.0, 950.0),
    "E": (560.0, 1950.0),
    "O": (520.0, 930.0),
}


def vowels(samples: Samples, frame: int) -> str:
    """The vowel ("A", "I", "U", "E" or "O") that each ``frame`` samples are most like."""
    count = -(-len(samples) // frame)
    if not count:
        return ""
    around = np.pad(samples, (frame // 2, count * frame - len(samples) + frame))
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * frame)[::frame][:count]
    first, second = _formants(windows)
    names = [*_VOWELS]
    places = np.log([_VOWELS[name] for name in names])
    measured = np.log(np.stack([first, second], axis=1))
    nearest = np.argmin(((measured[:, None, :] - places[None]) ** 2).sum(axis=2), axis=1)
    return "".join(names[at] for at in nearest)


def _formants(windows: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The first two formants of each window, in Hz."""
    window = windows.shape[1]
    spectrum = np.fft.rfft(windows * np.hanning(window).astype(np.float32), axis=1)
    kept = spectrum[:, : window // 2 // _DECIMATION + 1]  # up to 4 kHz
    hertz = np.linspace(0, RATE / 2 / _DECIMATION, kept.shape[1])
    power = np.abs(kept) ** 2 * (1 + (hertz / 500) ** 2)  # pre-emphasis
    same = np.fft.irfft(power, axis=1)[:, : _ORDER + 1]
    envelope = 1 / np.abs(np.fft.rfft(_prediction(same), 2 * _BINS, axis=1)) ** 2
    scale = np.linspace(0, RATE / 2 / _DECIMATION, _BINS + 1)
    peaks = np.zeros(envelope.shape, bool)
    peaks[:, 1:-1] = (envelope[:, 1:-1] > envelope[:, :-2]) & (envelope[:, 1:-1] >= envelope[:, 2:])
    peaks &= (scale > _LOWEST) & (scale < _HIGHEST)
    order = np.argsort(~peaks, axis=1, kind="stable")[:, :2]
    found = np.where(np.take_along_axis(peaks, order, axis=1), scale[order], np.nan)
    first = np.where(np.isnan(found[:, 0]), 500.0, found[:, 0])
    second = np.where(np.isnan(found[:, 1]), 1500.0, found[:, 1])
    return first, second


def _prediction(same: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The prediction filter of each row of autocorrelations (Levinson and Durbin's recursion)."""
    rows = len(same)
    filters = np.zeros((rows, _ORDER + 1))
    filters[:, 0] = 1.0
    error = same[:, 0] * (1 + 1e-6) + 1e-12
    for order in range(1, _ORDER + 1):
        reflected = -(filters[:, :order] * same[:, order:0:-1]).sum(axis=1) / error
        filters[:, 1 : order + 1] += reflected[:, None] * filters[:, order - 1 :: -1][:, :order]
        error = error * (1 - reflected**2)
    return filters
