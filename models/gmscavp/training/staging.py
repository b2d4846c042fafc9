"""A batch on its way to the device: copied and varied, on a GPU beside the computation of the step before."""

import torch

from gmscavp.training.batches import SegmentBatch
from gmscavp.training.config import TrainingConfig
from gmscavp.training.variation import vary


class Staging:
    """Brings the batches of a run to its device.

    Copying and varying wait for the device here and there. On a GPU they have a stream of their own, so that
    the wait is for them alone and not for what is being computed. A batch is begun once the step before it
    has begun: two lie on the device at most.

    Args:
        device: Where the run computes.
        training: How batches are varied.
        seed: Of the run.
    """

    def __init__(self, device: str, training: TrainingConfig, seed: int) -> None:
        self.device, self.training, self.seed = device, training, seed
        self.stream = torch.cuda.Stream(device) if device.startswith("cuda") else None
        self.begun = torch.cuda.Event() if self.stream is not None else None

    def varied(self, batch: SegmentBatch, step: int) -> SegmentBatch:
        """Return the batch of a step as the network reads it."""
        if self.stream is None or self.begun is None:
            return vary(batch.to(self.device), self.training, self.seed, step)
        computing = torch.cuda.current_stream(self.device)
        with torch.cuda.stream(self.stream):
            self.stream.wait_event(self.begun)
            ready = vary(batch.to(self.device), self.training, self.seed, step)
        computing.wait_stream(self.stream)
        for tensor in (ready.frames, ready.samples):
            tensor.record_stream(computing)
        self.begun.record(computing)
        return ready
