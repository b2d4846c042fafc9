"""The networks a generation task is scored through: found before it starts, loaded when they are needed."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from avbench.clips import Clip
from avbench.embedders.av_model import embedder_named
from avbench.embedders.loading import ResolvedNetwork, resolve_network
from avbench.errors import AvbenchError, ModelError, UsageError
from avbench.judges.accepting import judge_named
from avbench.judges.judge import JudgeRecord
from avbench.metrics.frechet import Moments
from avbench.metrics.statistics_files import Statistics
from avbench.records import EmbedderRecord
from avbench.resolve import Contestant, Plan, resolve_model
from avbench.results.provenance import device_name, model_info, store_key, versions
from avbench.runs.embedding import Embedder
from avbench.runs.hearing import Ear, EmbedderEar, SignalEar, SimilarityEar
from avbench.runs.job import Job
from avbench.runs.judging import Seat
from avbench.runs.reading import Reader
from avbench.runs.references import reference_for
from avbench.runs.sounds import form_of, protocol_of
from avbench.runs.stream import embed_batches, recall, unfinished
from avbench.store import Row, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """What a task is scored through.

    Attributes:
        ears: Everything that hears.
        prefixes: What the field calls the Fréchet distance of each embedder, by its name.
        viewers: Audio-video models whose cosine is a score, by name.
        readers: Those of the embedders that read captions too.
        seats: Judges of sounds beside their pictures.
        references: Statistics of other sounds, by embedder, that distances are taken from too.
        identities: Which network each name stands for: digests, versions.
        notes: Which networks cannot be had, and why.
    """

    ears: tuple[Ear, ...]
    prefixes: Mapping[str, str]
    viewers: Mapping[str, Contestant]
    readers: tuple[Reader, ...]
    seats: tuple[Seat, ...]
    references: Mapping[str, Statistics]
    identities: dict[str, dict[str, str]]
    notes: tuple[str, ...]

    @property
    def moments(self) -> dict[str, Moments]:
        """Moments of the references, by embedder."""
        return {name: each.moments for name, each in self.references.items()}

    def video_embeddings(
        self, job: Job, clips: Sequence[Clip], notes: list[str]
    ) -> dict[str, dict[str, Row]]:
        """Return what each audio-video model makes of the clips' pictures, by model and clip id.

        Args:
            job: The run.
            clips: The clips.
            notes: Told which model fails at them all, and so gives no score.
        """
        rows: dict[str, dict[str, Row]] = {}
        for name, viewer in self.viewers.items():
            try:
                rows[name] = _video_rows(job, viewer, clips)
            except ModelError as error:
                notes.append(f"There is no av-similarity.{name}: {error.message} {error.hint}")
        return rows


def networks(job: Job) -> Networks:
    """Find the networks a task names, and those the user adds; what cannot be had becomes a note.

    Not so where the user gave a file: that one is to be used, or nothing.

    Raises:
        AvbenchError: Weights that the user gave for an embedder or a judge cannot be used.
        UnknownName: The user names an embedder, a judge or a model that is not there.
        UsageError: The user names a model for a judge that is none.
        DataError: Statistics that the user names cannot be used, or are of another protocol.
    """
    protocol = protocol_of(job.plan)
    for name in (*job.request.embedders, *job.request.references):
        embedder_named(job.registry, name)
    for name in job.request.judges:
        _judge_named(job, name)
    notes: list[str] = []
    heard = list(_embedders(job, notes))
    ears: list[Ear] = [SignalEar(channels=protocol.channels), *(ear for ear, _ in heard)]
    identities = {ear.name: {key: str(each) for key, each in ear.identity.items()} for ear, _ in heard}
    references = _references(job, heard, identities)
    viewers: dict[str, Contestant] = {}
    for name in protocol.similarity:
        try:
            viewers[name] = _viewer(job, name)
        except AvbenchError as error:
            notes.append(f"There is no av-similarity.{name}: {error.message} {error.hint}")
            continue
        ears.append(_similarity_ear(job.plan, viewers[name]))
        identities[name] = dict(viewers[name].identity)
    seats = tuple(_seats(job, identities, notes))
    return Networks(
        ears=tuple(ears),
        prefixes={ear.name: record.distance for ear, record in heard},
        viewers=viewers,
        readers=tuple(
            Reader(name=ear.name, identity=ear.identity, load=ear.load)
            for ear, record in heard
            if record.reads
        ),
        seats=seats,
        references=references,
        identities=identities,
        notes=tuple(notes),
    )


def _embedders(job: Job, notes: list[str]) -> Iterator[tuple[EmbedderEar, EmbedderRecord]]:
    """Yield the embedders a task names, and those the user adds; what cannot be had becomes a note."""
    asked = job.request
    for name in dict.fromkeys([*protocol_of(job.plan).embedders, *asked.embedders, *asked.references]):
        try:
            yield _embedder_ear(job, name)
        except AvbenchError as error:
            if asked.embedders.get(name) or name in asked.references:
                raise
            notes.append(f"Nothing is scored through {name}: {error.message} {error.hint}")


def _references(
    job: Job, heard: Sequence[tuple[EmbedderEar, EmbedderRecord]], identities: dict[str, dict[str, str]]
) -> dict[str, Statistics]:
    """Return the statistics that the user names, by embedder, and write down which they are."""
    found: dict[str, Statistics] = {}
    for ear, record in heard:
        if path := job.request.references.get(ear.name):
            found[ear.name] = each = reference_for(path, record, ear, form_of(job.plan))
            identities[f"reference {ear.name}"] = {"sha256": each.digest, "rows": str(each.moments.n)}
    return found


def _seats(job: Job, identities: dict[str, dict[str, str]], notes: list[str]) -> Iterator[Seat]:
    """Yield the judges a task names, and those the user adds; what cannot be had becomes a note."""
    for name in dict.fromkeys([*protocol_of(job.plan).synchrony, *job.request.judges]):
        try:
            seat = _seat(job, _judge_named(job, name))
        except AvbenchError as error:
            if isinstance(error, ModelError) and job.request.judges.get(name):
                raise
            notes.append(f"Nothing is judged by {name}: {error.message} {error.hint}")
            continue
        identities[f"judge {name}"] = {key: str(value) for key, value in seat.identity.items()}
        notes += [seat.record.notes] * bool(seat.record.notes)
        yield seat


def _judge_named(job: Job, name: str) -> JudgeRecord:
    return judge_named(
        job.registry,
        name,
        lambda model: resolve_model(
            job.registry, dataclasses.replace(job.request, model=model, model_args={})
        ),
    )


def _seat(job: Job, record: JudgeRecord) -> Seat:
    seconds = job.plan.spec.seconds
    if seconds < record.shortest or (record.longest is not None and seconds > record.longest):
        bounds = (
            f"{record.shortest:g} s and more"
            if seconds < record.shortest
            else f"at most {record.longest:g} s"
        )
        raise UsageError(f"It judges clips of {bounds}, not of {seconds:g} s.", hint="Choose another task.")
    resolved = resolve_network(
        record,
        weights=job.request.judges.get(record.name),
        cache=job.cache,
        allow_download=job.request.allow_download,
        progress=job.report.progress,
    )
    return Seat(
        record=record,
        identity=dict(resolved.identity) | _computed_with(job.plan),
        load=lambda: resolved.load(job.plan.device),
    )


def _embedder_ear(job: Job, name: str) -> tuple[EmbedderEar, EmbedderRecord]:
    record = embedder_named(job.registry, name)
    resolved = resolve_network(
        record,
        weights=job.request.embedders.get(name),
        cache=job.cache,
        allow_download=job.request.allow_download,
        progress=job.report.progress,
    )
    centred = protocol_of(job.plan).centred
    return ear_of(record, resolved, job.plan.device, _computed_with(job.plan), centred=centred), record


def ear_of(
    record: EmbedderRecord,
    resolved: ResolvedNetwork,
    device: str,
    further: Mapping[str, Any],
    *,
    centred: bool = False,
) -> EmbedderEar:
    """Return an embedder as something that hears; ``further`` is what its output depends on as well."""
    return EmbedderEar(
        name=record.name,
        sample_rate=record.sample_rate,
        identity={**resolved.identity, **further, **({"centred": "yes"} if centred else {})},
        centred=centred,
        parts=("rows", "logits") if record.classes else ("rows",),
        load=cache(lambda: resolved.load(device)),
        device=device,
    )


def _viewer(job: Job, name: str) -> Contestant:
    viewer = resolve_model(job.registry, dataclasses.replace(job.request, model=name, model_args={}))
    if "retrieval" not in viewer.record.capabilities or viewer.inputs.audio is None:
        raise UsageError(f"The model {name!r} does not embed sound and picture.", hint="")
    return viewer


def _similarity_ear(plan: Plan, viewer: Contestant) -> SimilarityEar:
    assert viewer.inputs.audio is not None
    about = model_info(viewer).model_dump(mode="json", include={"name", "identity"})
    return SimilarityEar(
        name=viewer.record.name,
        sample_rate=viewer.inputs.audio.sample_rate,
        channels=viewer.inputs.audio.channels,
        identity={"similarity": about} | _computed_with(plan),
        load=lambda: viewer.load(plan.device),
        device=plan.device,
    )


def _video_rows(job: Job, viewer: Contestant, clips: Sequence[Clip]) -> dict[str, Row]:
    plan = dataclasses.replace(job.plan, contestant=viewer, clips=tuple(clips))
    census = job.census(clips)
    shelf = Store(root=job.cache).shelf(store_key(plan))
    outputs = recall(clips, census, shelf, ("video",))
    batches = unfinished(plan, outputs, ("video",))
    if batches:
        embedder = Embedder(
            name=viewer.record.name,
            model=plan.load(),
            inputs=viewer.inputs,
            device=plan.device,
            batch_size=plan.batch_size,
        )
        embed_batches(plan, shelf, outputs, batches, embedder, job.report.progress)
    rows = outputs.rows["video"]
    return {clip.id: rows[census.keys[clip.id]] for clip in clips if clip.id not in outputs.left_out}


def _computed_with(plan: Plan) -> dict[str, Any]:
    return {"torch": versions()["torch"], "device": device_name(plan.device), "threads": str(plan.threads)}
