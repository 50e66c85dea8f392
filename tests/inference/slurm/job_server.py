"""What a job of the tests runs: a server of one model, which registers itself.

``python job_server.py PORT KEY [REGISTER_URL TOKEN]``; with the port 0, any free one.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, key, *registration = sys.argv[1:]
PIECE = {"choices": [{"delta": {"content": "From the job."}, "finish_reason": "stop"}]}


class Handler(BaseHTTPRequestHandler):
    """Lists its model, and always answers the same."""

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send("text/plain", "")
        elif self.headers["Authorization"] == f"Bearer {key}":
            self._send("application/json", json.dumps({"data": [{"id": "lab/one"}]}))
        else:
            self.send_error(401)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send("text/event-stream", f"data: {json.dumps(PIECE)}\n\ndata: [DONE]\n\n")

    def _send(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
if registration:
    register_url, token = registration
    form = {"token": token, "address": f"127.0.0.1:{server.server_port}"}
    try:
        urllib.request.urlopen(register_url, urllib.parse.urlencode(form).encode())
    except urllib.error.HTTPError as error:
        sys.exit(f"{error}: {error.read().decode()}")
server.serve_forever()
