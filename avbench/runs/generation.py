"""Video-to-audio generation: sounds made for every clip, heard, and scored against the clips' own."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from avbench.clips import Clip
from avbench.datasets.onset_truth import onsets_of
from avbench.errors import DataError
from avbench.judges.judge import Criterion
from avbench.leakage.declared import CLEAN, unseen
from avbench.pages.exhibits import Exhibition, exhibition
from avbench.resolve import Plan
from avbench.results.document import Score
from avbench.runs.hearing import Listener
from avbench.runs.job import (
    Evaluated,
    Job,
    Scored,
    announcement,
    filled_clips,
    nothing_left,
    score_of,
)
from avbench.runs.judging import Jury
from avbench.runs.networks import Networks, networks
from avbench.runs.reading import Readings, read_captions
from avbench.runs.reference_rows import reference_model, reference_rows
from avbench.runs.sounds import Sounds, form_of, made_sounds, protocol_of, true_sounds
from avbench.store import Store
from avbench.tasks.features import ClipSounds
from avbench.tasks.generation import (
    GenerationOutcome,
    score_generation,
    truth_in_halves,
    truth_shuffled,
)
from avbench.tasks.generation_pairs import SoundRecord
from avbench.tasks.generation_sets import Tries, distance_measurements

DERIVED = {
    "shuffled-truth": "The truth, each clip with the sound of another: what is left without correspondence.",
    "truth": "The clips' own sounds, judged beside their own pictures: the floor of what judges say.",
    "truth-halves": "Half of the true sounds against the other half: how far real is from real.",
}


def evaluate(job: Job) -> Evaluated:
    """Make the sounds that are not kept from earlier runs, hear them, and score them.

    Raises:
        DataError: No clip can be evaluated.
        ModelError: The model broke its contract, or failed on every clip.
    """
    plan = job.plan
    with job.clock.phase("resolve"):
        census = job.census(plan.clips)
        through = networks(job)
    job.report.say(announcement(plan, census.found, 0, _to_do(plan)))
    with job.clock.phase("decode"):
        truth = true_sounds(job, census)
    made = made_sounds(job, plan, plan.clips, truth.left_out, "generating")
    evaluated = [clip for clip in plan.clips if clip.id not in made.left_out]
    if not evaluated:
        raise nothing_left(plan, made.left_out)
    with job.clock.phase("hear"):
        readings = read_captions(
            evaluated, protocol_of(plan).captions, through.readers, Store(root=job.cache)
        )
        hearing = Hearing.of(job, through, evaluated, truth, readings)
        sounds = hearing.sounds_made(made, job)
    with job.clock.phase("score"):
        outcome = _scored(plan, sounds, through, hearing.jury.criteria)
    with job.clock.phase("reference rows"):
        floor = ("truth",) if hearing.jury.seats else ()
        rows = reference_rows(job, partial(_reference_scores, job, hearing, through), floor)
    scored = Scored(
        scores=tuple(map(score_of, outcome.measurements)),
        records=outcome.records,
        notes=(*through.notes, *readings.notes, *hearing.notes, *outcome.notes),
        networks=through.identities,
    )
    return Evaluated(
        census=census,
        left_out=made.left_out,
        scored=scored,
        rows=rows,
        reused=made.reused,
        computed=made.computed,
        filled=filled_clips(evaluated, truth.keys, truth.filled | made.filled),
        shown=hearing.shown(job, sounds, outcome.records, truth, made) if job.request.page else None,
    )


def _scored(
    plan: Plan,
    sounds: Sequence[ClipSounds],
    through: Networks,
    criteria: Sequence[Criterion],
    anew: Callable[[Sequence[ClipSounds]], Sequence[ClipSounds]] = list,
) -> GenerationOutcome:
    """Score sounds; where clips leak, once more without those, every number on the same clips.

    Args:
        plan: Says which clips leak.
        sounds: The sounds.
        through: Networks that they were heard through.
        criteria: What judges decided of them.
        anew: Makes what is scored of the clips that are left, where it depends on the others.
    """
    whole = score_generation(sounds, through.prefixes, plan.seed, criteria, through.moments)
    left = unseen(plan.dataset)
    clean = [each for each in sounds if left is not None and each.clip in left]
    if not 1 < len(clean) < len(sounds):
        return whole
    again = score_generation(anew(clean), through.prefixes, plan.seed, criteria, through.moments)
    return dataclasses.replace(
        whole,
        measurements=(
            *whole.measurements,
            *(dataclasses.replace(each, id=f"{CLEAN}.{each.id}") for each in again.measurements),
        ),
        notes=(*whole.notes, *(f"{CLEAN}: {note}" for note in again.notes)),
    )


def _to_do(plan: Plan) -> str:
    samples = protocol_of(plan).samples
    return f"{samples} sound{'s' * (samples > 1)} for each on {plan.device}, unless kept from earlier runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """The clips that are evaluated, their own sounds heard, ready to be scored with any sounds made for them.

    Attributes:
        listener: Hears.
        clips: The clips.
        heard: Each with its own sound and none made, by clip id.
        jury: Judges sounds beside the clips' pictures.
        notes: Which networks failed at the pictures.
    """

    listener: Listener
    clips: tuple[Clip, ...]
    heard: Mapping[str, ClipSounds]
    jury: Jury
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, job: Job, through: Networks, clips: Sequence[Clip], truth: Sounds, readings: Readings
    ) -> "Hearing":
        """Hear the clips' own sounds, and look at their pictures."""
        protocol, seconds = protocol_of(job.plan), job.plan.spec.seconds
        listener = Listener(
            ears=through.ears, store=Store(root=job.cache), sample_rate=form_of(job.plan).sample_rate
        )
        notes: list[str] = []
        video = through.video_embeddings(job, clips, notes)
        heard: dict[str, ClipSounds] = {}
        for done, clip in enumerate(clips):
            job.report.progress("hearing the clips' own sounds", done, len(clips))
            features = listener.features(truth.of(clip)[0], partial(truth.sample, clip, 0))
            known = onsets_of(clip, seconds) if protocol.onsets == "side-car" else features.onsets.times
            heard[clip.id] = ClipSounds(
                clip=clip.id,
                recording=clip.group,
                truth=features,
                made=(),
                onsets=known,
                video={model: rows[clip.id] for model, rows in video.items() if clip.id in rows},
                texts=readings.texts.get(clip.id, {}),
            )
        jury = Jury(
            seats=through.seats,
            plan=job.plan,
            clips={clip.id: clip for clip in clips},
            keys=truth.keys,
            store=listener.store,
            progress=job.report.progress,
        )
        return cls(listener=listener, clips=tuple(clips), heard=heard, jury=jury, notes=tuple(notes))

    def sounds_made(self, made: Sounds, job: Job) -> list[ClipSounds]:
        """Hear what was made for the clips, and have it judged."""
        sounds: list[ClipSounds] = []
        for done, clip in enumerate(self.clips):
            job.report.progress("hearing what was made", done, len(self.clips))
            features = tuple(
                self.listener.features(sound, partial(made.sample, clip, sample))
                for sample, sound in enumerate(made.of(clip))
            )
            sounds.append(dataclasses.replace(self.heard[clip.id], made=features))
        return self.jury.judged(sounds)

    def shuffled(self, clips: Sequence[ClipSounds]) -> list[ClipSounds]:
        """Give each of some clips another's own sound, and have it judged."""
        return self.jury.judged(truth_shuffled(clips))

    def judged_truth(self, seed: int) -> list[Score]:
        """Return what judges say of the clips' own sounds."""
        own = [dataclasses.replace(each, made=(each.truth,)) for each in self.heard.values()]
        outcome = score_generation(self.jury.judged(own), {}, seed, self.jury.criteria)
        decided = {each.id for each in self.jury.criteria}
        return [score_of(each) for each in outcome.measurements if each.id in decided]

    def shown(
        self,
        job: Job,
        sounds: Sequence[ClipSounds],
        records: Sequence[SoundRecord],
        truth: Sounds,
        made: Sounds,
    ) -> Exhibition:
        """Choose what a page shows of what was heard and measured."""
        clips = {clip.id: clip for clip in self.clips}
        form = form_of(job.plan)
        return exhibition(
            sounds,
            records,
            lambda heard: (clips[heard.clip], [*truth.of(clips[heard.clip]), *made.of(clips[heard.clip])]),
            shown=job.request.page_clips,
            seconds=form.seconds,
            sample_rate=form.sample_rate,
        )


def _reference_scores(
    job: Job, hearing: Hearing, through: Networks, name: str
) -> tuple[str, Sequence[Score]]:
    clips, seed = [hearing.heard[clip.id] for clip in hearing.clips], job.plan.seed
    if name == "truth-halves" and len({clip.recording for clip in clips}) < 2:
        raise DataError("It needs two recordings at least.", hint="Evaluate more clips.")
    if name == "shuffled-truth" and len(clips) < 2:
        raise DataError("It needs two clips at least.", hint="Evaluate more clips.")
    if name == "truth-halves":
        halves, tries = truth_in_halves(clips, seed), Tries()
        found = [
            each
            for embedder, prefix in through.prefixes.items()
            for each in distance_measurements(halves, embedder, prefix, tries, seed=seed)
        ]
        return DERIVED[name], [score_of(each) for each in found]
    if name == "truth" and name not in job.plan.spec.scale_rows:
        return DERIVED[name], hearing.judged_truth(seed)
    criteria, anew = hearing.jury.criteria, list
    if name == "shuffled-truth":
        anew, summary = hearing.shuffled, DERIVED[name]
        sounds = anew(clips)
    else:
        plan = _plan_of(job, name)
        made = made_sounds(job, plan, hearing.clips, {}, f"reference row {name}")
        if made.left_out:
            raise next(iter(made.errors()))
        sounds, summary = hearing.sounds_made(made, job), plan.contestant.record.summary
    outcome = _scored(job.plan, sounds, through, criteria, anew)
    return summary, [score_of(each) for each in outcome.measurements]


def _plan_of(job: Job, name: str) -> Plan:
    contestant = reference_model(job, name)
    return dataclasses.replace(job.plan, contestant=contestant, device="cpu")
