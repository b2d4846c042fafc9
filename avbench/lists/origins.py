"""Which reader a list of a dataset needs, by what the file holds; lists that are taken from another list."""

from collections.abc import Callable, Mapping
from pathlib import Path

from avbench.errors import DataError
from avbench.lists.audioset import read_audiocaps, read_audioset
from avbench.lists.audioset_strong import read_audioset_strong
from avbench.lists.greatest_hits import read_greatest_hits
from avbench.lists.id_list import IdList
from avbench.lists.kinetics import kept_classes, read_kinetics
from avbench.lists.known import KNOWN, check, known_name, named
from avbench.lists.panda70m import read_panda70m
from avbench.lists.rows import unreadable
from avbench.lists.small_sets import read_ave, read_avsync15, read_json_lines, read_llp
from avbench.lists.synchformer import in_sync, read_shifts, read_sparse
from avbench.lists.vggsound import read_cavmae, read_mmaudio, read_vggsound
from avbench.lists.vggsounder import av_clean, installed_table, read_vggsounder
from avbench.records import Args

VGGSOUNDER_VIEWS = ("vggsounder-1.0", "av-clean", "av-clean-original")


def read_vggsound_kind(path: Path, args: Args) -> IdList:
    """Read a list of VGGSound's clips, whoever made it: its first line tells."""
    first = _first_line(path)
    if read := next((each for begins, each in VGGSOUND_OTHERS.items() if first.startswith(begins)), None):
        if "split" in args:
            raise DataError(
                f"The list {path} names no split: VGGSound's own vggsound.csv alone does.",
                hint="Leave the split out.",
            )
        return read(path)
    # Only vggsound.csv names splits; a benchmark asks for the test set.
    four = first.endswith((",train", ",test"))
    return read_vggsound(path, split=args.get("split", "test" if four else ""))


VGGSOUND_OTHERS: Mapping[str, Callable[[Path], IdList]] = {
    "video_id,label,modality": read_vggsounder,
    "dataset_name,video_id,vstart_sec,offset_sec": lambda path: in_sync(read_shifts(path)),
    "dataset_name,": read_sparse,
    "id\t": read_mmaudio,
    "{": read_cavmae,
}
"""What the first line of a list of VGGSound's clips that others made begins with: its reader by beginning."""


def read_audioset_kind(path: Path, args: Args) -> IdList:
    """Read a list of AudioSet's segments, or of what is heard within them: its first line tells."""
    classes = Path(args["classes"]).expanduser() if "classes" in args else None
    read = read_audioset_strong if _first_line(path).startswith("segment_id\t") else read_audioset
    return read(path, classes)


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return next((line.strip() for line in file if line.strip()), "")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error


READERS: Mapping[str, Callable[[Path, Args], IdList]] = {
    "vggsound": read_vggsound_kind,
    "audioset": read_audioset_kind,
    "panda70m": lambda path, _: read_panda70m(path),
    "audiocaps": lambda path, _: read_audiocaps(path),
    "ave": lambda path, _: read_ave(path),
    "llp": lambda path, _: read_llp(path),
    "greatesthits": lambda path, _: read_greatest_hits(path),
    "avsync15": lambda path, _: read_avsync15(path),
    "kinetics-sounds": lambda path, args: read_kinetics(path, kept_classes(args.get("classes", ""))),
    "foleybench": lambda path, _: read_json_lines(path, "foleybench"),
    "moviegen": lambda path, _: read_json_lines(path, "moviegen"),
}


BEGINNINGS: Mapping[str, str] = {
    "# Segments csv": "audioset",
    "segment_id\t": "audioset",
    "videoID,": "panda70m",
    "audiocap_id,": "audiocaps",
    "Category&": "ave",
    "filename\tevent_labels": "llp",
    "label,youtube_id,": "kinetics-sounds",
    "video_id,label,modality": "vggsound",
}
"""What the first line of a list begins with that only one data set has: dataset by beginning."""


def read_list(dataset: str, path: Path, args: Args) -> IdList:
    """Read a list of a dataset under its name."""
    return named(_read(dataset, path, args))


def _read(dataset: str, path: Path, args: Args) -> IdList:
    try:
        return READERS[dataset](path, args)
    except DataError as error:
        first = _first_line(path)
        owner = next((name for beginning, name in BEGINNINGS.items() if first.startswith(beginning)), dataset)
        if owner == dataset:
            raise
        raise DataError(
            f"The list {path} is one of {owner}, not of {dataset}.",
            hint=f"Choose a task of {owner}, or name it: --dataset {owner}.",
        ) from error


def list_asked_for(dataset: str, args: Args) -> IdList | None:
    """Return the list that a dataset's arguments ask for; ``None`` where there is nothing to read it from.

    Args:
        dataset: The dataset.
        args: ``list``, a file or a known list's name; ``subset``, a known list's name; ``vggsounder``, the
            file VGGSounder's views are taken from, else the installed package.

    Raises:
        DataError: The file cannot be read, or is not what it is said to be.
    """
    given = args.get("list", "")
    file = Path(given).expanduser() if given and not known_name(given, dataset) else None
    wanted = args.get("subset") or ("" if file else given)
    name = known_name(wanted, dataset) if wanted else None
    if wanted and name is None:
        names = ", ".join(known.name for known in KNOWN.values() if known.dataset == dataset) or "none"
        raise DataError(
            f"There is no list {wanted!r} of {dataset}.", hint=f"Known: {names}; or give a file: --list FILE."
        )
    read = _read(dataset, file, args) if file else None
    if name in VGGSOUNDER_VIEWS:
        return check(_view(name, read, args), name)
    if name and read:
        return check(read, name)
    if name and given:
        raise DataError(
            f"The ids of {name} are not part of avbench.",
            hint=f"Give the file they are read from, {KNOWN[name].made_of}: --list FILE.",
        )
    return named(read) if read else None


def _view(name: str, read: IdList | None, args: Args) -> IdList:
    """Take a view of VGGSounder from the file given, or from the installed package."""
    is_table = read is not None and read.name.startswith("vggsounder")
    if read is not None and is_table:
        table = read
    else:
        table = read_vggsounder(Path(args["vggsounder"]) if "vggsounder" in args else installed_table())
    if name == "vggsounder-1.0":
        return table
    if name == "av-clean":
        return av_clean(table)
    if read is None or is_table:
        raise DataError(
            "av-clean-original needs the classes that VGGSound gives its clips.",
            hint="--list test.csv, with VGGSounder installed or --dataset-args vggsounder=vggsounder.csv.",
        )
    return av_clean(table, read)
