"""Judges at work: each sees a picture once and hears a sound once, and what it says of the two is kept.

One picture and one sound at a time: rounding depends on a batch, and results must not. What cannot be judged
has a reason in place of a number, and so has what a judge fails at: it costs that number and no other.
"""

import dataclasses
import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.judges.judge import Criterion, Impression, Judge, JudgeRecord, Verdict
from avbench.protocols import AudioBatch, VideoBatch
from avbench.records import Progress, VideoInput
from avbench.resolve import Plan
from avbench.results.provenance import decoder, fit_of
from avbench.runs.attempts import costing_one_clip
from avbench.runs.sounds import FULL_SCALE, form_of
from avbench.store import Shelf, Store
from avbench.tasks.features import ClipSounds, KeptSound

Verdicts = Mapping[str, Verdict]
Seen = Impression | MediaError


@dataclass(slots=True, kw_only=True)
class Seat:
    """One judge of a run.

    Attributes:
        record: The judge.
        identity: What its verdicts depend on, picture and sound apart.
        load: Loads it, when it is first needed.
    """

    record: JudgeRecord
    identity: Mapping[str, Any]
    load: Callable[[], Judge]
    _judge: Judge | MediaError | None = None

    @property
    def judge(self) -> Judge:
        """The judge, loaded.

        Raises:
            MediaError: ``model``: it cannot be loaded; that is tried once.
        """
        if self._judge is None:
            try:
                with costing_one_clip():
                    self._judge = self.load()
            except MediaError as error:
                self._judge = error
        if isinstance(self._judge, MediaError):
            raise self._judge
        return self._judge

    def shelf(self, store: Store, plan: Plan) -> Shelf:
        """Return where its impressions and verdicts are kept."""
        record = self.record
        shown = {
            "sight": dataclasses.asdict(record.sight),
            "seconds": plan.spec.seconds,
            **fit_of(plan.spec),
            "decoder": decoder(),
        }
        return store.shelf(
            {"judged": {**self.identity}, "hears": [record.sample_rate, record.channels], **shown}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Jury:
    """The judges of a run.

    Attributes:
        seats: One a judge; none where none is asked for.
        plan: The run.
        clips: The clips that are evaluated, by id.
        keys: Digest of each one's content, by id.
        store: Where verdicts are kept.
        progress: Told how far they have come.
    """

    seats: tuple[Seat, ...]
    plan: Plan
    clips: Mapping[str, Clip]
    keys: Mapping[str, str]
    store: Store
    progress: Progress

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What is decided."""
        return tuple(each for seat in self.seats for each in seat.record.criteria)

    def judged(self, sounds: Sequence[ClipSounds]) -> list[ClipSounds]:
        """Return clips with what every judge says of the sounds made for them, or why it says nothing.

        Raises:
            StorageError: A verdict cannot be kept.
        """
        said = [self._said(seat, sounds) for seat in self.seats]
        return [
            dataclasses.replace(
                clip,
                judged=tuple(
                    {id: each for verdicts in parts for id, each in verdicts.items()}
                    for parts in zip(*(one[clip.clip] for one in said), strict=True)
                ),
            )
            for clip in sounds
        ]

    def _said(self, seat: Seat, sounds: Sequence[ClipSounds]) -> dict[str, list[Verdicts]]:
        """Return the verdicts of one judge by clip id, a sound each."""
        shelf = seat.shelf(self.store, self.plan)
        bench = _Bench(seat=seat, shelf=shelf, rate=form_of(self.plan).sample_rate)
        said = {
            clip.clip: [bench.recall(self.keys[clip.clip], _sound(made)) for made in clip.made]
            for clip in sounds
        }
        open_ = {clip.clip: clip for clip in sounds if None in said[clip.clip]}
        for done, (id, seen) in enumerate(self._seen(bench, list(open_))):
            self.progress(f"judging by {seat.record.name}", done, len(open_))
            said[id] = [
                before or bench.decide(self.keys[id], _sound(made), seen)
                for before, made in zip(said[id], open_[id].made, strict=True)
            ]
        return {id: [each or {} for each in verdicts] for id, verdicts in said.items()}

    def _seen(self, bench: "_Bench", ids: Sequence[str]) -> Iterator[tuple[str, Seen]]:
        """Yield what is seen in the clips' pictures, first what is kept."""
        by_frames: dict[VideoInput, list[str]] = defaultdict(list)
        for id in ids:
            if (kept := bench.impression(self.keys[id], "seen")) is not None:
                yield id, kept
                continue
            try:
                by_frames[_frames_of(self.clips[id], bench.seat.record)].append(id)
            except MediaError as error:
                yield id, error
        for frames, some in by_frames.items():
            yield from self._looked_at(bench, frames, some)

    def _looked_at(
        self, bench: "_Bench", frames: VideoInput, ids: Sequence[str]
    ) -> Iterator[tuple[str, Seen]]:
        import torch

        from avbench.media.info import Fit
        from avbench.media.workers import decode_clips

        clips, seconds = [self.clips[id] for id in ids], self.plan.spec.seconds
        decoded = decode_clips(
            clips,
            seconds=seconds,
            video=frames,
            audio=None,
            processes=self.plan.workers,
            fit=Fit(**fit_of(self.plan.spec)),
        )
        for clip, result in zip(clips, decoded, strict=True):
            if isinstance(result, MediaError):
                yield clip.id, result
                continue
            assert result.frames is not None
            pixels = torch.from_numpy(result.frames)[None].to(self.plan.device)
            batch = VideoBatch(frames=pixels, fps=frames.fps, clips=(clip,), seconds=seconds)
            yield clip.id, bench.see(self.keys[clip.id], batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """A judge with what it has kept.

    Attributes:
        seat: The judge.
        shelf: What it has kept.
        rate: Of the sounds, in Hz.
    """

    seat: Seat
    shelf: Shelf
    rate: int

    def recall(self, key: str, sound: KeptSound) -> Verdicts | None:
        """Return what was said of a picture and a sound before, if all of it is kept."""
        place = _pair(key, sound)
        kept = {each.id: self.shelf.read(place, each.id) for each in self.seat.record.criteria}
        if any(value is None for value in kept.values()):
            return None
        return {id: float(value) for id, value in kept.items()}

    def impression(self, key: str, what: str) -> Impression | None:
        """Return what was seen or heard before, if anything of it is ever kept."""
        parts = self.seat.record.sees if what == "seen" else self.seat.record.hears
        kept = {part: self.shelf.read(key, f"{what}.{part}") for part in parts}
        return kept if parts and all(each is not None for each in kept.values()) else None

    def see(self, key: str, batch: VideoBatch) -> Seen:
        """Look at a picture."""
        return self._perceived(key, "seen", lambda: self.seat.judge.see(batch))

    def hear(self, sound: KeptSound) -> Seen:
        """Listen to a sound."""
        if (kept := self.impression(sound.digest, "heard")) is not None:
            return kept
        return self._perceived(sound.digest, "heard", lambda: self.seat.judge.hear(self._batch(sound)))

    def decide(self, key: str, sound: KeptSound, seen: Seen) -> Verdicts:
        """Judge a sound beside a picture, and keep the numbers."""
        import torch

        try:
            for each in (seen, heard := self.hear(sound)):
                if isinstance(each, MediaError):
                    raise each
            assert not isinstance(seen, MediaError)
            assert not isinstance(heard, MediaError)
            with costing_one_clip(), torch.inference_mode():
                verdicts = _checked(self.seat.record, self.seat.judge.judge(seen, heard))
        except MediaError as error:
            return {criterion.id: error for criterion in self.seat.record.criteria}
        for id, verdict in verdicts.items():
            if not isinstance(verdict, MediaError):
                self.shelf.write(_pair(key, sound), id, np.array(verdict, np.float64))
        return verdicts

    def _perceived(self, key: str, what: str, perceive: Callable[[], Impression]) -> Seen:
        import torch

        try:
            with costing_one_clip():
                with torch.inference_mode():
                    found = perceive()
                for part in self.seat.record.sees if what == "seen" else self.seat.record.hears:
                    self.shelf.write(key, f"{what}.{part}", found[part])
        except MediaError as error:
            return error
        return found

    def _batch(self, sound: KeptSound) -> AudioBatch:
        import torch

        from avbench.media.audio import resample

        record = self.seat.record
        samples: Any = sound.read().astype(np.float32) / FULL_SCALE
        heard = samples if len(samples) == record.channels else samples.mean(0, keepdims=True)
        heard = resample(np.repeat(heard, record.channels // len(heard), 0), self.rate, record.sample_rate)
        wave = torch.from_numpy(np.ascontiguousarray(heard, np.float32))[None]
        return AudioBatch(samples=wave, sample_rate=record.sample_rate, clips=())


def _frames_of(clip: Clip, record: JudgeRecord) -> VideoInput:
    from avbench.media.decode import probe

    if isinstance(record.sight, VideoInput):
        return record.sight
    shown = probe(clip.path, part=clip.part).video
    if shown is None:
        raise MediaError("no-video", "The file has no video stream.")
    return record.sight.of(shown.height, shown.width, shown.fps or 25.0)


def _checked(record: JudgeRecord, verdicts: Verdicts) -> Verdicts:
    """Return a verdict for each criterion: what is neither a finite number nor a reason becomes a reason."""
    given = {each.id: verdicts.get(each.id) for each in record.criteria}
    return {
        id: each
        if isinstance(each, MediaError) or (each is not None and math.isfinite(each))
        else MediaError("model", f"The judge {record.name!r} returned {each} for {id}.")
        for id, each in given.items()
    }


def _pair(key: str, sound: KeptSound) -> str:
    return hashlib.sha256(f"{key} {sound.digest}".encode()).hexdigest()


def _sound(made: Any) -> KeptSound:
    assert made.sound is not None
    return made.sound
