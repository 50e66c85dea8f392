"""Set-up of a fresh clone; each part is made again only when it is out of date."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from launcher.configuration.data_dir import DataDir, check_free_space
from launcher.configuration.inherited import settings
from launcher.configuration.operator_settings import is_set, setting
from launcher.errors import LauncherError
from launcher.installation.browser_files import ensure_browser_files
from launcher.installation.node_packages import ensure_node_packages
from launcher.installation.ocr_data import ensure_ocr_data
from launcher.installation.packages import BASE, DEMO, DEV, ensure_packages
from launcher.installation.stamps import fingerprint, is_fresh, write_stamp
from launcher.processes.tools import run_logged
from launcher.progress import step
from launcher.project import MANAGE, PYTHON, ROOT, VENV

DEFAULT_MODEL = "intfloat/multilingual-e5-small"
_FIRST_SETUP_BYTES = 4 << 30
# Browsers load bundles of static/js and static/css, never the sources.
_COLLECT = ["--noinput", "--verbosity", "0", "--ignore", "js/*", "--ignore", "css/*"]
_LOCALES = ROOT / "locale"


def set_up_project(log_file: Path, *, demo_llm: bool = False, dev: bool = False) -> None:
    """Install packages, browser files, languages of OCR and translations into the project."""
    if not VENV.exists():
        check_free_space(ROOT, _FIRST_SETUP_BYTES)
    names = [BASE] + [DEMO] * (demo_llm or dev) + [DEV] * dev
    with _project_lock():
        ensure_packages(names, log_file)
        if dev:
            ensure_node_packages(log_file, dev=True)
        ensure_browser_files(log_file)
        ensure_ocr_data(log_file)
        compile_translations(log_file)


def compile_translations(log_file: Path) -> None:
    """Compile every ``.po`` whose ``.mo`` is missing or older."""
    catalogues = sorted(_LOCALES.glob("*/LC_MESSAGES/*.po"))
    if all(_is_compiled(catalogue) for catalogue in catalogues):
        return
    for domain in {catalogue.stem for catalogue in catalogues}:
        command = [str(PYTHON), "-m", "babel.messages.frontend", "compile"]
        run_logged(
            [*command, "--directory", str(_LOCALES), "--domain", domain],
            log_file,
            failure="The translations could not be compiled",
        )


def prepare_model(data: DataDir, log_file: Path) -> None:
    """Convert the embedding model, unless another server embeds."""
    if is_set("EMBEDDING_BASE_URL"):
        return
    models = [setting("EMBEDDING_MODEL", DEFAULT_MODEL), *_other_models()]
    target = Path(setting("MODELS_DIR", str(data.models)))
    digest = fingerprint([ROOT / BASE], "\n".join(models))
    if is_fresh(target / ".stamp", digest):
        return
    target.mkdir(parents=True, exist_ok=True)
    for model in models:
        with step(f"Preparing the embedding model {model}"):
            command = [str(PYTHON), "-m", "inference.embedding.prepare"]
            run_logged(
                [*command, "--target", str(target), "--model", model],
                log_file,
                failure=f"The embedding model {model} could not be prepared",
            )
    write_stamp(target / ".stamp", digest)


def _other_models() -> list[str]:
    """Return the models of EMBEDDING_MODELS that our model server serves."""
    try:
        offered = json.loads(setting("EMBEDDING_MODELS", "{}"))
        others = [
            str(given.get("model", name))
            for name, given in offered.items()
            if "base_url" not in given
        ]
    except (ValueError, AttributeError) as error:
        raise LauncherError("EMBEDDING_MODELS is not a JSON object of objects.") from error
    return list(dict.fromkeys(others))


def collect_static_files(data: DataDir, env: dict[str, str], log_file: Path) -> None:
    """Copy the static files, hashed and compressed, to where the web server reads them."""
    target = Path(setting("STATIC_ROOT", str(data.root / "static")))
    sources = [file for file in (ROOT / "static").rglob("*") if file.is_file()]
    digest = fingerprint([*sources, ROOT / BASE, ROOT / "web" / "static_files.py"])
    if is_fresh(target / ".stamp", digest):
        return
    with step("Collecting the static files"):
        # A new folder, so that no deleted file remains.
        shutil.rmtree(target, ignore_errors=True)
        run_logged(
            [str(PYTHON), str(MANAGE), "collectstatic", *_COLLECT],
            log_file,
            failure="The static files could not be collected",
            env=settings() | env,
        )
        write_stamp(target / ".stamp", digest)


@contextlib.contextmanager
def _project_lock() -> Iterator[None]:
    """Lock the project while it is changed: ./run and ./test may start at the same time."""
    descriptor = os.open(ROOT, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_compiled(catalogue: Path) -> bool:
    compiled = catalogue.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= catalogue.stat().st_mtime
