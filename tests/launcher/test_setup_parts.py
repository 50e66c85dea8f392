"""The parts of set-up that need no network."""

import gzip
import re
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from launcher.errors import LauncherError
from launcher.installation.browser_files import copy_vendor_files
from launcher.installation.ocr_data import unpack_languages
from launcher.installation.stamps import fingerprint, is_fresh, write_stamp
from launcher.processes.log_rotation import rotate
from launcher.processes.tools import run_logged
from launcher.project import ROOT

ALL_FILES = ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt")


def pins(*names: str) -> dict[str, str]:
    lines = [line for name in names for line in (ROOT / name).read_text().splitlines()]
    matches = (re.fullmatch(r"([a-z0-9-]+)==(\S+)", line) for line in lines)
    return {match[1]: match[2] for match in matches if match}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("python", ["3.11.0", "3.12.3", "3.13.5"])
@pytest.mark.parametrize(
    "names",
    [["requirements.txt"], ["requirements.txt", "requirements-dev.txt"]],
    ids=["product", "tests"],
)
def test_every_dependency_of_a_pin_is_pinned(names: list[str], python: str) -> None:
    pinned = pins(*names)
    there = {
        "extra": "",
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
    }
    missing = {
        f"{name} needs {requirement.name}"
        for name in pinned
        for requirement in map(Requirement, distribution(name).requires or [])
        if not requirement.marker or requirement.marker.evaluate(there)
        if normal(requirement.name) not in pinned
    }
    assert missing == set()


def test_every_pin_accepts_the_oldest_python() -> None:
    needs = {name: distribution(name).metadata["Requires-Python"] for name in pins(*ALL_FILES)}
    refused = {
        name: need for name, need in needs.items() if need and "3.11.0" not in SpecifierSet(need)
    }
    assert refused == {}


def test_what_is_installed_is_what_is_pinned() -> None:
    pinned = pins(*ALL_FILES)
    installed = {name: distribution(name).version.partition("+")[0] for name in pinned}
    assert installed == pinned


def test_stamp_is_fresh_for_the_same_contents_only(tmp_path: Path) -> None:
    digest = fingerprint([ROOT / "manage.py"], "model")
    write_stamp(tmp_path / ".stamp", digest)

    assert is_fresh(tmp_path / ".stamp", fingerprint([ROOT / "manage.py"], "model"))
    assert not is_fresh(tmp_path / ".stamp", fingerprint([ROOT / "manage.py"], "another"))
    assert not is_fresh(tmp_path / ".absent", digest)


def test_vendor_files_are_copied_into_folders_or_under_new_names(tmp_path: Path) -> None:
    modules, target = tmp_path / "node_modules", tmp_path / "vendor"
    for name in (
        "katex/dist/katex.min.css",
        "katex/dist/fonts/a.woff2",
        "katex/dist/fonts/b.woff2",
    ):
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).write_text(name)
    (target / "gone").mkdir(parents=True)

    wanted = {"katex/katex.css": "katex/dist/katex.min.css", "katex/fonts/": "katex/dist/fonts/*"}
    copy_vendor_files(wanted, modules, target)

    copied = sorted(str(file.relative_to(target)) for file in target.rglob("*") if file.is_file())
    assert copied == ["katex/fonts/a.woff2", "katex/fonts/b.woff2", "katex/katex.css"]


def test_a_vendor_pattern_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match="matches marked/lib"):
        copy_vendor_files({"marked/": "marked/lib/*"}, tmp_path, tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("[Errno -3] Temporary failure in name resolution", "registry cannot be reached"),
        ("ERROR: no torch==1 (from versions: none)", "cannot be reached, or has nothing for"),
        ("npm error code ENOTFOUND", "registry cannot be reached"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("something else", r"see .*setup\.log"),
    ],
    ids=["pip-offline", "pip-found-nothing", "npm-offline", "disk", "other"],
)
def test_cause_of_a_failed_tool_is_reported(tmp_path: Path, output: str, message: str) -> None:
    log_file = tmp_path / "setup.log"
    command = [sys.executable, "-c", f"import sys; print({output!r}); sys.exit(1)"]

    with pytest.raises(LauncherError, match=f"Packages failed: .*{message}"):
        run_logged(command, log_file, failure="Packages failed")
    assert output in log_file.read_text()


def test_large_log_is_rotated_while_it_is_written(tmp_path: Path) -> None:
    log_file = tmp_path / "web.log"
    with log_file.open("a") as writer:
        for turn in range(5):
            writer.write(f"{turn}" * 20)
            writer.flush()
            rotate(tmp_path, max_bytes=10, kept=3)
        writer.write("last")

    assert {file.name: file.read_text()[0] for file in tmp_path.iterdir()} == {
        "web.log": "l",
        "web.log.1": "4",
        "web.log.2": "3",
        "web.log.3": "2",
    }


def test_languages_of_ocr_are_unpacked_beside_those_of_the_operator(tmp_path: Path) -> None:
    modules, target = tmp_path / "modules", tmp_path / "tessdata"
    target.mkdir()
    modules.mkdir()
    (target / "deu.traineddata").write_bytes(b"the operator's")
    (modules / "fra.gz").write_bytes(gzip.compress(b"model"))
    unpack_languages({"fra.traineddata": "fra.gz"}, modules, target)
    assert {file.name: file.read_bytes() for file in target.iterdir()} == {
        "deu.traineddata": b"the operator's",
        "fra.traineddata": b"model",
    }


@pytest.mark.parametrize(
    "packed",
    [None, b"", b"no gzip", gzip.compress(b"x" * 999)[:20]],
    ids=["missing", "empty", "not packed", "cut"],
)
def test_damaged_language_of_ocr_is_an_error(tmp_path: Path, packed: bytes | None) -> None:
    if packed is not None:
        (tmp_path / "fra.gz").write_bytes(packed)
    with pytest.raises(LauncherError, match=r"fra\.traineddata"):
        unpack_languages({"fra.traineddata": "fra.gz"}, tmp_path, tmp_path / "tessdata")
    assert not (tmp_path / "tessdata" / "fra.traineddata").exists()
