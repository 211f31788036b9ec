"""What the stack's tests stand on: the cell as its commands show it, and machines of other people in network namespaces of their
own, joined to the engine's by a cable. Nothing here is ever reached from outside the engine's namespace."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

CELL, SPACE = Path(sys.argv[1]), sys.argv[2]
PASSPHRASE = "a passphrase for tests"
ADMIN_PASSWORD = "a long enough password"
DOMAIN = "home.example"
PEER_WAIT = 20  # seconds for a handshake
OUTSIDE = "203.0.113.7"  # a machine of the internet
RESOLVER = "9.9.9.9"  # whom the cell asks for other people's names, as it is set up


def run(*words, check=True, stdin=None, env=None, timeout=300, cwd=CELL):
    words = [str(word) for word in words]
    done = subprocess.run(words, input=stdin, text=True, capture_output=True, timeout=timeout, cwd=cwd,
                          env={**os.environ, **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def make(target, check=True, **variables):
    return run("make", "--no-print-directory", target, check=check, env={k: str(v) for k, v in variables.items()}, timeout=600)


def typed(words, *answers, seconds=300):
    """Runs a command at a terminal of its own and answers each (question, answer) as it is asked; gives (exit code, what was shown)."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=CELL, start_new_session=True,
                             env={**os.environ, "SKIP_BUILD": "1"}, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(theirs)
    shown, seen, deadline = "", 0, time.monotonic() + seconds
    left = list(answers)
    while select.select([ours], [], [], max(0, deadline - time.monotonic()))[0]:
        try:
            shown += os.read(ours, 4096).decode()
        except OSError:  # the terminal's last user is gone
            break
        if left and left[0][0] in shown[seen:]:
            seen = len(shown)
            os.write(ours, left.pop(0)[1].encode() + b"\n")
    os.close(ours)
    if left:
        child.kill()
    code = child.wait(30)
    assert not left, f"{left[0][0]} was not asked: {shown}"
    return code, shown


def picctl(*words, check=True, stdin=None):
    return run("docker", "exec", "-i", "cell-api", "picctl", *words, check=check, stdin=stdin)


def api(path):
    return json.loads(picctl("--json", *path.split()).stdout)


def wait_for(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.2)


def containers():
    return run("docker", "ps", "--format", "{{.Names}}").stdout.split()


def health(container):
    return run("docker", "inspect", "-f", "{{.State.Health.Status}}", container, check=False).stdout.strip()


def container_mebibytes(name):
    """What its first process has of memory: shared pages by their share (PSS, proc(5))."""
    pid = run("docker", "inspect", "-f", "{{.State.Pid}}", name).stdout.strip()
    return int(re.search(r"Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text()).group(1)) / 1024


def all_mebibytes():
    """What all containers have of memory, as Docker counts it."""
    units = {"B": 2 ** -20, "KiB": 2 ** -10, "MiB": 1, "GiB": 2 ** 10}
    used = run("docker", "stats", "--no-stream", "--format", "{{.MemUsage}}").stdout.splitlines()
    return sum(float(number) * units[unit] for number, unit in (re.match(r"([\d.]+)(\w+)", line).groups() for line in used))


def lagging():
    """The services that are not yet as the log wants them, with why."""
    return {s["name"]: f"{s['state']} {s.get('detail') or ''}" for s in api("services")["items"]
            if s["state"] not in ("applied", "disabled") or (s["state"] == "applied" and s["applied_revision"] < s["desired_revision"])}


def converged(seconds=60):
    wait_for("the daemon", lambda: health("cell-api") == "healthy", seconds)
    try:
        wait_for("every service", lambda: not lagging(), seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}: {lagging()}") from None


def digests():
    """Of all that is rendered but for .env, and the serials of the zones, which only ever rise."""
    return {(a["service"], a["path"]): a["digest"] for a in api("artefacts")["items"] if a["service"] != "cell"}


def rendered():
    """The text of all that is rendered, without those serials."""
    texts = {}
    for service, path in digests():
        text = picctl("artefacts", "show", service, path).stdout
        if service == "dns":
            text = "" if path == "parameters" else re.sub(r"(SOA \S+ \S+) \d+", r"\1 SERIAL", text)
        texts[f"{service}/{path}"] = text
    return texts


def dig(name, *options, server="127.0.0.1"):
    done = run("dig", f"@{server}", "+short", "+time=2", "+tries=1", *options, name, check=False)
    return done.stdout.split() if done.returncode == 0 else None


def curl(*words):
    done = run("curl", "--silent", "--show-error", "--max-time", "20", *words, check=False)
    return done.stdout if done.returncode == 0 else f"curl: {done.returncode} {done.stderr}"


def status(*words):
    return curl("--output", "/dev/null", "--write-out", "%{http_code}", *words)


class Machine:
    """A network namespace, joined to the engine's by a cable: 198.18.<n>.2 here, .1 there; with `bridge`, plugged into that one."""
    count = 0

    def __init__(self, name, bridge=None):
        Machine.count += 1
        self.number = Machine.count
        self.space, self.link = f"{SPACE}-{name}", f"veth{self.number}"
        run("ip", "netns", "add", self.space)
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.space)
        run("ip", "link", "set", self.link, "up", *(["master", bridge] if bridge else []))
        self.inside("ip", "link", "set", "lo", "up")
        self.inside("ip", "link", "set", "eth0", "up")
        if not bridge:
            self.inner = f"198.18.{self.number}"
            run("ip", "addr", "add", f"{self.inner}.1/24", "dev", self.link)
            self.inside("ip", "addr", "add", f"{self.inner}.2/24", "dev", "eth0")

    def inside(self, *words, check=True, stdin=None):
        return run("nsenter", f"--net=/var/run/netns/{self.space}", *words, check=check, stdin=stdin)

    def pings(self, address):
        return self.inside("ping", "-c", "1", "-W", "1", address, check=False).returncode == 0

    def close(self):
        run("ip", "netns", "del", self.space, check=False)
        run("ip", "link", "del", self.link, check=False)


class Internet(Machine):
    """Whatever is not ours: one machine at OUTSIDE, and a resolver at RESOLVER that knows its name and no other."""

    def __init__(self):
        super().__init__("outside")
        for address in (OUTSIDE, RESOLVER):
            self.inside("ip", "addr", "add", f"{address}/32", "dev", "lo")
            run("ip", "route", "add", address, "via", f"{self.inner}.2")
        self.resolver = subprocess.Popen(["nsenter", f"--net=/var/run/netns/{self.space}", "dnsmasq", "--keep-in-foreground", "--no-resolv",
                                          "--conf-file=/dev/null", "--no-hosts", "--user=root", "--bind-interfaces", "--interface=lo",
                                          "--pid-file=", f"--host-record=outside.test,{OUTSIDE}"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        self.resolver.terminate()
        self.resolver.wait()
        super().close()


class Wired(Machine):
    """A machine plugged into the containers' own network, without an address."""

    def __init__(self, name):
        network = json.loads(run("docker", "network", "inspect", "cell_cell-network").stdout)[0]
        super().__init__(name, bridge=f"br-{network['Id'][:12]}")
        self.here = folder(name)
        (self.here / "script").write_text('#!/bin/sh\n[ "$1" = bound ] && env >"$LEASE"\nexit 0\n')  # udhcpc calls it with what it was given
        (self.here / "script").chmod(0o755)

    def lease(self, mac):
        """What DHCP gives to a card with this address; empty where it gives nothing."""
        (self.here / "lease").unlink(missing_ok=True)
        self.inside("ip", "link", "set", "eth0", "address", mac)
        self.inside("env", f"LEASE={self.here}/lease", "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "5", "-s",
                    self.here / "script", check=False)
        lines = (self.here / "lease").read_text().splitlines() if (self.here / "lease").exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line)


class Peer(Machine):
    """A device with a WireGuard tunnel to the cell."""

    def __init__(self, name, config):
        super().__init__(name)
        self.device = f"wgt{self.number}"
        self.daemon = subprocess.Popen(["nsenter", f"--net=/var/run/netns/{self.space}", "wireguard-go", "-f", self.device],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env={**os.environ, "WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error",
                                            "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD": "1"})
        wait_for("wireguard-go", lambda: self.inside("wg", "show", self.device, check=False).returncode == 0, 10)
        addresses = re.search(r"Address = (.*)", config).group(1).split(", ")
        stripped = "\n".join(line for line in config.splitlines() if not re.match(r"(Address|DNS|MTU) *=", line))
        stripped = re.sub(r"AllowedIPs = .*", "AllowedIPs = 0.0.0.0/0", stripped)
        stripped = re.sub(r"Endpoint = [^:\n]*:", f"Endpoint = {self.inner}.1:", stripped)
        if "Endpoint" not in stripped:
            stripped = stripped.replace("[Peer]", f"[Peer]\nEndpoint = {self.inner}.1:51820")
        self.inside("wg", "setconf", self.device, "/dev/stdin", stdin=stripped + "\n")
        for address in addresses:
            self.inside("ip", "addr", "add", address, "dev", self.device)
        self.inside("ip", "link", "set", self.device, "up")
        self.inside("ip", "route", "replace", "default", "dev", self.device)

    def asks(self, name):
        return self.inside("dig", "@10.8.0.1", "+short", "+time=2", "+tries=1", name, check=False).stdout.split()

    def connects(self, address, port):
        script = f"import socket; socket.create_connection(('{address}', {port}), 2)"
        return self.inside("/usr/bin/python3", "-c", script, check=False).returncode == 0

    def close(self):
        self.daemon.terminate()
        self.daemon.wait()
        super().close()


def wipe():
    """Takes the cell away as its owner would, and keeps the images, which could not be built again in here."""
    images = run("docker", "images", "--format", "{{.Repository}}", "--filter", "reference=cell/*").stdout.split()
    for image in images:
        run("docker", "tag", image, image.replace("cell/", "kept/"))
    make("uninstall", FORCE=1)
    for image in images:
        run("docker", "tag", image.replace("cell/", "kept/"), image)


def folder(name):
    """A folder for a client's own files."""
    path = CELL.with_name("clients") / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
