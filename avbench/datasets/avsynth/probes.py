"""Trivial probes: what retrieval by length, loudness, luminance, event count and file size alone achieves.

Two estimators learn on train to predict the plain statistics of a clip's sound from those of its picture;
candidates are ranked by the distance between prediction and fact. On data that give nothing away by such
means they are at chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

VIDEO_STATISTICS = (
    "seconds",
    "mean luminance",
    "spread of luminance",
    "movement",
    "peaks of movement",
    "bytes",
)
AUDIO_STATISTICS = ("seconds", "loudness (RMS)", "peak", "onsets", "bytes")
LUMA = np.array([0.299, 0.587, 0.114])


def video_statistics(frames: npt.NDArray[np.uint8], fps: float, size: int = 0) -> Values:
    """Return the statistics of :data:`VIDEO_STATISTICS`.

    Args:
        frames: ``(time, channel=3, height, width)``, uint8 RGB.
        fps: Frames a second.
        size: Bytes of the coded stream, 0 where there is none.
    """
    luminance = np.tensordot(frames, LUMA, axes=(1, 0)) / 255.0
    movement = np.abs(np.diff(luminance, axis=0)).mean(axis=(1, 2))
    return np.array(
        [
            len(frames) / fps,
            luminance.mean(),
            luminance.std(),
            np.log(movement.mean() + 1e-6),
            _peaks(movement),
            np.log(size + 1.0),
        ]
    )


def audio_statistics(samples: npt.NDArray[np.float32], rate: int, size: int = 0) -> Values:
    """Return the statistics of :data:`AUDIO_STATISTICS`.

    Args:
        samples: ``(channel, time)``, float32.
        rate: In Hz.
        size: Bytes of the coded stream, 0 where there is none.
    """
    hop = rate // 50
    whole = samples.shape[1] // hop * hop
    power = (samples[:, :whole].astype(np.float64) ** 2).mean(0).reshape(-1, hop).mean(1)
    rise = np.maximum(np.diff(np.log(power + 1e-8)), 0.0)
    return np.array(
        [
            samples.shape[1] / rate,
            np.log(power.mean() + 1e-9) / 2.0,
            np.log(np.abs(samples).max() + 1e-9),
            _peaks(rise),
            np.log(size + 1.0),
        ]
    )


def _peaks(curve: Values) -> int:
    from scipy.signal import find_peaks

    return len(find_peaks(curve, height=curve.mean() + curve.std())[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeScore:
    """How well a probe retrieves within galleries.

    Attributes:
        recall: Recall at 1, as a fraction.
        chance: What drawing lots gives.
        low: Lower end of where 95 % of random pairings lie.
        high: Upper end.
        p: Share of random pairings that do at least as well.
    """

    recall: float
    chance: float
    low: float
    high: float
    p: float


class Probe:
    """An estimator fitted to predict sound statistics from picture statistics.

    Args:
        kind: ``linear`` (ridge regression) or ``forest`` (random forest).
    """

    def __init__(self, kind: str) -> None:
        from sklearn.ensemble import RandomForestRegressor
        from sklearn.linear_model import Ridge
        from sklearn.preprocessing import StandardScaler

        self._video, self._audio = StandardScaler(), StandardScaler()
        forest = RandomForestRegressor(n_estimators=100, min_samples_leaf=4, random_state=0)
        self._model: Any = Ridge(alpha=1.0) if kind == "linear" else forest

    def fit(self, video: Values, audio: Values) -> "Probe":
        """Learn from ``(clip, statistic)`` of both streams of training clips."""
        self._model.fit(self._video.fit_transform(video), self._audio.fit_transform(audio))
        return self

    def distances(self, video: Values, audio: Values) -> Values:
        """Return ``(clip, clip)``: how far each picture's prediction is from each sound's statistics."""
        predicted = self._model.predict(self._video.transform(video))
        actual = np.asarray(self._audio.transform(audio))
        return np.linalg.norm(predicted[:, None] - actual[None], axis=-1)


def probe_score(
    distances: Values, galleries: Sequence[npt.NDArray[np.int64]], draws: int = 4000
) -> ProbeScore:
    """Score retrieval by distance in both directions, against random pairings within each gallery.

    Args:
        distances: ``(clip, clip)``, picture by sound; the diagonal holds the true pairs.
        galleries: Indices of the clips of each gallery.
        draws: Random pairings.
    """
    random = np.random.default_rng(0)
    hits, lots, queries = 0.0, np.zeros(draws), 0
    chance = 0.0
    for members in galleries:
        block = distances[np.ix_(members, members)]
        wins = _wins(block) + _wins(block.T).T
        count = len(members)
        hits += float(np.trace(wins))
        pairings = random.permuted(np.tile(np.arange(count), (draws, 1)), axis=1)
        lots += wins[np.arange(count), pairings].sum(axis=1)
        queries += 2 * count
        chance += 2.0
    low, high = np.quantile(lots / queries, [0.025, 0.975])
    return ProbeScore(
        recall=hits / queries,
        chance=chance / queries,
        low=float(low),
        high=float(high),
        p=float((1 + np.sum(lots >= hits - 1e-9)) / (1 + draws)),
    )


def _wins(block: Values) -> Values:
    """Return for each row which column is nearest, shared among ties."""
    nearest = block == block.min(axis=1, keepdims=True)
    return nearest / nearest.sum(axis=1, keepdims=True)
