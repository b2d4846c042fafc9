"""The processes that render clips: one for every core, each on one thread."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait


def rendering_processes(count: int) -> ProcessPoolExecutor:
    """Return a pool of ``count`` processes, spawned rather than forked: the caller may have threads."""
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    # Ctrl-C reaches every process of the terminal: the parent decides, workers finish their clip.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Its linear algebra must be loaded for its threads to be limited.
    import numpy  # noqa: F401  # pyright: ignore[reportUnusedImport]
    from threadpoolctl import threadpool_limits

    # Small products on several threads, in several processes, spend six times as long waiting as computing.
    threadpool_limits(1)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: a killed run must not render on."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
