"""A model called over a batch: if that fails, clip by clip, so that a failing clip is found and left out."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from avbench.errors import AvbenchError, MediaError, ModelError, StorageError
from avbench.plugins.raised import sentence
from avbench.runs.slots import Slots

T = TypeVar("T")


@contextmanager
def costing_one_clip() -> Generator[None]:
    """Make whatever a network raises over one clip the reason why that clip has nothing of it.

    Raises:
        MediaError: What the network raised itself, or ``model``: anything else that it raised.
        StorageError: What it found cannot be kept.
    """
    try:
        yield
    except (MediaError, StorageError):
        raise
    except AvbenchError as error:
        raise MediaError("model", error.message) from error
    except (Exception, SystemExit) as error:
        raise MediaError("model", f"{sentence(error)}.") from error


@dataclass(slots=True, kw_only=True)
class Attempts:
    """How a model has fared so far, by what it was asked for.

    Attributes:
        name: The model's name, for messages.
        batch_size: Rows of every batch it is given.
        failed: Clips it returned nothing usable for.
        worked: What it has returned something usable for.
        trouble: What went wrong last.
    """

    name: str
    batch_size: int
    failed: Counter[str] = field(default_factory=Counter[str])
    worked: set[str] = field(default_factory=set[str])
    trouble: str = ""

    def over(
        self,
        slots: Slots,
        what: str,
        forward: Callable[[Slots], Iterable[T]],
        usable: Callable[[T], str],
    ) -> Mapping[str, T]:
        """Call a model over some clips.

        Args:
            slots: At most ``batch_size`` clips; the batch is filled up by repeating the first.
            what: What the model is asked for: the name of a method.
            forward: The call: as many slots as the batch has rows, one output a slot.
            usable: Says what is wrong with an output, or nothing.

        Returns:
            Outputs by clip id; a clip without a usable one is absent.

        Raises:
            ModelError: The model broke its contract, or has failed on every clip of a batch's worth.
        """
        outputs = self._batch_or_one_by_one(slots, forward)
        good: dict[str, T] = {}
        for clip_id, output in outputs.items():
            if fault := usable(output):
                self.trouble = f"{what} {fault}"
            else:
                good[clip_id] = output
        self.worked |= {what} if good else set()
        self.failed[what] += len(slots) - len(good)
        self.refuse_failure(what, self.batch_size)
        return good

    def refuse_failure(self, what: str, clips: int) -> None:
        """Give up on a model that has worked on none of so many clips or more.

        Raises:
            ModelError: It has.
        """
        if what not in self.worked and self.failed[what] >= clips:
            raise ModelError(
                f"The model {self.name!r} failed on every clip: {self.trouble}.",
                hint="Mend the model; `avbench plugins check MODEL` tries one on two made clips.",
            )

    def _batch_or_one_by_one(
        self,
        slots: Slots,
        forward: Callable[[Slots], Iterable[T]],
    ) -> dict[str, T]:
        try:
            return self._filled(slots, forward)
        except AvbenchError:
            raise
        except (Exception, SystemExit) as error:
            self.trouble = sentence(error)
        outputs: dict[str, T] = {}
        for slot in slots:
            try:
                outputs |= self._filled([slot], forward)
            except AvbenchError:
                raise
            except (Exception, SystemExit) as error:
                self.trouble = sentence(error)
        return outputs

    def _filled(
        self,
        slots: Slots,
        forward: Callable[[Slots], Iterable[T]],
    ) -> dict[str, T]:
        filled = [*slots, *([slots[0]] * (self.batch_size - len(slots)))]
        return {slot[0].id: output for slot, output in zip(slots, forward(filled), strict=False)}
