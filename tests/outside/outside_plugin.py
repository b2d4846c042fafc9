"""A third party's plugin: one contribution through each hook, in public names of avbench alone."""

from dataclasses import dataclass
from pathlib import Path

import click

from avbench import (
    AudioInput,
    Clip,
    Criterion,
    DatasetRecord,
    EmbedderRecord,
    Gallery,
    JudgeRecord,
    MetricRecord,
    ModelInputs,
    ModelRecord,
    Sight,
    TaskSpec,
    VideoInput,
    hookimpl,
)


class Loudness:
    """Embeds how bright and how loud a clip is, instant by instant."""

    def embed_video(self, batch):
        """Return ``(batch, dim=8)``: the mean brightness of eight parts of the clip."""
        brightness = batch.pixels().mean(dim=(2, 3, 4))
        return _eighths(brightness)

    def embed_audio(self, batch):
        """Return ``(batch, dim=8)``: the mean loudness of eight parts of the clip."""
        return _eighths(batch.samples.square().mean(dim=1))


def _eighths(curve):
    import torch

    return torch.nn.functional.adaptive_avg_pool1d(curve[:, None], 8)[:, 0]


class OneClip:
    """A dataset that lists one clip, which is not there."""

    name = "outside-data"
    revision = "1"
    notes = ()

    def __init__(self, root):
        self.clips = (Clip(id="absent", path=root / "absent.mp4"),)
        self.galleries = (Gallery(name="standard", clip_ids=("absent",)),)


@dataclass(frozen=True)
class Imported:
    """What became of the keys of one file, or of all."""

    path: Path | None = None
    source: str = "a file of the third party"
    matched: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    files: tuple["Imported", ...] = ()
    missing: tuple[str, ...] = ()


def import_weights(request):
    """Copy the first file: every line of it is a key."""
    text = request.files[0].read_text(encoding="utf-8")
    request.output.write_text(text, encoding="utf-8")
    return Imported(files=(Imported(path=request.files[0], matched=tuple(text.split())),), missing=("bias",))


@hookimpl
def avbench_models():
    """One model."""
    return [
        ModelRecord(
            name="outside-loudness",
            summary="Brightness against loudness.",
            load=lambda device: Loudness(),
            inputs=ModelInputs(
                video=VideoInput(fps=4, height=16, width=16), audio=AudioInput(sample_rate=8000)
            ),
            capabilities=("retrieval",),
            import_weights=import_weights,
        )
    ]


@hookimpl
def avbench_tasks():
    """One task."""
    return [
        TaskSpec(
            name="outside-retrieval",
            dataset="outside-data",
            seconds=1.0,
            version=1,
            summary="One clip.",
        )
    ]


@hookimpl
def avbench_datasets():
    """One dataset."""
    return [
        DatasetRecord(
            name="outside-data",
            summary="One clip.",
            open=lambda request: OneClip(request.cache),
            needs_root=False,
        )
    ]


@hookimpl
def avbench_metrics():
    """One metric."""
    return [MetricRecord(id="outside.score", summary="A number.", unit="fraction", higher_is_better=True)]


@hookimpl
def avbench_embedders():
    """One embedder."""
    return [
        EmbedderRecord(
            name="outside-net",
            summary="A network.",
            load=lambda device, weights: None,
            sample_rate=8000,
            dim=8,
            license="MIT",
        )
    ]


@hookimpl
def avbench_judges():
    """One judge."""
    return [
        JudgeRecord(
            name="outside-judge",
            summary="Whether bright is loud.",
            load=lambda device, weights: None,
            sight=Sight(short_side=16, fps=4),
            sample_rate=8000,
            criteria=(Criterion(id="sync.outside", unit="fraction", higher_is_better=True),),
            license="MIT",
        )
    ]


@hookimpl
def avbench_commands():
    """One command."""

    @click.command("outside-greet")
    @click.option("--name", default="you")
    def greet(name):
        """Greet."""
        click.echo(f"hello {name}")

    return [greet]
