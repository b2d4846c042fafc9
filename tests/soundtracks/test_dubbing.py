"""The sound of a whole picture: in one piece, or in windows that leave no seam."""

from pathlib import Path

import numpy as np
import pytest
import torch

from avbench import AudioBatch, Clip, MediaError, ModelError, ModelInputs, ModelRecord, VideoInput
from avbench.media.info import Picture
from avbench.plugins.candidates import Origin
from avbench.resolve import Contestant
from avbench.soundtracks.dubbing import Dubber

CLIP = Clip(id="clip", path=Path("clip.mp4"))
RATE = 1000


class Brightness:
    """Makes of every instant's brightness a sample as loud, and keeps what it was given."""

    def __init__(self, spoil=lambda sounds, batch: sounds):
        self.batches = []
        self.spoil = spoil

    def generate_audio(self, batch, seed):
        self.batches.append((batch, seed))
        level = batch.pixels().mean(dim=(2, 3, 4))
        time = round(batch.seconds * RATE)
        at = (torch.arange(time) * batch.fps / RATE).long()
        samples = torch.nn.functional.pad(level, (0, 1))[:, at.clamp(max=level.shape[1])]
        return self.spoil(AudioBatch(samples=samples[:, None], sample_rate=RATE, clips=batch.clips), batch)


def dubber(model, *, fps=25.0, max_seconds=None, seen=True):
    video = VideoInput(fps=fps, height=2, width=2) if seen else None
    inputs = ModelInputs(video=video, audio=None, max_seconds=max_seconds)
    record = ModelRecord(
        name="mine", summary="", load=lambda device: model, inputs=inputs, capabilities=("generation",)
    )
    contestant = Contestant(record=record, origin=Origin(plugin="p"), args={}, inputs=inputs, identity={})
    return Dubber(contestant=contestant, model=model, device="cpu")


def picture(seconds, fps=25.0):
    levels = np.random.default_rng(0).integers(0, 256, round(seconds * fps), np.uint8)
    frames = np.broadcast_to(levels[:, None, None, None], (len(levels), 3, 2, 2)).copy()
    return Picture(frames=frames, fps=fps, start=0.0, seconds=seconds)


@pytest.mark.parametrize("seconds", [0.04, 1.0, 9.0, 9.013, 9.019, 61.5])
def test_a_sound_lasts_as_long_as_its_picture(seconds):
    for max_seconds in (None, 4.0, 0.5):
        sound = dubber(Brightness(), max_seconds=max_seconds).sound(CLIP, picture(seconds), 0)
        assert sound.sample_rate == RATE
        assert sound.samples.shape == (1, round(seconds * RATE))


def test_a_whole_number_of_frames_may_last_half_a_frame_less():
    sound = dubber(Brightness(), fps=4.0).sound(CLIP, picture(2.12, fps=4.0), 0)
    assert sound.samples.shape == (1, 2120)
    assert sound.samples[0, 1990:2000].all() and not sound.samples[0, 2000:].any()


@pytest.mark.parametrize("max_seconds", [0.5, 2.0, 7.3, 8.99])
def test_windows_leave_no_trace_in_what_they_agree_on(max_seconds):
    whole = dubber(Brightness()).sound(CLIP, picture(9.0), 0)
    cut = dubber(Brightness(), max_seconds=max_seconds).sound(CLIP, picture(9.0), 0)
    np.testing.assert_allclose(cut.samples, whole.samples, atol=1e-6)


def test_a_model_is_given_windows_that_it_takes_and_always_the_same_seed():
    model = Brightness()
    dubber(model, max_seconds=2.0).sound(CLIP, picture(30.0), 7)
    assert sum(len(batch.clips) for batch, _ in model.batches) == 20
    for batch, seed in model.batches:
        assert seed == 7
        assert (batch.frames.shape[1], batch.seconds, batch.fps) == (50, 2.0, 25.0)
        assert batch.clips == (CLIP,) * len(batch.frames)
        assert len(batch.frames) <= 8


def test_a_picture_that_fits_is_one_window():
    model = Brightness()
    dubber(model, max_seconds=2.0).sound(CLIP, picture(2.0), 0)
    ((batch, _),) = model.batches
    assert batch.frames.shape == (1, 50, 3, 2, 2)


def test_a_model_that_reads_no_video_is_told_how_long_the_picture_lasts():
    class Unseeing:
        def generate_audio(self, batch, seed):
            assert batch.frames.shape == (1, 0, 3, 0, 0)
            return AudioBatch(
                samples=torch.full((1, 1, round(batch.seconds * RATE)), 0.5),
                sample_rate=RATE,
                clips=batch.clips,
            )

    sound = dubber(Unseeing(), seen=False).sound(CLIP, picture(3.456, fps=1.0), 0)
    assert sound.samples.shape == (1, 3456)
    assert (sound.samples == 0.5).all()


def shorter(sounds, batch):
    return AudioBatch(samples=sounds.samples[..., :-200], sample_rate=RATE, clips=sounds.clips)


def raising(sounds, batch):
    raise RuntimeError("no such layer")


def changing(sounds, batch):
    return [
        AudioBatch(samples=row[None], sample_rate=RATE + k, clips=(clip,))
        for k, (row, clip) in enumerate(zip(sounds.samples, batch.clips, strict=True))
    ]


@pytest.mark.parametrize(
    ("spoil", "reason", "message"),
    [
        (shorter, "too-short", "ends at"),
        (raising, "model", r"RuntimeError: no such layer \(test_dubbing.py, line"),
        (changing, "model", "different rates"),
        (lambda sounds, batch: [MediaError("no-output", "gone")] * len(batch.clips), "no-output", "gone"),
    ],
)
def test_a_picture_without_a_usable_sound_says_why(spoil, reason, message):
    with pytest.raises(MediaError, match=message) as caught:
        dubber(Brightness(spoil), max_seconds=4.0).sound(CLIP, picture(9.0), 0)
    assert caught.value.reason == reason


def test_a_broken_contract_is_an_error_of_the_model():
    with pytest.raises(ModelError, match="'mine' returned a Tensor"):
        dubber(Brightness(lambda sounds, batch: sounds.samples)).sound(CLIP, picture(1.0), 0)
