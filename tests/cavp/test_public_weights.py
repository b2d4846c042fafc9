"""Public checkpoints meet the published CAVP: their keys match, and nothing in them is run."""

import dataclasses
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import save_file

from avbench import ModelError
from avbench.datasets.avsynth import training_set
from avbench.requests import ImportRequest, TrainRequest
from cavp.config import PUBLISHED
from cavp.model import CAVP
from cavp.public_keys import DIFF_FOLEY_KEYS, PUBLIC_KEYS
from gmscavp.checkpoint import CheckpointError
from gmscavp.public_keys import PANNS_KEYS, SLOWONLY_KEYS
from gmscavp.public_weights import FileMatch, ForeignObjects, WeightsMatch, read_public, take
from tests.cavp.narrow import NARROW, NARROW_FAMILY
from tests.cavp.public_checkpoints import Shapes, diff_foley, mmaction_recognizer, panns

NAMES = {"mmaction": SLOWONLY_KEYS, "panns": PANNS_KEYS, "diff-foley": DIFF_FOLEY_KEYS}


def filled(shapes: Shapes) -> dict[str, torch.Tensor]:
    """Return numbers of these shapes."""
    draw = torch.Generator().manual_seed(0)
    return {
        key: torch.rand(shape, generator=draw) if not key.endswith("tracked") else torch.tensor(7)
        for key, shape in shapes.items()
    }


def meet(shapes: Shapes, names: Any) -> tuple[FileMatch, set[str]]:
    """Match shapes alone against the published network; also return the keys that are left."""
    with torch.device("meta"):
        state = CAVP(PUBLISHED).state_dict()
        tensors = {key: torch.zeros(shape) for key, shape in shapes.items()}
    taken = take(state, tensors, names, Path("public"))
    return taken, state.keys() - {names.renamed(key) for key in taken.matched}


@pytest.mark.parametrize("prefix", ["", "module."])
def test_all_keys_of_diff_foley_match_and_fill_the_whole_network(prefix: str) -> None:
    shapes = {prefix + key: shape for key, shape in diff_foley().items()}

    match, left = meet(shapes, DIFF_FOLEY_KEYS)

    assert list(match.matched) == list(shapes)
    assert not match.unmatched and not match.mismatched and not left


def test_all_keys_of_slowonly_match_but_its_classifier() -> None:
    match, left = meet(mmaction_recognizer(), SLOWONLY_KEYS)

    assert len(match.matched) == 318 and not match.mismatched
    assert match.unmatched == ["cls_head.fc_cls.weight", "cls_head.fc_cls.bias"]
    assert not [key for key in left if key.startswith("video.")]


def test_all_keys_of_panns_match_but_its_front_end_its_classifier_and_the_norm_of_64_bins() -> None:
    match, left = meet(panns(), PANNS_KEYS)

    assert match.unmatched == [
        "spectrogram_extractor.stft.conv_real.weight",
        "spectrogram_extractor.stft.conv_imag.weight",
        "logmel_extractor.melW",
        "fc_audioset.weight",
        "fc_audioset.bias",
    ]
    of_norm = ["bn0.weight", "bn0.bias", "bn0.running_mean", "bn0.running_var"]
    assert match.mismatched == [(key, (64,), (128,)) for key in of_norm]
    assert {key for key in left if key.startswith("audio.")} == {f"audio.{key}" for key in of_norm}


def public_file(folder: Path, kind: str) -> Path:
    """Write a narrow checkpoint the way its trainer would."""
    path = folder / f"{kind}.pth"
    contents: dict[str, Any] = {
        "mmaction": lambda: {
            "meta": {"epoch": 256, "CLASSES": ["abseiling"], "mmcv_version": "1.1.1"},
            "state_dict": filled(mmaction_recognizer(2)),
            "optimizer": {"param_groups": [{"lr": 0.1, "params": [0]}]},
        },
        "panns": lambda: {
            "iteration": 600_000,
            "model": filled(panns(2)),
            "sampler": {"indexes_per_class": [np.where(np.ones(3))[0]], "pointers": [np.int64(2)]},
        },
        "diff-foley": lambda: {
            "epoch": 66,
            "name": "cavp",
            "state_dict": filled({f"module.{key}": each for key, each in diff_foley(2, 2, 8).items()}),
            "scaler": {"scale": 65536.0},
        },
    }
    torch.save(contents[kind](), path)
    return path


def imported(*files: Path, output: Path, seed: int = 0) -> WeightsMatch:
    return NARROW_FAMILY.import_weights(
        ImportRequest(config="published", files=files, output=output, seed=seed)
    )


@pytest.mark.parametrize("kind", list(NAMES))
def test_a_file_is_recognised_by_its_keys(tmp_path: Path, kind: str) -> None:
    report = imported(public_file(tmp_path, kind), output=tmp_path / "out.safetensors")

    assert report.files[0].source == NAMES[kind].source


def test_an_imported_file_is_a_weight_file_with_every_bit_of_its_origin(tmp_path: Path) -> None:
    output = tmp_path / "out.safetensors"
    report = imported(public_file(tmp_path, "diff-foley"), output=output)

    network = NARROW_FAMILY.load("cpu", config="published", weights=str(output)).model
    theirs = filled({f"module.{key}": each for key, each in diff_foley(2, 2, 8).items()})
    assert not report.missing
    for key, tensor in theirs.items():
        assert torch.equal(network.state_dict()[DIFF_FOLEY_KEYS.renamed(key) or ""], tensor), key
    named = {"config": "published", "weights": str(output)}
    assert NARROW_FAMILY.identity(named)["weights"].startswith("sha256:")


def test_two_files_fill_two_backbones_and_the_seed_fills_the_rest(tmp_path: Path) -> None:
    files = [public_file(tmp_path, "mmaction"), public_file(tmp_path, "panns")]
    output = tmp_path / "out.safetensors"
    report = imported(*files, output=output, seed=3)

    network = NARROW_FAMILY.load("cpu", config="published", weights=str(output)).model
    untrained = NARROW_FAMILY.untrained(NARROW, "3").state_dict()
    assert set(report.missing) == {
        key
        for key in untrained
        if key.startswith(("video_projection", "audio_projection", "log_scale", "audio.bn0"))
        and not key.endswith("tracked")
    }
    for key in report.missing:
        assert torch.equal(network.state_dict()[key], untrained[key]), key
    assert torch.equal(
        network.video.conv1.conv.weight, filled(mmaction_recognizer(2))["backbone.conv1.conv.weight"]
    )


def test_a_stranger_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    stranger = tmp_path / "other.safetensors"
    save_file({"backbone.encoder.weight": torch.zeros(2)}, stranger)
    output = tmp_path / "out.safetensors"

    report = imported(public_file(tmp_path, "panns"), stranger, output=output)

    assert [bool(each.matched) for each in report.files] == [True, False]
    assert report.files[1].source == "" and report.files[1].unmatched == ["backbone.encoder.weight"]
    assert not output.exists()


class Sabotage:
    """Runs a command when it is unpickled without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("legacy", [False, True])
def test_foreign_objects_are_refused_by_name_and_never_run(tmp_path: Path, legacy: bool) -> None:
    path, trace = tmp_path / "evil.pth", tmp_path / "trace"
    content = {"state_dict": filled(mmaction_recognizer(2)), "meta": Sabotage(trace)}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)

    with pytest.raises(ForeignObjects, match=r"posix\.mkdir"):
        read_public(path)
    with pytest.raises(ModelError, match="none was run") as caught:
        imported(path, output=tmp_path / "out.safetensors")

    assert "safetensors" in caught.value.hint
    assert not trace.exists()


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "list":
        torch.save([1, 2], path)
    elif how == "no-pickle":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme", "")
    else:
        path.write_bytes(
            {"empty": b"", "truncated": content[: len(content) // 2], "text": b"hello " * 99}[how]
        )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("empty", "is damaged: "),
        ("truncated", "is damaged: "),
        ("text", "cannot be read: it is no checkpoint"),
        ("list", "holds no named tensors"),
        ("no-pickle", "is damaged: "),
    ],
)
def test_what_is_no_checkpoint_is_refused_in_a_sentence(tmp_path: Path, how: str, said: str) -> None:
    path = public_file(tmp_path, "panns")
    damage(path, how)

    with pytest.raises(CheckpointError, match=f"^The weight file .* {said}"):
        read_public(path)


@pytest.mark.parametrize("name", ["none.pth", "none.safetensors"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match="There is no weight file"):
        read_public(tmp_path / name)


def test_a_damaged_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    save_file({"a": torch.zeros(9)}, path)
    path.write_bytes(path.read_bytes()[:-4])

    with pytest.raises(CheckpointError, match="is damaged"):
        read_public(path)


def test_no_public_key_has_a_place_in_two_maps() -> None:
    for shapes in (mmaction_recognizer(), panns(), diff_foley()):
        fitting = [each.source for each in PUBLIC_KEYS if any(each.renamed(key) for key in shapes)]
        assert len(fitting) == 1


class FourClips:
    """Four clips of ten seconds that are no family."""

    clips, siblings, clip_frames, clip_samples = 4, 1, 40, 160_000

    def frames_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.uint8]:
        return np.full((count, 32, 32, 3), 60 * clip, np.uint8)

    def samples_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.float32]:
        return np.full((1, count), clip / 4, np.float32)


def test_training_starts_from_the_weights_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = SimpleNamespace(train=FourClips(), validation=FourClips(), about={"clips": "4"}, close=print)
    monkeypatch.setattr(training_set, "open_training", lambda args, inputs, progress: clips)
    start, run = tmp_path / "start.safetensors", tmp_path / "run"
    imported(public_file(tmp_path, "diff-foley"), output=start)
    args = {"batch_clips": "2", "learning_rate": "0", "precision": "fp32"}
    request = TrainRequest(
        config="published",
        output=run,
        steps=1,
        device="cpu",
        seed=0,
        args=args | {"init": str(start)},
        say=lambda line: None,
    )

    NARROW_FAMILY.train(request, lambda what, done, total: None)

    before, after = (
        NARROW_FAMILY.load("cpu", config="published", weights=str(path)).model
        for path in (start, run / "weights.safetensors")
    )
    for name, parameter in before.named_parameters():
        assert torch.equal(after.get_parameter(name), parameter.half().float()), name
    assert after.video.conv1.bn.num_batches_tracked == before.video.conv1.bn.num_batches_tracked + 1
    with pytest.raises(ModelError, match="other settings"):
        NARROW_FAMILY.train(dataclasses.replace(request, args=args), lambda what, done, total: None)
