import json

import pytest
from click.testing import CliRunner

from avbench.cli.metrics import command
from avbench.errors import UnknownName


def explained(*args: str) -> str:
    return CliRunner().invoke(command, ["explain", *args], catch_exceptions=False).stdout


@pytest.mark.parametrize(
    ("asked", "record"),
    [
        ("mrr", "mrr"),
        ("S2.v2a.mrr", "mrr"),
        ("a2v.recall@10", "recall@k"),
        ("a2v.recall@10of500", "recall@kofm"),
        ("category.a2v.recall@10", "category.DIRECTION.recall@k"),
        ("category.v2a.macro-map", "category.DIRECTION.macro-map"),
        ("dual-softmax@10.a2v.recall@1", "dual-softmax@s.DIRECTION.recall@k"),
        ("choice.shift-S3", "choice.shift-SCALE"),
        ("choice.shift-S3@0.04", "choice.shift-SCALE@SECONDS"),
        ("choice.shift-S3.threshold", "choice.shift-SCALE.threshold"),
        ("fad.vggish", "fad.EMBEDDER"),
        ("fad-inf.clap-630k", "fad-inf.EMBEDDER"),
        ("fd.panns", "fd.EMBEDDER"),
        ("fd-population.passt", "fd-population.EMBEDDER"),
        ("fd-inf.panns-32k", "fd-inf.EMBEDDER"),
        ("fad.model:gmscavp", "fad.EMBEDDER"),
        ("kl-reverse-eps.passt", "kl-reverse-eps.CLASSIFIER"),
        ("onset.f1@0.1", "onset.MEASURE@SECONDS"),
    ],
)
def test_an_id_with_its_protocol_is_explained_by_its_record(asked: str, record: str):
    assert json.loads(explained(asked, "--json"))["id"] == record


def test_it_says_which_published_column_a_number_equals_and_which_not():
    text = explained("fad.vggish")
    assert "lower is better" in text
    assert "equals" in text
    assert "av-benchmark" in text
    assert "is not" in text


def test_an_unknown_number_is_refused_and_the_nearest_named():
    with pytest.raises(UnknownName, match=r"'fadd\.vggish'"):
        explained("fadd.vggish")
    with pytest.raises(UnknownName):
        explained("fad")


@pytest.mark.parametrize(
    ("asked", "column"),
    [
        ("fad.vggish", "FD_VGG"),
        ("fd.panns", "FD_PANNs"),
        ("fd.passt", "FD_PaSST"),
        ("kl.panns", "KL_PANNs"),
        ("kl.passt", "KL_PaSST"),
        ("is.panns", "IS_PANNs"),
        ("is.passt", "IS_PaSST"),
    ],
)
def test_the_columns_of_av_benchmark_are_named_by_the_number_that_equals_them(asked: str, column: str):
    (equals,) = (line for line in explained(asked).splitlines() if line.startswith("  equals"))
    assert column in equals
    assert asked in equals
