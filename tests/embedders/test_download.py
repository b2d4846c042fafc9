"""A checkpoint is fetched whole, bounded and checked, or not at all."""

import hashlib

import pytest

from avbench.embedders.download import fetch
from avbench.errors import ModelError, StorageError
from avbench.records import Checkpoint
from tests.embedders.serving import serving

CONTENT = bytes(range(256)) * 9000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def checkpoint(address: str, **given) -> Checkpoint:
    return Checkpoint(file="net.pt", url=f"{address}/net.pt", **given)


@pytest.mark.parametrize("sha256", ["", SHA256])
def test_a_file_arrives_as_it_was_sent(tmp_path, sha256):
    told = []
    with serving({"net.pt": CONTENT}) as (address, _):
        fetch(
            checkpoint(address, sha256=sha256),
            tmp_path / "new" / "net.pt",
            lambda what, done, total: told.append((what, done, total)),
        )

    assert (tmp_path / "new" / "net.pt").read_bytes() == CONTENT
    assert told[-1] == ("fetching net.pt", len(CONTENT), len(CONTENT))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["net.pt"]


def test_a_file_address_is_fetched_too(tmp_path):
    (tmp_path / "theirs.pt").write_bytes(CONTENT)
    there = Checkpoint(file="net.pt", url=(tmp_path / "theirs.pt").as_uri(), sha256=SHA256)

    fetch(there, tmp_path / "net.pt")

    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def refused(folder, match, address, error=ModelError, **given):
    """Say that nothing is left in the folder when fetching fails."""
    most = given.pop("most_bytes", 1 << 30)
    with pytest.raises(error, match=match):
        fetch(checkpoint(address, **given), folder / "net.pt", most_bytes=most)
    assert list(folder.iterdir()) == []


def test_another_digest_is_refused(tmp_path):
    with serving({"net.pt": CONTENT}) as (address, _):
        refused(tmp_path, f"its SHA-256 is {SHA256}, not {'0' * 64}", address, sha256="0" * 64)


def test_a_file_that_breaks_off_is_refused(tmp_path):
    with serving({"net.pt": CONTENT}, cut=1000) as (address, _):
        refused(tmp_path, "broke off after|cannot be fetched", address)


@pytest.mark.parametrize("length", [True, False])
def test_a_file_that_is_too_large_is_refused(tmp_path, length):
    with serving({"net.pt": CONTENT}, length=length) as (address, _):
        refused(tmp_path, "gives more than 1000 bytes", address, most_bytes=1000)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with serving({}) as (address, _):
        refused(tmp_path, "net.pt cannot be fetched: HTTP Error 404", address)


def test_a_server_that_is_not_there_is_told(tmp_path):
    with serving({}) as (address, _):
        pass
    refused(tmp_path, "cannot be fetched", address)


def test_an_address_that_is_none_is_told(tmp_path):
    refused(tmp_path, "cannot be fetched", "no-address")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with serving({"net.pt": CONTENT}) as (address, asked), pytest.raises(StorageError):
        fetch(checkpoint(address), tmp_path / "file" / "net.pt")
    assert asked == []


PARTS = ("config.json", "tokenizer.json", "new.weights|old.weights")


def test_the_parts_of_a_folder_are_fetched_the_one_that_marks_it_last(tmp_path):
    files = {"config.json": b"{}", "tokenizer.json": b"[]", "new.weights": b"new", "old.weights": b"old"}
    with serving(files) as (address, asked):
        fetch(Checkpoint(file="net", url=address, parts=PARTS), tmp_path / "net")

    assert asked == ["new.weights", "tokenizer.json", "config.json"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "net").iterdir()} == {
        name: content for name, content in files.items() if name != "old.weights"
    }


def test_where_there_is_no_first_choice_the_second_is_fetched(tmp_path):
    files = {"config.json": b"{}", "tokenizer.json": b"[]", "old.weights": b"old"}
    with serving(files) as (address, _):
        fetch(Checkpoint(file="net", url=address, parts=PARTS), tmp_path / "net")

    assert (tmp_path / "net" / "old.weights").read_bytes() == b"old"


def test_a_folder_of_which_a_part_is_missing_is_not_taken_for_whole_and_goes_on_later(tmp_path):
    files = {"config.json": b"{}", "new.weights": b"new"}
    with (
        serving(files) as (address, _),
        pytest.raises(ModelError, match=r"tokenizer\.json cannot be fetched"),
    ):
        fetch(Checkpoint(file="net", url=address, parts=PARTS), tmp_path / "net")
    assert not (tmp_path / "net" / "config.json").exists()

    with serving(files | {"tokenizer.json": b"[]"}) as (address, asked):
        fetch(Checkpoint(file="net", url=address, parts=PARTS), tmp_path / "net")
    assert asked == ["tokenizer.json", "config.json"]
