"""A worker of its own, as whichever user starts it: each line of input is a file to parse,
[path, limits, whether every protection is required].

Answers the text of each file on one line, as JSON: {"text": …} or {"error": code}.
"""

import json
import sys
from pathlib import Path

from ingestion.errors import IngestionError
from ingestion.parsing.document import page_text
from ingestion.sandbox import ParseLimits, client, running
from tests.ingestion.reading import read_in_child


def main() -> None:
    """Serve until the end of the input."""
    running._MODULE = "tests.ingestion.sandbox.planted_zygote"
    running._GRACE_SECONDS = 2
    for line in sys.stdin:
        path, limits, required = json.loads(line)
        try:
            parsed = read_in_child(
                Path(path),
                name="planted.txt",
                limits=ParseLimits(**limits),
                require_protections=required,
            )
            answer = {"text": page_text(parsed.document.pages[0])}
        except IngestionError as error:
            answer = {"error": error.code}
        zygote = client.FILES.zygote
        answer["missing"] = sorted(zygote.missing) if zygote else []
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
