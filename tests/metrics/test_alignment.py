"""Numbers of alignment against scikit-learn, and what a judge gets that looks at nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from avbench.metrics.alignment import accepted, auroc, balanced_accuracy, right

pairs = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=30).filter(
    lambda drawn: len({true for _, true in drawn}) == 2
)


@given(pairs)
def test_numbers_are_those_of_scikit_learn(drawn):
    logits, true = np.array([logit for logit, _ in drawn], float), np.array([each for _, each in drawn])
    assert right(logits, true).mean() == pytest.approx(accuracy_score(true, logits > 0))
    assert balanced_accuracy(logits, true) == pytest.approx(balanced_accuracy_score(true, logits > 0))
    assert auroc(logits, true) == pytest.approx(roc_auc_score(true, logits))


@given(pairs)
def test_turning_labels_and_logits_around_changes_no_ranking(drawn):
    logits, true = np.array([logit for logit, _ in drawn], float), np.array([each for _, each in drawn])
    assert auroc(-logits, ~true) == pytest.approx(auroc(logits, true))
    assert auroc(logits, ~true) == pytest.approx(1 - auroc(logits, true))


@pytest.mark.parametrize("logit", [-1.0, 0.0, 1.0])
def test_a_judge_that_says_the_same_of_every_pair_is_at_chance(logit):
    true = [True, True, True, False]
    assert balanced_accuracy([logit] * 4, true) == auroc([logit] * 4, true) == 0.5
    assert right([logit] * 4, true).mean() == (0.75 if logit > 0 else 0.25)


@pytest.mark.parametrize("logit", [np.nan, np.inf])
def test_what_is_no_number_is_refused(logit):
    for number in (right, balanced_accuracy, auroc):
        with pytest.raises(ValueError, match="NaN or infinite"):
            number([0.0, logit], [True, False])


def test_pairs_of_one_kind_tell_nothing():
    assert accepted([1.0, 2.0]).all()
    for number in (balanced_accuracy, auroc):
        with pytest.raises(ValueError, match="and others"):
            number([1.0, 2.0], [True, True])
