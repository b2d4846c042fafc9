"""Generation, scored: every number is that of its metric over the same sounds, whatever their order."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from avbench.metrics.classifier_scores import kl_divergences
from avbench.metrics.frechet import frechet_distance, moments
from avbench.metrics.onsets import matched
from avbench.metrics.similarity import cosine_similarities
from avbench.metrics.sound_pairs import PanTrack, envelope_match
from avbench.metrics.spectral_flux import Onsets
from avbench.tasks.features import ClipSounds, Features
from avbench.tasks.generation import GenerationOutcome, score_generation, truth_in_halves, truth_shuffled

WINDOWS, DIM, CLASSES, FRAMES = 3, 4, 5, 200


def features(random: np.random.Generator, *, silent: bool = False, stereo: bool = False) -> Features:
    times = np.sort(random.uniform(0, 2, 4))
    return Features(
        rows={"tiny": random.normal(size=(WINDOWS, DIM)).astype(np.float32)},
        logits={"tiny": random.normal(size=CLASSES).astype(np.float32)},
        onsets=Onsets(times=times[:0] if silent else times, strengths=(times[:0] if silent else times) + 1),
        envelope=np.zeros(FRAMES) if silent else random.uniform(size=FRAMES),
        pan=PanTrack(pans=random.uniform(size=8), heard=np.full(8, not silent)) if stereo else None,
        similarity={"av": random.normal(size=(6,)).astype(np.float32)},
    )


def clips(
    count: int, *, samples: int = 1, silent: Sequence[int] = (), stereo: bool = False
) -> list[ClipSounds]:
    random = np.random.default_rng(count + samples)
    return [
        ClipSounds(
            clip=f"clip{k:02}",
            recording=f"recording{k // 2}",
            truth=features(random, stereo=stereo),
            made=tuple(features(random, silent=k in silent, stereo=stereo) for _ in range(samples)),
            onsets=np.sort(random.uniform(0, 2, 4)),
            video={"av": random.normal(size=(6,)).astype(np.float32)},
        )
        for k in range(count)
    ]


def values(outcome: GenerationOutcome) -> dict[str, float]:
    return {each.id: each.value for each in outcome.measurements}


def scored(some: Sequence[ClipSounds]) -> GenerationOutcome:
    return score_generation(some, {"tiny": "fd"}, seed=0)


def test_each_number_is_that_of_its_metric_over_all_sounds() -> None:
    some = clips(12, samples=2)
    found = values(scored(some))
    pairs = [(clip, made) for clip in some for made in clip.made]
    made, true = (
        [each.rows["tiny"] for each in sounds] for sounds in ([m for _, m in pairs], [c.truth for c in some])
    )
    assert found["fd.tiny"] == pytest.approx(
        frechet_distance(moments(np.concatenate(made)), moments(np.concatenate(true)))
    )
    logits = (
        np.stack([clip.truth.logits["tiny"] for clip, _ in pairs]),
        np.stack([m.logits["tiny"] for _, m in pairs]),
    )
    assert found["kl.tiny"] == pytest.approx(kl_divergences(*logits, direction="truth_first").mean())
    seen = np.stack([clip.video["av"] for clip, _ in pairs]), np.stack([m.similarity["av"] for _, m in pairs])
    assert found["av-similarity.av"] == pytest.approx(cosine_similarities(*seen).mean())
    follows = [envelope_match(m.envelope, clip.truth.envelope).correlation for clip, m in pairs]
    assert found["envelope.correlation"] == pytest.approx(np.mean(follows))
    counts = [matched(m.onsets.times, clip.onsets, 0.1) for clip, m in pairs if clip.onsets is not None]
    assert found["onset.f1@0.1"] == pytest.approx(
        2 * sum(each.hits for each in counts) / sum(each.detected + each.true for each in counts)
    )


def test_every_sound_counts_and_intervals_are_over_recordings() -> None:
    outcome = scored(clips(12, samples=2))
    sizes = {each.id: each.n for each in outcome.measurements}
    assert sizes["kl.tiny"] == 24
    assert sizes["fd.tiny"] == 24 * WINDOWS
    assert {each.interval.groups for each in outcome.measurements if each.interval} == {6}
    assert [(each.clip, each.sample) for each in outcome.records[:3]] == [
        ("clip00", 0),
        ("clip00", 1),
        ("clip01", 0),
    ]


def test_every_number_has_an_interval_over_recordings() -> None:
    random = np.random.default_rng(5)

    def at_length(heard: Features) -> Features:
        return dataclasses.replace(heard, rows={"tiny": random.normal(size=(50, DIM)).astype(np.float32)})

    outcome = scored(
        [
            dataclasses.replace(clip, truth=at_length(clip.truth), made=tuple(map(at_length, clip.made)))
            for clip in clips(24, stereo=True)
        ]
    )
    found = {each.id: each.interval for each in outcome.measurements}
    assert {"fd-inf.tiny", "kad.tiny", "kid.tiny", "coverage.tiny", "is.tiny", "onset.ap@0.3"} <= found.keys()
    assert {id for id, interval in found.items() if interval is None} == set()
    assert {interval.groups for interval in found.values() if interval} == {12}


def test_the_order_of_clips_changes_no_number_but_the_inception_score() -> None:
    some = clips(12)
    forward, back = values(scored(some)), values(scored(some[::-1]))
    for name in forward.keys() - {"is.tiny"}:
        assert back[name] == pytest.approx(forward[name], rel=1e-9), name


def test_a_silent_sound_is_without_the_numbers_it_has_none_of_and_keeps_the_others() -> None:
    outcome = scored(clips(12, silent=(3, 4), stereo=True))
    sizes = {each.id: each.n for each in outcome.measurements}
    assert sizes["envelope.correlation"] == sizes["pan.error"] == 10
    assert sizes["kl.tiny"] == sizes["onset.f1@0.1"] == 12
    assert "envelope.correlation is not defined for 2 of 12 sounds." in outcome.notes
    assert all(np.isfinite(each.value) for each in outcome.measurements)


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_a_model_that_has_no_direction_for_a_sound_leaves_that_sound_out_of_its_number(
    nothing: float,
) -> None:
    some = clips(12)
    mute = dataclasses.replace(some[5].made[0], similarity={"av": np.full(6, nothing, np.float32)})
    outcome = scored([*some[:5], dataclasses.replace(some[5], made=(mute,)), *some[6:]])
    (similarity,) = (each for each in outcome.measurements if each.id == "av-similarity.av")
    assert similarity.n == 11
    assert "av-similarity.av is not defined for 1 of 12 sounds." in outcome.notes


def test_what_no_sound_has_is_no_score() -> None:
    outcome = scored(clips(12, silent=range(12)))
    assert "envelope.correlation" not in values(outcome)
    assert "onset.precision@0.1" not in values(outcome)
    assert values(outcome)["onset.f1@0.1"] == 0
    assert "envelope.correlation is not defined for any sound." in outcome.notes


def test_where_no_event_is_known_onsets_are_not_measured_and_a_note_says_so() -> None:
    outcome = scored([dataclasses.replace(clip, onsets=None) for clip in clips(12)])
    assert not any(name.startswith("onset") for name in values(outcome))
    assert "No onset of the truth is known: onsets are not measured." in outcome.notes


def test_fewer_clips_than_a_number_needs_leave_that_number_out() -> None:
    outcome = scored(clips(2))
    assert "is.tiny" not in values(outcome)
    assert "kl.tiny" in values(outcome)
    assert any(note.startswith("is.tiny is not measured: ") for note in outcome.notes)


def test_the_truth_itself_is_at_no_distance_and_diverges_by_nothing() -> None:
    perfect = values(scored([dataclasses.replace(clip, made=(clip.truth,)) for clip in clips(12)]))
    assert perfect["fd.tiny"] == pytest.approx(0, abs=1e-9)
    assert perfect["kl.tiny"] == pytest.approx(0, abs=1e-9)
    assert perfect["envelope.correlation"] == pytest.approx(1)
    assert perfect["envelope.lag"] == 0


@pytest.mark.parametrize("count", [2, 3, 12, 13])
def test_shuffled_truth_gives_every_clip_the_sound_of_another(count: int) -> None:
    some = clips(count)
    given = {id(clip.truth): clip for clip in some}
    shuffled = truth_shuffled(some)
    owners = [given[id(clip.made[0])] for clip in shuffled]
    assert sorted(owner.clip for owner in owners) == [clip.clip for clip in some]
    assert all(owner.clip != clip.clip for owner, clip in zip(owners, some, strict=True))
    if count > 3:
        assert all(owner.recording != clip.recording for owner, clip in zip(owners, some, strict=True))


def test_the_halves_of_the_truth_share_no_recording() -> None:
    some = clips(13)
    halves = truth_in_halves(some, seed=0)
    owner = {id(clip.truth): clip.recording for clip in some}
    made, true = (
        {owner[id(sound)] for sound in sounds}
        for sounds in ([c.made[0] for c in halves], [c.truth for c in halves])
    )
    assert not made & true
    assert len(halves) == 6


def test_clips_of_one_recording_have_no_interval_that_would_look_sure() -> None:
    outcome = scored([dataclasses.replace(clip, recording="all") for clip in clips(12, stereo=True)])
    assert {"kl.tiny", "onset.f1@0.1", "coverage.tiny", "is.tiny"} <= values(outcome).keys()
    assert [each.id for each in outcome.measurements if each.interval] == []


def test_one_clip_cannot_be_shuffled_nor_one_recording_halved() -> None:
    with pytest.raises(ValueError, match="no other"):
        truth_shuffled(clips(1))
    with pytest.raises(ValueError, match="no two halves"):
        truth_in_halves(clips(2), seed=0)
