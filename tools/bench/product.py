"""picd with a cell in it, as an operator would set it up: over its unix socket, then with a bearer token over TCP."""

import base64
import hashlib
import http.client
import ipaddress
import json
import shutil
import socket
import subprocess
import time

from programs import BUILD, Program, eventually, free_port, measure

BATCH = 500  # commands of a change-set that fills a cell
ROUTES = 28  # of the peer that the GET is measured with: its answer has 1 KB


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.unix_path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.unix_path)


class Cell:
    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.bus_port = free_port(), free_port()
        self.program = Program([BUILD / "picd"], folder / "picd.log", PIC_DATA=str(self.data),
                               PIC_LISTEN=f"127.0.0.1:{self.port}", PIC_BUS=f"127.0.0.1:{self.bus_port}",
                               PIC_LOG_LEVEL="warn")
        self.token = ""

    # --- the program

    def start(self):
        """Gives how many seconds it took until it was ready to serve and to write."""
        begin = time.monotonic()
        self.program.start()
        eventually(self.is_ready, "picd is ready", deadline=600, poll=0.002)
        return time.monotonic() - begin

    def is_ready(self):
        self.program.require_alive()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status in (200, 403)  # 403: not claimed yet
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self):
        self.program.stop()

    def forget_snapshots(self):
        shutil.rmtree(self.data / "snapshots", ignore_errors=True)

    @property
    def pid(self):
        return self.program.pid

    # --- the cell

    def call(self, method, path, body=None):
        connection = UnixConnection(self.data / "picd.sock")
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text) if text.startswith("{") else text

    def claim(self):
        token = (self.data / "setup-token").read_text().strip()
        self.call("POST", "/api/v1/setup",
                  {"setup_token": token, "username": "admin", "password": hashlib.sha256(token.encode()).hexdigest(),
                   "cell_name": "bench", "domain": "cell.home.arpa", "vpn_range": "10.8.0.0/16"})
        made = self.call("POST", "/api/v1/tokens", {"name": "bench", "scopes": ["*"]})
        self.token = made["resource"]["token"]
        network = ipaddress.ip_network(self.call("GET", "/api/v1/cell")["vpn_range6"])
        self.prefix6 = ":".join(network.network_address.exploded.split(":")[:4])
        return self

    def change(self, commands):
        """As change-sets; gives the ids of what they made."""
        ids = []
        for i in range(0, len(commands), BATCH):
            answer = self.call("POST", "/api/v1/changes", {"commands": commands[i:i + BATCH]})
            ids += [resource["id"] for resource in answer["resources"]]
        return ids

    def populate(self, records, peers):
        def key(number):
            return base64.b64encode(hashlib.sha256(f"peer {number}".encode()).digest()).decode()

        made = {
            "records": [{"type": "AddDnsRecord", "data": {"name": f"record{i}", "type": "TXT", "value": "to come"}}
                        for i in range(records)],
            "peers": [{"type": "AddPeer", "data": {"name": f"peer{i}", "public_key": key(i)}} for i in range(peers)],
        }
        for kind, commands in made.items():
            self.ids_file(kind).write_text("".join(f"{i}\n" for i in self.change(commands)))
        return self

    def ids_file(self, kind):
        return self.folder / kind

    def head(self):
        return int(self.metric("pic_log_sequence"))

    def metric(self, name):
        lines = self.call("GET", "/metrics").splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(name + " "))

    # --- under load

    def bench(self, command, kind, *options):
        return measure(BUILD / "pic-bench", command, "--port", self.port, "--kind", kind, "--records",
                       self.ids_file("records"), "--peers", self.ids_file("peers"), "--prefix6", self.prefix6,
                       *options, PIC_BENCH_TOKEN=self.token)

    def load(self, kind, clients, seconds):
        return self.bench("load", kind, "--clients", clients, "--seconds", seconds)

    def grow_to(self, events):
        if events > self.head():
            self.bench("load", "sets", "--clients", 4, "--events", events - self.head())

    def backup(self):
        """Takes one and throws it away; gives the seconds."""
        begin = time.monotonic()
        connection = UnixConnection(self.data / "picd.sock")
        connection.request("GET", "/api/v1/backup", headers={"Pic-Passphrase": "for a benchmark"})
        answer = connection.getresponse()
        while answer.read(1 << 20):
            pass
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"no backup: {answer.status}")
        return time.monotonic() - begin

    def enrol_agent(self):
        """Lists the key of an agent for DNS; `deliver` is that agent."""
        key_file = self.folder / "agent-key"
        public = subprocess.run([BUILD / "pic-bench", "key", key_file], check=True, text=True,
                                capture_output=True).stdout.strip()
        made = self.call("POST", "/api/v1/agents", {"name": "bench", "services": ["dns"]})
        answer = self.call("POST", "/api/v1/enrolment",
                           {"enrolment_token": made["resource"]["enrolment_token"], "public_key": public})
        self.bus_key = answer["server_public_key"]

    def deliver(self, count):
        return self.bench("delivery", "records", "--bus", f"tcp://127.0.0.1:{self.bus_port}", "--server-key",
                          self.bus_key, "--key-file", self.folder / "agent-key", "--count", count)

    def one_kilobyte(self):
        """The URL of a peer whose JSON has 1 KB."""
        made = self.call("POST", "/api/v1/peers", {
            "name": "kilobyte", "public_key": base64.b64encode(hashlib.sha256(b"kilobyte").digest()).decode(),
            "allowed_ips": [f"192.168.{i}.0/24" for i in range(100, 100 + ROUTES)]})
        path = f"/api/v1/peers/{made['resource']['id']}"
        self.kilobyte = self.call("GET", path)
        return f"http://127.0.0.1:{self.port}{path}"
