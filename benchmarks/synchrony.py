"""What it costs to score every offset of a task, against one embedding of the same picture and sound.

    python benchmarks/synchrony.py [--task avsynth-sync] [--clips 8] [--repeats 5] [MODEL …]

Both start from decoded clips, made on the spot, and take the same picture (W seconds) and sound (W + 2R). The
first embeds each stream once, as retrieval does. The second is what a run does: the model's own
``offset_scores``, or, of a model without it, its tokens slid over the grid. Processor seconds on one thread,
a clip; the two alternate, and the least of the repeats counts.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from avbench.checks.made_clips import made_clips
from avbench.media.decode import DecodedClip
from avbench.plugins import registry
from avbench.records import ModelInputs
from avbench.requests import RunRequest
from avbench.resolve import resolve_model
from avbench.runs.slots import Slots
from avbench.runs.trials import OffsetScorer
from avbench.specs import OffsetProtocol


def trial_slots(inputs: ModelInputs, protocol: OffsetProtocol, clips: int) -> Slots:
    """Return clips with W seconds of picture and W + 2R of sound."""
    assert inputs.video is not None
    shown = round(protocol.window * inputs.video.fps)
    return [
        (clip, DecodedClip(frames=whole.frames[:shown], samples=whole.samples))
        for clip, whole in made_clips(inputs, clips=clips, seconds=protocol.seconds)
        if whole.frames is not None
    ]


def seconds_of(call: Callable[[], object]) -> float:
    """Return the processor seconds that a call takes."""
    before = time.process_time()
    call()
    return time.process_time() - before


def measure(name: str, task: str, clips: int, repeats: int) -> None:
    """Print what a model takes for one embedding and for all offsets of a clip."""
    found = registry.load()
    protocol = found.tasks.get(task).protocol
    assert isinstance(protocol, OffsetProtocol)
    contestant = resolve_model(found, RunRequest(model=name, tasks=(task,)))
    model = contestant.load("cpu")
    own = callable(getattr(model, "offset_scores", None))
    scorer = OffsetScorer(
        name=name,
        model=model,
        inputs=contestant.inputs,
        device="cpu",
        batch_size=clips,
        protocol=protocol,
        offsets=dict.fromkeys((f"made-{k}" for k in range(clips)), 0.0),
        with_other=False,
    )
    slots = trial_slots(contestant.inputs, protocol, clips)
    video, audio = scorer.pictures(slots), scorer.sounds(slots)

    def embed() -> None:
        with torch.inference_mode():
            model.embed_video(video)
            model.embed_audio(audio)

    pairs = [(seconds_of(embed), seconds_of(lambda: scorer.score(slots))) for _ in range(repeats + 1)]
    once, all_offsets = np.array(pairs[1:]).min(0) / clips
    how = "its own offset_scores" if own else "tokens slid"
    print(
        f"{name:>8}: {1000 * once:.1f} ms to embed, {1000 * all_offsets:.1f} ms for {len(protocol.offsets)} "
        f"offsets ({how}): {all_offsets / once:.2f} times"
    )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=["gmscavp", "cavp"])
    parser.add_argument("--task", default="avsynth-sync")
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.models:
        measure(name, given.task, given.clips, given.repeats)


if __name__ == "__main__":
    main()
