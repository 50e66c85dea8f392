"""The path of a prepared model."""

import re
from pathlib import Path

DEFAULT_MODEL = "intfloat/multilingual-e5-small"
OPENVINO_FILE = "openvino/openvino_model.xml"


def prepared_folder(target: Path, model: str = DEFAULT_MODEL) -> Path:
    """Return the folder under `target` in which `prepare` stores `model` (hub name or folder)."""
    return target / re.sub(r"[^\w.-]+", "-", model.strip("/"))
