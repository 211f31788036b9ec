"""The faults that systems of this kind have had, each tried on a real daemon. Those that have a test elsewhere are in the
table of docs/security.md; here are the rest."""

import copy
import json
import os
import pathlib
import re
import socket
import sqlite3
import statistics
import subprocess
import threading
import time
import unittest

from harness import PASSWORD, eventually
from people_client import AloneRuntime, Client


class Cell(unittest.TestCase):
    def setUp(self):
        self.cell = AloneRuntime()
        self.addCleanup(self.cell.close)
        self.cell.start()
        self.cell.setup("home.example")
        self.admin = self.cell.admin()
        self.data = pathlib.Path(self.cell.environment["PIC_DATA"])

    def restart(self):
        self.cell.end("picd")
        self.cell.start_daemon()
        self.cell.wait_until_up()


EXAMPLES = {"label": "word", "hostname": "word.home.example", "record-name": "word", "ipv4": "10.8.0.77", "ip": "10.8.0.77",
            "cidr4": "10.77.0.0/24", "cidr": "10.77.0.0/24", "cidr6": "fd77::/64", "ipv6": "fd77::1", "endpoint": "word.home.example:51820",
            "socket-address": "9.9.9.9", "time-zone": "Europe/Berlin", "text": "words", "uuid": "01900000-0000-7000-8000-000000000000",
            "date-time": "2030-01-01T00:00:00.000Z", "email": "word@home.example", "printable": "words",
            "wireguard-key": "q" * 42 + "g=", "curve-key": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"}
CANARY = "zzinjectedzz"
PAYLOADS = [f"a\n{CANARY}", f"a\r\nPostUp = {CANARY}", f"a\u2028{CANARY}", f"a\u2029{CANARY}", f"a\x00{CANARY}", f"a\x85{CANARY}",
            f'a" {{ {CANARY} }}', f"a;{CANARY}", f"$({CANARY})", f"`{CANARY}`", f"a|{CANARY}", f"../../{CANARY}", f"a/../{CANARY}",
            f"%0a{CANARY}", f"a\t{CANARY}", f"${{{CANARY}}}", f"<script>{CANARY}</script>", f"a #{CANARY}", f"a\\n{CANARY}"]


class ConfigInjection(Cell):
    """Row: newline in a name becomes config. Every string of every command, by the document that is served."""

    def setUp(self):
        super().setUp()
        self.document = self.admin.get("/openapi.json").json

    def resolved(self, schema):
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        return schema

    def example(self, schema):
        schema = self.resolved(schema)
        kind = schema.get("type", "object")
        kind = kind[0] if isinstance(kind, list) else kind
        if "enum" in schema:
            return schema["enum"][0]
        if "const" in schema:
            return schema["const"]
        if kind == "string":
            return EXAMPLES.get(schema.get("format"), "x" * max(schema.get("minLength", 1), 4))
        if kind == "array":
            return [self.example(schema["items"])]
        if kind in ("integer", "number"):
            return max(schema.get("minimum", 1), 1)
        if kind == "boolean":
            return False
        return {name: self.example(part) for name, part in schema.get("properties", {}).items() if name in schema.get("required", [])}

    def strings(self, schema, path=()):
        """Where a body may hold free strings."""
        schema = self.resolved(schema)
        kind = schema.get("type", "object")
        kinds = kind if isinstance(kind, list) else [kind]
        if "string" in kinds and "enum" not in schema and "const" not in schema:
            yield path
        elif "array" in kinds:
            yield from self.strings(schema["items"], (*path, 0))
        elif "object" in kinds:
            for name, part in schema.get("properties", {}).items():
                yield from self.strings(part, (*path, name))

    @staticmethod
    def put(body, path, value):
        at = body
        for step, after in zip(path, path[1:]):
            if isinstance(step, str):
                at = at.setdefault(step, [None] if after == 0 else {})
            else:
                at = at[step] if at[step] is not None else at.__setitem__(step, {}) or at[step]
        at[path[-1]] = value

    def commands(self):
        for path, item in self.document["paths"].items():
            for method in ("post", "put", "patch"):
                operation = item.get(method, {})
                content = operation.get("requestBody", {}).get("content", {}).get("application/json")
                if content and operation.get("x-command") and operation["x-command"] not in ("ImportConfig", "Undo", "RestoreTo"):
                    yield method.upper(), path, content["schema"]

    def test_nothing_that_is_sent_in_any_field_reaches_a_configuration_as_syntax(self):
        tried = 0
        for method, path, schema in self.commands():
            path = re.sub(r"{(id|name|app|user)}", EXAMPLES["uuid"], path).replace("{service}", "dns").replace("{finding}", "word").replace("{zone}", "home.example")
            base = self.example(schema)
            for place in self.strings(schema):
                if not place:
                    continue
                for payload in PAYLOADS:
                    body = copy.deepcopy(base)
                    self.put(body, place, payload)
                    answer = self.admin.call(method, path, body)
                    self.assertLess(answer.status, 500, (method, path, place, payload, answer))
                    tried += 1
        self.assertGreater(tried, 1000)
        for artefact in self.admin.get("/artefacts").json["items"]:
            if artefact["service"] == "cell":
                continue  # a picture of the state for people, which no program reads
            text = self.admin.get(f"/artefacts/{artefact['service']}/{artefact['path']}").body.decode()
            for line in text.splitlines():
                self.assertFalse(line.lstrip().startswith((CANARY, "PostUp")), f"{artefact['path']}: {line}")
            self.assertNotIn(CANARY, text, artefact["path"])


class PathTraversal(Cell):
    """Row: path traversal, cookie-to-path, symlinks."""

    def test_no_spelling_of_a_path_leaves_its_place(self):
        secret = self.data / "master.key"
        key = secret.read_bytes()
        up = ("..", "%2e%2e", ".%2e", "..%2f", "%2e%2e%2f", "..%5c", "..%00", "%252e%252e", "....//")
        host, port = self.cell.environment["PIC_LISTEN"].rsplit(":", 1)
        for dots in up:
            for depth in range(1, 6):
                for front in ("/", "/assets/", "/api/v1/artefacts/dns/", "/api/v1/artefacts/", "/api/v1/services/"):
                    for end in (str(secret).lstrip("/"), "master.key", "data/master.key", "etc/passwd"):
                        path = front + "/".join([dots] * depth) + "/" + end
                        with socket.create_connection((host, int(port)), timeout=60) as line:
                            auth = "".join(f"{n}: {v}\r\n" for n, v in self.admin.headers.items())
                            line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{auth}Connection: close\r\n\r\n".encode())
                            got = b""
                            while piece := line.recv(65536):
                                got += piece
                        self.assertNotIn(key, got, path)
                        self.assertNotIn(b"root:x:0", got, path)

    def test_a_cookie_is_no_path(self):
        name = self.admin.headers["Cookie"].split("=")[0]
        for value in ("../../access.db", "..%2f..%2faccess", "/etc/passwd", "\\..\\access", "A" * 4000):
            self.assertEqual(Client(self.cell).get("/session", Cookie=f"{name}={value}").status, 401)

    def test_a_key_behind_a_symbolic_link_is_refused(self):
        self.cell.end("picd")
        (self.data / "master.key").rename(self.cell.folder / "elsewhere.key")
        (self.data / "master.key").symlink_to(self.cell.folder / "elsewhere.key")
        done = subprocess.run([str(pathlib.Path(self.cell.environment["PIC_PROGRAMS"]) / "picd")], env=self.cell.environment,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 12, done.stderr)


class NoShell(Cell):
    """Row: shell injection. What picd starts, over a day's work: nothing at all."""

    def test_the_daemon_starts_no_program(self):
        pid = self.cell.children["picd"].pid
        self.admin.post("/peers", {"name": "laptop"})
        self.admin.post("/dns/query", {"name": "laptop.home.example"})
        self.admin.post("/vault/certificates", {"sans": ["x.home.example"]})
        self.admin.get("/findings")
        self.admin.get("/backup", Pic_Passphrase="two red foxes and a ladder")
        children = [task.read_text() for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children")]
        self.assertEqual("".join(children).strip(), "")
        program = pathlib.Path(self.cell.environment["PIC_PROGRAMS"]) / "picd"
        symbols = subprocess.run(["nm", "-D", "--undefined-only", program], check=True, capture_output=True, text=True).stdout
        for starter in ("system", "popen", "execve", "execvp", "execl", "execlp", "execv", "posix_spawn", "posix_spawnp", "fork", "vfork"):
            self.assertNotRegex(symbols, rf"\bU {starter}(@|$)", "it could not even if it wanted")


class SetUpStaysShut(Cell):
    """Row: set-up that reopens when the user table is empty."""

    def refused(self):
        self.assertEqual(Client(self.cell).get("/setup").json, {"claimed": True})
        answer = Client(self.cell).post("/setup", {"setup_token": "x", "username": "mallory", "password": "eleven purple kettles sing",
                                                   "cell_name": "mine", "domain": "mine.example", "vpn_range": "10.9.0.0/24"})
        self.assertEqual((answer.status, answer.code), (409, "already_set_up"), answer)

    def test_without_snapshots_sessions_or_token_file(self):
        self.refused()
        self.cell.end("picd")
        for file in ("access.db", "access-log.db", "setup-token", "live.db"):
            for path in self.data.glob(file + "*"):
                path.unlink()
        for path in (self.data / "snapshots").iterdir():
            path.unlink()
        (self.data / "setup-token").write_text("x\n")
        (self.data / "setup-token").chmod(0o600)
        self.cell.start_daemon()
        self.cell.wait_until_up()
        self.refused()
        self.assertFalse((self.data / "setup-token").exists())

    def test_while_the_world_is_being_made(self):
        self.cell.end("picd")
        seen, stop = [], threading.Event()

        def knock():
            while not stop.is_set():
                try:
                    seen.append(Client(self.cell).get("/setup").json["claimed"])
                except OSError:
                    pass
        thread = threading.Thread(target=knock)
        thread.start()
        try:
            for path in (self.data / "snapshots").iterdir():
                path.unlink()
            self.cell.start_daemon()
            self.cell.wait_until_up()
            eventually(lambda: len(seen) > 3, "answers")
        finally:
            stop.set()
            thread.join()
        self.assertEqual(set(seen), {True})


class BruteForce(Cell):
    """Row: brute force. The limiter's arithmetic is tested in `access`; here that nothing goes around it."""

    def test_tries_are_slowed_and_the_owner_gets_in(self):
        owner = self.admin  # signed in before, as an owner's browser is
        codes = [Client(self.cell).sign_in("admin", f"guess number {n}").status for n in range(200)]
        self.assertEqual(set(codes), {401, 429})
        self.assertLessEqual(codes.count(401), 20, "so many were looked at")
        self.assertEqual(owner.get("/session").status, 200)
        self.assertEqual(owner.post("/peers", {"name": "laptop"}).status, 201)
        self.assertEqual(self.cell.picctl("whoami").returncode, 0, "and on the host itself there is always a way in")


class NoForgery(Cell):
    """Row: server-side request forgery. The daemon calls nobody that a user names."""

    def test_no_address_in_any_field_is_called(self):
        with socket.create_server(("127.0.0.1", 0)) as trap:
            trap.setblocking(False)
            port = trap.getsockname()[1]
            here, url = f"127.0.0.1:{port}", f"http://127.0.0.1:{port}/"
            self.admin.post("/proxy/sites", {"host": "x.home.example", "upstream": here})
            self.admin.post("/proxy/sites", {"host": "y.home.example", "upstream": url})
            self.admin.post("/cells", {"url": url, "invitation": url})
            self.admin.patch("/cell", {"endpoint": here})
            self.admin.post("/dns/query", {"name": here, "type": "A"})
            self.admin.post("/vault/certificates", {"sans": [here]})
            self.admin.post("/users", {"username": "x", "password": "eleven purple kettles sing", "role": "member", "email": f"x@{here}"})
            self.admin.get("/findings")
            self.admin.get("/session", Referer=url, Origin=f"http://{self.admin.address}")
            with self.assertRaises(BlockingIOError, msg="somebody called"):
                trap.accept()


class Timing(Cell):
    """Row: timing of unknown users. The same work is done: compared is the processor time it costs the daemon, which
    neither the network nor a neighbour disturbs."""

    rounds = 9

    def cost(self, name):
        def spent():
            fields = pathlib.Path(f"/proc/{self.cell.children['picd'].pid}/schedstat")
            total = 0
            for task in pathlib.Path(f"/proc/{self.cell.children['picd'].pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
            del fields
            return total
        before = spent()
        answer = Client(self.cell).sign_in(name, "not this one at all")
        self.assertEqual(answer.status, 401, answer)
        return spent() - before, answer.json

    def test_an_unknown_user_costs_what_a_known_one_costs(self):
        known, unknown, shapes = [], [], set()
        for number in range(self.rounds):
            self.admin.post("/users", {"username": f"known{number}", "password": "eleven purple kettles sing", "role": "member"})
        for number in range(self.rounds):
            self.restart()  # the limiter forgets
            for names, costs in ((f"known{number}", known), (f"nobody{number}", unknown)):
                cost, answer = self.cost(names)
                costs.append(cost)
                shapes.add(json.dumps({key: value for key, value in answer.items() if key != "request_id"}))
        self.assertEqual(len(shapes), 1, "and the answers are the same")
        ratio = statistics.median(unknown) / statistics.median(known)
        # A known user costs one look into the vault more, a hash is a thousand times that.
        self.assertLess(abs(ratio - 1), 0.25, (known, unknown))


class Links(Cell):
    """Row: guessable one-time links."""

    def test_they_are_256_random_bits_and_only_their_hash_is_kept(self):
        made = [self.admin.post("/invitations", {"role": "member"}).json["resource"]["token"] for _ in range(8)]
        self.assertEqual(len(set(made)), 8)
        for token in made:
            self.assertRegex(token, r"^pic_[0-9a-f]{32}_[\w-]{43}$")  # 43 characters of base64url: 256 bits
        self.cell.end("picd")
        everything = b"".join(path.read_bytes() for path in self.data.rglob("*") if path.is_file())
        for token in made:
            self.assertNotIn(token.encode(), everything)


if __name__ == "__main__":
    unittest.main(verbosity=2)
