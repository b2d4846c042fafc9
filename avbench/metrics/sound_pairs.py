r"""Generated sound against its own truth: envelopes over time, and place in the stereo field.

The envelope is the root mean square of the mono mix in frames of 10 ms. Over lags :math:`\ell`, with the
overlapping frames alone, and :math:`r` Pearson's correlation,

.. math:: r_{\max} = \max_{|\ell| \le L} r\big(e_\mathrm{gen}(t + \ell),\, e_\mathrm{true}(t)\big)

A positive lag means that the generated sound is late. Pan follows the linear law of avsynth: with mid
:math:`M = (l + r) / 2` and side :math:`S = (r - l) / 2`, the pan of a window is a regression,

.. math:: p = \frac12 \Big(1 + \frac{\sum S M}{\sum M^2}\Big) \in [0, 1]\; (0 \text{ left}, 1 \text{ right})

and the error is the mean of :math:`|p_\mathrm{gen} - p_\mathrm{true}|` over the windows in which the truth is
heard. All ours: no peer measures either.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avbench.metrics.embedding_sets import Values

FRAME_SECONDS = 0.01
LARGEST_LAG_SECONDS = 0.5
PAN_WINDOW_SECONDS = 0.25
HEARD_DB = -40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeMatch:
    """How well the envelope of a clip follows that of its truth.

    Attributes:
        correlation: At the best lag, in [−1, 1].
        lag: Seconds by which the generated sound is late; the smallest of equally good ones.
        at_zero: The correlation without a lag.
    """

    correlation: float
    lag: float
    at_zero: float


def envelope(samples: ArrayLike, sample_rate: int) -> Values:
    """Return the envelope ``(frames,)`` at 100 Hz of ``(time,)`` or ``(channel, time)`` samples.

    Raises:
        ValueError: The shape is another, there is not one frame, or a sample is NaN or infinite.

    >>> envelope(np.full(1600, -0.5), 16000).round(3).tolist()
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    sound = _sound(samples)
    edges = _edges(sound.shape[1], sample_rate, FRAME_SECONDS)
    power = np.add.reduceat(np.square(sound.mean(0))[: edges[-1]], edges[:-1])
    return np.sqrt(power / np.diff(edges))


def envelope_match(generated: ArrayLike, truth: ArrayLike, *, largest_lag: int = 50) -> EnvelopeMatch:
    """Correlate two envelopes over lags.

    Args:
        generated: ``(frames,)`` at 100 Hz.
        truth: ``(frames,)``, as many.
        largest_lag: In frames; at least two thirds of the clip always overlap.

    Raises:
        ValueError: The lengths differ, a value is NaN or infinite, there are fewer than 3 frames, or one of
            the envelopes is constant (silence among them) and correlates with nothing.

    >>> bump = np.exp(-np.square(np.arange(100) - 40.0) / 20)
    >>> envelope_match(np.roll(bump, 7), bump).lag
    0.07
    """
    first, second = (np.asarray(each, np.float64) for each in (generated, truth))
    if first.shape != second.shape or first.ndim != 1 or len(first) < 3:
        raise ValueError(
            f"envelopes of shape {first.shape} and {second.shape} are not two lists of 3 frames or more"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("an envelope holds NaN or an infinite value")
    for name, each in (("generated", first), ("true", second)):
        if np.ptp(each) == 0:
            raise ValueError(f"the {name} envelope is constant: it correlates with nothing")
    reach = min(largest_lag, len(first) // 3)
    lags = sorted(range(-reach, reach + 1), key=abs)
    correlations = [_pearson(_from(first, lag), _from(second, -lag)) for lag in lags]
    best = int(np.argmax(correlations))
    return EnvelopeMatch(
        correlation=correlations[best], lag=lags[best] * FRAME_SECONDS, at_zero=correlations[0]
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanTrack:
    """Where a stereo sound comes from, window by window.

    Attributes:
        pans: ``(windows,)``, 0 left … 1 right; of no meaning where nothing is heard.
        heard: ``(windows,)``, whether the mono mix is within 40 dB of its own loudest window.
    """

    pans: Values
    heard: NDArray[np.bool_]


def pan_track(samples: ArrayLike, sample_rate: int) -> PanTrack:
    """Follow a stereo sound.

    Args:
        samples: ``(2, time)``.
        sample_rate: In Hz.

    Raises:
        ValueError: It is not stereo, shorter than a window, or a sample is NaN or infinite.

    >>> tone = np.sin(np.arange(16000) / 5)
    >>> pan_track([0 * tone, tone], 16000).pans.round(6).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    sound = _sound(samples)
    if len(sound) != 2:
        raise ValueError(f"a sound of shape {sound.shape} is not (2, time)")
    middle, side = sound.mean(0), (sound[1] - sound[0]) / 2
    edges = _edges(len(middle), sample_rate, PAN_WINDOW_SECONDS)
    power, shared = (np.add.reduceat((each * middle)[: edges[-1]], edges[:-1]) for each in (middle, side))
    heard = (power > 0) & (power >= power.max() * 10 ** (HEARD_DB / 10))
    slope = shared / np.where(heard, power, 1.0)
    return PanTrack(pans=np.clip(0.5 * (1 + slope), 0.0, 1.0), heard=heard)


def pan_error(generated: PanTrack, truth: PanTrack) -> float:
    """Return the mean difference of pan over the windows in which both are heard, in [0, 1].

    Raises:
        ValueError: They differ in length, or in no window both are heard.

    >>> tone = np.sin(np.arange(16000) / 5)
    >>> right, middle = (pan_track(each, 16000) for each in ([0 * tone, tone], [tone, tone]))
    >>> round(pan_error(right, middle), 6)
    0.5
    """
    if generated.pans.shape != truth.pans.shape:
        raise ValueError(f"tracks of {len(generated.pans)} and {len(truth.pans)} windows are not a pair")
    both = generated.heard & truth.heard
    if not both.any():
        raise ValueError("in no window are the generated sound and its truth both heard")
    return float(np.abs(generated.pans - truth.pans)[both].mean())


def _sound(samples: ArrayLike) -> Values:
    sound = np.atleast_2d(np.asarray(samples, np.float64))
    if sound.ndim != 2 or 0 in sound.shape or not np.isfinite(sound).all():
        raise ValueError(
            f"samples of shape {sound.shape} are not (time,) or (channel, time) of finite numbers"
        )
    return sound


def _edges(samples: int, sample_rate: int, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    frames = int(samples / (sample_rate * seconds) + 1e-9)
    if frames < 1:
        raise ValueError(f"{samples} samples at {sample_rate} Hz are shorter than {seconds} s")
    return np.round(np.arange(frames + 1) * (sample_rate * seconds)).astype(np.int64)


def _from(frames: Values, lag: int) -> Values:
    """Return the frames from ``lag`` on, or all but the last ``-lag``."""
    return frames[lag:] if lag >= 0 else frames[:lag]


def _pearson(first: Values, second: Values) -> float:
    one, other = first - first.mean(), second - second.mean()
    length = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    # A part of a clip may be constant though the whole is not: it says nothing for this lag.
    return float(np.clip((one * other).sum() / length, -1.0, 1.0)) if length > 0 else 0.0
