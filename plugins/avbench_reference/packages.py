"""The packages of the extra: imported where they are used, and kept off the network."""

import importlib
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from avbench import ModelError
from avbench.plugins.raised import sentence

INSTALL = "pip install 'avbench[reference]'"


def reference_module(name: str) -> Any:
    """Import a module of one of the packages.

    Raises:
        ModelError: It is not there, or does not work with what else is installed.
    """
    path = list(sys.path)
    try:
        with without_hub():
            return importlib.import_module(name)
    except Exception as error:
        raise ModelError(
            f"The package {name.partition('.')[0]} cannot be imported: {sentence(error)}.",
            hint=f"{INSTALL}, in an environment of its own: it needs torchvision and torchaudio, and they a "
            "torch of the same build.",
        ) from error
    finally:
        sys.path[:] = path  # laion_clap adds its own folder, and with it top-level names such as "training"


@contextmanager
def without_hub() -> Generator[None]:
    """Keep the hub's libraries offline.

    laion_clap asks for three tokenizers when it is imported and for one more with each model. Sound needs
    none of them, and without a network each is asked for again and again, for minutes.
    """
    constants: Any = importlib.import_module("huggingface_hub.constants")
    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
