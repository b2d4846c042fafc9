"""Sounds made for whole videos of any length, each beside a copy of its video to be watched.

    <out>/<name>.wav     the sound; <name>.K.wav where several are made for a video
    <out>/<name>.mp4     the video's picture with that sound
    <out>/<name>.json    what it was made from

A sound that is there and was made from the same is kept; one that was made otherwise is never replaced unless
asked.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from avbench import __version__
from avbench.clips import Clip
from avbench.datasets.folder import EXTENSIONS
from avbench.datasets.named_files import media_files
from avbench.digests import FileDigests
from avbench.errors import DataError, MediaError, UsageError
from avbench.media.info import Picture
from avbench.plugins.registry import Registry
from avbench.records import Args
from avbench.requests import RunRequest
from avbench.resolve import Contestant, choose_device, resolve_model
from avbench.results.provenance import model_info, versions
from avbench.runs.job import Report
from avbench.soundtracks.dubbing import Dubber
from avbench.soundtracks.takes import MadeFrom, Soundtrack, Take, WithoutSound


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundtrackRequest:
    """What the user asks for.

    Attributes:
        model: A model's name.
        videos: A video, or a folder that is searched for videos to any depth.
        output: The folder that sounds are written to.
        model_args: Passed to the model's ``load``.
        samples: Sounds for each video, with the seeds ``seed``, ``seed + 1`` …
        seed: The first of them.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        muxed: Whether to write videos with the sounds as well.
        force: Whether to replace what is there.
    """

    model: str
    videos: Path
    output: Path
    model_args: Args = field(default_factory=dict)
    samples: int = 1
    seed: int = 0
    device: str = "auto"
    muxed: bool = True
    force: bool = False


def make_soundtracks(
    registry: Registry, request: SoundtrackRequest, cache: Path, report: Report
) -> Iterator[Soundtrack | WithoutSound]:
    """Make sounds for videos, yielding those that are there, then each as it is written.

    Everything is checked before the first is made. A video that cannot be read, or that the model fails on,
    costs that video alone.

    Raises:
        UsageError: The model makes no sound, or a file is in the way.
        DataError: There is no video, or none that a sound could be made for.
        AvbenchError: Whatever else stops the work; what was written stays.
    """
    contestant = _resolved(registry, request)
    device, threads = choose_device(request.device)
    takes = _takes(request, contestant, device, FileDigests(index=cache / "digests.jsonl"), report)
    kept = {} if request.force else {take.stem: sound for take in takes if (sound := take.there())}
    _refuse_to_replace([take for take in takes if take.stem not in kept], request)
    left = [take for take in takes if take.stem not in kept]
    report.say(
        f"{request.model}: {len(takes)} sound{'s' * (len(takes) != 1)}, {len(kept)} there already, "
        f"{len(left)} to make on {device}."
    )
    yield from kept.values()
    if not left:
        return
    import torch

    dubber = Dubber(contestant=contestant, model=contestant.load(device), device=device)
    torch.set_num_threads(threads)
    made = 0
    for each in _made(dubber, left, report):
        made += isinstance(each, Soundtrack)
        yield each
    if not made and not kept:
        raise DataError(
            "No video got a sound.",
            hint="The lines above say why; give videos that can be played to the end.",
        )


def _made(dubber: Dubber, takes: Sequence[Take], report: Report) -> Iterator[Soundtrack | WithoutSound]:
    """Decode videos one ahead, and make and write their sounds."""
    from avbench.media.workers import decode_pictures

    by_video: dict[Path, list[Take]] = {}
    for take in takes:
        by_video.setdefault(take.video, []).append(take)
    done = 0
    report.progress("generating", 0, len(takes))
    with closing(decode_pictures(by_video, video=dubber.video)) as pictures:
        for picture, (video, its_takes) in zip(pictures, by_video.items(), strict=True):
            try:
                if isinstance(picture, MediaError):
                    raise picture
                for take in its_takes:
                    yield _dubbed(dubber, take, picture)
                    done += 1
                    report.progress("generating", done, len(takes))
            except MediaError as error:
                yield WithoutSound(video=video, reason=error.reason, message=error.message)


def _dubbed(dubber: Dubber, take: Take, picture: Picture) -> Soundtrack:
    began = time.perf_counter()
    clip = Clip(id=take.name, path=take.video, start=picture.start, end=picture.start + picture.seconds)
    sound = dubber.sound(clip, picture, take.made_from.seed)
    return take.write(picture, sound, time.perf_counter() - began)


def _resolved(registry: Registry, request: SoundtrackRequest) -> Contestant:
    asked = RunRequest(model=request.model, tasks=(), model_args=request.model_args)
    contestant = resolve_model(registry, asked)
    if "generation" not in contestant.record.capabilities:
        able = ", ".join(contestant.record.capabilities) or "nothing"
        raise UsageError(
            f"The model {request.model!r} makes no sound.",
            hint=f"It can do: {able}. `avbench list models` shows which can do generation.",
        )
    return contestant.on("generation")


def _takes(
    request: SoundtrackRequest, contestant: Contestant, device: str, digests: FileDigests, report: Report
) -> list[Take]:
    root = request.videos if request.videos.is_dir() else request.videos.parent
    videos = _videos(request)
    contents = digests.of(videos, report.progress)
    model = model_info(contestant)
    packages = {"avbench": __version__, **versions()}
    takes: list[Take] = []
    for video in videos:
        name = video.relative_to(root)
        for sample in range(request.samples):
            stem = request.output / name.with_suffix("")
            made_from = MadeFrom(
                video_sha256=contents.get(video, ""),
                model=model,
                seed=request.seed + sample,
                device=device,
                packages=packages,
            )
            numbered = stem.with_name(f"{stem.name}.{sample}") if request.samples > 1 else stem
            takes.append(
                Take(
                    video=video, name=name.as_posix(), stem=numbered, made_from=made_from, muxed=request.muxed
                )
            )
    return takes


def _videos(request: SoundtrackRequest) -> list[Path]:
    if not request.videos.is_dir():
        return [request.videos]
    root, own = request.videos.resolve(), request.output.resolve()
    found = media_files(request.videos, EXTENSIONS)
    if own != root and own.is_relative_to(root):
        found = [path for path in found if not path.resolve().is_relative_to(own)]
    if not found:
        raise DataError(
            f"There is no video in {request.videos}.",
            hint=f"Files ending in {', '.join(EXTENSIONS)} are taken.",
        )
    return found


def _refuse_to_replace(takes: Sequence[Take], request: SoundtrackRequest) -> None:
    """Refuse what would be written twice, or over a video, or over what was made otherwise."""
    targets = Counter(path for take in takes for path in take.files)
    twice = next((path for path, count in targets.items() if count > 1), None)
    if twice is not None:
        raise UsageError(
            f"Two videos would both be written to {twice}.", hint="Rename one, or give them one by one."
        )
    videos = {take.video.resolve() for take in takes}
    over = next((path for path in targets if path.resolve() in videos), None)
    if over is not None:
        raise UsageError(f"{over} is a video that was given.", hint="Choose another --out folder.")
    foreign = (path for take in takes if take.note() is None for path in take.files if path.exists())
    if not request.force and (path := next(foreign, None)) is not None:
        raise UsageError(
            f"{path} is there, and was not made from the same by the same model, arguments and seed.",
            hint="Choose another --out folder, or replace it with --force.",
        )
