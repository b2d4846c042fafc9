"""Log-mel to samples: a light convolutional network that says what to excite, in the manner of Vocos.

As in Vocos (arXiv 2306.00814) ConvNeXt blocks over frames keep the frame rate throughout, and an inverse STFT
makes the samples. Ours is what is excited; the spectrum is the sum of

    impulses  exp(m + i p)              magnitude and phase of every bin, predicted: what Vocos has
    noise     exp(n) N                  N: complex Gaussian, the same for every clip
    tones     Σ_b a_b cos(2π ∫ f_b)     an oscillator for each mel band, whose phase carries on

What a convolution makes of a steady input is steady, and the same phases in every frame hold no tone but one
of whole periods a hop: hence the oscillators. Levels and f_b are corrections to what the log-mel shows, which
makes the untrained vocoder about as loud as it should be. Last, the sound is drawn towards the log-mel.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.checkpoint import load_network
from gmscavp.log_mel import mel_edges, mel_filters, mel_of
from gmscavp.sound.mel_projection import MelProjection
from gmscavp.sound.oscillators import Frames, Oscillators, Spectrum
from gmscavp.sound.vocoder_config import VOCODER, VOCODER_WEIGHTS, VocoderConfig

GOLDEN = (math.sqrt(5) - 1) / 2
"""Steps of this share of a turn never meet: start phases of neighbouring oscillators are far apart."""

Mel = Float[Tensor, "batch bins frames"]
Samples = Float[Tensor, "batch samples"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excitation:
    """What a vocoder draws.

    Attributes:
        noise: Standard complex normal, ``(frames, frequencies)``, or of each row of a batch.
        start: Phases of the oscillators in the first sample, in turns, ``(bins,)``, or of each row.
    """

    noise: Tensor
    start: Tensor


class Block(nn.Module):
    """y = x + γ W_2 gelu(W_1 norm(k * x)), a ConvNeXt block over time; k is depthwise."""

    def __init__(self, width: int, kernel: int, expansion: int, scale: float) -> None:
        super().__init__()
        self.local = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, expansion * width)
        self.narrow = nn.Linear(expansion * width, width)
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, frames: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch time width"]:
        """Return frames of the same shape."""
        seen = self.local(frames.transpose(1, 2)).transpose(1, 2)
        return frames + self.scale * self.narrow(F.gelu(self.widen(self.norm(seen))))


class Vocoder(nn.Module):
    """Samples from log-mel, as many as ``frames · hop``; any number of frames.

    Args:
        config: What it is made of.
    """

    window: Tensor
    spread: Tensor
    areas: Tensor

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        self.config = config
        width, bins, frequencies = config.width, config.log_mel.bins, config.window // 2 + 1
        self.sizes = (frequencies, frequencies, bins, bins, bins)
        self.embed = nn.Conv1d(bins, width, config.kernel, padding=config.kernel // 2)
        self.first = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            Block(width, config.kernel, config.expansion, 1 / config.depth) for _ in range(config.depth)
        )
        self.last = nn.LayerNorm(width)
        self.head = nn.Linear(width, sum(self.sizes))
        self.oscillators = Oscillators(config)
        self.projection = MelProjection(config.log_mel)
        self.register_buffer("window", torch.hann_window(config.window), persistent=False)
        self.register_buffer("spread", band_to_frequency(config), persistent=False)
        self.register_buffer("areas", mel_filters(config.log_mel).sum(1), persistent=False)
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        """Start with noise at the right level, and little else."""
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        impulse, phase, noise, tone, pitch = self.head.bias.split(self.sizes)
        impulse.fill_(-2.0)
        tone.fill_(-1.0)
        for each in (phase, noise, pitch):
            each.zero_()

    def forward(
        self, log_mel: Mel, excitation: Excitation | None = None, *, projections: int | None = None
    ) -> Samples:
        """Return ``frames · hop`` samples in [-1, 1].

        Args:
            log_mel: In [0, 1], as :class:`~gmscavp.log_mel.LogMel` makes it.
            excitation: Noise and phases; by default always the same, however many frames follow.
            projections: How often the sound is drawn towards the log-mel; by default as the config says. Few
                suit log-mel that is coarser than a true one, whose detail the network makes up.

        Raises:
            ValueError: The log-mel has other bins, or no frame.
        """
        bins = self.config.log_mel.bins
        if log_mel.ndim != 3 or log_mel.shape[1] != bins or not log_mel.shape[2]:
            raise ValueError(
                f"Log-mel must be (batch, {bins}, frames) with frames > 0, not {tuple(log_mel.shape)}."
            )
        drawn = excitation or self.excitation(log_mel.shape[2])
        samples = self.sound(log_mel, self.trunk(log_mel), drawn)
        times = self.config.projections if projections is None else projections
        with torch.autocast(log_mel.device.type, enabled=False):
            return self.projection(samples, log_mel.float(), times).clamp(-1, 1)

    def sound(self, log_mel: Mel, frames: Frames, excitation: Excitation) -> Samples:
        """Return the samples of what :meth:`trunk` says of every frame."""
        # Phases in bfloat16 would be no phases: never under autocast.
        with torch.autocast(log_mel.device.type, enabled=False):
            mel = mel_of(log_mel.float()).transpose(1, 2)
            impulse, phase, noise, tone, pitch = frames.float().split(self.sizes, dim=2)
            level = self.noise_level(mel)
            impulses = torch.polar((level @ self.spread + impulse).exp(), phase)
            hiss = ((level + noise) @ self.spread).exp() * excitation.noise.to(mel.device)
            tones = self.oscillators(mel, tone, pitch, excitation.start.to(mel.device))
            return self.inverse(impulses + hiss + tones)

    def trunk(self, log_mel: Mel) -> Frames:
        """Return what every frame excites, seen among those around it: ``(batch, frames, sum(sizes))``."""
        frames = self.first(self.embed(log_mel * 4 - 2).transpose(1, 2))
        for block in self.blocks:
            frames = block(frames)
        return self.head(self.last(frames))

    def noise_level(self, mel: Frames) -> Frames:
        """Return log |STFT| under the vocoder's window, were all of it noise: ``(batch, frames, bins)``.

        Frames that overlap and know nothing of each other average out: they are louder by what that takes.
        """
        windows = self.config.window / self.config.log_mel.window
        overlap = self.config.window / self.config.log_mel.hop
        return (mel / self.areas).log() + 0.5 * math.log(windows * overlap)

    def excitation(self, frames: int) -> Excitation:
        """Return the same excitation always; more frames leave the first as they are."""
        drawn = torch.randn(frames, self.sizes[0], 2, generator=torch.Generator().manual_seed(0))
        return Excitation(
            noise=torch.view_as_complex(drawn * math.sqrt(0.5)),
            start=torch.arange(self.config.log_mel.bins) * GOLDEN % 1,
        )

    def inverse(self, spectrum: Spectrum) -> Samples:
        """Return the samples of a spectrum; frame ``k`` is centred on sample ``k · hop``."""
        hop = self.config.log_mel.hop
        length = spectrum.shape[1] * hop
        return torch.istft(
            spectrum.transpose(1, 2), self.config.window, hop, window=self.window, length=length
        )


def band_to_frequency(config: VocoderConfig) -> Float[Tensor, "bins frequencies"]:
    """Return weights that interpolate from band centres to the frequencies of the inverse STFT, in Hz."""
    centres = mel_edges(config.log_mel)[1:-1].contiguous()
    hz = torch.linspace(0, config.log_mel.sample_rate / 2, config.window // 2 + 1, dtype=torch.float64)
    hz = hz.clamp(centres[0], centres[-1])
    above = torch.searchsorted(centres, hz).clamp(min=1)
    share = (hz - centres[above - 1]) / (centres[above] - centres[above - 1])
    upper, lower = F.one_hot(above, len(centres)), F.one_hot(above - 1, len(centres))
    return (share * upper.T + (1 - share) * lower.T).float()


def load_vocoder(path: Path | None = None, device: str = "cpu") -> Vocoder:
    """Return a trained vocoder, ready to use.

    Args:
        path: A weight file; by default the bundled one.
        device: Where it computes.

    Raises:
        CheckpointError: The file is missing, damaged, or of something else.
    """
    network = load_network(path or VOCODER_WEIGHTS, VOCODER.name, VocoderConfig, Vocoder, format="gmscavp")
    return network.to(device).eval().requires_grad_(False)
