"""What a person is told while a model trains."""

from collections.abc import Callable, Mapping

from gmscavp.training.config import TrainingConfig

MEASURES = ("a2v.recall@1", "v2a.recall@1", "validation/right", "validation/coarse", "validation/fine")


def reporter(
    say: Callable[[str], None], progress: Callable[[str, int, int], None], training: TrainingConfig
) -> Callable[[int, Mapping[str, float]], None]:
    """Return what the training loop tells: a bar every step, a line of words now and then."""

    def report(step: int, values: Mapping[str, float]) -> None:
        progress("training", step, training.steps)
        measured = ("loss", "clips_per_second", *MEASURES)
        if values and (step % (10 * training.log_every) == 0 or any(name in values for name in MEASURES)):
            words = ", ".join(f"{name} {values[name]:.3g}" for name in measured if name in values)
            say(f"step {step} of {training.steps}: {words}")

    return report
