"""SlowOnly and CNN14 against their tables, on the meta device, and against slow references when narrow."""

import dataclasses
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gmscavp.backbones.cnn14 import CNN14 as CNN14Backbone
from gmscavp.backbones.slowonly import SlowOnly
from gmscavp.inputs import CNN14, SLOWONLY, AudioConfig, VideoConfig

NARROW_VIDEO = VideoConfig(backbone="slowonly", fps=4.0, size=32, channels=(16, 32, 64), norm="batch")
NARROW_AUDIO = AudioConfig(backbone="cnn14", channels=(8, 16, 32, 64), norm="batch", dropout=0.2)


@pytest.fixture
def video() -> SlowOnly:
    torch.manual_seed(0)
    return SlowOnly(NARROW_VIDEO).eval()


@pytest.fixture
def audio() -> CNN14Backbone:
    torch.manual_seed(0)
    return CNN14Backbone(NARROW_AUDIO, 32).eval()


def test_slowonly_is_never_strided_in_time_and_halves_space_five_times() -> None:
    with torch.device("meta"):
        backbone = SlowOnly(SLOWONLY)
        res3, res4, res5 = backbone.stages(torch.zeros(2, 16, 3, 224, 224))
        fine, coarse, summary = backbone(torch.zeros(2, 16, 3, 224, 224))

    assert res3.shape == (2, 512, 16, 28, 28)
    assert res4.shape == (2, 1024, 16, 14, 14)
    assert res5.shape == (2, 2048, 16, 7, 7)
    assert fine.shape == (2, 16, 1024, 14, 14) and coarse.shape == (2, 16, 2048, 7, 7)
    assert summary.shape == (2, 16, 2048)


def test_slowonly_has_the_layers_of_a_resnet_50_with_time_in_res4_and_res5_alone() -> None:
    with torch.device("meta"):
        backbone = SlowOnly(SLOWONLY)
    kernels = {name: each.kernel_size for name, each in backbone.named_modules() if hasattr(each, "padding")}

    assert [len(getattr(backbone, f"layer{stage}")) for stage in (1, 2, 3, 4)] == [3, 4, 6, 3]
    assert kernels["conv1.conv"] == (1, 7, 7)
    temporal = {name for name, kernel in kernels.items() if kernel[0] != 1}
    assert temporal == {f"layer3.{i}.conv1.conv" for i in range(6)} | {
        f"layer4.{i}.conv1.conv" for i in range(3)
    }
    assert all(kernels[name] == (3, 1, 1) for name in temporal)
    # ResNet-50 has 23,508,032 without its classifier; each 3×1×1 adds two taps to a 1×1.
    taps = sum(
        2 * each.weight[:, :, 0].numel() for name, each in backbone.named_modules() if name in temporal
    )
    assert sum(each.numel() for each in backbone.parameters()) == 23_508_032 + taps == 31_634_496


def reference_stage(stage: nn.Module, maps: torch.Tensor) -> torch.Tensor:
    """Return what the bottlenecks do, frame by frame and layer by layer, as an image network would."""
    for block in stage:
        out = maps
        for name in ("conv1", "conv2", "conv3"):
            layer = getattr(block, name)
            weight, stride = layer.conv.weight, layer.conv.stride[1]
            taps = weight.shape[2]
            padded = F.pad(out, (0, 0, 0, 0, 0, 0, taps // 2, taps // 2))
            place = weight.shape[3] // 2
            out = sum(
                F.conv2d(padded[tap : tap + len(out)], weight[:, :, tap], stride=stride, padding=place)
                for tap in range(taps)
            )
            out = layer.bn(out[None].transpose(1, 2))[0].transpose(0, 1)
            out = out if name == "conv3" else out.relu()
        shortcut = maps
        if block.downsample is not None:
            weight, stride = block.downsample.conv.weight[:, :, 0], block.downsample.conv.stride[1]
            shortcut = F.conv2d(maps, weight, stride=stride)
            shortcut = block.downsample.bn(shortcut[None].transpose(1, 2))[0].transpose(0, 1)
        maps = (out + shortcut).relu()
    return maps


def test_slowonly_equals_a_2d_network_whose_temporal_taps_are_summed(video: SlowOnly) -> None:
    frames = torch.rand(1, 4, 3, 32, 32)

    weight = video.conv1.conv.weight[:, :, 0]
    stem = F.conv2d(frames[0], weight, stride=2, padding=3)
    stem = video.conv1.bn(stem[None].transpose(1, 2))[0].transpose(0, 1).relu()
    maps = F.max_pool2d(stem, 3, 2, 1)
    for stage in (video.layer1, video.layer2, video.layer3, video.layer4):
        maps = reference_stage(stage, maps)

    assert torch.allclose(video(frames).coarse[0], maps, atol=1e-4)
    assert torch.allclose(video(frames).summary[0], maps.mean(dim=(2, 3)), atol=1e-4)


def test_pixels_are_read_in_0_to_1_and_no_mean_is_taken_off(video: SlowOnly) -> None:
    frames = torch.randint(0, 256, (1, 3, 3, 32, 32), dtype=torch.uint8)
    read: list[torch.Tensor] = []
    video.conv1.register_forward_pre_hook(lambda module, inputs: read.append(inputs[0]))

    video(frames)

    assert torch.allclose(read[0].transpose(1, 2), frames / 255, atol=1e-6)


def test_cnn14_turns_256_frames_of_128_bins_into_16_tokens() -> None:
    with torch.device("meta"):
        backbone = CNN14Backbone(CNN14, 128)
        blocks = backbone.blocks(torch.zeros(2, 128, 256))
        fine, coarse, summary = backbone(torch.zeros(2, 128, 256))

    assert [tuple(each.shape[1:]) for each in blocks] == [
        (64, 128, 64),
        (128, 64, 32),
        (256, 32, 16),
        (512, 16, 8),
        (1024, 16, 4),
        (2048, 16, 4),
    ]
    assert fine.shape == (2, 16, 512, 8) and coarse.shape == (2, 16, 2048, 4)
    assert backbone.channels == (512, 2048) and backbone.rows == (8, 4)
    assert summary.shape == (2, 16, 2048)


def test_cnn14_equals_its_published_steps_one_by_one(audio: CNN14Backbone) -> None:
    for each in audio.modules():
        if isinstance(each, nn.BatchNorm2d):
            nn.init.uniform_(each.running_mean, -0.2, 0.2)
            nn.init.uniform_(each.weight, 0.5, 1.5)
    log_mel = torch.rand(2, 32, 64)

    # In: (batch, 1, time, frequency), every band normalised on its own.
    norm = audio.bn0
    bands = (log_mel - norm.running_mean[:, None]) / (norm.running_var[:, None] + norm.eps).sqrt()
    x = (bands * norm.weight[:, None] + norm.bias[:, None]).transpose(1, 2)[:, None]
    for number, pool in enumerate([(2, 2), (2, 2), (2, 2), (2, 2), (1, 2), (1, 1)], start=1):
        block = getattr(audio, f"conv_block{number}")
        x = block.bn1(F.conv2d(x, block.conv1.weight, padding=1)).relu()
        x = block.bn2(F.conv2d(x, block.conv2.weight, padding=1)).relu()
        x = F.avg_pool2d(x, pool)
    columns = x.mean(dim=3)
    around = F.pad(columns, (1, 1))
    inside = F.pad(columns, (1, 1), value=-torch.inf)
    near = torch.stack([around[..., t : t + 3].mean(2) + inside[..., t : t + 3].amax(2) for t in range(4)], 1)
    expected = audio.fc1(audio.fc1(near).relu()).relu()

    assert torch.allclose(audio(log_mel).summary, expected, atol=1e-5)


def test_a_fifth_is_dropped_after_each_of_the_six_blocks_while_training_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[float, bool]] = []

    def dropout(maps: torch.Tensor, share: float, training: bool, inplace: bool) -> torch.Tensor:
        asked.append((share, training))
        return maps

    monkeypatch.setattr(F, "dropout", dropout)
    backbone = CNN14Backbone(NARROW_AUDIO, 32)
    backbone.blocks(torch.rand(1, 32, 64))
    backbone.eval().blocks(torch.rand(1, 32, 64))

    assert asked == [(0.2, True)] * 6 + [(0.2, False)] * 6


@pytest.mark.parametrize("norm", ["batch", "frozen"])
def test_batch_norm_sees_the_batch_and_frozen_batch_norm_does_not(norm: str) -> None:
    torch.manual_seed(0)
    networks: list[tuple[nn.Module, torch.Tensor]] = [
        (SlowOnly(dataclasses.replace(NARROW_VIDEO, norm=norm)), torch.rand(3, 2, 3, 32, 32)),
        (CNN14Backbone(dataclasses.replace(NARROW_AUDIO, norm=norm, dropout=0.0), 32), torch.rand(3, 32, 64)),
    ]
    for network, batch in networks:
        network.train()
        before = {name: each.clone() for name, each in network.named_buffers()}
        alone, among = network(batch[:1]).summary, network(batch).summary[:1]
        unchanged = all(torch.equal(each, before[name]) for name, each in network.named_buffers())

        assert torch.allclose(alone, among, atol=1e-5) == (norm == "frozen")
        assert unchanged == (norm == "frozen")


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: dataclasses.replace(SLOWONLY, norm="segment"), "has the norms batch, frozen"),
        (lambda: VideoConfig(norm="batch"), "has the norms segment, none"),
        (lambda: dataclasses.replace(SLOWONLY, size=100), "cannot be halved"),
        (lambda: dataclasses.replace(SLOWONLY, channels=(512, 1024, 1024)), "double from stage to stage"),
        (lambda: dataclasses.replace(CNN14, channels=(2, 4, 8, 16)), "multiple of 4"),
        (lambda: AudioConfig(dropout=0.1), "no dropout"),
    ],
)
def test_a_backbone_that_cannot_be_built_is_refused(make: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        make()
