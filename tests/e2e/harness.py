"""What the end-to-end tests stand on: the local runtime as a user starts it, picctl as a user types it, a laptop in a
network namespace of its own, and a resolver for it to find upstream. Standard library only; everything that is started
here is ended here, by its pid."""

import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("PIC_PROGRAMS", SOURCE / "build" / "release"))
PASSWORD = "correct horse battery staple"
DEADLINE = 60  # seconds that anything may take; a wait ends as soon as what it waits for is there


def eventually(condition, what, deadline=DEADLINE):
    """Waits until condition() is true, and gives what it gave."""
    end = time.monotonic() + deadline
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what}")
        time.sleep(0.05)


def free_port():
    """A port that nobody has now, over UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]


Process = collections.namedtuple("Process", "pid name parent group session state")


def processes():
    """Every process of the machine that is not dead, from proc(5)."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            text = (folder / "stat").read_text()
            name = text[text.index("(") + 1:text.rindex(")")]
            state, parent, group, session = text[text.rindex(")") + 2:].split()[:4]
            if state not in "ZX":
                found.append(Process(int(folder.name), name, int(parent), int(group), int(session), state))
    return found


class Runtime:
    """picd and pic-agent on ports of their own. `supervised`: by tools/run.sh, as `make run` does; else each alone."""

    def __init__(self, supervised=True, data=None):
        self.folder = pathlib.Path(data or tempfile.mkdtemp(prefix="pic-e2e-"))
        self.dns_port = free_port()
        # Two cells that are tried at once must not meet on the services' usual ports.
        self.ports = {name: free_port() for name in (
            "ntp", "http", "https", "calendar", "files", "webmail", "smtp", "submission", "submissions", "imaps")}
        self.supervised = supervised
        self.environment = dict(
            os.environ,
            PIC_DATA=str(self.folder / "data"),
            PIC_LISTEN=f"127.0.0.1:{free_port()}",
            PIC_BUS=f"127.0.0.1:{free_port()}",
            PIC_DNS_PORT=str(self.dns_port),
            PIC_STATE=str(self.folder / "state"),
            PIC_VALUES=",".join(f"{name}_port={port}" for name, port in self.ports.items()),
            PIC_PROGRAMS=str(PROGRAMS),
            PIC_ADMIN_PASSWORD=PASSWORD,
            PATH=f"{PROGRAMS}:{SOURCE / 'build' / 'coredns'}:{os.environ['PATH']}",
        )
        self.children = {}
        self.console = open(self.folder / "console.log", "ab")

    # --- the programs

    def start(self):
        if self.supervised:
            self.spawn("run.sh", [SOURCE / "tools" / "run.sh"])
        else:
            self.start_daemon()
            self.start_agent()
        self.wait_until_up()
        return self

    def start_daemon(self):
        self.spawn("picd", [PROGRAMS / "picd"])

    def start_agent(self):
        self.spawn("pic-agent", [PROGRAMS / "pic-agent"])

    def spawn(self, name, argv):
        self.children[name] = subprocess.Popen(
            [str(word) for word in argv], env=self.environment, stdin=subprocess.DEVNULL, stdout=self.console,
            stderr=subprocess.STDOUT, start_new_session=True)

    def wait_until_up(self):
        def up():
            for name, child in self.children.items():
                if child.poll() is not None:
                    raise AssertionError(f"{name} ended with {child.returncode}:\n{self.log()}")
            return self.picctl("whoami", check=False).returncode in (0, 4)
        eventually(up, "the daemon answers")

    def end(self, name, how=signal.SIGTERM):
        """Ends one program and gives its exit code."""
        child = self.children.pop(name)
        child.send_signal(how)
        return child.wait(DEADLINE)

    def stop(self):
        for name in list(self.children)[::-1]:
            self.end(name)

    def close(self):
        """Ends what is left, and removes the data."""
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            try:
                child.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                child.kill()
        self.console.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        return (self.folder / "console.log").read_text(errors="replace")

    def family(self):
        """Every process that descends from what was started, by parent and by session."""
        roots = {child.pid for child in self.children.values()}
        everyone = processes()
        ours = {process.pid: process for process in everyone if process.session in roots or process.pid in roots}
        while True:
            more = {p.pid: p for p in everyone if p.parent in ours and p.pid not in ours}
            if not more:
                return list(ours.values())
            ours.update(more)

    # --- as a user

    def run(self, *argv, check=True, **more):
        done = subprocess.run([str(word) for word in argv], env=self.environment, text=True, capture_output=True,
                              timeout=DEADLINE * 2, **more)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, argv))} gave {done.returncode}\n{done.stdout}{done.stderr}\n"
                                 f"--- console\n{self.log()[-4000:]}")
        return done

    def picctl(self, *words, check=True, **more):
        return self.run(PROGRAMS / "picctl", *words, check=check, **more)

    def json(self, *words):
        return json.loads(self.picctl("--json", *words).stdout)

    def setup(self, domain="cell.home.arpa"):
        self.picctl("setup", "--domain", domain)
        return self

    def dig(self, name, *more):
        """The answers, one a line; none where there is no such name or no server."""
        done = self.run("dig", "@127.0.0.1", "-p", self.dns_port, "+short", "+time=2", "+tries=1", name, *more,
                        check=False)
        return done.stdout.split() if done.returncode == 0 else []

    def service(self, name):
        return next(item for item in self.json("services")["items"] if item["name"] == name)

    def wait_applied(self, *names):
        def applied():
            states = {item["name"]: item for item in self.json("services")["items"]}
            return all(states[name]["state"] == "applied" and
                       states[name]["applied_revision"] >= states[name]["desired_revision"] for name in names)
        eventually(applied, f"{' and '.join(names)} applied")

    def head(self):
        return json.loads(self.picctl("events", "--json").stdout.splitlines()[-1])["seq"]


class Laptop:
    """A machine of its own: network, mounts and processes, joined by a cable to the namespace that the cell's WireGuard
    lives in. It brings the tunnel up with wg-quick from what `picctl peer config` printed."""

    CELL = "192.0.2.1"  # of the first one's cable

    def __init__(self, cell_pid, number=0):
        self.cell, self.address = (f"192.0.2.{4 * number + end}" for end in (1, 2))
        cable = f"cable{number}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pic-laptop-"))
        self.servers = []
        (self.folder / "resolv.conf").touch()
        # What wg-quick calls for a DNS line; the real one would edit the host's.
        resolvconf = self.folder / "resolvconf"
        resolvconf.write_text('#!/bin/sh\n[ "$1" = -a ] && cat >/etc/resolv.conf || true\n')
        resolvconf.chmod(0o755)
        script = (f"mount --bind {self.folder}/resolv.conf /etc/resolv.conf && mkdir -p /var/run/wireguard && "
                  f"mount -t tmpfs tmpfs /var/run/wireguard && ip link set lo up && echo ready && exec sleep infinity")
        # The namespace's first process is a child of unshare's; its end ends whatever runs inside.
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script],
            stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline().strip() != "ready":
            raise AssertionError("the laptop's namespace could not be made")
        self.pid = next(p.pid for p in processes() if p.parent == self.holder.pid)
        self.sh(f"ip link add cable type veth peer name {cable} netns {cell_pid}", inside=False)
        self.sh(f"ip addr add {self.address}/30 dev cable && ip link set cable up")
        subprocess.run(["nsenter", "-t", str(cell_pid), "-n", "sh", "-c",
                        f"ip addr add {self.cell}/30 dev {cable} && ip link set {cable} up"], check=True)

    def sh(self, script, check=True, inside=True):
        """Runs a script in the laptop; `inside`: in its process and mount namespaces too, not only in its network."""
        spaces = ["-n", "-m", "-p"] if inside else ["-n"]
        return subprocess.run(["nsenter", "-t", str(self.pid), *spaces, "sh", "-c", script], text=True,
                              capture_output=True, check=check, timeout=DEADLINE,
                              env=dict(os.environ, PATH=f"{self.folder}:{os.environ['PATH']}"))

    def up(self, config):
        path = self.folder / "pic0.conf"
        path.write_text(config)
        path.chmod(0o600)
        done = self.sh(f"WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go wg-quick up {path}", check=False)
        if done.returncode != 0:
            raise AssertionError(f"wg-quick up: {done.stdout}{done.stderr}")

    def pings(self, address):
        return self.sh(f"ping -c 1 -W 1 {address}", check=False).returncode == 0

    def connects(self, address, port):
        """Whether somebody accepts a connection there."""
        script = f"import socket; socket.create_connection(('{address}', {port}), 2)"
        return self.sh(f'python3 -c "{script}"', check=False).returncode == 0

    def serves(self, port):
        """Accepts connections on a port from now on, and closes them."""
        script = (f"import socket; s = socket.create_server(('', {port})); print('ready', flush=True)\n"
                  f"while True: s.accept()[0].close()")
        server = subprocess.Popen(["nsenter", "-t", str(self.pid), "-n", "-m", "-p", sys.executable, "-c", script],
                                  stdout=subprocess.PIPE, text=True)
        self.servers.append(server)
        if server.stdout.readline().strip() != "ready":
            raise AssertionError(f"nothing listens on {port}")

    def resolves(self, name):
        done = self.sh(f"dig +short +time=2 +tries=1 {name}", check=False)
        return done.stdout.split() if done.returncode == 0 else []

    def close(self):
        for server in self.servers:
            server.kill()
            server.wait()
            server.stdout.close()
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Resolver:
    """Somebody else's DNS server, on loopback: it knows one A record a name, over UDP and TCP (RFC 1035)."""

    def __init__(self, names):
        self.names = names
        self.port = free_port()
        resolver = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                message, sock = self.request
                sock.sendto(resolver.answer(message), self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                while length := self.rfile.read(2):
                    answer = resolver.answer(self.rfile.read(struct.unpack("!H", length)[0]))
                    self.wfile.write(struct.pack("!H", len(answer)) + answer)

        self.servers = [socketserver.ThreadingUDPServer(("127.0.0.1", self.port), Udp),
                        socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Tcp)]
        for server in self.servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def answer(self, message):
        identity, flags = struct.unpack("!HH", message[:4])
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode())
            at += message[at] + 1
        question = message[12:at + 5]
        kind = struct.unpack("!H", message[at + 1:at + 3])[0]
        address = self.names.get(".".join(labels).lower())
        found = address is not None and kind == 1
        reply = struct.pack("!HHHHHH", identity, 0x8180 | (flags & 0x0110) | (0 if address else 3), 1, int(found), 0, 0)
        reply += question
        if found:
            reply += struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
        return reply

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


class Questioner(threading.Thread):
    """Asks for one name over UDP, one query after the other, until told to stop; counts what was answered as it should."""

    def __init__(self, port, name, expected):
        super().__init__(daemon=True)
        self.address = ("127.0.0.1", port)
        self.name = name
        self.expected = socket.inet_aton(expected)
        self.asked = self.answered = 0
        self.wrong = []
        self.done = threading.Event()

    def run(self):
        question = b"".join(bytes([len(label)]) + label.encode() for label in self.name.split(".")) + b"\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.connect(self.address)
            while not self.done.is_set():
                identity = self.asked & 0xFFFF
                self.asked += 1
                sock.send(struct.pack("!HHHHHH", identity, 0x0100, 1, 0, 0, 0) + question)
                try:
                    while True:
                        answer = sock.recv(4096)
                        if struct.unpack("!H", answer[:2])[0] == identity:
                            break
                except OSError as error:
                    self.wrong.append(f"query {self.asked}: {error}")
                    continue
                if answer[3] & 0xF == 0 and self.first_address(answer, len(question)) == self.expected:
                    self.answered += 1
                else:
                    self.wrong.append(f"query {self.asked}: rcode {answer[3] & 0xF}, {answer.hex()}")


    @staticmethod
    def first_address(answer, question_length):
        """The data of the first record of the answer section (RFC 1035, 4.1.3), whose name is whole or a pointer."""
        if struct.unpack("!H", answer[6:8])[0] == 0:
            return None
        at = 12 + question_length
        while answer[at] and answer[at] < 0xC0:
            at += 1 + answer[at]
        at += 2 if answer[at] else 1
        length = struct.unpack("!H", answer[at + 8:at + 10])[0]
        return answer[at + 10:at + 10 + length]


def address_of(interface_text):
    return re.search(r"Address\s*=\s*([0-9.]+)", interface_text).group(1)


def why_no_tunnel():
    """Why this machine cannot bring a tunnel up in namespaces, or nothing."""
    if os.geteuid() != 0:
        return "namespaces joined by a cable need root"
    if not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun"
    for program in ("wg-quick", "wireguard-go", "nft", "nsenter", "unshare", "ip", "ping", "dig"):
        if not shutil.which(program):
            return f"no {program}"
    trial = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True)
    return trial.stderr.strip() if trial.returncode else None
