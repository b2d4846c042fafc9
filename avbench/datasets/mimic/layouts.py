"""The data sets that can be imitated: where their files lie, how they are called, which lists there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from avbench.datasets.mimic import json_lists, lists
from avbench.datasets.mimic.parts import Part, Split, parts, video_id

ListWriter = Callable[[Sequence[Part], Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a data set lies on a disk.

    Attributes:
        name: The data set's.
        summary: One line: what is peculiar to it.
        classes: Its classes; a few of the real ones.
        folders: The folder of each split.
        names: The names that its files are met under, each in its turn: fields of :func:`path_of`.
        test_list: The file that lists the test split.
        train_list: The file that lists the training split; empty where there is none.
        lists: Writes the text of every list, by file name, from the listed clips and the classes.
        identify: Gives the id of a video by its number.
        beside: Writes what lies beside a clip's file, by name, from the clip, its class and its file's stem.
        repeat: Whether a split may hold two clips of one video.
    """

    name: str
    summary: str
    classes: tuple[str, ...]
    folders: Mapping[Split, str]
    names: tuple[str, ...]
    test_list: str
    train_list: str
    lists: ListWriter
    identify: Callable[[int], str] = video_id
    beside: Callable[[Part, str, str], Mapping[str, str]] = lambda _part, _label, _stem: {}
    repeat: bool = True

    def parts(self) -> tuple[Part, ...]:
        """Return the clips of the tree, without those whose file would be another's."""
        all_splits = parts(len(self.classes), self.identify, repeat=self.repeat)
        made = [part for part in all_splits if part.split == "test" or self.train_list]
        return tuple({self.path_of(part): part for part in reversed(made)}.values())[::-1]

    def path_of(self, part: Part) -> str:
        """Return where a clip's file lies below the root, with ``/``.

        Names may hold ``{source}``, ``{start}`` and ``{end}`` (seconds), ``{start_ms}`` and ``{end_ms}``,
        ``{number}``, ``{label}`` (the class with ``_`` for blanks), ``{row}``, ``{turn}`` and ``{shard}``.
        """
        name = self.names[part.number % len(self.names)].format(
            source=part.source,
            start=part.start,
            end=part.end,
            start_ms=part.start * 1000,
            end_ms=part.end * 1000,
            number=part.number,
            label=self.classes[part.label].replace(" ", "_"),
            row=part.row,
            turn=part.turn,
            shard=part.row // 100,
        )
        return f"{self.folders[part.split]}/{name}"


def _stamp(number: int) -> str:
    return f"2015-02-16-16-{number:02d}-{(7 * number) % 60:02d}"


PADDED, MS = "{source}_{start:06d}.mp4", "{source}_{start_ms}_{end_ms}.mp4"
SPEECH = "Male speech, man speaking"

LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout(
            name="vggsound",
            summary="csv without heading, CRLF, quoted labels; five conventions of names",
            classes=("dog barking", "female speech, woman speaking", "playing drum kit", "hammering nails"),
            folders={"test": "video", "train": "video"},
            names=(
                PADDED,
                MS,
                "by_class/{label}/" + PADDED,
                "{number:09d}_" + PADDED,
                "Y{source}_{start:06d}.mp4",
            ),
            test_list="test.csv",
            train_list="train.csv",
            lists=lists.vggsound,
        ),
        Layout(
            name="audioset",
            summary="comment lines, comma and blank, quoted lists of labels; strong labels; one clip a video",
            classes=("/m/0bt9lr,/m/05tny_", "/m/09x0r", "/m/05r5c", "/m/0912c9,/m/07yv9"),
            folders={"test": "eval", "train": "balanced"},
            names=(
                "{source}.mp4",
                MS,
                "Y{source}.mp4",
                "{source}_{start:.3f}_{end:.3f}.mp4",
                "{source}_{start_ms}.mp4",
            ),
            test_list="eval_segments.csv",
            train_list="balanced_train_segments.csv",
            lists=lists.audioset,
            repeat=False,
        ),
        Layout(
            name="panda70m",
            summary="one row a video, Python lists in its cells; the downloader's shards, side-car json",
            classes=("a dog's bark", 'a man says "hello", twice', "drums are played", "a nail is hammered"),
            folders={"test": "testing", "train": "training_2m"},
            names=(*("{shard:05d}/{row:07d}_{turn:05d}.mp4",) * 3, "{source}.{turn}.mp4"),
            test_list="panda70m_testing.csv",
            train_list="panda70m_training_2m.csv",
            lists=lists.panda70m,
            beside=lists.panda70m_side_cars,
        ),
        Layout(
            name="audiocaps",
            summary="a heading, five captions a test clip, one a training clip",
            classes=("A dog barks", "A woman speaks, then laughs", "Drums are played", "A nail is hammered"),
            folders={"test": "test", "train": "train"},
            names=("{source}.mp4", MS, PADDED, "Y{source}.mp4"),
            test_list="test.csv",
            train_list="train.csv",
            lists=lists.audiocaps,
            repeat=False,
        ),
        Layout(
            name="ave",
            summary="fields between &, a heading in one of the lists only",
            classes=("Bark", SPEECH, "Frying (food)", "Church bell"),
            folders={"test": "AVE", "train": "AVE"},
            names=("{source}.mp4",),
            test_list="testSet.txt",
            train_list="trainSet.txt",
            lists=lists.ave,
            repeat=False,
        ),
        Layout(
            name="llp",
            summary="fields between tabs, names with start and end, labels between commas",
            classes=("Dog", "Speech,Car", "Basketball_bounce", "Violin_fiddle,Singing"),
            folders={"test": "LLP_dataset/video", "train": "LLP_dataset/video"},
            names=("{source}_{start}_{end}.mp4", "{source}.mp4"),
            test_list="AVVP_test_pd.csv",
            train_list="AVVP_train.csv",
            lists=lists.llp,
            repeat=False,
        ),
        Layout(
            name="greatesthits",
            summary="names are times of day, hits beside each video; clips within recordings as json",
            classes=("wood hit", "metal scratch", "glass hit", "cloth scratch"),
            folders={"test": "vis-data", "train": "vis-data"},
            names=("{source}_denoised.mp4",),
            test_list="test.txt",
            train_list="train.txt",
            lists=json_lists.greatesthits,
            identify=_stamp,
            beside=json_lists.greatesthits_times,
            repeat=False,
        ),
        Layout(
            name="avsync15",
            summary="a folder a class, lists of paths, a table of classes as json",
            classes=("dog barking", "lions roaring", "playing trumpet", "hammering nails"),
            folders={"test": "videos", "train": "videos"},
            names=("{label}/" + PADDED, "{label}/" + MS),
            test_list="test.txt",
            train_list="train.txt",
            lists=lists.avsync15,
        ),
        Layout(
            name="kinetics-sounds",
            summary="the Kinetics csv, a folder a class",
            classes=("playing drums", "tap dancing", "chopping wood", "playing accordion"),
            folders={"test": "val", "train": "train"},
            names=("{label}/{source}_{start:06d}_{end:06d}.mp4",),
            test_list="val.csv",
            train_list="train.csv",
            lists=lists.kinetics,
        ),
        Layout(
            name="foleybench",
            summary="files called after their number, metadata an object a line; no training split",
            classes=("A dog barks", "A door is shut, then locked", "Nails are hammered", "Onions are cut"),
            folders={"test": "clips"},
            names=("{source}.mp4",),
            test_list="metadata.jsonl",
            train_list="",
            lists=json_lists.foleybench,
            identify=str,
            repeat=False,
        ),
        Layout(
            name="moviegen",
            summary="files called after their number, prompts an object a line; sounds that were made",
            classes=("a dog barks", "fabric swooshes", "a mallet strikes a log", "wind whistles"),
            folders={"test": "MovieGenAudioBenchSfx/video_with_audio"},
            names=("{source}.mp4",),
            test_list="MovieGenAudioBenchSfx.jsonl",
            train_list="",
            lists=json_lists.moviegen,
            identify=str,
            repeat=False,
        ),
    )
}
