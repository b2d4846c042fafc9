"""The training loop of gmscavp and cavp: step, log, checkpoint, resume; what a step does is in ``run``.

A folder of a run holds

    state.pt             everything needed to go on, written atomically; read without running code from it
    average.safetensors  the averaged weights of that checkpoint; gone when the run has ended
    log.jsonl            one line every few steps; lines after the last checkpoint are cut off on resuming
    tensorboard/         the same curves, where tensorboard is installed
    weights.safetensors  the averaged weights, half precision, with the config inside

As batches are a function of the step, a run that was killed and resumed ends with the weights of an unbroken
one, to the bit on one CPU with one number of threads. Several processes share a batch
(:mod:`gmscavp.training.distributed`); the first alone logs, validates and writes.

Where only the average is left, as a checkpoint may be too large to carry to another machine, the run restarts
from it: network and average both take its weights, AdamW's moments start anew, and the rate rises again over
a warm-up. The log says so, and so do the weights.
"""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gmscavp.training.batches import SegmentBatch
from gmscavp.training.distributed import another_process_ended
from gmscavp.training.interrupts import Interrupts
from gmscavp.training.log import TrainingLog
from gmscavp.training.memory import keep_freed_memory
from gmscavp.training.plan import Batch, Plan, Report, TrainingError
from gmscavp.training.run import Run


def train(plan: Plan, report: Report = lambda step, values: None) -> Path:
    """Train until the last step, from the last checkpoint if there is one, and return the weight file.

    Args:
        plan: What to train.
        report: Told the number of steps done after each, with what was logged, if anything was.

    Raises:
        TrainingError: The folder holds another run, or the loss is no longer finite.
        KeyboardInterrupt: Ctrl-C; everything up to the last whole step is kept.
    """
    keep_freed_memory()
    plan.folder.mkdir(parents=True, exist_ok=True)
    run = Run(plan)
    log = TrainingLog(plan.folder, run.step) if plan.processes.first else None
    try:
        if log is not None and run.restarted:
            log.write(run.step, {"restarted": 1.0})
        with Interrupts() as interrupts:
            for batch in prefetched(plan.batch, run.step, plan.training.steps):
                run.advance(batch)
                run.report(log, report)
                if run.asked_to_stop(interrupts.asked):
                    run.save()
                    raise KeyboardInterrupt
    except RuntimeError as error:
        if not another_process_ended(error):
            raise
        raise TrainingError(
            f"Another process of the run ended during step {run.step}; the checkpoint of step {run.saved} "
            "is kept.",
            hint="Its own message says why; give the same command again and the run goes on.",
        ) from error
    finally:
        if log is not None:
            log.close()
    run.save()
    return run.save_weights()


def prefetched(batch: Batch, first: int, last: int) -> Generator[SegmentBatch, None, None]:
    """Yield the batches of steps ``first`` … ``last - 1``, reading one ahead in a thread."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(batch, first) if first < last else None
        for step in range(first, last):
            assert coming is not None
            ready = coming.result()
            coming = reader.submit(batch, step + 1) if step + 1 < last else None
            yield ready
