"""The streams of a file that are asked for, each with its reader, fed in file order."""

from dataclasses import dataclass

from av.container import InputContainer
from av.stream import Discard

from avbench.media.audio_stream import AudioReader
from avbench.media.info import DecodedClip, Limits
from avbench.media.streams import heard_audio, required, shown_video
from avbench.media.timeline import Window
from avbench.media.video_stream import VideoReader
from avbench.records import AudioInput, VideoInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """The readers of the streams that are asked for; ``None`` for one that is not."""

    video: VideoReader | None
    audio: AudioReader | None

    @property
    def late(self) -> bool:
        """Whether a seek overshot what one of them needs."""
        return any(reader.late for reader in (self.video, self.audio) if reader is not None)

    def finish(self) -> DecodedClip:
        """Return what was decoded.

        Raises:
            MediaError: ``too-short`` or ``corrupt``: a stream does not cover the window.
        """
        frames = None if self.video is None else self.video.finish()
        samples = None if self.audio is None else self.audio.finish()
        readers = {"video": self.video, "audio": self.audio}
        filled = {name: each.filled for name, each in readers.items() if each is not None and each.filled}
        return DecodedClip(frames=frames, samples=samples, filled=filled)


def open_tracks(
    file: InputContainer,
    window: Window,
    video: VideoInput | None,
    audio: AudioInput | None,
    limits: Limits,
) -> Tracks:
    """Set up a reader for each stream that is asked for, and have every other one left out."""
    picture = required(shown_video(file), "video") if video is not None else None
    sound = required(heard_audio(file), "audio") if audio is not None else None
    for stream in file.streams:
        if stream is not picture and stream is not sound:
            stream.discard = Discard.all
    for stream in (picture, sound):
        if stream is not None:
            # Clips are decoded in parallel, one process each: more threads would only contend.
            stream.codec_context.thread_count = 1
            # An error is an error, not something to paint over; frames may be larger than the container says.
            stream.codec_context.options = {"err_detect": "explode", "max_pixels": str(limits.pixels)}
    return Tracks(
        video=None if picture is None or video is None else VideoReader(picture, window, video),
        audio=None if sound is None or audio is None else AudioReader(sound, window, audio),
    )


def feed(file: InputContainer, tracks: Tracks) -> None:
    """Hand packets to the readers in file order until each has what it needs."""
    waiting = {reader.stream.index: reader for reader in (tracks.video, tracks.audio) if reader is not None}
    for packet in file.demux([reader.stream for reader in waiting.values()]):
        reader = waiting.get(packet.stream.index)
        if reader is None:
            continue
        reader.feed(packet)
        if reader.done:
            reader.stream.discard = Discard.all
            del waiting[packet.stream.index]
            if not waiting:
                return
