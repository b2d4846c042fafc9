"""Synchformer's hearing of a segment: the audio spectrogram transformer, one token for each of six instants.

Gong, Chung and Glass, "AST: Audio Spectrogram Transformer", Interspeech 2021.

    spectrum   power of Hann frames of 400 in 1,024, hop 160, centred, mirrored at the ends: 65 frames
    log-mel    (log(128 filters of 0 … 8,000 Hz + 1e-6) + 4.2677393) / (2 · 4.5689974), a frame of log 1 last
    tokens     patches of 16 × 16 every 10 × 10, 12 bands × 6 instants, two tokens before, plus a place each
    summary    the bands of an instant, reduced to one token

Keys are those of v-iashin/Synchformer (``model/modules/feat_extractors/audio/ast.py``,
``hf_src/modeling_ast.py``, which is transformers'); the front end that of its ``configs/sync.yaml``, which is
torchaudio's ``MelSpectrogram``.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu, pad, scaled_dot_product_attention

from avbench.embedders.log_mel import MelSpectrum, centred, hann, mel_filters
from avbench_synchformer.config import Config
from avbench_synchformer.summary import Summary
from avbench_synchformer.windows import RATE

WINDOW, HOP, N_FFT, LEAST = 400, 160, 1024, 1e-6
MEAN, DEVIATION = -4.2677393, 4.5689974
SPECTRA = 66
PATCH, STRIDE = 16, 10
INSTANTS = (SPECTRA - PATCH) // STRIDE + 1
EPSILON = 1e-12


class Embeddings(nn.Module):
    """Cuts a spectrogram into overlapping patches, with a place each."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        self.distillation_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        bands = (config.bins - PATCH) // STRIDE + 1
        self.position_embeddings = nn.Parameter(torch.zeros(1, bands * INSTANTS + 2, config.dim))
        projection = nn.Conv2d(1, config.dim, PATCH, stride=STRIDE)
        self.patch_embeddings = nn.ModuleDict({"projection": projection})

    def forward(self, spectrograms: Float[Tensor, "segment bin frame"]) -> Float[Tensor, "segment token dim"]:
        """Return the tokens: two of no place, then patches band by band."""
        patches = self.patch_embeddings["projection"](spectrograms[:, None]).flatten(2).transpose(1, 2)
        special = torch.cat([self.cls_token, self.distillation_token], dim=1).expand(len(patches), -1, -1)
        return torch.cat([special, patches], dim=1) + self.position_embeddings


class Layer(nn.Module):
    """Attention and expansion, each on normalised tokens and added to them."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        parts = {name: nn.Linear(dim, dim) for name in ("query", "key", "value")}
        output = nn.ModuleDict({"dense": nn.Linear(dim, dim)})
        self.attention = nn.ModuleDict({"attention": nn.ModuleDict(parts), "output": output})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(dim, 4 * dim)})
        self.output = nn.ModuleDict({"dense": nn.Linear(4 * dim, dim)})
        self.layernorm_before = nn.LayerNorm(dim, eps=EPSILON)
        self.layernorm_after = nn.LayerNorm(dim, eps=EPSILON)

    def forward(self, tokens: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        """Return the tokens one layer deeper."""
        tokens = tokens + self._attended(self.layernorm_before(tokens))
        expanded = gelu(self.intermediate["dense"](self.layernorm_after(tokens)))
        return tokens + self.output["dense"](expanded)

    def _attended(self, tokens: Tensor) -> Tensor:
        parts = self.attention.get_submodule("attention")
        query, key, value = (
            rearrange(parts.get_submodule(name)(tokens), "b t (h d) -> b h t d", h=self.heads)
            for name in ("query", "key", "value")
        )
        answered = scaled_dot_product_attention(query, key, value)
        return self.attention.get_submodule("output.dense")(answered.transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    """The audio spectrogram transformer without its classifier."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        layers = (Layer(config.dim, config.heads) for _ in range(config.depth))
        self.encoder = nn.ModuleDict({"layer": nn.Sequential(*layers)})
        self.layernorm = nn.LayerNorm(config.dim, eps=EPSILON)

    def forward(self, spectrograms: Float[Tensor, "segment bin frame"]) -> Float[Tensor, "segment token dim"]:
        """Return the tokens of the patches, band by band."""
        return self.layernorm(self.encoder["layer"](self.embeddings(spectrograms)))[:, 2:]


class SoundTower(nn.Module):
    """The network and its front end."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.ast = Transformer(config)
        self.freq_attn_agg = Summary(config.dim, config.heads)
        filters = mel_filters(
            sample_rate=RATE, n_fft=N_FFT, bins=config.bins, low=0.0, high=RATE / 2, slopes="hz"
        )
        self.mel = MelSpectrum(window=hann(WINDOW, N_FFT), hop=HOP, n_fft=N_FFT, filters=filters, power=2)

    def log_mel(self, samples: Float[Tensor, " time=10240"]) -> Float[Tensor, "bin frame=66"]:
        """Return the normalised log-mel spectrogram of a segment."""
        spectra = torch.log(self.mel(centred(samples, N_FFT)) + LEAST).T
        return (pad(spectra, (0, SPECTRA - spectra.shape[1])) - MEAN) / (2 * DEVIATION)

    def forward(self, segments: Float[Tensor, "segment time=10240"]) -> Float[Tensor, "segment token=6 dim"]:
        """Listen to segments."""
        tokens = self.ast(torch.stack([self.log_mel(each) for each in segments]))
        by_instant = rearrange(tokens, "s (f t) d -> (s t) f d", t=INSTANTS)
        return self.freq_attn_agg.of(by_instant).unflatten(0, (-1, INSTANTS))
