"""Lists as their authors distribute them: field by field, line end by line end."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby

from avbench.datasets.mimic.parts import SECONDS, Part, Split

CRLF = "\r\n"


def vggsound(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write both generations of VGGSound's lists, and the classes' numbers of clips."""
    whole = [(each.source, each.start, classes[each.label], each.split) for each in parts]
    named = {
        split: [(f"{source}_{start:06d}.mp4", label) for source, start, label, of in whole if of == split]
        for split in ("test", "train")
    }
    counts = Counter(label for _, _, label, _ in whole)
    return {
        "test.csv": _csv(named["test"], CRLF),
        # A row that is there twice is met in real lists.
        "train.csv": _csv([*named["train"], named["train"][0]], CRLF),
        "vggsound.csv": _csv(whole),
        # What no reader may follow: a name that leaves the folder it is looked for in.
        "escaping.csv": _csv([("../../outside_000030.mp4", classes[0])], CRLF),
        "stat.csv": _csv([(label, counts[label], "others") for label in classes], CRLF),
    }


def audioset(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write AudioSet's segments, and its table of labels."""
    mids = list(dict.fromkeys([*(mid for each in classes for mid in each.split(",")), "/m/04rlf"]))
    names = {mid: f"Label {index}, as shown" for index, mid in enumerate(mids)}
    labels = "".join(f'{index},{mid},"{name}"\n' for index, (mid, name) in enumerate(names.items()))
    return {
        **audioset_strong(parts, classes),
        "mid_to_display_name.tsv": "".join(f"{mid}\t{name}\n" for mid, name in names.items()),
        "eval_segments.csv": _segments(_of(parts, "test"), classes),
        "balanced_train_segments.csv": _segments(_of(parts, "train"), classes),
        "class_labels_indices.csv": f"index,mid,display_name\n{labels}",
    }


def audioset_strong(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write AudioSet's strong labels, and what is and is not heard in one frame of each segment."""
    heading = ("segment_id", "start_time_seconds", "end_time_seconds", "label")
    names: Mapping[str, Split] = {"train": "train", "eval": "test"}
    # Each class is heard for three seconds, the next a second after the one before.
    heard = {
        name: [
            (f"{each.source}_{each.start * 1000}", f"{turn}.0", f"{turn + 3}.0", mid)
            for each in _of(parts, split)
            for turn, mid in enumerate(classes[each.label].split(","))
        ]
        for name, split in names.items()
    }
    framed = [
        (segment, "0.960", "1.920", mid, presence)
        for segment, start, _, mid in heard["eval"]
        if start == "0.0"
        for mid, presence in ((mid, "PRESENT"), ("/m/04rlf", "NOT_PRESENT"))
    ]
    return {
        f"audioset_{name}_strong.tsv": _csv([heading, *rows], delimiter="\t") for name, rows in heard.items()
    } | {"audioset_eval_strong_framed_posneg.tsv": _csv([(*heading, "present"), *framed], delimiter="\t")}


def _segments(parts: Sequence[Part], classes: Sequence[str]) -> str:
    given = [classes[each.label] for each in parts]
    distinct = {mid for each in given for mid in each.split(",")}
    positives = sum(1 + each.count(",") for each in given)
    head = (
        "# Segments csv created Sun Mar  5 10:54:31 2017\n"
        f"# num_ytids={len(parts)}, num_segs={len(parts)}, num_unique_labels={len(distinct)}, "
        f"num_positive_labels={positives}\n"
        "# YTID, start_seconds, end_seconds, positive_labels\n"
    )
    return head + "".join(
        f'{each.source}, {each.start:.3f}, {each.end:.3f}, "{labels}"\n'
        for each, labels in zip(parts, given, strict=True)
    )


def panda70m(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write Panda-70M's tables: one row a video, Python lists in its cells."""
    heading = (
        "videoID",
        "url",
        "timestamp",
        "caption",
        "matching_score",
        "desirable_filtering",
        "shot_boundary_detection",
    )
    names: Mapping[str, Split] = {"panda70m_testing.csv": "test", "panda70m_training_2m.csv": "train"}
    return {
        name: _csv([heading, *_videos(_of(parts, split), classes)], CRLF) for name, split in names.items()
    }


def _videos(parts: Sequence[Part], classes: Sequence[str]) -> Iterable[Sequence[str]]:
    for _, group in groupby(sorted(parts, key=lambda each: (each.row, each.turn)), lambda each: each.row):
        clips = list(group)
        spans = [_span(each) for each in clips]
        yield (
            clips[0].source,
            _url(clips[0]),
            str(spans),
            str([classes[each.label] for each in clips]),
            str([_score(each) for each in clips]),
            str(["desirable" for _ in clips]),
            str([[span] for span in spans]),
        )


def panda70m_side_cars(part: Part, label: str, stem: str) -> Mapping[str, str]:
    """Write what the downloader puts beside a clip: its caption, and a json that knows whose it is.

    A clip that is called after its video has nothing beside it.
    """
    if "." in stem:
        return {}
    failed = part.kind == "missing"
    document = {
        "url": _url(part),
        "caption": label,
        "matching_score": _score(part),
        "desirable_filtering": "desirable",
        "shot_boundary_detection": [_span(part)],
        "key": f"{part.row:07d}_{part.turn:05d}",
        "status": "failed_to_download" if failed else "success",
        "error_message": "[Errno 2] No such file or directory" if failed else None,
        "clips": [_span(part)],
        "yt_meta_dict": {"info": {"id": part.source, "title": label, "duration": 600}},
    }
    text = {} if failed else {f"{stem}.txt": label}
    return {**text, f"{stem}.json": json.dumps(document, indent=4)}


def _span(part: Part) -> list[str]:
    return [f"{s // 3600}:{s // 60 % 60:02d}:{s % 60:02d}.000" for s in (part.start, part.end)]


def _url(part: Part) -> str:
    return f"https://www.youtube.com/watch?v={part.source}"


def _score(part: Part) -> float:
    return round(0.43 + part.number / 1000, 3)


def audiocaps(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write AudioCaps' lists: five captions a test clip, one a training clip."""
    captions: Mapping[Split, Sequence[str]] = {
        "test": ("{}", "{} nearby", "{} in a room", "{}, and again", "{} in the distance"),
        "train": ("{}",),
    }
    heading = ("audiocap_id", "youtube_id", "start_time", "caption")
    return {
        f"{split}.csv": _csv(
            [
                heading,
                *(
                    (10 * each.number + k, each.source, each.start, form.format(classes[each.label]))
                    for each in _of(parts, split)
                    for k, form in enumerate(forms)
                ),
            ]
        )
        for split, forms in captions.items()
    }


def ave(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write AVE's lists: category, video, quality, start and end of the event."""
    lines = {
        split: [f"{classes[each.label]}&{each.source}&good&0&{SECONDS}\n" for each in _of(parts, split)]
        for split in ("train", "test")
    }
    heading = "Category&VideoID&Quality&StartTime&EndTime\n"
    return {
        "Annotations.txt": heading + "".join([*lines["train"], *lines["test"]]),
        "trainSet.txt": "".join(lines["train"]),
        "valSet.txt": "",
        "testSet.txt": "".join(lines["test"]),
    }


def llp(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write LLP's lists: labels of whole clips, and of the test split when each is heard and seen."""
    tabbed = partial(_csv, delimiter="\t")
    heading = ("filename", "event_labels")
    rows = {
        split: [(f"{each.source}_{each.start}_{each.end}", classes[each.label]) for each in _of(parts, split)]
        for split in ("train", "test")
    }
    events = ("filename", "onset", "offset", "event_labels")
    heard = [(name, "0", str(SECONDS), label) for name, labels in rows["test"] for label in labels.split(",")]
    # Who speaks is not in the picture.
    seen = [event for event in heard if event[3] != "Speech"]
    return {
        "AVVP_train.csv": tabbed([heading, *rows["train"]]),
        "AVVP_val_pd.csv": tabbed([heading]),
        "AVVP_test_pd.csv": tabbed([heading, *rows["test"]]),
        "AVVP_eval_audio.csv": tabbed([events, *heard]),
        "AVVP_eval_visual.csv": tabbed([events, *seen]),
    }


def avsync15(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write AVSync15's lists of paths, and its table of classes."""
    paths = {
        split: "".join(
            f"{classes[each.label].replace(' ', '_')}/{each.source}_{each.start:06d}.mp4\n"
            for each in _of(parts, split)
        )
        for split in ("train", "test")
    }
    numbers = {label: index for index, label in enumerate(classes)}
    return {
        **{f"{split}.txt": text for split, text in paths.items()},
        "class_mapping.json": json.dumps(numbers),
    }


def kinetics(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write Kinetics' lists."""
    heading = ("label", "youtube_id", "time_start", "time_end", "split")
    names: Mapping[str, Split] = {"val": "test", "train": "train"}
    return {
        f"{name}.csv": _csv(
            [heading]
            + [(classes[p.label], p.source, str(p.start), str(p.end), name) for p in _of(parts, split)]
        )
        for name, split in names.items()
    }


def _of(parts: Sequence[Part], split: Split) -> list[Part]:
    return [each for each in parts if each.split == split]


def _csv(rows: Iterable[Sequence[object]], end: str = "\n", *, delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, delimiter=delimiter).writerows(rows)
    return text.getvalue()
