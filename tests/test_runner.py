"""A run decodes once, keeps everything, resumes to the same document, and loses nothing to a bad clip."""

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import REASONS
from avbench.errors import (
    AvbenchError,
    BudgetExceeded,
    DataError,
    ModelError,
    PluginError,
    StorageError,
    UnknownName,
    UsageError,
)
from avbench.media.encode import write_clip
from tests.model_sources import seeing
from tests.running import Runs, stable


@pytest.fixture
def runs(tmp_path: Path, tiny_clips: Path) -> Runs:
    return Runs(tmp_path, tiny_clips)


@pytest.fixture
def some_clips(tmp_path: Path, tiny_clips: Path) -> Path:
    """A folder of six of the tiny clips, to be spoilt."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for clip in sorted(tiny_clips.iterdir())[:6]:
        shutil.copy(clip, folder)
    return folder


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    from avbench.media import decode

    paths: list[Path] = []
    read_clip = decode.read_clip

    def counted(path: Path, **options):
        paths.append(path)
        return read_clip(path, **options)

    monkeypatch.setattr(decode, "read_clip", counted)
    return paths


# --- one pass over the clips ------------------------------------------------------------------------


def test_every_clip_is_decoded_once_for_both_streams(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = reads(monkeypatch)
    runs.result(seeing())
    assert sorted(paths) == sorted(runs.clips.iterdir())


def test_what_is_in_the_store_is_not_decoded(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = runs.plugin(seeing())
    first = runs.result(plugin)
    paths = reads(monkeypatch)
    second = runs.result(plugin)
    assert paths == []
    assert (second.run.reused, second.run.computed) == (24, 0)
    assert stable(second) == stable(first)
    assert "nothing to embed" in runs.said[-1]


def test_two_tasks_over_the_same_clips_decode_them_once(
    runs: Runs, some_clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{path.name},{path.name}\n" for path in sorted(some_clips.glob("*.mp4")))
    (some_clips / "manifest.csv").write_text("id,path\n" + rows)
    paths = reads(monkeypatch)
    tasks = ("folder-retrieval", "manifest-retrieval")
    folder, manifest = runs.finished(seeing(), tasks=tasks, data_root=some_clips)
    assert len(paths) == 6
    assert folder.result.scores == manifest.result.scores
    assert folder.path != manifest.path


def test_every_batch_is_full_and_a_fixed_slice_of_the_order(runs: Runs) -> None:
    log = runs.folder / "log"
    note = f"open({str(log)!r}, 'a').write(' '.join(clip.id[4:6] for clip in batch.clips) + chr(10))"
    runs.result(seeing(video=note), batch_size=5)
    assert log.read_text().splitlines() == ["00 01 02 03 04", "05 06 07 08 09", "10 11 10 10 10"]


def test_a_model_that_reads_nothing_has_nothing_decoded(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = reads(monkeypatch)
    result = runs.result(seeing(), model="random")
    assert paths == []
    assert result.coverage.evaluated == 12
    assert result.model.scale_row


# --- interruption -----------------------------------------------------------------------------------


def test_an_interrupted_run_goes_on_and_ends_with_the_same_document(runs: Runs) -> None:
    flag = runs.folder / "go on"
    plugin = runs.plugin(
        seeing(audio=f"if Seeing.batches == 2 and not os.path.exists({str(flag)!r}): raise KeyboardInterrupt")
    )
    with pytest.raises(KeyboardInterrupt):
        runs.result(plugin)
    assert not list(runs.output.rglob("*.json"))
    flag.touch()
    resumed = runs.result(plugin)
    # One whole batch and the video half of the next were kept.
    assert (resumed.run.reused, resumed.run.computed) == (12, 12)
    runs.cache = runs.folder / "another cache"
    whole = runs.result(plugin)
    assert whole.run.reused == 0
    assert stable(whole) == stable(resumed)


def test_a_damaged_output_is_noticed_and_computed_again(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    first = runs.result(plugin)
    damaged = sorted(runs.cache.rglob("*.video"))[3]
    damaged.write_bytes(damaged.read_bytes()[:-2] + b"??")
    second = runs.result(plugin)
    assert (second.run.reused, second.run.computed) == (23, 1)
    assert stable(second) == stable(first)
    assert runs.result(plugin).run.computed == 0


def test_recompute_passes_over_the_store(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    first = runs.result(plugin)
    second = runs.result(plugin, recompute=True)
    assert second.run.computed == 24
    assert stable(second) == stable(first)


def test_a_model_whose_source_changed_is_computed_again(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    first = runs.result(plugin)
    plugin.write_text(seeing(video="rows = rows.flip(1)"))
    from avbench.provenance import source_digest

    source_digest.cache_clear()
    second = runs.result(plugin)
    assert second.run.reused == 0
    assert second.model.identity != first.model.identity


@pytest.mark.parametrize("changed", [{"batch_size": 3}, {"model_args": {"gain": "2"}}])
def test_what_an_output_depends_on_is_part_of_its_key(runs: Runs, changed: dict[str, object]) -> None:
    plugin = runs.plugin(seeing().replace("lambda device:", "lambda device, gain='1':"))
    runs.result(plugin)
    assert runs.result(plugin, **changed).run.reused == 0
    assert runs.result(plugin, seed=5).run.computed == 0


def test_copies_of_a_file_share_an_output_and_the_document_does_not_depend_on_the_store(
    runs: Runs, some_clips: Path
) -> None:
    shutil.copy(some_clips / "clip00.mp4", some_clips / "copy.mp4")
    plugin = runs.plugin(seeing())
    first = runs.result(plugin, data_root=some_clips)
    assert (first.coverage.evaluated, first.run.computed) == (7, 12)
    assert stable(runs.result(plugin, data_root=some_clips)) == stable(first)
    named = runs.result(plugin, data_root=some_clips, model="random")
    assert stable(runs.result(plugin, data_root=some_clips, model="random")) == stable(named)
    assert named.run.computed == 14


# --- clips that fail --------------------------------------------------------------------------------


def spoil(folder: Path) -> dict[str, str]:
    """Spoil all clips but two; return the reason expected of each spoilt one."""
    clips = sorted(folder.iterdir())
    clips[0].write_bytes(b"no film at all")
    clips[1].write_bytes(clips[1].read_bytes()[:3000])
    clips[2].write_bytes(b"")
    (folder / "gone.mp4").symlink_to("nowhere.mp4")
    frames = np.zeros((60, 48, 64, 3), np.uint8)
    tone = np.zeros((1, 80_000), np.float32)
    write_clip(folder / "mute.mp4", frames=frames, fps=12, samples=None, sample_rate=16_000)
    write_clip(folder / "dark.mp4", frames=None, fps=12, samples=tone, sample_rate=16_000)
    write_clip(folder / "short.mp4", frames=frames[:24], fps=12, samples=tone[:, :32_000], sample_rate=16_000)
    return {
        clips[0].name: "corrupt",
        clips[1].name: "corrupt",
        clips[2].name: "empty",
        "gone.mp4": "missing",
        "mute.mp4": "no-audio",
        "dark.mp4": "no-video",
        "short.mp4": "too-short",
    }


def test_each_bad_file_is_counted_under_its_reason_and_the_others_are_scored(
    runs: Runs, some_clips: Path
) -> None:
    expected = spoil(some_clips)
    plugin = runs.plugin(seeing())
    result = runs.result(plugin, data_root=some_clips)
    found = {clip_id: reason for reason, ids in result.coverage.reasons.items() for clip_id in ids}
    assert found == expected
    assert set(expected.values()) < set(REASONS)
    assert (result.coverage.asked, result.coverage.found, result.coverage.evaluated) == (10, 8, 3)
    assert result.coverage.partial
    assert not result.coverage.complete
    assert result.dataset.galleries == {"standard": (3,)}

    again = runs.result(plugin, data_root=some_clips)
    assert stable(again) == stable(result)
    assert "nothing to embed" in runs.said[-1]


def test_a_file_that_was_mended_is_tried_again(runs: Runs, some_clips: Path) -> None:
    good = (some_clips / "clip02.mp4").read_bytes()
    plugin = runs.plugin(seeing())
    (some_clips / "clip02.mp4").write_bytes(b"no film at all")
    assert runs.result(plugin, data_root=some_clips).coverage.evaluated == 5
    (some_clips / "clip02.mp4").write_bytes(good)
    assert runs.result(plugin, data_root=some_clips).coverage.complete


def test_when_every_clip_fails_the_error_counts_the_reasons(runs: Runs, some_clips: Path) -> None:
    for clip in some_clips.iterdir():
        clip.write_bytes(b"" if clip.name < "clip02" else b"no film at all")
    with pytest.raises(DataError, match=r"None of the 6 clips .*4 corrupt, 2 empty"):
        runs.result(seeing(), data_root=some_clips)


def test_one_clip_alone_cannot_be_ranked(runs: Runs, some_clips: Path) -> None:
    for clip in sorted(some_clips.iterdir())[1:]:
        clip.write_bytes(b"")
    with pytest.raises(DataError, match="at least two"):
        runs.result(seeing(), data_root=some_clips)


def test_a_clip_shorter_than_the_window_by_its_own_account_is_not_decoded(
    runs: Runs, some_clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{k},clip0{k}.mp4,0,{3.9 if k == 4 else 4}\n" for k in range(6))
    (some_clips / "manifest.csv").write_text("id,path,start,end\n" + rows)
    paths = reads(monkeypatch)
    result = runs.result(seeing(), tasks=("manifest-retrieval",), data_root=some_clips)
    assert result.coverage.reasons == {"too-short": ("4",)}
    assert len(paths) == 5


@pytest.mark.parametrize(
    ("budget", "exceeded"), [(None, False), (1, False), (0, True), (0.2, False), (0.1, True)]
)
def test_the_error_budget_is_a_count_or_a_fraction(
    runs: Runs, some_clips: Path, budget: int | float | None, exceeded: bool
) -> None:
    (some_clips / "clip01.mp4").write_bytes(b"")
    (finished,) = runs.finished(seeing(), data_root=some_clips, fail_on_error=budget)
    assert finished.path.is_file()
    assert isinstance(finished.over_budget, BudgetExceeded) == exceeded


def test_a_limited_run_takes_the_first_clips_and_says_so(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    limited = runs.result(plugin, limit=5).coverage
    assert (limited.asked, limited.evaluated, limited.limit) == (5, 5, 5)
    assert limited.limited
    assert not limited.partial
    assert not limited.complete
    whole = runs.result(plugin, limit=12)
    assert whole.coverage.complete
    assert whole.run.reused == 10


# --- models that break their contract ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        ("return rows[:, 0]", r"shape \(4,\) .* must be \(4, dim\)"),
        ("return rows[:, :, None, None]", r"shape \(4, 48, 1, 1\)"),
        ("return rows[:3]", r"shape \(3, 48\)"),
        ("return torch.cat([rows, rows])", r"shape \(8, 48\)"),
        ("return rows[:, :0]", r"shape \(4, 0\)"),
        ("return rows.long()", r"torch.int64"),
        ("return rows.numpy()", r"a ndarray"),
        ("return None", r"a NoneType"),
        ("return rows[:, :7]", r"cannot be compared: \(7,\) and \(48,\)"),
        ("return rows[:, None]", r"cannot be compared"),
        ("rows = rows * float('nan')", r"failed on every clip: embed_video returned NaN"),
        ("rows = rows + float('inf')", r"failed on every clip"),
        ("raise RuntimeError('no such layer')", r"RuntimeError: no such layer \(plugin\d+.py, line \d+\)"),
    ],
)
def test_a_model_that_breaks_its_contract_is_named_with_what_it_did(
    runs: Runs, spoilt: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        runs.result(seeing(video=spoilt))
    assert "seeing" in str(caught.value)
    assert caught.value.hint
    assert not list(runs.output.rglob("*.json"))


@pytest.mark.parametrize("stream", ["video", "audio"])
@pytest.mark.parametrize(
    "spoilt",
    [
        "rows = torch.stack([row * (float('nan') if clip.id == 'clip02.mp4' else 1) "
        "for row, clip in zip(rows, batch.clips)])",
        "assert all(clip.id != 'clip02.mp4' for clip in batch.clips)",
    ],
)
def test_a_clip_the_model_fails_on_costs_that_clip_alone(runs: Runs, stream: str, spoilt: str) -> None:
    result = runs.result(seeing(**{stream: spoilt}))
    assert result.coverage.reasons == {"model": ("clip02.mp4",)}
    assert result.coverage.evaluated == 11
    score = result.score("a2v.recall@1")
    assert score is not None
    assert score.value == 1


def test_constant_vectors_score_chance_and_a_note_says_why(runs: Runs) -> None:
    result = runs.result(seeing(video="return torch.ones(4, 48)"))
    for score in result.scores:
        assert score.value == pytest.approx(score.chance)
    assert any("distinct" in note for note in result.notes)


def test_time_aligned_tokens_are_compared_token_by_token(runs: Runs) -> None:
    source = seeing(video="return rows.unflatten(1, (6, 8))", audio="return rows.unflatten(1, (6, 8))")
    result = runs.result(source)
    assert result.score("v2a.recall@1") is not None
    assert runs.result(source).scores == result.scores


def test_half_precision_is_taken_as_float32(runs: Runs) -> None:
    result = runs.result(seeing(video="rows = rows.half().float()"))
    halved = runs.result(seeing(video="return (rows - rows.mean(1, keepdim=True)).half()"))
    assert halved.score("a2v.medr") == result.score("a2v.medr")


def test_a_model_that_is_not_steady_says_so_in_its_result(runs: Runs) -> None:
    source = seeing().replace("inputs=INPUTS,", "inputs=INPUTS, deterministic=False,")
    assert any("same output twice" in note for note in runs.result(source).notes)


def test_a_model_without_a_method_it_claims_is_refused_before_anything_is_decoded(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = reads(monkeypatch)
    with pytest.raises(ModelError, match="no method embed_audio"):
        runs.result(seeing().replace("def embed_audio", "def embed_sound"))
    assert paths == []


def test_a_model_that_cannot_be_loaded_says_where(runs: Runs) -> None:
    with pytest.raises(ModelError, match=r"could not be loaded: FileNotFoundError.*plugin\d+.py, line"):
        runs.result(seeing().replace("load=lambda device: Seeing()", "load=lambda device: open('/no/such')"))


# --- names, options, places -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": "seein"}, UnknownName, "no model named 'seein'"),
        ({"tasks": ("folder-retrieva",)}, UnknownName, "no task named"),
        ({"tasks": ("folder-retrieval", "nothing")}, UnknownName, "no task named 'nothing'"),
        ({"model_args": {"depth": "3"}}, UsageError, "cannot be loaded with these arguments.*depth"),
        ({"dataset_args": {"colour": "red"}}, UsageError, "colour"),
        ({"data_root": None}, UsageError, "not told where"),
        ({"data_root": Path("/no/such/folder")}, DataError, "/no/such/folder"),
        ({"device": "cuda:99"}, UsageError, "cuda:99"),
        ({"device": "tpu"}, UsageError, "tpu"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_before_anything_is_decoded(
    runs: Runs,
    options: dict[str, object],
    error: type[AvbenchError],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = reads(monkeypatch)
    with pytest.raises(error, match=message) as caught:
        runs.finished(seeing(), **options)
    assert caught.value.hint
    assert paths == []


def test_a_model_that_takes_only_shorter_clips_is_refused(runs: Runs) -> None:
    source = seeing().replace("sample_rate=16000))", "sample_rate=16000), max_seconds=3)")
    with pytest.raises(UsageError, match="at most 3 s"):
        runs.result(source)


def test_a_model_that_cannot_do_the_task_is_refused(runs: Runs) -> None:
    with pytest.raises(UsageError, match="needs retrieval"):
        runs.result(seeing().replace('capabilities=("retrieval",)', 'capabilities=("generation",)'))


def test_two_models_of_one_name_are_refused(runs: Runs) -> None:
    source = seeing().replace('name="seeing"', 'name="random"')
    with pytest.raises(PluginError, match="contributed more than once"):
        runs.result(source, model="random")


def test_a_reference_row_that_cannot_be_had_says_why_and_stops_nothing(runs: Runs) -> None:
    task = """
from avbench import TaskSpec

@hookimpl
def avbench_tasks():
    return [TaskSpec(name="many-rows", kind="retrieval", dataset="folder", seconds=4.0, version=1, summary="",
                     scale_rows=("random", "oracle", "no-such-model", "seeing"))]
"""
    result = runs.result(seeing() + task, tasks=("many-rows",))
    unavailable = {row.model: row.unavailable for row in result.scale_rows}
    assert list(unavailable) == ["random", "oracle", "no-such-model"]
    assert unavailable["random"] is None
    assert "side-car" in str(unavailable["oracle"])
    assert "no-such-model" in str(unavailable["no-such-model"])


def test_results_are_never_overwritten(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    paths = {runs.finished(plugin)[0].path for _ in range(3)}
    assert len(paths) == 3
    assert all(path.with_suffix(".queries.jsonl").is_file() for path in paths)


@pytest.mark.parametrize(("place", "error"), [("file", UsageError), ("file/results", StorageError)])
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_decoded(
    runs: Runs, place: str, error: type[AvbenchError], monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs.folder / "file").write_text("in the way")
    paths = reads(monkeypatch)
    with pytest.raises(error):
        runs.result(seeing(), output=runs.folder / place)
    assert paths == []


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """Have every file refused that grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_with_a_hint_and_the_run_goes_on_later(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    with disk_with_room_for(10_000), pytest.raises(StorageError, match="cannot be written") as caught:
        runs.result(plugin, batch_size=4)
    assert "Free some space" in caught.value.hint
    assert not [path for path in runs.cache.rglob(".*") if path.is_file()]
    later = runs.result(plugin, batch_size=4)
    assert later.run.reused == 24
    assert later.coverage.complete


def test_no_half_written_file_is_left_when_the_disk_fills_up_early(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    with disk_with_room_for(150), pytest.raises(StorageError):
        runs.result(plugin)
    assert not [path for path in runs.folder.rglob(".*") if path.is_file()]


def test_results_lie_under_safe_names(runs: Runs) -> None:
    source = seeing().replace('name="seeing"', 'name="../../see/ing"')
    (finished,) = runs.finished(source, model="../../see/ing")
    assert finished.path.resolve().is_relative_to(runs.output.resolve())
    assert os.fspath(finished.path.relative_to(runs.output)).count("/") == 2
