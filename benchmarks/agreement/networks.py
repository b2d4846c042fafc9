"""Our embedders and the field's own code, with the same weights, on the same sounds.

No public checkpoint is at hand: the weights are random, drawn with a seed, written as the public files are
laid out and loaded by both sides. Batch statistics are drawn too.
"""

import importlib
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from avbench import AudioBatch
from avbench.embedders import clap, panns, vggish
from avbench.metrics.frechet import frechet_distance, moments
from avbench.protocols import AudioEmbedder
from avbench_reference import fad, laion
from avbench_reference.packages import reference_module
from benchmarks.agreement.comparison import Compare, Comparison, table

CLIPS, LENGTHS = 12, (10, 3, 12)
"""Clips of a set; their seconds, in turn."""

HUBCONF = """
dependencies = ["torch", "torchvggish"]
import torch
from torchvggish import vggish_input
from torchvggish.torchvggish import make_layers, VGG


class VGGish(VGG):
    def __init__(self):
        super().__init__(make_layers(), False)
        self.load_state_dict(torch.load({weights!r}))

    def forward(self, samples, rate):
        return VGG.forward(self, vggish_input.waveform_to_examples(samples, rate).to(self.device))


def vggish():
    return VGGish()
"""
"""The hub folder of harritaylor/torchvggish in short, around the network and front end of its package."""


def sounds(sample_rate: int, seed: int) -> Iterator[Tensor]:
    """Yield clips ``(time,)``: a tone that rises or falls, pulsed noise, and hiss."""
    for index in range(CLIPS):
        rng = np.random.default_rng([seed, index])
        time = np.arange(LENGTHS[index % 3] * sample_rate) / sample_rate
        tone = np.sin(2 * np.pi * (rng.uniform(100, 3000) + rng.uniform(-50, 50) * time) * time)
        pulses = rng.normal(size=len(time)) * (np.sin(2 * np.pi * rng.uniform(0.5, 5) * time) > 0.8)
        mixed = rng.dirichlet(np.ones(3)) @ np.stack([tone, pulses, 0.01 * rng.normal(size=len(time))])
        yield torch.from_numpy(0.3 * (1 + seed) * mixed).float()


def heard(embedder: AudioEmbedder, sample_rate: int, seed: int) -> list[np.ndarray]:
    """Return the rows ``(rows, dim)`` of some clips, each heard alone, and their logits if there are any."""
    each = [
        embedder.hear(AudioBatch(samples=clip[None, None], sample_rate=sample_rate, clips=()))
        for clip in sounds(sample_rate, seed)
    ]
    logits = [one.logits for one in each if one.logits is not None]
    found = [torch.cat([one.rows[0] for one in each]), *([torch.cat(logits)] if logits else [])]
    return [values.double().numpy() for values in found]


def compared_by_sound(
    number: str,
    package: str,
    function: str,
    embedders: tuple[AudioEmbedder, AudioEmbedder],
    sample_rate: int,
) -> Iterator[Comparison]:
    """Yield how rows and logits of our embedder and theirs compare, and the distance of two sets by each."""
    ours, theirs = ([heard(each, sample_rate, seed) for seed in (0, 1)] for each in embedders)
    for what, mine, others in zip(("rows", "logits"), ours[0], theirs[0], strict=False):
        yield Comparison(
            number=f"{what} of {number}", package=package, function=function, within=1e-4,
            ours=mine - others.mean(0), theirs=others - others.mean(0),
            note=f"{len(others)} of {others.shape[1]} columns, less their mean",
        )  # fmt: skip
    distances = [frechet_distance(*(moments(each[0]) for each in sets)) for sets in (ours, theirs)]
    yield Comparison(
        number=f"Fréchet distance through {number}", package=package, function=function, within=1e-4,
        ours=distances[0], theirs=distances[1], note=f"two sets of {CLIPS} clips of 3, 10 and 12 s",
    )  # fmt: skip


def randomised(network: nn.Module, seed: int) -> nn.Module:
    """Draw the batch statistics of a network whose weights are random already."""
    torch.manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2.0)
    return network.eval()


def transformers_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name the sound half of laion-clap's state as transformers' ``ClapModel`` names it.

    The attention's query, key and value, one matrix there, are three here.
    """
    renamed: dict[str, Tensor] = {}
    for key, value in state.items():
        if "extractor" in key or key.endswith(("attn_mask", "num_batches_tracked")):
            continue  # what transformers computes, or does not keep
        for old, new in (
            ("audio_branch.", "audio_model.audio_encoder."),
            ("audio_projection.0", "audio_projection.linear1"),
            ("audio_projection.2", "audio_projection.linear2"),
            ("attn.proj.", "attention.output.dense."),
            ("attn.", "attention.self."),
            ("mlp.fc1", "intermediate.dense"),
            ("mlp.fc2", "output.dense"),
            ("norm1", "layernorm_before"),
            ("norm2", "layernorm_after"),
            ("bn0", "batch_norm"),
        ):
            key = key.replace(old, new)
        if ".qkv." in key:
            for name, part in zip(("query", "key", "value"), value.chunk(3), strict=True):
                renamed[key.replace("qkv", name)] = part
        else:
            renamed[key] = value
    return renamed


def clap_rows() -> Iterator[Comparison]:
    """Compare our CLAP, through transformers, with laion-clap."""
    transformers = importlib.import_module("transformers")
    torch.manual_seed(0)
    theirs = laion.LaionClap(laion.Tower(), "cpu")
    randomised(theirs.sound_half, 1)
    text = {"num_hidden_layers": 1, "hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2}
    model = transformers.ClapModel(transformers.ClapConfig(text_config=text))
    found = model.load_state_dict(transformers_keys(theirs.sound_half.state_dict()), strict=False)
    # Two layers of classes, which laion-clap keeps and does not use, have no place in ClapModel.
    strange = [key for key in found.unexpected_keys if "tscam_conv" not in key and "encoder.head" not in key]
    strange += [key for key in found.missing_keys if key.startswith("audio_")]
    if strange:
        raise ValueError(f"keys that have no place, or none to fill it: {strange}")
    # As the published preprocessor_config.json of laion/clap-htsat-unfused states them.
    extractor = transformers.ClapFeatureExtractor(truncation="rand_trunc", frequency_min=50)
    with tempfile.TemporaryDirectory() as folder:
        for each in (model, extractor):
            each.save_pretrained(folder)
        yield from _clap_front_end(extractor, theirs)
        ours = clap.load("cpu", Path(folder))
        yield from compared_by_sound(
            "clap", "laion-clap", "CLAP_Module", (ours, theirs.by_clip("cpu")), laion.SAMPLE_RATE
        )


def _clap_front_end(extractor: Callable[..., object], theirs: laion.LaionClap) -> Iterator[Comparison]:
    branch = theirs.module.model.audio_branch
    ours, reference = [], []
    for clip in sounds(laion.SAMPLE_RATE, 0):
        heard = clip[: 10 * laion.SAMPLE_RATE]
        if len(heard) == 10 * laion.SAMPLE_RATE:
            inputs = extractor(heard.numpy(), sampling_rate=laion.SAMPLE_RATE, return_tensors="np")
            ours.append(inputs["input_features"][0, 0])
            reference.append(branch.logmel_extractor(branch.spectrogram_extractor(heard[None]))[0, 0].numpy())
    yield Comparison(
        number="log-mel of clap", package="laion-clap", function="logmel_extractor", within=1e-4,
        ours=np.array(ours), theirs=np.array(reference), note=f"{len(ours)} clips of 10 s, in dB",
    )  # fmt: skip


def vggish_rows() -> Iterator[Comparison]:
    """Compare our VGGish with the network and front end that frechet-audio-distance loads."""
    module = importlib.import_module("torchvggish.torchvggish")
    torch.manual_seed(0)
    network = module.VGG(module.make_layers(), False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = folder / "checkpoints" / "vggish.pth"
        for each in ("checkpoints", "harritaylor_torchvggish_master"):
            (folder / each).mkdir()
        torch.save(network.state_dict(), weights)
        (folder / "harritaylor_torchvggish_master" / "hubconf.py").write_text(
            HUBCONF.format(weights=str(weights))
        )
        theirs = fad.load_vggish("cpu", folder)
        ours = vggish.load("cpu", weights)
        yield from compared_by_sound(
            "vggish", "frechet-audio-distance", 'FrechetAudioDistance("vggish")', (ours, theirs), 16_000
        )


def panns_rows() -> Iterator[Comparison]:
    """Compare our CNN14 at both rates with frechet-audio-distance's."""
    models = reference_module("frechet_audio_distance.models.pann")
    for name, number, load in (
        ("fad-pann", "panns", panns.load_16k),
        ("fad-pann-32k", "panns-32k", panns.load_32k),
    ):
        setting = fad.PANNS[name]
        torch.manual_seed(0)
        # The upper end is that of the public file, whose filters win over the package's.
        network = getattr(models, setting.network)(
            setting.sample_rate, setting.window, setting.hop, 64, 50, min(setting.high, 14_000), 527
        )
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder, "cnn14.pth")
            torch.save({"model": randomised(network, 1).state_dict()}, weights)
            theirs = fad.load_pann("cpu", weights, name=name)
            ours = load("cpu", weights)
        yield from compared_by_sound(
            number, "frechet-audio-distance", setting.network, (ours, theirs), setting.sample_rate
        )


def laid_end_to_end() -> str:
    """Return what becomes of the rows of two sets of CNN14 inside frechet-audio-distance, and here."""
    package = reference_module("frechet_audio_distance").FrechetAudioDistance
    its = package.__new__(package)  # without its constructor, which fetches a checkpoint
    its.model, its.model_name, its.device, its.verbose = (
        fad.pann("fad-pann"),
        "pann",
        torch.device("cpu"),
        False,
    )
    clips = [clip.numpy() for clip in sounds(16_000, 0)][:6]
    sets = [its.get_embeddings(each, 16_000) for each in (clips[:3], clips[3:])]
    lines = [["array of 3 clips", f"`{sets[0].shape}`"]]
    for name, distance in (
        ("frechet-audio-distance: statistics, then distance", lambda: _its_distance(its, sets)),
        ("avbench, given the same arrays", lambda: frechet_distance(*map(moments, sets))),
    ):
        try:
            lines.append([name, f"{distance():.3g}"])
        except ValueError as error:
            lines.append([name, f"ValueError: {error}"])
    return table(["CNN14 in frechet-audio-distance", "what comes of it"], lines)


def _its_distance(its: Any, sets: list[np.ndarray]) -> float:
    statistics = [each for one in sets for each in its.calculate_embd_statistics(one)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return its.calculate_frechet_distance(*statistics)


NETWORKS: tuple[Compare, ...] = (clap_rows, vggish_rows, panns_rows)
