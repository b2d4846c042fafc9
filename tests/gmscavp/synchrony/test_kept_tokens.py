import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from gmscavp.synchrony import kept_tokens
from gmscavp.synchrony.config import HeadConfig
from gmscavp.synchrony.kept_tokens import keep_tokens
from gmscavp.training.plan import TrainingError
from tests.gmscavp.blinks import FPS, RATE, Blinks
from tests.gmscavp.heads import TINY_JUDGE, TINY_OFFSETS, encoder, kept


@pytest.mark.parametrize("config", [TINY_OFFSETS, TINY_JUDGE], ids=lambda config: config.name)
def test_tokens_are_those_of_windows_embedded_each_on_its_own(tmp_path: Path, config: HeadConfig) -> None:
    tokens, clips, look = kept(tmp_path, config, clips=3), Blinks(clips=3), encoder()

    for clip in range(3):
        video, audio = tokens.starts(clip)
        assert len(video) == len(audio) == config.takes
        for take in range(config.takes):
            start, begin = round(video[take] * FPS), round(audio[take] * RATE)
            frames = torch.from_numpy(clips.frames_of(clip, start, 16)).permute(0, 3, 1, 2)[None]
            samples = torch.from_numpy(clips.samples_of(clip, begin, config.samples))
            seen, heard = (torch.cat(each, dim=2)[0] for each in (look.seen(frames), look.heard(samples)))
            # In half precision, and rounded differently in a batch.
            assert torch.allclose(tokens.video(clip, take).float(), seen, atol=2e-3, rtol=2e-3)
            assert torch.allclose(tokens.audio(clip, take).float(), heard, atol=2e-3, rtol=2e-3)


def test_every_sound_holds_what_belongs_to_every_picture_of_its_clip(tmp_path: Path) -> None:
    tokens = kept(tmp_path, TINY_OFFSETS, clips=1)
    lags: list[float] = []
    for clip in range(300):
        video, audio = tokens.starts(clip)
        lags += (video[:, None] - audio[None]).ravel().tolist()
        assert (video >= 0).all() and (video + 1.28 <= 3.2 + 1e-9).all()
        assert (audio >= 0).all() and (audio + 2.24 <= 3.2 + 1e-9).all()
        assert np.allclose(video * FPS, np.rint(video * FPS))
        assert np.allclose(audio * RATE, np.rint(audio * RATE))

    assert min(lags) > -1e-9 and max(lags) < 0.96 + 1e-9
    assert np.histogram(lags, bins=6, range=(0, 0.96))[0].min() > 50


def test_pictures_to_be_judged_stand_apart_and_not_too_far(tmp_path: Path) -> None:
    tokens = kept(tmp_path, TINY_JUDGE, clips=1)
    for clip in range(300):
        video, audio = tokens.starts(clip)
        assert np.array_equal(video, audio)
        apart = np.abs(video[:, None] - video[None])[~np.eye(3, dtype=bool)]
        assert apart.min() >= 0.16 - 1e-9 and np.abs(video - video[0]).max() <= 0.8 + 1e-9
        assert video.min() >= 0 and video.max() + 1.28 <= 3.2 + 1e-9


def test_what_was_embedded_is_not_embedded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path, TINY_OFFSETS, clips=40)
    last = tmp_path / "00001.audio.npy"
    first = (tmp_path / "00000.audio.npy").read_bytes()
    content = last.read_bytes()
    last.unlink()
    done: list[int] = []
    original = kept_tokens.embed_shard

    def counting(*args: object) -> None:
        done.append(args[3])  # pyright: ignore[reportArgumentType]
        original(*args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(kept_tokens, "embed_shard", counting)
    kept(tmp_path, TINY_OFFSETS, clips=40)

    assert done == [1]
    assert last.read_bytes() == content and (tmp_path / "00000.audio.npy").read_bytes() == first


def test_tokens_of_another_run_and_clips_that_are_too_short_are_refused(tmp_path: Path) -> None:
    kept(tmp_path, TINY_OFFSETS, clips=2)
    with pytest.raises(TrainingError, match="another run") as caught:
        kept(tmp_path, TINY_OFFSETS, clips=2, seed=1)
    assert caught.value.hint
    longer = dataclasses.replace(TINY_OFFSETS, heard_seconds=4.0)
    with pytest.raises(TrainingError, match=r"3\.2 s are too short: tiny-sync needs 4 s"):
        keep_tokens(tmp_path / "b", Blinks(), longer, encoder(), seed=0, device="cpu", about={})


def test_a_head_that_hears_less_than_it_sees_is_refused() -> None:
    with pytest.raises(ValueError, match="need as much sound"):
        dataclasses.replace(TINY_JUDGE, heard_seconds=1.0)
