"""Which clips an offset can be seen in at all: found without a model, so that all are asked the same.

A clip is masked where in the seconds that its picture shows, with its own sound in time,

``silent``     no sample reaches -60 dB of full scale;
``still``      no pixel, of 32 × 32, changes by more than 4 grey levels from one frame to the next, at 12.5 a
               second;
``no-onsets``  nothing sounds anew: by the side-car where the task says so, else no onset is detected whose
               spectrum rises by 3 dB in the mean over its bands (:mod:`avbench.metrics.spectral_flux`).

The limits are ours. With a side-car nothing is decoded, and ``no-onsets`` is the only mask.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.datasets.onset_truth import onsets_of
from avbench.errors import MediaError
from avbench.media.info import DecodedClip
from avbench.media.measure import QUIET, STILL, VIDEO, changes
from avbench.metrics.spectral_flux import SAMPLE_RATE, detect_onsets
from avbench.records import AudioInput
from avbench.results.provenance import decoder
from avbench.runs.census import Census, LeftOut
from avbench.runs.job import Job
from avbench.runs.stream import decoded_batches, note_failures
from avbench.specs import AlignmentProtocol, OffsetProtocol
from avbench.store import Shelf, Store

AUDIO = AudioInput(sample_rate=SAMPLE_RATE)
BLOCK = SAMPLE_RATE // 50
LEAST_RISE = 3.0
LIMITS = {"quiet": QUIET, "still": STILL, "rise": LEAST_RISE}
MASKS: Mapping[str, str] = {
    "silent": "The sound beside the picture is silent.",
    "still": "The picture stands still.",
    "no-onsets": "Nothing sounds anew while the picture lasts.",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signs:
    """What happens in a clip.

    Attributes:
        peaks: Largest sample of every 20 ms.
        changes: Largest change of a pixel from each frame to the next, in grey levels.
        onsets: When something sounds anew, in seconds.
    """

    peaks: NDArray[np.float32]
    changes: NDArray[np.float32]
    onsets: NDArray[np.float64]

    def mask(self, start: float, seconds: float) -> str | None:
        """Return why no offset can be seen in a stretch of the clip, or ``None``."""
        first, last = (round(each * 50) for each in (start, start + seconds))
        if self.peaks[first:last].max(initial=0) < QUIET:
            return "silent"
        first, last = (round(each * VIDEO.fps) for each in (start, start + seconds))
        if self.changes[first : last - 1].max(initial=0) <= STILL:
            return "still"
        return None if any_within(self.onsets, start, seconds) else "no-onsets"


def any_within(times: NDArray[np.float64], start: float, seconds: float) -> bool:
    """Return whether an instant lies in a stretch."""
    return bool(((times >= start) & (times < start + seconds)).any())


def signs_of(decoded: DecodedClip) -> Signs:
    """Look and listen for what happens in a clip."""
    frames, samples = decoded.frames, decoded.samples
    assert frames is not None and samples is not None
    wave = samples[0]
    whole = wave[: len(wave) // BLOCK * BLOCK].reshape(-1, BLOCK)
    found = detect_onsets(wave, SAMPLE_RATE)
    return Signs(
        peaks=np.abs(whole).max(1),
        changes=changes(frames),
        onsets=found.times[found.strengths >= LEAST_RISE],
    )


def masked_clips(
    job: Job,
    protocol: OffsetProtocol | AlignmentProtocol,
    census: Census,
    starts: Mapping[str, float],
    left_out: dict[str, LeftOut],
) -> dict[str, LeftOut]:
    """Return the clips no offset can be seen in, and why; a clip that cannot be read joins ``left_out``.

    Args:
        job: The run.
        protocol: The window, and where onsets are known from.
        census: The clips, by content.
        starts: Where the picture of each begins, in seconds into the clip; one without is not tried.
        left_out: Clips that are not tried.
    """
    clips = [clip for clip in job.plan.clips if clip.id in starts and clip.id not in left_out]
    masked: dict[str, str | None] = {}
    if protocol.onsets == "side-car":
        for clip in clips:
            times = onsets_of(clip, protocol.seconds)
            if times is not None:
                masked[clip.id] = None if any_within(times, starts[clip.id], protocol.window) else "no-onsets"
    unknown = [clip for clip in clips if clip.id not in masked]
    for clip_id, signs in _signs(job, census, unknown, left_out).items():
        masked[clip_id] = signs.mask(starts[clip_id], protocol.window)
    return {
        clip_id: LeftOut(reason=reason, message=MASKS[reason]) for clip_id, reason in masked.items() if reason
    }


def _signs(job: Job, census: Census, clips: Sequence[Clip], left_out: dict[str, LeftOut]) -> dict[str, Signs]:
    if not clips:
        return {}
    shelf = Store(root=job.cache).shelf(
        {"signs": LIMITS, "seconds": job.plan.spec.seconds, "decoder": decoder()}
    )
    signs: dict[str, Signs] = {}
    for clip in clips:
        if kept := _kept(shelf, census.keys[clip.id]):
            signs[clip.id] = kept
        elif failure := shelf.read_failure(census.keys[clip.id]):
            left_out[clip.id] = LeftOut(reason=failure[0], message=failure[1])
    missing = [clip for clip in clips if clip.id not in signs and clip.id not in left_out]
    batches = [[clip] for clip in missing]
    with closing(decoded_batches(job.plan, batches, video=VIDEO, audio=AUDIO)) as decoded:
        for done, (result,) in enumerate(decoded):
            job.report.progress("looking for what can be seen and heard", done, len(missing))
            note_failures(shelf, census.keys, left_out, [result])
            clip, found = result
            if not isinstance(found, MediaError):
                assert isinstance(found, DecodedClip)
                signs[clip.id] = signs_of(found)
                _keep(shelf, census.keys[clip.id], signs[clip.id])
    return signs


def _kept(shelf: Shelf, key: str) -> Signs | None:
    peaks, changes, onsets = (shelf.read(key, f"signs.{each}") for each in ("peaks", "changes", "onsets"))
    if peaks is None or changes is None or onsets is None:
        return None
    return Signs(peaks=peaks, changes=changes, onsets=onsets)


def _keep(shelf: Shelf, key: str, signs: Signs) -> None:
    for name in ("peaks", "changes", "onsets"):
        shelf.write(key, f"signs.{name}", getattr(signs, name))
