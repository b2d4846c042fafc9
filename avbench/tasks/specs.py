"""The bundled task specs: each pins everything that changes a number."""

from avbench.specs import (
    AlignmentProtocol,
    ChoiceProtocol,
    GenerationProtocol,
    OffsetProtocol,
    RetrievalProtocol,
    TaskSpec,
)

_OWN_FILES = (
    "Your own files, each clip's sound against its picture: every other clip counts as wrong, even one that "
    "looks and sounds the same. A number here says nothing about other data, and a model trained on avsynth "
    "alone is near chance on natural video."
)
_SYNTHETIC = (
    "Heard through a network of ours that was trained on avsynth: these numbers compare models trained on "
    "it, and are on no scale that papers use. Similarity by a model favours sounds made with its help."
)
_OWN_SOUNDS = (
    "Heard through a network that was trained on avsynth alone, unless others are named (--embedder): a "
    "number here is on no scale that papers use."
)
_MMAUDIO = (
    "Window, rates and networks of av-benchmark, each sound's mean taken off as there; ImageBind is not "
    "among the networks here, and DeSync is there for who asks for it (--judge desync=PATH). Compare only on "
    "the same clips."
)
_SPECVQGAN = (
    "Ten sounds a clip as in SpecVQGAN's main table; its own network, Melception, is not among those here, "
    "so these numbers are on no scale of that line of papers."
)
_SYNC_SYNTHETIC = (
    "An offset above 0 says that the sound is late. Clips in which nothing is heard to land while the "
    "picture lasts are masked: no offset can be seen in them."
)
_SYNC_FILES = (
    "An offset above 0 says that the sound is late. How far your files are in sync themselves bounds what "
    "can be found; silent and still ones, and those without an onset in the sound, are masked."
)
_ALIGNMENT_SYNTHETIC = (
    "Half of the pairs are true, a quarter have their own sound 0.2 to 2 s early or late, a quarter another "
    "recording's. Acceptance is no accuracy: who accepts everything has 100 % of it."
)
_ALIGNMENT_FILES = (
    "Half of the pairs are true, a quarter have their own sound 0.2 to 1 s early or late, a quarter another "
    "file's. Your files count as in time; silent and still ones, and those without an onset in the sound, "
    "are masked. A judge's threshold was set on other data: read the AUROC before any rate."
)
_WITHIN_SYNTHETIC = (
    "Every clip is a gallery of its own windows, without those in which nothing is heard to land: toys and "
    "scene are the same in all, so what the clip is about does not help."
)
_CHOICE_SYNTHETIC = (
    "Each pair is one world twice, alike in nuisance and in all but what is named: chance is 50 %, whatever "
    "else a model knows. Left and right cannot be told in mono: space and S5 are then at chance."
)
_FLOORS = ("truth-reencoded", "truth-halves", "shuffled-truth", "noise", "silence")
_SYNC_CLIPS = {"preset": "8s", "difficulty": "standard", "split": "test", "clips": "400"}
_SYNC_ROWS = ("random", "oracle", "semantics-only", "time-shuffled", "other-sound")

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
        name="avsynth-v2a",
        dataset="avsynth",
        seconds=8.0,
        version=1,
        summary="Make the sound of rendered clips from their pictures; onsets against the exact truth.",
        protocol=GenerationProtocol(
            sample_rate=16_000,
            embedders=("avsynth-cnn",),
            similarity=("cavp", "gmscavp"),
            onsets="side-car",
        ),
        dataset_args={"preset": "8s", "difficulty": "standard", "split": "test", "clips": "200"},
        scale_rows=_FLOORS,
        note=_SYNTHETIC,
    ),
    TaskSpec(
        name="folder-v2a",
        dataset="folder",
        seconds=4.0,
        version=1,
        summary="Make the sound of the first 4 s of the videos in a folder (--data-root DIR).",
        protocol=GenerationProtocol(sample_rate=44_100, embedders=("avsynth-cnn",), similarity=()),
        scale_rows=_FLOORS,
        note=_OWN_SOUNDS,
    ),
    TaskSpec(
        name="manifest-v2a",
        dataset="manifest",
        seconds=4.0,
        version=1,
        summary="Make the sound of the first 4 s of the clips a table lists, with captions where it has any.",
        protocol=GenerationProtocol(sample_rate=44_100, embedders=("avsynth-cnn",), captions="caption"),
        scale_rows=_FLOORS,
        note=_OWN_SOUNDS,
    ),
    TaskSpec(
        name="folder-v2a-mmaudio-8s",
        dataset="folder",
        seconds=8.0,
        version=2,
        summary="As MMAudio and av-benchmark: first 8 s, one sound a clip, VGGish, PANNs and PaSST.",
        protocol=GenerationProtocol(sample_rate=44_100, embedders=("vggish", "panns", "passt"), centred=True),
        scale_rows=_FLOORS,
        note=_MMAUDIO,
    ),
    TaskSpec(
        name="folder-v2a-specvqgan-10x",
        dataset="folder",
        seconds=9.8,
        version=1,
        summary="Sampled as SpecVQGAN and Frieren do: ten sounds a clip against one truth, first 9.8 s.",
        protocol=GenerationProtocol(sample_rate=22_050, embedders=("vggish", "panns"), samples=10),
        scale_rows=_FLOORS,
        note=_SPECVQGAN,
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
    TaskSpec(
        name="avsynth-sync",
        dataset="avsynth",
        seconds=8.0,
        version=1,
        summary="How late is the sound? 21 offsets, ±2 s by 0.2 s, on 4 s of picture.",
        protocol=OffsetProtocol(shifts="avsynth-sync", onsets="side-car"),
        dataset_args=_SYNC_CLIPS,
        scale_rows=_SYNC_ROWS,
        note=_SYNC_SYNTHETIC,
    ),
    TaskSpec(
        name="avsynth-sync-fine",
        dataset="avsynth",
        seconds=4.8,
        version=1,
        summary="How late to the frame? 21 offsets, ±0.4 s by 0.04 s, on 4 s of picture.",
        protocol=OffsetProtocol(reach=0.4, step=0.04, shifts="avsynth-sync-fine", onsets="side-car"),
        dataset_args=_SYNC_CLIPS,
        scale_rows=_SYNC_ROWS,
        note=_SYNC_SYNTHETIC,
    ),
    TaskSpec(
        name="avsynth-sync-10s",
        dataset="avsynth",
        seconds=10.0,
        version=1,
        summary="avsynth-sync on 6 s of picture, for models that look longer than 4 s.",
        protocol=OffsetProtocol(window=6.0, shifts="avsynth-sync-10s", onsets="side-car"),
        dataset_args={**_SYNC_CLIPS, "preset": "10s"},
        scale_rows=_SYNC_ROWS,
        note=_SYNC_SYNTHETIC,
    ),
    TaskSpec(
        name="folder-sync",
        dataset="folder",
        seconds=5.0,
        version=1,
        summary="How late is the sound of videos in a folder? 11 offsets, ±1 s by 0.2 s, first 5 s.",
        protocol=OffsetProtocol(window=3.0, reach=1.0, shifts="folder-sync"),
        scale_rows=("random",),
        note=_SYNC_FILES,
    ),
    TaskSpec(
        name="avsynth-alignment",
        dataset="avsynth",
        seconds=8.0,
        version=1,
        summary="Does the sound belong to the picture, in time? True, shifted and other pairs of 4 s.",
        protocol=AlignmentProtocol(pairs="avsynth-alignment", onsets="side-car"),
        dataset_args=_SYNC_CLIPS,
        scale_rows=("random", "oracle", "semantics-only", "time-shuffled"),
        note=_ALIGNMENT_SYNTHETIC,
    ),
    TaskSpec(
        name="folder-alignment",
        dataset="folder",
        seconds=5.0,
        version=1,
        summary="Does the sound of videos in a folder belong, in time? True, shifted and other pairs of 3 s.",
        protocol=AlignmentProtocol(largest=1.0, window=3.0, pairs="folder-alignment"),
        scale_rows=("random",),
        note=_ALIGNMENT_FILES,
    ),
    TaskSpec(
        name="avsynth-within-clip",
        dataset="avsynth-windows",
        seconds=2.0,
        version=1,
        summary="Which moment is it? The sound of 2 s among the other windows of the same clip, and back.",
        protocol=RetrievalProtocol(recall_at=(1,)),
        dataset_args={**_SYNC_CLIPS, "window": "2"},
        scale_rows=("random", "oracle", "semantics-only", "time-shuffled"),
        note=_WITHIN_SYNTHETIC,
    ),
    TaskSpec(
        name="avsynth-counterfactuals",
        dataset="avsynth-counterfactuals",
        seconds=8.0,
        version=1,
        summary="Which of two, that differ in one thing? Pairs of clips; curves over shifts of a scale.",
        protocol=ChoiceProtocol(),
        dataset_args={"preset": "8s", "difficulty": "standard", "split": "test", "states": "40"},
        scale_rows=("random", "oracle", "semantics-only", "time-shuffled"),
        note=_CHOICE_SYNTHETIC,
    ),
)
