"""What networks and plain signal processing hear in sounds, each sound once.

What is heard is kept under the digest of the sound itself, whoever made it, so that the clips' own sounds are
heard once for all models. Networks are given one sound at a time: rounding depends on a batch, and results
must not.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import avbench.metrics.sound_pairs
import avbench.metrics.spectral_flux
from avbench.errors import MediaError
from avbench.metrics.sound_pairs import PanTrack, envelope, pan_track
from avbench.metrics.spectral_flux import SAMPLE_RATE as ONSET_RATE
from avbench.metrics.spectral_flux import Onsets, detect_onsets
from avbench.protocols import AudioBatch
from avbench.runs.attempts import costing_one_clip
from avbench.runs.sounds import FULL_SCALE, Pcm
from avbench.store import Kept, Shelf, Store
from avbench.tasks.features import Features, KeptSound

Impression = Mapping[str, Kept]


class Ear(Protocol):
    """Something that hears a sound, on its own.

    Attributes:
        kind: ``embedder``, ``similarity`` or ``signal``.
        name: Of the network; empty for ``signal``.
        identity: What it hears depends on this, the sound apart.
        parts: The names of what it hears.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def identity(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def parts(self) -> tuple[str, ...]: ...  # noqa: D102

    def hear(self, samples: Any, sample_rate: int) -> Impression:
        """Hear one sound: ``(channel, time)``, float32 in [-1, 1].

        Raises:
            MediaError: Why it hears nothing in this one.
        """
        ...


@dataclass(slots=True, kw_only=True)
class EmbedderEar:
    """An embedder: rows, and logits if it names classes.

    Attributes:
        name: The embedder's name.
        sample_rate: What it hears, in Hz.
        identity: As :class:`Ear` says.
        parts: ``rows``, and ``logits`` if it names classes.
        load: Loads it, when it is first needed.
        device: Where it computes.
        centred: Whether a sound's mean is taken off, at the embedder's rate.
        kind: ``embedder``.
    """

    name: str
    sample_rate: int
    identity: Mapping[str, Any]
    parts: tuple[str, ...]
    load: Callable[[], Any]
    device: str
    centred: bool = False
    kind: str = "embedder"
    _network: Any = None

    def hear(self, samples: Any, sample_rate: int) -> Impression:
        """Return ``rows`` ``(rows, dim)`` and ``logits`` ``(classes,)``.

        Raises:
            MediaError: ``model``: it failed on this sound, or returned NaN, infinity or no row.
        """
        import torch

        from avbench.media.audio import resample

        self._network = self._network or self.load()
        mono = resample(samples.mean(0, keepdims=True), sample_rate, self.sample_rate)
        if self.centred:
            mono = mono - mono.mean(dtype=np.float64)
        wave = torch.from_numpy(np.ascontiguousarray(mono, np.float32))[None].to(self.device)
        with costing_one_clip(), torch.inference_mode():
            heard = self._network.hear(AudioBatch(samples=wave, sample_rate=self.sample_rate, clips=()))
            found = {part: getattr(heard, part)[0].float().cpu().numpy() for part in self.parts}
        for part, values in found.items():
            if not values.size or not np.isfinite(values).all():
                message = f"The embedder {self.name!r} returned {part} that are empty, NaN or infinite."
                raise MediaError("model", message)
        return found


@dataclass(slots=True, kw_only=True)
class SimilarityEar:
    """The audio half of an audio-video model, whose cosine with the picture is a score.

    Attributes:
        name: The model's name.
        sample_rate: What it hears, in Hz.
        channels: Likewise.
        identity: As :class:`Ear` says.
        load: Loads it, when it is first needed.
        device: Where it computes.
        kind: ``similarity``.
        parts: ``embedding``.
    """

    name: str
    sample_rate: int
    channels: int
    identity: Mapping[str, Any]
    load: Callable[[], Any]
    device: str
    kind: str = "similarity"
    parts: tuple[str, ...] = ("embedding",)
    _model: Any = None

    def hear(self, samples: Any, sample_rate: int) -> Impression:
        """Return ``embedding``, ``(dim,)`` or ``(time, dim)``.

        Raises:
            MediaError: ``model``: it failed on this sound, or broke its contract.
        """
        import torch

        from avbench.media.audio import resample
        from avbench.runs.border import check_embeddings

        self._model = self._model or self.load()
        heard = samples if len(samples) == self.channels else samples.mean(0, keepdims=True)
        heard = resample(np.repeat(heard, self.channels // len(heard), 0), sample_rate, self.sample_rate)
        wave = torch.from_numpy(np.ascontiguousarray(heard, np.float32))[None].to(self.device)
        with costing_one_clip(), torch.inference_mode():
            output = self._model.embed_audio(AudioBatch(samples=wave, sample_rate=self.sample_rate, clips=()))
            return {"embedding": check_embeddings(self.name, "embed_audio", output, 1)[0]}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalEar:
    """Onsets, envelope and, of stereo, pan: no network."""

    channels: int
    kind: str = "signal"
    name: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """What it hears."""
        pan = ("pans", "pan-heard") if self.channels == 2 else ()
        return ("onset-times", "onset-strengths", "envelope", *pan)

    @property
    def identity(self) -> Mapping[str, Any]:
        """The source of what computes it."""
        modules = (avbench.metrics.spectral_flux, avbench.metrics.sound_pairs)
        sources = [Path(str(each.__file__)).read_bytes() for each in modules]
        return {"signal": hashlib.sha256(b"".join(sources)).hexdigest(), "channels": self.channels}

    def hear(self, samples: Any, sample_rate: int) -> Impression:
        """Return what stands under ``parts``."""
        from avbench.media.audio import resample

        mono = resample(samples.mean(0, keepdims=True), sample_rate, ONSET_RATE)[0]
        onsets = detect_onsets(mono, ONSET_RATE)
        found: dict[str, Kept] = {
            "onset-times": onsets.times,
            "onset-strengths": onsets.strengths,
            "envelope": envelope(samples, sample_rate),
        }
        if self.channels == 2:
            track = pan_track(samples, sample_rate)
            found |= {"pans": track.pans, "pan-heard": track.heard.astype(np.float32)}
        return found


@dataclass(slots=True, kw_only=True)
class Listener:
    """Hears sounds through all ears, and keeps what it heard.

    Attributes:
        ears: What it hears with.
        store: Where impressions are kept.
        sample_rate: Of the sounds, in Hz.
    """

    ears: Sequence[Ear]
    store: Store
    sample_rate: int
    _shelves: dict[str, Shelf] = field(default_factory=dict[str, Shelf])

    def features(self, sound: Pcm, again: Callable[[], Pcm] | None = None) -> Features:
        """Return what is heard in a sound, ``(channel, time)``.

        Args:
            sound: The sound.
            again: Reads it once more, for those who listen to it beside a picture.

        Raises:
            StorageError: An impression cannot be kept.
        """
        digest = hashlib.sha256(repr((sound.shape, self.sample_rate)).encode() + sound.tobytes()).hexdigest()
        unheard: dict[str, MediaError] = {}
        heard: list[tuple[Ear, Impression]] = []
        for ear in self.ears:
            try:
                heard.append((ear, self._heard(ear, digest, sound)))
            except MediaError as error:
                unheard[ear.name] = error
        of = {kind: {ear.name: parts for ear, parts in heard if ear.kind == kind} for kind in KINDS}
        signal = of["signal"][""]
        return Features(
            rows={name: _float32(parts["rows"]) for name, parts in of["embedder"].items()},
            logits={
                name: _float32(parts["logits"]) for name, parts in of["embedder"].items() if "logits" in parts
            },
            similarity={name: _float32(parts["embedding"]) for name, parts in of["similarity"].items()},
            onsets=Onsets(
                times=np.asarray(signal["onset-times"], np.float64),
                strengths=np.asarray(signal["onset-strengths"], np.float64),
            ),
            envelope=np.asarray(signal["envelope"], np.float64),
            pan=_pan(signal),
            sound=KeptSound(digest=digest, read=again or (lambda: sound)),
            unheard=unheard,
        )

    def _heard(self, ear: Ear, digest: str, sound: Pcm) -> Impression:
        place = f"{ear.kind} {ear.name}"
        shelf = self._shelves.get(place) or self.store.shelf({"heard": dict(ear.identity)})
        self._shelves[place] = shelf
        kept = shelf.read_several(digest, "heard")
        if set(kept) == set(ear.parts):
            return kept
        samples = sound.astype(np.float32)
        samples /= FULL_SCALE
        found = ear.hear(samples, self.sample_rate)
        shelf.write_several(digest, "heard", found)
        return found


KINDS = ("embedder", "similarity", "signal")


def _float32(values: Kept) -> Any:
    return np.asarray(values, np.float32)


def _pan(signal: Impression) -> PanTrack | None:
    if "pans" not in signal:
        return None
    return PanTrack(pans=np.asarray(signal["pans"], np.float64), heard=np.asarray(signal["pan-heard"]) > 0)
