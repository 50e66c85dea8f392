"""The languages of OCR: Tesseract's models, from npm's packages ``@tesseract.js-data``.

``package.json`` names them under ``ragapp.tessdata``: ``{"file in tessdata": "file in node_modules,
compressed"}``. Other files in the folder are the operator's, and are left alone.
"""

import gzip
import json
import shutil
import zlib
from pathlib import Path

from launcher.errors import LauncherError
from launcher.installation.node_packages import LOCK, NODE_MODULES, PACKAGE, ensure_node_packages
from launcher.installation.stamps import fingerprint, is_fresh, write_stamp
from launcher.project import ROOT

_TESSDATA = ROOT / "tessdata"


def ensure_ocr_data(log_file: Path) -> None:
    """Fill ``tessdata`` unless it is up to date; LauncherError when npm fails."""
    digest = fingerprint([PACKAGE, LOCK])
    if is_fresh(_TESSDATA / ".stamp", digest):
        return
    ensure_node_packages(log_file)
    unpack_languages(json.loads(PACKAGE.read_text())["ragapp"]["tessdata"], NODE_MODULES, _TESSDATA)
    write_stamp(_TESSDATA / ".stamp", digest)


def unpack_languages(wanted: dict[str, str], modules: Path, target: Path) -> None:
    """Write the files ``wanted`` of ``modules`` to ``target`` (see the module's docstring).

    Raises LauncherError when one is missing or damaged.
    """
    target.mkdir(exist_ok=True)
    for name, source in wanted.items():
        partial = target / f"{name}.partial"
        try:
            with gzip.open(modules / source) as packed, partial.open("wb") as file:
                shutil.copyfileobj(packed, file)
                if not file.tell():
                    raise EOFError("the file is empty")
        except (OSError, EOFError, zlib.error) as error:
            raise LauncherError(
                f"The language {name} of OCR cannot be unpacked: {error}"
            ) from error
        partial.replace(target / name)
