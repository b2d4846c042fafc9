"""What every page has: its title, its style, the top, and the end with the provenance."""

from pathlib import Path

from avbench.pages.summary import head
from avbench.pages.text import escaped
from avbench.results.document import RunResult


def framed(result: RunResult, body: str, end: str) -> str:
    """Return a page as a whole document.

    Args:
        result: What it is of.
        body: The sections between the top and the end, as HTML.
        end: The footer, and a script if there is one.
    """
    title = escaped(f"{result.model.name} on {result.task.name}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}</title>\n<meta name="generator" content="avbench">\n'
        f"<style>\n{beside('page.css')}</style>\n</head>\n<body>\n{head(result)}<main>\n{body}</main>\n"
        f"{end}</body>\n</html>\n"
    )


def beside(name: str) -> str:
    """Return a file of this folder as text."""
    return Path(__file__).with_name(name).read_text("utf-8")
