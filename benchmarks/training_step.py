"""A training step, against the bare forward and backward of its two backbones, and against eager float32.

    python benchmarks/training_step.py [--config base] [--clips 8] [--device cuda] [--repeats 5] [--json FILE]

Bar, on an H200 with config ``base``: the whole step (copy to the device, variation, log-mel, backbones,
pyramids, objective, AdamW, moving average: :meth:`gmscavp.training.Run.advance`) at least 0.85 × the rate of
the backbones alone, both in bfloat16 and compiled; and at least 2.5 × the rate of the same step, eager, in
float32. All are timed in one run on the same random batch, and the fastest repeat of each is compared. On a
GPU peak memory and the rate of a bare bfloat16 matrix product, the ceiling, are measured as well. The
operations of a step are those of its products and convolutions, as torch counts them.

Not measured on a GPU yet.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from gmscavp.batches import SegmentBatch
from gmscavp.compilation import compile_in_place
from gmscavp.plan import Plan
from gmscavp.plugin import FAMILY
from gmscavp.training import Run

SEGMENTS = 3
MATRIX = 8192
BURST = 4
NEVER = 10**9


def seconds(call: Callable[[], object], device: str, repeats: int) -> float:
    """Return the time of a call: the fastest of ``repeats`` bursts, after two that are not counted.

    On a CPU that of the processor, which other work on the machine does not lengthen.
    """
    on_gpu = device.startswith("cuda")
    burst, clock = (BURST, time.perf_counter) if on_gpu else (1, time.process_time)
    times: list[float] = []
    for _ in range(repeats + 2):
        wait(device)
        start = clock()
        for _ in range(burst):
            call()
        wait(device)
        times.append((clock() - start) / burst)
    return min(times[2:])


def wait(device: str) -> None:
    """Wait for what the device was given to do."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


class Steps:
    """What is timed, over one random batch.

    Args:
        config: A named config of gmscavp.
        clips: Clips in the batch.
        device: Where.
        folder: For runs that never write.
    """

    def __init__(self, config: str, clips: int, device: str, folder: Path) -> None:
        self.config, self.clips, self.device, self.folder = FAMILY.config(config), clips, device, folder
        draw = torch.Generator().manual_seed(0)
        rows, size = clips * SEGMENTS, self.config.video.size
        shape = (rows, self.config.frames, 3, size, size)
        self.batch = SegmentBatch(
            frames=torch.randint(0, 256, shape, dtype=torch.uint8, generator=draw),
            samples=torch.rand(rows, self.config.samples, generator=draw) * 2 - 1,
            segments=SEGMENTS,
            whole=clips,
        )

    def whole(self, *, compiled: bool, precision: str) -> Callable[[], None]:
        """Return a whole step of a run."""
        training = replace(
            FAMILY.training[self.config.name],
            batch_clips=self.clips,
            precision=precision,  # type: ignore[arg-type]
            compile=compiled,
            **dict.fromkeys(("steps", "log_every", "checkpoint_every", "validate_every"), NEVER),
        )
        run = Run(
            Plan(
                network=FAMILY.build(self.config),
                batch=lambda step: self.batch,
                training=training,
                folder=self.folder,
                format=FAMILY.name,
                device=self.device,
                seed=0,
                say=print,
            )
        )
        return lambda: run.advance(self.batch)

    def backbones(self) -> Callable[[], None]:
        """Return forward and backward of both backbones alone, compiled, in bfloat16."""
        network = FAMILY.build(self.config).to(self.device).train()
        frames = self.batch.frames.to(self.device).bfloat16() / 255
        with torch.no_grad():
            log_mel = network.log_mel(self.batch.samples.to(self.device))
        for each in (network.video, network.audio):
            compile_in_place(each, self.device, print)

        def step() -> None:
            network.zero_grad(set_to_none=True)
            with torch.autocast(torch.device(self.device).type, torch.bfloat16):
                made: list[Tensor] = [network.video(frames).summary, network.audio(log_mel).summary]
            torch.stack([each.float().square().mean() for each in made]).sum().backward()

        return step


def measured(step: Callable[[], None], clips: int, device: str, repeats: int) -> dict[str, float]:
    """Return clips a second and, on a GPU, the most memory that was held."""
    on_gpu = device.startswith("cuda")
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    found = {"clips_per_s": clips / seconds(step, device, repeats)}
    if on_gpu:
        found["peak_gib"] = torch.cuda.max_memory_allocated() / 2**30
    return found


def matrix_rate(device: str) -> float:
    """Return the rate of a bare bfloat16 matrix product, in TFLOP/s."""
    one, other = (torch.rand(MATRIX, MATRIX, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * MATRIX**3 / seconds(lambda: one @ other, device, 10) / 1e12


def measure(config: str, clips: int, device: str, repeats: int) -> dict[str, Any]:
    """Return all figures."""
    on_gpu = device.startswith("cuda")
    figures: dict[str, Any] = {"config": config, "clips": clips, "device": device, "torch": torch.__version__}
    if on_gpu:
        figures |= {"gpu": torch.cuda.get_device_name(), "matrix_tflops": matrix_rate(device)}
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        steps = Steps(config, clips, device, Path(folder))
        rows["backbones, compiled, bf16"] = measured(steps.backbones(), clips, device, repeats)
        for name, compiled, precision in (
            ("step, compiled, bf16", True, "bf16"),
            ("step, eager, bf16", False, "bf16"),
            ("step, eager, fp32", False, "fp32"),
        ):
            step = steps.whole(compiled=compiled, precision=precision)
            rows[name] = measured(step, clips, device, repeats)
            if not compiled and "tflop_per_clip" not in figures:
                with FlopCounterMode(display=False) as counter:
                    step()
                figures["tflop_per_clip"] = counter.get_total_flops() / clips / 1e12
            del step
    rates = {name: row["clips_per_s"] for name, row in rows.items()}
    bare, best, _, plain = rates.values()
    return figures | {"rows": rows, "over_backbones": best / bare, "over_eager_fp32": best / plain}


def as_table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    ceiling, operations = figures.get("matrix_tflops"), figures["tflop_per_clip"]
    lines = ["| | clips/s | TFLOP/s | of the ceiling | peak GiB |", "| --- | --- | --- | --- | --- |"]
    for name, row in figures["rows"].items():
        rate = "–" if name.startswith("backbones") else f"{row['clips_per_s'] * operations:.3g}"
        share = "–" if ceiling is None or rate == "–" else f"{100 * float(rate) / ceiling:.0f} %"
        peak = f"{row['peak_gib']:.1f}" if "peak_gib" in row else "–"
        lines.append(f"| {name} | {row['clips_per_s']:.2f} | {rate} | {share} | {peak} |")
    where = figures.get("gpu", f"{figures['device']} (seconds of the processor)")
    lines += [
        "",
        f"Config `{figures['config']}`, {figures['clips']} clips of {SEGMENTS} segments, {where}, torch "
        f"{figures['torch']}: a compiled step runs at {figures['over_backbones']:.2f} × the rate of the bare "
        f"backbones and {figures['over_eager_fp32']:.2f} × that of the eager float32 step.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Print every figure as a table; with ``--json`` write them too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--config", default="base", choices=list(FAMILY.configs))
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures = measure(given.config, given.clips, given.device, given.repeats)
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(as_table(figures))


if __name__ == "__main__":
    main()
