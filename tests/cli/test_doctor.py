"""What the doctor says of a sound machine, and of a broken one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from avbench import doctor
from avbench.doctor import Finding, examine
from avbench.errors import StorageError


def found(check: str, findings: Iterator[Finding]) -> Finding:
    return next(finding for finding in findings if finding.check == check)


def test_a_sound_machine_passes_every_check(avbench_command):
    report = json.loads(avbench_command("doctor", "--json").stdout)
    assert report["ok"] is True
    names = [check["check"] for check in report["checks"]]
    assert {"python", "packages", "cache", "plugins", "codecs", "sync", "torch", "torchmetrics"} <= set(names)
    sync = next(check for check in report["checks"] if check["check"] == "sync")
    assert len(sync["measured"]) == 6
    assert all(abs(case["offset_ms"]) < 500 / case["fps"] for case in sync["measured"])


def test_a_cache_that_cannot_be_made_fails_with_lines_that_say_so(avbench_command, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    done = avbench_command("doctor", env={"AVBENCH_CACHE": str(tmp_path / "file" / "cache")}, check=False)
    assert done.returncode == 1
    assert "error" in done.stdout
    assert "error: This machine cannot run avbench: cache." in done.stderr
    assert " hint: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("free", "status"), [(10 * doctor.GIB, "ok"), (doctor.GIB, "warning"), (1000, "error")]
)
def test_free_space_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: str):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage)
    finding = found("cache", examine(tmp_path))
    assert finding.status == status
    assert bool(finding.hint) is (status != "ok")


def test_a_missing_and_an_old_package_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        doctor.importlib.metadata,
        "requires",
        lambda name: ["av>=99", "no-such-package>=1", "no-such; extra == 'x'"],
    )
    findings = [finding for finding in examine(tmp_path) if finding.status == "error"]
    assert [finding.check for finding in findings][:2] == ["av", "no-such-package"]
    assert "avbench needs >=99" in findings[0].detail


def test_torchvision_beside_a_cpu_torch_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import torch

    present = doctor.importlib.util.find_spec
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: object() if name == "torchvision" else present(name)
    )
    finding = found("torchvision", doctor._companions())
    assert finding.status == "warning"
    assert finding.hint.startswith("pip uninstall torchvision")


def test_a_broken_plugin_is_a_warning_and_names_itself(install):
    install("third-party", "1.0", torn="raise RuntimeError('no')\n")
    findings = [each for each in doctor._plugins([]) if each.check != "plugins"]
    assert [(each.check, each.status) for each in findings] == [("plugin torn", "warning")]
    assert "RuntimeError: no" in findings[0].detail


def test_a_broken_plugin_that_was_asked_for_is_an_error(tmp_path: Path):
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('no')\n")
    finding = found("plugins", examine(tmp_path, [str(broken)]))
    assert finding.status == "error"
    assert "broken" in finding.detail


def test_a_check_that_breaks_is_an_error_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def torn() -> Iterator[Finding]:
        raise StorageError("The disk is full.", hint="Make room.")
        yield

    def lost() -> Iterator[Finding]:
        raise ImportError("libav.so: cannot open shared object file")
        yield

    monkeypatch.setattr(doctor, "_codecs", lost)
    monkeypatch.setattr(doctor, "_sync", torn)
    findings = {finding.check: finding for finding in examine(tmp_path)}
    assert (findings["codecs"].status, findings["sync"].status) == ("error", "error")
    assert "libav.so" in findings["codecs"].detail
    assert findings["sync"].hint == "Make room."
    assert findings["torch"].status == "ok"
