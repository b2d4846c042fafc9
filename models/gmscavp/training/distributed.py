r"""Several processes, one run: each takes its slice of the same batch, and contrasts with all of it.

Every process computes the loss L over the features f of the whole batch. Of W processes, process r has made
the slice f_r from the weights θ:

.. code-block:: text

    gather    f = (f_1 … f_W); going back, the gradients of all processes are summed: W · ∂L/∂f_r
    average   1/W Σ_r  W · ∂L/∂f_r · ∂f_r/∂θ  =  ∂L/∂θ        what DistributedDataParallel does to θ

so that the step of W processes is the step of one over the same batch, up to rounding. A term that is a mean
over rows may stay local: the average over processes of its gradients is its gradient over the batch.
"""

import os
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gmscavp.complaints import Misuse

T = TypeVar("T")

# The others wait this long while the first one validates or renders data.
PATIENCE = timedelta(hours=2)
BROKEN = ("gloo", "nccl", "connection closed", "connection reset", "broken pipe", "socket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """The processes of a run, seen from one of them.

    Attributes:
        rank: Which one this is; the first, 0, alone logs, validates and writes.
        size: How many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that logs, validates and writes."""
        return self.rank == 0

    def mean(self, values: Sequence[float], device: str) -> list[float]:
        """Return the mean of each value over all processes, the same in each; waits for the device."""
        if self.size == 1:
            return list(values)
        return self.averaged(torch.tensor(values, dtype=torch.float64, device=device)).tolist()

    def averaged(self, values: Tensor) -> Tensor:
        """Return the mean of a tensor over all processes, the same in each; NaN anywhere gives NaN."""
        if self.size == 1:
            return values
        summed = values.to(torch.float64, copy=True)
        dist.all_reduce(summed)
        return summed / self.size

    def wait(self) -> None:
        """Wait until all processes have come here."""
        if self.size > 1:
            dist.barrier()

    def in_turn(self, work: Callable[[], T]) -> T:
        """Do something that the first process prepares for all: it goes first, the others follow."""
        if not self.first:
            self.wait()
        done = work()
        if self.first:
            self.wait()
        return done

    def synchronised(self, module: nn.Module) -> nn.Module:
        """Return the module with gradients averaged over processes and the first one's initial weights.

        Buffers stay each process's own: constants are equal, and BatchNorm keeps per-device statistics.
        Gradients are to be set to zero, not to None: they lie in the buckets that are averaged.
        """
        if self.size == 1:
            return module
        with warnings.catch_warnings():
            # torch 2.13 has a new name for broadcast_buffers, which 2.11 does not know.
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(module, broadcast_buffers=False, gradient_as_bucket_view=True)


ALONE = Processes()


@contextmanager
def joined(device: str) -> Generator[tuple[Processes, str], None, None]:
    """Join the processes that ``torchrun`` started, if it did, and leave them at the end.

    Args:
        device: ``cuda`` becomes the one of this process's local rank. GPUs talk by NCCL, CPUs by Gloo.

    Yields:
        The processes, and the device of this one.

    Raises:
        Misuse: A machine has more processes than devices.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE, device
        return
    on_gpu = device.startswith("cuda")
    if on_gpu:
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            raise Misuse(
                f"Process {local} of this machine has no GPU: there are {torch.cuda.device_count()}.",
                hint="Start as many processes as there are GPUs: torchrun --nproc-per-node N.",
            )
        device = f"cuda:{local}"
        torch.cuda.set_device(local)
    dist.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)
    try:
        yield Processes(rank=dist.get_rank(), size=size), device
    finally:
        dist.destroy_process_group()


def another_process_ended(error: RuntimeError) -> bool:
    """Say whether an error means that another process is gone."""
    return dist.is_initialized() and any(sign in str(error).lower() for sign in BROKEN)


def gathered(
    features: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """Return the features of all processes in the order of their ranks, with gradient; alone, as they are.

    Args:
        features: Each ``(rows, …)``, of the same shape in all processes.

    Returns:
        Each ``(processes · rows, …)``.
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return tuple(features)
    return tuple(_eager(each) for each in features)


def _gather(rows: Tensor) -> Tensor:
    # Gloo does not add bfloat16, and the contrast computes in float32 at least.
    wide: Any = _Gather.apply(rows.float() if rows.dtype in (torch.bfloat16, torch.float16) else rows)
    return wide


# torch.compile goes round what talks to other processes.
_eager: Callable[[Tensor], Tensor] = torch.compiler.disable(_gather)  # pyright: ignore


class _Gather(torch.autograd.Function):
    """All-gather, whose gradient is the sum over processes of each one's share."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


def check_device(device: str) -> None:
    """Refuse a device that torch does not have here.

    Raises:
        Misuse: It does not.
    """
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        message = f"The device {device!r} cannot be used: {error}."
        raise Misuse(message, hint="Pass --device cpu.") from error
