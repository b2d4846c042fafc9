"""Lists that have a name: how many clips each asks for, and the digest of their ids.

The counts and digests were computed from the files that the lists' authors distribute, which are not part of
avbench; ``tests/lists/test_real_lists.py`` computes them again where those files are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from avbench.errors import DataError
from avbench.lists.id_list import IdList


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownList:
    """A list that has a name.

    Attributes:
        name: The name.
        dataset: The dataset it asks for clips of.
        count: How many.
        digest: SHA-256 of their sorted ids, one a line.
        made_of: The files it is read from, by the names their authors give them.
    """

    name: str
    dataset: str
    count: int
    digest: str
    made_of: str


KNOWN: Mapping[str, KnownList] = {
    known.name: known
    for known in (
        KnownList(
            name="vggsound-test-15446",
            dataset="vggsound",
            count=15_446,
            digest="95ecee2e72dd5d84125ef662149a78f0084a8b986ab2b9f3717744756ba19079",
            made_of="VGGSound's test.csv",
        ),
        KnownList(
            name="vggsound-mmaudio-15221",
            dataset="vggsound",
            count=15_221,
            digest="4f3bda06f36612d4ea72b40fc2c61f48dc70cace8ac25c8d47704f3c91355816",
            made_of="MMAudio's vgg-test.tsv",
        ),
        KnownList(
            name="vggsound-cavmae-1545",
            dataset="vggsound",
            count=1_545,
            digest="62d5da93968dc572ed7ab3e8456f36446ab499677818aa9b120b1cf29ab9e791",
            made_of="CAV-MAE Sync's vgg_test_5_per_class_for_retrieval_template.json",
        ),
        KnownList(
            name="vggsounder-1.0",
            dataset="vggsound",
            count=12_014,
            digest="42dfc90156a3c80b5439d623414250fdc8af13df630aa5e13627e6344e225319",
            made_of="VGGSounder 1.0's vggsounder.csv",
        ),
        KnownList(
            name="av-clean",
            dataset="vggsound",
            count=7_735,
            digest="0b3724ede62e024df1e8af998b4ee3b1a91df4e1c470f6e1eb56db8de45554d5",
            made_of="VGGSounder 1.0's vggsounder.csv",
        ),
        KnownList(
            name="av-clean-original",
            dataset="vggsound",
            count=5_648,
            digest="6402afeed643f9091246a4ded067979de8571cffb1045642009077794b5712fb",
            made_of="VGGSounder 1.0's vggsounder.csv and VGGSound's test.csv",
        ),
        KnownList(
            name="vggsound-sparse-clean-560",
            dataset="vggsound",
            count=560,
            digest="3d6d09d3cdee11a8ae258fd5757ae79302e6e6b2cdfa4f90ff6a7076d4cc41b2",
            made_of="Synchformer's vggsound_sparse_clean.csv",
        ),
        KnownList(
            name="vggsound-sparse-clean-444",
            dataset="vggsound",
            count=444,
            digest="b907b79d0174b2b956e1cf4950183973aca3a5c75d43dc1b47917720994d19d5",
            made_of="Synchformer's vggsound_sparse_clean_fixed_offsets.csv",
        ),
        KnownList(
            name="audioset-balanced-22160",
            dataset="audioset",
            count=22_160,
            digest="d5ae17d78dab7510144045cb19cdcf776968548b436a3974ea22ad503416ce33",
            made_of="AudioSet's balanced_train_segments.csv",
        ),
        KnownList(
            name="greatesthits-condfoley-97",
            dataset="greatesthits",
            count=97,
            digest="f7c2b1e9eab40394d60424eb4f5ea94e2cdd307b0e7ff8004e516e9f1dd23bde",
            made_of="CondFoleyGen's greatesthit_video_test.json",
        ),
    )
}


def known_name(name: str, dataset: str) -> str | None:
    """Return the full name of a known list of a dataset: ``cavmae-1545`` is ``vggsound-cavmae-1545``."""
    for full in (name, f"{dataset}-{name}"):
        if full in KNOWN and KNOWN[full].dataset == dataset:
            return full
    return None


def recognised(digest: str) -> str | None:
    """Return the name of the known list of a digest."""
    return next((known.name for known in KNOWN.values() if known.digest == digest), None)


def named(read: IdList) -> IdList:
    """Return a list under the name its ids give it: a known one's, or its own with count and digest."""
    digest = read.digest
    if name := recognised(digest):
        return IdList(name=name, clips=read.clips, notes=read.notes)
    note = f"The list is none that avbench knows: {len(read.clips)} clips, sha256 {digest}."
    return IdList(name=f"{read.name}~{digest[:8]}", clips=read.clips, notes=(*read.notes, note))


def check(read: IdList, name: str) -> IdList:
    """Return a list under a known name that it claims.

    Raises:
        DataError: Its ids are others.
    """
    known, digest = KNOWN[name], read.digest
    if digest != known.digest:
        raise DataError(
            f"The list {read.name} is not {name}: it has {len(read.clips)} clips with sha256 {digest[:16]}…, "
            f"and {name} has {known.count} with {known.digest[:16]}….",
            hint=f"{name} is read from {known.made_of}: --list FILE. For your own list leave --subset out.",
        )
    return IdList(name=name, clips=read.clips, notes=read.notes)
