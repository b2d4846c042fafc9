"""Lists that are json: CondFoleyGen's of Greatest Hits, FoleyBench's metadata, MovieGen's prompts."""

import json
from collections.abc import Iterable, Mapping, Sequence

from avbench.datasets.avsynth.truth import truth_of
from avbench.datasets.mimic.media import scene_numbered
from avbench.datasets.mimic.parts import SECONDS, Part

CUT_SECONDS = 2
CUT_RATE = 22_050


def greatesthits(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write the recordings of each split, one a line, and what CondFoleyGen makes of them.

    Its lists are recordings, clips of two seconds that begin with a hit, and those clips with what is hit.
    """
    texts: dict[str, str] = {}
    for split in ("train", "test"):
        ours = [each for each in parts if each.split == split]
        cuts = {cut: classes[each.label] for each in ours for cut in _cuts(each)}
        texts |= {
            f"{split}.txt": "".join(f"{each.source}\n" for each in ours),
            f"greatesthit_video_{split}.json": json.dumps([each.source for each in ours]),
            f"greatesthit_{split}_2.00.json": json.dumps(list(cuts)),
            f"greatesthit_{split}_2.00_single_type_only.json": json.dumps(cuts),
        }
    return texts


def _cuts(part: Part) -> Iterable[str]:
    """Return a recording's first and last hit that two seconds follow, as samples of 22,050 a second."""
    inside = [instant for instant in _hits(part) if instant + CUT_SECONDS <= SECONDS]
    return dict.fromkeys(f"{part.source}_{int(instant * CUT_RATE)}" for instant in inside[:1] + inside[-1:])


def _hits(part: Part) -> list[float]:
    toys = truth_of(scene_numbered(part.scene, SECONDS)).audio.objects
    return sorted(event.time for toy in toys for event in toy.events)


def greatesthits_times(part: Part, label: str, _stem: str) -> Mapping[str, str]:
    """Write when something is hit, in seconds, with material, action and reaction."""
    material, action = label.split(" ")
    lines = (f"{instant:.6f} {material} {action} static\n" for instant in _hits(part))
    return {f"{part.source}_times.txt": "".join(lines)}


def foleybench(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write FoleyBench's metadata, an object a line."""
    return {
        "metadata.jsonl": _lines(
            {"id": each.source, "caption": classes[each.label], "duration": SECONDS} for each in _test(parts)
        )
    }


def moviegen(parts: Sequence[Part], classes: Sequence[str]) -> Mapping[str, str]:
    """Write MovieGen Audio Bench's prompts, an object a line, without and with music."""
    prompts = [
        {
            "id": int(each.source),
            "video_prompt": f"A video of this: {classes[each.label]}.",
            "audio_prompt": f"{classes[each.label]}.",
        }
        for each in _test(parts)
    ]
    return {
        "MovieGenAudioBenchSfx.jsonl": _lines(prompts),
        "MovieGenAudioBenchSfxMusic.jsonl": _lines({**each, "music_prompt": "None."} for each in prompts),
    }


def _test(parts: Sequence[Part]) -> list[Part]:
    return [each for each in parts if each.split == "test"]


def _lines(objects: Iterable[Mapping[str, object]]) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in objects)
