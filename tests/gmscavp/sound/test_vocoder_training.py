import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from avbench.cli import main
from avbench.training import opening
from avbench.training.data import TrainingData
from gmscavp.checkpoint import load_network
from gmscavp.inputs import LogMelConfig
from gmscavp.log_mel import LogMel
from gmscavp.sound.vocoder import Vocoder, load_vocoder
from gmscavp.sound.vocoder_config import VOCODER, VocoderConfig
from gmscavp.sound.vocoder_loss import LEAST, SpectralDistance
from gmscavp.sound.vocoder_training import LearningVocoder, as_sampled, distance_on, factor
from gmscavp.training.batches import Batches, SegmentBatch
from gmscavp.training.config import TrainingConfig
from gmscavp.training.loop import train
from gmscavp.training.plan import Plan
from gmscavp.training.run import Run
from tests.gmscavp.blinks import RATE, Blinks
from tests.gmscavp.runs import log, weights

TINY = VocoderConfig(
    name="vocoder",
    log_mel=LogMelConfig(sample_rate=RATE, window=64, hop=16, bins=16, low_hz=20.0, high_hz=760.0),
    width=16,
    depth=2,
    window=32,
    losses=(32, 128),
    segment_seconds=0.64,
)

TRAINING = TrainingConfig(
    steps=6,
    batch_clips=4,
    segments=1,
    learning_rate=3e-3,
    warmup=2,
    log_every=1,
    checkpoint_every=2,
    validate_every=3,
    brightness=0.0,
    contrast=0.0,
    blur=0.0,
)


def plan(folder: Path, config: VocoderConfig = TINY, **changes: object) -> Plan:
    training = dataclasses.replace(TRAINING, **changes)  # pyright: ignore[reportArgumentType]
    torch.manual_seed(0)
    return Plan(
        network=LearningVocoder(config),
        batch=Batches(Blinks(), config=config, training=training, seed=0).batch,
        training=training,
        folder=folder,
        format="gmscavp",
        device="cpu",
        seed=0,
        validate=distance_on(Blinks(clips=2), "cpu"),
    )


def beeps(clips: int = 3) -> Tensor:
    blinks = Blinks()
    return torch.from_numpy(np.stack([blinks.samples_of(each, 0, TINY.samples)[0] for each in range(clips)]))


def test_a_few_steps_bring_the_sound_nearer(tmp_path: Path) -> None:
    bare = dataclasses.replace(TINY, projections=0)
    train(plan(tmp_path, bare, steps=45, precision="fp32", checkpoint_every=45, validate_every=15))

    lines = log(tmp_path)
    start, end = (sum(line["loss"] for line in part) / 5 for part in (lines[:5], lines[-5:]))
    assert end < 0.9 * start
    measured = [line["validation/convergence"] for line in lines if "validation/convergence" in line]
    assert len(measured) == 3 and measured[-1] < measured[0]


def test_the_weights_of_a_run_are_those_of_a_vocoder(tmp_path: Path) -> None:
    path = train(plan(tmp_path))

    vocoder = load_network(path, "vocoder", VocoderConfig, Vocoder, format="gmscavp")

    assert vocoder.config == TINY
    assert vocoder(LogMel(TINY.log_mel)(beeps())).shape == beeps().shape


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_run_that_was_killed_and_resumed_ends_with_the_weights_of_an_unbroken_one(
    tmp_path: Path, precision: str
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(plan(whole, precision=precision))
    unbroken = plan(broken, precision=precision)

    def breaking(step: int) -> SegmentBatch:
        if step == 5:
            raise RuntimeError("killed")
        return unbroken.batch(step)

    with pytest.raises(RuntimeError, match="killed"):
        train(dataclasses.replace(unbroken, batch=breaking))
    train(plan(broken, precision=precision))

    assert weights(broken) == weights(whole)


def test_what_a_row_learns_does_not_depend_on_the_rest_of_its_batch() -> None:
    torch.manual_seed(0)
    network, samples, seeds = LearningVocoder(TINY), beeps(4), torch.arange(4)
    frames = torch.zeros(4, 0)

    whole = network(frames, samples, 1, seeds).total
    parts = [network(frames[row], samples[row], 1, seeds[row]).total for row in (slice(0, 1), slice(1, 4))]

    assert whole.item() == pytest.approx((parts[0].item() + 3 * parts[1].item()) / 4, rel=1e-4)


def test_the_distance_equals_a_slow_reference() -> None:
    x, y = 0.1 * torch.randn(2, 2, TINY.samples, generator=torch.Generator().manual_seed(0))
    found = SpectralDistance(TINY)(x, y)

    def spectrum(samples: np.ndarray, window: int) -> np.ndarray:
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        padded = np.pad(samples, window // 2, mode="reflect")
        starts = range(0, len(padded) - window + 1, window // 4)
        return np.abs([np.fft.rfft(hann * padded[start : start + window]) for start in starts])

    convergence, magnitude = [], []
    for window in (TINY.log_mel.window, *TINY.losses):
        for row in range(2):
            one, other = (spectrum(each[row].double().numpy(), window) for each in (x, y))
            size = np.linalg.norm(other) + LEAST * math.sqrt(other.size)
            convergence.append(np.linalg.norm(one - other) / size)
            magnitude.append(np.abs(np.log(one + LEAST) - np.log(other + LEAST)).mean())
    log_mel = LogMel(TINY.log_mel)
    mel = (log_mel(x) - log_mel(y)).abs().mean()
    assert found.convergence.item() == pytest.approx(np.mean(convergence), rel=1e-4)
    assert found.magnitude.item() == pytest.approx(np.mean(magnitude), rel=1e-4)
    assert found.mel.item() == pytest.approx(mel.item(), rel=0.02)
    assert found.total.item() == pytest.approx((found.stft + TINY.mel_weight * found.mel).item())


def test_the_energy_distance_is_least_for_noise_that_is_as_random_as_the_truth() -> None:
    draw = torch.Generator().manual_seed(0)
    distance = SpectralDistance(dataclasses.replace(TINY, repulsion=1.0))
    true, other, again = 0.1 * torch.randn(3, 64, TINY.samples, generator=draw)
    steady = 0.1 * torch.randn(1, TINY.samples, generator=draw).expand(64, -1)

    noise = distance.energy(other, again, true).total
    louder = distance.energy(1.3 * other, 1.3 * again, true).total
    same = distance.energy(steady, steady, true).total

    assert noise < louder
    assert noise < same


def test_log_mel_is_blurred_in_the_chosen_rows_and_left_alone_in_the_others() -> None:
    config = dataclasses.replace(TINY, coarse=0.5, coarse_frames=4, coarse_bins=2, noise=0.0)
    log_mel = torch.rand(3, 16, 40, generator=torch.Generator().manual_seed(0))
    # Whether, how slow, how wide, how loud the errors are.
    uniform = torch.tensor([[0.7, 0.9, 0.9, 1.0], [0.2, 0.9, 0.9, 1.0], [0.2, 0.0, 0.0, 1.0]])

    found = as_sampled(log_mel, uniform, torch.randn(3, 16, 40), config)

    reduced = F.avg_pool2d(log_mel[1, None, None], (2, 4))
    assert torch.equal(found[0], log_mel[0])
    assert torch.allclose(found[1], F.interpolate(reduced, (16, 40), mode="bilinear")[0, 0], atol=1e-6)
    assert torch.allclose(found[2], log_mel[2], atol=1e-6)


def test_errors_of_sampled_log_mel_are_as_large_as_the_config_says() -> None:
    config = dataclasses.replace(TINY, coarse=1.0, coarse_frames=1, coarse_bins=1, noise=0.02)
    error = torch.randn(1, 16, 4000, generator=torch.Generator().manual_seed(0))

    found = as_sampled(torch.full((1, 16, 4000), 0.5), torch.tensor([[0.0, 0.0, 0.0, 0.5]]), error, config)

    assert (found - 0.5).std().item() == pytest.approx(0.01, rel=0.02)


def test_factors_are_the_powers_of_two_up_to_the_most() -> None:
    found = [factor(each / 300, 4) for each in range(300)]

    assert [found.count(each) for each in (1, 2, 4)] == [100, 100, 100]


def test_a_silent_row_has_a_finite_gradient() -> None:
    network = LearningVocoder(dataclasses.replace(TINY, silent=1.0))

    network(torch.zeros(2, 0), beeps(2), 1, torch.arange(2)).total.backward()

    assert all(each.grad is not None and each.grad.isfinite().all() for each in network.parameters())


def test_validation_measures_the_average_without_gradient(tmp_path: Path) -> None:
    run = Run(plan(tmp_path))

    measured = distance_on(Blinks(clips=2), "cpu")(run.average)

    assert measured.keys() == {"validation/convergence", "validation/magnitude", "validation/mel"}
    assert all(math.isfinite(each) and each > 0 for each in measured.values())


@dataclasses.dataclass(frozen=True)
class Hiss:
    """Clips of noise at the rate that the named config hears."""

    clips: int = 2
    siblings: int = 1
    clip_frames: int = 25
    clip_samples: int = 32_000

    def frames_of(self, clip: int, start: int, count: int) -> np.ndarray:
        return np.zeros((count, 56, 56, 3), np.uint8)

    def samples_of(self, clip: int, start: int, count: int) -> np.ndarray:
        noise = np.random.default_rng(clip).standard_normal((1, self.clip_samples)) * 0.05
        return noise[:, start : start + count].astype(np.float32)


def test_the_vocoder_is_trained_by_the_name_of_its_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = TrainingData(train=Hiss(), validation=Hiss(clips=1), about={"dataset": "hiss"})  # pyright: ignore
    monkeypatch.setattr(opening, "open_data", lambda request, inputs, progress: data)

    command = ["train", "gmscavp", "--config", "vocoder", "--output", str(tmp_path), "--steps", "1"]
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--train-args", "batch_clips=2"])

    assert not stopped.value.code
    assert load_vocoder(tmp_path / "weights.safetensors").config == VOCODER
    said = capsys.readouterr()
    assert said.out.strip() == str(tmp_path / "weights.safetensors")
    assert "run it" not in said.err
