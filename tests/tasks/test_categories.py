"""Retrieval by category, against a plain loop over queries and candidates with scikit-learn's numbers."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from avbench.clips import Clip, Gallery
from avbench.errors import DataError
from avbench.specs import CategoryProtocol
from avbench.tasks.categories import CategoryOutcome, score_categories

CLASSES = ("bark", "rain", "bell", "child speech, kid speaking")


def clips(count: int = 60, **fields) -> list[Clip]:
    """Two clips a recording, classes of unlike size."""
    return [
        Clip(
            id=f"clip{i:02}",
            path=f"{i}.mp4",
            source=f"recording{i // 2}",
            classes=(CLASSES[min(i % 7, 3)],),
            **fields,
        )
        for i in range(count)
    ]


def embeddings(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(count)
    means = rng.normal(size=(4, 16))
    kinds = np.minimum(np.arange(count) % 7, 3)
    return means[kinds] + 1.5 * rng.normal(size=(count, 16)), means[kinds] + 1.5 * rng.normal(
        size=(count, 16)
    )


def score(some: list[Clip], video, audio, **fields) -> CategoryOutcome:
    gallery = Gallery(name="standard", clip_ids=tuple(clip.id for clip in some))
    return score_categories(CategoryProtocol(**fields), [gallery], some, video, audio, seed=1)


def by_id(outcome: CategoryOutcome) -> dict:
    return {each.id: each for each in outcome.measurements}


def test_every_number_is_that_of_a_plain_loop_without_the_querys_own_recording():
    some, (video, audio) = clips(), embeddings()
    found = by_id(score(some, video, audio))
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (video, audio)]
    for direction, scores in (("v2a", unit[0] @ unit[1].T), ("a2v", unit[1] @ unit[0].T)):
        precisions, gains, hits, shares = [], [], [], []
        for i, clip in enumerate(some):
            others = [j for j, other in enumerate(some) if other.source != clip.source]
            right = np.array([some[j].classes == clip.classes for j in others])
            row = scores[i, others]
            first = np.argsort(-row)[:5]
            precisions.append(average_precision_score(right, row))
            gains.append(ndcg_score(right[None], row[None], k=10))
            hits.append(right[first].any())
            shares.append(right[first].sum() / right.sum())
        assert found[f"category.{direction}.map"].value == pytest.approx(np.mean(precisions), abs=1e-6)
        assert found[f"category.{direction}.ndcg@10"].value == pytest.approx(np.mean(gains), abs=1e-6)
        assert found[f"category.{direction}.hit@5"].value == pytest.approx(np.mean(hits))
        assert found[f"category.{direction}.recall@5"].value == pytest.approx(np.mean(shares))


def test_no_name_is_one_of_instance_retrieval():
    from avbench.specs import RetrievalProtocol
    from avbench.tasks.retrieval import score_retrieval

    some, (video, audio) = clips(), embeddings()
    ids = [clip.id for clip in some]
    gallery = Gallery(name="standard", clip_ids=tuple(ids))
    instance = score_retrieval(RetrievalProtocol(), [gallery], ids, ids, video, audio, seed=1)
    assert not {each.id for each in instance.measurements} & by_id(score(some, video, audio)).keys()


def test_a_collapsed_model_scores_chance_and_chance_is_what_random_embeddings_score():
    some = clips()
    collapsed = by_id(score(some, np.ones((60, 4)), np.ones((60, 4))))
    rng = np.random.default_rng(0)
    drawn = [by_id(score(some, *rng.normal(size=(2, 60, 8)), directions=("v2a",))) for _ in range(60)]
    for each in collapsed.values():
        assert each.value == pytest.approx(each.chance), each.id
        if each.id.startswith("category.v2a."):
            sampled = np.array([found[each.id].value for found in drawn])
            assert each.chance == pytest.approx(sampled.mean(), abs=5 * sampled.std() / 60**0.5), each.id


def test_a_query_that_has_nothing_to_find_asks_nothing_and_is_counted():
    some, (video, audio) = clips(), embeddings()
    some[4] = Clip(id="clip04", path="4.mp4", source="recording2", classes=("alone",))
    outcome = score(some, video, audio)
    assert "clip04" not in {query.query for query in outcome.queries}
    assert outcome.notes == tuple(
        f"{direction}: 1 of 60 queries have no other clip of their class." for direction in ("a2v", "v2a")
    )
    assert by_id(outcome)["category.a2v.map"].n == 59
    assert outcome.galleries == {"standard": (60,)}


def test_clips_without_any_class_are_an_error_and_not_a_score(tmp_path):
    unknown = [Clip(id=f"{k}", path=tmp_path, labels={"A": ""}) for k in range(4)]
    galleries = [Gallery(name="standard", clip_ids=tuple(clip.id for clip in unknown))]
    with pytest.raises(DataError, match=r"None of the 4 clips has a class\."):
        score_categories(CategoryProtocol(), galleries, unknown, np.eye(4), np.eye(4), 0)
    apart = CategoryProtocol(heard=("A",), seen=("V",))
    with pytest.raises(DataError, match="under its labels A, V"):
        score_categories(apart, galleries, unknown, np.eye(4), np.eye(4), 0)


def test_any_shared_class_is_enough_unless_all_are_asked_for():
    some = [
        Clip(id="a", path="a", classes=("bark", "rain")),
        Clip(id="b", path="b", classes=("rain",)),
        Clip(id="c", path="c", classes=("bark", "rain", "bell")),
        Clip(id="d", path="d", classes=("bell",)),
    ]
    video = audio = np.eye(4)
    right = {
        agreement: {q.query: q.right for q in score(some, video, audio, agreement=agreement).queries[:4]}
        for agreement in ("any", "all")
    }
    assert right == {"any": {"a": 2, "b": 2, "c": 3, "d": 1}, "all": {"a": 1, "b": 2, "d": 1}}


def test_a_sound_asks_for_what_is_heard_and_finds_where_it_is_seen():
    labels = [
        {"A": "rain", "AV": "bark"},
        {"A": "rain"},
        {"AV": "bell", "V": "bark"},
        {"A": "bark", "V": "rain"},
    ]
    some = [Clip(id=str(i), path="x", labels=each) for i, each in enumerate(labels)]
    outcome = score(some, np.eye(4), np.eye(4), heard=("A", "AV"), seen=("V", "AV"))
    assert {(q.direction, q.query): q.right for q in outcome.queries} == {
        ("a2v", "0"): 2,
        ("a2v", "1"): 1,
        ("a2v", "3"): 2,
        ("v2a", "0"): 1,
        ("v2a", "2"): 2,
        ("v2a", "3"): 2,
    }


def test_means_over_classes_are_over_classes_and_values_do_not_depend_on_the_order_of_the_clips():
    some, (video, audio) = clips(), embeddings()
    outcome = score(some, video, audio, directions=("a2v",))
    within = {name: [q.values["map"] for q in outcome.queries if name in q.classes] for name in CLASSES}
    found = by_id(outcome)
    assert found["category.a2v.macro-map"].value == pytest.approx(
        np.mean([np.mean(v) for v in within.values()])
    )
    order = np.random.default_rng(4).permutation(60)
    turned = by_id(score([some[i] for i in order], video[order], audio[order], directions=("a2v",)))
    for name, each in turned.items():
        assert each.value == pytest.approx(found[name].value), name
