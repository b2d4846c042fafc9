"""References of Fréchet distances that need no reference audio: statistics of sounds, heard as a run hears.

A sound is brought to the form of a task (seconds, rate, mono, 16 bits) and heard alone, exactly as a run
hears what was made. What statistics and a run must share is their protocol (:func:`protocol_of_rows`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avbench.clips import Clip
from avbench.datasets.file_names import SOUND_ENDINGS, VIDEO_ENDINGS
from avbench.datasets.named_files import media_files
from avbench.errors import DataError, MediaError
from avbench.metrics.frechet import MomentsStream
from avbench.metrics.statistics_files import Statistics, check_same_protocol, read_statistics
from avbench.records import AudioInput, EmbedderRecord, Progress
from avbench.runs.hearing import EmbedderEar
from avbench.runs.sounds import FULL_SCALE, SoundForm, finite
from avbench.sounds import Sound

COMPUTED_WITH = ("torch", "device", "threads")


def protocol_of_rows(
    record: EmbedderRecord, identity: Mapping[str, object], form: SoundForm
) -> dict[str, str]:
    """Return what rows depend on, the sounds apart: the network and its weights, the form, what a row is."""
    if record.window_seconds is None or record.hop_seconds is None:
        row = "clip"
    else:
        row = f"{record.window_seconds:g} s every {record.hop_seconds:g} s"
    return {name: str(value) for name, value in identity.items() if name not in COMPUTED_WITH} | {
        "seconds": f"{form.seconds:g}",
        "sample_rate": str(form.sample_rate),
        "channels": str(form.channels),
        "row": row,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSet:
    """What was heard in some files.

    Attributes:
        statistics: Of all rows, with their protocol.
        files: Files that were heard.
        left_out: Those that were not, and why, by path.
    """

    statistics: Statistics
    files: int
    left_out: Mapping[Path, MediaError] = field(default_factory=dict[Path, MediaError])


def sounds_below(paths: Sequence[Path]) -> list[Path]:
    """Return the files given, and the sounds and videos below the folders given; each once, in order.

    Raises:
        DataError: One is not there, or there is no sound.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise DataError(f"There is no {path}.", hint="Give sounds, videos, or folders of them.")
        inside = media_files(path, SOUND_ENDINGS + VIDEO_ENDINGS) if path.is_dir() else [path]
        found |= dict.fromkeys(inside)
    if not found:
        raise DataError(
            f"There is no sound in {', '.join(map(str, paths))}.",
            hint=f"Files ending in {', '.join(SOUND_ENDINGS + VIDEO_ENDINGS)} are looked for.",
        )
    return list(found)


def heard_set(
    files: Sequence[Path], ear: EmbedderEar, record: EmbedderRecord, form: SoundForm, progress: Progress
) -> HeardSet:
    """Hear files and return the statistics of their rows; what cannot be heard is left out, with its reason.

    Args:
        files: Sounds, or videos with sound; the first ``form.seconds`` of each.
        ear: Hears.
        record: What hears.
        form: What every sound is brought to.
        progress: Told how far it has come.

    Raises:
        DataError: Nothing could be heard.
        ModelError: The embedder returned nothing usable.
    """
    from avbench.media.workers import decode_clips

    wanted = AudioInput(sample_rate=form.sample_rate, channels=form.channels)
    stream, left_out = MomentsStream(), dict[Path, MediaError]()
    clips = [Clip(id=str(path), path=path) for path in files]
    decoded = decode_clips(clips, seconds=form.seconds, video=None, audio=wanted)
    for done, (path, opened) in enumerate(zip(files, decoded, strict=True)):
        progress("hearing", done, len(files))
        result = finite(opened)
        try:
            if isinstance(result, MediaError):
                raise result
            assert result.samples is not None
            sound = form.of(Sound(samples=result.samples, sample_rate=form.sample_rate))
            stream.add(ear.hear(sound.astype(np.float32) / FULL_SCALE, form.sample_rate)["rows"])
        except MediaError as error:
            left_out[path] = error
    progress("hearing", len(files), len(files))
    if len(left_out) == len(files):
        counts = Counter(error.reason for error in left_out.values())
        listing = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
        raise DataError(
            f"None of {len(files)} files can be heard ({listing}).",
            hint=f"Give files with sound, at least {form.seconds:g} s long.",
        )
    protocol = protocol_of_rows(record, ear.identity, form)
    statistics = Statistics(moments=stream.moments(), protocol=protocol)
    return HeardSet(statistics=statistics, files=len(files) - len(left_out), left_out=left_out)


def reference_for(path: Path, record: EmbedderRecord, ear: EmbedderEar, form: SoundForm) -> Statistics:
    """Read the statistics of a reference, and refuse those of another protocol than a run's.

    Raises:
        DataError: The file cannot be used, or its protocol is another; the message says in what.
    """
    reference = read_statistics(path)
    own = Statistics(moments=reference.moments, protocol=protocol_of_rows(record, ear.identity, form))
    check_same_protocol(own, reference)
    return reference
