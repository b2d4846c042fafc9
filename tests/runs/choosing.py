"""Counterfactuals for tests that read side-cars alone: the true ones, beside files that hold nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from avbench.datasets.avsynth import counterfactuals
from avbench.datasets.avsynth.counterfactuals import Variant, Variants
from avbench.datasets.avsynth.render import media_path, truth_path
from avbench.datasets.avsynth.truth import truth_of
from avbench.records import Progress


def unrendered(patch: pytest.MonkeyPatch) -> None:
    """Have the dataset write side-cars and no media."""
    patch.setattr(counterfactuals, "render_missing", _write_truth)


def _write_truth(folder: Path, places: Sequence[Variant], recipe: Variants, progress: Progress) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for place in places:
        truth_path(folder, place).write_text(truth_of(recipe.scene(place)).model_dump_json(), "utf-8")
        media_path(folder, place).write_bytes(b"nothing to see or hear")
    return len(places)
