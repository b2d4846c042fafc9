"""How the command line ends: two lines and an exit code for everything a user can cause."""

import os
import signal
import subprocess
import sys

import click
import pytest

from avbench import cli
from avbench.errors import DataError


@pytest.fixture
def ended(monkeypatch, capfd):
    """Run a command whose body is given, and return its exit code and standard error."""

    def run(body, *args):
        command = click.command("probe")(click.option("--n", type=int, default=1)(lambda n: body(n)))
        monkeypatch.setattr(cli.cli, "get_command", lambda context, name: command)
        with pytest.raises(SystemExit) as end:
            cli.main(["probe", *args])
        return end.value.code, capfd.readouterr().err

    return run


def raising(error):
    def body(n):
        raise error

    return body


def test_a_command_that_ends_well_exits_0(ended):
    assert ended(lambda n: None) == (0, "")


def test_an_avbench_error_is_two_lines_and_its_exit_code(ended):
    error = DataError("There is nothing.", hint="Bring something.")

    assert ended(raising(error)) == (4, "error: There is nothing.\n hint: Bring something.\n")


def test_ctrl_c_says_that_nothing_is_lost_and_exits_130(ended):
    code, said = ended(raising(KeyboardInterrupt()))

    assert code == 130
    assert "everything computed so far is kept; run the same command to go on" in said
    assert "Aborted" not in said


def test_without_a_command_the_help_is_printed(capfd):
    with pytest.raises(SystemExit) as end:
        cli.main([])
    printed = capfd.readouterr()
    assert end.value.code == 0
    assert printed.out.startswith("Usage: avbench")
    assert printed.err == ""


def test_a_wrong_option_is_two_lines_and_2(ended):
    code, said = ended(lambda n: None, "--m", "3")

    assert code == 2
    assert said.splitlines()[0].startswith("error: No such option")
    assert said.splitlines()[1] == " hint: `avbench probe --help` lists what can be given."


def test_a_wrong_value_is_two_lines_and_2(ended):
    code, said = ended(lambda n: None, "--n", "many")

    assert code == 2
    assert "'many' is not a valid integer" in said


@pytest.mark.parametrize(
    ("number", "said"), [(28, "The disk is full"), (13, "Permission denied"), (30, "denied")]
)
def test_a_disk_that_cannot_be_written_is_a_storage_error(ended, number, said):
    code, printed = ended(raising(OSError(number, os.strerror(number), "/results")))

    assert code == 6
    assert said in printed
    assert "/results" in printed


def test_a_bug_keeps_its_traceback(ended):
    with pytest.raises(ZeroDivisionError):
        ended(lambda n: 1 // 0)


def test_an_option_is_read_from_its_variable(ended, monkeypatch):
    monkeypatch.setenv("AVBENCH_PROBE_N", "7")
    seen = []

    ended(seen.append)

    assert seen == [7]


def test_an_unknown_command_suggests_the_nearest(avbench_command):
    done = avbench_command("lits", check=False)

    assert done.returncode == 2
    assert "There is no command named 'lits'" in done.stderr
    assert "Did you mean 'list'?" in done.stderr


def test_a_command_of_a_plugin_runs_like_any_other(outside, avbench_command):
    assert avbench_command("outside-greet", "--name", "world").stdout == "hello world\n"


def test_a_reader_that_has_gone_is_no_error():
    script = "import sys; from avbench.cli import main; sys.stdin.read(); main(['--help'])"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    process.stdin.close()

    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def test_a_signal_during_a_real_command_exits_130(tmp_path):
    plugin = tmp_path / "waiting.py"
    plugin.write_text(
        "import click, time, avbench\n"
        "@click.command('wait')\n"
        "def wait():\n"
        "    click.echo('ready')\n"
        "    time.sleep(60)\n"
        "@avbench.hookimpl\n"
        "def avbench_commands():\n"
        "    return [wait]\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "avbench", "wait"],
        env={**os.environ, "AVBENCH_PLUGINS": str(plugin)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
