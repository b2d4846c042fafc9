"""Sounds that another system wrote to a folder, found by the clip they are named for.

A clip's sound is the file named like its id, or like the same stretch of the same video in another convention
(:mod:`avbench.datasets.file_names`), in any folder: ``wav``, ``flac``, ``mp3``, ``m4a``, ``ogg``, ``opus``,
``aac`` or the sound of a video; a video beside a sound of its own name is passed over. Where several sounds
were made for a clip their names end in a number: ``ID_0.wav``, ``ID-0.wav``, ``ID.0.wav``,
``ID.sample0.wav``, ``ID/0.wav``. ``sample=K`` picks number K for all clips; without it the seed is the
number. A sound without a number is sample 0, and serves every seed.
"""

import hashlib
import os
import weakref
from collections.abc import Mapping
from pathlib import Path

from avbench import AudioBatch, Clip, MediaError, VideoBatch
from avbench.datasets.file_names import SOUND_ENDINGS, VIDEO_ENDINGS
from avbench.datasets.named_files import NamedFiles, media_files
from avbench.digests import FileDigests
from avbench.errors import DataError, UsageError
from avbench.media.workers import SoundReaders
from avbench.store import cache_folder
from avbench_baselines.reference_sounds import as_batch


class AudioFolder:
    """Looks every clip's sound up by its name.

    Args:
        path: The folder.
        sample: The number of the sample to take; ``None`` for that of the seed.

    Raises:
        DataError: There is no such folder, or no sound in it.
        UsageError: ``sample`` is no number.
    """

    def __init__(self, path: str, sample: str | None = None) -> None:
        self.root = Path(path).expanduser()
        self.sample = _number(sample)
        self.named = NamedFiles(self.root, sounds_in(self.root))
        self.readers = SoundReaders(len(os.sched_getaffinity(0)))
        self._taken: dict[Path, str] = {}
        weakref.finalize(self, self.readers.close)

    def generate_audio(self, batch: VideoBatch, seed: int) -> list[AudioBatch | MediaError]:
        """Return each clip's sound at its own rate, or why it has none.

        Raises:
            DataError: Two files are named for a clip, or one file for two clips.
        """
        clips = {clip.id: clip for clip in batch.clips}
        items: dict[str, AudioBatch | MediaError] = {}
        files: dict[str, Path] = {}
        for clip_id in clips:
            try:
                files[clip_id] = self._file(clip_id, seed)
            except MediaError as error:
                items[clip_id] = error
        named = [Clip(id=clip_id, path=path) for clip_id, path in files.items()]
        sounds = self.readers.read(named, batch.seconds)
        for clip_id, sound in zip(files, sounds, strict=True):
            bad = isinstance(sound, MediaError)
            items[clip_id] = self._unplaced(sound) if bad else as_batch(clips[clip_id], sound)
        return [items[clip.id] for clip in batch.clips]

    def _file(self, clip_id: str, seed: int) -> Path:
        samples = self.named.of(clip_id)
        if not samples:
            raise MediaError("no-output", f"No file in the folder is named for {clip_id!r}.")
        number = seed if self.sample is None else self.sample
        file = samples.get(None) if self.sample in (None, 0) else None
        file = file or samples.get(number)
        if file is None:
            numbers = ", ".join("none" if each is None else str(each) for each in samples)
            message = f"The sounds named for {clip_id!r} have the numbers {numbers}: no sample {number}."
            raise MediaError("no-output", message)
        if self._taken.setdefault(file, clip_id) != clip_id:
            one, name = self._taken[file], file.relative_to(self.root).as_posix()
            raise DataError(
                f"The file {name} in {self.root} is named for two clips, {one!r} and {clip_id!r}.",
                hint="Name it for one of them: by its whole id, or by the start of its stretch.",
            )
        return file

    def _unplaced(self, error: MediaError) -> MediaError:
        # Documents are published: where the folder lies on this machine is nobody's business.
        return MediaError(error.reason, error.message.replace(f"{self.root}{os.sep}", "output "))


def sounds_in(root: Path) -> list[Path]:
    """Return the sounds of a folder, and its videos, in order.

    Raises:
        DataError: There is no such folder, or no sound in it.
    """
    files = media_files(root, SOUND_ENDINGS + VIDEO_ENDINGS)
    if not files:
        raise DataError(
            f"There is no sound in {root}.",
            hint=f"Files ending in {', '.join(SOUND_ENDINGS)} are looked for.",
        )
    return files


def identify(args: Mapping[str, str]) -> Mapping[str, str]:
    """Return the digest of the folder's names and contents, which stands for the model.

    Raises:
        UsageError: No folder is named.
        DataError: There is no such folder, or no sound in it.
    """
    if "path" not in args:
        raise UsageError("The model 'audio-folder' was given no folder.", hint="Add --model-args path=DIR.")
    root = Path(args["path"]).expanduser()
    files = sounds_in(root)
    contents = FileDigests(index=cache_folder() / "digests.jsonl").of(files, lambda what, done, total: None)
    lines = [f"{path.relative_to(root).as_posix()}\t{contents.get(path, '')}\n" for path in files]
    digest = hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    return {"sounds": f"{len(files)} files, sha256:{digest}", "sample": args.get("sample", "by seed")}


def _number(sample: str | None) -> int | None:
    if sample is not None and not (sample.isascii() and sample.isdecimal()):
        raise UsageError(f"The sample {sample!r} is not a whole number.", hint="Pass sample=0, 1, 2 …")
    return None if sample is None else int(sample)
