"""Synchrony and alignment: offsets scored and pairs judged, of made clips in time with themselves."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from avbench.checks.embedding import CLIPS, at_most
from avbench.checks.made_clips import made_clips
from avbench.checks.properties import Asked, Rows, tried
from avbench.checks.verdicts import Check
from avbench.plugins.raised import guarded
from avbench.resolve import Contestant
from avbench.runs.apart import Taken
from avbench.runs.pairing import Pairing, PairScorer
from avbench.runs.slots import Decoded, Slots
from avbench.runs.trials import OffsetScorer
from avbench.specs import AlignmentProtocol, OffsetProtocol
from avbench.tasks.pairs import Pair

STEP, REACH, WINDOW = 0.2, 2.0, 5.0
PAIR_SECONDS = 4.0
Ask = Callable[[Slots], Rows]


def check_synchrony(contestant: Contestant, model: Any, device: str) -> Iterator[Check]:
    """Try the scores of offsets: ±2 s by 0.2 s on 5 s of picture, or less where a model takes less."""
    protocol = _grid(at_most(contestant, WINDOW + 2 * REACH))
    half = OffsetProtocol(window=protocol.window / 2, reach=STEP, step=STEP)
    yield from tried(
        "synchrony",
        Asked(
            record=contestant.record,
            noun="rows of scores",
            slots=_trials(contestant, protocol, CLIPS),
            outputs=partial(_offsets, contestant, model, device, protocol),
            shape=lambda rows: f"(clip, offset) = {rows.shape}, {_by(model)}",
            longer=lambda: _other(
                half.window,
                _offsets(contestant, model, device, half, _trials(contestant, half, 1)),
            ),
            looks=not contestant.inputs.unread,
            some_alike=True,
        ),
    )


def check_alignment(contestant: Contestant, model: Any, device: str) -> Iterator[Check]:
    """Try the logits of pairs, which are all true ones."""
    seconds = at_most(contestant, PAIR_SECONDS)
    made = partial(made_clips, contestant.inputs)
    outputs: Ask = partial(_logits, contestant, model, device, seconds)
    yield from tried(
        "alignment",
        Asked(
            record=contestant.record,
            noun="logits",
            slots=made(clips=CLIPS, seconds=seconds),
            outputs=outputs,
            shape=lambda rows: f"(clip,) = {rows.shape[:1]}, {int((rows > 0).sum())} accepted",
            longer=lambda: _other(
                seconds / 2,
                _logits(contestant, model, device, seconds / 2, made(clips=1, seconds=seconds / 2)),
            ),
            looks=not contestant.inputs.unread,
            some_alike=True,
        ),
    )


def _grid(seconds: float) -> OffsetProtocol:
    """Return a grid over so many seconds of sound.

    >>> [(each.window, each.reach) for each in map(_grid, (9.0, 5.0))]
    [(5.0, 2.0), (2.6, 1.2)]
    """
    reach = round(max(1, min(REACH, seconds / 4) / STEP + 1e-9) // 1 * STEP, 9)
    return OffsetProtocol(window=round(seconds - 2 * reach, 9), reach=reach, step=STEP)


def _trials(contestant: Contestant, protocol: OffsetProtocol, clips: int) -> Slots:
    """Make clips of which the picture is that of the middle of the sound."""
    inputs = contestant.inputs
    return [
        (clip, _middle(decoded, protocol, inputs.video.fps if inputs.video else 0.0))
        for clip, decoded in made_clips(inputs, clips=clips, seconds=protocol.seconds)
    ]


def _middle(decoded: Decoded, protocol: OffsetProtocol, fps: float) -> Decoded:
    first, count = round(protocol.reach * fps), round(protocol.window * fps)
    frames = None if decoded.frames is None else np.ascontiguousarray(decoded.frames[first : first + count])
    return Taken(frames=frames, samples=decoded.samples)


def _offsets(contestant: Contestant, model: Any, device: str, protocol: OffsetProtocol, slots: Slots) -> Rows:
    scorer = OffsetScorer(
        name=contestant.record.name,
        model=model,
        inputs=contestant.inputs,
        device=device,
        batch_size=len(slots),
        protocol=protocol,
        offsets=dict.fromkeys((clip.id for clip, _ in slots), 0.0),
        with_other=False,
    )
    rows = guarded(contestant.record.name, "score offsets", lambda: scorer.forward(slots))
    return np.concatenate(rows)


def _logits(contestant: Contestant, model: Any, device: str, seconds: float, slots: Slots) -> Rows:
    clips = {clip.id: clip for clip, _ in slots}
    pairing = Pairing(
        protocol=AlignmentProtocol(window=seconds),
        pairs={clip_id: Pair(kind="true", sound=clip_id) for clip_id in clips},
        clips=clips,
    )
    scorer = PairScorer(
        name=contestant.record.name,
        model=model,
        inputs=contestant.inputs,
        device=device,
        batch_size=len(slots),
        pairing=pairing,
    )
    return np.stack(guarded(contestant.record.name, "judge pairs", lambda: scorer.forward(slots)))


def _by(model: Any) -> str:
    own = callable(getattr(model, "offset_scores", None))
    return "by its own offset_scores" if own else "by tokens that slide"


def _other(seconds: float, rows: Rows) -> str:
    return f"{seconds:g} s of picture as well: {rows.shape}"
