"""From embeddings and galleries to measurements: what is pooled, what is left out, what is said."""

import dataclasses

import numpy as np
import pytest

from avbench.clips import Gallery
from avbench.errors import ModelError
from avbench.metrics.intervals import bootstrap_means
from avbench.metrics.measurement import Measurement
from avbench.specs import RetrievalProtocol
from avbench.tasks.retrieval import RetrievalOutcome, score_retrieval

PROTOCOL = RetrievalProtocol()


def names(count: int) -> tuple[str, ...]:
    return tuple(f"clip{i}" for i in range(count))


def noisy(count: int, noise: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(count)
    audio = rng.normal(size=(count, 24))
    return audio + noise * rng.normal(size=audio.shape), audio


def score(galleries, video, audio, protocol=PROTOCOL, groups=None) -> RetrievalOutcome:
    clips = names(len(video))
    return score_retrieval(protocol, galleries, clips, groups or clips, video, audio, seed=3)


def standard(count: int) -> Gallery:
    return Gallery(name="standard", clip_ids=names(count))


def ends(measurement: Measurement) -> tuple[float, float]:
    assert measurement.interval is not None
    return measurement.interval.low, measurement.interval.high


def by_id(outcome: RetrievalOutcome) -> dict:
    assert len({each.id for each in outcome.measurements}) == len(outcome.measurements)
    return {each.id: each for each in outcome.measurements}


def test_the_standard_gallery_gives_ids_without_a_prefix():
    video, audio = noisy(60)
    found = by_id(score([standard(60)], video, audio))
    metrics = ("recall@1", "recall@5", "recall@10", "mrr", "meanr", "medr", "medr_openclip")
    assert list(found) == [f"{direction}.{metric}" for direction in ("a2v", "v2a") for metric in metrics]


def test_values_equal_a_plain_ranking():
    video, audio = noisy(60)
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (video, audio)]
    scores = unit[0] @ unit[1].T
    found = by_id(score([standard(60)], video, audio))
    for direction, matrix in (("v2a", scores), ("a2v", scores.T)):
        ranks = 1 + np.array([(row > row[i]).sum() for i, row in enumerate(matrix)])
        assert found[f"{direction}.recall@5"].value == pytest.approx(np.mean(ranks <= 5))
        assert found[f"{direction}.mrr"].value == pytest.approx(np.mean(1 / ranks))
        assert found[f"{direction}.meanr"].value == pytest.approx(np.mean(ranks))
        assert found[f"{direction}.medr"].value == np.median(ranks)
        assert found[f"{direction}.medr_openclip"].value == np.floor(np.median(ranks - 1)) + 1


def test_a_collapsed_model_scores_chance_on_everything_and_is_called_collapsed():
    galleries = [standard(30), *(Gallery(name="S4", clip_ids=names(30)[i : i + 6]) for i in (0, 6))]
    galleries.append(Gallery(name="S4", clip_ids=names(30)[12:16]))
    protocol = dataclasses.replace(PROTOCOL, gallery_sizes=(20,))
    outcome = score(galleries, np.ones((30, 4)), np.ones((30, 4)), protocol)
    for each in outcome.measurements:
        assert each.value == pytest.approx(each.chance), each.id
        assert each.pessimistic != each.optimistic, each.id
    found = by_id(outcome)
    assert found["a2v.recall@1"].chance == pytest.approx(1 / 30)
    assert found["a2v.recall@5of20"].chance == pytest.approx(5 / 20)
    assert found["S4.v2a.recall@1"].chance == pytest.approx((12 / 6 + 4 / 4) / 16)
    assert sum("1 of 30" in note for note in outcome.notes) == 2


def test_galleries_of_one_name_rank_apart_and_are_pooled_over_queries():
    video, audio = noisy(14)
    parts = [names(14)[:8], names(14)[8:]]
    pooled = by_id(score([Gallery(name="S2", clip_ids=part) for part in parts], video, audio))
    first = by_id(score([standard(8)], video[:8], audio[:8]))
    rest = by_id(score([standard(6)], video[8:], audio[8:]))
    for metric in ("a2v.recall@1", "v2a.mrr", "a2v.meanr"):
        expected = (8 * first[metric].value + 6 * rest[metric].value) / 14
        assert pooled[f"S2.{metric}"].value == pytest.approx(expected)
        assert pooled[f"S2.{metric}"].n == 14
    assert pooled["S2.a2v.recall@1"].chance == pytest.approx(2 / 14)


def test_recall_that_every_model_has_in_full_is_not_reported():
    video, audio = noisy(8)
    found = by_id(score([standard(8), Gallery(name="S0", clip_ids=names(8))], video, audio))
    for gallery in ("", "S0."):
        assert f"{gallery}a2v.recall@5" in found
        assert f"{gallery}a2v.recall@10" not in found


def test_clips_without_embeddings_leave_the_galleries():
    video, audio = noisy(20)
    absent = Gallery(name="standard", clip_ids=("gone", *names(20), "lost"))
    assert score([absent], video, audio).measurements == score([standard(20)], video, audio).measurements


def test_a_gallery_with_fewer_than_two_clips_left_is_skipped_and_said_so():
    video, audio = noisy(5)
    short = Gallery(name="S3", clip_ids=("gone", "lost", "clip1"))
    outcome = score([standard(5), short, Gallery(name="S3", clip_ids=names(3))], video, audio)
    assert outcome.notes == ("Galleries with fewer than two clips left rank nothing: S3 (1 of 2).",)
    assert by_id(outcome)["S3.a2v.mrr"].n == 3
    assert {query.part for query in outcome.queries if query.gallery == "S3"} == {1}


def test_nothing_left_gives_no_number():
    video, audio = noisy(2)
    outcome = score([Gallery(name="standard", clip_ids=("gone", "clip0"))], video, audio)
    assert outcome.measurements == outcome.queries == ()
    assert len(outcome.notes) == 1


def test_every_query_is_kept_with_its_counts():
    video, audio = noisy(9)
    video[4], audio[4] = video[2], audio[2]
    outcome = score([standard(9)], video, audio)
    assert [(each.direction, each.query) for each in outcome.queries] == [
        (direction, clip) for direction in ("a2v", "v2a") for clip in names(9)
    ]
    ranks = np.array([each.better + 1 + each.tied / 2 for each in outcome.queries[:9]])
    assert by_id(outcome)["a2v.meanr"].value == pytest.approx(ranks.mean())
    assert [each.query for each in outcome.queries[:9] if each.tied] == ["clip2", "clip4"]
    assert {each.candidates for each in outcome.queries} == {9}


def test_only_the_directions_of_the_spec_are_scored():
    video, audio = noisy(9)
    outcome = score([standard(9)], video, audio, dataclasses.replace(PROTOCOL, directions=("v2a",)))
    assert {each.id.split(".")[0] for each in outcome.measurements} == {"v2a"}
    assert {each.direction for each in outcome.queries} == {"v2a"}


def test_intervals_hold_the_value_and_resample_recordings():
    video, audio = noisy(80, noise=3.0)
    recordings = [f"recording{i // 8}" for i in range(80)]
    outcome = score([standard(80)], video, audio, groups=recordings)
    for each in outcome.measurements:
        low, high = ends(each)
        assert low <= each.value <= high, each.id
        assert (each.interval.groups, each.interval.seed) == (10, 3), each.id
    hits = [float(each.better == 0) for each in outcome.queries if each.direction == "a2v"]
    expected = bootstrap_means(np.array(hits)[:, None], recordings, seed=3)[0]
    assert by_id(outcome)["a2v.recall@1"].interval == expected


def test_queries_of_one_recording_have_no_interval_and_a_note_says_so():
    video, audio = noisy(20)
    outcome = score([standard(20)], video, audio, groups=["concert"] * 20)
    assert outcome.notes == ("All queries of standard come from one recording: its intervals have no width.",)
    low, high = ends(by_id(outcome)["a2v.mrr"])
    assert low == pytest.approx(high)


def test_a_perfect_score_still_has_a_width():
    audio = np.eye(20)
    found = by_id(score([standard(20)], audio, audio))
    assert found["a2v.recall@1"].value == 1
    assert ends(found["a2v.recall@1"]) == (pytest.approx(0.025 ** (1 / 20)), 1)
    assert found["a2v.recall@1"].interval.method == "clopper-pearson"
    assert ends(found["a2v.medr"]) == (1, 1)


def test_values_do_not_depend_on_the_order_of_the_clips():
    video, audio = noisy(50)
    order = np.random.default_rng(0).permutation(50)
    clips = [names(50)[i] for i in order]
    shuffled = score_retrieval(PROTOCOL, [standard(50)], clips, clips, video[order], audio[order], seed=3)
    assert shuffled == score([standard(50)], video, audio)


def test_fixed_gallery_sizes_make_galleries_of_different_size_comparable():
    video, audio = noisy(300, noise=3.0)
    protocol = dataclasses.replace(PROTOCOL, gallery_sizes=(50, 300, 1000))
    whole = by_id(score([standard(300)], video, audio, protocol))
    assert "a2v.recall@1of300" not in whole
    assert "a2v.recall@1of1000" not in whole
    drawn = [np.random.default_rng(i).choice(300, 50, replace=False) for i in range(150)]
    plain = [by_id(score([standard(50)], video[rows], audio[rows])) for rows in drawn]
    sampled = [each["a2v.recall@1"].value for each in plain]
    error = np.std(sampled) / np.sqrt(len(sampled))
    assert whole["a2v.recall@1of50"].value == pytest.approx(np.mean(sampled), abs=4 * error)


def test_nan_is_refused():
    video, audio = noisy(9)
    video[3, 3] = np.nan
    with pytest.raises(ModelError, match="NaN"):
        score([standard(9)], video, audio)


def test_the_mean_percentile_is_the_same_in_a_gallery_of_any_size():
    video, audio = noisy(300, noise=3.0)
    protocol = dataclasses.replace(PROTOCOL, percentile=True)
    whole = by_id(score([standard(300)], video, audio, protocol))["a2v.percentile"]
    ranks = np.array([query.better for query in score([standard(300)], video, audio).queries[:300]])
    assert whole.value == pytest.approx(np.mean(1 - ranks / 299))
    assert whole.chance == pytest.approx(0.5)
    drawn = [np.random.default_rng(i).choice(300, 50, replace=False) for i in range(150)]
    sampled = [
        by_id(score([standard(50)], video[r], audio[r], protocol))["a2v.percentile"].value for r in drawn
    ]
    assert whole.value == pytest.approx(np.mean(sampled), abs=4 * np.std(sampled) / 150**0.5)


def test_siblings_count_as_wrong_or_are_no_candidates_and_a_note_counts_them():
    video, audio = noisy(40, noise=2.0)
    video[1] = video[0]
    groups = [f"recording{i // 3}" if i < 9 else f"alone{i}" for i in range(40)]
    plain = score([standard(40)], video, audio, groups=groups)
    negative = score([standard(40)], video, audio, dataclasses.replace(PROTOCOL, siblings="negative"), groups)
    ignored = score([standard(40)], video, audio, dataclasses.replace(PROTOCOL, siblings="ignore"), groups)
    assert negative.measurements == plain.measurements
    assert [note for note in negative.notes if note not in plain.notes] == [
        "9 clips have others of their recording in the gallery, which count as wrong."
    ]
    assert any("are no candidates for each other" in note for note in ignored.notes)
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (video, audio)]
    scores = (unit[0] @ unit[1].T).astype(np.float32)
    for query in ignored.queries:
        i = int(query.query.removeprefix("clip"))
        row = scores[i] if query.direction == "v2a" else scores[:, i]
        others = [j for j in range(40) if j != i and groups[j] != groups[i]]
        assert query.better == sum(row[j] > row[i] + 1e-6 for j in others), query
        assert query.candidates == len(others) + 1


def test_an_identical_sibling_ties_only_where_it_is_a_candidate():
    video, audio = noisy(20)
    video[1], audio[1] = video[0], audio[0]
    groups = ["one", "one", *names(20)[2:]]
    for siblings, tied in (("negative", 1), ("ignore", 0)):
        outcome = score([standard(20)], video, audio, RetrievalProtocol(siblings=siblings), groups)
        assert {query.tied for query in outcome.queries if query.query in ("clip0", "clip1")} == {tied}


def test_a_mean_over_classes_lets_a_small_class_count_as_much_as_a_large_one():
    video, audio = noisy(60, noise=3.0)
    classes = [("rare",) if i < 6 else ("common",) if i < 50 else ("common", "rare") for i in range(60)]
    protocol = dataclasses.replace(PROTOCOL, by_class=True)
    outcome = score_retrieval(
        protocol, [standard(60)], names(60), names(60), video, audio, seed=3, classes=classes
    )
    found = by_id(outcome)
    hits = np.array([query.better < 5 for query in outcome.queries if query.direction == "v2a"])
    within = [
        np.mean([hit for hit, each in zip(hits, classes, strict=True) if c in each])
        for c in ("rare", "common")
    ]
    macro = found["v2a.macro-recall@5"]
    assert macro.value == pytest.approx(np.mean(within))
    low, high = ends(macro)
    assert low < macro.value < high
    plain = score([standard(60)], video, audio)
    assert tuple(each for each in outcome.measurements if "macro" not in each.id) == plain.measurements


def test_dual_softmax_has_names_of_its_own_and_leaves_the_others_as_they_are():
    video, audio = noisy(50, noise=2.5)
    video[7] = video[3]
    outcome = score([standard(50)], video, audio, dataclasses.replace(PROTOCOL, dual_softmax=10))
    plain = score([standard(50)], video, audio)
    assert outcome.measurements[: len(plain.measurements)] == plain.measurements
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (video, audio)]
    for direction, scores in (("v2a", unit[0] @ unit[1].T), ("a2v", unit[1] @ unit[0].T)):
        preference = np.exp(10 * scores) / np.exp(10 * scores).sum(0)
        weighted = scores * preference
        expected = np.array([(row > row[i] + 1e-9).sum() for i, row in enumerate(weighted)])
        kept = [q for q in outcome.queries if (q.gallery, q.direction) == ("dual-softmax@10", direction)]
        np.testing.assert_array_equal([query.better for query in kept], expected)
        value = by_id(outcome)[f"dual-softmax@10.{direction}.recall@5"].value
        ties = np.array([query.tied for query in kept])
        assert value == pytest.approx(np.mean(np.clip(5 - expected, 0, ties + 1) / (ties + 1)))
    assert {q.query for q in outcome.queries if q.gallery != "standard" and q.tied} == {"clip3", "clip7"}
