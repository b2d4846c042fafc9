"""A process of a run: ``python -m tests.gmscavp.rank CONFIG FOLDER CHANGES [SIGNAL STEP]``.

The signal reaches every process but the first after that step.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from gmscavp.training.distributed import joined
from gmscavp.training.loop import train
from gmscavp.training.plan import TrainingError
from tests.gmscavp.runs import TINY, TINY_DIFFUSION, TINY_FROZEN, plan

FAILED, STOPPED = 5, 6
CONFIGS = {config.name: config for config in (TINY, TINY_DIFFUSION, TINY_FROZEN)}


def main(config: str, folder: Path, changes: dict[str, Any], received: int, when: int) -> None:
    torch.set_num_threads(1)
    with joined("cpu") as (processes, _):

        def report(step: int, values: object) -> None:
            if step == when and not processes.first:
                os.kill(os.getpid(), received)

        try:
            train(plan(CONFIGS[config], folder, processes, **{"precision": "fp64"} | changes), report)
        except TrainingError as error:
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
            os._exit(FAILED)
        except KeyboardInterrupt:
            os._exit(STOPPED)


if __name__ == "__main__":
    name, where, changed, *rest = sys.argv[1:]
    received, when = (signal.Signals[rest[0]], int(rest[1])) if rest else (0, 0)
    main(name, Path(where), json.loads(changed), received, when)
