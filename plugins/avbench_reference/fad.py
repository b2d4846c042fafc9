"""VGGish and PANNs' CNN14 as frechet-audio-distance sets them up, without what it does to their errors.

The package turns every error into a score of -1, and lays the vectors that CNN14 gives end to end, so that
the whole set is one column. Here rows are ``(batch, rows, dim)`` and an error is an error.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from avbench import ModelError
from avbench.embedders.hearing import ClipByClip
from avbench.embedders.public_files import load_public
from avbench_reference.packages import reference_module

VGGISH_RATE, VGGISH_SHORTEST = 16_000, 15_600
"""In Hz; samples of one patch of 96 frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One of the package's CNN14: its class, rate in Hz, window and hop in samples, upper end in Hz."""

    network: str
    sample_rate: int
    window: int
    hop: int
    high: int


PANNS = {
    "fad-pann": Setting(network="Cnn14_16k", sample_rate=16_000, window=512, hop=160, high=8_000),
    "fad-pann-32k": Setting(network="Cnn14", sample_rate=32_000, window=1024, hop=320, high=16_000),
}
"""As the package builds them. Its 16,000 Hz are PANNs' 14,000: the filters in the public file win."""

HALVINGS = 5


def load_vggish(device: str, weights: Path | None) -> ClipByClip:
    """Load VGGish the package's way: no PCA, no last ReLU.

    The folder's ``hubconf.py`` is run, as the package runs it: give only one that you trust.

    Raises:
        ModelError: There is no folder, or the package is not there.
    """
    if weights is None:
        raise ModelError("fad-vggish needs a folder.", hint="`avbench show fad-vggish` says what is in it.")
    network = _as_the_package_does(weights).model.to(device)
    network.device = torch.device(device)

    def heed(samples: Float[Tensor, " time"]) -> tuple[Float[Tensor, "rows dim"], None]:
        # Its front end asks for gradients, which inference mode does not give.
        with torch.inference_mode(False), torch.no_grad():
            rows: Tensor = network.forward(samples.cpu().numpy(), VGGISH_RATE)
        return torch.atleast_2d(rows), None

    return ClipByClip(
        heed, name="fad-vggish", sample_rate=VGGISH_RATE, shortest=VGGISH_SHORTEST, device=device
    )


def _as_the_package_does(folder: Path) -> Any:
    """Return the package's own object, and leave torch's hub folder as it was."""
    package = reference_module("frechet_audio_distance")
    before = torch.hub.get_dir()
    try:
        return package.FrechetAudioDistance(ckpt_dir=str(folder), model_name="vggish")
    finally:
        torch.hub.set_dir(before)


def pann(name: str) -> Any:
    """Return one of the package's CNN14, with random weights, as torch's generator makes them."""
    setting = PANNS[name]
    build = getattr(reference_module("frechet_audio_distance.models.pann"), setting.network)
    network = build(
        sample_rate=setting.sample_rate,
        window_size=setting.window,
        hop_size=setting.hop,
        mel_bins=64,
        fmin=50,
        fmax=setting.high,
        classes_num=527,
    )
    return network.eval().requires_grad_(False)


def heard_by_pann(network: Any, name: str, device: str) -> ClipByClip:
    """Return the embedder of one of the package's CNN14."""
    setting = PANNS[name]

    def heed(
        samples: Float[Tensor, " time"],
    ) -> tuple[Float[Tensor, "rows=1 dim"], Float[Tensor, " classes"]]:
        row: Tensor = network(samples[None], None)["embedding"]
        return row, network.fc_audioset(row)[0]

    shortest = (2**HALVINGS - 1) * setting.hop
    network.to(device)
    return ClipByClip(heed, name=name, sample_rate=setting.sample_rate, shortest=shortest, device=device)


def load_pann(device: str, weights: Path | None, *, name: str) -> ClipByClip:
    """Load one of PANNs' checkpoints into the package's network, running no code from it.

    Raises:
        ModelError: There is none, it is of another network, or the package is not there.
    """
    if weights is None:
        raise ModelError(f"{name} needs a checkpoint.", hint=f"`avbench show {name}` says where from.")
    network = pann(name)
    load_public(network, weights, name=name)
    return heard_by_pann(network, name, device)


load_pann_16k = partial(load_pann, name="fad-pann")
load_pann_32k = partial(load_pann, name="fad-pann-32k")
