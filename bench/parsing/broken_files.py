"""A batch of damaged files in a running system: ``python -m bench.parsing.broken_files``.

Damages real files of all formats at random (bytes changed, parts left out, repeated or cut off):
the samples of ``../shared``, and recordings and archives that it writes itself. Uploads ``--files``
of them to a stack of its own, with a scripted server of speech, and prints JSON: the time from the
first upload to the end of the last, what became of them, documents whose worker died, and processes
of workers that are gone.
"""

import argparse
import io
import json
import random
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.stack import Stack, running_stack
from tests.ingestion.transcription.scripted_speech import ScriptedSpeech
from tests.ingestion.transcription.sound_writer import KINDS, recording, tone

_SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
_MAX_BYTES = 3_000_000
_UNFINISHED = ("queued", "parsing", "embedding")
_ENDED = """
import json
from ingestion.models import Document
from instances.models import Instance
from instances.tenancy import tenant
instance = Instance.objects.get(slug="{slug}")
with tenant(instance):
    rows = Document.objects.for_instance(instance).values_list("status", "error_code")
    interrupted = Document.objects.for_instance(instance).filter(interruptions__gt=0).count()
    print(json.dumps([list(rows), interrupted]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=12)
    options = parser.parse_args()
    broken = _broken(options.files, random.Random(options.seed))
    with ScriptedSpeech() as speech:
        settings = {"TRANSCRIPTION_BASE_URL": speech.base_url}
        with running_stack(env=settings) as stack:
            print(json.dumps(_measured(stack, broken), indent=2))


def _measured(stack: Stack, broken: list[tuple[str, bytes]]) -> dict:
    workers = set(stack.pids("worker*"))
    started = time.monotonic()
    answers = Counter[str]()
    with stack.api() as api:
        for name, content in broken:
            answer = api.post("/api/v1/documents", files={"file": (name, content)})
            code = answer.json().get("error", {}) or {}
            answers[f"{answer.status_code} {code.get('code', '')}".strip()] += 1
        uploaded_s = time.monotonic() - started
        while any(_count(api, status) for status in _UNFINISHED):
            time.sleep(0.5)
    ended_s = time.monotonic() - started
    rows, interrupted = json.loads(stack.shell(_ENDED.format(slug=stack.tenancy.slug)))
    return {
        "files": len(broken),
        "kinds": len({Path(name).suffix for name, _ in broken}),
        "uploads": dict(answers),
        "uploaded after s": round(uploaded_s, 1),
        "all ended after s": round(ended_s, 1),
        "ends": dict(Counter(code or status for status, code in rows)),
        "documents whose worker died": interrupted,
        "workers that are gone": len(workers - set(stack.pids("worker*"))),
    }


def _count(api, status: str) -> int:
    return len(api.get("/api/v1/documents", params={"status": status}).json())


def _broken(n: int, chance: random.Random) -> list[tuple[str, bytes]]:
    """Return ``n`` damaged files, of each format in turn."""
    by_kind: dict[str, list[tuple[str, bytes]]] = {}
    for name, content in [*_samples(), *_recordings(), *_archives()]:
        by_kind.setdefault(Path(name).suffix.lower(), []).append((name, content))
    kinds = sorted(by_kind)
    broken = []
    for number in range(n):
        name, content = chance.choice(by_kind[kinds[number % len(kinds)]])
        damaged = _damaged(content, chance)
        broken.append((f"{number:03}-{Path(name).name}", damaged))
    return broken


def _samples() -> Iterator[tuple[str, bytes]]:
    for path in sorted(_SAMPLES.rglob("*")):
        is_file = path.is_file() and path.suffix and "groundtruth" not in path.parts
        if is_file and 0 < path.stat().st_size < _MAX_BYTES:
            yield path.name, path.read_bytes()


def _recordings() -> Iterator[tuple[str, bytes]]:
    for name in KINDS:
        yield name, recording(tone(20), name)


def _archives() -> Iterator[tuple[str, bytes]]:
    members = {f"note-{n}.txt": f"Le compte rendu numéro {n}. ".encode() * 40 for n in range(8)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    yield "archive.zip", file.getvalue()
    for mode, name in (("w", "archive.tar"), ("w:gz", "archive.tgz"), ("w:xz", "archive.txz")):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode=mode) as archive:
            for member, content in members.items():
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        yield name, file.getvalue()


def _damaged(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 40)):
        changed[chance.randrange(len(changed))] = chance.choice([0, 1, 0x7F, 0xFF])
    start, end = sorted(chance.randrange(len(changed)) for _ in range(2))
    match chance.randrange(4):
        case 0:
            return bytes(changed[: max(1, end)])
        case 1:
            return bytes(changed[:start] + changed[end:]) or b"x"
        case 2:
            return bytes(changed[:end] + changed[start:])
    return bytes(changed)


if __name__ == "__main__":
    main()
