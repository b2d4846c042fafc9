import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from avbench.errors import DataError
from avbench.metrics.frechet import frechet_distance, moments
from avbench.metrics.statistics_files import (
    Statistics,
    check_same_protocol,
    merged_statistics,
    read_statistics,
    write_statistics,
)

PROTOCOL = {"embedder": "vggish", "rows": "frame", "seconds": "8"}


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(40, 6))


def statistics(rows, protocol=PROTOCOL) -> Statistics:
    return Statistics(moments=moments(rows), protocol=protocol)


def test_what_is_read_is_what_was_written(tmp_path, rows):
    path = tmp_path / "test.safetensors"
    write_statistics(path, statistics(rows))
    back = read_statistics(path)
    assert (back.moments.n, dict(back.protocol)) == (40, PROTOCOL)
    assert back.digest == statistics(rows).digest
    np.testing.assert_array_equal(back.moments.factor, moments(rows).factor)
    assert frechet_distance(back.moments, moments(rows)) < 1e-12


def test_the_digest_tells_every_part_apart(rows):
    changed = rows.copy()
    changed[0, 0] += 1e-9
    digests = {
        statistics(rows).digest,
        statistics(changed).digest,
        statistics(rows, PROTOCOL | {"seconds": "10"}).digest,
        statistics(rows[:-1]).digest,
    }
    assert len(digests) == 4


def test_a_small_file_describes_a_large_set(tmp_path):
    path = tmp_path / "large.safetensors"
    write_statistics(path, statistics(np.random.default_rng(0).normal(size=(20_000, 6))))
    assert path.stat().st_size < 2000


def test_parts_merge_to_the_whole(rows):
    together = merged_statistics([statistics(rows[:7]), statistics(rows[7:8]), statistics(rows[8:])])
    np.testing.assert_allclose(together.moments.covariance(), np.cov(rows, rowvar=False), atol=1e-12)
    assert together.protocol == PROTOCOL


def test_another_protocol_is_refused_by_name(rows):
    other = statistics(rows, PROTOCOL | {"seconds": "10"})
    for refused in (check_same_protocol, lambda *parts: merged_statistics(parts)):
        with pytest.raises(DataError, match="seconds '8' against '10'"):
            refused(statistics(rows), other)


def test_another_dimension_is_refused(rows):
    with pytest.raises(DataError, match="dimension 6 and 5"):
        check_same_protocol(statistics(rows), statistics(rows[:, 1:]))


def test_nothing_cannot_be_merged():
    with pytest.raises(DataError, match="no statistics to merge"):
        merged_statistics([])


def test_a_file_that_is_missing_or_no_safetensors_is_refused(tmp_path):
    (tmp_path / "text").write_text("mean = 1")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(DataError, match="No such file"):
        read_statistics(tmp_path / "absent")
    for name in ("text", "empty"):
        with pytest.raises(DataError, match="not a safetensors file"):
            read_statistics(tmp_path / name)


def tampered(path, change):
    """Rewrite a file with tensors or header changed."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        header = file.metadata()
    tensors = load_file(path)
    change(tensors, header)
    save_file(tensors, path, metadata=header)


def refuse_mean(tensors, header):
    del tensors["mean"]


def change_value(tensors, header):
    tensors["mean"] = tensors["mean"] + 1


def make_nan(tensors, header):
    tensors["factor"] = tensors["factor"] * np.nan


def reshape(tensors, header):
    tensors["mean"] = tensors["mean"][:-1].copy()


def change_n(tensors, header):
    header["avbench"] = header["avbench"].replace('"n":40', '"n":41')


def other_format(tensors, header):
    header["avbench"] = header["avbench"].replace("statistics-1", "statistics-9")


def no_header(tensors, header):
    header.clear()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (refuse_mean, "no tensor 'mean'"),
        (change_value, "has digest"),
        (make_nan, "NaN"),
        (reshape, "shape"),
        (change_n, "has digest"),
        (other_format, "statistics-9"),
        (no_header, "header is not"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(tmp_path, rows, change, message):
    path = tmp_path / "test.safetensors"
    write_statistics(path, statistics(rows))
    tampered(path, change)
    with pytest.raises(DataError, match=message):
        read_statistics(path)
