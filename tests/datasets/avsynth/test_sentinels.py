"""After a wanted change of the renderer: raise ``presets.VERSION``, then run this file as a script."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from avbench.datasets.avsynth.presets import DIFFICULTIES, VERSION
from avbench.datasets.avsynth.sentinels import sentinel_print

STORED = Path(__file__).with_name("sentinels.json")


def _hex(steps: npt.NDArray[np.uint8]) -> str:
    return steps.tobytes().hex()


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_the_renderer_makes_what_it_made_when_its_version_was_set(difficulty: str) -> None:
    stored = json.loads(STORED.read_text())
    assert stored["version"] == VERSION
    for measured, kept in zip(sentinel_print(difficulty), stored[difficulty], strict=True):
        expected = np.frombuffer(bytes.fromhex(kept), np.uint8).reshape(measured.shape)
        assert np.abs(measured.astype(int) - expected).max() <= 1, "the renderer has changed: raise VERSION"


def test_a_print_notices_a_small_change(monkeypatch: pytest.MonkeyPatch) -> None:
    from avbench.datasets.avsynth import modal, video

    frames, samples = sentinel_print("standard")
    monkeypatch.setattr(video, "RADII", tuple(1.03 * radius for radius in video.RADII))
    monkeypatch.setattr(modal, "PITCHES", tuple(1.02 * pitch for pitch in modal.PITCHES))
    modal.voice.cache_clear()
    changed_frames, changed_samples = sentinel_print("standard")
    modal.voice.cache_clear()
    assert np.abs(changed_frames.astype(int) - frames).max() > 1
    assert np.abs(changed_samples.astype(int) - samples).max() > 1


if __name__ == "__main__":
    prints = {name: [_hex(part) for part in sentinel_print(name)] for name in DIFFICULTIES}
    STORED.write_text(json.dumps({"version": VERSION, **prints}, indent=1) + "\n")
