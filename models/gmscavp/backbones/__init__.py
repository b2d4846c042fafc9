"""The backbone that a config asks for."""

from gmscavp.backbones.audio import AudioBackbone
from gmscavp.backbones.cnn14 import CNN14
from gmscavp.backbones.slowonly import SlowOnly
from gmscavp.backbones.video import VideoBackbone
from gmscavp.inputs import AudioConfig, VideoConfig


def video_backbone(config: VideoConfig) -> VideoBackbone | SlowOnly:
    """Return an untrained video backbone."""
    return SlowOnly(config) if config.backbone == "slowonly" else VideoBackbone(config)


def audio_backbone(config: AudioConfig, bins: int) -> AudioBackbone | CNN14:
    """Return an untrained audio backbone over log-mel of ``bins`` bands."""
    return CNN14(config, bins) if config.backbone == "cnn14" else AudioBackbone(config, bins)
