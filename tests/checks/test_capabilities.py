"""``avbench plugins check`` beyond retrieval: each capability tried, each breach caught by its name."""

import dataclasses

import pytest
import torch

from avbench import AudioBatch, AudioInput, MediaError, ModelInputs, VideoInput
from avbench.checks.made_clips import made_clips
from tests.checks.test_conformance import INPUTS, checks, failed


class Timely:
    """Finds how late the sound is, judges pairs and makes sound, all by how bright and how loud it is."""

    def offset_scores(self, video, audio):
        seen = video.pixels().mean(dim=(2, 3, 4))
        shifts = torch.tensor(audio.offsets)
        return -(shifts[None] - (audio.samples.std(dim=(1, 2)) - seen.std(1))[:, None]).abs()

    def alignment_scores(self, video, audio):
        loud = audio.samples.square().mean(dim=(1, 2))
        return video.pixels().mean(dim=(1, 2, 3, 4)) - loud

    def generate_audio(self, batch, seed):
        light = batch.pixels().mean(dim=(2, 3, 4))
        samples = torch.nn.functional.interpolate(light[:, None], round(batch.seconds * 2000))
        return AudioBatch(samples=samples - 0.5, sample_rate=2000, clips=batch.clips)


def spoiled(method, spoil):
    """Return a model that is good but for what ``spoil`` does to what one method returns."""

    class Spoiled(Timely):
        pass

    def spoilt(self, *args):
        return spoil(getattr(Timely, method)(self, *args))

    setattr(Spoiled, method, spoilt)
    return Spoiled()


def sounds(change):
    return lambda batch: dataclasses.replace(batch, samples=change(batch.samples))


CAPABILITIES = ("generation", "synchrony", "alignment")
METHODS = {
    "synchrony": "offset_scores", "alignment": "alignment_scores", "generation": "generate_audio",
}  # fmt: skip


def test_every_capability_that_is_declared_is_tried(monkeypatch):
    found = checks(Timely(), monkeypatch, capabilities=CAPABILITIES)

    assert {check.verdict for check in found.values()} == {"pass"}
    for capability in CAPABILITIES:
        of = [name for name in found if name.startswith(capability)]
        assert of == [
            f"{capability} {each}"
            for each in ("shape", "values", "distinct", "deterministic", "independent", "length")
        ]
    assert found["synchrony shape"].said == "(clip, offset) = (5, 21), by its own offset_scores"
    assert found["alignment shape"].said.startswith("(clip,) = (5,), ")
    assert found["generation shape"].said == "3 sounds of 4 s"
    assert not any(name.startswith(("video", "audio")) for name in found)


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_only_what_is_declared_is_tried(monkeypatch, capability):
    found = checks(Timely(), monkeypatch, capabilities=(capability,))

    assert {name.split()[0] for name in found} == {"import", "load", capability}


@pytest.mark.parametrize(
    ("capability", "spoil", "check"),
    [
        ("synchrony", lambda rows: rows[:, 1:], "shape"),
        ("synchrony", lambda rows: rows.numpy(), "shape"),
        ("synchrony", lambda rows: rows.argmax(1), "shape"),
        ("synchrony", lambda rows: rows @ torch.ones(3, 3), "shape"),
        ("synchrony", lambda rows: rows / 0, "values"),
        ("synchrony", lambda rows: torch.zeros_like(rows), "distinct"),
        ("synchrony", lambda rows: rows + torch.rand_like(rows), "deterministic"),
        ("synchrony", lambda rows: rows - rows.mean(0), "independent"),
        ("alignment", lambda rows: rows[:, None], "shape"),
        ("alignment", lambda rows: rows > 0, "shape"),
        ("alignment", lambda rows: rows * float("nan"), "values"),
        ("alignment", lambda rows: rows * 0 + 1, "distinct"),
        ("alignment", lambda rows: rows + torch.rand_like(rows), "deterministic"),
        ("alignment", lambda rows: rows - rows.max(), "independent"),
        ("generation", lambda batch: batch.samples, "shape"),
        ("generation", sounds(lambda samples: samples[1:]), "shape"),
        ("generation", sounds(lambda samples: samples[:, 0]), "shape"),
        ("generation", sounds(lambda samples: samples * float("inf")), "shape"),
        ("generation", sounds(lambda samples: samples * 3000), "shape"),
        ("generation", sounds(lambda samples: samples[..., : samples.shape[2] // 2]), "shape"),
        ("generation", sounds(lambda samples: samples * 0), "distinct"),
        ("generation", sounds(lambda samples: samples + torch.rand_like(samples) / 9), "deterministic"),
        ("generation", sounds(lambda samples: samples - samples.mean(0)), "independent"),
    ],
)
def test_a_breach_is_caught_by_name_with_what_to_do(monkeypatch, capability, spoil, check):
    model = spoiled(METHODS[capability], spoil)
    found = checks(model, monkeypatch, capabilities=CAPABILITIES)

    assert f"{capability} {check}" in failed(found)
    assert {name.split()[0] for name in failed(found)} == {capability}
    assert found[f"{capability} {check}"].remedy


def test_a_clip_whose_numbers_are_none_is_found_in_a_batch_of_good_ones(monkeypatch):
    def one_bad(rows):
        rows[0] = float("nan")
        return rows

    found = checks(spoiled("offset_scores", one_bad), monkeypatch, capabilities=("synchrony",))

    assert "1 of 5 rows of scores hold NaN" in found["synchrony values"].said


def test_a_model_with_tokens_is_tried_by_sliding_them(monkeypatch):
    class Tokens:
        rate = 10

        def embed_video(self, batch):
            return self.two(batch.pixels().mean(dim=(2, 3, 4)), batch.frames.shape[1] / batch.fps)

        def embed_audio(self, batch):
            return self.two(batch.samples.abs().mean(dim=1), batch.samples.shape[2] / batch.sample_rate)

        def two(self, level, seconds):
            count = round(self.rate * seconds)
            parts = torch.nn.functional.adaptive_avg_pool1d(level[:, None], count)[:, 0]
            return torch.stack([parts, 1 - parts], -1)

    found = checks(Tokens(), monkeypatch, capabilities=("synchrony",))
    assert failed(found) == set()
    assert found["synchrony shape"].said.endswith("by tokens that slide")

    Tokens.rate = 1
    assert (
        "tokens a second"
        in checks(Tokens(), monkeypatch, capabilities=("synchrony",))["synchrony shape"].said
    )


def test_a_model_is_given_no_more_than_it_takes(monkeypatch):
    class Short(Timely):
        def offset_scores(self, video, audio):
            assert audio.samples.shape[2] <= 4 * audio.sample_rate
            assert video.frames.shape[1] / video.fps + 2 * audio.lead <= 4
            return super().offset_scores(video, audio)

    inputs = dataclasses.replace(INPUTS, max_seconds=4.0)
    found = checks(Short(), monkeypatch, capabilities=CAPABILITIES, inputs=inputs)

    assert failed(found) == set()
    assert found["synchrony shape"].said.startswith("(clip, offset) = (5, 11)")


def test_what_reads_nothing_may_say_the_same_of_all(monkeypatch):
    class Blind:
        def generate_audio(self, batch, seed):
            samples = torch.zeros(len(batch.clips), 2, round(batch.seconds * 8000))
            return AudioBatch(samples=samples, sample_rate=8000, clips=batch.clips)

    nothing = ModelInputs(video=None, audio=None)
    found = checks(Blind(), monkeypatch, capabilities=("generation",), inputs=nothing)

    assert failed(found) == set()
    assert found["generation distinct"].verdict == "skip"


def test_a_model_that_looks_for_files_is_skipped_and_not_blamed(monkeypatch):
    class Reader:
        def generate_audio(self, batch, seed):
            return [MediaError("no-output", f"There is no file of {clip.id}.") for clip in batch.clips]

    found = checks(Reader(), monkeypatch, capabilities=("generation",))

    assert failed(found) == set()
    assert found["generation shape"].verdict == "skip"
    assert "no file of made-0" in found["generation shape"].said


def test_a_picture_that_is_tried_beside_its_sound_is_that_of_its_middle(monkeypatch):
    seen = []

    class Looking(Timely):
        def offset_scores(self, video, audio):
            seen.append((video.frames, audio.lead, audio.samples.shape[2] / audio.sample_rate))
            return super().offset_scores(video, audio)

    inputs = ModelInputs(video=VideoInput(fps=10, height=8, width=8), audio=AudioInput(sample_rate=4000))
    checks(Looking(), monkeypatch, capabilities=("synchrony",), inputs=inputs)
    whole = [decoded.frames for _, decoded in made_clips(inputs, clips=5, seconds=9.0)]
    frames, lead, seconds = seen[0]
    assert (lead, seconds) == (2.0, 9.0)
    assert all((mine.numpy() == theirs[20:70]).all() for mine, theirs in zip(frames, whole, strict=True))
