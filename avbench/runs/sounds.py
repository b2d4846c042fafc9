"""The sounds of clips, their own and those made for them, in the form the protocol asks for, each kept once.

A sound is resampled, mixed to the protocol's channels, cut to the window and rounded to 16 bits; what is
scored is what is kept, whether it was made now or by an earlier run.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.records import AudioInput, Progress
from avbench.resolve import Plan
from avbench.results.provenance import decoder, fit_of, store_key
from avbench.runs.attempts import Attempts
from avbench.runs.border import check_sounds
from avbench.runs.census import Census, LeftOut
from avbench.runs.job import Job
from avbench.runs.slots import Decoded, Slots, video_batch
from avbench.runs.stream import decoded_batches, note_failures, note_filled, was_filled
from avbench.sounds import Sound
from avbench.specs import GenerationProtocol
from avbench.store import Shelf, Store

Pcm = NDArray[np.int16]
FULL_SCALE = 32768
GENERATE = "generate_audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundForm:
    """What every sound is brought to.

    Attributes:
        seconds: The window.
        sample_rate: In Hz.
        channels: 1 or 2.
    """

    seconds: float
    sample_rate: int
    channels: int

    def of(self, sound: Sound) -> Pcm:
        """Return ``(channel, time)`` of the form.

        Raises:
            MediaError: ``too-short``: it ends before the window does.
        """
        from avbench.media.audio import resample

        samples = sound.samples
        if len(samples) > self.channels:
            samples = samples.mean(0, keepdims=True)
        brought = resample(samples, sound.sample_rate, self.sample_rate)
        whole = Sound(samples=brought, sample_rate=self.sample_rate).lasting(self.seconds).samples
        # In place: of a sound that is only read and kept, fresh memory is what takes most of the time.
        scaled = whole * FULL_SCALE
        np.rint(scaled, out=scaled)
        rounded = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1, out=scaled).astype(np.int16)
        return rounded if len(rounded) == self.channels else np.repeat(rounded, self.channels, axis=0)


@dataclass(slots=True, kw_only=True)
class Sounds:
    """What is known of some clips' sounds so far; those of clips of the same content are shared.

    Attributes:
        shelf: Where they are kept.
        keys: Digest of each clip's content, by clip id.
        names: What is kept of each clip, a name a sample.
        left_out: Clips that have none, and why, by clip id.
        there: Digests of the clips that have all of theirs.
        reused: Sounds taken from the store.
        computed: Sounds made now.
        filled: Digests of the clips that were filled up to the window.
    """

    shelf: Shelf
    keys: Mapping[str, str]
    names: tuple[str, ...]
    left_out: dict[str, LeftOut]
    there: set[str] = field(default_factory=set[str])
    reused: int = 0
    computed: int = 0
    filled: set[str] = field(default_factory=set[str])

    def recall(self, clips: Sequence[Clip]) -> None:
        """Take note of what earlier runs have left."""
        for clip in clips:
            key = self.keys.get(clip.id)
            if key is None or key in self.there or clip.id in self.left_out:
                continue
            self.filled |= {key} if was_filled(self.shelf, key) else set()
            if all(self.shelf.read(key, name) is not None for name in self.names):
                self.there.add(key)
                self.reused += len(self.names)
            elif failure := self.shelf.read_failure(key):
                self.left_out[clip.id] = LeftOut(reason=failure[0], message=failure[1])

    def lacks(self, clip: Clip) -> bool:
        """Return whether the clip still needs a sound."""
        return clip.id not in self.left_out and self.keys[clip.id] not in self.there

    def unfinished(self, clips: Sequence[Clip], size: int) -> list[tuple[Clip, ...]]:
        """Return the batches in which a sound is missing, whole, without the clips that are left out."""
        batches = [clips[first : first + size] for first in range(0, len(clips), size)]
        return [
            tuple(clip for clip in batch if clip.id not in self.left_out)
            for batch in batches
            if any(self.lacks(clip) for clip in batch)
        ]

    def keep(self, clip: Clip, sounds: Sequence[Pcm]) -> None:
        """Keep a clip's sounds, a name each."""
        key = self.keys[clip.id]
        if key not in self.there:
            for name, sound in zip(self.names, sounds, strict=True):
                self.shelf.write(key, name, sound)
            self.there.add(key)
            self.computed += len(self.names)

    def errors(self) -> list[MediaError]:
        """Return why clips are left out, as errors."""
        return [MediaError(each.reason, each.message) for each in self.left_out.values()]

    def of(self, clip: Clip) -> list[Pcm]:
        """Return a clip's sounds, a sample each: ``(channel, time)``."""
        return [self.sample(clip, number) for number in range(len(self.names))]

    def sample(self, clip: Clip, number: int) -> Pcm:
        """Return one of a clip's sounds: ``(channel, time)``."""
        return self.shelf.read(self.keys[clip.id], self.names[number])


def form_of(plan: Plan) -> SoundForm:
    """Return the form that a plan's protocol asks for."""
    protocol = protocol_of(plan)
    return SoundForm(seconds=plan.spec.seconds, sample_rate=protocol.sample_rate, channels=protocol.channels)


def protocol_of(plan: Plan) -> GenerationProtocol:
    """Return the protocol of a generation task."""
    assert isinstance(plan.spec.protocol, GenerationProtocol)
    return plan.spec.protocol


def true_sounds(job: Job, census: Census) -> Sounds:
    """Decode the clips' own sounds, unless they are kept."""
    plan, form = job.plan, form_of(job.plan)
    kept_under = {"sounds": "true", "form": asdict(form), "decoder": decoder(), **fit_of(plan.spec)}
    shelf = Store(root=job.cache).shelf(kept_under)
    sounds = Sounds(shelf=shelf, keys=census.keys, names=("true",), left_out=dict(census.left_out))
    sounds.recall(plan.clips)
    batches = sounds.unfinished(plan.clips, plan.batch_size)
    wanted = AudioInput(sample_rate=form.sample_rate, channels=form.channels)
    total, done = sum(map(len, batches)), 0
    with closing(decoded_batches(plan, batches, video=None, audio=wanted)) as decoded:
        for batch, opened in zip(batches, decoded, strict=True):
            results = [(clip, finite(each)) for clip, each in opened]
            note_failures(shelf, sounds.keys, sounds.left_out, results)
            decoded_whole = [(clip, each) for clip, each in results if not isinstance(each, MediaError)]
            sounds.filled |= note_filled(shelf, sounds.keys, decoded_whole)
            for clip, result in results:
                if not isinstance(result, MediaError) and result.samples is not None:
                    heard = Sound(samples=result.samples, sample_rate=form.sample_rate)
                    sounds.keep(clip, [form.of(heard)])
            done += len(batch)
            job.report.progress("decoding the clips' own sounds", done, total)
    return sounds


def finite(result: Decoded | MediaError) -> Decoded | MediaError:
    """Return what was decoded, or why its sound is none: floating-point samples in a file may be anything."""
    if isinstance(result, MediaError) or result.samples is None or np.isfinite(result.samples).all():
        return result
    return MediaError("not-finite", "The sound holds NaN or infinity.")


@dataclass(slots=True, kw_only=True)
class SoundMaker:
    """A generation model at work.

    Attributes:
        plan: The run; its contestant is the model.
        model: Loaded.
        attempts: What became of the clips so far.
    """

    plan: Plan
    model: Any
    attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        name = self.plan.contestant.record.name
        self.attempts = Attempts(name=name, batch_size=self.plan.batch_size)

    def make(self, slots: Slots, seed: int) -> Mapping[str, Sound | MediaError]:
        """Return what the model makes of some clips, or why it makes nothing, by clip id.

        Raises:
            ModelError: It broke its contract, or has failed on every clip of a batch's worth.
        """
        return self.attempts.over(slots, GENERATE, lambda filled: self._forward(filled, seed), lambda _: "")

    def _forward(self, slots: Slots, seed: int) -> list[Sound | MediaError]:
        import torch

        contestant, seconds = self.plan.contestant, self.plan.spec.seconds
        with torch.inference_mode():
            batch = video_batch(slots, contestant.inputs, self.plan.device, seconds=seconds)
            output = self.model.generate_audio(batch, seed)
        return check_sounds(contestant.record.name, output, batch.clips)


def made_sounds(
    job: Job, plan: Plan, clips: Sequence[Clip], left_out: Mapping[str, LeftOut], what: str
) -> Sounds:
    """Have a model make sounds for clips, unless they are kept.

    Args:
        job: The run.
        plan: That of the run, or of a reference model on the same task.
        clips: In the dataset's order.
        left_out: Clips that are not to be tried, and why.
        what: Said of the progress.

    Raises:
        ModelError: The model broke its contract, or failed on every clip of a batch's worth.
    """
    inputs, samples = plan.contestant.inputs, protocol_of(plan).samples
    keys = job.census(clips, by_name=inputs.unread).keys
    shelf = Store(root=job.cache).shelf({**store_key(plan), "seed": plan.seed, "form": asdict(form_of(plan))})
    names = tuple(f"sound.{sample}" for sample in range(samples))
    sounds = Sounds(shelf=shelf, keys=keys, names=names, left_out=dict(left_out))
    if not job.request.recompute:
        sounds.recall(clips)
    batches = sounds.unfinished(clips, plan.batch_size)
    if batches:
        with job.clock.phase("load"):
            maker = SoundMaker(plan=plan, model=plan.load())
        with job.clock.phase("generate"):
            _make(maker, sounds, batches, job.report.progress, what)
    return sounds


def _make(
    maker: SoundMaker, sounds: Sounds, batches: Sequence[tuple[Clip, ...]], progress: Progress, what: str
) -> None:
    plan = maker.plan
    total, done = sum(map(len, batches)), 0
    progress(what, 0, total)
    with closing(decoded_batches(plan, batches, video=plan.contestant.inputs.video, audio=None)) as decoded:
        for batch, results in zip(batches, decoded, strict=True):
            note_failures(sounds.shelf, sounds.keys, sounds.left_out, results)
            slots = [(clip, each) for clip, each in results if not isinstance(each, MediaError)]
            sounds.filled |= note_filled(sounds.shelf, sounds.keys, slots)
            if slots:
                _keep_made(maker, sounds, slots)
            done += len(batch)
            progress(what, done, total)
    maker.attempts.refuse_failure(GENERATE, 1)


def _keep_made(maker: SoundMaker, sounds: Sounds, slots: Sequence[tuple[Clip, Decoded]]) -> None:
    form, seed = form_of(maker.plan), maker.plan.seed
    samples = [maker.make(slots, seed + sample) for sample in range(len(sounds.names))]
    for clip, _ in slots:
        try:
            sounds.keep(clip, [form.of(_sound(made.get(clip.id), maker)) for made in samples])
        except MediaError as error:
            message = error.message.replace(str(clip.path), clip.path.name)
            sounds.left_out[clip.id] = LeftOut(reason=error.reason, message=message)


def _sound(made: Sound | MediaError | None, maker: SoundMaker) -> Sound:
    if made is None:
        raise MediaError("model", maker.attempts.trouble)
    if isinstance(made, MediaError):
        raise made
    return made
