"""The result document: what was measured, on what, with what, and what was left out.

Everything that may differ between two runs of the same thing stands under ``run``; the rest is the same
bytes on the same device with the same versions and threads, whether or not a run was interrupted.
Field by field: ``docs/results.md``; as JSON Schema: ``docs/result.schema.json``.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, ValidationError, model_validator

from avbench.errors import DataError
from avbench.records import Capability

SCHEMA_VERSION = 3
SCHEMA_ID = "urn:avbench:result:3"

Sha256 = str


class Part(BaseModel):
    """A part of the document: frozen, complete, and without NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Interval(Part):
    """How ``low`` and ``high`` were found."""

    method: str = Field(description="For example `bootstrap over sources, percentile`.")
    level: FiniteFloat = Field(gt=0, lt=1, description="Confidence level, 0.95 for 95 %.")
    resamples: int = Field(ge=0, description="Bootstrap resamples.")
    seed: int = Field(description="Seed of the resampling.")
    groups: int = Field(ge=1, description="Independent recordings resampled.")


class Score(Part):
    """One number."""

    id: str = Field(
        min_length=1, description="`a2v.recall@1`, in a matched gallery `S2.a2v.recall@1`; `fad.vggish`."
    )
    value: FiniteFloat = Field(description="The number; of ranks, expected over random order of ties.")
    n: int = Field(ge=1, description="Queries, or sounds, it is taken over.")
    low: FiniteFloat | None = Field(default=None, description="Lower end of the interval.")
    high: FiniteFloat | None = Field(default=None, description="Upper end of the interval.")
    unit: str = Field(description="`fraction`, `rank` …; a fraction is in 0 … 1, never a percentage.")
    higher_is_better: bool = Field(description="The direction.")
    optimistic: FiniteFloat | None = Field(default=None, description="Value if every tie were won.")
    pessimistic: FiniteFloat | None = Field(default=None, description="Value if every tie were lost.")
    chance: FiniteFloat | None = Field(default=None, description="Expected value of a random ranking.")
    interval: Interval | None = Field(default=None, description="How `low` and `high` were found.")

    @model_validator(mode="after")
    def _interval_is_whole(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high come together")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is above high")
        return self


class ScaleRow(Part):
    """A row that gives the model's scores a scale: the same clips, another "model" on them."""

    model: str = Field(description="The reference model's name.")
    summary: str = Field(default="", description="What it is, in one line.")
    scores: tuple[Score, ...] = Field(default=(), description="Its scores, as the model's.")
    unavailable: str | None = Field(default=None, description="Why it has no scores; null when it has.")

    @model_validator(mode="after")
    def _scores_or_a_reason(self) -> Self:
        if bool(self.scores) == bool(self.unavailable):
            raise ValueError("a scale row has scores or the reason it has none")
        return self


class ModelInfo(Part):
    """Which model was run."""

    name: str
    distribution: str | None = Field(default=None, description="The distribution that contributed it.")
    version: str | None = Field(default=None, description="That distribution's version.")
    plugin: str | None = Field(default=None, description="The plugin that contributed it.")
    args: dict[str, str] = Field(default_factory=dict, description="`--model-args`.")
    identity: dict[str, str] = Field(
        description="Everything its output depends on: config, weights digest; or its source's digest."
    )
    inputs: dict[str, dict[str, FiniteFloat] | FiniteFloat | None] = Field(
        description="What was decoded for it: frames a second, pixels, sample rate, channels."
    )
    deterministic: bool = Field(
        default=True, description="Whether the same input twice gives the same output."
    )
    scale_row: bool = Field(False, description="Whether it is a reference row and no contestant.")
    training_data: tuple[str, ...] = Field(default=(), description="Datasets it has seen.")
    license: str = Field(default="", description="SPDX identifier of its weights' licence.")


class TaskInfo(Part):
    """Which task, as it was resolved."""

    name: str
    kind: Capability
    version: int = Field(description="Results of different versions are not comparable.")
    digest: Sha256 = Field(description="SHA-256 of the spec as run: everything in it that changes a number.")
    seconds: FiniteFloat = Field(gt=0, description="Window taken from each clip, in seconds.")
    protocol: dict[str, JsonValue] = Field(description="How this kind of task is scored, as pinned.")


class DatasetInfo(Part):
    """Which data."""

    name: str = Field(description="Of a list, with what share of it was scored: `vggsound-test-15446@93.1`.")
    revision: str = Field(description="What pins its content.")
    args: dict[str, str] = Field(default_factory=dict, description="What it was opened with.")
    clips: int = Field(ge=0, description="Clips it has, with or without `--limit`.")
    galleries: dict[str, tuple[int, ...]] = Field(
        default_factory=dict,
        description="Retrieval: sizes of the galleries scored, by name; a matched scale has several.",
    )
    list_name: str = Field("", description="The id list that says which clips are asked for, if one does.")


class Coverage(Part):
    """What was evaluated and what was not, and why."""

    asked: int = Field(ge=0, description="Clips the run was to evaluate.")
    found: int = Field(ge=0, description="Of those, files that are there and not empty.")
    evaluated: int = Field(ge=0, description="Of those, clips that were scored.")
    reasons: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Ids of the clips left out, by reason code."
    )
    masked: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Ids of the clips that the protocol itself takes out, by reason code: no failures.",
    )
    filled: tuple[str, ...] = Field(
        default=(), description="Ids of scored clips that end early and were filled up to the window."
    )
    found_only: bool = Field(
        default=False,
        description="Whether no list said which clips to ask for: they are those that were found.",
    )
    limit: int | None = Field(default=None, description="`--limit`, or null.")
    limited: bool = Field(description="Whether `--limit` left clips out: kept off leaderboards.")
    partial: bool = Field(description="Whether clips that were asked for are missing from the scores.")
    complete: bool = Field(description="Neither limited nor partial.")
    ids_sha256: Sha256 = Field(description="SHA-256 of the sorted ids actually scored, one a line.")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        left_out, masked = (
            [clip_id for ids in each.values() for clip_id in ids] for each in (self.reasons, self.masked)
        )
        not_scored = [*left_out, *masked]
        if len(set(not_scored)) != len(not_scored):
            raise ValueError("a clip is left out for one reason")
        if self.evaluated + len(not_scored) != self.asked or not self.evaluated <= self.found <= self.asked:
            raise ValueError("evaluated, left out and masked do not add up to asked")
        if self.partial != (bool(left_out) or self.found_only) or self.complete == (
            self.limited or self.partial
        ):
            raise ValueError("the flags contradict the counts")
        return self


class Provenance(Part):
    """With what it was computed."""

    avbench: str = Field(description="Version of avbench.")
    commit: str | None = Field(default=None, description="Git commit, where avbench runs from a checkout.")
    modified: bool | None = Field(default=None, description="Whether that checkout had uncommitted changes.")
    python: str
    platform: str
    packages: dict[str, str] = Field(description="Versions of the packages numbers pass through.")
    decoder: str = Field(description="What decoded the media.")
    device: str = Field(description="`cpu`, `cuda` …")
    device_name: str = Field(default="", description="The processor or accelerator.")
    threads: int = Field(ge=1, description="Intra-op threads of torch.")
    batch_size: int = Field(ge=1)
    seed: int


class RunInfo(Part):
    """What may differ between two runs of the same thing."""

    id: str
    started_at: str = Field(description="UTC, ISO 8601.")
    finished_at: str = Field(description="UTC, ISO 8601.")
    seconds: dict[str, FiniteFloat] = Field(description="Wall time by phase.")
    workers: int = Field(ge=0, description="Decoding processes.")
    reused: int = Field(ge=0, description="Outputs taken from the store.")
    computed: int = Field(ge=0, description="Outputs computed by this run.")


class RunResult(Part):
    """One model on one task.

    Attributes:
        schema_version: Of these fields.
        model: What was evaluated.
        task: On what, with everything its spec pins.
        dataset: Which clips there were.
        scores: The model's scores alone; reference rows stand under ``scale_rows``.
        scale_rows: Reference rows on the same clips.
        networks: Generation: the networks scores were seen through, by name, and what pins each.
        notes: What a reader of the numbers must know: what they are worth, what was odd.
        coverage: What was evaluated and what was left out.
        provenance: With what it was computed.
        records_sha256: Digest of what was measured of each query or clip, beside the document
            (``<name>.records.jsonl``).
        run: All that may differ when the same is run again.
    """

    schema_version: Literal[2, 3] = SCHEMA_VERSION
    model: ModelInfo
    task: TaskInfo
    dataset: DatasetInfo
    scores: tuple[Score, ...] = Field(min_length=1, description="The model's scores alone.")
    scale_rows: tuple[ScaleRow, ...] = Field(default=(), description="Reference rows on the same clips.")
    networks: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="Generation: the networks scores were seen through, by name, and what pins each.",
    )
    notes: tuple[str, ...] = Field(default=(), description="What a reader of the numbers must know.")
    coverage: Coverage
    provenance: Provenance
    records_sha256: Sha256 = Field(description="SHA-256 of `<name>.records.jsonl` beside the document.")
    run: RunInfo

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        for scores in (self.scores, *(row.scores for row in self.scale_rows)):
            ids = [score.id for score in scores]
            if len(set(ids)) != len(ids):
                raise ValueError("a score id occurs twice")
        return self

    def score(self, score_id: str) -> Score | None:
        """Return the score with this id, or ``None``."""
        return next((score for score in self.scores if score.id == score_id), None)


def to_json(result: RunResult) -> str:
    """Return the document as strict JSON: fields in their declared order, no NaN, a final newline."""
    return strict_json(result.model_dump(mode="json")) + "\n"


def from_json(text: str | bytes, *, name: str = "the result") -> RunResult:
    """Read a document back.

    Args:
        text: The JSON.
        name: What to call it in an error.

    Raises:
        DataError: It is no JSON, contains NaN, or does not match the schema.
    """
    try:
        return RunResult.model_validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the document"
        raise DataError(
            f"{name} is not a result document ({where}: {first['msg']}).",
            hint="Give a file that `avbench run` wrote; docs/results.md lists the fields.",
        ) from None


def stable_part(result: RunResult) -> Mapping[str, Any]:
    """Return the document without ``run``: what a repeated run must reproduce byte for byte."""
    return result.model_dump(mode="json", exclude={"run"})


def json_schema() -> str:
    """Return the published JSON Schema of the document."""
    schema = RunResult.model_json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"


def digest_of(value: object) -> Sha256:
    """Return the SHA-256 of a JSON value in canonical form (sorted keys, no spaces)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def ids_digest(ids: "tuple[str, ...] | list[str]") -> Sha256:
    """Return the SHA-256 of the sorted ids, one a line."""
    return hashlib.sha256("".join(f"{clip_id}\n" for clip_id in sorted(ids)).encode()).hexdigest()


def strict_json(value: object) -> str:
    """Return indented JSON that every parser accepts; NaN is an error, never a token."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
