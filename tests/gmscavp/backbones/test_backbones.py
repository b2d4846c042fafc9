import torch
from torch import nn

from gmscavp.backbones.audio import AudioBackbone
from gmscavp.backbones.layers import SegmentNorm, TemporalConvolution
from gmscavp.backbones.video import VideoBackbone
from gmscavp.inputs import AudioConfig, VideoConfig


def test_video_maps_keep_every_frame_and_a_quarter_and_an_eighth_of_the_size() -> None:
    fine, coarse, _ = VideoBackbone(VideoConfig())(torch.zeros(2, 25, 3, 56, 56, dtype=torch.uint8))

    assert fine.shape == (2, 25, 32, 14, 14)
    assert coarse.shape == (2, 25, 96, 7, 7)


def test_audio_maps_have_a_token_for_each_video_frame() -> None:
    fine, coarse, _ = AudioBackbone(AudioConfig(), 64)(torch.zeros(2, 64, 200))

    assert fine.shape == (2, 25, 96, 8)
    assert coarse.shape == (2, 25, 128, 4)


def test_uint8_frames_and_the_same_frames_in_0_to_1_give_the_same_maps() -> None:
    torch.manual_seed(0)
    backbone = VideoBackbone(VideoConfig(size=16, channels=(4, 6, 8)))
    frames = torch.randint(0, 256, (2, 5, 3, 16, 16), dtype=torch.uint8)

    for whole, scaled in zip(backbone(frames), backbone(frames / 255), strict=True):
        assert torch.allclose(whole, scaled, atol=1e-5)


def test_segment_norm_is_group_norm_with_one_group_over_time_too() -> None:
    torch.manual_seed(0)
    maps = torch.randn(3 * 5, 4, 6, 7) * 3 + 1

    found = SegmentNorm()(maps, 5)

    segments = maps.reshape(3, 5, 4, 6, 7).transpose(1, 2)
    expected = nn.functional.group_norm(segments, 1).transpose(1, 2).reshape(maps.shape)
    assert torch.allclose(found, expected, atol=1e-5)


def test_segments_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    backbone = VideoBackbone(VideoConfig(size=16, channels=(4, 6, 8)))
    frames = torch.randint(0, 256, (2, 5, 3, 16, 16), dtype=torch.uint8)
    other = frames.clone()
    other[1] = 255 - other[1]

    for one, two in zip(backbone(frames), backbone(other), strict=True):
        assert torch.allclose(one[0], two[0], atol=1e-6)
        assert not torch.allclose(one[1], two[1], atol=1e-2)


def test_temporal_convolution_equals_a_3d_convolution_at_every_place() -> None:
    torch.manual_seed(0)
    layer = TemporalConvolution(4, norm=False)
    maps = torch.randn(2 * 6, 4, 3, 5)

    inner = layer.inner.convolution
    volume = maps.reshape(2, 6, 4, 3, 5).transpose(1, 2)
    moved = nn.functional.conv3d(volume, inner.weight[..., None], inner.bias, padding=(1, 0, 0)).relu()
    expected = (volume + moved).transpose(1, 2).reshape(maps.shape)
    assert torch.allclose(layer(maps, 6), expected, atol=1e-5)


def influence(backbone: nn.Module, silent: torch.Tensor, marked: torch.Tensor) -> int:
    """Return the time at which the coarse maps of two inputs differ most."""
    difference = (backbone(marked)[1] - backbone(silent)[1]).abs().flatten(2).mean(dim=2)[0]
    return int(difference.argmax())


def test_what_happens_at_one_instant_moves_the_same_token_of_both_streams() -> None:
    torch.manual_seed(0)
    video = VideoBackbone(VideoConfig(norm="none", size=16, channels=(4, 6, 8)))
    audio = AudioBackbone(AudioConfig(norm="none"), 64)
    frames, log_mel = torch.full((1, 25, 3, 16, 16), 0.5), torch.zeros(1, 64, 200)
    flash, beep = frames.clone(), log_mel.clone()
    flash[:, 11] = 1.0
    beep[:, :, 88] = 1.0

    assert influence(video, frames, flash) == influence(audio, log_mel, beep) == 11
