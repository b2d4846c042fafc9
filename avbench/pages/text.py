"""Words and tables as HTML that cannot be broken by a name."""

import html
from collections.abc import Iterable, Sequence

from avbench.boards.tables import one_line


def escaped(text: str) -> str:
    """Return text as one line of HTML that means nothing but itself, in an attribute too.

    >>> escaped('<b>\\n"x" & y')
    '&lt;b&gt; &quot;x&quot; &amp; y'
    """
    return html.escape(one_line(text))


def counted(number: int, thing: str) -> str:
    """Return a number of things.

    >>> counted(1, "onset"), counted(0, "onset")
    ('1 onset', '0 onsets')
    """
    return f"{number} {thing}{'s' * (number != 1)}"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """Return a table whose first column names its rows, and whose second is set off.

    Args:
        headers: Of the columns, as text.
        rows: Cells, as text.
        caption: As HTML.
    """
    head = "".join(f'<th scope="col">{escaped(each)}</th>' for each in headers)
    body = "".join(
        f'<tr><th scope="row">{escaped(first)}</th>{_cells(cells)}</tr>\n' for first, *cells in rows
    )
    return (
        f'<div class="wide"><table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"<td>{escaped(each)}</td>" for each in cells)


def pairs(given: Iterable[tuple[str, str]]) -> str:
    """Return names with what they stand for, both as text; pairs without it are left out."""
    rows = (f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>\n" for name, value in given if value)
    return f'<dl class="facts">\n{"".join(rows)}</dl>\n'
