"""The script for a GPU machine: what it runs, that it stops in time and goes on, and what it brings back.

Python is a stand-in that writes down what it is asked and leaves the files that a real run would.
"""

import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
STAND_IN = """\
#!/bin/bash
echo "$*" >>"$ASKED"
for ((i = 1; i <= $#; i++)); do
    next=$((i + 1))
    case ${!i} in --output | --json | --kept | --page | --figures) declare "${!i#--}=${!next}" ;; esac
done
case "$*" in
    *scripts/checkout.py*) exec REAL_PYTHON "$@" ;;
    *"-m avbench train"*)
        mkdir -p "$output/tokens/train" && head -c 1000 /dev/zero >"$output/tokens/train/0.npy"
        [[ ! -f $output/weights.safetensors ]] || exit 99
        head -c 300000 /dev/urandom >"$output/state.pt" && echo average >"$output/average.safetensors"
        [[ $output != *$BREAKS ]] || exit 124
        rm "$output/average.safetensors" && echo weights >"$output/weights.safetensors" ;;
    *"-m avbench run"*) mkdir -p "$output/a/b" && echo {} >"$output/a/b/c.json" ;;
    *--results-only*)
        for arm in scored unscored; do
            mkdir -p "${kept%/kept}/$arm" "$kept" && echo weights >"${kept%/kept}/$arm/weights.safetensors"
        done
        echo {} >"$kept/scored.json" ;;
    *--table-only*) echo page >"$page" && echo picture >"$figures/ablation-7.png" ;;
    *training_step.py*) echo {} >"$json" && echo "| a table |" ;;
    *pytest*tests/gmscavp/test_gpu.py*) echo "1 failed" && exit 1 ;;
    *) echo "$*" ;;
esac
"""
OVER_BUNDLED = ("generator", "small-sync", "small-judge")


class Machine:
    """A GPU machine with its folders and its stand-in for Python."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs, self.out = folder, folder / "runs", folder / "out"
        self.bin, self.asked = folder / "bin", folder / "asked"
        self.bin.mkdir(parents=True)
        stand_in = self.bin / "python3"
        stand_in.write_text(STAND_IN.replace("REAL_PYTHON", sys.executable))
        stand_in.chmod(0o755)

    def call(self, minutes: int = 5, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the script once, and forget what it had asked before."""
        self.asked.unlink(missing_ok=True)
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        given = {"PATH": path, "ASKED": str(self.asked), "BREAKS": "nothing", "TMPDIR": str(self.folder)}
        return subprocess.run(
            [ROOT / "scripts" / "gpu", self.out, self.runs, str(minutes), "7", "cpu"],
            env=os.environ | given | variables,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def commands(self, word: str) -> list[str]:
        """Return the commands of the last call with this word."""
        return [line for line in self.asked.read_text().splitlines() if word in line]

    def brought(self, kind: str) -> dict[str, bytes]:
        """Return what the pieces hold, by its place below RUNS."""
        whole = b"".join(path.read_bytes() for path in sorted(self.out.glob(f"{kind}.*")))
        if not whole:
            return {}
        with tarfile.open(fileobj=BytesIO(whole)) as tar:
            files = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
            return {name.removeprefix("./"): file.read() for name, file in files.items() if file is not None}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, "subprocess.CompletedProcess[str]"]:
    """A machine that was called once, and how that ended."""
    machine = Machine(tmp_path_factory.mktemp("gpu") / "machine")
    return machine, machine.call()


def test_a_call_measures_trains_scores_and_brings_everything_back(done: Any) -> None:
    machine, ended = done
    back = machine.brought("trained.tar.gz")
    models = ["cavp-small", "gmscavp-small", "gmscavp-small-diffusion", "gmscavp-vocoder"]
    models += [f"{model}-{config}" for model in ("cavp", "gmscavp") for config in OVER_BUNDLED]

    assert ended.returncode == 0, ended.stderr
    assert {f"{model}/weights.safetensors" for model in models} < back.keys()
    for name in ("training-step.md", "training-step.json", "pretraining-cost.md", "draws.json"):
        assert back[name]
    assert {"ablation.md", "ablation-7.png", "ablation/kept/scored.json"} < back.keys()
    scored = {name.split("/")[1] for name in back if name.startswith("results/")}
    assert scored == {*models[:3], *(f"{m}-{how}" for m in models[:2] for how in ("moderate", "hard"))}
    assert machine.brought("state.tar") == {}


def test_what_is_worth_most_comes_first(done: Any) -> None:
    words = ("training_step.py", "pretraining_cost.py", "config small-diffusion", "ablation.py", "vocoder")
    asked = done[0].asked.read_text()

    places = [asked.index(word) for word in words]
    assert places == sorted(places)


def test_tests_that_fail_are_told_of_and_their_output_comes_back(done: Any) -> None:
    machine, ended = done

    assert "gpu-tests.txt" in ended.stderr and ended.stderr.count("not finished") == 1
    assert machine.brought("trained.tar.gz")["gpu-tests.txt.part"] == b"1 failed\n"


def test_arms_that_are_not_scored_bring_their_weights_and_kept_tokens_stay(done: Any) -> None:
    back = done[0].brought("trained.tar.gz")

    assert "ablation/unscored/weights.safetensors" in back
    assert "ablation/scored/weights.safetensors" not in back
    assert not [name for name in back if "tokens" in name or name.endswith("state.pt")]


def test_the_next_call_does_what_is_left_and_nothing_twice(machine: Machine) -> None:
    broken = machine.call(BREAKS="gmscavp-small")
    assert "not finished: train gmscavp small" in broken.stderr

    again = machine.call()

    assert again.returncode == 0
    assert [line.split()[4:6] for line in machine.commands("-m avbench train")] == [["--config", "small"]]
    assert not machine.commands("training_step.py")
    assert machine.brought("state.tar") == {}


def test_what_is_unfinished_goes_on_on_another_machine(machine: Machine, tmp_path: Path) -> None:
    machine.call(BREAKS="gmscavp-small")
    other = Machine(tmp_path / "other")
    other.runs.mkdir()
    for kind in ("trained.tar.gz", "state.tar"):
        for name, content in machine.brought(kind).items():
            (other.runs / name).parent.mkdir(parents=True, exist_ok=True)
            (other.runs / name).write_bytes(content)

    assert machine.brought("state.tar").keys() == {"gmscavp-small/state.pt"}
    assert other.call().returncode == 0
    assert len(other.commands("-m avbench train")) == 1


def test_what_comes_back_is_bounded_and_what_stays_is_named(machine: Machine) -> None:
    done = machine.call(BREAKS="gmscavp-small", SPACE="0")

    assert machine.brought("state.tar") == {}
    assert machine.brought("trained.tar.gz")["gmscavp-small/average.safetensors"] == b"average\n"
    assert "gmscavp-small/state.pt does not fit into SPACE and stays here" in done.stderr


def test_when_the_time_is_up_nothing_is_begun_and_what_there_is_comes_back(machine: Machine) -> None:
    done = machine.call(minutes=0)

    assert done.returncode == 0
    assert "not finished: train cavp small" in done.stderr
    assert not machine.commands("-m avbench")
    assert machine.brought("trained.tar.gz") == {}
    assert list(machine.out.iterdir())


def test_a_checkout_is_known_by_its_entry_points_without_being_installed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "checkout.py", tmp_path], check=True)
    places = [tmp_path, ROOT, ROOT / "models", ROOT / "plugins"]

    shown = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {[*map(str, places)]}; {LISTED}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert shown.split() == ["avbench", "baselines", "cavp", "gmscavp", "reference", "synchformer"]


LISTED = "from importlib.metadata import distributions as all; " + (
    "(one,) = all(name='avbench', path=[sys.path[0]]); print(*sorted(e.name for e in one.entry_points "
    "if e.group == 'avbench'))"
)
