r"""Tokens of picture and sound slid along each other: a score for every offset from one embedding of each.

Picture tokens :math:`v_k` are the middles of T equal parts of W seconds, sound tokens :math:`a_j` of S equal
parts of L = W + 2R, R being the lead. At offset o picture token k meets the sound at

.. math:: p_k(o) = \frac{S}{L}\Big(\frac{(k + \tfrac12) W}{T} + R + o\Big) - \tfrac12

and between two tokens the sound is interpolated linearly. With :math:`\cos(0, \cdot) = 0`,

.. math:: s(o) = \frac1T \sum_k \cos\big(v_k, a(p_k(o))\big)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.float32]

TINY = np.finfo(np.float64).tiny


def slide(
    video: Tokens, audio: Tokens, *, seconds: float, lead: float, offsets: Sequence[float]
) -> NDArray[np.float64]:
    """Score offsets.

    Args:
        video: ``(time, dim)``, over ``seconds`` of picture.
        audio: ``(time, dim)``, over ``seconds + 2 · lead`` of sound.
        seconds: W.
        lead: R.
        offsets: In seconds, within ±``lead``.

    Returns:
        ``(offset,)``, cosines in [-1, 1].

    >>> clap, hush = [[0.0, 1.0]], [[1.0, 0.0]]
    >>> video, audio = np.array(hush + clap), np.array(hush + hush + hush + clap)
    >>> slide(video, audio, seconds=2, lead=1, offsets=(-1, 0, 1)).tolist()
    [0.5, 0.5, 1.0]
    """
    middles = (np.arange(len(video)) + 0.5) * seconds / len(video)
    rate = len(audio) / (seconds + 2 * lead)
    places = rate * (middles + lead + np.asarray(offsets, np.float64)[:, None]) - 0.5
    # Half a token beyond the middle of the last one there is no other to interpolate with.
    places = places.clip(0, len(audio) - 1)
    before = np.minimum(places.astype(np.int64), max(len(audio) - 2, 0))
    after = np.minimum(before + 1, len(audio) - 1)
    share = (places - before)[..., np.newaxis]
    sound = np.asarray(audio, np.float64)
    met = _unit((1 - share) * sound[before] + share * sound[after])
    return np.einsum("td,otd->o", _unit(np.asarray(video, np.float64)), met) / len(video)


def _unit(tokens: NDArray[np.float64]) -> NDArray[np.float64]:
    return tokens / np.maximum(np.linalg.norm(tokens, axis=-1, keepdims=True), TINY)
