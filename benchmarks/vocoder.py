"""The vocoder beside Griffin-Lim: how near to the true sound, whether onsets stay, and how fast.

    python benchmarks/vocoder.py [--clips 96] [--weights FILE]

Over validation clips of avsynth, on which nothing is trained, and from two kinds of log-mel: that of the true
sound, and the same averaged over 4 frames and 2 bins and enlarged again. Printed are, against the true sound,

    log-mel    mean |difference| of log-mel in [0, 1]: 0.01 is 1 dB
    STFT       spectral convergence + mean |log |X| - log |Y||, mean over windows of 256, 512, 1024 and 2048
    onsets     F1 at 0.05 s, where the onsets that are detected in the true sound are the truth
    seconds    of sound a second of computing, on one thread
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from avbench import AudioInput, VideoInput
from avbench.datasets.avsynth.training_set import ArrayRequest, open_arrays
from avbench.media.audio import resample
from avbench.metrics.onsets import matched
from avbench.metrics.spectral_flux import SAMPLE_RATE, detect_onsets
from avbench.store import cache_folder
from gmscavp.log_mel import LogMel
from gmscavp.sound.griffin_lim import griffin_lim
from gmscavp.sound.vocoder import load_vocoder
from gmscavp.sound.vocoder_loss import SpectralDistance

TOLERANCE = 0.05

Method = Callable[[Tensor], Tensor]


def validation_sounds(count: int) -> Tensor:
    """Return the mono samples of the first validation clips: ``(clips, samples)``."""
    request = ArrayRequest(
        split="val",
        difficulty="moderate",
        media="8s",
        seed=0,
        video=VideoInput(fps=12.5, height=56, width=56),
        audio=AudioInput(sample_rate=16_000),
    )
    folder = cache_folder() / "avsynth-arrays"
    clips = open_arrays(folder, request, clips=count, workers=1, progress=lambda what, done, total: None)
    heard = [clips.samples_of(clip, 0, clips.clip_samples).mean(axis=0) for clip in range(count)]
    return torch.from_numpy(np.stack(heard))


def coarse(log_mel: Tensor) -> Tensor:
    """Return log-mel averaged over 4 frames and 2 bins, enlarged again."""
    small = F.avg_pool2d(log_mel[:, None], (2, 4))
    return F.interpolate(small, log_mel.shape[1:], mode="bilinear")[:, 0]


def onsets(samples: Tensor, rate: int) -> np.ndarray:
    """Return the times of onsets, in seconds."""
    return detect_onsets(resample(samples[None].numpy(), rate, SAMPLE_RATE)[0], SAMPLE_RATE).times


def measured(method: Method, sounds: Tensor, inputs: Tensor, distance: SpectralDistance) -> dict[str, float]:
    """Return what is printed of a method."""
    rate = distance.config.log_mel.sample_rate
    start = time.process_time()
    made = torch.cat([method(each) for each in inputs.split(1)])
    seconds = time.process_time() - start
    apart = [distance(one, true) for one, true in zip(made.split(1), sounds.split(1), strict=True)]
    counts = [
        matched(onsets(one, rate), onsets(true, rate), TOLERANCE)
        for one, true in zip(made, sounds, strict=True)
    ]
    found = sum(each.detected + each.true for each in counts)
    return {
        "log-mel": float(np.mean([each.mel.item() for each in apart])),
        "STFT": float(np.mean([each.stft.item() for each in apart])),
        "onsets": 2 * sum(each.hits for each in counts) / found,
        "seconds": sounds.numel() / rate / seconds,
    }


@torch.inference_mode()
def main() -> None:
    """Print a line for each method and kind of log-mel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=96)
    parser.add_argument("--weights", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    vocoder = load_vocoder(asked.weights)
    config = vocoder.config
    sounds = validation_sounds(asked.clips)
    log_mel = LogMel(config.log_mel)(sounds)
    methods: dict[str, Method] = {
        "vocoder": vocoder,
        "vocoder, never drawn": partial(vocoder, projections=0),
        "Griffin-Lim": partial(griffin_lim, config=config.log_mel),
    }
    print(f"{asked.clips} clips, {sum(each.numel() for each in vocoder.parameters()):,} parameters")
    for kind, inputs in (("true", log_mel), ("coarse", coarse(log_mel))):
        for name, method in methods.items():
            values = measured(method, sounds, inputs, SpectralDistance(config))
            print(f"{kind:7} {name:21} " + "  ".join(f"{key} {value:.4f}" for key, value in values.items()))


if __name__ == "__main__":
    main()
