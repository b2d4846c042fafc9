"""Log-mel to feature maps at two frequency resolutions, aligned in time with the video's."""

from jaxtyping import Float
from torch import Tensor, nn

from gmscavp.backbones.layers import Convolution, channels_last
from gmscavp.backbones.maps import Maps
from gmscavp.inputs import AudioConfig


class AudioBackbone(nn.Module):
    """A small convolutional network over time × frequency; time is divided by 8, frequency by 8 and by 16.

    Args:
        config: Channels and norm.
        bins: Mel bands of the input, a multiple of 16.
    """

    def __init__(self, config: AudioConfig, bins: int) -> None:
        super().__init__()
        norm = config.norm == "segment"
        half, quarter, eighth, last = config.channels
        self.channels = (eighth, last)
        self.rows = (bins // 8, bins // 16)
        self.to_half = Convolution(1, half, stride=(2, 2), norm=False)
        self.to_quarter = Convolution(half, quarter, stride=(2, 2), norm=norm)
        self.to_eighth = Convolution(quarter, eighth, stride=(2, 2), norm=norm)
        self.timbre = Convolution(eighth, eighth, norm=norm, residual=True)
        self.to_last = Convolution(eighth, last, stride=(1, 2), norm=norm)
        self.chord = Convolution(last, last, norm=norm, residual=True)

    def forward(self, log_mel: Float[Tensor, "batch bins frames"]) -> Maps:
        """Return maps at an eighth of the time resolution, with an eighth and a sixteenth of the bins.

        Token ``k`` is centred on frame ``8 k``: with 100 frames a second, on the video frame of the same
        index.

        Args:
            log_mel: In [0, 1].
        """
        image = channels_last((log_mel * 4 - 2).transpose(1, 2).unsqueeze(1))
        maps = self.to_quarter(self.to_half(image, 1), 1)
        fine = self.timbre(self.to_eighth(maps, 1), 1)
        coarse = self.chord(self.to_last(fine, 1), 1).transpose(1, 2)
        return Maps(fine=fine.transpose(1, 2), coarse=coarse, summary=coarse.mean(dim=3))
