"""The example of docs/sources.md, installed as a package of its own."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sources import registry

_DOCUMENTATION = Path(__file__).parents[2] / "docs" / "sources.md"


@pytest.fixture
def files_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of the kind of the example, found by its entry point."""
    text = _DOCUMENTATION.read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (entry,) = re.findall(r'^files = "(.*)"$', text, re.MULTILINE)
    (tmp_path / "files_list.py").write_text(code)
    metadata = tmp_path / "files_list-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: files-list\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{registry.ENTRY_POINTS}]\nfiles = {entry}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.kinds.cache_clear()
    yield "files"
    sys.modules.pop("files_list", None)
    registry.kinds.cache_clear()
