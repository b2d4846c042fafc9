"""The clips of a page: each a row of the picture, its own sound, and what was made for it."""

from collections.abc import Iterator

from avbench.boards.score_ids import is_shown, label
from avbench.boards.tables import number as in_unit
from avbench.pages.drawings import instants, marks, track
from avbench.pages.exhibits import Exhibition, ShownClip, ShownSound
from avbench.pages.files import made_name, truth_name, video_name
from avbench.pages.ranking import ONSET_TOLERANCE, ONSETS, onset_f1
from avbench.pages.spectrograms import MARKED_HZ, Bands
from avbench.pages.text import counted, escaped
from avbench.results.document import RunResult
from avbench.tasks.generation_pairs import SoundRecord

# Nearer to the top than this a frequency would be cut off.
TOPMOST = 0.96


def clip_row(result: RunResult, shown: Exhibition, number: int, without_video: str | None) -> str:
    """Return the row of a clip.

    Args:
        result: What was measured of all clips.
        shown: What the page shows.
        number: Which of its clips, from 1.
        without_video: Why it has no video, if it has none.
    """
    clip = shown.clips[number - 1]
    scored = len(shown.ranking.clips)
    place = f"{clip.place + 1} of {scored}"
    name = shown.place_name(clip)
    title = escaped(clip.clip.id)
    figures = [_figure(shown, clip, clip.truth, "Truth", truth_name(number), _known(clip))]
    for sample, made in enumerate(clip.made):
        heading = "Generated" if len(clip.made) == 1 else f"Generated, sample {sample + 1}"
        values = _values(result, made.record) if made.record else ""
        figures.append(_figure(shown, clip, made, heading, made_name(number, sample), values))
    return (
        f'<article class="clip" id="clip-{number}" aria-labelledby="name-{number}">\n'
        f'<header><h3 id="name-{number}">{title}</h3>'
        f'<p class="place">{f"<b>{name}</b> " if name else ""}{place}</p></header>\n'
        f'<div class="body">\n{_picture(clip, number, without_video)}'
        f'<div class="sounds">\n{"".join(figures)}</div>\n</div>\n</article>\n'
    )


def _picture(clip: ShownClip, number: int, without: str | None) -> str:
    if without is not None:
        return f'<p class="film absent">No picture. {escaped(without)}</p>\n'
    id, name = escaped(clip.clip.id), video_name(number)
    which = "sample 1" if len(clip.made) > 1 else "the generated sound"
    return (
        f'<figure class="film"><video controls preload="none" playsinline src="{name}.mp4" '
        f'poster="{name}.png" aria-label="Clip {id} with {which}"></video>'
        f'<img class="still" src="{name}.png" alt="A still of clip {id}">'
        f"<figcaption>The picture, with {which}</figcaption></figure>\n"
    )


def _figure(shown: Exhibition, clip: ShownClip, sound: ShownSound, title: str, name: str, values: str) -> str:
    heard = counted(len(sound.onsets), "onset") + " detected"
    what = f"{title}, clip {escaped(clip.clip.id)}"
    return (
        f'<figure class="sound {"made" if sound.record else "truth"}"><h4>{title}</h4>\n'
        f'<div class="heard"><div class="picture"><img src="{name}.png" '
        f'alt="Mel spectrogram. {what}: {heard}.">'
        f"{marks(clip.onsets, shown.seconds)}{_frequencies(shown.sample_rate)}</div>\n"
        f"{_track(shown, clip, sound)}\n"
        f'<i class="head" hidden></i></div>\n{_axis(shown.seconds)}\n'
        f'<audio controls preload="metadata" src="{name}.wav" aria-label="{what}"></audio>\n'
        f"{values}</figure>\n"
    )


def _track(shown: Exhibition, clip: ShownClip, sound: ShownSound) -> str:
    return track(sound.onsets, sound.envelope, clip.onsets, clip.truth.envelope, shown.seconds)


def _frequencies(sample_rate: int) -> str:
    bands = Bands.of(sample_rate)
    heights = {each: bands.height_of(each) for each in MARKED_HZ}
    labels = "".join(
        f'<span style="bottom:{100 * height:.1f}%">{_hertz(frequency)}</span>'
        for frequency, height in heights.items()
        if height is not None and height < TOPMOST
    )
    return f'<div class="hertz" aria-hidden="true">{labels}</div>'


def _hertz(frequency: int) -> str:
    return f"{frequency // 1000} kHz" if frequency >= 1000 else f"{frequency} Hz"


def _axis(seconds: float) -> str:
    labels = "".join(
        f'<span style="left:{100 * each / seconds:.2f}%">{each:g}{"" if each else " s"}</span>'
        for each in instants(seconds)
        if each < seconds
    )
    labels += f'<span class="end">{seconds:g}</span>'
    return f'<div class="axis" aria-hidden="true">{labels}</div>'


def _known(clip: ShownClip) -> str:
    if clip.onsets is None:
        return '<dl class="values"><div><dt>true onsets</dt><dd>not known</dd></div></dl>'
    return (
        f'<dl class="values"><div><dt>true onsets</dt><dd>{len(clip.onsets)}</dd></div>'
        f"<div><dt>detected</dt><dd>{len(clip.truth.onsets)}</dd></div></dl>"
    )


def _values(result: RunResult, record: SoundRecord) -> str:
    pairs = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _pairs(result, record))
    return f'<dl class="values">{pairs}</dl>'


def _pairs(result: RunResult, record: SoundRecord) -> Iterator[tuple[str, str]]:
    counts, f1, score = record.onsets.get(ONSET_TOLERANCE), onset_f1([record]), result.score(ONSETS)
    if counts is not None and score is not None:
        found = f"{counts.hits} of {counts.true} found, {counts.detected} detected"
        yield escaped(label(score)), f"{in_unit(f1, score.unit)} <small>{found}</small>"
    for id, value in record.values.items():
        score = result.score(id)
        if score is not None and is_shown(id):
            yield escaped(label(score)), in_unit(value, score.unit)
