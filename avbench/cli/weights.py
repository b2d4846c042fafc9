"""``avbench weights``: public checkpoints, brought to a model of avbench."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from avbench.cli.options import json_option, plugin_option, print_json
from avbench.errors import ModelError, UsageError
from avbench.requests import ImportedFile, ImportReport, ImportRequest

SHOWN = 6
"""Keys that a list names before it only counts them; ``--json`` has them all."""


@click.group("weights")
def command() -> None:
    """Bring public checkpoints to a model."""


@command.command("import")
@click.argument("model")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(dir_okay=False, path_type=Path)
)
@click.option("--config", required=True, metavar="NAME", help="Configuration of the model.")
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The weight file to write.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seeds what no file fills.")
@plugin_option
@json_option
def import_weights(
    model: str,
    files: tuple[Path, ...],
    config: str,
    output: Path,
    seed: int,
    plugins: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write a weight file of MODEL from public checkpoints.

    Keys are renamed to the model's own and compared name by name and shape by shape; whatever does not match
    is reported. Files are read without running code from them. A file of which nothing matches is an error,
    and then nothing is written.

    \b
    Examples:
      avbench weights import cavp cavp_epoch66.ckpt --config published --output cavp.safetensors
      avbench weights import cavp slowonly_k400.pth Cnn14_16k.pth --config published --output init.safetensors
      avbench run --model cavp --model-args config=published,weights=cavp.safetensors --task avsynth-retrieval
    """
    from avbench.plugins import registry

    record = registry.load(plugins).models.get(model)
    if record.import_weights is None:
        raise UsageError(
            f"The model {model!r} knows no public checkpoints.", hint="Try cavp with --config published."
        )
    request = ImportRequest(config=config, files=files, output=output, seed=seed)
    report = record.import_weights(request)
    strangers = [each.path for each in report.files if not each.matched]
    if as_json:
        print_json(_document(report, None if strangers else output))
    else:
        click.echo("\n".join(_lines(report, None if strangers else output)))
    if strangers:
        raise ModelError(
            f"Nothing in {', '.join(map(str, strangers))} fits config {config!r} of {model}: "
            "no weight file was written.",
            hint="Pass another --config, or a checkpoint that the model's page names.",
        )


def _document(report: ImportReport, output: Path | None) -> dict[str, object]:
    files = [
        {
            "path": str(each.path),
            "source": each.source or None,
            "matched": list(each.matched),
            "unmatched": list(each.unmatched),
            "mismatched": [
                {"key": key, "file": list(there), "model": list(here)} for key, there, here in each.mismatched
            ],
        }
        for each in report.files
    ]
    return {
        "output": None if output is None else str(output),
        "files": files,
        "missing": list(report.missing),
    }


def _lines(report: ImportReport, output: Path | None) -> Iterator[str]:
    for each in report.files:
        yield f"{each.path}: {each.source or 'no checkpoint that the model knows'}"
        yield from _counts(each)
    yield f"keys of the model that no file fills: {_named(report.missing)}"
    if output is not None:
        yield str(output)


def _counts(file: ImportedFile) -> Iterator[str]:
    yield f"  keys that match: {len(file.matched)}"
    yield f"  keys with no place in the model: {_named(file.unmatched)}"
    shapes = [f"{key} {list(there)} for {list(here)}" for key, there, here in file.mismatched]
    yield f"  keys of another shape: {_named(shapes)}"


def _named(keys: Sequence[str]) -> str:
    rest = f" and {len(keys) - SHOWN} more (--json names all)" if len(keys) > SHOWN else ""
    return f"{len(keys)}: {', '.join(keys[:SHOWN])}{rest}" if keys else "none"
