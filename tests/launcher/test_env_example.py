"""``.env.example`` is the operators' list of settings: complete, and read as it stands."""

import re

from launcher.project import ROOT

# Settings of the launcher and the model server; the others are in ragapp/settings/.
ELSEWHERE = {
    "RAGAPP_PYTHON",
    "TORCH_CPU_INDEX_URL",
    "MODEL_SERVER_THREADS",
    "MODEL_SERVER_MAX_QUEUED_TEXTS",
    "MODEL_SERVER_MAX_BODY_BYTES",
    "MODEL_SERVER_UNLOAD_AFTER_S",
    "TRANSCRIPTION_FOLDER",
}


def test_it_lists_every_setting_and_no_other() -> None:
    modules = (ROOT / "ragapp" / "settings").glob("*.py")
    source = "".join(module.read_text() for module in modules)
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', source))
    listed = re.findall(r"^#([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert set(listed) == read | ELSEWHERE
    assert len(listed) == len(set(listed))


def test_every_line_is_prose_or_a_setting_alone() -> None:
    for line in (ROOT / ".env.example").read_text().splitlines():
        assert re.fullmatch(r'|# .*|#[A-Z0-9_]+=("[^"]*"|\S*)', line), line
