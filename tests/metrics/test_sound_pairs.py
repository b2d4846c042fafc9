import numpy as np
import pytest

from avbench.metrics.sound_pairs import envelope, envelope_match, pan_error, pan_track

RATE = 16000


def bumps(places, frames: int = 400) -> np.ndarray:
    grid = np.arange(frames)[:, None]
    return np.exp(-np.square(grid - np.asarray(places)) / 50).sum(1)


def test_the_envelope_is_the_root_mean_square_of_each_ten_milliseconds_of_the_mix():
    sound = np.random.default_rng(0).normal(size=(2, RATE + 37))
    mono = sound.mean(0)
    slow = [np.sqrt(np.mean(mono[start : start + 160] ** 2)) for start in range(0, RATE, 160)]
    np.testing.assert_allclose(envelope(sound, RATE), slow, atol=1e-12)
    assert len(envelope(sound, 22050)) == 72  # a rate whose frames are not whole samples


@pytest.mark.parametrize("late", [-30, -1, 0, 7, 50])
def test_a_late_copy_correlates_fully_at_its_lag(late: int):
    truth, generated = bumps([150, 210, 260]), bumps(np.array([150, 210, 260]) + late)
    found = envelope_match(generated, truth)
    assert found.lag == pytest.approx(late * 0.01)
    assert found.correlation == pytest.approx(1)
    assert found.at_zero == pytest.approx(np.corrcoef(generated, truth)[0, 1])
    assert envelope_match(3 * generated + 2, truth).lag == found.lag


def test_the_correlation_at_each_lag_is_numpys_over_the_overlap():
    first, second = np.random.default_rng(1).random((2, 90))
    slow = {
        lag: np.corrcoef([[first[t + lag], second[t]] for t in range(90) if 0 <= t + lag < 90], rowvar=False)[
            0, 1
        ]
        for lag in range(-20, 21)
    }
    found = envelope_match(first, second, largest_lag=20)
    best = max(slow, key=slow.__getitem__)
    assert found.lag == pytest.approx(best * 0.01)
    assert found.correlation == pytest.approx(slow[best])


def test_silence_correlates_with_nothing_and_is_refused():
    with pytest.raises(ValueError, match="generated envelope is constant"):
        envelope_match(np.zeros(100), bumps([50], 100))
    with pytest.raises(ValueError, match="true envelope is constant"):
        envelope_match(bumps([50], 100), np.ones(100))


def panned(pan: float) -> np.ndarray:
    tone = np.random.default_rng(2).normal(size=RATE)
    return np.stack([tone * 2 * (1 - pan), tone * 2 * pan])


@pytest.mark.parametrize(("first", "second"), [(0.0, 1.0), (0.5, 0.5), (0.2, 0.75)])
def test_the_error_of_two_panned_sounds_is_the_distance_of_their_pans(first: float, second: float):
    truth = pan_track(panned(second), RATE)
    for loudness in (1, 10):
        made = pan_track(loudness * panned(first), RATE)
        assert pan_error(made, truth) == pytest.approx(abs(first - second))


def test_windows_without_sound_say_nothing_of_pan():
    truth, generated = panned(0.3), panned(0.3)
    truth[:, RATE // 2 :] = 0
    generated[:, RATE // 2 :] = panned(0.9)[:, RATE // 2 :]
    track = pan_track(truth, RATE)
    assert pan_error(pan_track(generated, RATE), track) == pytest.approx(0)
    with pytest.raises(ValueError, match="no window"):
        pan_error(pan_track(np.zeros_like(truth), RATE), track)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        envelope(np.zeros(100), RATE)
    with pytest.raises(ValueError, match="finite"):
        envelope(np.full(RATE, np.inf), RATE)
    with pytest.raises(ValueError, match="two lists"):
        envelope_match(np.ones(10), np.ones(11))
    with pytest.raises(ValueError, match="NaN"):
        envelope_match(np.full(10, np.nan), np.ones(10))
    with pytest.raises(ValueError, match=r"\(2, time\)"):
        pan_track(np.ones((1, RATE)), RATE)
    with pytest.raises(ValueError, match="not a pair"):
        pan_error(pan_track(panned(0.5), RATE), pan_track(panned(0.5)[:, : RATE // 2], RATE))
