"""The pages of the tasks on real data: what a spec pins, as a block in what is written by hand."""

from collections.abc import Mapping
from typing import Any

from avbench.boards.tables import escaped, table
from avbench.specs import CategoryProtocol, GenerationProtocol, OffsetProtocol, TaskSpec, pinned
from avbench.tasks import real

FOLDER = "docs/tasks"
FILES = {
    "vggsound": "test.csv",
    "audioset": "eval_segments.csv",
    "panda70m": "panda70m_testing.csv",
    "audiocaps": "test.csv",
    "ave": "testSet.txt",
    "llp": "AVVP_test_pd.csv",
    "kinetics-sounds": "val.csv",
    "foleybench": "metadata.jsonl",
    "avsync15": "test.txt",
}
# Of tasks that ask for another list of their data set than the others do.
ASKED = {
    "greatesthits-category-retrieval": "greatesthit_test_2.00_single_type_only.json",
    "greatesthits-onset-condfoley": "greatesthit_test_2.00.json",
}
WORDS = {
    "directions": "directions",
    "recall_at": "recall at",
    "gallery_sizes": "recall in galleries of",
    "siblings": "clips of the query's recording",
    "percentile": "mean percentile",
    "by_class": "means over classes",
    "dual_softmax": "dual softmax besides, scale",
    "cutoffs": "cut-offs",
    "agreement": "right if classes agree",
    "heard": "classes of a sound: labels",
    "seen": "classes of a picture: labels",
    "sample_rate": "sounds at, Hz",
    "channels": "channels",
    "embedders": "networks",
    "similarity": "similarity by",
    "synchrony": "judged by",
    "samples": "sounds a clip",
    "onsets": "onsets from",
    "captions": "captions from the label",
    "centred": "mean of a sound taken off",
    "window": "seconds of picture",
    "reach": "largest offset, s",
    "step": "grid, s",
    "tolerances": "right within, s",
    "shifts": "true offsets",
}


def spec_block(spec: TaskSpec) -> str:
    """Return what a spec pins, and the command that runs it."""
    rows = [
        ["data", f"`{spec.dataset}`{_arguments(spec.dataset_args)}"],
        ["window", _window(spec)],
        *(
            [WORDS[name], _value(each)]
            for name, each in pinned(spec.protocol).items()
            if each not in ((), "")
        ),
        ["metrics", _metrics(spec)],
        ["rows beside it", ", ".join(f"`{row}`" for row in spec.scale_rows)],
        ["version", str(spec.version)],
    ]
    listed = ASKED.get(spec.name) or FILES.get(spec.dataset)
    given = f" --dataset-args list={listed}" if listed else ""
    model = "random" if spec.kind == "synchrony" else "gmscavp"
    command = f"avbench run --model {model} --task {spec.name} --data-root /data/{spec.dataset}{given}"
    parts = [
        escaped(spec.summary),
        table(["", ""], rows, words=2),
        f"```bash\n{command}\n```",
        escaped(spec.note),
    ]
    return "\n\n".join(parts)


def index_block() -> str:
    """Return a table of the tasks on real data."""
    rows = [[f"[`{spec.name}`]({spec.name}.md)", escaped(spec.summary)] for spec in real.TASKS]
    return table(["task", ""], rows, words=2)


def _arguments(args: Mapping[str, str]) -> str:
    return "".join(f", {name} `{value}`" for name, value in args.items())


def _window(spec: TaskSpec) -> str:
    parts = [f"first {spec.seconds:g} s"]
    if spec.shortest is not None:
        parts.append(f"clips of at least {spec.shortest:g} s are filled up, shorter ones are `too-short`")
    if spec.frame_at is not None:
        parts.append(f"the frame at {spec.frame_at:g} s is shown throughout")
    return "; ".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(f"`{each}`" for each in value) if isinstance(value, tuple | list) else f"`{value}`"


def _metrics(spec: TaskSpec) -> str:
    protocol = spec.protocol
    if isinstance(protocol, CategoryProtocol):
        return "`category.a2v.map`, `…hit@k`, `…recall@k`, `…ndcg@k`, each also `…macro-` over classes"
    if isinstance(protocol, GenerationProtocol):
        onsets = "`onset.f1@0.05` … `@0.3`, precision, recall, average precision"
        through = "`fad`, `fd`, `kl`, `is` through its networks, " if protocol.embedders else ""
        words = ", `clap` of captions and sound" if protocol.captions else ""
        return f"{through}{onsets}, `envelope.correlation`{words}"
    if isinstance(protocol, OffsetProtocol):
        return "median error, accuracy within each tolerance, area under the tolerance curve"
    return "`a2v.recall@k`, `v2a.recall@k`, `medr`, `mrr`" + (", `percentile`" if protocol.percentile else "")
