"""``avbench plugins check``: a good model passes; each breach of the contract is caught by its name."""

import dataclasses
import json

import pytest
import torch
from click.testing import CliRunner

from avbench import AudioInput, ModelInputs, ModelRecord, VideoInput
from avbench.checks import conformance
from avbench.checks.conformance import check_model
from avbench.checks.made_clips import made_clips
from avbench.cli import plugins
from avbench.errors import DataError, ModelError
from avbench.plugins.discovery import Origin
from avbench.resolve import Contestant

INPUTS = ModelInputs(video=VideoInput(fps=4, height=16, width=16), audio=AudioInput(sample_rate=4000))


def eighths(curve):
    return torch.nn.functional.adaptive_avg_pool1d(curve[:, None], 8)[:, 0]


class Good:
    def embed_video(self, batch):
        return eighths(batch.pixels().mean(dim=(2, 3, 4)))

    def embed_audio(self, batch):
        return eighths(batch.samples.square().mean(dim=1))


def spoiled(spoil):
    """Return a model that is good but for what ``spoil`` does to its video embeddings."""

    class Spoiled(Good):
        def embed_video(self, batch):
            return spoil(super().embed_video(batch))

    return Spoiled()


def checks(model, monkeypatch, **changes):
    monkeypatch.setattr(conformance, "_imported_alone", lambda *_: "not tried here")
    record = ModelRecord(
        name="tried", summary="", load=lambda device: model, inputs=INPUTS, capabilities=("retrieval",)
    )
    contestant = Contestant(
        record=dataclasses.replace(record, **changes),
        origin=Origin(plugin="test"),
        args={},
        inputs=changes.get("inputs", INPUTS),
        identity={},
    )
    return {check.name: check for check in check_model(contestant, "cpu")}


def failed(found):
    return {name for name, check in found.items() if check.verdict == "fail"}


def test_a_good_model_passes_every_check(monkeypatch):
    found = checks(Good(), monkeypatch)

    assert {check.verdict for check in found.values()} == {"pass"}
    assert "video independent" in found
    assert found["audio shape"].said == "(clip, dim) = (5, 8), float32"


def test_time_aligned_tokens_pass(monkeypatch):
    class Tokens(Good):
        def embed_video(self, batch):
            return super().embed_video(batch).unflatten(1, (4, 2))

        def embed_audio(self, batch):
            return super().embed_audio(batch).unflatten(1, (4, 2))

    found = checks(Tokens(), monkeypatch)

    assert failed(found) == set()
    assert found["video shape"].said == "(clip, time, dim) = (5, 4, 2), float32"


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (lambda rows: rows.log() - rows.log(), "video values"),
        (lambda rows: torch.ones_like(rows), "video distinct"),
        (lambda rows: rows + torch.rand_like(rows), "video deterministic"),
        (lambda rows: rows - rows.mean(dim=0), "video independent"),
        (lambda rows: rows[:1].expand_as(rows) + rows * 0, "video distinct"),
        (lambda rows: rows.half(), "video shape"),
        (lambda rows: rows.numpy(), "video shape"),
        (lambda rows: rows[1:], "video shape"),
        (lambda rows: rows[0], "video shape"),
        (lambda rows: rows.argmax(dim=1), "video shape"),
        (lambda rows: rows[:, :0], "video shape"),
        (lambda rows: rows[:, :4], "same space"),
        (lambda rows: rows @ torch.ones(3, 3), "video shape"),
    ],
)
def test_a_breach_is_caught_by_name_with_what_to_do(monkeypatch, spoil, check):
    found = checks(spoiled(spoil), monkeypatch)

    assert check in failed(found)
    assert found[check].remedy


def test_a_stream_that_fails_does_not_hide_the_other(monkeypatch):
    found = checks(spoiled(lambda rows: rows[1:]), monkeypatch)

    assert failed(found) == {"video shape"}
    assert found["audio independent"].verdict == "pass"


def test_a_model_that_cannot_be_loaded_is_the_last_check(monkeypatch):
    def load(device):
        raise FileNotFoundError("no weights")

    found = checks(None, monkeypatch, load=load)

    assert failed(found) == {"load"}
    assert "no weights" in found["load"].said
    assert "video shape" not in found


def test_a_model_that_says_it_draws_at_random_may(monkeypatch):
    found = checks(spoiled(lambda rows: rows + torch.rand_like(rows)), monkeypatch, deterministic=False)

    assert failed(found) == set()
    assert found["video deterministic"].verdict == "skip"


def test_a_stream_the_model_does_not_read_may_look_the_same(monkeypatch):
    class Deaf(Good):
        def embed_audio(self, batch):
            return torch.ones(len(batch.clips), 8)

    found = checks(Deaf(), monkeypatch, inputs=dataclasses.replace(INPUTS, audio=None))

    assert failed(found) == set()
    assert found["audio distinct"].verdict == "skip"


def test_a_model_is_given_no_more_than_the_longest_clip_it_takes(monkeypatch):
    class Short(Good):
        def embed_video(self, batch):
            assert batch.frames.shape[1] <= 8
            return super().embed_video(batch)

    assert failed(checks(Short(), monkeypatch, inputs=dataclasses.replace(INPUTS, max_seconds=2.0))) == set()


def test_a_model_that_needs_data_is_skipped_and_not_blamed(monkeypatch):
    class Reader(Good):
        def embed_video(self, batch):
            raise DataError("The clip has no side-car.", hint="Leave it out.")

    found = checks(Reader(), monkeypatch)

    assert failed(found) == set()
    assert found["video shape"].verdict == "skip"


def test_made_clips_are_what_the_model_reads_and_differ():
    clips = made_clips(INPUTS, clips=3, seconds=2.0)

    assert [decoded.frames.shape for _, decoded in clips] == [(8, 3, 16, 16)] * 3
    assert [decoded.samples.shape for _, decoded in clips] == [(1, 8000)] * 3
    assert not clips[0][1].samples.any()
    assert clips[1][1].frames.tobytes() != clips[2][1].frames.tobytes()
    assert abs(clips[1][1].samples).max() <= 1


def test_the_command_prints_a_line_a_check_and_ends_well(outside):
    done = CliRunner().invoke(plugins.command, ["check", "outside-loudness", "--device", "cpu"])

    assert done.exit_code == 0, done.output
    assert "outside-loudness keeps the contract of retrieval in" in done.output
    assert "  pass  import                   the plugin is imported without torch" in done.output


def test_the_command_fails_a_plugin_that_imports_torch(tmp_path):
    file = tmp_path / "eager.py"
    file.write_text(
        "import torch\n"
        "from avbench import AudioInput, ModelInputs, ModelRecord, VideoInput, hookimpl\n"
        "class Same:\n"
        "    def embed_video(self, batch):\n"
        "        return torch.ones(len(batch.clips), 2)\n"
        "    embed_audio = embed_video\n"
        "@hookimpl\n"
        "def avbench_models():\n"
        "    inputs = ModelInputs(\n"
        "        video=VideoInput(fps=2, height=8, width=8), audio=AudioInput(sample_rate=800))\n"
        "    return [ModelRecord(name='eager', summary='', load=lambda device: Same(), inputs=inputs,\n"
        "        capabilities=('retrieval',))]\n"
    )

    done = CliRunner().invoke(
        plugins.command, ["check", "eager", "--plugin", str(file), "--device", "cpu", "--json"]
    )

    assert isinstance(done.exception, ModelError)
    assert done.exception.exit_code == 5
    document = json.loads(done.output)
    assert not document["passed"]
    assert [each["name"] for each in document["checks"] if each["verdict"] == "fail"] == [
        "import", "video distinct", "audio distinct",
    ]  # fmt: skip
