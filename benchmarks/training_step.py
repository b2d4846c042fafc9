"""A training step, against the bare forward and backward of its two backbones, and against eager float32.

    python benchmarks/training_step.py [--config base] [--clips 8] [--device cuda] [--repeats 5] [--json FILE]

Bar, on an H200 with config ``base``: the whole step (copy to the device, variation, log-mel, backbones,
pyramids, objective, AdamW, moving average: :meth:`gmscavp.training.run.Run.advance`) at least 0.85 × the
rate of the backbones alone, both in bfloat16 and compiled; and at least 2.5 × the rate of the same step,
eager, in float32. All are timed in one run on the same random batch, and the fastest repeat of each is
compared; peak memory and the rate of a bare bfloat16 matrix product, the ceiling, are measured as well. The
operations of a step are those of its products and convolutions, as torch counts them.

Where a batch does not fit in a GPU's memory, half of it is tried. FILE is written after every row, so that a
run that is stopped leaves what it has. A row that fails is kept with its reason, and the others are measured.

Not measured on a GPU yet.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peak_memory import forget_peak, peak_gib
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from gmscavp.config import GMSCAVPConfig
from gmscavp.plugin import FAMILY
from gmscavp.training.batches import SegmentBatch
from gmscavp.training.compilation import compile_in_place
from gmscavp.training.config import TrainingConfig
from gmscavp.training.plan import Plan
from gmscavp.training.run import Run

SEGMENTS = 3
BURST = 4
NEVER = 10**9
BACKBONES = "backbones, compiled, bf16"
COMPILED, EAGER, PLAIN = "step, compiled, bf16", "step, eager, bf16", "step, eager, fp32"
Keep = Callable[[Mapping[str, Any]], None]


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


def refuse(line: str) -> None:
    """Refuse to time as compiled what is not: a run only says so, and goes on.

    Raises:
        RuntimeError: Always.
    """
    raise RuntimeError(line)


def let_go(device: str) -> None:
    """Forget what was compiled, and give back the memory of networks that nobody holds any more."""
    torch._dynamo.reset()  # pyright: ignore[reportPrivateUsage]
    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()


class Steps:
    """What is timed, over one random batch.

    Args:
        config: Of the network.
        training: How it is trained.
        clips: Clips in the batch.
        device: Where.
        folder: For runs that never write.
    """

    def __init__(
        self, config: GMSCAVPConfig, training: TrainingConfig, *, clips: int, device: str, folder: Path
    ) -> None:
        self.config, self.training = config, training
        self.clips, self.device, self.folder = clips, device, folder
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
            self.training,
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
                say=refuse,
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
            compile_in_place(each, self.device, refuse)

        def step() -> None:
            network.zero_grad(set_to_none=True)
            with torch.autocast(torch.device(self.device).type, torch.bfloat16):
                made: list[Tensor] = [network.video(frames).summary, network.audio(log_mel).summary]
            torch.stack([each.float().square().mean() for each in made]).sum().backward()

        return step


def measured(step: Callable[[], None], clips: int, device: str, repeats: int) -> dict[str, float | None]:
    """Return clips a second, and the most memory that was held."""
    forget_peak(device)
    return {"clips_per_s": clips / seconds(step, device, repeats), "peak_gib": peak_gib(device)}


def matrix_rate(device: str) -> float:
    """Return the rate of a bare bfloat16 matrix product, in TFLOP/s."""
    size = 8192 if device.startswith("cuda") else 1024
    one, other = (torch.rand(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * size**3 / seconds(lambda: one @ other, device, 10) / 1e12


def measure(steps: Steps, repeats: int, keep: Keep) -> dict[str, Any]:
    """Return all figures, and keep those that there are after each row.

    Raises:
        torch.OutOfMemoryError: The batch does not fit on the GPU; the hungriest row comes first.
    """
    device, clips = steps.device, steps.clips
    figures: dict[str, Any] = {"config": steps.config.name, "clips": clips, "device": device}
    figures |= {"torch": torch.__version__, "matrix_tflops": matrix_rate(device), "rows": {}}
    if device.startswith("cuda"):
        figures["gpu"] = torch.cuda.get_device_name()
    else:
        figures["threads"] = torch.get_num_threads()
    makers: dict[str, Callable[[], Callable[[], None]]] = {
        PLAIN: lambda: steps.whole(compiled=False, precision="fp32"),
        EAGER: lambda: steps.whole(compiled=False, precision="bf16"),
        BACKBONES: steps.backbones,
        COMPILED: lambda: steps.whole(compiled=True, precision="bf16"),
    }
    for name, make in makers.items():
        try:
            step = make()
            if name == EAGER:
                figures["tflop_per_clip"] = operations(step) / clips / 1e12
            figures["rows"][name] = measured(step, clips, device, repeats)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            figures["rows"][name] = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
        step = None
        let_go(device)
        keep(figures | ratios(figures["rows"]))
    return figures | ratios(figures["rows"])


def operations(step: Callable[[], None]) -> int:
    """Return the floating-point operations of a step."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def ratios(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Return what the compiled step is over the bare backbones and over the eager float32 step."""
    rates = {name: row["clips_per_s"] for name, row in rows.items() if "clips_per_s" in row}
    beside = {"over_backbones": BACKBONES, "over_eager_fp32": PLAIN}
    return {
        ratio: rates[COMPILED] / rates[other]
        for ratio, other in beside.items()
        if {COMPILED, other} <= rates.keys()
    }


def measure_what_fits(
    config: GMSCAVPConfig,
    training: TrainingConfig,
    *,
    clips: int,
    device: str,
    repeats: int,
    keep: Keep = lambda figures: None,
) -> dict[str, Any]:
    """Return all figures, of as many clips as fit: those asked for, or half of them, and so on."""
    while True:
        try:
            with tempfile.TemporaryDirectory() as folder:
                steps = Steps(config, training, clips=clips, device=device, folder=Path(folder))
                return measure(steps, repeats, keep)
        except torch.OutOfMemoryError:
            if clips == 1:
                raise
        clips //= 2
        let_go(device)
        print(f"too little memory on the GPU: once more with {clips} clips", file=sys.stderr)


def as_table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    ceiling, each = figures["matrix_tflops"], figures.get("tflop_per_clip")
    lines = ["| | clips/s | TFLOP/s | of the ceiling | peak GiB |", "| --- | --- | --- | --- | --- |"]
    for name, row in figures["rows"].items():
        if "failed" in row:
            lines.append(f"| {name} | {row['failed']} | – | – | – |")
            continue
        rate = None if each is None or name == BACKBONES else row["clips_per_s"] * each
        share = ("–", "–") if rate is None else (f"{rate:.3g}", f"{100 * rate / ceiling:.0f} %")
        peak = "–" if row["peak_gib"] is None else f"{row['peak_gib']:.1f}"
        lines.append(f"| {name} | {row['clips_per_s']:.2f} | {share[0]} | {share[1]} | {peak} |")
    where = figures.get("gpu") or f"{figures['device']} ({figures['threads']} threads, processor time)"
    remarks = [
        f"Config `{figures['config']}`, {figures['clips']} clips of {SEGMENTS} segments, {where}, torch "
        f"{figures['torch']}; a bare bfloat16 matrix product at {ceiling:.3g} TFLOP/s."
    ]
    if {"over_backbones", "over_eager_fp32"} <= figures.keys():
        remarks.append(
            f"A compiled step runs at {figures['over_backbones']:.2f} × the rate of the bare backbones and "
            f"{figures['over_eager_fp32']:.2f} × that of the eager float32 step."
        )
    return "\n".join([*lines, "", " ".join(remarks)])


def main() -> None:
    """Print every figure as a table; with ``--json`` write them too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--config", default="base", choices=list(FAMILY.configs))
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()

    def keep(figures: Mapping[str, Any]) -> None:
        if given.json is not None:
            given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")

    config, training = FAMILY.config(given.config), FAMILY.training[given.config]
    figures = measure_what_fits(
        config, training, clips=given.clips, device=given.device, repeats=given.repeats, keep=keep
    )
    print(as_table(figures))


if __name__ == "__main__":
    main()
