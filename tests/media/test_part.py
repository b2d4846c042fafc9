"""What lies inside another file is read as if it stood alone."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.media.decode import probe, read_clip
from avbench.media.encode import write_clip
from avbench.media.info import DecodedClip
from avbench.media.part import PartReader
from avbench.media.workers import ClipReaders, decode_clips
from avbench.records import AudioInput, VideoInput

VIDEO, AUDIO = VideoInput(fps=10, height=16, width=16), AudioInput(sample_rate=8_000)
ASKED = {"seconds": 1.0, "video": VIDEO, "audio": AUDIO}
BEFORE, AFTER = b"before" * 700, b"after" * 900


@pytest.fixture(scope="module", params=["mp4", "mkv"])
def media(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / f"clip.{request.param}"
    frames = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    tone = 0.5 * np.sin(np.arange(32_000) / 9)[None].astype(np.float32)
    write_clip(path, frames=frames, fps=10, samples=tone, sample_rate=16_000)
    return path


@pytest.fixture
def inside(media: Path, tmp_path: Path) -> Clip:
    """The same clip in the middle of a larger file."""
    content, whole = media.read_bytes(), tmp_path / "whole.tar"
    whole.write_bytes(BEFORE + content + AFTER)
    return Clip(id="a", path=whole, part=(len(BEFORE), len(content)))


@given(content=st.binary(max_size=40), places=st.data())
def test_a_part_reads_like_a_file_of_its_bytes(
    content: bytes, places: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("part") / "file"
    path.write_bytes(BEFORE + content + AFTER)
    expected = io.BytesIO(content)
    with PartReader(path, len(BEFORE), len(content)) as part:
        for _ in range(5):
            whence = places.draw(st.sampled_from([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END]))
            low = {os.SEEK_SET: 0, os.SEEK_CUR: -expected.tell(), os.SEEK_END: -len(content)}[whence]
            offset, size = places.draw(st.integers(low, 50)), places.draw(st.integers(-1, 50))
            assert part.seek(offset, whence) == expected.seek(offset, whence)
            assert part.read(size) == expected.read(size)
            assert part.tell() == expected.tell()


@pytest.mark.parametrize("processes", [0, 1])
def test_a_clip_inside_a_file_is_decoded_as_the_clip_alone(media: Path, inside: Clip, processes: int) -> None:
    alone = read_clip(media, **ASKED)

    (found,) = decode_clips([inside], processes=processes, **ASKED)

    assert isinstance(found, DecodedClip)
    np.testing.assert_array_equal(found.frames, alone.frames)
    np.testing.assert_array_equal(found.samples, alone.samples)


def test_a_seek_inside_the_part_finds_the_window(media: Path, inside: Clip) -> None:
    later = {"start": 0.8, **ASKED}

    found = read_clip(inside.path, part=inside.part, **later)

    np.testing.assert_array_equal(found.frames, read_clip(media, **later).frames)


def test_a_part_is_probed_like_a_file(media: Path, inside: Clip) -> None:
    assert probe(inside.path, part=inside.part).seconds == probe(media).seconds


@pytest.mark.parametrize(("share", "reasons"), [(0, {"empty"}), (0.5, {"corrupt", "too-short"})])
def test_a_part_that_is_cut_off_is_a_bad_file(inside: Clip, share: float, reasons: set[str]) -> None:
    assert inside.part is not None
    first, size = inside.part

    with pytest.raises(MediaError) as raised:
        read_clip(inside.path, part=(first, int(size * share)), **ASKED | {"seconds": 2.0})

    assert raised.value.reason in reasons


def test_clips_are_read_in_any_order_until_the_readers_are_closed(media: Path, inside: Clip) -> None:
    readers = ClipReaders(processes=2, **ASKED)
    short = Clip(id="b", path=media, end=0.5)

    waiting = [readers.submit(each) for each in (inside, short, Clip(id="c", path=media))]
    again, refused, whole = (each.result() for each in reversed(waiting))
    readers.close()

    assert isinstance(whole, DecodedClip) and isinstance(again, DecodedClip)
    np.testing.assert_array_equal(whole.frames, again.frames)
    assert isinstance(refused, MediaError) and refused.reason == "too-short"
