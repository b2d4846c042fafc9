"""CLAP through laion-clap's own ``CLAP_Module``: 512 columns, one unit vector a clip.

Wu et al., Large-scale contrastive language-audio pretraining, arXiv 2211.06687. The package cuts a random ten
seconds out of a longer clip; here it is given the first ten, so that the same clip gives the same row. A
shorter one it repeats, then pads with zeros. Samples go in as they are: the package rounds them to 16 bits
only where they come as numpy arrays or files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from avbench import ModelError
from avbench.embedders.hearing import ClipByClip
from avbench.embedders.public_files import load_public, read_tensors
from avbench_reference.packages import reference_module, without_hub

SAMPLE_RATE, DIM, SECONDS = 48_000, 512, 10
SHORTEST = 1024
"""Samples of one frame of the spectrum."""

EMBEDDING = "audio_branch.patch_embed.proj.weight"
TOWERS = {96: "HTSAT-tiny", 128: "HTSAT-base"}
"""The package's audio towers, by the channels of their first layer."""

FUSED = "audio_branch.patch_embed.mel_conv2d.weight"
"""A key that only checkpoints of the package's feature fusion have."""

NOT_FOR_SOUND = (
    "text_", "audio_transform.", "logit_scale", "positional_embedding", "token_embedding", "ln_final."
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """Which of the package's models: the name of its audio tower, and whether it fuses features."""

    name: str = "HTSAT-tiny"
    fused: bool = False


class LaionClap:
    """The package's model, of which the sound half is used.

    Args:
        tower: Which model. Its weights are random, as torch's generator makes them.
        device: Where it computes.
    """

    def __init__(self, tower: Tower, device: str) -> None:
        laion_clap = reference_module("laion_clap")
        with without_hub():
            # Its own small text tower: the default one would be fetched from the hub.
            self.module: Any = laion_clap.CLAP_Module(
                enable_fusion=tower.fused, amodel=tower.name, tmodel="transformer", device=device
            )
        self.module.eval().requires_grad_(False)

    @property
    def sound_half(self) -> nn.ModuleDict:
        """What turns sound into a row, with the keys of the public checkpoints."""
        model = self.module.model
        return nn.ModuleDict({"audio_branch": model.audio_branch, "audio_projection": model.audio_projection})

    def __call__(self, samples: Float[Tensor, " time"]) -> tuple[Float[Tensor, "rows=1 dim"], None]:
        """Embed a clip; it names no classes."""
        heard = samples[None, : SECONDS * SAMPLE_RATE]
        return self.module.get_audio_embedding_from_data(heard, use_tensor=True), None

    def by_clip(self, device: str) -> ClipByClip:
        """Return the embedder."""
        return ClipByClip(self, name="laion-clap", sample_rate=SAMPLE_RATE, shortest=SHORTEST, device=device)


def tower_of(tensors: Mapping[str, Tensor], path: Path) -> Tower:
    """Return which model a checkpoint is of.

    Raises:
        ModelError: None of the package's that is known.
    """
    bare = {key.removeprefix("module."): each for key, each in tensors.items()}
    channels = len(bare[EMBEDDING]) if EMBEDDING in bare else 0
    if channels not in TOWERS:
        raise ModelError(
            f"The weights {path} are not those of laion-clap's {' or '.join(TOWERS.values())}.",
            hint="Give one of lukewys/laion_clap's checkpoints, not one in transformers' form.",
        )
    return Tower(name=TOWERS[channels], fused=FUSED in bare)


def load(device: str, weights: Path | None) -> ClipByClip:
    """Load one of LAION's checkpoints, of any of the package's models, running no code from it.

    Raises:
        ModelError: There is none, it is of another model, or the package is not there.
    """
    if weights is None:
        raise ModelError("laion-clap needs a checkpoint.", hint="`avbench show laion-clap` says where from.")
    clap = LaionClap(tower_of(read_tensors(weights), weights), device)
    load_public(clap.sound_half, weights, name="laion-clap", ignored=NOT_FOR_SOUND)
    return clap.by_clip(device)
