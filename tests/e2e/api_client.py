"""The API as a program speaks it: HTTP over TCP or over the unix socket, a websocket, and the served OpenAPI document that
every answer is held to. Standard library only."""

import base64
import http.client
import json
import os
import re
import socket
import struct
import urllib.parse

PROBLEM = "application/problem+json"


class Document:
    """openapi.json: which operation a request is, and whether an answer is what it promises."""

    def __init__(self, document):
        self.root = document
        self.operations = []
        for path, item in document["paths"].items():
            base = "" if "servers" in item else "/api/v1"
            for method, operation in item.items():
                if method == "servers":
                    continue
                rest = operation.get("x-rest")
                pattern = re.sub(r"\\{(\w+)\\}", lambda m: ".+" if m[1] == rest else "[^/]+", re.escape(base + path))
                self.operations.append((method.upper(), re.compile(pattern + r"\Z"), path.count("{"), operation))
        self.operations.sort(key=lambda entry: entry[2])  # a literal segment before a parameter

    def resolve(self, node):
        while "$ref" in node:
            target = self.root
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def operation(self, method, path):
        wanted = "GET" if method == "HEAD" else method
        for verb, pattern, _, operation in self.operations:
            if verb == wanted and pattern.match(path):
                return operation
        return None

    def faults(self, method, path, answer):
        """What of this answer the document does not describe."""
        if answer.status >= 400:
            found = [] if answer.kind == PROBLEM else [f"{answer.status} is {answer.kind}, no problem+json"]
            if found or method == "HEAD":
                return found
            found = self.mismatches({"$ref": "#/components/schemas/Problem"}, answer.json, "")
            if answer.json["status"] != answer.status:
                found.append("the status in the body is another")
            return found
        operation = self.operation(method, path)
        if operation is None:
            return [] if method == "OPTIONS" or not path.startswith("/api/") else ["no such operation in the document"]
        described = operation["responses"].get(str(answer.status))
        if described is None:
            return [f"{answer.status} is not among {sorted(operation['responses'])}"]
        described = self.resolve(described)
        found = [f"the header {name} is missing" for name in described.get("headers", {})
                 if name not in answer.headers and not (name == "ETag" and answer.status != 200)]
        content = described.get("content", {})
        if answer.status == 204 or not content:
            return found + (["a body where there is none"] if answer.body else [])
        if answer.kind not in content:
            return found + [f"{answer.kind} is not among {sorted(content)}"]
        if answer.kind == "application/json" and method != "HEAD":
            found += self.mismatches(content[answer.kind]["schema"], answer.json, "")
        return found

    def mismatches(self, schema, value, at):
        """Where a value is not as its schema says: the subset that schema/README.md names."""
        schema = self.resolve(schema)
        for choices in ("oneOf", "anyOf"):
            if choices in schema:
                found = [self.mismatches(choice, value, at) for choice in schema[choices]]
                return [] if [] in found else [f"none of {len(found)} choices: {found}"]
        kinds = schema.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds] if kinds else []
        kind = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number",
                type(None): "null"}[type(value)]
        if kinds and kind not in kinds and not (kind == "integer" and "number" in kinds):
            return [f"{at}: {kind} instead of {'/'.join(kinds)}"]
        found = []
        if "enum" in schema and value is not None and value not in schema["enum"]:
            found.append(f"{at}: {value!r} is not among {schema['enum']}")
        if "const" in schema and value != schema["const"]:
            found.append(f"{at}: {value!r} is not {schema['const']!r}")
        if kind in ("integer", "number") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            found.append(f"{at}: {value} is out of bounds")
        if kind == "object":
            properties, more = schema.get("properties", {}), schema.get("additionalProperties", False)
            found += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
            for name, inner in value.items():
                if name in properties:
                    found += self.mismatches(properties[name], inner, f"{at}/{name}")
                elif isinstance(more, dict):
                    found += self.mismatches(more, inner, f"{at}/{name}")
                elif not more:
                    found.append(f"{at}: {name} is not described")
        if kind == "array":
            for index, inner in enumerate(value):
                found += self.mismatches(schema.get("items", {}), inner, f"{at}/{index}")
        return found


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.kind = (headers.get("Content-Type") or "").split(";")[0]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["code"]

    @property
    def pointers(self):
        return [error["pointer"] for error in self.json.get("errors", [])]

    @property
    def text(self):
        return self.body.decode()

    @property
    def etag(self):
        return self.headers["ETag"]

    @property
    def seq(self):
        return int(self.headers["X-Pic-Seq"])

    def __repr__(self):
        return f"{self.status} {self.body[:600]!r}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, **more):
        super().__init__("localhost", **more)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Client:
    """Whoever asks: headers that go with every request, and a place for the document that answers are held to."""

    def __init__(self, address=None, unix=None, headers=None, document=None, timeout=90):
        self.address, self.unix, self.timeout = address, unix, timeout
        self.headers = dict(headers or {})
        self.document = document

    def but(self, **headers):
        """The same client with other headers; None leaves one out."""
        merged = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(self.address, self.unix, {k: v for k, v in merged.items() if v is not None}, self.document, self.timeout)

    def connection(self):
        if self.unix:
            return UnixConnection(self.unix, timeout=self.timeout)
        host, port = self.address.rsplit(":", 1)
        return http.client.HTTPConnection(host, int(port), timeout=self.timeout)

    def ask(self, method, target, body=None, **headers):
        """A request on a connection of its own. `body`: bytes as they are, anything else as JSON."""
        path = target if target.startswith("/api/") or target in ("/healthz", "/readyz", "/metrics") or target == "/" \
            or target.startswith("//") else "/api/v1" + target
        sent = self.headers | {name.replace("_", "-"): str(value) for name, value in headers.items()}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None and "Content-Type" not in sent:
            sent["Content-Type"] = "application/json"
        sent = {name: value for name, value in sent.items() if value != ""}
        connection = self.connection()
        try:
            connection.request(method, path, body, sent)
            raw = connection.getresponse()
            answer = Answer(raw.status, raw.headers, raw.read())
        finally:
            connection.close()
        if self.document:
            faults = self.document.faults(method, urllib.parse.urlsplit(path).path, answer)
            if faults:
                raise AssertionError(f"{method} {path}: the document does not describe {answer}: {faults}")
        return answer

    def get(self, target, **headers):
        return self.ask("GET", target, **headers)

    def post(self, target, body=None, **headers):
        return self.ask("POST", target, body, **headers)

    def put(self, target, body=None, **headers):
        return self.ask("PUT", target, body, **headers)

    def patch(self, target, body=None, **headers):
        return self.ask("PATCH", target, body, **headers)

    def delete(self, target, **headers):
        return self.ask("DELETE", target, **headers)

    def raw(self, request):
        """Bytes as they are, and everything that comes back until the other end closes."""
        with socket.create_connection(self.address.rsplit(":", 1), timeout=self.timeout) as sock:
            try:
                sock.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                pass
            sock.shutdown(socket.SHUT_WR)
            received = b""
            while piece := sock.recv(65536):
                received += piece
        return received

    def stream(self, query="", **headers):
        return Stream(self, "/api/v1/stream" + query, headers)


class Stream:
    """A websocket (RFC 6455) as far as a reader of text messages needs it."""

    def __init__(self, client, target, headers):
        if client.unix:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(client.timeout)
            self.sock.connect(str(client.unix))
        else:
            self.sock = socket.create_connection(client.address.rsplit(":", 1), timeout=client.timeout)
        sent = {"Host": client.address or "localhost", "Upgrade": "websocket", "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
        sent |= client.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"GET {target} HTTP/1.1"] + [f"{name}: {value}" for name, value in sent.items() if value is not None]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode())
        self.file = self.sock.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = http.client.parse_headers(self.file)
        self.close_code = None
        if self.status != 101:
            self.problem = json.loads(self.file.read(int(self.headers["Content-Length"])))

    def next(self):
        """The next message; None when the other end closed, and close_code says why."""
        while True:
            first, second = self.file.read(2)
            length = second & 0x7F
            if length == 126:
                length, = struct.unpack("!H", self.file.read(2))
            elif length == 127:
                length, = struct.unpack("!Q", self.file.read(8))
            payload = self.file.read(length)
            match first & 0x0F:
                case 1:
                    return json.loads(payload)
                case 8:
                    self.close_code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                    self.send(8, payload)
                    return None
                case 9:
                    self.send(10, payload)

    def send(self, opcode, payload=b""):
        mask = os.urandom(4)
        self.sock.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask +
                          bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def until(self, kind):
        """Messages up to and with the first of this kind."""
        messages = []
        while not messages or messages[-1]["kind"] != kind:
            message = self.next()
            if message is None:
                raise AssertionError(f"closed with {self.close_code} after {messages}")
            messages.append(message)
        return messages

    def close(self):
        self.file.close()
        self.sock.close()
