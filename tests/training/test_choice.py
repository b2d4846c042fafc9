import pytest

from avbench import ModelInputs
from avbench.training.choice import ARGUMENTS, choice_from
from tests.training.clips import INPUTS, choice


def test_defaults_are_read_and_other_arguments_ignored() -> None:
    chosen = choice_from({"batch_clips": "4"}, INPUTS)

    assert (chosen.seconds, chosen.stream, chosen.together) == (8.0, False, 16)
    assert (chosen.frames, chosen.samples) == (40, 32_000)
    assert chosen.workers >= 1
    assert set(ARGUMENTS) == {"seconds", "val_clips", "stream", "together", "workers"}


def test_a_kept_clip_takes_its_pixels_and_two_bytes_a_sample() -> None:
    assert choice(seconds="2").clip_bytes == 10 * 16 * 16 * 3 + 8000 * 2


def test_processes_that_share_a_machine_share_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")

    assert choice_from({}, INPUTS).workers == 2


@pytest.mark.parametrize(("clips", "apart"), [(5, 0), (40, 4), (5000, 96)])
def test_a_tenth_is_kept_apart_and_never_many(clips: int, apart: int) -> None:
    assert choice().validation_of(clips) == apart


def test_what_is_asked_to_be_kept_apart_must_leave_something() -> None:
    assert choice(val_clips="3").validation_of(4) == 3
    with pytest.raises(ValueError, match="val_clips=4 leaves none of 4 clips"):
        choice(val_clips="4").validation_of(4)


@pytest.mark.parametrize(
    "args",
    [{"seconds": "0"}, {"seconds": "long"}, {"seconds": "nan"}, {"val_clips": "-1"}, {"stream": "yes"},
     {"together": "0"}, {"workers": "many"}],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_refused(args: dict[str, str]) -> None:
    (key,) = args
    with pytest.raises(ValueError, match=key):
        choice(**args)


def test_a_model_that_reads_one_stream_cannot_be_trained() -> None:
    with pytest.raises(ValueError, match="both streams"):
        choice_from({}, ModelInputs(video=None, audio=INPUTS.audio))
