"""Forced choices: each pair asked four ways, pooled by what differs, with curves over shifts."""

import numpy as np
import pytest

from avbench.clips import Gallery
from avbench.errors import DataError, ModelError
from avbench.specs import ChoiceProtocol
from avbench.tasks.choices import ChoiceOutcome, score_choices

NAMES = ("binding", "shift-S3@0.02", "shift-S3@0.16")


def pairs(states: int, names=NAMES) -> list[Gallery]:
    drawn = Gallery(name="standard", clip_ids=tuple(f"{state}" for state in range(states)))
    return [
        drawn,
        *(
            Gallery(name=name, clip_ids=(f"{state}", f"{state}-{name}"))
            for name in names
            for state in range(states)
        ),
    ]


def ids_of(galleries: list[Gallery]) -> list[str]:
    return list(dict.fromkeys(clip for gallery in galleries for clip in gallery.clip_ids))


def scored(galleries, video, audio, ids=None, protocol=None) -> ChoiceOutcome:
    ids = ids or ids_of(galleries)
    groups = [clip.partition("-")[0] for clip in ids]
    return score_choices(protocol or ChoiceProtocol(), galleries, ids, groups, video, audio, seed=0)


def values(outcome: ChoiceOutcome) -> dict[str, float]:
    return {each.id: each.value for each in outcome.measurements}


def slow_share(galleries, ids, video, audio, name) -> float:
    """Return right choices of four a pair, ties half, by loops over cosines."""
    right = []
    for gallery in galleries:
        if gallery.name.startswith(name):
            one, other = (ids.index(clip) for clip in gallery.clip_ids)
            for own, wrong in ((one, other), (other, one)):
                for asking, asked in ((video, audio), (audio, video)):
                    own_score, wrong_score = (
                        asking[own] @ asked[k] / np.linalg.norm(asked[k]) for k in (own, wrong)
                    )
                    right.append(0.5 + 0.5 * np.sign(round(own_score - wrong_score, 6)))
    return float(np.mean(right))


def test_shares_are_those_of_a_slow_reference() -> None:
    random = np.random.default_rng(0)
    galleries = pairs(9)
    ids = ids_of(galleries)
    video = random.standard_normal((len(ids), 6)).astype(np.float32)
    audio = (video + 1.5 * random.standard_normal(video.shape)).astype(np.float32)
    audio[3] = audio[ids.index("3-binding")]  # a tie
    found = values(scored(galleries, video, audio))

    for name in ("binding", "shift-S3@0.02", "shift-S3@0.16", "shift-S3"):
        assert found[f"choice.{name}"] == pytest.approx(slow_share(galleries, ids, video, audio, name))
    assert all(0.5 < share < 1 for share in (found["choice.binding"], found["choice.shift-S3"]))


def test_a_model_that_knows_is_at_one_and_one_that_returns_the_same_at_chance() -> None:
    galleries = pairs(5)
    eye = np.eye(len(ids_of(galleries)), dtype=np.float32)
    knowing, same = scored(galleries, eye, eye), scored(galleries, np.ones_like(eye), np.ones_like(eye))

    assert values(knowing) == {
        "choice.binding": 1.0,
        "choice.shift-S3": 1.0,
        "choice.shift-S3@0.02": 1.0,
        "choice.shift-S3@0.16": 1.0,
        "choice.shift-S3.threshold": 0.01,
    }
    assert set(values(same).values()) == {0.5} and len(values(same)) == 4
    assert all(each.chance == 0.5 for each in knowing.measurements if each.unit == "fraction")
    assert knowing.measurements[0].interval.method == "clopper-pearson"
    assert knowing.measurements[0].interval.groups == 5


def test_a_threshold_that_is_not_reached_is_absent_and_a_note_says_so() -> None:
    galleries = pairs(5)
    same = np.ones((len(ids_of(galleries)), 3), np.float32)
    (note,) = scored(galleries, same, same).notes
    assert note.startswith("choice.shift-S3.threshold is absent: no shift up to 0.16 s")


def test_a_pair_without_one_of_its_clips_is_left_out_and_counted() -> None:
    galleries = pairs(4)
    ids = [clip for clip in ids_of(galleries) if clip != "2-binding"]
    eye = np.eye(len(ids), dtype=np.float32)
    outcome = scored(galleries, eye, eye, ids)

    assert outcome.galleries == {"binding": (2,) * 3, "shift-S3@0.02": (2,) * 4, "shift-S3@0.16": (2,) * 4}
    assert {each.id: each.n for each in outcome.measurements}["choice.binding"] == 3
    assert "1 of 12 pairs are not asked: a clip of theirs is left out." in outcome.notes
    ids = [clip for clip in ids if clip not in "0123"]
    nothing = scored(galleries, eye[: len(ids)], eye[: len(ids)], ids)
    assert (nothing.measurements, nothing.queries) == ((), ())


def test_records_say_what_each_pair_gives_to_each_number() -> None:
    galleries = pairs(3)
    random = np.random.default_rng(1)
    video, audio = random.standard_normal((2, len(ids_of(galleries)), 4)).astype(np.float32)
    outcome = scored(galleries, video, audio)

    for name, value in values(outcome).items():
        given = [each.values[name] for each in outcome.queries if name in each.values]
        assert name.endswith("threshold") or np.mean(given) == pytest.approx(value)
    for record in outcome.queries:
        mean = np.mean([*record.right.values()])
        assert set(record.values.values()) == {mean}
        assert record.other == record.recording == record.clip.partition("-")[0]


def test_one_direction_can_be_asked_alone() -> None:
    galleries = pairs(2, ("binding",))
    video = np.eye(4, dtype=np.float32)
    audio = np.ones((4, 4), np.float32) + 2 * np.eye(4, dtype=np.float32)[[0, 1, 0, 1]]
    (record, _) = scored(galleries, video, audio, protocol=ChoiceProtocol(directions=("v2a",))).queries
    assert list(record.right) == ["v2a"]


@pytest.mark.parametrize(
    ("name", "clips"),
    [
        ("binding", ("a", "b", "c")),
        ("binding", ("a",)),
        ("binding", ("a", "a")),
        ("shift@soon", ("a", "b")),
        ("shift@", ("a", "b")),
        ("shift@-1", ("a", "b")),
        ("shift@0", ("a", "b")),
        ("shift@inf", ("a", "b")),
        ("shift@nan", ("a", "b")),
    ],
)
def test_what_is_no_pair_or_no_shift_is_refused(name: str, clips: tuple[str, ...]) -> None:
    eye = np.eye(3, dtype=np.float32)
    with pytest.raises(DataError, match=name):
        scored([Gallery(name=name, clip_ids=clips)], eye, eye, ["a", "b", "c"])


def test_scores_that_are_none_are_refused() -> None:
    broken = np.eye(2, dtype=np.float32)
    broken[0, 0] = np.nan
    with pytest.raises(ModelError):
        scored(pairs(1, ("binding",)), broken, broken)
