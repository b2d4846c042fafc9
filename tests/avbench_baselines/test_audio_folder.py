"""Sounds another system wrote: found by the clip they are named for, or left out with a reason."""

from pathlib import Path

import numpy as np
import pytest
import torch

from avbench import Clip, MediaError, VideoBatch
from avbench.errors import DataError, UsageError
from avbench.runs.border import check_sounds
from avbench.sounds import Sound
from avbench_baselines.plugin import avbench_models
from tests.media.muxing import mux

SECONDS = 1.0


def record():
    (found,) = [each for each in avbench_models() if each.name == "audio-folder"]
    return found


def write(
    folder: Path, name: str, *, seconds=SECONDS, rate=16_000, level=0.25, channels=1, codec="pcm_s16le"
):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.full((channels, round(seconds * rate)), level, np.float32)
    layout = {1: "mono", 2: "stereo"}[channels]
    return mux(path, sound=[(0, samples)], rate=rate, layout=layout, audio_codec=codec)


def batch(*ids: str, seconds: float | None = SECONDS) -> VideoBatch:
    clips = tuple(Clip(id=name, path=Path(f"{name}.mp4")) for name in ids)
    return VideoBatch(frames=torch.zeros(len(ids), 0, 3, 0, 0), fps=0.0, clips=clips, seconds=seconds)


def sounds(folder: Path, *ids: str, seed=0, seconds: float | None = SECONDS, **args: str):
    asked = batch(*ids, seconds=seconds)
    model = record().load("cpu", path=str(folder), **args)
    return check_sounds("audio-folder", model.generate_audio(asked, seed), asked.clips)


def levels(folder: Path, *ids: str, **options):
    """Return the level of each clip's sound, or the reason why there is none."""
    found = sounds(folder, *ids, **options)
    return [
        round(float(each.samples.mean()), 2) if isinstance(each, Sound) else each.reason for each in found
    ]


def test_every_clip_gets_the_sound_that_is_named_for_it_at_its_own_rate(tmp_path):
    write(tmp_path, "b.wav", level=0.5, rate=8_000, channels=2)
    write(tmp_path, "dogs/a.flac", level=0.25, rate=44_100, codec="flac")
    a, b = sounds(tmp_path, "dogs/a.mp4", "b.mp4")
    assert isinstance(a, Sound) and isinstance(b, Sound)
    assert (a.sample_rate, a.samples.shape) == (44_100, (1, 44_100))
    assert (b.sample_rate, b.samples.shape) == (8_000, (2, 8_000))
    assert a.samples.mean() == pytest.approx(0.25, abs=1e-4)
    assert b.samples.mean() == pytest.approx(0.5, abs=1e-4)


def test_the_order_and_the_company_of_clips_change_nothing(tmp_path):
    for level, name in enumerate("abc", start=1):
        write(tmp_path, f"{name}.wav", level=level / 10)
    assert levels(tmp_path, "a", "b", "c") == [0.1, 0.2, 0.3]
    assert levels(tmp_path, "c", "a", "a", "a") == [0.3, 0.1, 0.1, 0.1]


def test_what_cannot_be_scored_costs_its_clip_alone_and_says_why(tmp_path):
    write(tmp_path, "fine.wav")
    write(tmp_path, "short.wav", seconds=0.8)
    write(tmp_path, "nearly.wav", seconds=0.95)
    write(tmp_path, "nan.wav", level=float("nan"), codec="pcm_f32le")
    write(tmp_path, "integers.wav", level=1e4, codec="pcm_f32le")
    write(tmp_path, "silent.wav", level=0.0)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound " * 99)
    ids = ["fine", "gone", "short", "nearly", "nan", "integers", "silent", "empty", "text"]
    assert levels(tmp_path, *ids) == [
        0.25, "no-output", "too-short", 0.24, "not-finite", "model", 0.0, "empty", "corrupt",
    ]  # fmt: skip


def test_messages_do_not_say_where_the_folder_lies(tmp_path):
    write(tmp_path, "a.wav")
    (tmp_path / "b.wav").write_text("no sound " * 99)
    bad, gone = sounds(tmp_path, "b", "c")
    assert isinstance(bad, MediaError) and isinstance(gone, MediaError)
    assert str(tmp_path) not in bad.message + gone.message
    assert "b.wav" in bad.message and "'c'" in gone.message


def test_without_a_length_a_sound_is_read_to_its_end(tmp_path):
    write(tmp_path, "a.wav", seconds=2.5)
    (sound,) = sounds(tmp_path, "a", seconds=None)
    assert isinstance(sound, Sound)
    assert sound.seconds == 2.5


@pytest.mark.parametrize(
    ("names", "seed", "args", "expected"),
    [
        (["x.wav"], 0, {}, 0.1),
        (["x.wav"], 7, {}, 0.1),
        (["x.wav"], 7, {"sample": "0"}, 0.1),
        (["x.wav"], 0, {"sample": "1"}, "no-output"),
        (["x_0.wav", "x_1.wav"], 0, {}, 0.1),
        (["x_0.wav", "x_1.wav"], 1, {}, 0.2),
        (["x/0.wav", "x/1.wav"], 0, {"sample": "1"}, 0.2),
        (["x.sample0.wav", "x.sample1.wav"], 2, {}, "no-output"),
        (["x_1.wav", "x_2.wav"], 0, {}, "no-output"),
    ],
)
def test_the_sample_is_the_one_that_is_asked_for_and_never_another(tmp_path, names, seed, args, expected):
    for level, name in enumerate(names, start=1):
        write(tmp_path, name, level=level / 10)
    assert levels(tmp_path, "x", seed=seed, **args) == [expected]


def test_two_files_for_one_clip_and_one_file_for_two_clips_are_errors(tmp_path):
    write(tmp_path, "x.wav")
    write(tmp_path, "other/x.wav")
    write(tmp_path, "-_EpEJ7sPv_.wav")
    with pytest.raises(DataError, match=r"Two files .* 'y/x': other/x.wav and x.wav"):
        levels(tmp_path, "y/x")
    with pytest.raises(
        DataError, match=r"named for two clips, '-_EpEJ7sPv__000030' and '-_EpEJ7sPv__000070'"
    ):
        levels(tmp_path, "-_EpEJ7sPv__000030", "-_EpEJ7sPv__000070")


def test_the_identity_follows_names_and_contents_and_not_where_they_lie(tmp_path):
    def identity(folder, **args):
        return record().identity({"path": str(folder), **args})

    for folder in ("one", "two"):
        write(tmp_path / folder, "a.wav")
        write(tmp_path / folder, "b.wav", level=0.5)
    first = identity(tmp_path / "one")
    assert identity(tmp_path / "two") == first
    assert identity(tmp_path / "two", sample="1") != first
    write(tmp_path / "two", "b.wav", level=0.4)
    changed = identity(tmp_path / "two")
    assert changed != first
    (tmp_path / "two" / "b.wav").rename(tmp_path / "two" / "c.wav")
    assert identity(tmp_path / "two") not in (first, changed)


def test_what_is_asked_for_wrongly_is_refused(tmp_path):
    write(tmp_path / "full", "a.wav")
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match="was given no folder"):
        record().identity({})
    with pytest.raises(DataError, match="cannot be read"):
        record().identity({"path": str(tmp_path / "gone")})
    with pytest.raises(DataError, match="no sound"):
        record().load("cpu", path=str(tmp_path / "none"))
    for sample in ("-1", "first", "²"):
        with pytest.raises(UsageError, match="not a whole number"):
            record().load("cpu", path=str(tmp_path / "full"), sample=sample)


def test_a_name_never_leads_out_of_the_folder(tmp_path):
    write(tmp_path, "secret.wav")
    write(tmp_path / "folder", "a.wav")
    assert levels(tmp_path / "folder", "../secret", str(tmp_path / "secret")) == ["no-output", "no-output"]
