"""Nobody forges a log record: what people and other services send begins no line of any log."""

import logging
import os
import re
import subprocess
import sys

import pytest
from django.test import Client

from accounts.models import MetadataFeed
from accounts.tasks import refresh_one_feed
from tests.fixtures.log import FORGED, RECORD, forged_lines, site_formatter
from web.log_lines import LineFormatter, SiteFormatter

# What ends a line for Python, a terminal, an editor or a browser, or shows text in another order.
LINE_ENDS = {
    "newline": "\n",
    "return": "\r",
    "both": "\r\n",
    "tab-and-form-feed": "\v\f",
    "separators": "\x1c\x1d\x1e",
    "next-line": "\x85",
    "line-separator": "\u2028",
    "paragraph-separator": "\u2029",
    "erase-line": "\x1b[2K\x1b[1G",
    "c1-control": "\x9b2K",
    "right-to-left": "\u202e",
    "isolate": "\u2066",
    "surrogate": "\ud800\n",
    "nul": "\x00\n",
}


def record(message, *args, name="x", **more):
    return logging.LogRecord(name, logging.ERROR, "", 0, message, args, None, **more)


@pytest.mark.parametrize("end", LINE_ENDS.values(), ids=LINE_ENDS)
@pytest.mark.parametrize("where", ["message", "argument", "name", "error", "stack", "cached"])
def test_every_part_of_a_record_is_encoded(end, where):
    text = f"x{end}{RECORD}"
    made = record(text if where == "message" else "%s", *([] if where == "message" else [text]))
    if where == "name":
        made.name = text
    if where == "error":
        try:
            raise ValueError(text)
        except ValueError:
            made.exc_info = sys.exc_info()
    if where == "stack":
        made.stack_info = text
    if where == "cached":
        made.exc_text = text
    shown = site_formatter().format(made)
    assert "forged" in shown
    assert forged_lines(shown) == []
    first, *others = shown.split("\n")
    assert re.match(r"\d{4}-\d\d-\d\d ", first)
    assert all(line.startswith("    ") for line in others)
    assert all(line.isprintable() for line in shown.split("\n"))


def test_a_traceback_can_still_be_read():
    try:
        raise ValueError("été")
    except ValueError:
        made = record("it failed")
        made.exc_info = sys.exc_info()
    lines = LineFormatter("%(message)s").format(made).split("\n")
    assert lines[0] == "it failed"
    assert lines[1] == "    Traceback (most recent call last):"
    assert lines[-1] == "    ValueError: été"


@pytest.mark.parametrize(
    "path",
    [f"/invitations/{'a' * 43}/", f"/accounts/password/reset/key/3-{'a' * 40}/"],
    ids=["invitation", "password"],
)
def test_log_contains_no_token(path):
    made = record("Too Many Requests: %s", path)
    made.exc_text = f"ValueError: {path}"
    shown = SiteFormatter("%(message)s").format(made)
    assert "aaaa" not in shown
    assert shown.count("…/") == 2


def visit_path():
    Client().get(f"/nothing-here/{FORGED}/".replace("\n", "%0a"))


def send_host():
    Client().get("/accounts/login/", headers={"host": FORGED})


def send_origin():
    Client(enforce_csrf_checks=True).post("/accounts/login/", headers={"origin": FORGED})


def feed_name():
    refresh_one_feed(MetadataFeed.objects.create(name=FORGED, url="http://127.0.0.1:9/").pk)


@pytest.mark.parametrize("attack", [visit_path, send_host, send_origin, feed_name])
def test_input_cannot_begin_a_log_record(db, log, attack):
    attack()
    assert "CRITICAL forged" in log.getvalue()
    assert forged_lines(log.getvalue()) == []


# How each kind of process prepares its logs; then all of them say the same.
PROCESSES = {
    "web": "import uvicorn; uvicorn.Config('ragapp.asgi:application').load()",
    "worker": "from ragapp.celery import app; app.log.setup('INFO', redirect_stdouts=True)",
    "beat": "from ragapp.clock import app; app.log.setup('INFO', redirect_stdouts=True)",
    "command": "import django; django.setup()",
    "models": "from inference.model_server.__main__ import log_lines; log_lines()",
}
SAYS = """
import logging, threading, warnings
from celery.utils.log import get_task_logger
for name in ("", "uvicorn.error", "uvicorn.access", "django.request", "django.server", "celery"):
    logging.getLogger(name).critical("%s", FORGED)
get_task_logger("a.task").error(FORGED)
warnings.warn(FORGED)
def fail():
    raise ValueError(FORGED)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


@pytest.mark.parametrize("prepare", PROCESSES.values(), ids=PROCESSES)
def test_no_process_writes_a_forged_record(prepare):
    script = f"import os\nFORGED = {FORGED!r}\n{prepare}\n{SAYS}"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=dict(os.environ, DJANGO_SETTINGS_MODULE="ragapp.settings"),
        capture_output=True,
        text=True,
        check=False,
    )
    output = ended.stdout + ended.stderr
    assert output.count("CRITICAL forged") >= 10, output
    assert forged_lines(output) == []
