"""The API as a person's browser or a script uses it: one client a sign-in, over TCP as anybody may come, not over the
socket that is the operator's own."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import socket
import struct
import unittest

from harness import PASSWORD, Runtime


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code")

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class Client:
    """Nobody, until sign_in() or a token says otherwise."""

    def __init__(self, cell, token=None):
        self.address = cell.environment["PIC_LISTEN"]
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            data = None
            if body is not None:
                data = json.dumps(body)
                named.setdefault("Content-Type", "application/json")
            root = path if path.startswith("/api/") or path in ("/metrics", "/healthz", "/readyz") else "/api/v1" + path
            connection.request(method, root, data, {**self.headers, **named})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.call("POST", path, {} if body is None else body, **headers)

    def put(self, path, body, **headers):
        return self.call("PUT", path, body, **headers)

    def patch(self, path, body, **headers):
        return self.call("PATCH", path, body, **headers)

    def delete(self, path, **headers):
        return self.call("DELETE", path, **headers)

    def sign_in(self, username, password, **more):
        answer = self.post("/session", {"username": username, "password": password, **more})
        if answer.status == 201:
            self.keep(answer)
        return answer

    def keep(self, answer):
        self.headers = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer.json["csrf_token"],
                        "Origin": f"http://{self.address}"}

    def stream(self):
        return Stream(self.address, self.headers)

    def stream_status(self):
        stream = self.stream()
        stream.close()
        return stream.status


class Stream:
    """A websocket (RFC 6455) that follows GET /stream; enough of one to see it close."""

    def __init__(self, address, headers):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /api/v1/stream HTTP/1.1", f"Host: {address}", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        fields = {}
        while line := self.file.readline().strip():
            name, value = line.decode().split(":", 1)
            fields[name.lower()] = value.strip()
        if self.status == 101 and fields.get("sec-websocket-accept") != accept:
            raise AssertionError("the websocket was not accepted as RFC 6455 has it")
        if self.status != 101:
            self.close()

    def close_code(self):
        """Reads until the other side closes, and gives its code."""
        with contextlib.closing(self):
            return self.read_close()

    def read_close(self):
        while True:
            head = self.file.read(2)
            if len(head) < 2:
                return None
            size = head[1] & 127
            if size == 126:
                size = struct.unpack("!H", self.file.read(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self.file.read(8))[0]
            data = self.file.read(size)
            if head[0] & 15 == 8:
                return struct.unpack("!H", data[:2])[0]

    def close(self):
        self.file.close()
        self.socket.close()


class AloneRuntime(Runtime):
    """picd and no agent."""

    def __init__(self):
        super().__init__(supervised=False)

    def start_agent(self):
        pass

    def admin(self):
        client = Client(self)
        answer = client.sign_in("admin", PASSWORD)
        assert answer.status == 201, answer
        return client


class AloneCell(unittest.TestCase):
    """A claimed cell whose daemon is alone, and its administrator: what a test of people, rights and keys begins with."""

    def setUp(self):
        self.cell = AloneRuntime()
        self.addCleanup(self.cell.close)
        self.cell.start()
        self.cell.setup("home.example")
        self.admin = self.cell.admin()
