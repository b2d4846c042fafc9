"""What a plugin's own code raises, told as an error that says where, or as part of a sentence."""

import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from avbench.errors import AvbenchError, ModelError

T = TypeVar("T")


def guarded(model: str, deed: str, call: Callable[[], T]) -> T:
    """Call into a model's plugin; whatever it raises becomes a :class:`ModelError` that says where.

    Raises:
        AvbenchError: What the plugin raised itself.
        ModelError: Anything else it raised.
    """
    try:
        return call()
    except AvbenchError:
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(
            f"The model {model!r} could not {deed}: {sentence(error)}.",
            hint="Check --model-args and the model's files.",
        ) from error


def sentence(error: BaseException) -> str:
    """Return an exception as part of a sentence, with the last line of the plugin's code it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = ("site-packages", sysconfig.get_path("stdlib"))
    own = [frame for frame in frames if not any(each in frame.filename for each in theirs)] or frames
    place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    first_line = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    return f"{type(error).__name__}{': ' if first_line else ''}{first_line}{place}"
