from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from avbench.datasets.avsynth.galleries import (
    TRAIN_TURNS,
    Place,
    place_of,
    places,
    scene_at,
    train_scene,
)
from avbench.datasets.avsynth.latents import FIELDS, Latents, class_sets
from avbench.datasets.avsynth.matched import candidates
from avbench.datasets.avsynth.presets import COUPLED, DIFFICULTIES, MEDIA, SCALES, SPLITS, Difficulty
from avbench.datasets.avsynth.scenes import Scene

DIFFICULTY = DIFFICULTIES["standard"]
MEDIUM = MEDIA["8s"]


def scene(gallery: str, group: int, member: int, **given: object) -> Scene:
    place = Place(split="test", gallery=gallery, group=group, member=member)
    return scene_at(place, **({"difficulty": DIFFICULTY, "media": MEDIUM} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_candidates_of_a_matched_gallery_differ_in_its_scale_alone(scale: str, difficulty: str) -> None:
    preset = DIFFICULTIES[difficulty]
    count = candidates(scale, preset)  # type: ignore[arg-type]
    seen = [scene(scale, 3, member, difficulty=preset).video for member in range(count)]
    for one, other in combinations(seen, 2):
        for each, field in FIELDS.items():
            assert (getattr(one, field) == getattr(other, field)) == (each != scale)


def test_a_class_gallery_has_every_class_equally_often_and_no_class_set_twice() -> None:
    for difficulty in DIFFICULTIES.values():
        sets = [scene("S0", 1, k, difficulty=difficulty).video.classes for k in range(8)]
        assert len({frozenset(each) for each in sets}) == 8
        assert np.bincount(np.array(sets).ravel()).tolist() == [difficulty.objects] * 8


def test_siblings_share_classes_and_attributes_and_nothing_else() -> None:
    one, other = scene("standard", 5, 0).video, scene("standard", 5, 1).video
    assert (one.classes, one.attributes) == (other.classes, other.attributes)
    assert one.envelope != other.envelope
    assert one.rhythms != other.rhythms
    assert one.paths != other.paths


def training_family(gallery: str, difficulty: Difficulty = DIFFICULTY) -> list[Latents]:
    first = TRAIN_TURNS.index(gallery) * difficulty.train_siblings  # type: ignore[arg-type]
    clips = range(first, first + difficulty.train_siblings)
    return [train_scene(k, difficulty=difficulty, media=MEDIUM).video for k in clips]


def test_standard_training_families_share_classes_and_attributes() -> None:
    first, *_, last = training_family("standard")
    assert (first.classes, first.attributes) == (last.classes, last.attributes)
    assert first.rhythms != last.rhythms


@pytest.mark.parametrize("scale", sorted(set(TRAIN_TURNS) - {"standard"}))
def test_matched_training_families_differ_in_one_scale_alone(scale: str) -> None:
    for one, other in combinations(training_family(scale), 2):
        for each, field in FIELDS.items():
            assert (getattr(one, field) == getattr(other, field)) == (each != scale)


def test_a_scale_of_too_few_candidates_makes_no_training_family() -> None:
    easy = DIFFICULTIES["easy"]
    assert candidates("S4", easy) < easy.train_siblings
    assert len({each.binding + tuple(each.envelope) for each in training_family("S4", easy)}) == 4


def test_class_sets_take_turns() -> None:
    sets = len(class_sets(0, DIFFICULTY))
    drawn = [scene("standard", k, 0).video.classes for k in range(sets)]
    assert len(set(drawn)) == sets


def test_no_clip_belongs_to_two_splits() -> None:
    ids = [place.id for split in SPLITS for place in places(split, DIFFICULTY)]
    assert len(set(ids)) == len(ids)
    drawn = {
        scene_at(place_of(split, k, DIFFICULTY), difficulty=DIFFICULTY, media=MEDIUM).video
        for split in SPLITS
        for k in range(60)
    }
    assert len(drawn) == 60 * len(SPLITS)


def test_the_new_world_obeys_another_law() -> None:
    place = place_of("new-world", 0, DIFFICULTY)
    new = scene_at(place, difficulty=DIFFICULTY, media=MEDIUM).law
    old = scene("standard", 0, 0).law
    assert new.timbres != old.timbres
    assert sorted(new.timbres) == list(range(8))


def test_both_streams_carry_the_same_where_every_switch_is_on() -> None:
    clip = scene("standard", 2, 3)
    assert clip.video == clip.audio


@pytest.mark.parametrize("scale", SCALES)
def test_a_switch_that_is_off_gives_the_audio_its_own_copy_of_that_scale_alone(scale: str) -> None:
    coupled = scene("standard", 2, 4)
    decoupled = scene("standard", 2, 4, switches=COUPLED | {scale: "off"})
    assert decoupled.video == coupled.video
    field = FIELDS[scale]  # type: ignore[index]
    assert getattr(decoupled.audio, field) != getattr(coupled.audio, field)
    assert replace(decoupled.audio, **{field: getattr(coupled.audio, field)}) == coupled.audio


@pytest.mark.parametrize("scale", SCALES)
def test_a_muted_scale_is_the_same_in_every_clip_and_stream(scale: str) -> None:
    switches = COUPLED | {scale: "mute"}
    field = FIELDS[scale]  # type: ignore[index]
    clips = [scene("standard", group, 1, switches=switches) for group in range(4)]
    assert len({getattr(clip.video, field) for clip in clips} | {getattr(c.audio, field) for c in clips}) == 1
    assert len({clip.video for clip in clips}) == len(clips)


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_every_list_has_as_many_landings_and_as_many_loud_ones_with_room_for_a_hop(difficulty: str) -> None:
    preset = DIFFICULTIES[difficulty]
    for media in MEDIA.values():
        for index in range(40):
            clip = train_scene(index, difficulty=preset, media=media).video
            for rhythm in clip.rhythms:
                times = [each.time for each in rhythm]
                assert len(times) == preset.events_in(media.seconds)
                assert sum(each.loud for each in rhythm) == len(times) // 2
                assert min(np.diff(times)) >= preset.refractory - 1e-9
                assert times[0] >= 0.65
                assert times[-1] <= media.seconds - 0.45 + 1e-9


def test_the_envelope_takes_the_same_values_in_every_clip() -> None:
    one, other = (np.sort(train_scene(k, difficulty=DIFFICULTY, media=MEDIUM).video.envelope) for k in (0, 9))
    np.testing.assert_array_equal(one, other)
