"""What is heard in one sound: everything a generation metric looks at, so that no metric opens a sound."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from avbench.errors import MediaError
from avbench.judges.judge import Verdict
from avbench.metrics.embedding_sets import Values
from avbench.metrics.sound_pairs import PanTrack
from avbench.metrics.spectral_flux import Onsets

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSound:
    """A sound that can be listened to again.

    Attributes:
        digest: Of its samples and their rate.
        read: Returns ``(channel, time)``, 16 bits.
    """

    digest: str
    read: Callable[[], NDArray[np.int16]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What is heard in one sound.

    Attributes:
        rows: ``(rows, dim)`` by embedder.
        logits: ``(classes,)`` by embedder, of those that name classes.
        onsets: By spectral flux.
        envelope: ``(frames,)`` at 100 Hz.
        pan: Where it comes from; ``None`` of a mono sound.
        similarity: ``(dim,)`` or ``(time, dim)`` by audio-video model.
        sound: What it was heard in, for those who listen to it beside a picture.
        unheard: Why a network heard nothing in it, by network; its rows, logits or similarity are not there.
    """

    rows: Mapping[str, Rows]
    logits: Mapping[str, Rows]
    onsets: Onsets
    envelope: Values
    pan: PanTrack | None = None
    similarity: Mapping[str, Rows]
    sound: KeptSound | None = None
    unheard: Mapping[str, MediaError] = field(default_factory=dict[str, MediaError])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipSounds:
    """One clip: its own sound, those made for it, and what is known of its events.

    Attributes:
        clip: Its id.
        recording: What it is resampled with.
        truth: Its own sound.
        made: What was made for it, a sound a sample.
        onsets: When something happens, in seconds ``(t,)``; ``None`` where nobody knows.
        video: ``(dim,)`` or ``(time, dim)`` of its picture, by audio-video model.
        texts: ``(text, dim)`` of its captions, by embedder that reads; empty without captions.
        judged: What judges say of each sound made for it, by criterion; empty without judges.
    """

    clip: str
    recording: str
    truth: Features
    made: tuple[Features, ...]
    onsets: Values | None
    video: Mapping[str, Rows]
    texts: Mapping[str, Rows] = field(default_factory=dict[str, Rows])
    judged: tuple[Mapping[str, Verdict], ...] = ()

    @property
    def unheard(self) -> dict[str, MediaError]:
        """Why a network heard nothing in one of its sounds, by network: its numbers are without the clip."""
        return {name: error for each in (*self.made, self.truth) for name, error in each.unheard.items()}


def heard_through(clips: Sequence[ClipSounds], network: str) -> list[ClipSounds]:
    """Return the clips in all of whose sounds a network heard something."""
    return [clip for clip in clips if network not in clip.unheard]


def reasons(errors: Iterable[MediaError]) -> str:
    """Count reasons, and quote a network that failed; ``""`` where there are none.

    >>> reasons([MediaError("silent", "It is silent."), MediaError("model", "It failed.")])
    ' (1 model, 1 silent; It failed)'
    """
    listed = list(errors)
    counts = Counter(error.reason for error in listed)
    counted = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
    quoted = next((f"; {each.message.rstrip('.')}" for each in listed if each.reason == "model"), "")
    return f" ({counted}{quoted})" if listed else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pool:
    """Rows of many sounds.

    Attributes:
        rows: ``(n, dim)``.
        recordings: ``(n,)``: the recording of each row.
    """

    rows: Rows
    recordings: tuple[str, ...]


def made_pool(clips: Sequence[ClipSounds], embedder: str) -> Pool:
    """Return the rows of everything that was made, clip by clip and sample by sample."""
    return _pool((clip.recording, each.rows[embedder]) for clip in clips for each in clip.made)


def true_pool(clips: Sequence[ClipSounds], embedder: str) -> Pool:
    """Return the rows of the clips' own sounds, each once."""
    return _pool((clip.recording, clip.truth.rows[embedder]) for clip in clips)


def _pool(parts: Iterable[tuple[str, Rows]]) -> Pool:
    pairs = list(parts)
    recordings = tuple(recording for recording, rows in pairs for _ in rows)
    return Pool(rows=np.concatenate([rows for _, rows in pairs]), recordings=recordings)
