"""Where a prepared model is, and what it is called."""

import re
from pathlib import Path

DEFAULT_MODEL = "intfloat/multilingual-e5-small"
OPENVINO_FILE = "openvino/openvino_model.xml"


def prepared_folder(target: Path, model: str = DEFAULT_MODEL) -> Path:
    """The folder under `target` that `prepare` fills for `model` (a hub name or a local folder)."""
    return target / re.sub(r"[^\w.-]+", "-", model.strip("/"))
