"""Samples as arrays: resampled by libswresample."""

import numpy as np
import numpy.typing as npt
from av import AudioFrame, AudioResampler

Samples = npt.NDArray[np.float32]


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Resample by libswresample's default windowed-sinc filter; the first sample keeps its instant.

    Args:
        samples: ``(channel, time)``, float32 in [-1, 1].
        from_rate: Rate of ``samples``, in Hz.
        to_rate: Rate wanted, in Hz.

    Returns:
        ``(channel, round(time · to_rate / from_rate))``, float32; the input itself where the rates are equal.
    """
    if from_rate == to_rate:
        return samples
    length = round(samples.shape[1] * to_rate / from_rate)
    resampled = np.zeros((len(samples), length), np.float32)
    for channel, wave in enumerate(samples):
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(wave[None], np.float32), "fltp", "mono")
        frame.rate = from_rate
        resampler = AudioResampler(format="fltp", layout="mono", rate=to_rate)
        parts = [part.to_ndarray()[0] for given in (frame, None) for part in resampler.resample(given)]
        wave_out = np.concatenate(parts)[:length] if parts else np.zeros(0, np.float32)
        resampled[channel, : len(wave_out)] = wave_out
    return resampled
