"""With what a number was computed, and the key under which the store keeps a model's outputs."""

import dataclasses
import hashlib
import importlib.metadata
import json
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import avbench
from avbench.records import Args
from avbench.resolve import Contestant, Plan
from avbench.results.document import ModelInfo, Provenance, TaskInfo, digest_of
from avbench.specs import TaskSpec, pinned

PACKAGES = ("torch", "numpy", "scipy", "av", "pydantic")
# What a spec says about itself but does not change a number by.
_TALK = ("summary", "note", "scale_rows")


def store_key(plan: Plan) -> Mapping[str, Any]:
    """Return everything an output depends on apart from the clip.

    A model that says nothing of its identity is known by the source of its plugin, and by the content of
    the files its arguments name.
    """
    return {
        "model": model_info(plan.contestant).model_dump(mode="json", include={"name", "args", "identity"}),
        "source": source_digest(Path(plan.contestant.origin.path)),
        "inputs": dataclasses.asdict(plan.contestant.inputs),
        "seconds": plan.spec.seconds,
        **fit_of(plan.spec),
        "decoder": [decoder(), source_digest(Path(avbench.__file__).parent / "media" / "__init__.py")],
        "torch": versions()["torch"],
        "device": [plan.device, device_name(plan.device)],
        "threads": plan.threads,
        "batch_size": plan.batch_size,
    }


def fit_of(spec: TaskSpec) -> dict[str, float]:
    """Return how a task has streams brought to its window (:class:`avbench.media.info.Fit`), if it says."""
    said = {"shortest": spec.shortest, "frame_at": spec.frame_at}
    return {name: value for name, value in said.items() if value is not None}


def provenance(plan: Plan) -> Provenance:
    """Describe what a run computes with."""
    commit, modified = checkout(Path(avbench.__file__).parent)
    return Provenance(
        avbench=avbench.__version__,
        commit=commit,
        modified=modified,
        python=platform.python_version(),
        platform=platform.platform(),
        packages=dict(versions()),
        decoder=decoder(),
        device=plan.device,
        device_name=device_name(plan.device),
        threads=plan.threads,
        batch_size=plan.batch_size,
        seed=plan.seed,
    )


def model_info(contestant: Contestant) -> ModelInfo:
    """Describe the model that is run."""
    record, origin, inputs = contestant.record, contestant.origin, contestant.inputs
    return ModelInfo(
        name=record.name,
        distribution=origin.distribution or None,
        version=origin.version or None,
        plugin=origin.plugin,
        args=dict(contestant.args),
        identity=dict(sorted(contestant.identity.items())) or _identity_by_source(contestant),
        inputs={
            "video": dataclasses.asdict(inputs.video) if inputs.video else None,
            "audio": dataclasses.asdict(inputs.audio) if inputs.audio else None,
            "max_seconds": inputs.max_seconds,
        },
        deterministic=record.deterministic,
        scale_row=record.scale_row,
        training_data=record.training_data,
        license=record.license,
    )


def task_info(spec: TaskSpec) -> TaskInfo:
    """Describe the task as it is run."""
    return TaskInfo(
        name=spec.name,
        kind=spec.kind,
        version=spec.version,
        digest=spec_digest(spec),
        seconds=spec.seconds,
        protocol=json.loads(json.dumps(pinned(spec.protocol))),
    )


def spec_digest(spec: TaskSpec) -> str:
    """Return the SHA-256 of everything in a spec that changes a number.

    Where a list, or one of offsets, lies does not: what it holds is pinned by the dataset's revision.
    """
    said = {name: value for name, value in pinned(spec).items() if name not in _TALK}
    args = {name: value for name, value in spec.dataset_args.items() if name not in ("list", "shifts")}
    return digest_of(said | {"dataset_args": args})


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of the packages numbers pass through; those not installed are left out."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def decoder() -> str:
    """Name what decodes media; the wheel of PyAV carries its own ffmpeg, so one version says it all."""
    return f"PyAV {versions().get('av', 'not installed')}"


@cache
def device_name(device: str) -> str:
    """Return the name of the processor or accelerator."""
    if not device.startswith("cuda"):
        return platform.processor() or platform.machine()
    import torch

    return torch.cuda.get_device_name(device)


@cache
def source_digest(module: Path) -> str:
    """Return the SHA-256 of a module's source: of its whole package if it is in one, else of its file."""
    if not module.is_file():
        return ""
    package = (module.parent / "__init__.py").exists()
    sources = sorted(module.parent.rglob("*.py")) if package else [module]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.relative_to(module.parent).as_posix()}\n".encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()


@cache
def checkout(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit of the git checkout the folder is in and whether it was modified, if it is in one."""
    inside = (folder, *folder.parents)
    if not any((parent / ".git").exists() for parent in inside[:3]):
        return None, None
    try:
        commit = _git(folder, "rev-parse", "HEAD").strip()
        return commit, bool(_git(folder, "status", "--porcelain", "--untracked-files=no").strip())
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout


def _identity_by_source(contestant: Contestant) -> dict[str, str]:
    identity = {"source_sha256": source_digest(Path(contestant.origin.path))}
    return identity | {f"{name}_sha256": digest for name, digest in _file_digests(contestant.args).items()}


def _file_digests(args: Args) -> dict[str, str]:
    digests: dict[str, str] = {}
    for name, value in args.items():
        try:
            digests[name] = hashlib.sha256(Path(value).read_bytes()).hexdigest()
        except (OSError, ValueError):
            continue
    return digests
