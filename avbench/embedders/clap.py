"""CLAP through transformers' ``ClapModel``: 512 columns, one unit vector a clip or text, in one space.

Wu et al., Large-scale contrastive language-audio pretraining, arXiv 2211.06687. A clip longer than the 10 s
that the model hears is cut to its first 10 s, where LAION's code and transformers take a random part: our
choice, for the same clip to give the same row. A shorter one is repeated, then padded with zeros, as by them.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from avbench.embedders.hearing import ClipByClip
from avbench.errors import ModelError

SAMPLE_RATE, DIM, SECONDS = 48_000, 512, 10


class Clap:
    """A CLAP model and what prepares its input.

    Args:
        folder: Holds config, weights, extractor and tokenizer, as ``save_pretrained`` writes them.
        device: Where it computes.
    """

    def __init__(self, folder: Path, device: str) -> None:
        transformers: Any = importlib.import_module("transformers")
        self.folder = folder
        self.device = device
        # Its bars would tear avbench's own.
        transformers.utils.logging.disable_progress_bar()
        self.model: Any = transformers.ClapModel.from_pretrained(folder, local_files_only=True)
        self.model.eval().requires_grad_(False).to(device)
        self.extractor: Any = transformers.ClapFeatureExtractor.from_pretrained(folder, local_files_only=True)
        self.tokenizer: Any = None

    def __call__(self, samples: Float[Tensor, " time"]) -> tuple[Float[Tensor, "rows=1 dim"], None]:
        """Embed a clip; it names no classes."""
        # One clip at a time, at most as long as the model hears: the extractor draws nothing at random.
        heard = samples[: self.extractor.nb_max_samples].cpu().numpy()
        inputs = self.extractor(heard, sampling_rate=SAMPLE_RATE, return_tensors="pt")
        return _tensor(self.model.get_audio_features(**inputs.to(self.device))), None

    def read(self, texts: Sequence[str]) -> Float[Tensor, "text dim"]:
        """Embed texts, one by one: rounding depends on the batch."""
        self.tokenizer = self.tokenizer or self._tokenizer()
        rows: list[Tensor] = []
        with torch.inference_mode():
            for text in texts:
                tokens = self.tokenizer([text], truncation=True, return_tensors="pt").to(self.device)
                rows.append(_tensor(self.model.get_text_features(**tokens)))
        return torch.cat(rows).float()

    def _tokenizer(self) -> Any:
        """Return the folder's tokenizer.

        Without its files transformers makes one of five tokens, which maps every text to the same.

        Raises:
            ModelError: It does not know the words of the model.
        """
        transformers: Any = importlib.import_module("transformers")
        tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
        wanted = int(self.model.config.text_config.vocab_size)
        if len(tokenizer) < wanted:
            raise ModelError(
                f"The tokenizer in {self.folder} knows {len(tokenizer)} tokens, the model {wanted}.",
                hint="Put the model's own tokenizer there: tokenizer.json, or vocab.json and merges.txt.",
            )
        return tokenizer


class ClapByClip(ClipByClip):
    """Hears each clip on its own, and reads."""

    def __init__(self, clap: Clap, device: str) -> None:
        super().__init__(
            clap, name="clap", sample_rate=SAMPLE_RATE, shortest=clap.extractor.fft_window_size, device=device
        )
        self.clap = clap

    def read(self, texts: Sequence[str]) -> Float[Tensor, "text dim"]:
        """Embed texts: ``(text, dim)``.

        Raises:
            ModelError: The folder has no tokenizer of the model.
        """
        return self.clap.read(texts)


def _tensor(output: Any) -> Tensor:
    # transformers 5 returns an object, 4 the tensor itself.
    return output if isinstance(output, Tensor) else output.pooler_output


def load(device: str, weights: Path | None) -> ClapByClip:
    """Load a CLAP model from a folder.

    Raises:
        ModelError: There is none.
    """
    if weights is None:
        raise ModelError("CLAP needs the folder of a model.", hint="`avbench show clap` says where from.")
    return ClapByClip(Clap(weights, device), device)
