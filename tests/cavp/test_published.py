"""CAVP as published: a test for each number that the paper's released code states.

Diff-Foley (arXiv 2306.17203), repository luosiallen/Diff-Foley: ``training/open_cavp_main/launch_script.sh``,
``src/open_clip/{model,loss,cnn10}.py``, ``src/training/{data,params,main_wds_intra_contrast}.py`` and
``data_preprocess/wav2spec.py``.
"""

import copy
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from cavp.config import PUBLISHED, PUBLISHED_TRAINING
from cavp.model import CAVP
from cavp.plugin import FAMILY
from gmscavp.log_mel import LogMel
from gmscavp.training.batches import Batches, SegmentBatch
from gmscavp.training.config import TrainingConfig
from gmscavp.training.optimisation import learning_rate, move_average, parameter_groups
from gmscavp.training.variation import vary
from tests.cavp.narrow import NARROW


@pytest.fixture(scope="module")
def whole() -> CAVP:
    """The published network, without its numbers."""
    with torch.device("meta"):
        return CAVP(PUBLISHED)


@pytest.fixture
def narrow() -> CAVP:
    torch.manual_seed(0)
    return CAVP(NARROW)


def test_a_segment_is_16_frames_at_4_fps_and_256_mel_frames_at_64_a_second() -> None:
    assert PUBLISHED.video.fps == 4.0 and PUBLISHED.segment_seconds == 4.0
    assert PUBLISHED.frames == 16
    assert PUBLISHED.samples == 64_000
    assert PUBLISHED.log_mel.frames_per_second == 64.0
    assert LogMel(PUBLISHED.log_mel)(torch.zeros(1, PUBLISHED.samples)).shape == (1, 128, 256)


def test_the_harness_decodes_224_pixels_at_4_fps_and_mono_at_16_khz() -> None:
    inputs = FAMILY.inputs({"config": "published"})

    assert inputs.video is not None and inputs.audio is not None
    assert (inputs.video.fps, inputs.video.height, inputs.video.width) == (4.0, 224, 224)
    assert (inputs.audio.sample_rate, inputs.audio.channels) == (16_000, 1)


def slow_log_mel(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the last transforms of ``wav2spec.py`` over a spectrogram, frame by frame, hop 250."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    padded = np.pad(samples, 512, mode="reflect")
    frames = [padded[start : start + 1024] * window for start in range(0, len(samples), 250)]
    magnitude = np.abs(np.fft.rfft(np.array(frames), axis=1))

    def mel(hz: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
        hz = np.asarray(hz, dtype=np.float64)
        log = 15.0 + np.log(np.maximum(hz, 1e-9) / 1000.0) / (np.log(6.4) / 27.0)
        return np.where(hz < 1000.0, hz * 3 / 200, log)

    grid = np.linspace(0, 8000, 200_001)
    edges = np.interp(np.linspace(mel(125.0), mel(7600.0), 130), mel(grid), grid)
    hz = np.arange(513) * 16_000 / 1024
    bands: list[npt.NDArray[np.float64]] = []
    for low, centre, high in zip(edges, edges[1:], edges[2:], strict=False):
        triangle = np.minimum((hz - low) / (centre - low), (high - hz) / (high - centre))
        bands.append(magnitude @ np.maximum(triangle, 0.0) * 2 / (high - low))
    floored = np.maximum(np.array(bands), 1e-5)
    return np.clip((np.log10(floored) * 20 - 20 + 100) / 100, 0.0, 1.0)


def test_log_mel_is_that_of_the_released_preprocessing() -> None:
    draw = np.random.default_rng(0)
    samples = draw.standard_normal(16_000) * np.linspace(0, 0.5, 16_000)

    found = LogMel(PUBLISHED.log_mel)(torch.from_numpy(samples).float()[None])[0]

    assert found.shape == (128, 64)
    np.testing.assert_allclose(found.numpy(), slow_log_mel(samples), atol=1e-4)
    assert 0.05 < found.mean() < 0.95


def test_both_streams_give_16_tokens_of_512_that_line_up(whole: CAVP) -> None:
    with torch.device("meta"):
        video = whole.video_tokens(torch.zeros(2, 16, 3, 224, 224))
        audio = whole.audio_projection(whole.audio(torch.zeros(2, 128, 256)).summary)

    assert video.shape == audio.shape == (2, 16, 512)
    assert whole.video_projection.in_features == whole.audio_projection.in_features == 2048


def test_the_published_network_has_as_many_parameters_as_its_parts(whole: CAVP) -> None:
    heads = 2 * (2048 * 512 + 512)
    convolutions = sum(
        9 * (i * o + o * o) + 4 * o for i, o in [(1, 64), *((64 << k, 128 << k) for k in range(5))]
    )
    cnn14 = 2 * 128 + convolutions + 2048 * 2048 + 2048

    assert sum(each.numel() for each in whole.audio.parameters()) == cnn14 == 79_673_920
    assert sum(each.numel() for each in whole.parameters()) == 31_634_496 + cnn14 + heads + 1


def test_a_whole_clip_goes_through_the_real_network() -> None:
    """Two frames, for the sake of time: there is no temporal stride to need more."""
    torch.manual_seed(0)
    network = CAVP(PUBLISHED).eval()
    frames = torch.randint(0, 256, (1, 2, 3, 224, 224), dtype=torch.uint8)

    with torch.no_grad():
        tokens = network.video_tokens(frames)
        heard = network.embed_audio(torch.randn(1, 64_000) * 0.1)

    assert tokens.shape == (1, 2, 512) and tokens.isfinite().all()
    assert heard.shape == (1, 512) and heard.norm().item() == pytest.approx(1.0, abs=1e-5)


def test_a_segment_is_the_maximum_over_its_tokens_and_then_a_unit_vector(narrow: CAVP) -> None:
    narrow.eval()
    frames = torch.randint(0, 256, (1, 16, 3, 32, 32), dtype=torch.uint8)
    samples = torch.randn(1, 64_000) * 0.1

    for embedded, tokens in (
        (narrow.embed_video(frames), narrow.video_tokens(frames)),
        (narrow.embed_audio(samples), narrow.audio_tokens(samples)),
    ):
        highest = tokens.max(dim=1).values
        assert tokens.shape == (1, 16, 8)
        assert torch.allclose(embedded, highest / highest.norm(), atol=1e-6)


class TenSeconds:
    """Clips of 40 frames, as published."""

    clips, siblings, clip_frames, clip_samples = 30, 1, 40, 160_000

    def frames_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.uint8]:
        return np.full((count, 1, 1, 3), start, np.uint8)

    def samples_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.float32]:
        return np.full((2, count), start, np.float32)


def test_a_batch_is_30_videos_of_3_segments_whose_starts_are_at_least_8_frames_apart() -> None:
    batches = Batches(TenSeconds(), config=PUBLISHED, training=PUBLISHED_TRAINING, seed=0)
    starts = np.array([batches.starts(np.random.default_rng(seed)) for seed in range(2_000)])

    assert PUBLISHED_TRAINING.batch_clips == 30 and PUBLISHED_TRAINING.segments == 3
    # f1 ~ U{0 … 24-2g}, f2 ~ U{f1+g … 24-g}, f3 ~ U{f2+g … 24}, with g = 8 frames.
    assert (starts[:, 0].min(), starts[:, 0].max()) == (0, 8)
    assert (np.diff(starts, axis=1) >= 8).all()
    assert starts[:, 2].max() == 24
    for start in range(9):
        of_start = starts[starts[:, 0] == start]
        assert (of_start[:, 1].min(), of_start[:, 1].max()) == (start + 8, 16)
    assert np.bincount(starts[:, 0]) == pytest.approx(2_000 / 9, rel=0.3)


def test_both_streams_of_a_segment_start_at_the_same_instant_clip_by_clip() -> None:
    batch = Batches(TenSeconds(), config=PUBLISHED, training=PUBLISHED_TRAINING, seed=0).batch(0)

    seconds = batch.frames[:, 0, 0, 0, 0].double() / 4
    assert batch.frames.shape[:2] == (90, 16) and batch.samples.shape == (90, 64_000)
    assert torch.equal(seconds, batch.samples[:, 0].double() / 16_000)
    assert (seconds.reshape(30, 3).diff(dim=1) >= 2.0).all()


def test_nothing_is_augmented() -> None:
    batch = SegmentBatch(
        frames=torch.randint(0, 256, (3, 2, 3, 4, 4), dtype=torch.uint8),
        samples=torch.randn(3, 100),
        segments=3,
    )

    assert not PUBLISHED_TRAINING.varies
    assert vary(batch, PUBLISHED_TRAINING, 0, 0) is batch


def test_the_temperature_starts_at_0_07_and_its_inverse_stays_within_1_and_100(narrow: CAVP) -> None:
    assert narrow.log_scale.item() == pytest.approx(math.log(1 / 0.07))
    for value, kept in ((9.0, math.log(100)), (-3.0, 0.0)):
        with torch.no_grad():
            narrow.log_scale.fill_(value)
        narrow.clamp()
        assert narrow.log_scale.item() == pytest.approx(kept)


def test_both_contrasts_count_alike(narrow: CAVP) -> None:
    found = narrow(torch.rand(6, 16, 3, 32, 32), torch.randn(6, 64_000) * 0.1, 3)

    assert PUBLISHED.temporal_weight == 1.0
    assert found.total.item() == pytest.approx((found.semantic[0] + found.temporal[0]).item(), rel=1e-6)


def test_every_parameter_of_both_encoders_is_trained(narrow: CAVP) -> None:
    narrow(torch.rand(6, 16, 3, 32, 32), torch.randn(6, 64_000) * 0.1, 3).total.backward()

    for name, parameter in narrow.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize(
    ("setting", "value"),
    [("learning_rate", 8e-4), ("warmup", 200), ("betas", (0.9, 0.999)), ("eps", 1e-8), ("weight_decay", 0.2),
     ("gap_seconds", 2.0), ("segments", 3), ("batch_clips", 30), ("steps", 300 * (567_980 // 240))],
)  # fmt: skip
def test_the_optimiser_and_the_schedule_are_set_as_published(setting: str, value: Any) -> None:
    assert getattr(PUBLISHED_TRAINING, setting) == value


def test_the_rate_rises_over_200_steps_and_falls_half_a_cosine() -> None:
    training: TrainingConfig = PUBLISHED_TRAINING
    middle = 200 + (training.steps - 200) // 2

    assert learning_rate(0, training) == pytest.approx(8e-4 / 200)
    assert learning_rate(199, training) == pytest.approx(8e-4)
    assert learning_rate(middle, training) == pytest.approx(4e-4, rel=1e-4)
    assert learning_rate(training.steps, training) == pytest.approx(0.0, abs=1e-12)


def test_norms_biases_and_the_temperature_do_not_decay(whole: CAVP) -> None:
    decayed, kept = (set(map(id, group["params"])) for group in parameter_groups(whole, 0.2))
    names = dict(whole.named_parameters())
    excluded = {
        name
        for name, each in names.items()
        if each.ndim < 2 or "bn" in name or "bias" in name or name == "log_scale"
    }

    assert {name for name, each in names.items() if id(each) in kept} == excluded
    assert len(decayed) + len(kept) == len(names)


def test_the_weights_themselves_are_kept_and_no_average(narrow: CAVP) -> None:
    kept = copy.deepcopy(narrow)
    narrow(torch.rand(6, 16, 3, 32, 32), torch.randn(6, 64_000) * 0.1, 3)
    with torch.no_grad():
        narrow.log_scale.add_(1.0)

    move_average(kept, narrow, PUBLISHED_TRAINING.ema, step=1_000)

    for name, each in narrow.state_dict().items():
        assert torch.equal(kept.state_dict()[name], each), name
    assert narrow.video.conv1.bn.num_batches_tracked == 1


def test_batch_normalisation_is_per_device(whole: CAVP) -> None:
    norms = [each for each in whole.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]

    assert len(norms) == 53 + 13
    assert not [each for each in norms if isinstance(each, nn.SyncBatchNorm)]
