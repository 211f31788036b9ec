"""The faults that systems of this kind have had, each tried on a real daemon. Those that have a test elsewhere are in the
table of docs/security.md; here are the rest."""

import copy
import http.server
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import unittest

from harness import DEADLINE, PASSWORD, PROGRAMS, SOURCE, Runtime, eventually
from people_client import AloneRuntime, Client


class Cell(unittest.TestCase):
    def setUp(self):
        self.cell = AloneRuntime()
        self.addCleanup(self.cell.close)
        self.cell.start()
        self.cell.setup("home.example")
        self.admin = self.cell.admin()
        self.data = pathlib.Path(self.cell.environment["PIC_DATA"])


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
    """Row: shell injection. What picd starts, over a day's work: nothing at all; and what the others could."""

    SHELLS = re.compile(r"(^|/)((ba|da|k|z|a|c|tc|fi)?sh|busybox|env|perl|python[\d.]*|xargs|sudo|su)$")

    def test_the_daemon_starts_no_program(self):
        pid = self.cell.children["picd"].pid
        self.admin.post("/peers", {"name": "laptop"})
        self.admin.post("/dns/query", {"name": "laptop.home.example"})
        self.admin.post("/vault/certificates", {"sans": ["x.home.example"]})
        self.admin.get("/findings")
        self.admin.get("/backup", Pic_Passphrase="two red foxes and a ladder")
        children = [task.read_text() for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children")]
        self.assertEqual("".join(children).strip(), "")

    def test_the_agent_alone_could_and_by_argv(self):
        starters = {"system", "popen", "wordexp", "fork", "vfork", "posix_spawn", "posix_spawnp", "execve", "execvp", "execvpe", "execl", "execlp",
                    "execle", "execv", "execveat", "fexecve"}
        for program, may in (("picd", set()), ("pic-broker", set()), ("picctl", set()), ("pic-agent", {"fork", "execve"})):
            symbols = subprocess.run(["nm", "-D", "--undefined-only", PROGRAMS / program], check=True, capture_output=True, text=True).stdout
            can = {name for name in re.findall(r"\bU (\w+)", symbols) if name in starters}
            self.assertLessEqual(can, may, f"{program} could start a program in this way too")

    def test_no_adapter_runs_a_shell(self):
        def commands(part):
            if isinstance(part, dict):
                if "argv" in part:
                    yield part["argv"]
                part = list(part.values())
            for inner in part if isinstance(part, list) else []:
                yield from commands(inner)
        found = [argv for file in (SOURCE / "adapters").glob("*/adapter.json") for argv in commands(json.loads(file.read_text()))]
        self.assertGreater(len(found), 30)
        for argv in found:
            self.assertNotRegex(argv[0].strip("{}"), self.SHELLS, argv)


class ExecTrace(unittest.TestCase):
    """Row: shell injection. Everything that the agent and the services start while hostile text is about, by the kernel."""

    @unittest.skipUnless(shutil.which("strace"), "not installed: strace")
    def test_no_program_is_given_what_somebody_typed_for_a_shell(self):
        cell = Runtime(supervised=False)
        self.addCleanup(cell.close)
        trace = cell.folder / "trace"
        cell.environment["PIC_SERVICES"] = "dns,wireguard,ntp,dhcp,proxy"
        # LeakSanitizer looks at a process as a debugger does, and there may be one only.
        cell.environment["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
        cell.start_daemon()
        cell.spawn("strace", ["strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-s", "4096", "-o", trace, PROGRAMS / "pic-agent"])
        agent = eventually(lambda: [p.pid for p in cell.family() if p.name == "pic-agent"], "the agent is there")[0]

        def end():  # strace ends with what it watches; it heeds no signal itself
            if cell.children["strace"].poll() is None:
                os.kill(agent, signal.SIGTERM)
                cell.children["strace"].wait(DEADLINE)
        self.addCleanup(end)
        cell.wait_until_up()
        cell.setup("home.example")
        admin = Client(cell)
        self.assertEqual(admin.sign_in("admin", PASSWORD).status, 201)
        taken = 0
        for number, payload in enumerate(PAYLOADS):
            for path, body in (("/users", {"username": f"u{number}", "password": "eleven purple kettles sing", "role": "member", "display_name": payload}),
                               ("/groups", {"name": payload}), ("/dns/records", {"name": f"t{number}", "type": "TXT", "value": payload}),
                               ("/routing/rules", {"action": "accept", "note": payload}),
                               ("/dhcp/reservations", {"mac": f"02:00:5e:10:00:{number:02x}", "address": "10.8.0.9", "hostname": payload}),
                               ("/proxy/sites", {"host": f"{payload}.home.example", "upstream": payload}), ("/peers", {"name": payload})):
                answer = admin.post(path, body)
                self.assertLess(answer.status, 500, (path, payload, answer))
                taken += answer.status == 201
        self.assertGreater(taken, len(PAYLOADS), "much of it is text that people may type")
        self.assertEqual(admin.post("/peers", {"name": CANARY}, Prefer="wait=30").status, 201)
        cell.wait_applied("dns", "wireguard")
        end()
        starts = [line for line in trace.read_text(errors="replace").splitlines() if "execve(" in line]
        self.assertGreater(len(starts), 5)
        self.assertTrue(any("coredns" in line for line in starts))
        for line in starts:
            self.assertNotIn(CANARY, line)


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
    """Row: timing of unknown users. Counted is the work: the hash, which takes a tenth of a second where all the rest takes
    less than a thousandth of that. (That the dummy's hash costs what a real one does is tested in `access`.)"""

    def hashes(self):
        return int(re.search(rb"^pic_password_hashes (\d+)", self.admin.get("/metrics").body, re.M).group(1))

    def test_every_sign_in_that_is_looked_at_costs_one_hash_and_is_answered_alike(self):
        self.admin.post("/users", {"username": "known", "password": "eleven purple kettles sing", "role": "member"})
        removed = self.admin.post("/users", {"username": "removed", "password": "eleven purple kettles sing", "role": "member"}).json["resource"]
        self.admin.delete(f"/users/{removed['id']}")
        shapes = set()
        for name in ("known", "unknown", "removed", "NOT A NAME", "\u00fc" * 100):
            before = self.hashes()
            answer = Client(self.cell).sign_in(name, "not this one at all")
            self.assertEqual(answer.status, 401, (name, answer))
            self.assertEqual(self.hashes() - before, 1, name)
            shapes.add(json.dumps({key: value for key, value in answer.json.items() if key != "request_id"}))
            shapes.add(json.dumps(sorted(set(answer.headers.keys()))))
        self.assertEqual(len(shapes), 2, "the same words and the same headers")


class CoreFiles(unittest.TestCase):
    """Row: secrets in logs, and in a core. A program that crashes leaves none, whatever the host is set up to do; and what
    opens the vault lies in pages that no dump takes."""

    def setUp(self):
        self.cell = AloneRuntime()
        self.addCleanup(self.cell.close)
        was = os.getcwd()
        self.addCleanup(os.chdir, was)
        os.chdir(self.cell.folder)  # where a core would be written
        limit = resource.getrlimit(resource.RLIMIT_CORE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, limit)
        resource.setrlimit(resource.RLIMIT_CORE, (limit[1], limit[1]))

    def dumps_core(self, argv, ready):
        child = subprocess.Popen([str(word) for word in argv], env=self.cell.environment, stdout=self.cell.console, stderr=subprocess.STDOUT)
        try:
            eventually(lambda: ready(child), "it runs")
        finally:
            child.send_signal(signal.SIGABRT)  # a sanitizer would take SIGSEGV for a fault
            _, status = os.waitpid(child.pid, 0)
            child.returncode = status
        self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
        return os.WCOREDUMP(status)

    def test_a_program_that_crashes_leaves_no_core(self):
        self.cell.environment |= {"PIC_PROJECT": "none", "PIC_DOCKER": str(self.cell.folder / "none"), "PIC_BROKER": str(self.cell.folder / "broker")}

        def keeps_to_itself(child):
            limits = pathlib.Path(f"/proc/{child.pid}/limits").read_text()
            return re.search(r"Max core file size +0 +0 ", limits)
        for program in ("picd", "pic-agent", "pic-broker"):
            self.assertFalse(self.dumps_core([PROGRAMS / program], keeps_to_itself), program)
        if not self.dumps_core(["sleep", "60"], lambda child: pathlib.Path(f"/proc/{child.pid}/comm").read_text() == "sleep\n"):
            self.skipTest("nothing leaves a core here: the limits were looked at, and no more")
        cores = [path for path in self.cell.folder.iterdir() if path.name.startswith("core")]
        self.assertLessEqual(len(cores), 1, "but for sleep's")

    @unittest.skipIf(os.geteuid(), "looking into a daemon's memory is for root")
    def test_the_master_key_is_only_where_no_dump_looks(self):
        self.cell.start()
        self.cell.setup("home.example")
        admin = self.cell.admin()
        self.assertEqual(admin.post("/vault/certificates", {"sans": ["x.home.example"]}).status, 201)
        self.assertEqual(admin.post("/vault/secrets", {"name": "k", "generate": True}).status, 201)
        key = (pathlib.Path(self.cell.environment["PIC_DATA"]) / "master.key").read_bytes().strip()
        pid = self.cell.children["picd"].pid
        maps = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", pathlib.Path(f"/proc/{pid}/smaps").read_text())[1:]
        if any(re.search(r"/lib(a|t|ub)san\.", text) for text in maps):
            self.skipTest("a sanitizer's memory is too large to look through, and its own")
        locked = scanned = 0
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for text in maps:
                begin, end = (int(word, 16) for word in text.split(" ", 1)[0].split("-"))
                flags = re.search(r"VmFlags: (.*)", text).group(1).split()
                if "rd" not in flags or "[v" in text.splitlines()[0]:
                    continue
                locked += {"dd", "lo"} <= set(flags)
                if "dd" in flags:
                    continue
                memory.seek(begin)
                content = b""
                while len(content) < end - begin and (piece := memory.read(end - begin - len(content))):
                    content += piece
                scanned += len(content)
                self.assertNotIn(key, content, text.splitlines()[0])
        self.assertGreater(locked, 0, "the pool of secrets is locked and left out")
        self.assertGreater(scanned, 1 << 20)


class HostileOrigin(Cell):
    """Row: webmail XSS. Whatever a hostile message makes of the webmail, which is a neighbour of the web UI on the same
    host: its page can neither read from the API nor have it do anything, even where the browser sends the cookie along."""

    PAGE = r"""<!doctype html><title>inbox</title><pre id=seen>nothing yet</pre><script>
const api = 'http://%(api)s', seen = {}
const attempt = async (name, work) => { try { seen[name] = await work() } catch (error) { seen[name] = 'blocked' } }
const get = async (path, more) => (await fetch(api + path, { credentials: 'include', ...more })).text()
const frame = (src) => new Promise((done) => { const inner = document.createElement('iframe'); inner.src = src
  inner.onload = () => { let text = 'blocked'; try { text = inner.contentDocument.body.innerText || 'blocked' } catch (error) { } done(text) }
  document.body.append(inner) })
const socket = () => new Promise((done) => { const line = new WebSocket(api.replace('http', 'ws') + '/api/v1/stream?after=0')
  line.onmessage = (event) => done(event.data); line.onerror = line.onclose = () => done('blocked') })
const script = () => new Promise((done) => { const tag = document.createElement('script'); tag.src = api + '/api/v1/session'
  tag.onload = () => done('ran'); tag.onerror = () => done('blocked'); document.head.append(tag) })
const form = () => new Promise((done) => { const sent = document.createElement('form'), to = document.createElement('iframe')
  to.name = 'to'; to.onload = () => setTimeout(done, 0, 'blocked'); document.body.append(to)
  sent.action = api + '/api/v1/peers'; sent.method = 'post'; sent.enctype = 'text/plain'; sent.target = 'to'
  sent.innerHTML = '<input name=\'{"name":"byform","x":"\' value=\'"}\'>'; document.body.append(sent); sent.submit() })
const main = async () => {
  await attempt('session', () => get('/api/v1/session'))
  await attempt('users', () => get('/api/v1/users'))
  await attempt('opaque', () => get('/api/v1/events', { mode: 'no-cors' }).then((text) => text || 'blocked'))
  await attempt('add', () => get('/api/v1/peers', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"byfetch"}' }))
  await attempt('plain', () => get('/api/v1/peers', { method: 'POST', mode: 'no-cors', body: '{"name":"byplain"}' }).then((text) => text || 'blocked'))
  await attempt('remove', () => get('/api/v1/session', { method: 'DELETE' }))
  await attempt('framed', () => frame(api + '/'))
  await attempt('framed API', () => frame(api + '/api/v1/session'))
  await attempt('script', script)
  await attempt('socket', socket)
  await attempt('form', form)
  await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) })
}
main()</script>"""

    @unittest.skipUnless(shutil.which("chromium"), "not installed: chromium")
    def test_a_page_beside_the_web_ui_reads_nothing_and_does_nothing(self):
        test, seen, asked = self, [], []
        sent_along = self.admin.headers["Cookie"]

        class Webmail(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                # Cookies know no port: this makes the browser send the administrator's to the API as well.
                body = (test.PAGE % {"api": test.admin.address}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Set-Cookie", f"{sent_along}; Path=/; HttpOnly; SameSite=Strict")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                asked.append(self.headers.get("Cookie", ""))
                seen.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webmail)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        head = self.cell.head()
        self.cell.environment["HOME"] = str(self.cell.folder)
        self.cell.spawn("chromium", ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                                     "--disable-background-networking", f"--user-data-dir={self.cell.folder}/browser", "--remote-debugging-port=0",
                                     f"http://127.0.0.1:{server.server_address[1]}/"])
        found = eventually(lambda: seen, "the page has tried everything")[0]
        self.assertIn(sent_along, asked[0], "the browser sends the cookie where it can")
        self.assertEqual(set(found.values()), {"blocked"}, found)
        self.assertEqual(len(found), 11)
        self.assertEqual(self.cell.head(), head, "and nothing was done")
        self.assertEqual(self.admin.get("/session").status, 200)
        refused = self.admin.get("/access-log?kind=refused&limit=1000").json["items"]
        self.assertTrue(any("origin_refused addPeer" in entry["detail"] for entry in refused), refused)
        self.cell.end("chromium")

    def test_no_answer_lets_another_origin_in(self):
        here = self.admin.address
        for origin in ("http://webmail.home.example", "https://webmail.home.example", f"http://evil.{here}", "null", "https://pic.home.example.evil.example"):
            for method, path in (("GET", "/session"), ("POST", "/peers"), ("DELETE", "/session"), ("OPTIONS", "/peers"), ("GET", "/openapi.json")):
                answer = self.admin.call(method, path, {} if method == "POST" else None, Origin=origin, Access_Control_Request_Method="POST")
                self.assertFalse([name for name in answer.headers if name.lower().startswith("access-control-")], (origin, method, path))
                self.assertEqual(answer.headers["Cross-Origin-Resource-Policy"], "same-origin")
                if method != "OPTIONS":
                    self.assertEqual((answer.status, answer.code), (403, "origin_refused"), (origin, method, path))
        cookie = Client(self.cell).sign_in("admin", PASSWORD).headers["Set-Cookie"]
        self.assertNotIn("domain=", cookie.lower(), "a cookie of this host alone")


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
