"""``avbench data leakage``: whether what is tested on was seen before."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avbench.cli.options import json_option, plugin_option, print_json
from avbench.cli.progress import progress_to_stderr
from avbench.errors import UsageError

if TYPE_CHECKING:
    from avbench.leakage.copies import Pair
    from avbench.leakage.ids import NamedClips
    from avbench.records import Progress

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
SHOWN = 10


@click.command("leakage")
@click.option("--list", "lists", type=_FILE, multiple=True, metavar="FILE", help="A list. Repeatable.")
@click.option("--model", metavar="NAME", help="Compare lists with what this model declares it has seen.")
@click.option(
    "--media", type=_FOLDER, multiple=True, metavar="DIR", help="Look for near-duplicates. Repeatable."
)
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=5.0, help="How much of two files is compared."
)
@click.option(
    "--reach", type=click.FloatRange(min=0), default=5.0, help="How much later a copy may begin, in seconds."
)
@plugin_option
@json_option
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    lists: tuple[Path, ...],
    model: str | None,
    media: tuple[Path, ...],
    seconds: float,
    reach: float,
    plugins: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Say which clips and videos lists share, what a model has seen of them, which files are near-duplicates.

    Near-duplicates are found by what moves in the picture and changes in the sound, whatever the codec, size
    and volume; also where a copy begins later, is mirrored, or shows the middle of the picture alone.

    \b
    Examples:
      avbench data leakage --list train.csv --list test.csv
      avbench data leakage --model mine --plugin mine.py --list test.csv
      avbench data leakage --media vggsound/video
    """
    from avbench.leakage.ids import read_ids

    if not (media or len(lists) > 1 or (model and lists)):
        raise UsageError(
            "There is nothing to compare.",
            hint="Give two lists (--list A --list B), a model and a list, or a folder (--media DIR).",
        )
    named = [read_ids(path) for path in lists]
    found: dict[str, Any] = {
        "shared": [_shared(one, other) for one, other in combinations(named, 2)],
        "declared": _declared(model, plugins, named) if model else None,
    }
    with progress_to_stderr(quiet=quiet) as progress:
        found["near_duplicates"] = _near_duplicates(media, seconds, reach, progress) if media else None
    if as_json:
        print_json(found)
    else:
        for line in _lines(found):
            click.echo(line)


def _shared(one: "NamedClips", other: "NamedClips") -> dict[str, Any]:
    from avbench.leakage.ids import agreeing

    both = one.says_places and other.says_places
    return {
        "lists": [one.name, other.name],
        "clips": [len(each.keys) if each.says_places else None for each in (one, other)],
        "videos": [len(one.sources), len(other.sources)],
        "same_clips": sorted(key.name for key in agreeing(one.keys, other.keys)) if both else None,
        "same_videos": sorted(one.sources & other.sources),
    }


def _declared(model: str, plugins: Sequence[str], named: "Sequence[NamedClips]") -> dict[str, Any]:
    from avbench.leakage.declared import seen_videos
    from avbench.plugins import registry

    record = registry.load(plugins).models.get(model)
    videos = seen_videos(record)
    return {
        "model": model,
        "training_data": list(record.training_data),
        "videos": len(videos) if record.training_ids else None,
        "seen": {each.name: sorted(each.sources & videos) for each in named},
        "of": {each.name: len(each.sources) for each in named},
    }


def _near_duplicates(
    folders: Sequence[Path], seconds: float, reach: float, progress: "Progress"
) -> dict[str, Any]:
    from avbench.datasets.cliplist import none_found
    from avbench.datasets.folder import search
    from avbench.errors import MediaError
    from avbench.leakage.copies import alike
    from avbench.leakage.prints import Print, print_of

    searches = [search(folder) for folder in folders]
    left_out = [entry for each in searches for entry in each.left_out]
    # A link inside the folder is met by the file it leads to.
    paths = [path for each in searches for path in each.files if not path.is_symlink()]
    if not paths:
        message = f"There is no video in {', '.join(str(folder) for folder in folders)}"
        raise none_found(message, left_out, hint="Give a folder of videos: --media DIR.")
    prints: list[Print] = []
    unread: dict[str, str] = {}
    for done, path in enumerate(paths):
        progress("listening and looking", done, len(paths))
        try:
            prints.append(print_of(path, seconds, reach))
        except MediaError as error:
            unread[str(path)] = error.reason
    progress("listening and looking", len(paths), len(paths))
    known = [each for each in prints if each.picture is not None or each.sound is not None]
    return {
        "files": len(paths),
        "compared": len(known),
        "unread": unread,
        "left_out": left_out,
        "pairs": [_pair(pair) for pair in alike(known, seconds=seconds)] if known else [],
    }


def _pair(pair: "Pair") -> dict[str, Any]:
    return {
        "files": [str(pair.first), str(pair.second)],
        "picture": None if pair.picture is None else round(pair.picture, 3),
        "sound": None if pair.sound is None else round(pair.sound, 3),
        "late": pair.late,
        "mirrored": pair.mirrored,
        "cropped": pair.cropped,
    }


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    from avbench.datasets.cliplist import left_out_notes
    from avbench.pages.text import counted

    for each in found["shared"]:
        one, other = (
            f"{name} ({counted(videos, 'video') if clips is None else counted(clips, 'clip')})"
            for name, clips, videos in zip(each["lists"], each["clips"], each["videos"], strict=True)
        )
        # Where a list does not say which part of a video it means, nobody can tell whether clips are shared.
        clips = "" if each["same_clips"] is None else f"{counted(len(each['same_clips']), 'clip')} and "
        videos = each["same_videos"]
        yield f"{one} and {other} share {clips}{counted(len(videos), 'video')}{_named(videos)}"
    if declared := found["declared"]:
        trained = ", ".join(declared["training_data"]) or "no dataset"
        ids = "no ids" if declared["videos"] is None else f"ids of {declared['videos']} videos"
        yield f"{declared['model']} declares {trained} and {ids}"
        for name, videos in declared["seen"].items():
            if declared["videos"] is not None:
                yield f"  of {name} it has seen {len(videos)} of {declared['of'][name]}{_named(videos)}"
    if (copies := found["near_duplicates"]) is not None:
        yield (
            f"{copies['compared']} of {copies['files']} files compared, {len(copies['unread'])} not "
            f"readable; {counted(len(copies['pairs']), 'pair')} alike"
        )
        for pair in copies["pairs"]:
            picture, sound = (
                "–" if pair[name] is None else f"{pair[name]:.3f}" for name in ("picture", "sound")
            )
            yield f"  {' = '.join(pair['files'])} (picture {picture}, sound {sound}{_how(pair)})"
        yield from (f"note: {note}" for note in left_out_notes(copies["left_out"]))


def _how(pair: Mapping[str, Any]) -> str:
    told = {
        f"the second begins {pair['late']:.1f} s later": pair["late"] >= 0.1,
        "mirrored": pair["mirrored"],
        "cropped": pair["cropped"],
    }
    return "".join(f"; {text}" for text, holds in told.items() if holds)


def _named(videos: Sequence[str]) -> str:
    more = f", and {len(videos) - SHOWN} more" if len(videos) > SHOWN else ""
    return f": {', '.join(videos[:SHOWN])}{more}" if videos else ""
