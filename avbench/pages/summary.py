"""The top and the end of a page: model and task, scores, what they are worth, and how they were computed."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from avbench.boards.score_ids import is_shown, name_of
from avbench.boards.tables import coverage_line, identity_line, model_line, score_cells
from avbench.pages.exhibits import Exhibition
from avbench.pages.text import counted, escaped, pairs, table
from avbench.records import Args, Capability
from avbench.results.document import RunResult

DIGITS = 12
KINDS: Mapping[str, str] = {
    "generation": "Video-to-audio generation",
    "synchrony": "Synchrony",
    "alignment": "Alignment",
    "choice": "Forced choice",
}
"""The kinds of task that have a page, and what it calls them."""


def page_kind(kind: Capability, protocol: Mapping[str, object]) -> str:
    """Return the kind of a page, a key of :data:`KINDS` if there is one; forced choices are of their own.

    >>> page_kind("retrieval", {"threshold": 0.75}), page_kind("generation", {})
    ('choice', 'generation')
    """
    return "choice" if "threshold" in protocol else kind


def head(result: RunResult) -> str:
    """Return the top: the model, the task, and how far it has been evaluated."""
    task, model = result.task, result.model
    facts = [
        ("Model", model_line(result)),
        ("Arguments", _arguments(model.args)),
        ("Task", f"{task.name}, version {task.version}: windows of {task.seconds:g} s"),
        ("Data", f"{result.dataset.name}, revision {result.dataset.revision}"),
        ("Heard through", ", ".join(result.networks)),
        ("Coverage", coverage_line(result)),
    ]
    return (
        f'<header class="top">\n<p class="kind">{KINDS[page_kind(task.kind, task.protocol)]}</p>\n'
        f"<h1>{escaped(model.name)} <span>on {escaped(task.name)}</span></h1>\n{pairs(facts)}</header>\n"
    )


def scores(result: RunResult) -> str:
    """Return the scores that tables show beside the reference rows, and all of them folded away."""
    main = [score for score in result.scores if is_shown(score.id)] or list(result.scores)
    interval = next((score.interval for score in result.scores if score.interval), None)
    level = f"{interval.level:.0%} " if interval else ""
    caption = f"↑ higher is better, ↓ lower is better; ± is half the width of the {level}interval."
    named = [(row.model, row.summary) for row in result.scale_rows if row.scores and row.summary]
    rows = f'<h3 class="aside">The reference rows</h3>\n{pairs(named)}' if named else ""
    every = table(*score_cells(result, result.scores), "Every score of the document.")
    return (
        '<section aria-labelledby="scores">\n<h2 id="scores">Scores</h2>\n'
        f"{table(*score_cells(result, main), caption)}{rows}"
        f"<details><summary>All {counted(len(result.scores), 'score')}</summary>\n{every}</details>\n"
        "</section>\n"
    )


def notes(result: RunResult) -> str:
    """Return what a reader of the numbers must know."""
    if not result.notes:
        return ""
    items = "\n".join(f"<li>{escaped(note)}</li>" for note in result.notes)
    return (
        '<section aria-labelledby="notes">\n<h2 id="notes">What the numbers are worth</h2>\n'
        f'<ul class="notes">\n{items}\n</ul>\n</section>\n'
    )


def choice(shown: Exhibition) -> str:
    """Return how the clips that are shown were chosen."""
    scored, by = len(shown.ranking.clips), [escaped(name_of(each)) for each in shown.ranking.by]
    order = "by name: no number is defined for any of them"
    if by:
        order = f"from the best to the worst by {by[0]}{f', equal ones by {by[1]}' if by[1:] else ''}"
    if len(shown.clips) == scored:
        return f"All {counted(scored, 'clip')}, {order}."
    return (
        f"{len(shown.clips)} of {counted(scored, 'clip')}, {order}: the ends, the middle, the quartiles, "
        "then the middle of the widest gap left. Nobody picked them."
    )


def provenance(result: RunResult) -> str:
    """Return with what the numbers were computed."""
    return (
        '<footer aria-labelledby="provenance">\n<h2 id="provenance">Provenance</h2>\n'
        f"{pairs(_provenance(result))}</footer>\n"
    )


def _arguments(args: Args) -> str:
    # A path is the user's own business.
    return ", ".join(f"{key}={Path(value).name or value}" for key, value in sorted(args.items()))


def _provenance(result: RunResult) -> Iterator[tuple[str, str]]:
    with_what, model, data = result.provenance, result.model, result.dataset
    commit = f", commit {with_what.commit[:DIGITS]}" if with_what.commit else ""
    yield "avbench", f"{with_what.avbench}{commit}{' with changes' if with_what.modified else ''}"
    yield "Model from", f"{model.distribution or model.plugin or ''} {model.version or ''}".strip()
    yield "Licence of its weights", model.license
    yield "It has seen", ", ".join(model.training_data)
    for name, identity in result.networks.items():
        yield f"Network {name}", identity_line(identity)
    yield "Data opened with", _arguments(data.args)
    yield "Clips scored", f"{result.coverage.evaluated}, ids {result.coverage.ids_sha256[:DIGITS]}"
    yield "Task as run", result.task.digest[:DIGITS]
    yield "Records", result.records_sha256[:DIGITS]
    packages = ", ".join(f"{name} {version}" for name, version in with_what.packages.items())
    yield "Computed with", f"Python {with_what.python}, {packages}; media decoded by {with_what.decoder}"
    threads = f"{counted(with_what.threads, 'thread')}, batches of {with_what.batch_size}"
    yield "On", f"{with_what.device_name or with_what.device} ({with_what.platform}), {threads}"
    yield "Seed", str(with_what.seed)
