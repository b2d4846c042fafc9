"""Does a model keep the contract? Tried on made clips, one property at a time, without any dataset."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from avbench.checks.embedding import check_retrieval
from avbench.checks.sounding import check_generation
from avbench.checks.timing import check_alignment, check_synchrony
from avbench.checks.verdicts import Breach, Check, attempt
from avbench.records import Capability
from avbench.resolve import Contestant

IMPORTED = """
import sys
from avbench.plugins.candidates import candidates
loaded = [each.load() for each in candidates(sys.argv[2:]) if each.origin.plugin == sys.argv[1]]
print("torch" if "torch" in sys.modules else "")
"""
TRIED: Mapping[Capability, Callable[[Contestant, Any, str], Iterator[Check]]] = {
    "retrieval": check_retrieval,
    "generation": check_generation,
    "synchrony": check_synchrony,
    "alignment": check_alignment,
}
"""What tries each capability."""


def check_model(contestant: Contestant, device: str, plugins: Sequence[str] = ()) -> Iterator[Check]:
    """Try every property of the contract, capability by capability, yielding each as it is known.

    Args:
        contestant: The model.
        device: Where it is to compute.
        plugins: What was given to ``--plugin``, so that the plugin can be imported by itself.
    """
    yield from attempt("import", lambda: _imported_alone(contestant, plugins))
    loaded: list[Any] = []
    yield from attempt("load", lambda: _loaded(contestant, device, loaded))
    for capability in contestant.record.capabilities if loaded else ():
        yield from TRIED[capability](contestant.on(capability), loaded[0], device)


def _imported_alone(contestant: Contestant, plugins: Sequence[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, contestant.origin.plugin, *plugins],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise Breach(f"cannot be imported alone: {done.stderr.strip().splitlines()[-1]}", "Mend the import.")
    if done.stdout.strip():
        raise Breach(
            "importing the plugin imports torch, and every command would wait for it",
            "Import torch inside load, and in the modules that load imports.",
        )
    return "the plugin is imported without torch"


def _loaded(contestant: Contestant, device: str, loaded: list[Any]) -> str:
    loaded.append(contestant.load(device))
    return f"{type(loaded[0]).__name__} on {device}"
