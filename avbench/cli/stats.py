"""``avbench stats``: reference statistics, and Fréchet distances against them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avbench.cli.options import (
    KeyValues,
    NamedFiles,
    json_option,
    merged,
    plugin_option,
    print_json,
)
from avbench.cli.progress import progress_to_stderr
from avbench.errors import DataError
from avbench.store import cache_folder

if TYPE_CHECKING:
    from avbench.metrics.statistics_files import Statistics

_FILE = click.Path(dir_okay=False, path_type=Path)
_out = click.option("--out", type=_FILE, required=True, metavar="FILE", help="The safetensors file to write.")


@click.group("stats")
def command() -> None:
    """Build, merge and show reference statistics; measure distances against them."""


@command.command("build")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="EMBEDDINGS|SOUNDS..."
)
@_out
@click.option(
    "--protocol",
    "protocols",
    type=KeyValues(),
    multiple=True,
    help="Of embeddings, how they were made: embedder=NAME,rows=clip,seconds=8 … Repeatable.",
)
@click.option("--key", metavar="NAME", help="Of embeddings, which array or column of the files.")
@click.option("--embedder", type=NamedFiles(), help="Of sounds, what hears them, and where its weights are.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Of sounds, the first seconds.")
@click.option(
    "--sample-rate", type=click.IntRange(min=1), default=44_100, help="Of sounds, as of the task: 44100."
)
@click.option(
    "--centred",
    is_flag=True,
    help="Of sounds, take off the mean of each first: as tasks after av-benchmark do.",
)
@click.option("--allow-download", is_flag=True, help="Fetch weights that are not there.")
@plugin_option
@json_option
def build(
    files: tuple[Path, ...],
    out: Path,
    protocols: tuple[dict[str, str], ...],
    key: str | None,
    embedder: tuple[str, Path | None] | None,
    as_json: bool,
    **hearing: Any,
) -> None:
    """Write the statistics of embeddings, or of sounds that are heard now.

    EMBEDDINGS are npy, npz, safetensors or parquet. Rows are streamed. Statistics of another protocol are
    never compared with these, so name all that changes an embedding: embedder, checkpoint, sample rate,
    seconds, and whether a row is a clip or a frame.

    SOUNDS are files with sound, videos too, or folders of them. With --embedder and --seconds they are heard
    as a run hears them, and the protocol is written down by itself; a file that cannot be heard, or is
    shorter, is left out and named.

    \b
    Examples:
      avbench stats build test/*.npy --protocol embedder=vggish,rows=frame,seconds=8 --out test.safetensors
      avbench stats build ~/sounds --embedder vggish=FILE --seconds 8 --out test.safetensors
    """
    from avbench.metrics.statistics_files import write_statistics

    if embedder is None:
        if not protocols:
            raise click.UsageError("Give --protocol for embeddings, or --embedder for sounds.")
        statistics = _of_rows(files, key, merged(protocols))
    else:
        if protocols or key or hearing["seconds"] is None:
            raise click.UsageError("--embedder needs --seconds, and neither --protocol nor --key.")
        statistics = _of_sounds(files, *embedder, **hearing)
    write_statistics(out, statistics)
    _print(statistics, out, as_json=as_json)


def _of_rows(files: tuple[Path, ...], key: str | None, protocol: dict[str, str]) -> "Statistics":
    from avbench.metrics.embedding_files import embedding_blocks
    from avbench.metrics.frechet import MomentsStream
    from avbench.metrics.statistics_files import Statistics

    stream = MomentsStream()
    for path in files:
        try:
            for block in embedding_blocks(path, key):
                stream.add(block)
        except ValueError as error:
            raise DataError(f"{path}: {error}.", hint="Give rows (n, dim) of finite numbers.") from error
    try:
        return Statistics(moments=stream.moments(), protocol=protocol)
    except ValueError as error:
        raise DataError("The files hold no embedding.", hint="Give at least one row.") from error


def _of_sounds(
    files: tuple[Path, ...],
    name: str,
    weights: Path | None,
    *,
    seconds: float,
    sample_rate: int,
    centred: bool,
    allow_download: bool,
    plugins: tuple[str, ...],
) -> "Statistics":
    from avbench.embedders.av_model import embedder_named
    from avbench.embedders.loading import resolve_network
    from avbench.plugins import registry
    from avbench.resolve import choose_device
    from avbench.runs.networks import ear_of
    from avbench.runs.references import heard_set, sounds_below
    from avbench.runs.sounds import SoundForm

    record = embedder_named(registry.load(plugins), name)
    with progress_to_stderr(quiet=False) as progress:
        resolved = resolve_network(
            record, weights=weights, cache=cache_folder(), allow_download=allow_download, progress=progress
        )
        ear = ear_of(record, resolved, choose_device("auto")[0], {}, centred=centred)
        form = SoundForm(seconds=seconds, sample_rate=sample_rate, channels=1)
        heard = heard_set(sounds_below(files), ear, record, form, progress)
    for path, error in heard.left_out.items():
        click.echo(f"left out: {path}: {error.reason}: {error.message}", err=True)
    return heard.statistics


@command.command("merge")
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="STATISTICS...")
@_out
@json_option
def merge(files: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Write the statistics of several disjoint parts together, as if they had been built at once."""
    from avbench.metrics.statistics_files import merged_statistics, read_statistics, write_statistics

    statistics = merged_statistics([read_statistics(path) for path in files])
    write_statistics(out, statistics)
    _print(statistics, out, as_json=as_json)


@command.command("show")
@click.argument("file", type=_FILE, metavar="STATISTICS")
@json_option
def show(file: Path, as_json: bool) -> None:
    """Show what a statistics file describes; its digest is checked."""
    from avbench.metrics.statistics_files import read_statistics

    _print(read_statistics(file), file, as_json=as_json)


@command.command("distance")
@click.argument("generated", type=_FILE, metavar="GENERATED")
@click.argument("reference", type=_FILE, metavar="REFERENCE")
@json_option
def distance(generated: Path, reference: Path, as_json: bool) -> None:
    """Print the Fréchet distance of two statistics files of one protocol."""
    from avbench.metrics.frechet import frechet_distance
    from avbench.metrics.statistics_files import check_same_protocol, read_statistics

    sets = [read_statistics(path) for path in (generated, reference)]
    check_same_protocol(*sets)
    try:
        value = frechet_distance(*(each.moments for each in sets))
    except ValueError as error:
        raise DataError(
            f"There is no distance: {error}.", hint="Build from at least two rows each."
        ) from error
    n, m = (each.moments.n for each in sets)
    if as_json:
        document = {"frechet_distance": value, "n_generated": n, "n_reference": m}
        print_json(document | {"protocol": dict(sets[0].protocol)})
    else:
        click.echo(f"{value:.6g} ({n} generated rows, {m} reference rows)")


def _print(statistics: "Statistics", path: Path, *, as_json: bool) -> None:
    moments = statistics.moments
    described: Mapping[str, Any] = {
        "n": moments.n,
        "dim": moments.dim,
        "trace": moments.trace,
        "digest": statistics.digest,
        "protocol": dict(statistics.protocol),
    }
    if as_json:
        print_json({"file": str(path), **described})
        return
    click.echo(f"{path}: {moments.n} rows of dimension {moments.dim}, trace {moments.trace:.6g}")
    for name, value in sorted(statistics.protocol.items()):
        click.echo(f"  {name}  {value}")
    click.echo(f"  sha256  {statistics.digest}")
