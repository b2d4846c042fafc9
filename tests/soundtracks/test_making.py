"""Sounds for whole videos: what is written and kept, what is never replaced, what costs one video alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import DataError, UsageError
from avbench.media.decode import probe, read_picture, read_sound
from avbench.plugins import registry
from avbench.records import VideoInput
from avbench.runs.job import Report
from avbench.soundtracks.making import SoundtrackRequest, make_soundtracks
from avbench.soundtracks.takes import Soundtrack, WithoutSound
from tests.media.muxing import click, mux, numbered_frame, read_numbers
from tests.running import quiet

RATE = 16_000
SHINING = f"""
from avbench import AudioBatch, ModelInputs, ModelRecord, VideoInput, hookimpl


class Shining:
    def __init__(self, gain):
        self.gain = gain

    def generate_audio(self, batch, seed):
        import torch

        level = batch.pixels().mean(dim=(2, 3, 4))
        assert not (level > 0.9).any(), "dazzled"
        time = torch.arange(round(batch.seconds * {RATE}))
        at = (time * batch.fps / {RATE}).long().clamp(max=level.shape[1] - 1)
        tone = torch.sin(2 * torch.pi * (200 + 100 * seed) * time / {RATE})
        samples = (self.gain * level[:, at] * tone)[:, None]
        return AudioBatch(samples=samples, sample_rate={RATE}, clips=batch.clips)


@hookimpl
def avbench_models():
    inputs = ModelInputs(video=VideoInput(fps=25, height=16, width=64), audio=None)
    return [
        ModelRecord(name="shining", summary="", load=lambda device, gain="1": Shining(float(gain)),
                    inputs=inputs, capabilities=("generation",)),
        ModelRecord(name="deaf", summary="", load=lambda device: None, inputs=inputs, capabilities=()),
    ]
"""


def video(path: Path, *, frames=50, start=0.0, times=None, sound=(), level=None, **more) -> Path:
    """Write a video of numbered frames, or of frames all as bright as ``level``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    instants = start + (np.arange(frames) / 25 if times is None else np.asarray(times))
    shown = [
        numbered_frame(k) if level is None else np.full((16, 64, 3), level, np.uint8)
        for k in range(len(instants))
    ]
    return mux(path, frames=list(zip(map(float, instants), shown, strict=True)), sound=sound, **more)


@pytest.fixture
def make(tmp_path):
    """Return a function that makes sounds of what lies in ``videos`` and writes them to ``out``."""
    plugin = tmp_path / "shining.py"
    plugin.write_text(SHINING)
    said: list[str] = []

    def made(**options):
        request = SoundtrackRequest(**{
            "model": "shining", "videos": tmp_path / "videos", "output": tmp_path / "out", "device": "cpu",
        } | options)  # fmt: skip
        report = Report(say=said.append, progress=quiet)
        return list(make_soundtracks(registry.load([str(plugin)]), request, tmp_path / "cache", report))

    made.said = said
    return made


def written(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_every_video_gets_a_sound_a_video_with_it_and_a_note(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    video(tmp_path / "videos" / "in" / "ein Straße 東京.mkv", sound=[(0, click(RATE, 2, [1]))])
    made = make()
    assert [each.note.video for each in made] == ["a.mp4", "in/ein Straße 東京.mkv"]
    stems = ["a", "in/ein Straße 東京"]
    assert written(tmp_path / "out") == sorted(
        f"{stem}{end}" for stem in stems for end in (".json", ".mp4", ".wav")
    )
    assert all(path.is_file() for each in made for path in each.files)


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        ("mp4", {}),
        ("mp4", {"start": 1.3}),
        ("mkv", {"start": 0.7, "sound": [(0.0, click(RATE, 3, [1.5]))]}),
        ("mov", {"sound": [(0.4, click(RATE, 1, [0.5]))]}),
        ("webm", {"codec": "libvpx", "codec_options": {"g": "10"}}),
        ("mp4", {"times": np.cumsum([0, *[0.02, 0.2, 0.05] * 12])}),
        ("mp4", {"frames": 3}),
    ],
)
def test_the_sound_follows_the_picture_from_its_first_frame_to_its_end(make, tmp_path, ending, options):
    path = video(tmp_path / "videos" / f"v.{ending}", **options)
    (made,) = make()
    picture = read_picture(path, video=VideoInput(fps=25, height=16, width=64))
    sound = read_sound(made.files[0])
    assert sound.samples.shape == (1, round(picture.seconds * RATE))
    assert made.note.start == pytest.approx(picture.start, abs=1e-6)
    brightness = picture.frames.mean((1, 2, 3)) / 255
    for k, level in enumerate(brightness[:-1]):
        heard = np.abs(sound.samples[0, round(k * RATE / 25) : round((k + 1) * RATE / 25)]).max()
        assert heard == pytest.approx(level, abs=0.02)

    info = probe(made.files[1])
    assert info.video is not None and info.audio is not None
    assert (info.video.start, info.audio.start) == (0, 0)
    assert info.video.seconds == pytest.approx(picture.seconds, abs=3e-3)
    assert info.audio.seconds == pytest.approx(picture.seconds, abs=3e-3)
    again = read_picture(made.files[1], video=VideoInput(fps=25, height=16, width=64))
    assert read_numbers(again.frames) == read_numbers(picture.frames)


def test_the_note_says_what_the_sound_was_made_from(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    (made,) = make(model_args={"gain": "0.5"}, seed=3)
    note = json.loads((tmp_path / "out" / "a.json").read_text())
    assert note["made_from"]["model"]["name"] == "shining"
    assert note["made_from"]["model"]["args"] == {"gain": "0.5"}
    assert (note["made_from"]["seed"], note["made_from"]["device"]) == (3, "cpu")
    assert (note["seconds"], note["sample_rate"], note["channels"]) == (2.0, RATE, 1)
    assert note["real_time_factor"] > 0
    assert made.note.model_dump(mode="json") == note


def test_several_samples_have_numbers_and_seeds_that_follow(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    made = make(samples=3, seed=5)
    assert [each.files[0].name for each in made] == ["a.0.wav", "a.1.wav", "a.2.wav"]
    assert [each.note.made_from.seed for each in made] == [5, 6, 7]
    (alone,) = make(seed=6, output=tmp_path / "alone")
    assert alone.files[0].read_bytes() == made[1].files[0].read_bytes() != made[0].files[0].read_bytes()


def test_without_muxing_no_video_is_written(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    make(muxed=False)
    assert written(tmp_path / "out") == ["a.json", "a.wav"]


def test_a_single_file_is_a_video_whatever_its_name(make, tmp_path):
    path = video(tmp_path / "elsewhere" / "a.b.mp4")
    renamed = path.rename(path.with_name("a.b.video"))
    make(videos=renamed)
    assert written(tmp_path / "out") == ["a.b.json", "a.b.mp4", "a.b.wav"]


def test_what_is_there_and_made_from_the_same_is_kept(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    video(tmp_path / "videos" / "b.mp4", frames=30)
    first = make()
    (tmp_path / "out" / "b.mp4").unlink()  # as if it had been killed before it was written
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    again = make()
    assert [(each.video.name, each.kept) for each in again] == [("a.mp4", True), ("b.mp4", False)]
    assert again[0].note == first[0].note
    assert written(tmp_path / "out") == ["a.json", "a.mp4", "a.wav", "b.json", "b.mp4", "b.wav"]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items() if path.stem == "a")
    assert make.said[-1] != make.said[0]


@pytest.mark.parametrize("change", ["arguments", "seed", "video", "foreign"])
def test_what_was_made_otherwise_is_replaced_only_when_asked(make, tmp_path, change):
    path = video(tmp_path / "videos" / "a.mp4")
    make()
    options: dict = {"arguments": {"model_args": {"gain": "0.5"}}, "seed": {"seed": 1}}.get(change, {})
    if change == "video":
        video(path, frames=30)
    if change == "foreign":
        (tmp_path / "out" / "a.json").unlink()
    before = {each: each.read_bytes() for each in (tmp_path / "out").iterdir()}
    with pytest.raises(UsageError, match="is there, and was not made from the same") as caught:
        make(**options)
    assert "--force" in caught.value.hint
    assert {each: each.read_bytes() for each in (tmp_path / "out").iterdir()} == before
    (made,) = make(force=True, **options)
    assert not made.kept
    assert make(**options)[0].kept


def test_a_video_that_was_given_is_never_replaced(make, tmp_path):
    path = video(tmp_path / "videos" / "a.mp4")
    content = path.read_bytes()
    for force in (False, True):
        with pytest.raises(UsageError, match="is a video that was given"):
            make(output=tmp_path / "videos" / "in" / "..", force=force)
    assert path.read_bytes() == content


def test_two_videos_are_never_written_to_one_file(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    video(tmp_path / "videos" / "a.mkv")
    with pytest.raises(UsageError, match="Two videos would both be written to"):
        make()


def test_sounds_below_the_videos_are_no_videos_the_next_time(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    for kept in (False, True):
        (made,) = make(output=tmp_path / "videos" / "out")
        assert made.kept == kept


def test_a_video_that_fails_costs_itself_alone(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    (tmp_path / "videos" / "b.mp4").write_text("no video " * 99)
    (tmp_path / "videos" / "c.mp4").touch()
    mux(tmp_path / "videos" / "d.mp4", sound=[(0, click(RATE, 1, [0.5]))])
    video(tmp_path / "videos" / "e.mp4", level=255)
    cut = video(tmp_path / "videos" / "f.mkv", frames=200)
    video(tmp_path / "videos" / "g.mp4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    outcomes = {each.video.name: each for each in make()}
    reasons = {name: each.reason for name, each in outcomes.items() if isinstance(each, WithoutSound)}
    assert reasons == {
        "b.mp4": "corrupt", "c.mp4": "empty", "d.mp4": "no-video", "e.mp4": "model", "f.mkv": "corrupt",
    }  # fmt: skip
    assert [name for name, each in outcomes.items() if isinstance(each, Soundtrack)] == ["a.mp4", "g.mp4"]
    assert written(tmp_path / "out") == [f"{stem}.{end}" for stem in "ag" for end in ("json", "mp4", "wav")]


def test_nothing_at_all_is_an_error(make, tmp_path):
    (tmp_path / "videos").mkdir()
    with pytest.raises(DataError, match="no video in"):
        make()
    (tmp_path / "videos" / "b.mp4").write_text("no video " * 99)
    with pytest.raises(DataError, match="No video got a sound"):
        make()


def test_a_model_that_makes_no_sound_is_refused(make, tmp_path):
    video(tmp_path / "videos" / "a.mp4")
    with pytest.raises(UsageError, match="'deaf' makes no sound"):
        make(model="deaf")


def test_what_was_generated_is_found_by_audio_folder_under_the_names_of_the_videos(make, tmp_path):
    path = video(tmp_path / "videos" / "in" / "a.mp4")
    for options in ({}, {"samples": 2}):
        out = tmp_path / f"out{len(options)}"
        made = make(output=out, **options)
        copied = make(
            model="audio-folder", model_args={"path": str(out)}, output=out / "copy", muxed=False, **options
        )
        for one, other in zip(made, copied, strict=True):
            np.testing.assert_array_equal(
                read_sound(one.files[0]).samples, read_sound(other.files[0]).samples
            )
    assert path.is_file()


def test_reference_rows_make_sounds_too(make, tmp_path):
    video(tmp_path / "videos" / "a.mkv", start=0.4, sound=[(0, click(RATE, 2.5, [1.4]))], audio_codec="flac")
    for model in ("silence", "noise", "truth"):
        (made,) = make(model=model, output=tmp_path / model)
        assert read_sound(made.files[0]).seconds == pytest.approx(2.0, abs=1e-3)
    heard = np.abs(read_sound(tmp_path / "truth" / "a.wav").samples[0])
    assert heard.argmax() / RATE == pytest.approx(1.0, abs=1e-3)
