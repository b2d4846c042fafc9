"""AV-Align as a judge: onsets of the sound beside peaks of the picture's motion, no network."""

import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from avbench.errors import MediaError
from avbench.judges.judge import Criterion, Impression, JudgeRecord, Sight, Verdict
from avbench.metrics.av_align import RULES, av_align, motion_peaks
from avbench.protocols import AudioBatch, VideoBatch

NO_PEAKS = "no-peaks"
RATE = 22_050
SOURCES = (
    "avbench.judges.av_align", "avbench.judges.flow", "avbench.metrics.av_align",
    "avbench.metrics.spectral_flux",
)  # fmt: skip


class AvAlign:
    """Sees flow and hears onsets."""

    def see(self, video: VideoBatch) -> Impression:
        """Return ``flow`` ``(time,)`` in pixels, and ``fps`` ``(1,)``."""
        from avbench.judges.flow import mean_flow

        return {"flow": mean_flow(video.frames[0].cpu().numpy()), "fps": np.array([video.fps])}

    def hear(self, audio: AudioBatch) -> Impression:
        """Return ``onsets`` ``(a,)`` in seconds."""
        from avbench.metrics.spectral_flux import detect_onsets

        return {"onsets": detect_onsets(audio.samples[0, 0].cpu().numpy(), audio.sample_rate).times}

    def judge(self, seen: Impression, heard: Impression) -> Mapping[str, Verdict]:
        """Return the score by each rule, or ``no-peaks`` where neither stream has one."""
        fps, onsets = float(seen["fps"][0]), np.asarray(heard["onsets"], np.float64)
        verdicts: dict[str, Verdict] = {}
        for version, rule in RULES.items():
            moves = motion_peaks(seen["flow"], fps, rule)
            verdicts[f"sync.av-align-{version}"] = (
                av_align(onsets, moves, fps, rule)
                if len(onsets) + len(moves)
                else MediaError(NO_PEAKS, "Neither the sound nor the picture has a peak.")
            )
        return verdicts


def _load(device: str, weights: Path | None) -> AvAlign:
    del device, weights
    return AvAlign()


def _identity() -> Mapping[str, str]:
    sources = (Path(str(importlib.import_module(each).__file__)).read_bytes() for each in SOURCES)
    return {"sources": hashlib.sha256(b"".join(sources)).hexdigest()}


AV_ALIGN = JudgeRecord(
    name="av-align",
    summary="AV-Align by its rules of 2023 and 2025: onsets beside peaks of optical flow. No network.",
    load=_load,
    sight=Sight(short_side=256, enlarge=False),
    sample_rate=RATE,
    criteria=tuple(
        Criterion(id=f"sync.av-align-{version}", unit="ratio", higher_is_better=True) for version in RULES
    ),
    license="Apache-2.0",
    sees=("flow", "fps"),
    hears=("onsets",),
    requires=("cv2",),
    install="pip install 'avbench[flow]'",
    identity=_identity,
    notes=(
        "AV-Align sees frames at the file's own rate with a short side of at most 256 pixels, where its "
        "authors take any size; camera motion and cuts are motion to it."
    ),
)
