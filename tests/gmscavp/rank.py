"""A process of a run: ``python -m tests.gmscavp.rank CONFIG FOLDER CHANGES [DIES_AT]``."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from gmscavp.distributed import joined
from gmscavp.plan import TrainingError
from gmscavp.training import train
from tests.gmscavp.runs import TINY, TINY_DIFFUSION, plan

EXIT = 5
CONFIGS = {config.name: config for config in (TINY, TINY_DIFFUSION)}


def main(config: str, folder: Path, changes: dict[str, Any], dies_at: int | None) -> None:
    torch.set_num_threads(1)
    with joined("cpu") as (processes, _):

        def report(step: int, values: object) -> None:
            if step == dies_at and not processes.first:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            train(plan(CONFIGS[config], folder, processes, precision="fp64", **changes), report)
        except TrainingError as error:
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
            os._exit(EXIT)


if __name__ == "__main__":
    name, where, changed, *dies = sys.argv[1:]
    main(name, Path(where), json.loads(changed), int(dies[0]) if dies else None)
