r"""By how much each clip is shifted: a list that is given or stored, or a rule that looks at the id alone.

The rule, over K offsets :math:`g_0 < \dots < g_{K-1}`, for a list of some name:

.. math:: \delta = g_k, \qquad k = \mathrm{SHA256}(\text{name} : \text{id}) \bmod K

so what a clip gets depends on no other clip. The lists in ``shift_lists/`` beside this module were drawn by
it, and are what counts for the clips they name.
"""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from avbench.errors import DataError
from avbench.specs import OffsetProtocol

# Seconds: a list may hold what a sum of steps came to.
ROUNDING = 1e-6
FOLDER = Path(__file__).with_name("shift_lists")


def true_offsets(
    protocol: OffsetProtocol, clip_ids: Iterable[str], given: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return by how much each clip is shifted, in seconds, by clip id: above 0 the sound is late.

    Args:
        protocol: Says the grid, and the list or the rule.
        clip_ids: The clips.
        given: A list in place of the protocol's; a clip that it lacks has no offset.

    Raises:
        DataError: An offset that is given is not on the grid.
    """
    if given is not None:
        return {each: _on_grid(protocol, each, given[each]) for each in clip_ids if each in given}
    listed = stored_list(protocol.shifts)
    return {each: listed[each] if each in listed else drawn(protocol, each) for each in clip_ids}


def _on_grid(protocol: OffsetProtocol, clip_id: str, offset: float) -> float:
    nearest = min(protocol.offsets, key=lambda each: abs(each - offset))
    if not abs(nearest - offset) <= ROUNDING:
        raise DataError(
            f"The offset {offset:g} s of the clip {clip_id!r} is not on the grid of the task: "
            f"±{protocol.reach:g} s by {protocol.step:g} s.",
            hint="Give a list of offsets for this grid, or run a task that has theirs.",
        )
    return nearest


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
