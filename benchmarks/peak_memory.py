"""The most memory that was held since counting began: by a GPU's allocator, or by this process."""

from pathlib import Path

import torch

# A 5 written here takes the peak of the resident set back to what is resident now (Linux, proc(5)).
FORGET = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")


def forget_peak(device: str) -> None:
    """Count from here on."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
    elif FORGET.exists():
        FORGET.write_text("5")


def peak_gib(device: str) -> float | None:
    """Return the peak in GiB: of tensors on a GPU, else of the whole process; None where nobody counts."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device) / 2**30
    lines = STATUS.read_text().splitlines() if STATUS.exists() else []
    kib = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)
    return None if kib is None else kib / 2**20
