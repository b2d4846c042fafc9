"""The bundled task specs: each pins everything that changes a number."""

from avbench.specs import TaskSpec

_OWN_FILES = (
    "Your own files, each clip's sound against its picture: every other clip counts as wrong, even one that "
    "looks and sounds the same. A number here says nothing about other data, and a model trained on avsynth "
    "alone is near chance on natural video."
)

TASKS: tuple[TaskSpec, ...] = (
    TaskSpec(
        name="avsynth-retrieval",
        dataset="avsynth",
        seconds=8.0,
        version=1,
        summary="Retrieve the sound of a rendered clip by its picture, and back; six scales apart.",
        dataset_args={"preset": "8s", "difficulty": "standard", "split": "test"},
        scale_rows=("random", "oracle", "semantics-only", "time-shuffled"),
    ),
    TaskSpec(
        name="folder-retrieval",
        dataset="folder",
        seconds=4.0,
        version=1,
        summary="Retrieval among the first 4 s of all videos in a folder (--data-root DIR).",
        scale_rows=("random",),
        note=_OWN_FILES,
    ),
    TaskSpec(
        name="manifest-retrieval",
        dataset="manifest",
        seconds=4.0,
        version=1,
        summary="Retrieval among the first 4 s of the clips a table lists (--data-root DIR).",
        scale_rows=("random",),
        note=_OWN_FILES,
    ),
    TaskSpec(
        name="shards-retrieval",
        dataset="shards",
        seconds=4.0,
        version=1,
        summary="Retrieval among the first 4 s of the clips in tar files (--data-root DIR).",
        scale_rows=("random",),
        note=_OWN_FILES,
    ),
)
