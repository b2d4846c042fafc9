import dataclasses

import numpy as np
import torch

from gmscavp.config import GMSCAVPConfig
from gmscavp.training.variation import smooth, vary
from tests.gmscavp.training.test_batches import TRAINING, batches


def test_variation_is_the_same_for_all_segments_of_a_clip_and_differs_between_clips(
    tiny: GMSCAVPConfig,
) -> None:
    quiet = dataclasses.replace(TRAINING, noise_db=-200.0, blur=0.0)
    batch = batches(tiny).batch(0)
    varied = vary(batch, quiet, 0, 0)

    pixels = batch.frames.double() / 255
    slopes = []
    for clip in range(4):
        rows = slice(3 * clip, 3 * clip + 3)
        x, y = pixels[rows].flatten(), varied.frames[rows].double().flatten()
        slope, shift = np.polyfit(x.numpy(), y.numpy(), 1)
        assert torch.allclose(slope * x + shift, y, atol=1e-5)
        gain = varied.samples[rows] / batch.samples[rows]
        assert gain.std() < 1e-4
        assert 10 ** (-6 / 20) <= gain.mean() <= 10 ** (6 / 20)
        slopes.append(slope)
    assert len({round(slope, 6) for slope in slopes}) == 4
    assert all(0.85 <= slope <= 1.15 for slope in slopes)


def test_variation_depends_on_seed_and_step_alone(tiny: GMSCAVPConfig) -> None:
    batch = batches(tiny).batch(0)

    one, same, other = (vary(batch, TRAINING, 0, step) for step in (3, 3, 4))

    assert torch.equal(one.frames, same.frames) and torch.equal(one.samples, same.samples)
    assert not torch.equal(one.frames, other.frames) and not torch.equal(one.samples, other.samples)


def test_smoothing_touches_chosen_rows_only_and_keeps_even_ground() -> None:
    frames = torch.full((2, 3, 3, 8, 8), 100, dtype=torch.uint8)
    frames[:, :, :, 4, 4] = 200
    before = frames.clone()

    found = smooth(frames, torch.tensor([False, True]))

    assert torch.equal(frames, before) and torch.equal(found[0], frames[0])
    assert found[1, 0, 0, 4, 4] == round((200 + 100 + 100 / 9) / 2)
    assert found[1, 0, 0, 0, 0] == 100
