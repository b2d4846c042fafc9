"""Captions in a generation run: each read once, scored beside every sound, and absent with a reason."""

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from avbench.results.document import RunResult
from tests.running import Runs, stable
from tests.runs.sounding import sounding, write_flashes
from tests.runs.test_generation import values

READING = """
from avbench import ModelError

EMBEDDERS, TASKS = avbench_embedders(), avbench_tasks()


class When:
    \"\"\"Eight columns, half a second each: what sounds when, and what a text says sounds when.\"\"\"

    def hear(self, batch):
        power = batch.samples[:, 0, :64000].square().unflatten(1, (8, 8000)).sum(2)
        return Heard(rows=power[:, None] + 1e-6)

    def read(self, texts):
        assert len(texts) == 1
        if texts[0] == "unreadable":
            raise ModelError("The tokenizer is not there.", hint="Put one there.")
        marked = torch.zeros(1, 8)
        for word in texts[0].split():
            marked[0, int(float(word) * 2)] = 1
        return marked


@hookimpl
def avbench_embedders():
    return [*EMBEDDERS, EmbedderRecord(name="when", summary="", sample_rate=16000, dim=8, reads=True,
                                       load=lambda device, weights: When(), license="Apache-2.0")]


@hookimpl
def avbench_tasks():
    protocol = GenerationProtocol(embedders=("when",), captions="caption")
    return [*TASKS, TaskSpec(name="clicks-said", dataset="manifest", seconds=4.0, version=1, summary="",
                             protocol=protocol, scale_rows=("still", "shuffled-truth"))]
"""


def reading() -> str:
    """Return the source of a plugin with an embedder that reads at which half seconds something sounds."""
    return sounding() + READING


def told(instants: Mapping[str, list[float]]) -> dict[str, str]:
    return {clip: " ".join(f"{each:g}" for each in times) for clip, times in instants.items()}


def write_manifest(folder: Path, captions: Mapping[str, str]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "path", "caption"])
        rows.writerows([clip, clip, caption] for clip, caption in captions.items())


@pytest.fixture
def said(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    folder = tmp_path / "clips"
    return folder, told(write_flashes(folder, 8))


def generated(runs: Runs, source: str | Path, task: str = "clicks-said") -> RunResult:
    return runs.result(source, model="clicking", tasks=(task,))


def test_a_sound_is_scored_beside_the_words_for_its_clip(tmp_path: Path, said) -> None:
    folder, captions = said
    write_manifest(folder, captions)
    result = generated(Runs(tmp_path, folder), reading())
    made, shuffled = values(result), values(result, "shuffled-truth")
    assert made["clap.when"] > 0.8
    assert made["clap.when"] > shuffled["clap.when"] + 0.1
    assert values(result, "still")["clap.when"] == pytest.approx(
        np.mean(
            [(len({int(float(each) * 2) for each in text.split()}) / 8) ** 0.5 for text in captions.values()]
        )
    )
    (score,) = (each for each in result.scores if each.id == "clap.when")
    assert (score.n, score.unit, score.higher_is_better) == (8, "cosine", True)
    assert score.interval is not None
    assert not any("CLAP" in note for note in result.notes)


def test_of_several_captions_it_is_the_mean_and_a_clip_without_one_leaves_that_number_alone(
    tmp_path: Path, said
) -> None:
    folder, captions = said
    runs, names = Runs(tmp_path, folder), list(captions)
    plugin = runs.plugin(reading())
    alone: list[dict[str, float]] = []
    for texts in (("0", "3.5"), ("0",), ("3.5",)):
        write_manifest(folder, {names[0]: "\n".join(texts), names[1]: "", names[2]: "1 2"})
        result = generated(runs, plugin)
        assert "clap.when is not defined for 1 of 3 sounds." in result.notes
        alone.append({each.id: each.value * each.n for each in result.scores if each.id == "clap.when"})
    both, first, second = (each["clap.when"] for each in alone)
    assert 2 * both == pytest.approx(first + second)


def test_a_text_is_read_once(tmp_path: Path, said) -> None:
    folder, captions = said
    write_manifest(folder, captions)
    runs = Runs(tmp_path, folder)
    plugin = runs.plugin(reading())
    first = generated(runs, plugin)
    plugin.write_text(plugin.read_text().replace("assert len(texts) == 1", "raise AssertionError('again')"))
    assert stable(generated(runs, plugin))["scores"] == stable(first)["scores"]


def test_where_there_is_no_caption_or_nobody_who_reads_a_note_says_so(tmp_path: Path, said) -> None:
    folder, captions = said
    runs = Runs(tmp_path, folder)
    write_manifest(folder, dict.fromkeys(captions, ""))
    (note,) = (each for each in generated(runs, reading()).notes if "CLAP" in each)
    assert note == "There is no CLAP score: no clip has the label 'caption'."
    write_manifest(folder, captions)
    result = generated(runs, reading().replace("reads=True", "reads=False"))
    (note,) = (each for each in result.notes if "CLAP" in each)
    assert "no network that is at hand reads" in note
    assert "avbench show clap" in note
    assert not any(each.id.startswith("clap") for each in result.scores)


def test_one_who_hears_but_cannot_read_costs_the_score_alone(tmp_path: Path, said) -> None:
    folder, captions = said
    write_manifest(folder, dict.fromkeys(captions, "unreadable"))
    result = generated(Runs(tmp_path, folder), reading())
    assert "There is no clap.when: The tokenizer is not there. Put one there." in result.notes
    assert "fad.when" in values(result)
    assert "clap.when" not in values(result)


@pytest.mark.parametrize("caption", ["broken", "nan"])
def test_a_caption_that_cannot_be_read_costs_the_score_of_its_clip_alone(
    tmp_path: Path, said, caption: str
) -> None:
    folder, captions = said
    first, *_ = captions
    write_manifest(folder, {**captions, first: caption})
    source = reading().replace(
        "marked = torch.zeros(1, 8)",
        "marked = torch.zeros(1, 8)\n        if texts[0] == 'nan':\n            return marked / 0",
    )
    result = generated(Runs(tmp_path, folder), source)
    (score,) = (each for each in result.scores if each.id == "clap.when")
    assert score.n == 7
    (note,) = (
        each for each in result.notes if each.startswith("when fails at 1 of the captions (ValueError: ")
    )
    assert ("could not convert" if caption == "broken" else "read as NaN or infinity") in note


def test_a_task_that_asks_for_no_captions_reads_none(tmp_path: Path, said) -> None:
    folder, captions = said
    write_manifest(folder, captions)
    shutil.move(folder / "manifest.csv", tmp_path)
    result = generated(Runs(tmp_path, folder), reading(), "clicks")
    assert not any("CLAP" in note or "clap" in note for note in result.notes)
