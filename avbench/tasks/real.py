"""Task specs of real data: the lists, windows and protocols that papers use, one page each in docs/tasks."""

from avbench.specs import CategoryProtocol, GenerationProtocol, OffsetProtocol, RetrievalProtocol, TaskSpec

# From here on a clip that ends early is filled up to ten seconds: ours, since no paper says what it does.
SHORTEST = 5.0
_SIZES = (1_000, 1_500)
_INSTANCE = RetrievalProtocol(gallery_sizes=_SIZES, siblings="negative", percentile=True, by_class=True)
_UNCLASSED = RetrievalProtocol(gallery_sizes=_SIZES, siblings="negative", percentile=True)
_MMAUDIO = GenerationProtocol(sample_rate=44_100, embedders=("vggish", "panns", "passt"), centred=True)
_MMAUDIO_WITH_TEXT = GenerationProtocol(
    sample_rate=44_100, embedders=("vggish", "panns", "passt", "clap"), captions="captions", centred=True
)
_MARKED = GenerationProtocol(sample_rate=44_100, onsets="side-car")
_MARKED_FLOORS = ("truth-reencoded", "shuffled-truth", "noise", "silence")
_FLOORS = ("truth-reencoded", "truth-halves", "shuffled-truth", "noise", "silence")

_ONE_TO_ONE = (
    "Pairs are one to one and summed over clips; CondFoleyGen and MMAudio average over files and let one "
    "onset count more than once."
)
_MANY_LIKE_IT = (
    "One clip is right, however many others look and sound the same: numbers of different galleries compare "
    "only at a fixed gallery size, and then as if clips were missing at random."
)
_BY_CLASS = (
    "Anything of the query's class is right, its own recording left out: mAP, hit, recall and nDCG are four "
    "numbers, and none of them is R@k of instance retrieval."
)
_ONE_FRAME = (
    "As CAV-MAE retrieves: one frame, the sixth of ten, held for the whole window, and 10 s of sound. The "
    "frame is taken at 5 s, where CAV-MAE takes half of the file's own length."
)
_REWEIGHTED = (
    "Scores under dual-softmax@10 are weighted by all other queries, as PE-AV's evaluation does by default; "
    "they compare with nothing else, and the plain numbers stand beside them."
)
_AV_BENCHMARK = (
    "Window, rates and networks of av-benchmark, which takes some distances over all files and others over "
    "common ones; here every number is of the same clips. ImageBind is not among the networks."
)
_NOT_MADE_FOR_IT = (
    "The data are not picked for sound that belongs to the picture: music and speech over it count as truth."
)
_CAPTIONED = (
    "A CLAP score is the mean over all captions of a clip; the captions were written of 10 s. It depends on "
    "the checkpoint: the networks of this result say which."
)
_OFFSETS = (
    "An offset above 0 says that the sound is late. Clips are masked in which nothing can be seen to be in "
    "time. Offsets are drawn from the clip's id where no list of them is given; no published list of "
    "VGGSound has these windows."
)

RETRIEVAL = (
    TaskSpec(
        name="vggsound-retrieval",
        dataset="vggsound",
        seconds=10.0,
        version=1,
        summary="Retrieve the sound of VGGSound's test clips by picture, and back: instance by instance.",
        protocol=_INSTANCE,
        scale_rows=("random",),
        note=_MANY_LIKE_IT,
        shortest=SHORTEST,
    ),
    TaskSpec(
        name="vggsound-retrieval-cavmae",
        dataset="vggsound",
        seconds=10.0,
        version=1,
        summary="As CAV-MAE on its 1,545 VGGSound clips: one frame against 10 s of sound.",
        protocol=_INSTANCE,
        dataset_args={"subset": "cavmae-1545"},
        scale_rows=("random",),
        note=_ONE_FRAME,
        shortest=SHORTEST,
        frame_at=5.0,
    ),
    TaskSpec(
        name="vggsound-retrieval-dual-softmax",
        dataset="vggsound",
        seconds=10.0,
        version=1,
        summary="vggsound-retrieval with dual softmax besides, as PE-AV scores; never the headline.",
        protocol=RetrievalProtocol(siblings="negative", dual_softmax=10),
        scale_rows=("random",),
        note=_REWEIGHTED,
        shortest=SHORTEST,
    ),
    TaskSpec(
        name="audioset-retrieval",
        dataset="audioset",
        seconds=10.0,
        version=1,
        summary="Retrieve the sound of AudioSet segments by picture, and back: instance by instance.",
        protocol=_INSTANCE,
        scale_rows=("random",),
        note=_MANY_LIKE_IT,
        shortest=SHORTEST,
    ),
    TaskSpec(
        name="panda70m-retrieval",
        dataset="panda70m",
        seconds=4.0,
        version=1,
        summary="Retrieve the sound of Panda-70M clips by their first 4 s of picture, and back.",
        protocol=_UNCLASSED,
        scale_rows=("random",),
        note=f"{_MANY_LIKE_IT} {_NOT_MADE_FOR_IT}",
        shortest=2.0,
    ),
    TaskSpec(
        name="audiocaps-retrieval",
        dataset="audiocaps",
        seconds=10.0,
        version=1,
        summary="Retrieve the sound of AudioCaps' test clips by picture, and back; a clip counts once.",
        protocol=_UNCLASSED,
        scale_rows=("random",),
        note=_MANY_LIKE_IT,
        shortest=SHORTEST,
    ),
)

CATEGORIES = (
    TaskSpec(
        name="vggsound-category-retrieval",
        dataset="vggsound",
        seconds=10.0,
        version=1,
        summary="Find any VGGSound test clip of the query's class: mAP, hit, recall, nDCG.",
        protocol=CategoryProtocol(),
        scale_rows=("random",),
        note=_BY_CLASS,
        shortest=SHORTEST,
    ),
    TaskSpec(
        name="ave-category-retrieval",
        dataset="ave",
        seconds=10.0,
        version=1,
        summary="Find any AVE clip of the query's class: mAP, hit, recall, nDCG.",
        protocol=CategoryProtocol(),
        scale_rows=("random",),
        note=_BY_CLASS,
        shortest=SHORTEST,
    ),
    TaskSpec(
        name="llp-category-retrieval",
        dataset="llp",
        seconds=10.0,
        version=1,
        summary="Find LLP clips that show what is heard, and sounds of what is seen, by its marks of either.",
        protocol=CategoryProtocol(heard=("A", "AV"), seen=("V", "AV")),
        scale_rows=("random",),
        note=_BY_CLASS,
        shortest=SHORTEST,
    ),
    TaskSpec(
        name="kinetics-sounds-category-retrieval",
        dataset="kinetics-sounds",
        seconds=10.0,
        version=1,
        summary="Find any Kinetics-Sounds clip of the query's class: mAP, hit, recall, nDCG.",
        protocol=CategoryProtocol(),
        scale_rows=("random",),
        note=_BY_CLASS,
        shortest=SHORTEST,
    ),
    TaskSpec(
        name="greatesthits-category-retrieval",
        dataset="greatesthits",
        seconds=2.0,
        version=1,
        summary="Find any hit on the query's material among CondFoleyGen's clips of 2 s of Greatest Hits.",
        protocol=CategoryProtocol(),
        scale_rows=("random",),
        note=_BY_CLASS,
    ),
    TaskSpec(
        name="vggsounder-retrieval",
        dataset="vggsound",
        seconds=10.0,
        version=1,
        summary="Find pictures that show what is heard, and sounds of what is seen, by VGGSounder's labels.",
        protocol=CategoryProtocol(heard=("A", "AV"), seen=("V", "AV")),
        dataset_args={"subset": "vggsounder-1.0"},
        scale_rows=("random",),
        note=_BY_CLASS,
        shortest=SHORTEST,
    ),
)

GENERATION = (
    TaskSpec(
        name="vggsound-v2a",
        dataset="vggsound",
        seconds=8.0,
        version=2,
        summary="Make the sound of the first 8 s of the 15,221 VGGSound clips of MMAudio's list.",
        protocol=_MMAUDIO,
        dataset_args={"subset": "mmaudio-15221"},
        scale_rows=_FLOORS,
        note=_AV_BENCHMARK,
    ),
    TaskSpec(
        name="audioset-v2a",
        dataset="audioset",
        seconds=8.0,
        version=2,
        summary="Make the sound of the first 8 s of AudioSet segments.",
        protocol=_MMAUDIO,
        scale_rows=_FLOORS,
        note=_AV_BENCHMARK,
    ),
    TaskSpec(
        name="audiocaps-v2a",
        dataset="audiocaps",
        seconds=8.0,
        version=2,
        summary="Make the sound of the first 8 s of AudioCaps clips, scored beside their captions too.",
        protocol=_MMAUDIO_WITH_TEXT,
        scale_rows=_FLOORS,
        note=f"{_AV_BENCHMARK} {_CAPTIONED}",
    ),
    TaskSpec(
        name="panda70m-v2a",
        dataset="panda70m",
        seconds=4.0,
        version=2,
        summary="Make the sound of the first 4 s of Panda-70M clips.",
        protocol=_MMAUDIO,
        scale_rows=_FLOORS,
        note=f"{_AV_BENCHMARK} {_NOT_MADE_FOR_IT}",
    ),
    TaskSpec(
        name="foleybench-v2a",
        dataset="foleybench",
        seconds=8.0,
        version=2,
        summary="Make the sound of the first 8 s of FoleyBench's clips.",
        protocol=_MMAUDIO,
        scale_rows=_FLOORS,
        note=_AV_BENCHMARK,
    ),
    TaskSpec(
        name="avsync15-v2a",
        dataset="avsync15",
        seconds=2.0,
        version=2,
        summary="Make the sound of the first 2 s of AVSync15's clips; onsets against the clip's own.",
        protocol=_MMAUDIO,
        scale_rows=_FLOORS,
        note=_AV_BENCHMARK,
    ),
    TaskSpec(
        name="greatesthits-onset",
        dataset="greatesthits",
        seconds=8.0,
        version=1,
        summary="Make the sound of Greatest Hits videos; onsets against the hits its authors marked.",
        protocol=_MARKED,
        scale_rows=_MARKED_FLOORS,
        note=_ONE_TO_ONE,
    ),
    TaskSpec(
        name="greatesthits-onset-condfoley",
        dataset="greatesthits",
        seconds=2.0,
        version=1,
        summary="greatesthits-onset on CondFoleyGen's clips: 2 s that begin with a hit.",
        protocol=_MARKED,
        scale_rows=_MARKED_FLOORS,
        note=_ONE_TO_ONE,
    ),
)

SYNCHRONY = (
    TaskSpec(
        name="vggsound-sync",
        dataset="vggsound",
        seconds=8.0,
        version=1,
        summary="How late is the sound of a VGGSound clip? 21 offsets, ±2 s by 0.2 s, on 4 s of picture.",
        protocol=OffsetProtocol(shifts="vggsound-sync"),
        scale_rows=("random",),
        note=_OFFSETS,
    ),
)

TASKS: tuple[TaskSpec, ...] = (*RETRIEVAL, *CATEGORIES, *GENERATION, *SYNCHRONY)
