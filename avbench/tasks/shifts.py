r"""By how much each clip is shifted: a stored list, or a rule that looks at the clip's id alone.

The rule, over K offsets :math:`g_0 < \dots < g_{K-1}`, for a list of some name:

.. math:: \delta = g_k, \qquad k = \mathrm{SHA256}(\text{name} : \text{id}) \bmod K

so what a clip gets depends on no other clip. The lists in ``shift_lists/`` beside this module were drawn by
it, and are what counts for the clips they name.
"""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from avbench.specs import OffsetProtocol

FOLDER = Path(__file__).with_name("shift_lists")


def true_offsets(protocol: OffsetProtocol, clip_ids: Iterable[str]) -> dict[str, float]:
    """Return by how much each clip is shifted, in seconds, by clip id: above 0 the sound is late."""
    listed = stored_list(protocol.shifts)
    return {each: listed[each] if each in listed else drawn(protocol, each) for each in clip_ids}


def drawn(protocol: OffsetProtocol, clip_id: str) -> float:
    """Return what the rule gives a clip.

    >>> protocol = OffsetProtocol()
    >>> drawn(protocol, "clip1"), drawn(protocol, "clip2")
    (1.2, 1.6)
    """
    digest = hashlib.sha256(f"{protocol.shifts}:{clip_id}".encode()).digest()
    grid = protocol.offsets
    return grid[int.from_bytes(digest, "big") % len(grid)]


def stored_list(name: str) -> Mapping[str, float]:
    """Return a list of ``shift_lists/``, offsets in seconds by clip id; empty where there is none."""
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: float(row["offset"]) for row in csv.DictReader(file)}
