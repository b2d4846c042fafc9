"""Another recording's sound, and what a trial tells a model of where it is."""

from pathlib import Path

import numpy as np
import pytest
import torch

from avbench.clips import Clip
from avbench.media.info import DecodedClip
from avbench.records import AudioInput, ModelInputs, VideoInput
from avbench.runs.synchrony import interleaved
from avbench.runs.trials import OffsetScorer
from avbench.specs import OffsetProtocol

PROTOCOL = OffsetProtocol(window=2.0, reach=1.0, step=0.5)
INPUTS = ModelInputs(video=VideoInput(fps=4, height=2, width=2), audio=AudioInput(sample_rate=8))


class Summing:
    """Scores by the picture's first pixel and the sound's first sample, and keeps what it was asked."""

    def offset_scores(self, video, audio):
        self.video, self.audio = video, audio
        pair = 100.0 * video.frames[:, 0, 0, 0, 0] + audio.samples[:, 0, 0]
        return pair[:, None] + torch.tensor(audio.offsets)


class Tokens:
    """Tokens of the same numbers, eight a second."""

    def embed_video(self, batch):
        return batch.frames[:, :1, 0, 0, 0].float()[..., None].repeat(1, 16, 2)

    def embed_audio(self, batch):
        return batch.samples[:, 0, :, None].repeat(1, 1, 2)


def scorer(model, with_other: bool = True) -> OffsetScorer:
    return OffsetScorer(
        name="mine",
        model=model,
        inputs=INPUTS,
        device="cpu",
        batch_size=4,
        protocol=PROTOCOL,
        offsets={f"clip{k}": 0.5 for k in range(4)},
        with_other=with_other,
    )


def slots(sources: list[str]) -> list:
    return [
        (
            Clip(id=f"clip{k}", path=Path("unread.mp4"), start=10.0, source=source),
            DecodedClip(
                frames=np.full((8, 3, 2, 2), k + 1, np.uint8), samples=np.full((1, 32), k + 1, np.float32)
            ),
        )
        for k, source in enumerate(sources)
    ]


def test_a_trial_says_where_its_picture_begins_and_what_is_asked() -> None:
    model = Summing()
    scorer(model).score(slots(["a", "b"]))

    assert (model.audio.lead, model.audio.offsets) == (1.0, PROTOCOL.offsets)
    assert [clip.start for clip in model.audio.clips[:2]] == [10.0, 10.0]
    assert [clip.start for clip in model.video.clips[:2]] == [11.5, 11.5]
    assert model.video.seconds == 2.0


@pytest.mark.parametrize("sources", [["a", "b", "c", "d"], ["a", "b", "c"], ["a", "b"]])
def test_the_second_row_is_of_the_next_clip_s_sound(sources: list[str]) -> None:
    found = scorer(Summing()).score(slots(sources))

    for k, clip in enumerate(f"clip{k}" for k in range(len(sources))):
        other = (k + 1) % len(sources)
        assert found[clip][0] == pytest.approx(100 * (k + 1) + (k + 1) + np.array(PROTOCOL.offsets))
        assert found[clip][1] == pytest.approx(100 * (k + 1) + (other + 1) + np.array(PROTOCOL.offsets))


@pytest.mark.parametrize("model", [Summing(), Tokens()])
def test_there_is_no_second_row_without_another_recording(model) -> None:
    found = scorer(model).score(slots(["a", "a", "b"]))

    assert {clip: len(rows) for clip, rows in found.items()} == {"clip0": 1, "clip1": 2, "clip2": 2}
    assert len(scorer(model).score(slots(["a"]))["clip0"]) == 1
    assert len(scorer(model, with_other=False).score(slots(["a", "b"]))["clip0"]) == 1


def test_clips_of_one_recording_are_kept_apart() -> None:
    clips = [Clip(id=f"{s}{k}", path=Path("unread.mp4"), source=s) for s in "abc" for k in range(3)]
    order = [clip.id for clip in interleaved(clips)]

    assert order == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]
    alone = [Clip(id=f"{k}", path=Path("unread.mp4")) for k in range(5)]
    assert interleaved(alone) == alone
