"""A sound as an array, and how it is made to last as long as a window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.errors import MediaError

# Most silence that is added at the end, in seconds: encoders and vocoders work in blocks.
AUDIO_TAIL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A sound of any rate, length and number of channels.

    Attributes:
        samples: ``(channel, time)``, float32 in [-1, 1].
        sample_rate: In Hz.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.samples.shape[1] / self.sample_rate

    def lasting(self, seconds: float) -> "Sound":
        """Return its first ``round(seconds · sample_rate)`` samples, at most 0.1 s of silence among them.

        Raises:
            MediaError: ``too-short``: it ends earlier.
        """
        if self.seconds < seconds - AUDIO_TAIL:
            message = f"The sound ends at {self.seconds:.3f} s, before the {seconds:.3f} s asked for."
            raise MediaError("too-short", message)
        length = round(seconds * self.sample_rate)
        cut = self.samples[:, :length]
        samples = np.pad(cut, ((0, 0), (0, length - cut.shape[1])))
        return Sound(samples=samples, sample_rate=self.sample_rate)
