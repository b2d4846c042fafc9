"""Keep freed memory in the process: a training step frees and asks for the same gigabytes again and again."""

import ctypes
import sys

# Parameters of mallopt, from <malloc.h>.
TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> None:
    """Tell glibc's allocator not to hand memory back to the kernel; elsewhere do nothing.

    Each large tensor would otherwise come as fresh pages, to be zeroed by the kernel: a tenth to a
    quarter of a training step on a CPU.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, 2**31 - 1)
        mallopt(TOP_PAD, 2**29)
