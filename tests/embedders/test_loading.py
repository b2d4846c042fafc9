"""Where an embedder's weights are looked for, in which order, and by what they are known."""

import hashlib
import importlib.metadata
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from avbench.embedders.loading import cached, resolve_network
from avbench.errors import ModelError, UsageError
from avbench.protocols import Heard
from avbench.records import Checkpoint, EmbedderRecord
from tests.embedders.serving import serving
from tests.embedders.sounds import batch_of

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
CHECKPOINT = Checkpoint(file="net.pt", source="A paper")


class Ears:
    """Hears as many rows as its file has bytes."""

    def __init__(self, device: str, weights: Path | None) -> None:
        self.bytes = len(weights.read_bytes()) if weights else 0

    def hear(self, batch) -> Heard:
        return Heard(rows=torch.zeros(len(batch.clips), self.bytes, 1))


RECORD = EmbedderRecord(
    name="ears", summary="Ears.", load=Ears, sample_rate=8000, dim=1, license="MIT", checkpoint=CHECKPOINT
)


def known(**given) -> EmbedderRecord:
    return replace(RECORD, checkpoint=replace(CHECKPOINT, **given))


def resolve(record, cache, weights=None, *, allow_download=False):
    return resolve_network(record, weights=weights, cache=cache, allow_download=allow_download)


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_path_that_is_given_comes_first(tmp_path):
    put(cached(CHECKPOINT, tmp_path), b"others")
    given = put(tmp_path / "mine.pt")

    resolved = resolve(RECORD, tmp_path, given)

    assert resolved.weights == given
    assert resolved.identity == {"embedder": "ears", "weights": SHA256}
    assert resolved.load("cpu").hear(batch_of(torch.zeros(2, 9), 8000)).rows.shape == (2, 7, 1)


def test_what_the_plugin_ships_comes_before_the_cache(tmp_path):
    put(cached(CHECKPOINT, tmp_path), b"others")
    shipped = put(tmp_path / "shipped.pt")

    assert resolve(replace(RECORD, shipped=shipped), tmp_path).weights == shipped


def test_the_cache_comes_next_and_nothing_is_fetched_for_it(tmp_path):
    put(tmp_path / "checkpoints" / "net.pt")
    with serving({"net.pt": b"others"}) as (address, asked):
        resolved = resolve(known(url=f"{address}/net.pt"), tmp_path, allow_download=True)

    assert resolved.weights == tmp_path / "checkpoints" / "net.pt"
    assert asked == []


def test_what_is_nowhere_is_fetched_if_allowed_and_kept(tmp_path):
    with serving({"net.pt": CONTENT}) as (address, asked):
        record = known(url=f"{address}/net.pt", sha256=SHA256)
        first = resolve(record, tmp_path, allow_download=True)
        second = resolve(record, tmp_path)

    assert first == second
    assert first.weights == tmp_path / "checkpoints" / "net.pt"
    assert asked == ["net.pt"]


def test_nothing_is_fetched_unasked(tmp_path):
    with serving({"net.pt": CONTENT}) as (address, asked), pytest.raises(ModelError):
        resolve(known(url=f"{address}/net.pt"), tmp_path)
    assert asked == []


def test_nothing_is_fetched_in_place_of_a_path_that_is_given(tmp_path):
    with (
        serving({"net.pt": CONTENT}) as (address, asked),
        pytest.raises(ModelError, match=r"no file .*typo\.pt"),
    ):
        resolve(known(url=f"{address}/net.pt"), tmp_path, tmp_path / "typo.pt", allow_download=True)
    assert asked == []


def test_weights_that_are_missing_are_told_by_file_place_address_and_digest(tmp_path):
    record = known(url="https://example.org/net.pt", sha256=SHA256)
    with pytest.raises(ModelError) as caught:
        resolve(record, tmp_path)

    assert caught.value.message == (
        f"The embedder 'ears' has no weights: there is no file {tmp_path}/checkpoints/net.pt."
    )
    assert caught.value.hint == (
        f"Put net.pt from https://example.org/net.pt (A paper, SHA-256 {SHA256}) there, give its path "
        "(--embedder ears=PATH), or let it be fetched (--allow-download)."
    )


@pytest.mark.parametrize("place", ["given", "shipped", "cached"])
def test_a_file_of_another_digest_is_refused_wherever_it_comes_from(tmp_path, place):
    path = put(cached(CHECKPOINT, tmp_path) if place == "cached" else tmp_path / "net.pt", b"changed")
    record = replace(known(sha256=SHA256), shipped=path if place == "shipped" else None)

    with pytest.raises(ModelError, match=f"not those of its record: their SHA-256 is .*, not {SHA256}"):
        resolve(record, tmp_path, path if place == "given" else None)


def test_without_a_stated_digest_the_one_found_tells_files_apart(tmp_path):
    first = resolve(RECORD, tmp_path, put(tmp_path / "a.pt", b"a")).identity["weights"]
    second = resolve(RECORD, tmp_path, put(tmp_path / "b.pt", b"b")).identity["weights"]

    assert first == hashlib.sha256(b"a").hexdigest() != second


def test_one_without_a_checkpoint_takes_no_weights(tmp_path):
    record = replace(RECORD, checkpoint=None, identity=lambda: {"scale": "3"})

    assert resolve(record, tmp_path).identity == {"embedder": "ears", "scale": "3"}
    with pytest.raises(UsageError, match="takes no weights"):
        resolve(record, tmp_path, put(tmp_path / "a.pt"))


def test_a_package_that_is_missing_is_told_with_the_command(tmp_path):
    record = replace(RECORD, requires=("torch", "no_such_ears"), install="pip install --no-deps ears")
    with pytest.raises(ModelError, match="needs what is not installed: no_such_ears") as caught:
        resolve(record, tmp_path)
    assert caught.value.hint == "Run: pip install --no-deps ears"


def test_the_versions_of_its_packages_are_part_of_its_identity(tmp_path):
    record = replace(RECORD, checkpoint=None, requires=("torch", "sklearn", "json"))

    identity = resolve(record, tmp_path).identity

    assert identity["torch"] == torch.__version__
    assert identity["sklearn"] == importlib.metadata.version("scikit-learn")
    assert identity["json"] == "unknown"


def test_a_load_that_fails_is_told_with_the_embedder_and_its_file(tmp_path):
    def load(device, weights):
        raise KeyError("layer3")

    resolved = resolve(replace(RECORD, load=load), tmp_path, put(tmp_path / "a.pt"))
    with pytest.raises(ModelError, match="'ears' could not be loaded: KeyError: 'layer3'") as caught:
        resolved.load("cpu")
    assert str(tmp_path / "a.pt") in caught.value.hint


FOLDER = known(file="net", parts=("config.json", "new.weights|old.weights"))


def folder(path: Path, **files: bytes) -> Path:
    for name, content in files.items():
        put(path / name.replace("_", "."), content)
    return path


def test_a_folder_is_known_by_the_digest_of_its_parts_and_no_other_file(tmp_path):
    given = folder(tmp_path / "mine", config_json=b"{}", old_weights=b"w", read_me=b"hello")

    found = resolve(FOLDER, tmp_path, given).identity["weights"]

    digests = {name: hashlib.sha256(content).hexdigest() for name, content in
               {"config.json": b"{}", "old.weights": b"w"}.items()}  # fmt: skip
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    assert found == hashlib.sha256(lines.encode()).hexdigest()


def test_a_folder_without_its_first_part_is_none(tmp_path):
    given = folder(tmp_path / "mine", old_weights=b"w")
    with pytest.raises(ModelError, match=r"no folder .*mine with config\.json"):
        resolve(FOLDER, tmp_path, given)


def test_a_name_of_the_hub_is_looked_for_in_the_cache_and_fetched_if_allowed(tmp_path, monkeypatch):
    name = Path("someone/net-2.1")
    with pytest.raises(ModelError, match=r"checkpoints/someone--net-2\.1 with config\.json") as caught:
        resolve(FOLDER, tmp_path, name)
    assert "https://huggingface.co/someone/net-2.1/resolve/main" in caught.value.hint

    with serving({"someone/net-2.1/config.json": b"{}", "someone/net-2.1/old.weights": b"w"}) as (address, _):
        monkeypatch.setattr("avbench.embedders.loading.HUB", address + "/{name}")
        resolved = resolve(FOLDER, tmp_path, name, allow_download=True)

    assert resolved.weights == tmp_path / "checkpoints" / "someone--net-2.1"
    assert resolve(FOLDER, tmp_path, name) == resolved


@pytest.mark.parametrize("given", ["../net", "a/b/c", "/net", "net"])
def test_what_is_no_name_of_the_hub_is_a_path(tmp_path, given):
    with pytest.raises(ModelError, match=f"no folder {given} with"):
        resolve(FOLDER, tmp_path, Path(given), allow_download=True)
