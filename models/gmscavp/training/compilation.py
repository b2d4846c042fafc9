"""``torch.compile`` where it works, and a word where it does not."""

from collections.abc import Callable

import torch
from torch import nn


def compile_in_place(module: nn.Module, device: str, say: Callable[[str], None]) -> bool:
    """Compile calls of a module, if this machine has the compiler it takes; say so if it has none.

    The names of its state stay as they are.
    """
    try:
        # Inductor looks for a C++ compiler or for Triton at the first call: here, not in the first step.
        torch.compile(torch.neg)(torch.ones(8, device=device))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        say(f"torch.compile does not work here ({reason}): training goes on without it.")
        return False
    module.compile()
    return True
