"""picd under load, killed with SIGKILL again and again, at random moments and at named steps of its write path: every
acknowledged command is there once, and nothing else is; the chain verifies; subscribers and agents converge.

    PIC_CRASH_KILLS=10000 PIC_CRASH_SEED=7 PIC_PROGRAMS=build/release python3 tests/crash/crash_test.py

The clients never give up on a command: when the daemon dies before it answered, they ask again under the same
Idempotency-Key, so "exactly once" is tested from their end too."""

import collections
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import DEADLINE, PROGRAMS, Runtime, eventually  # noqa: E402
from local_api import Api, claim  # noqa: E402

KILLS = int(os.environ.get("PIC_CRASH_KILLS", "200"))
SEED = int(os.environ.get("PIC_CRASH_SEED", "1"))
CLIENTS = 6
PEERS_A_CLIENT = 8  # then it removes one before it adds the next, so that the cell stays small
STEPS = ("decided", "sealed", "committed", "published", "answered")
LONGEST_LIFE = 0.15  # seconds of load before a random kill


Acknowledged = collections.namedtuple("Acknowledged", "seq kind names")


class Client(threading.Thread):
    """Sends one command after the other, each until it is answered."""

    def __init__(self, number, path, seed):
        super().__init__(daemon=True)
        self.number = number
        self.api = Api(path)
        self.random = random.Random(seed)
        self.count = 0
        self.peers = collections.deque()  # (name, id), oldest first
        self.acknowledged = []
        self.asked_again = 0
        self.finish = threading.Event()
        self.fault = None

    def run(self):
        try:
            while not self.finish.is_set():
                self.one()
        except Exception as fault:  # pylint: disable=broad-except
            self.fault = f"client {self.number}: {fault!r}"

    def one(self):
        self.count += 1
        key = f"c{self.number}-{self.count}"
        if len(self.peers) >= PEERS_A_CLIENT:
            name, identity = self.peers[0]
            seq, _ = self.ask("DELETE", f"/peers/{identity}", None, key)
            self.peers.popleft()
            self.acknowledged.append(Acknowledged(seq, "PeerRemoved", [name]))
        elif self.random.random() < 0.3:
            names = [f"{key}-a", f"{key}-b"]
            commands = [{"type": "AddDnsRecord", "data": {"name": n, "type": "A", "value": "10.8.0.99"}} for n in names]
            seq, _ = self.ask("POST", "/changes", {"commands": commands}, key)
            self.acknowledged.append(Acknowledged(seq, "DnsRecordAdded", names))
        else:
            seq, answer = self.ask("POST", "/peers", {"name": key, "preshared_key": True}, key)
            self.peers.append((key, answer["resource"]["id"]))
            self.acknowledged.append(Acknowledged(seq, "PeerAdded", [key]))

    def ask(self, method, path, body, key):
        while True:
            try:
                status, text, seq = self.api.call(method, path, body, key)
            except (OSError, http.client.HTTPException):
                self.asked_again += 1
                time.sleep(0.002)
                continue
            if status not in (200, 201, 204):
                raise AssertionError(f"{method} {path} with key {key}: {status} {text}")
            return seq, json.loads(text or "{}")


class Ledger:
    """The log as it was seen so far: it only ever grows, and what was acknowledged is in it."""

    def __init__(self, api):
        self.api = api
        self.events = []
        self.names = {}  # id of a peer: its name

    def catch_up(self):
        if self.events:  # the last one seen is there, and is the same
            last = self.api.get(f"/events?after={self.head - 1}&limit=1")["items"]
            assert last and last[0]["hash"] == self.events[-1]["hash"], f"event {self.head} was acknowledged and is gone"
        while True:
            items = self.api.get(f"/events?after={self.head}&limit=1000")["items"]
            for event in items:
                assert event["seq"] == self.head + 1, f"{event['seq']} follows {self.head}"
                self.events.append(event)
                if event["type"] == "PeerAdded":
                    self.names[event["data"]["id"]] = event["data"]["name"]
            if len(items) < 1000:
                return

    @property
    def head(self):
        return len(self.events)

    def name_of(self, event):
        return event["data"].get("name") or self.names[event["data"]["id"]]

    def check(self, acknowledged):
        assert acknowledged.seq <= self.head, f"{acknowledged} was acknowledged, and the log ends at {self.head}"
        events = self.events[acknowledged.seq - len(acknowledged.names):acknowledged.seq]
        assert [event["type"] for event in events] == [acknowledged.kind] * len(events), (acknowledged, events)
        assert [self.name_of(event) for event in events] == acknowledged.names, (acknowledged, events)
        assert len({event["change_id"] for event in events}) == 1, (acknowledged, events)

    def counted(self, kind):
        return collections.Counter(self.name_of(event) for event in self.events if event["type"] == kind)


class Follower:
    """The example subscriber, all along: what it printed."""

    def __init__(self, runtime, api):
        self.folder = runtime.folder
        self.out = open(self.folder / "followed.jsonl", "wb")
        self.said = open(self.folder / "follower.log", "wb")
        bus = runtime.environment["PIC_BUS"]
        program = [str(PROGRAMS / "example-subscriber"), f"tcp://{bus}"]
        files = [str(self.folder / "follower.key"), str(self.folder / "follower.position")]
        # A first run makes its key and says so; any key of a server will do for that.
        maker = subprocess.Popen([*program, "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", *files],
                                 stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        line = maker.stderr.readline()
        maker.terminate()
        maker.wait()
        maker.stderr.close()
        public_key = line.split(": ", 1)[1].strip()
        status, text, _ = api.call("POST", "/subscribers", {"name": "follower"})
        assert status == 201, text
        token = json.loads(text)["resource"]["enrolment_token"]
        status, text, _ = api.call("POST", "/enrolment", {"enrolment_token": token, "public_key": public_key})
        assert status == 201, text
        self.process = subprocess.Popen([*program, json.loads(text)["server_public_key"], *files],
                                        stdout=self.out, stderr=self.said)

    def seen(self):
        return [json.loads(line)["seq"] for line in (self.folder / "followed.jsonl").read_bytes().splitlines(True)
                if line.endswith(b"\n")]

    def end(self):
        self.process.terminate()
        self.process.wait(DEADLINE)
        self.out.close()
        self.said.close()


class Crash(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.cell = Runtime(supervised=False)
        self.addCleanup(self.cell.close)
        self.socket = self.cell.folder / "data" / "picd.sock"
        self.api = Api(self.socket)
        self.kills = collections.Counter()
        self.clients = []
        self.restarts = []
        self.cell.environment["PIC_LOG_LEVEL"] = "warn"
        self.has_agent = shutil.which("coredns", path=self.cell.environment["PATH"]) is not None

    def start(self, crash_at=None):
        environment = self.cell.environment
        environment.pop("PIC_CRASH_AT", None)
        if crash_at:
            environment["PIC_CRASH_AT"] = crash_at
        self.cell.start_daemon()
        environment.pop("PIC_CRASH_AT", None)

    def wait_until_up(self):
        began = time.monotonic()
        daemon = self.cell.children["picd"]
        while not self.api.is_up():
            if daemon.poll() is not None:
                self.fail(f"picd ended with {daemon.returncode}:\n{self.cell.log()[-4000:]}")
            if time.monotonic() - began > DEADLINE:
                self.fail(f"picd does not answer:\n{self.cell.log()[-4000:]}")
            time.sleep(0.002)
        self.restarts.append(time.monotonic() - began)

    def set_up(self):
        self.start()
        claim(self.cell, self.api)

    def faults(self):
        return [client.fault for client in self.clients if client.fault]

    # --- how a life ends

    def kill(self, how):
        self.assertEqual(self.cell.end("picd", signal.SIGKILL), -signal.SIGKILL)
        self.kills[how] += 1

    def killed_at_random(self):
        self.start()
        self.wait_until_up()
        time.sleep(self.random.uniform(0, LONGEST_LIFE))
        self.kill("at random")

    def killed_while_it_starts(self):
        self.start()
        time.sleep(self.random.uniform(0, 0.06))
        self.kill("while it starts")

    def killed_at_a_step(self):
        step = self.random.choice(STEPS)
        self.start(f"{step}:{self.random.randint(1, 25)}")
        daemon = self.cell.children["picd"]
        eventually(lambda: daemon.poll() is not None or self.faults(), f"picd reaches {step}")
        self.assertEqual(self.faults(), [], self.cell.log()[-4000:])
        self.assertEqual(daemon.returncode, -signal.SIGKILL, self.cell.log()[-4000:])
        del self.cell.children["picd"]
        self.kills[step] += 1

    def stopped(self):
        self.start()
        self.wait_until_up()
        self.assertEqual(self.cell.end("picd", signal.SIGTERM), 0, self.cell.log()[-4000:])

    # --- the test

    def test_whatever_the_moment_nothing_acknowledged_is_lost_and_nothing_is_done_twice(self):
        began = time.monotonic()
        self.set_up()
        follower = Follower(self.cell, self.api)
        self.addCleanup(follower.end)
        if self.has_agent:
            self.cell.spawn("pic-agent", [PROGRAMS / "pic-agent", "--services", "dns"])
        ledger = Ledger(self.api)
        clients = self.clients = [Client(number, self.socket, SEED * 1000 + number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        self.kill("at random")

        checked = [0] * CLIENTS
        ways = [self.killed_at_random, self.killed_at_a_step, self.killed_at_random, self.killed_at_a_step,
                self.killed_while_it_starts]
        while sum(self.kills.values()) < KILLS:
            self.random.choice(ways)()
            if self.random.random() < 0.05:
                self.stopped()
            if sum(self.kills.values()) % 5 == 0:
                self.look(ledger, clients, checked)

        self.start()
        self.wait_until_up()
        for client in clients:
            client.finish.set()
        for client in clients:
            client.join(DEADLINE)
            self.assertFalse(client.is_alive(), "every command in doubt is answered in the end")
        self.check(ledger, clients, checked)
        self.check_converged(ledger, follower)
        print(f"{sum(self.kills.values())} kills ({', '.join(f'{n} {how}' for how, n in sorted(self.kills.items()))}) in "
              f"{time.monotonic() - began:.0f} s: {sum(len(c.acknowledged) for c in clients)} commands acknowledged, "
              f"{sum(c.asked_again for c in clients)} times asked again, {ledger.head} events; start to ready "
              f"{sorted(self.restarts)[len(self.restarts) // 2] * 1000:.0f} ms in the median")

    def look(self, ledger, clients, checked):
        """At a cell that lives for a moment: all that was acknowledged so far is there."""
        acknowledged = [len(client.acknowledged) for client in clients]
        self.start()
        self.wait_until_up()
        ledger.catch_up()
        self.assertEqual(self.faults(), [], self.cell.log()[-4000:])
        for number, client in enumerate(clients):
            for entry in client.acknowledged[checked[number]:acknowledged[number]]:
                ledger.check(entry)
            checked[number] = acknowledged[number]
        self.kill("at random")

    def check(self, ledger, clients, checked):
        ledger.catch_up()
        self.assertEqual(self.faults(), [], self.cell.log()[-4000:])
        verdict = self.api.get("/audit/verify")
        self.assertTrue(verdict["ok"], verdict)
        self.assertEqual(verdict["events"], ledger.head)
        for number, client in enumerate(clients):
            for entry in client.acknowledged[checked[number]:]:
                ledger.check(entry)
        everything = [entry for client in clients for entry in client.acknowledged]
        for kind in ("PeerAdded", "PeerRemoved", "DnsRecordAdded"):
            asked = collections.Counter(name for entry in everything if entry.kind == kind for name in entry.names)
            self.assertEqual(ledger.counted(kind), asked, f"{kind}: each once, and no other")

        # The state is that of the events, and every secret that it names is there.
        listed = {}
        cursor = ""
        while cursor is not None:
            page = self.api.get("/peers?limit=100" + (f"&cursor={cursor}" if cursor else ""))
            listed.update((peer["name"], peer["id"]) for peer in page["items"])
            cursor = page["next_cursor"]
        self.assertEqual(set(listed), {name for client in clients for name, _ in client.peers})
        for name, identity in listed.items():
            status, text, _ = self.api.call("GET", f"/peers/{identity}/config")
            self.assertEqual(status, 200, f"the config of {name}: {text}")
            self.assertIn("PresharedKey", text)

    def check_converged(self, ledger, follower):
        ledger.catch_up()  # to hand out a config is an event of its own
        try:
            eventually(lambda: follower.seen()[-1:] == [ledger.head], f"the subscriber has seen event {ledger.head}")
        except AssertionError as late:
            said = (self.cell.folder / "follower.log").read_text()[-2000:]
            raise AssertionError(f"{late}, but {follower.seen()[-1:]}; it said: {said}") from late
        self.assertEqual(follower.seen(), list(range(1, ledger.head + 1)), "each once, in order")
        if not self.has_agent:
            print("no coredns here: agents were not part of this")
            return
        try:
            eventually(self.has_applied, "the agent converges")
        except AssertionError as late:
            raise AssertionError(f"{late}: {self.api.get('/services/dns')}\n{self.cell.log()[-3000:]}") from late
        record = next(event for event in reversed(ledger.events) if event["type"] == "DnsRecordAdded")["data"]["name"]
        self.assertEqual(self.cell.dig(f"{record}.cell.home.arpa"), ["10.8.0.99"])


    def has_applied(self):
        service = self.api.get("/services/dns")
        return service["state"] == "applied" and service["applied_revision"] >= service["desired_revision"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
