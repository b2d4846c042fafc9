import sys
from pathlib import Path

import numpy as np
import pytest

from avbench.datasets.avsynth.dataset import choice_from
from avbench.datasets.avsynth.render import render_clip
from avbench.datasets.avsynth.sheet import draw_sheet, draw_stills
from avbench.errors import UsageError


def pixels(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("sheet")
    choice = choice_from({"preset": "5s", "clips": "2"})
    media, truth = folder / "clip.mp4", folder / "clip.json"
    render_clip(choice.recipe.scene(choice.places[0]), media, truth)
    return media, truth


def test_a_sheet_shows_frames_above_a_spectrogram(clip: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "below" / "sheet.png"
    draw_sheet(*clip, out)
    sheet = pixels(out)
    assert sheet.shape == (512, 960, 3)
    # magma's bright end is far redder than blue, in the middle of the sheet and not in the margin.
    middle = sheet[150:330, 60:-20].astype(int)
    assert (middle[..., 0] - middle[..., 2]).max() > 100
    assert sheet[40:100, 60:-20].std() > 15


def test_stills_show_a_row_for_each_of_three_presets(tmp_path: Path) -> None:
    draw_stills(tmp_path / "stills.png")
    stills = pixels(tmp_path / "stills.png")
    assert stills.shape == (3 * 160, 5 * 160, 3)
    assert len({stills[160 * row : 160 * row + 160].tobytes() for row in range(3)}) == 3


def test_without_matplotlib_a_sheet_says_what_to_install(
    clip: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError) as refused:
        draw_sheet(*clip, tmp_path / "sheet.png")
    assert "avbench[plots]" in refused.value.hint
