r"""Which pair each clip makes: true, shifted, or with another recording's sound; all by the names of clips.

With :math:`h_s(c) = \mathrm{SHA256}(\text{draw} : s : c) / 2^{256} \in [0, 1)` of clip :math:`c`:

.. math::
    \text{kind} &= \text{true} \;(h_k < p_t), \quad \text{shifted} \;(h_k < p_t + p_s), \quad \text{other} \\
    \delta &= \pm\bigl(a + (S - a) \, h_d\bigr), \qquad + \iff h_\pm < 1/2

where S is the largest and a the smallest shift. The partner of an ``other`` pair is the next clip of another
recording on the ring of all clips asked for, in the order of :math:`h_r`. So the kind and the shift of a clip
depend on no other clip, and its partner on what is asked for, never on its order or on what is found.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from avbench.errors import DataError
from avbench.specs import AlignmentProtocol

PairKind = Literal["true", "shifted", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A picture and the sound it is shown with.

    Attributes:
        kind: What is the matter with the sound.
        sound: Id of the clip it is from.
        shift: How late it is, in seconds; 0 unless ``kind`` is ``shifted``.
    """

    kind: PairKind
    sound: str
    shift: float = 0.0


def drawn_pairs(protocol: AlignmentProtocol, recordings: Mapping[str, str]) -> dict[str, Pair]:
    """Return the pair of each clip, by clip id.

    Args:
        protocol: Shares, shifts and the name of the draw.
        recordings: The recording of each clip asked for, by clip id.

    Raises:
        DataError: A clip is to be paired with another recording, and there is none.
    """
    ring = sorted(recordings, key=lambda each: (uniform(protocol.pairs, "ring", each), each))
    place = {each: index for index, each in enumerate(ring)}
    pairs: dict[str, Pair] = {}
    for clip in recordings:
        kind = drawn_kind(protocol, clip)
        if kind == "other":
            pairs[clip] = Pair(kind=kind, sound=_partner(ring, place[clip], recordings))
        else:
            pairs[clip] = Pair(
                kind=kind, sound=clip, shift=drawn_shift(protocol, clip) if kind == "shifted" else 0.0
            )
    return pairs


def drawn_kind(protocol: AlignmentProtocol, clip_id: str) -> PairKind:
    """Return the kind of pair a clip makes; shares are taken relative to their sum.

    >>> [drawn_kind(AlignmentProtocol(true=1, shifted=0, other=0), each) for each in ("a", "b")]
    ['true', 'true']
    """
    place = uniform(protocol.pairs, "kind", clip_id) * (protocol.true + protocol.shifted + protocol.other)
    if place < protocol.true:
        return "true"
    return "shifted" if place < protocol.true + protocol.shifted else "other"


def drawn_shift(protocol: AlignmentProtocol, clip_id: str) -> float:
    """Return how late the sound of a shifted pair is, in seconds, to the millisecond."""
    span = protocol.largest - protocol.smallest
    size = protocol.smallest + span * uniform(protocol.pairs, "size", clip_id)
    return round(size if uniform(protocol.pairs, "sign", clip_id) < 0.5 else -size, 3)


def uniform(draw: str, what: str, clip_id: str) -> float:
    """Return a number in [0, 1) that hangs on these three names alone."""
    digest = hashlib.sha256(f"{draw}:{what}:{clip_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def _partner(ring: list[str], place: int, recordings: Mapping[str, str]) -> str:
    """Return the next clip on the ring that is of another recording."""
    own = recordings[ring[place]]
    for step in range(1, len(ring)):
        other = ring[(place + step) % len(ring)]
        if recordings[other] != own:
            return other
    raise DataError(
        f"The clip {ring[place]!r} is to be shown with another recording's sound, and there is no other.",
        hint="Ask for clips of at least two recordings; with --limit, for more of them.",
    )
