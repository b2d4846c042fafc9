"""Progress is seen on standard error, sparsely where nobody watches."""

import sys

import pytest

from avbench.cli import progress
from avbench.cli.progress import progress_to_stderr


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_short_work_leaves_no_line(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    with progress_to_stderr() as tell:
        for done in range(101):
            clock[0] += 0.05
            tell("embedding", done, 100)
    assert capsys.readouterr() == ("", "")


def test_long_work_leaves_a_line_now_and_then(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    with progress_to_stderr() as tell:
        for done in range(101):
            tell("embedding", done, 100)
            clock[0] += 0.5
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "embedding: 20 of 100, about 40 s left"
    assert err.splitlines()[-1].startswith("embedding: 100 of 100")
    assert len(err.splitlines()) <= 6


def test_the_same_work_later_on_is_timed_anew(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    with progress_to_stderr() as tell:
        tell("reading files", 1, 2)
        tell("reading files", 2, 2)
        clock[0] += 1000
        tell("reading files", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    with progress_to_stderr(quiet=True) as tell:
        tell("embedding", 0, 2)
        clock[0] += 100
        tell("embedding", 2, 2)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with progress_to_stderr() as tell:
        tell("embedding", 0, 4)
        tell("embedding", 4, 4)
    out, err = capsys.readouterr()
    assert out == ""
    assert "embedding" in err
    assert "4/4" in err
