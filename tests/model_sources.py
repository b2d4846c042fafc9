"""Sources of plugins with small real models, and a task of one second for the tiny clips."""

TASK = """
from avbench import TaskSpec

@hookimpl
def avbench_tasks():
    return [TaskSpec(name="tiny-retrieval", kind="retrieval", dataset="folder", seconds=1.0, version=1,
                     summary="The first second.", scale_rows=("random", "oracle"))]
"""

# The picture's colour against the pitch: both rise with the number of a tiny clip.
SEEING = """
import torch
from avbench import AudioInput, ModelInputs, ModelRecord, VideoInput, hookimpl

INPUTS = ModelInputs(video=VideoInput(fps=12, height=24, width=32), audio=AudioInput(sample_rate=16000))

class Seeing:
    def embed_video(self, batch):
        {before}
        bar = batch.pixels().flatten(3).max(-1).values.mean(1)
        return torch.stack([bar[:, 0] - bar[:, 1], torch.ones(len(bar))], 1)

    def embed_audio(self, batch):
        spectrum = torch.fft.rfft(batch.samples.mean(1)).abs()
        pitch = spectrum.argmax(-1) / 220 - 1
        return torch.stack([80 * pitch / 255 - 1, torch.ones(len(pitch))], 1)

@hookimpl
def avbench_models():
    return [ModelRecord(name="seeing", summary="Colour against pitch.", load=lambda device: Seeing(),
                        inputs=INPUTS, capabilities=("retrieval",))]
"""


def seeing(before: str = "pass") -> str:
    """Return the source of a plugin with the task and a model that runs ``before`` on every video batch."""
    return SEEING.format(before=before) + TASK
