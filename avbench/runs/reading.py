"""Captions read by the networks that read: each text once, and what was read is kept."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from avbench.clips import Clip
from avbench.errors import AvbenchError, ModelError
from avbench.plugins.raised import sentence
from avbench.store import Store
from avbench.tasks.features import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An embedder that reads.

    Attributes:
        name: The embedder's name.
        identity: What it reads in a text depends on this, the text apart.
        load: Loads it, when it is first needed, and returns it again.
    """

    name: str
    identity: Mapping[str, Any]
    load: Callable[[], Any]

    def read(self, texts: Sequence[str], store: Store, troubles: list[str]) -> dict[str, Rows]:
        """Return ``(dim,)`` of each text.

        Args:
            texts: The texts.
            store: Where rows are kept.
            troubles: Told of each text that it fails at, which is not returned.

        Raises:
            ModelError: It has no tokenizer, or returned something else.
            StorageError: A row cannot be kept.
        """
        shelf = store.shelf({"read": dict(self.identity)})
        found: dict[str, Rows] = {}
        for text in dict.fromkeys(texts):
            key = hashlib.sha256(text.encode()).hexdigest()
            if (kept := shelf.read(key, "text")) is None:
                network = self.load()
                try:
                    kept = self._checked(network.read([text]))
                except AvbenchError:
                    raise
                except (Exception, SystemExit) as error:
                    troubles.append(sentence(error))
                    continue
                shelf.write(key, "text", kept)
            found[text] = np.asarray(kept, np.float32)
        return found

    def _checked(self, output: Any) -> Rows:
        rows = output.float().cpu().numpy()
        if rows.ndim != 2 or len(rows) != 1:
            raise ModelError(
                f"The embedder {self.name!r} read one text as {rows.shape}.",
                hint="`read` returns (text, dim), finite; check its weights.",
            )
        if not np.isfinite(rows).all():
            raise ValueError("it was read as NaN or infinity")
        return rows[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What the captions of some clips say.

    Attributes:
        texts: ``(text, dim)`` by embedder, by clip id; a clip without a caption is not there.
        notes: Why there is none, where captions are asked for.
    """

    texts: Mapping[str, Mapping[str, Rows]]
    notes: tuple[str, ...] = ()


def captions_of(clip: Clip, label: str) -> list[str]:
    """Return the captions of a clip, one a line of its label, each once.

    >>> from pathlib import Path
    >>> clip = Clip(id="a", path=Path("a.mp4"), labels={"caption": "a dog \\n\\nrain\\na dog"})
    >>> captions_of(clip, "caption"), captions_of(clip, "captions")
    (['a dog', 'rain'], [])
    """
    lines = (line.strip() for line in clip.labels.get(label, "").splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def read_captions(clips: Sequence[Clip], label: str, readers: Sequence[Reader], store: Store) -> Readings:
    """Read the captions of clips; what cannot be read becomes a note.

    Args:
        clips: The clips.
        label: Of the captions; empty where the task asks for none.
        readers: The networks that read.
        store: Where rows are kept.
    """
    if not label:
        return Readings(texts={})
    captions = {clip.id: said for clip in clips if (said := captions_of(clip, label))}
    if not captions:
        return Readings(texts={}, notes=(f"There is no CLAP score: no clip has the label {label!r}.",))
    if not readers:
        return Readings(texts={}, notes=(NO_READER,))
    texts: dict[str, dict[str, Rows]] = {id: {} for id in captions}
    notes: list[str] = []
    for reader in readers:
        troubles: list[str] = []
        try:
            rows = reader.read([text for said in captions.values() for text in said], store, troubles)
        except AvbenchError as error:
            notes.append(f"There is no clap.{reader.name}: {error.message} {error.hint}")
            continue
        if troubles:
            notes.append(f"{reader.name} fails at {len(troubles)} of the captions ({troubles[-1]}).")
        for id, said in captions.items():
            if readable := [rows[text] for text in said if text in rows]:
                texts[id][reader.name] = np.stack(readable)
    return Readings(texts=texts, notes=tuple(notes))


NO_READER = (
    "There is no CLAP score: no network that is at hand reads the clips' captions. `avbench show clap` says "
    "which weights it needs; give them by --embedder clap=DIR."
)
