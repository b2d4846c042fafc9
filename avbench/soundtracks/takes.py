"""One sound for one video: what it is made from, what is written of it, and whether it is there."""

from dataclasses import dataclass
from pathlib import Path

from numpy import float32
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from avbench.media.info import Picture
from avbench.results.document import ModelInfo
from avbench.sounds import Sound
from avbench.store import write_whole


class MadeFrom(BaseModel):
    """What a sound was made from: the same again gives the same sound, on the same machine.

    Attributes:
        video_sha256: Digest of the video file.
        model: The model, its arguments and its identity.
        seed: What it was seeded with.
        device: Where it computed.
        packages: Versions of what it computed with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    video_sha256: str
    model: ModelInfo
    seed: int
    device: str
    packages: dict[str, str]


class SoundtrackNote(BaseModel):
    """The document beside a sound.

    Attributes:
        video: Name of the video file.
        made_from: What the sound was made from.
        start: When the video's first frame, and with it the sound, begins, in seconds from the file's zero.
        seconds: How long the picture and the sound last.
        sample_rate: Of the sound, in Hz.
        channels: Of the sound.
        real_time_factor: Seconds the model took for a second of sound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    video: str
    made_from: MadeFrom
    start: FiniteFloat
    seconds: FiniteFloat = Field(gt=0)
    sample_rate: int = Field(gt=0)
    channels: int = Field(gt=0)
    real_time_factor: FiniteFloat = Field(ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundtrack:
    """A sound that is there.

    Attributes:
        video: The video it is for.
        files: The sound, the video with it, and the note.
        note: The note.
        kept: Whether it was there before.
        recoded: Whether the picture had to be coded anew.
    """

    video: Path
    files: tuple[Path, ...]
    note: SoundtrackNote
    kept: bool = False
    recoded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutSound:
    """A video that no sound could be made for, or not all that were asked for.

    Attributes:
        video: The video.
        reason: A code of :data:`avbench.clips.REASONS`.
        message: What exactly went wrong.
    """

    video: Path
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One sound that is asked for.

    Attributes:
        video: The video it is for.
        name: The video's name below the folder that was given.
        stem: Where it is written, without ending.
        made_from: What it is made from.
        muxed: Whether the video is written with it.
    """

    video: Path
    name: str
    stem: Path
    made_from: MadeFrom
    muxed: bool

    @property
    def files(self) -> tuple[Path, ...]:
        """What is written: the sound, the video with it where that is asked for, and last the note."""
        endings = (".wav", ".mp4", ".json") if self.muxed else (".wav", ".json")
        return tuple(self.stem.with_name(self.stem.name + ending) for ending in endings)

    def note(self) -> SoundtrackNote | None:
        """Return the note that is there, if it is of a sound that was made from the same."""
        try:
            note = SoundtrackNote.model_validate_json(self.files[-1].read_bytes())
        except (OSError, ValidationError):
            return None
        return note if note.made_from == self.made_from else None

    def there(self) -> Soundtrack | None:
        """Return the sound, if it is there in full and was made from the same."""
        note = self.note()
        if note is None or not all(path.is_file() for path in self.files):
            return None
        return Soundtrack(video=self.video, files=self.files, note=note, kept=True)

    def write(self, picture: Picture, sound: Sound, took: float) -> Soundtrack:
        """Write the sound and what goes with it, the note first: what it names may be finished later.

        Raises:
            MediaError: The video's picture can be neither copied nor coded anew.
            StorageError: A file cannot be written.
        """
        from avbench.media.encode import write_sound
        from avbench.media.mux import write_muxed

        sound = Sound(samples=two_channels(sound.samples), sample_rate=sound.sample_rate)
        note = SoundtrackNote(
            video=self.name,
            made_from=self.made_from,
            start=round(picture.start, 6),
            seconds=round(picture.seconds, 6),
            sample_rate=sound.sample_rate,
            channels=len(sound.samples),
            real_time_factor=round(took / picture.seconds, 4),
        )
        write_whole(self.files[-1], f"{note.model_dump_json(indent=2)}\n".encode())
        write_sound(self.files[0], sound)
        copied = not self.muxed or write_muxed(
            self.files[1], video=self.video, start=picture.start, sound=sound
        )
        return Soundtrack(video=self.video, files=self.files, note=note, recoded=not copied)


def two_channels(samples: NDArray[float32]) -> NDArray[float32]:
    """Return ``(channel, time)`` with no more than two channels: more are mixed as those of a file are."""
    if len(samples) <= 2:
        return samples
    from avbench.media.channels import mixing_matrix

    return mixing_matrix(("",) * len(samples), 2) @ samples
