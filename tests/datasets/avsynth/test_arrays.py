import numpy as np
import numpy.typing as npt
import pytest

from avbench.datasets.avsynth.arrays import frame_numbers, render_arrays
from avbench.datasets.avsynth.galleries import train_scene
from avbench.datasets.avsynth.presets import DIFFICULTIES, MEDIA
from avbench.datasets.avsynth.video import render_frames
from avbench.records import AudioInput, VideoInput


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
@pytest.mark.parametrize("preset", MEDIA)
def test_every_preset_renders_to_the_size_and_rate_asked_for(difficulty: str, preset: str) -> None:
    scene = train_scene(3, difficulty=DIFFICULTIES[difficulty], media=MEDIA[preset])
    seconds = MEDIA[preset].seconds
    frames, samples = render_arrays(
        scene,
        video=VideoInput(fps=2.0, height=56, width=56),
        audio=AudioInput(sample_rate=8_000, channels=2),
    )
    assert (frames.shape, frames.dtype) == ((round(2 * seconds), 3, 56, 56), np.uint8)
    assert (samples.shape, samples.dtype) == ((2, round(8_000 * seconds)), np.float32)
    assert np.abs(samples).max() < 1.0
    assert frames.std() > 10


def test_a_stream_that_is_not_wanted_is_empty() -> None:
    scene = train_scene(0, difficulty=DIFFICULTIES["easy"], media=MEDIA["5s"])
    frames, samples = render_arrays(scene, video=None, audio=AudioInput(sample_rate=16_000))
    assert frames.shape == (0, 3, 0, 0)
    assert samples.shape == (1, 80_000)
    assert render_arrays(scene, video=VideoInput(fps=1, height=56, width=56), audio=None)[1].size == 0


def test_a_frame_does_not_depend_on_which_others_are_rendered() -> None:
    scene = train_scene(5, difficulty=DIFFICULTIES["hard"], media=MEDIA["5s"])
    together = render_frames(scene, np.arange(125))
    for number in (0, 31, 77, 124):
        np.testing.assert_array_equal(render_frames(scene, np.array([number]))[0], together[number])


def test_every_second_frame_is_seen_at_half_the_rate() -> None:
    scene = train_scene(0, difficulty=DIFFICULTIES["easy"], media=MEDIA["8s"])
    assert frame_numbers(scene, 12.5).tolist() == list(range(0, 200, 2))
    assert frame_numbers(scene, 4.0)[:5].tolist() == [0, 6, 12, 18, 25]


def test_the_mono_mix_is_the_mean_of_both_channels() -> None:
    scene = train_scene(2, difficulty=DIFFICULTIES["hard"], media=MEDIA["8s"])
    mono, stereo = (
        render_arrays(scene, video=None, audio=AudioInput(sample_rate=16_000, channels=n))[1] for n in (1, 2)
    )
    np.testing.assert_allclose(mono[0], stereo.mean(0), atol=1e-6)


def test_an_impact_begins_at_its_exact_instant() -> None:
    from avbench.datasets.avsynth.modal import strike, voice

    def struck(at: float, rate: int) -> npt.NDArray[np.float32]:
        stem = np.zeros(rate, np.float32)
        strike(stem, voice(4, 0, 2), np.array([at]), np.array([1.0]), rate)
        return stem

    # The same impact on a hundredfold finer grid: what lies between two samples must be kept.
    at = 0.1 + 0.37 / 16_000
    coarse, fine = struck(at, 16_000), struck(at, 1_600_000)[::100]
    np.testing.assert_allclose(coarse[:4_000], fine[:4_000], atol=2e-4)
    assert not coarse[: int(np.ceil(at * 16_000))].any()


def test_every_voice_is_as_loud_as_every_other() -> None:
    from avbench.datasets.avsynth.modal import HUM, STRIKE, TIMBRES, hum, strike, voice

    envelope = np.linspace(0.0, 1.0, 1001)
    for timbre in range(len(TIMBRES)):
        for size, finish in ((0, 0), (3, 2)):
            sounding, stem = voice(timbre, size, finish), np.zeros(48_000, np.float32)
            strike(stem, sounding, np.array([0.01]), np.array([1.0]), 16_000)
            assert np.sqrt(np.sum(stem**2) / 16_000) == pytest.approx(STRIKE, rel=0.15)
            assert np.sqrt(np.mean(hum(sounding, envelope, 16_000, 64) ** 2)) == pytest.approx(HUM, rel=0.1)
