import numpy as np
import pytest
from scipy.signal import stft

from avbench.metrics.onsets import matched
from avbench.metrics.spectral_flux import detect_onsets, mel_filters, onset_strength

RATE = 22050


def strokes(times, seconds: float = 4.0, seed: int = 0) -> np.ndarray:
    """Bursts of noise that die away, over a faint hiss."""
    rng = np.random.default_rng(seed)
    sound = 1e-3 * rng.normal(size=int(seconds * RATE))
    for time in times:
        start = int(time * RATE)
        length = min(RATE // 4, len(sound) - start)
        sound[start : start + length] += 0.3 * rng.normal(size=length) * np.exp(-np.arange(length) / 1000)
    return sound


def test_strokes_are_found_within_a_tenth_of_a_second():
    times = [0.3, 0.8, 1.1, 1.9, 2.6, 3.4]
    onsets = detect_onsets(strokes(times), RATE)
    counts = matched(onsets.times, times, 0.1)
    assert counts.hits == len(times)
    strongest = onsets.times[np.argsort(onsets.strengths)[-len(times) :]]
    assert matched(strongest, times, 0.1).hits == len(times)


def test_gain_changes_no_onset():
    sound = strokes([0.5, 1.5, 2.5])
    np.testing.assert_array_equal(detect_onsets(0.5 * sound, RATE).times, detect_onsets(sound, RATE).times)


def test_a_greater_delta_keeps_fewer_of_the_same():
    sound = strokes([0.5, 1.5, 2.5]) + 0.01 * np.random.default_rng(1).normal(size=4 * RATE)
    some, few = (set(detect_onsets(sound, RATE, delta=delta).times) for delta in (0.07, 0.3))
    assert few <= some
    assert len(few) < len(some)


def test_silence_and_a_constant_have_no_onset():
    assert len(detect_onsets(np.zeros(RATE), RATE).times) == 0
    assert len(detect_onsets(np.zeros(1), RATE).times) == 0


def test_the_flux_is_the_mean_rise_in_decibels_of_a_spectrogram_from_scipy():
    sound = strokes([0.4], seconds=1.0)
    padded = np.pad(sound, 1024)
    _, _, spectra = stft(padded, nperseg=2048, noverlap=1536, boundary=None, padded=False)
    scale = 1024  # scipy divides by the sum of the window
    decibels = 10 * np.log10(np.maximum(mel_filters() @ np.abs(spectra * scale) ** 2, 1e-10))
    decibels = np.maximum(decibels, decibels.max() - 80)
    slow = [np.mean([max(now - before, 0) for now, before in zip(b, a, strict=True)])
            for a, b in zip(decibels.T[:-1], decibels.T[1:], strict=True)]  # fmt: skip
    flux = onset_strength(sound)
    np.testing.assert_allclose(flux[3:], slow[: len(flux) - 3], atol=1e-8)
    assert not flux[:3].any()


@pytest.mark.filterwarnings("ignore")  # librosa's own
@pytest.mark.parametrize("delta", [0.07, 0.3])
def test_onsets_are_those_that_librosa_detects(delta: float):
    librosa = pytest.importorskip("librosa")
    for seed in range(5):
        sound = strokes(np.random.default_rng(seed).uniform(0, 3.8, 6), seed=seed)
        np.testing.assert_allclose(
            onset_strength(sound), librosa.onset.onset_strength(y=sound, sr=RATE), atol=1e-6
        )
        expected = librosa.onset.onset_detect(y=sound, sr=RATE, units="time", delta=delta)
        np.testing.assert_allclose(detect_onsets(sound, RATE, delta=delta).times, expected, rtol=1e-12)


def test_the_filters_are_triangles_of_equal_area_that_cover_the_spectrum():
    filters = mel_filters()
    assert filters.shape == (128, 1025)
    areas = filters.sum(1) * RATE / 2048
    np.testing.assert_allclose(areas[40:], 1.0, atol=0.06)  # narrow ones are coarsely sampled
    assert (filters[:, 20:1000].sum(0) > 0).all()


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(100), 16000, "resample first"),
        (np.zeros((2, 100)), RATE, "shape"),
        (np.zeros(0), RATE, "shape"),
        (np.full(100, np.nan), RATE, "finite"),
    ],
)
def test_what_has_no_onsets_to_detect_is_refused(samples, rate, message):
    with pytest.raises(ValueError, match=message):
        detect_onsets(samples, rate)
