"""What was measured of every query, sound or clip, read from beside a result document."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from avbench.boards.items import Record
from avbench.results import archive
from avbench.results.document import RunResult
from avbench.tasks.alignment import AlignmentRecord
from avbench.tasks.categories import CategoryQuery
from avbench.tasks.choices import ChoiceRecord
from avbench.tasks.generation_pairs import SoundRecord
from avbench.tasks.retrieval_numbers import QueryRank
from avbench.tasks.synchrony import OffsetRecord

RECORDS: Mapping[str, type[Record]] = {
    "retrieval": QueryRank,
    "category": CategoryQuery,
    "choice": ChoiceRecord,
    "generation": SoundRecord,
    "synchrony": OffsetRecord,
    "alignment": AlignmentRecord,
}


def kind_of(result: RunResult) -> str:
    """Return the kind of a result's records: a key of :data:`RECORDS`."""
    fields = result.task.protocol
    return "category" if "agreement" in fields else "choice" if "threshold" in fields else result.task.kind


def records_beside(path: Path, result: RunResult) -> tuple[Record, ...]:
    """Read the records beside a document; they are kept, as a board asks for them column after column.

    Raises:
        DataError: They cannot be read, or are not the ones the document was made with.
    """
    return _read(path, result.records_sha256, kind_of(result))


@lru_cache(maxsize=64)
def _read(path: Path, sha256: str, kind: str) -> tuple[Record, ...]:
    return archive.read_records(path, sha256, RECORDS[kind])
