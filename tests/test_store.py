"""Outputs come back as they were kept, or not at all."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from avbench.digests import FileDigests
from avbench.errors import StorageError
from avbench.store import Shelf, Store, cache_folder, write_whole

KEY = {"model": "m", "window": 8.0}
CLIP = "ab" * 32


def silent(what: str, done: int, total: int) -> None:
    pass


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Store(root=tmp_path).shelf(KEY)


@pytest.mark.parametrize("shape", [(5,), (3, 4), (1,)])
def test_an_output_comes_back_bit_for_bit(shelf: Shelf, shape: tuple[int, ...]) -> None:
    output = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    shelf.write(CLIP, "video", output)
    kept = shelf.read(CLIP, "video")
    assert kept is not None
    assert kept.shape == shape
    assert kept.tobytes() == output.tobytes()
    assert shelf.read(CLIP, "audio") is None


def test_another_key_is_another_shelf(tmp_path: Path, shelf: Shelf) -> None:
    shelf.write(CLIP, "video", np.ones(3, np.float32))
    assert Store(root=tmp_path).shelf({**KEY, "window": 4.0}).read(CLIP, "video") is None
    assert Store(root=tmp_path).shelf(dict(reversed(KEY.items()))).read(CLIP, "video") is not None


@pytest.mark.parametrize("cut", [0, 1, 10, 30, 60, -1, -4])
def test_a_truncated_entry_counts_as_absent(shelf: Shelf, cut: int) -> None:
    shelf.write(CLIP, "audio", np.arange(8, dtype=np.float32))
    (entry,) = shelf.folder.glob("*/*.audio")
    entry.write_bytes(entry.read_bytes()[:cut])
    assert shelf.read(CLIP, "audio") is None


def test_every_flipped_byte_is_noticed(shelf: Shelf) -> None:
    output = np.arange(4, dtype=np.float32)
    shelf.write(CLIP, "audio", output)
    (entry,) = shelf.folder.glob("*/*.audio")
    good = entry.read_bytes()
    for place in range(len(good)):
        entry.write_bytes(good[:place] + bytes([good[place] ^ 0x10]) + good[place + 1 :])
        kept = shelf.read(CLIP, "audio")
        assert kept is None or kept.tobytes() == output.tobytes()


def test_outputs_kept_together_come_back_together_bit_for_bit(shelf: Shelf) -> None:
    outputs = {"rows": np.ones((2, 3), np.float32), "times": np.arange(4.0), "none": np.empty(0, np.int16)}
    shelf.write_several(CLIP, "heard", outputs)
    kept = shelf.read_several(CLIP, "heard")
    assert list(kept) == list(outputs)
    for part, output in outputs.items():
        assert (kept[part].dtype, kept[part].shape) == (output.dtype, output.shape)
        assert kept[part].tobytes() == output.tobytes()
    assert shelf.read_several(CLIP, "seen") == {}


def test_one_flipped_or_missing_byte_spoils_all_that_is_kept_together(shelf: Shelf) -> None:
    outputs = {"rows": np.ones(3, np.float32), "times": np.arange(4.0)}
    shelf.write_several(CLIP, "heard", outputs)
    (entry,) = shelf.folder.glob("*/*.heard")
    good = entry.read_bytes()
    spoilt = [good[:place] for place in range(len(good))]
    spoilt += [good[:place] + bytes([good[place] ^ 0x10]) + good[place + 1 :] for place in range(len(good))]
    for content in spoilt:
        entry.write_bytes(content)
        kept = shelf.read_several(CLIP, "heard")
        whole = kept.keys() == outputs.keys()
        assert not whole or all(kept[part].tobytes() == outputs[part].tobytes() for part in outputs)


def test_a_failure_is_kept_beside_the_outputs(shelf: Shelf) -> None:
    assert shelf.read_failure(CLIP) is None
    shelf.write_failure(CLIP, "no-audio", "It is mute.")
    assert shelf.read_failure(CLIP) == ("no-audio", "It is mute.")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"reason": 1}', b"\xff"])
def test_a_damaged_failure_counts_as_absent(shelf: Shelf, content: bytes) -> None:
    shelf.write_failure(CLIP, "no-audio", "It is mute.")
    (entry,) = shelf.folder.glob("*/*.failure.json")
    entry.write_bytes(content)
    assert shelf.read_failure(CLIP) is None


def test_the_size_counts_outputs_and_no_leftovers(tmp_path: Path, shelf: Shelf) -> None:
    shelf.write(CLIP, "audio", np.zeros(4, np.float32))
    (shelf.folder / CLIP[:2] / ".half-written").write_bytes(b"x" * 999)
    count, size = Store(root=tmp_path).size()
    assert count == 1
    assert 16 <= size < 999


def test_a_full_disk_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch, shelf: Shelf) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("avbench.store.os.open", full)
    with pytest.raises(StorageError, match="No space left") as caught:
        shelf.write(CLIP, "audio", np.zeros(4, np.float32))
    assert "AVBENCH_CACHE" in caught.value.hint


def test_what_is_written_may_be_read_by_whom_any_other_file_may(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "whole", b"whole")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(each.name for each in tmp_path.iterdir()) == ["plain", "whole"]


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVBENCH_CACHE", "/somewhere")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.delenv("AVBENCH_CACHE")
    assert cache_folder() == Path("/xdg/avbench")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache_folder() == Path("/home/someone/.cache/avbench")


def test_a_digest_is_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"abc")
    (tmp_path / "empty").touch()
    paths = [tmp_path / name for name in ("a", "b", "empty", "missing", ".")]
    digests = FileDigests(index=tmp_path / "cache" / "index").of(paths, silent)
    assert list(digests) == [tmp_path / "a", tmp_path / "b"]
    assert set(digests.values()) == {"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}


def test_an_unchanged_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media = tmp_path / "a"
    media.write_bytes(b"abc")
    os.utime(media, (1e9, 1e9))
    first = FileDigests(index=tmp_path / "index").of([media], silent)

    def unwanted(path: Path) -> str:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr("avbench.digests._sha256", unwanted)
    assert FileDigests(index=tmp_path / "index").of([media], silent) == first


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    media, index = tmp_path / "a", tmp_path / "index"
    media.write_bytes(b"abc")
    os.utime(media, (1e9, 1e9))
    first = FileDigests(index=index).of([media], silent)
    media.write_bytes(b"abd")
    assert FileDigests(index=index).of([media], silent) != first


def test_a_file_changed_just_now_is_not_trusted_to_its_mtime(tmp_path: Path) -> None:
    media, index = tmp_path / "a", tmp_path / "index"
    now = time.time()
    media.write_bytes(b"abc")
    os.utime(media, (now, now))
    first = FileDigests(index=index).of([media], silent)
    media.write_bytes(b"abd")
    os.utime(media, (now, now))
    assert FileDigests(index=index).of([media], silent) != first


def test_damaged_lines_of_the_index_are_skipped(tmp_path: Path) -> None:
    media, index = tmp_path / "a", tmp_path / "index"
    media.write_bytes(b"abc")
    os.utime(media, (1e9, 1e9))
    first = FileDigests(index=index).of([media], silent)
    index.write_bytes(b'["a", 1\n\xff\xfe\n[]\nnull\n["x",1,2,"short"]\n' + index.read_bytes()[:-9])
    assert FileDigests(index=index).of([media], silent) == first
