from fractions import Fraction

import numpy as np
import pytest

from avbench.media import selftest
from avbench.media.info import DecodedClip
from avbench.media.selftest import CASES, check_sync


def test_every_case_keeps_click_and_flash_within_a_tenth_of_a_millisecond():
    checks = list(check_sync())
    assert [(check.fps, check.sample_rate) for check in checks] == list(CASES)
    assert {check.problem for check in checks} == {""}
    assert max(abs(check.offset_ms) for check in checks) < 0.1


@pytest.fixture
def reading_back(monkeypatch: pytest.MonkeyPatch):
    """Let the decoder return what a function makes of the right answer."""
    right = selftest.read_clip

    def patch(change):
        def read_clip(*args, **kwargs):
            clip = right(*args, **kwargs)
            frames, samples = change(clip.frames, clip.samples)
            return DecodedClip(frames=frames, samples=samples)

        monkeypatch.setattr(selftest, "read_clip", read_clip)
        return next(check_sync([(25.0, 16_000)]))

    return patch


def test_sound_that_lags_is_measured_and_reported(reading_back):
    late = round(0.03 * 16_000)
    check = reading_back(lambda frames, samples: (frames, np.roll(samples, late, axis=1)))
    assert check.offset_ms == pytest.approx(30, abs=0.1)
    assert "click comes +30.0 ms after the flash" in check.problem


def test_half_a_frame_is_still_accepted(reading_back):
    lag = round(0.019 * 16_000)
    check = reading_back(lambda frames, samples: (frames, np.roll(samples, -lag, axis=1)))
    assert check.offset_ms == pytest.approx(-19, abs=0.1)
    assert check.problem == ""


def test_both_streams_shifted_alike_are_reported_too(reading_back):
    shift = Fraction(2, 25)
    check = reading_back(
        lambda frames, samples: (np.roll(frames, 2, axis=0), np.roll(samples, int(shift * 16_000), axis=1))
    )
    assert check.offset_ms == pytest.approx(0, abs=0.1)
    assert "flash comes +80.0 ms after it was written" in check.problem


def test_a_lost_frame_is_reported(reading_back):
    check = reading_back(lambda frames, samples: (frames[:-1], samples))
    assert (check.frames, check.frames_expected) == (74, 75)
    assert "another number of frames" in check.problem
