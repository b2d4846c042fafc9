"""DeSync: Synchformer as a judge of sounds beside their pictures."""

from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from avbench.embedders.public_files import load_public
from avbench.errors import MediaError, ModelError
from avbench.judges.judge import Impression, Verdict
from avbench.protocols import AudioBatch, VideoBatch
from avbench_synchformer.network import Synchformer
from avbench_synchformer.windows import (
    FRAMES,
    SAMPLES,
    SHORTEST,
    WINDOW,
    desync,
    frame_starts,
    sample_starts,
    windows,
)


class DeSync:
    """Looks at and listens to segments one by one, and compares the first and the last window of a clip.

    Args:
        network: In evaluation mode.
        device: Where it computes.
    """

    def __init__(self, network: Synchformer, device: str) -> None:
        self.network = network.to(device)
        self.device = device

    def see(self, video: VideoBatch) -> Impression:
        """Return ``tokens`` ``(segment, 8, dim)``.

        Raises:
            MediaError: ``too-short``: there are fewer than a window's segments.
        """
        frames = centre(video.frames[0], self.network.config.side)
        starts = _enough(frame_starts(len(frames)))
        parts = (frames[start : start + FRAMES].to(self.device) for start in starts)
        return _tokens([self.network.vfeat_extractor(each[None].float() / 127.5 - 1) for each in parts])

    def hear(self, audio: AudioBatch) -> Impression:
        """Return ``tokens`` ``(segment, 6, dim)``; raises as :meth:`see`."""
        samples = audio.samples[0, 0].to(self.device)
        starts = _enough(sample_starts(len(samples)))
        return _tokens(
            [self.network.afeat_extractor(samples[None, start : start + SAMPLES]) for start in starts]
        )

    def judge(self, seen: Impression, heard: Impression) -> Mapping[str, Verdict]:
        """Return the score in seconds."""
        first, last = self.logits(seen, heard).argmax(dim=1).tolist()
        return {"sync.desync": desync((first, last))}

    def logits(self, seen: Impression, heard: Impression) -> Float[Tensor, "window=2 offset=21"]:
        """Compare both windows. What one stream has beyond the other's last segment is left out."""
        picture, sound = (torch.tensor(each["tokens"], device=self.device)[None] for each in (seen, heard))
        both = windows(min(picture.shape[1], sound.shape[1]))
        return torch.cat([self.network.compare(picture[:, each], sound[:, each]) for each in both])


def centre(
    frames: UInt8[Tensor, "time channel=3 height width"], side: int
) -> UInt8[Tensor, "time channel=3 side side"]:
    """Return the middle of frames."""
    top, left = (round((length - side) / 2) for length in frames.shape[2:])
    return frames[:, :, top : top + side, left : left + side]


def load(device: str, weights: Path | None) -> DeSync:
    """Load the public checkpoint.

    Raises:
        ModelError: There is none, or it is of another network.
    """
    if weights is None:
        raise ModelError("Synchformer needs a checkpoint.", hint="`avbench show desync` says where from.")
    network = Synchformer()
    load_public(network, weights, name="synchformer")
    return DeSync(network, device)


def _enough(starts: range) -> range:
    if len(starts) < WINDOW:
        raise MediaError("too-short", f"Synchformer judges clips of {SHORTEST:g} s and more.")
    return starts


def _tokens(parts: list[Float[Tensor, "segment=1 token dim"]]) -> Impression:
    return {"tokens": torch.cat(parts).float().cpu().numpy()}
