"""Programs that a run starts, on loopback and in folders of its own, and ends by their pids; and what can be seen of them
from outside."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PIC_PROGRAMS", SOURCE / "build" / "release"))
PATIENCE = 60  # seconds that anything may take to come up or to end


def eventually(condition, what, deadline=PATIENCE, poll=0.02):
    end = time.monotonic() + deadline
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise RuntimeError(f"not within {deadline} s: {what}")
        time.sleep(poll)


def free_port():
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        return tcp.getsockname()[1]


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


class Program:
    """One child. Its output goes to a file, which is shown when it ends without being told to."""

    def __init__(self, argv, log, **environment):
        self.argv, self.log, self.environment = [str(word) for word in argv], pathlib.Path(log), environment
        self.child = None

    def start(self):
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          env={**os.environ, **self.environment}, start_new_session=True)

    @property
    def pid(self):
        return self.child.pid

    def require_alive(self):
        if self.child.poll() is not None:
            raise RuntimeError(f"{self.argv[0]} ended with {self.child.returncode}:\n"
                               + self.log.read_text(errors="replace")[-2000:])
        return True

    def wait_for_port(self, port):
        eventually(lambda: self.require_alive() and listens(port), f"{self.argv[0]} listens")

    def stop(self):
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None


def resident_mib(pid):
    """VmRSS, proc(5)."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def cpu_seconds(pid):
    """Of all its threads, from proc(5)."""
    with open(f"/proc/{pid}/stat") as stat:
        user, system = stat.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure(*argv, **environment):
    """Runs a stopwatch to its end, and gives what its line of JSON says."""
    done = subprocess.run([str(word) for word in argv], env={**os.environ, **environment}, text=True,
                          capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv[:3]))} ...: {done.stderr.strip()}")
    return json.loads(done.stdout)


def wrk(url, seconds, *headers):
    """Requests per second of a GET with 64 connections."""
    more = [word for header in headers for word in ("-H", header)]
    done = subprocess.run(["wrk", "-t1", "-c64", f"-d{max(1, round(seconds))}", *more, url], text=True,
                          capture_output=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"wrk {url}:\n{done.stdout}")
    return next(float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("Requests/sec"))
