"""Counterfactuals: what a pair differs in, that nothing else gives it away, and files that say so."""

from dataclasses import fields, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from avbench.datasets.avsynth.arrays import render_arrays
from avbench.datasets.avsynth.changes import CHANGES, SHIFTS, Change
from avbench.datasets.avsynth.counterfactuals import Variant, Variants, open_counterfactuals
from avbench.datasets.avsynth.galleries import STANDARD, train_scene
from avbench.datasets.avsynth.latents import FIELDS
from avbench.datasets.avsynth.matched import ALIKE
from avbench.datasets.avsynth.motion import envelope_at
from avbench.datasets.avsynth.presets import COUPLED, DIFFICULTIES, MEDIA, Difficulty, Media
from avbench.datasets.avsynth.probes import Probe, audio_statistics, probe_score, video_statistics
from avbench.datasets.avsynth.render import Recipe, render_missing
from avbench.datasets.avsynth.scenes import Scene
from avbench.datasets.avsynth.truth import read_truth, truth_of
from avbench.errors import UnknownName, UsageError
from avbench.media.decode import read_clip
from avbench.records import AudioInput, DatasetRequest, VideoInput
from tests.running import quiet

PICTURES = VideoInput(fps=2.0, height=56, width=56)
MONO, STEREO = AudioInput(sample_rate=16_000), AudioInput(sample_rate=16_000, channels=2)
CHANGE = {each.name: each for each in CHANGES}


def variants(difficulty: Difficulty = DIFFICULTIES["standard"], media: Media = MEDIA["8s"]) -> Variants:
    return Variants(recipe=Recipe(media=media, difficulty=difficulty, switches=COUPLED))


def scene(state: int, change: Change | None = None, made: Variants | None = None) -> Scene:
    return (made or variants()).scene(Variant(split="test", state=state, change=change))


@pytest.mark.parametrize("media", ["8s", "5s"])
@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_a_pair_differs_in_one_scale_of_both_streams_and_in_nothing_else(difficulty: str, media: str) -> None:
    made = variants(DIFFICULTIES[difficulty], MEDIA[media])
    for change in CHANGES:
        drawn, other = scene(2, made=made), scene(2, change, made)
        assert drawn.video == drawn.audio and other.video == other.audio
        for scale, name in FIELDS.items():
            assert (getattr(drawn.video, name) == getattr(other.video, name)) == (scale != change.scale)
        for each in fields(Scene):
            same = getattr(drawn, each.name) == getattr(other, each.name)
            assert same == (each.name not in ("id", "video", "audio")), each.name


def test_a_shift_makes_one_scale_later_by_exactly_so_much_and_all_of_it() -> None:
    times = np.linspace(0.0, 8.0, 161)  # instants at which the envelope has a sample, or two of it
    for state in range(8):
        drawn = scene(state).video
        for late in SHIFTS["S2"]:
            curve = envelope_at(scene(state, CHANGE[f"shift-S2@{late:g}"]).video.envelope, times)
            np.testing.assert_allclose(curve, envelope_at(drawn.envelope, (times - late) % 8.0), atol=1e-12)
        for late in SHIFTS["S3"]:
            for rhythm, later in zip(
                drawn.rhythms, scene(state, CHANGE[f"shift-S3@{late:g}"]).video.rhythms, strict=True
            ):
                assert [each.time + late for each in rhythm] == [each.time for each in later]
                assert [each.loud for each in rhythm] == [each.loud for each in later]
        for late in SHIFTS["S5"]:
            for path, other in zip(
                drawn.paths, scene(state, CHANGE[f"shift-S5@{late:g}"]).video.paths, strict=True
            ):
                np.testing.assert_allclose(other.at(times, 8.0), path.at(times - late, 8.0), atol=1e-12)


def test_the_other_changes_do_what_their_names_say() -> None:
    times = np.linspace(0.0, 8.0, 50)
    for state in range(8):
        drawn = scene(state).video
        assert scene(state, CHANGE["envelope"]).video.envelope == drawn.envelope[::-1]
        for path, other in zip(drawn.paths, scene(state, CHANGE["mirror"]).video.paths, strict=True):
            np.testing.assert_allclose(other.at(times, 8.0), 1.0 - path.at(times, 8.0), atol=1e-12)
        swapped = scene(state, CHANGE["binding"]).video
        assert swapped.landings(0) == drawn.landings(1) != drawn.landings(0) == swapped.landings(1)
        assert swapped.landings(2) == drawn.landings(2)
        newcomer, *rest = scene(state, CHANGE["timbre"]).video.classes
        assert newcomer not in drawn.classes and tuple(rest) == drawn.classes[1:]
        assert {newcomer, *drawn.classes}.isdisjoint(each[1] for each in scene(state).sound.offscreen)


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_every_variant_is_a_whole_clip_with_as_many_landings_and_the_same_values(difficulty: str) -> None:
    made = variants(DIFFICULTIES[difficulty])
    for state in range(6):
        drawn = scene(state, made=made).video
        assert np.corrcoef(drawn.envelope, drawn.envelope[::-1])[0, 1] < ALIKE
        for change in CHANGES:
            other = scene(state, change, made).video
            assert sorted(other.envelope[1:]) == sorted(drawn.envelope[1:])
            for rhythm in other.rhythms:
                assert rhythm[0].time >= 0.65
                assert rhythm[-1].time <= 8.0 - 0.45 + 1e-9
                assert len(rhythm) == DIFFICULTIES[difficulty].events
                assert sum(each.loud for each in rhythm) == len(rhythm) // 2


def test_the_new_world_has_states_of_its_own_and_another_law() -> None:
    new = variants().scene(Variant(split="new-world", state=0))
    assert new.law != scene(0).law and new.video != scene(0).video


def test_states_differ_and_no_training_clip_is_among_them() -> None:
    drawn = {scene(state).video for state in range(40)}
    trained = {
        train_scene(k, difficulty=DIFFICULTIES["standard"], media=MEDIA["8s"]).video for k in range(200)
    }
    assert len(drawn) == 40 and drawn.isdisjoint(trained)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("variants")
    render_missing(folder, some(), small(), quiet, workers=1)
    return folder


def small() -> Variants:
    return variants(media=Media(seconds=2.5, size=56))


def some() -> list[Variant]:
    chosen = (None, CHANGE["binding"], CHANGE["shift-S3@0.04"])
    return [Variant(split="test", state=0, change=each) for each in chosen]


def test_both_files_of_a_pair_decode_alike_in_length_and_their_side_cars_say_what_differs(
    rendered: Path,
) -> None:
    decoded = [
        read_clip(rendered / f"{each.id}.mp4", seconds=2.5, video=PICTURES, audio=STEREO) for each in some()
    ]
    assert len({(each.frames.shape, each.samples.shape) for each in decoded}) == 1
    drawn, *others = (read_truth(rendered / f"{each.id}.json") for each in some())
    for truth, change in zip(others, some()[1:], strict=True):
        assert truth == truth_of(small().scene(change)) != drawn
        assert truth.video == truth.audio
        assert (truth.snr, truth.gain, truth.exposure) == (drawn.snr, drawn.gain, drawn.exposure)


def test_the_same_variants_are_the_same_bytes(rendered: Path, tmp_path: Path) -> None:
    render_missing(tmp_path, some()[1:], small(), quiet, workers=1)
    for each in some()[1:]:
        for suffix in (".mp4", ".json"):
            name = f"{each.id}{suffix}"
            assert (tmp_path / name).read_bytes() == (rendered / name).read_bytes()


def test_a_mono_mix_tells_nothing_of_space_and_stereo_does() -> None:
    made = variants(media=MEDIA["5s"])
    for change in (CHANGE["mirror"], CHANGE["shift-S5@0.64"]):
        pair = [scene(1, made=made), scene(1, change, made)]
        one, other = (render_arrays(each, video=None, audio=MONO)[1] for each in pair)
        np.testing.assert_allclose(one, other, atol=1e-6)
        one, other = (render_arrays(each, video=None, audio=STEREO)[1] for each in pair)
        assert np.abs(one - other).max() > 0.02


def statistics(scenes: list[Scene]) -> tuple[np.ndarray, np.ndarray]:
    arrays = [render_arrays(each, video=PICTURES, audio=MONO) for each in scenes]
    return (
        np.array([video_statistics(frames, 2.0) for frames, _ in arrays]),
        np.array([audio_statistics(samples, 16_000) for _, samples in arrays]),
    )


def test_trivial_probes_are_at_chance_on_pairs() -> None:
    made = small()
    difficulty, media = made.recipe.difficulty, made.recipe.media
    probe = Probe("linear").fit(
        *statistics([train_scene(4 * k, difficulty=difficulty, media=media) for k in range(40)])
    )
    names = ("binding", "envelope", "timbre", "mirror", "shift-S2@0.64", "shift-S3@0.64")
    scenes = [
        scene(state, each, made) for name in names for state in range(4) for each in (None, CHANGE[name])
    ]
    pairs = np.split(np.arange(len(scenes)), len(names) * 4)
    assert probe_score(probe.distances(*statistics(scenes)), pairs, draws=1000).p > 0.005


def asked(folder: Path, **args: str) -> DatasetRequest:
    return DatasetRequest(root=folder, args=args, cache=folder, progress=quiet)


def test_the_dataset_has_a_pair_of_every_kind_for_every_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendering = "avbench.datasets.avsynth.counterfactuals.render_missing"
    monkeypatch.setattr(rendering, lambda *_: 0)
    opened = open_counterfactuals(asked(tmp_path, states="3"))
    by_name = {name: list(each) for name, each in groupby(opened.galleries, lambda gallery: gallery.name)}
    sources = {clip.id: clip.source for clip in opened.clips}

    assert list(by_name) == [STANDARD, *CHANGE]
    assert len(opened.clips) == 3 * (1 + len(CHANGES)) == len(sources)
    (drawn,) = by_name.pop(STANDARD)
    for pairs in by_name.values():
        assert tuple(pair.clip_ids[0] for pair in pairs) == drawn.clip_ids
        assert all(len({sources[clip] for clip in pair.clip_ids}) == 1 for pair in pairs)
        assert len({sources[pair.clip_ids[0]] for pair in pairs}) == 3


@pytest.mark.parametrize("states", ["1", "0", "-3", "2.5", "many"])
def test_a_number_of_states_that_is_none_is_refused(states: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"states={states}"):
        open_counterfactuals(asked(tmp_path, states=states))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "args", [{"S2": "off"}, {"clips": "4"}, {"state": "3"}, {"difficulty": "hardest"}, {"split": "dev"}]
)
def test_an_unknown_argument_or_name_is_refused(args: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises((UsageError, UnknownName)):
        open_counterfactuals(asked(tmp_path, **args))
    assert not list(tmp_path.iterdir())


def test_another_recipe_has_another_folder() -> None:
    made = variants()
    harder = replace(made.recipe, difficulty=DIFFICULTIES["hard"])
    assert made.digest != Variants(recipe=harder).digest != made.recipe.digest
