"""The reference rows on avsynth's truth: perfect, blind to time, or blind to all but classes."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from avbench import AudioBatch, Clip, Gallery, RetrievalProtocol, VideoBatch
from avbench.datasets.avsynth.galleries import Place, candidates, scene_at
from avbench.datasets.avsynth.presets import COUPLED, SCALES, difficulty_preset, media_preset
from avbench.datasets.avsynth.truth import truth_of
from avbench.errors import DataError
from avbench.tasks.retrieval import score_retrieval
from avbench_baselines.plugin import avbench_models

DIFFICULTY, MEDIA = difficulty_preset("standard"), media_preset("8s")
FAMILIES, GALLERIES = 6, 4


def placed(gallery: str, group: int, members: int) -> list[Place]:
    return [Place(split="test", gallery=gallery, group=group, member=member) for member in range(members)]


def galleries() -> dict[str, list[list[Place]]]:
    """Return a few families of the standard gallery, and a few matched galleries of each scale."""
    families = [placed("standard", group, DIFFICULTY.siblings) for group in range(FAMILIES)]
    return {"standard": [list(chain(*families))]} | {
        scale: [placed(scale, group, candidates(scale, DIFFICULTY)) for group in range(GALLERIES)]
        for scale in SCALES
    }


def write_clips(folder: Path, switches=COUPLED) -> dict[str, Clip]:
    clips: dict[str, Clip] = {}
    for place in chain(*chain(*galleries().values())):
        scene = scene_at(place, difficulty=DIFFICULTY, media=MEDIA, switches=switches)
        truth = folder / f"{place.id}.json"
        truth.write_text(truth_of(scene).model_dump_json(), encoding="utf-8")
        clips[place.id] = Clip(id=place.id, path=folder / "unread.mp4", truth=truth, source=place.source)
    return clips


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Clip]:
    return write_clips(tmp_path_factory.mktemp("coupled"))


def load(name: str):
    (record,) = [record for record in avbench_models() if record.name == name]
    return record.load("cpu")


def embed(name: str, clips: tuple[Clip, ...]) -> tuple[np.ndarray, np.ndarray]:
    model = load(name)
    video = VideoBatch(frames=torch.zeros(len(clips), 0, 3, 0, 0, dtype=torch.uint8), fps=0, clips=clips)
    audio = AudioBatch(samples=torch.zeros(len(clips), 1, 0), sample_rate=0, clips=clips)
    return model.embed_video(video).numpy(), model.embed_audio(audio).numpy()


def recall_at_one(name: str, clips: dict[str, Clip]) -> dict[str, tuple[float, float, int]]:
    """Return value, chance and number of queries by gallery and direction."""
    parts = [
        Gallery(name=gallery, clip_ids=tuple(place.id for place in part))
        for gallery, group in galleries().items()
        for part in group
    ]
    ids, groups = list(clips), [clip.group for clip in clips.values()]
    outcome = score_retrieval(
        RetrievalProtocol(), parts, ids, groups, *embed(name, tuple(clips.values())), seed=0
    )
    return {
        each.id.removesuffix(".recall@1"): (each.value, each.chance, each.n)
        for each in outcome.measurements
        if each.id.endswith(".recall@1")
    }


def assert_chance(value: float, chance: float, n: int):
    """Allow four standard errors of a share; the draws are fixed, so this cannot flicker."""
    assert abs(value - chance) <= 4 * np.sqrt(chance * (1 - chance) / n), (value, chance)


def test_the_oracle_is_perfect_at_every_scale(clips: dict[str, Clip]):
    scores = recall_at_one("oracle", clips)
    assert len(scores) == 14
    assert {key: value for key, (value, *_) in scores.items()} == dict.fromkeys(scores, 1.0)


def test_the_oracle_cannot_hear_what_is_switched_off(tmp_path: Path):
    scores = recall_at_one("oracle", write_clips(tmp_path, COUPLED | {"S3": "off"}))
    for direction in ("a2v", "v2a"):
        assert_chance(*scores[f"S3.{direction}"])
        assert scores[f"S2.{direction}"][0] == 1


def test_semantics_alone_find_the_class_sets_and_tie_within_them(clips: dict[str, Clip]):
    scores = recall_at_one("semantics-only", clips)
    for direction in ("a2v", "v2a"):
        assert scores[direction][0] == pytest.approx(1 / DIFFICULTY.siblings)
        assert scores[f"S0.{direction}"][0] == 1
        for scale in SCALES[1:]:
            value, chance, _ = scores[f"{scale}.{direction}"]
            assert value == pytest.approx(chance), scale


def test_without_time_only_classes_and_attributes_are_left(clips: dict[str, Clip]):
    scores = recall_at_one("time-shuffled", clips)
    for direction in ("a2v", "v2a"):
        assert scores[f"S0.{direction}"][0] == scores[f"S1.{direction}"][0] == 1
        for scale in SCALES[2:]:
            assert_chance(*scores[f"{scale}.{direction}"])
        # Siblings share classes and attributes, and nothing else that survives.
        value, _, n = scores[direction]
        assert_chance(value, 1 / DIFFICULTY.siblings, n)


def test_random_is_at_chance_and_the_same_for_the_same_clip_in_any_batch(clips: dict[str, Clip]):
    for value, chance, n in recall_at_one("random", clips).values():
        assert_chance(value, chance, n)
    some = tuple(clips.values())[:5]
    video, audio = embed("random", some)
    again, _ = embed("random", some[::-1])
    np.testing.assert_array_equal(video, again[::-1])
    assert not np.array_equal(video, audio)


@pytest.mark.parametrize("name", ["oracle", "semantics-only", "time-shuffled"])
def test_a_clip_without_truth_is_an_error_that_says_where_truth_exists(name: str):
    clip = Clip(id="holiday", path=Path("holiday.mp4"))
    with pytest.raises(DataError, match="'holiday' has no truth") as caught:
        embed(name, (clip,))
    assert "avsynth" in caught.value.hint


def test_all_rows_but_what_was_made_elsewhere_stand_beside_results_and_read_no_media():
    records = list(avbench_models())
    assert {record.name for record in records if record.scale_row} == {
        "random", "oracle", "semantics-only", "time-shuffled", "silence", "noise", "truth", "truth-reencoded",
    }  # fmt: skip
    for record in records:
        assert record.inputs_for({}).video is record.inputs_for({}).audio is None


def offset_scores(name: str, clips: list[Clip], late: list[float]) -> np.ndarray:
    """Score 21 offsets of ±2 s for pictures of 4 s that begin so much later than 2 s into their clips."""
    seen = tuple(replace(clip, start=2.0 + each) for clip, each in zip(clips, late, strict=True))
    grid = tuple(round(0.2 * k, 1) for k in range(-10, 11))
    video = VideoBatch(frames=torch.zeros(len(clips), 0, 3, 0, 0), fps=0, clips=seen, seconds=4.0)
    audio = AudioBatch(
        samples=torch.zeros(len(clips), 1, 0), sample_rate=0, clips=tuple(clips), lead=2.0, offsets=grid
    )
    return load(name).offset_scores(video, audio).numpy()


def test_the_oracle_finds_every_offset_and_a_tagger_none(clips: dict[str, Clip]) -> None:
    some = [clip for clip in clips.values() if clip.source.startswith("test-standard")]
    late = [round(0.2 * (k % 21 - 10), 1) for k in range(len(some))]
    true = [round((each + 2) / 0.2) for each in late]

    oracle = offset_scores("oracle", some, late)
    assert oracle.argmax(1).tolist() == true
    assert np.ptp(offset_scores("semantics-only", some, late)) < 1e-4
    shuffled = offset_scores("time-shuffled", some, late)
    assert np.mean(shuffled.argmax(1) == true) < 0.25
