"""The API of a running cell over its daemon's own socket, whose operator may do everything: no sign-in, no port, and a
connection that ends with the daemon is told from an answer."""

import http.client
import json
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import DEADLINE, PASSWORD, eventually  # noqa: E402

PROBES = ("/healthz", "/readyz", "/metrics")


class Connection(http.client.HTTPConnection):
    """To the daemon's socket, whose operator may do everything."""

    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Api:
    def __init__(self, path):
        self.path = path
        self.connection = None

    def call(self, method, path, body=None, key=None):
        """The status, the body and the sequence. Raises OSError or HTTPException when the daemon is not there, or dies meanwhile."""
        self.connection = self.connection or Connection(self.path)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        try:
            self.connection.request(method, path if path in PROBES else "/api/v1" + path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        return answer.status, text.decode(), int(answer.headers.get("X-Pic-Seq", "0"))

    def get(self, path):
        status, text, _ = self.call("GET", path)
        assert status == 200, f"GET {path}: {status} {text}"
        return json.loads(text)

    def is_up(self):
        try:
            return self.call("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def answers(self):
        try:
            return self.call("GET", "/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def claim(cell, api):
    """Sets a cell up, whose daemon was just started."""
    eventually(api.answers, "the daemon answers at its socket")
    token = (cell.folder / "data" / "setup-token").read_text().strip()
    status, text, _ = api.call("POST", "/setup", {
        "setup_token": token, "username": "admin", "password": PASSWORD, "cell_name": "home",
        "domain": "cell.home.arpa", "vpn_range": "10.8.0.0/16"})
    assert status == 201, text
