"""Numbers that others published: read from files, shown beside a board, never ranked with its results."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from avbench.boards.score_ids import name_of
from avbench.boards.tables import escaped, table
from avbench.errors import DataError

HEADING = "## Published elsewhere, not run by us"
WARNING = (
    "Protocols differ, from this board's and from table to table: compare within a table, and only there. "
    "Numbers are as printed by their source unless a note says otherwise; none is ranked with results."
)
NONE = "–"

Text = Annotated[str, Field(min_length=1)]
Number = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$|^–$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Column(_Part):
    """One column of a table.

    Attributes:
        id: The score of ours that comes nearest; empty where there is none.
        name: What the source calls it; empty for our name.
        better: Which way is better.
        unit: The unit, where the numbers have one.
    """

    id: str = ""
    name: str = ""
    better: Literal["higher", "lower"]
    unit: str = ""

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not (self.id or self.name):
            raise ValueError("a column needs an id or a name")
        return self

    @property
    def heading(self) -> str:
        """The heading: ``V→A R@1 ↑ (%)``."""
        arrow = "↑" if self.better == "higher" else "↓"
        return f"{self.name or name_of(self.id)} {arrow}" + (f" ({self.unit})" if self.unit else "")


class Row(_Part):
    """What one system is said to reach.

    Attributes:
        system: Its name, as the source has it.
        values: A number for every column, as text, with the decimals it was printed with; ``–`` for none.
        note: What is peculiar to this row.
    """

    system: Text
    values: tuple[Number, ...]
    note: str = ""


class Table(_Part):
    """Rows that were published together, under one protocol.

    Attributes:
        title: What the protocol is called.
        protocol: How the numbers were made, as far as that is known, and what is not.
        gallery: Candidates in the gallery; ``None`` where the source does not say, or has none.
        source: Where the numbers stand: paper, repository and file.
        second_hand: Whether the source copies them from another, which was not read.
        columns: The columns.
        rows: The rows, in the source's order.
    """

    title: Text
    protocol: Text
    gallery: Annotated[int, Field(ge=2)] | None = None
    source: Text
    second_hand: bool = False
    columns: tuple[Column, ...] = Field(min_length=1)
    rows: tuple[Row, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rows_are_whole(self) -> Self:
        for row in self.rows:
            if len(row.values) != len(self.columns):
                raise ValueError(f"{row.system} has {len(row.values)} values, not {len(self.columns)}")
        return self


class Published(_Part):
    """What others published for one task.

    Attributes:
        task: The task's name; the file is called after it.
        tables: The tables.
    """

    task: Text
    tables: tuple[Table, ...] = Field(min_length=1)

    def count(self) -> int:
        """Return how many rows there are."""
        return sum(len(each.rows) for each in self.tables)


def read_published(folder: Path) -> tuple[Published, ...]:
    """Read every ``*.toml`` of a folder, in the order of their names; none where there is no such folder.

    Raises:
        DataError: A file is not as it must be.
    """
    return tuple(_read(path) for path in sorted(folder.glob("*.toml")))


def _read(path: Path) -> Published:
    try:
        found = Published.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise DataError(
            f"{path} does not hold published rows: {_first(error)}.",
            hint="leaderboards/README.md says what such a file holds.",
        ) from error
    if found.task != path.stem:
        raise DataError(
            f"{path} is of the task {found.task}.", hint="Call the file after its task: TASK.toml."
        )
    return found


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
    return str(error)


def section(published: Published) -> str:
    """Return the section of a board's page."""
    return "\n\n".join([HEADING, WARNING, *(_table(each) for each in published.tables)])


def _table(part: Table) -> str:
    gallery = f" Gallery of {part.gallery:,} clips." if part.gallery else ""
    origin = "Second hand, from" if part.second_hand else "From"
    rows = [[escaped(row.system), *row.values] for row in part.rows]
    pieces = [
        f"### {escaped(part.title)}",
        f"Not run by us. {escaped(part.protocol)}{gallery} {origin} {escaped(part.source)}.",
        table(["System", *(escaped(column.heading) for column in part.columns)], rows),
        _nearest(part.columns),
        "\n".join(f"- {escaped(row.system)}: {escaped(row.note)}" for row in part.rows if row.note),
    ]
    return "\n\n".join(piece for piece in pieces if piece)


def _nearest(columns: Sequence[Column]) -> str:
    pairs = [f"{escaped(each.name)} `{each.id}`" for each in columns if each.name and each.id]
    return f"Nearest of ours: {', '.join(pairs)}." if pairs else ""
