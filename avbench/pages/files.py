"""The files of a page beside its text: sounds, spectrograms, and what is marked on them as data."""

import io
import json
import re
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from avbench.boards.tables import one_line
from avbench.metrics.embedding_sets import Values
from avbench.pages.colours import palette
from avbench.pages.exhibits import Exhibition, Pcm, ShownClip, ShownSound
from avbench.pages.png import indexed_png
from avbench.pages.spectrograms import Bands, levels, pixels
from avbench.store import cannot_write, write_whole

DATA = "clips.json"
FOLDER = "clips"
EARLIER = re.compile(r"\d{2,}(-truth|-made-\d+)?\.(wav|png|mp4)", re.ASCII)


def truth_name(number: int) -> str:
    """Return the name of the files of a clip's own sound, without an ending; clips count from 1."""
    return f"{FOLDER}/{number:02d}-truth"


def made_name(number: int, sample: int) -> str:
    """Return the name of the files of a sound that was made; samples count from 0."""
    return f"{FOLDER}/{number:02d}-made-{sample + 1}"


def video_name(number: int) -> str:
    """Return the name of a clip's video and of a still of it."""
    return f"{FOLDER}/{number:02d}"


def put(path: Path, content: bytes) -> None:
    """Write a file that a web server may read.

    Raises:
        StorageError: It cannot be written.
    """
    write_whole(path, content)
    path.chmod(0o644)


def remove_earlier(folder: Path) -> None:
    """Remove the sounds, pictures and videos of an earlier page, which may have shown more clips.

    Raises:
        StorageError: A file cannot be removed.
    """
    if not (folder / FOLDER).is_dir():
        return
    for path in sorted((folder / FOLDER).iterdir()):
        if EARLIER.fullmatch(path.name):
            try:
                path.unlink()
            except OSError as error:
                raise cannot_write(path, error) from error


def write_sounds(folder: Path, shown: Exhibition) -> None:
    """Write the sounds as they were scored, and spectrograms of them.

    The sounds of a clip share a scale: its end is the loudest of them.

    Raises:
        StorageError: A file cannot be written.
    """
    colours, bands = palette(), Bands.of(shown.sample_rate)
    for number, clip in enumerate(shown.clips, 1):
        names = [truth_name(number), *(made_name(number, k) for k in range(len(clip.made)))]
        sounds = [clip.truth.samples, *(each.samples for each in clip.made)]
        drawn = [levels(_floats(sound), shown.sample_rate, bands) for sound in sounds]
        loudest = max(float(each.max()) for each in drawn)
        for name, sound, level in zip(names, sounds, drawn, strict=True):
            put(folder / f"{name}.wav", wav(sound, shown.sample_rate))
            put(folder / f"{name}.png", indexed_png(pixels(level, loudest), colours))


def wav(samples: Pcm, sample_rate: int) -> bytes:
    """Return samples ``(channel, time)`` as a WAV file of 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "w") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.ascontiguousarray(samples.T, "<i2").tobytes())
    return buffer.getvalue()


def write_data(folder: Path, shown: Exhibition) -> None:
    """Write what the page marks and measures as JSON.

    Raises:
        StorageError: The file cannot be written.
    """
    data = {
        "seconds": shown.seconds,
        "sample_rate": shown.sample_rate,
        "ordered_by": shown.ranking.by,
        "clips": [_clip(number, each, shown) for number, each in enumerate(shown.clips, 1)],
    }
    put(folder / DATA, (json.dumps(data, indent=1, allow_nan=False) + "\n").encode())


def _clip(number: int, clip: ShownClip, shown: Exhibition) -> Mapping[str, object]:
    scored = len(shown.ranking.clips)
    return {
        "clip": one_line(clip.clip.id),
        "place": clip.place + 1,
        "of": scored,
        "name": shown.place_name(clip),
        "onsets": None if clip.onsets is None else _times(clip.onsets),
        "truth": _sound(clip.truth, truth_name(number)),
        "made": [_sound(each, made_name(number, sample)) for sample, each in enumerate(clip.made)],
    }


def _sound(sound: ShownSound, name: str) -> Mapping[str, object]:
    values = {} if sound.record is None else dict(sound.record.values)
    return {"spectrogram": f"{name}.png", "onsets": _times(sound.onsets), "values": values}


def _times(times: Values) -> list[float]:
    return [round(each, 6) for each in times.tolist()]


def _floats(samples: Pcm) -> Values:
    return samples / -float(np.iinfo(np.int16).min)
