#!/usr/bin/python3
"""Row 12, on the real stack: for each service its everyday change, from the command to the service that has it live, against
`docker restart` of the container that holds it, which is what a changed configuration costs elsewhere. Started by
tests/stack/run.sh inside the sealed engine's network namespace: stack.py CELL_FOLDER NAMESPACE FIGURES [ROUNDS].

"Live" is the answer to the command with `Prefer: wait`: the agent has swapped, reloaded and probed. That it is no empty word is
held against a client that looks at once, once, and has to find the change. Theirs is the restart alone, as it returns; until
the service answers its clients again takes longer, and is kept beside."""

import base64
import collections
import hashlib
import http.client
import json
import pathlib
import smtplib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "stack"))
from stack_cell import (ADMIN_PASSWORD, CELL, DOMAIN, Internet, Wired, all_mebibytes, container_mebibytes, containers,  # noqa: E402
                        converged, dig, make, picctl, run, status, wait_for)

PEERS = 1000
PASSWORD = "eleven purple kettles sing"
WAIT_SECONDS = 30


def key(number):
    return base64.b64encode(hashlib.sha256(f"peer {number}".encode()).digest()).decode()


class Api:
    """The API as the host's own programs speak with it: one kept connection, a bearer token."""

    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", 3000, timeout=60)
        made = json.loads(picctl("--json", "token", "add", "bench", "--scopes", "*:read,*:write").stdout)
        self.headers = {"Authorization": f"Bearer {made['resource']['token']}", "Content-Type": "application/json"}

    def call(self, method, path, body, wait=False):
        headers = {**self.headers, **({"Prefer": f"wait={WAIT_SECONDS}"} if wait else {})}
        self.connection.request(method, f"/api/v1{path}", json.dumps(body), headers)
        answer = self.connection.getresponse()
        found = json.loads(answer.read())
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {found}")
        return found

    def live(self, method, path, body):
        """Seconds from the command to its being live; that it was refused anywhere is a fault."""
        begin = time.monotonic()
        answer = self.call(method, path, body, wait=True)
        took = time.monotonic() - begin
        if not answer["applied"] or any(a["state"] != "applied" for a in answer["applied"]):
            raise RuntimeError(f"{method} {path}: {answer.get('applied')}")
        return took


def takes_mail(address):
    try:
        with smtplib.SMTP("127.0.0.1", 25, timeout=20) as client:
            client.ehlo("client.test")
            client.mail("somebody@elsewhere.test")
            return client.rcpt(address)[0] == 250
    except OSError:  # an SMTPException is one
        return False


def inside(container, *words):
    return run("docker", "exec", container, *words, check=False).stdout


# change(n): the command of round n; found(n): what a client sees of it.
Everyday = collections.namedtuple("Everyday", "service container what change found")


def everyday(alice, peer, device):
    own = f"alice:{PASSWORD}"
    return [
        Everyday("dns", "cell-dns", "a record is added",
                 lambda n: ("POST", "/dns/records", {"name": f"r{n}", "type": "A", "value": "192.168.1.9"}),
                 lambda n: dig(f"r{n}.{DOMAIN}") == ["192.168.1.9"]),
        Everyday("wireguard", "cell-wireguard", f"one of {PEERS:,} devices gets another address",
                 lambda n: ("PATCH", f"/peers/{peer}", {"address": f"10.8.9.{n + 10}"}),
                 lambda n: f"10.8.9.{n + 10}/32" in inside("cell-wireguard", "wg", "show", "wg0", "allowed-ips")),
        Everyday("dhcp", "cell-dhcp", "a device gets a fixed address",
                 lambda n: ("POST", "/dhcp/reservations", {"mac": f"02:00:5e:10:00:{n:02x}", "address": f"172.20.9.{n + 100}"}),
                 lambda n: device.lease(f"02:00:5e:10:00:{n:02x}").get("ip") == f"172.20.9.{n + 100}"),
        Everyday("ntp", "cell-ntp", "another source of time",
                 lambda n: ("PUT", "/ntp", {"sources": [{"host": f"192.0.2.{n + 1}"}]}),
                 lambda n: f"192.0.2.{n + 1}" in inside("cell-ntp", "sh", "-c", 'chronyc -n -h "$(find /dev/shm -name chronyd.sock)" sources')),
        Everyday("mail", "cell-mail", "an alias is added",
                 lambda n: ("POST", "/mail/aliases", {"address": f"tea{n}@{DOMAIN}", "targets": [f"alice@{DOMAIN}"]}),
                 lambda n: takes_mail(f"tea{n}@{DOMAIN}")),
        Everyday("calendar", "cell-radicale", "a calendar is added",
                 lambda n: ("POST", "/calendar/collections", {"user_id": alice, "name": f"c{n}"}),
                 lambda n: status("--user", own, f"http://127.0.0.1:5232/alice/c{n}/") == "200"),
        Everyday("files", "cell-webdav", "somebody's files are closed, or opened",
                 lambda n: ("PATCH", f"/users/{alice}", {"services": ["mail", "calendar", *(["files"] if n % 2 else [])]}),
                 lambda n: (status("--user", own, "--request", "PROPFIND", "--header", "Depth: 0", "http://127.0.0.1:8080/alice/")
                            == "207") == bool(n % 2)),
        Everyday("proxy", "cell-caddy", "a site is added",
                 lambda n: ("POST", "/proxy/sites", {"host": f"s{n}.example", "upstream": "172.20.0.11:8080"}),
                 lambda n: status("--insecure", "--resolve", f"s{n}.example:443:127.0.0.1", f"https://s{n}.example/caddy-health") == "200"),
    ]


def start_of_the_whole():
    make("stop")
    begin = time.monotonic()
    make("start")
    return time.monotonic() - begin


def main():
    internet = Internet()  # or every name that a service looks up would take its time not to be found
    try:
        measure(pathlib.Path(sys.argv[3]), range(int(sys.argv[4]) if len(sys.argv) > 4 else 5))
    finally:
        internet.close()


def measure(figures, rounds):
    make("setup", CELL_NAME="home", CELL_DOMAIN=DOMAIN, VPN_RANGE="10.8.0.0/16", ADMIN_PASSWORD=ADMIN_PASSWORD, SKIP_BUILD=1)
    make("start")
    converged()
    found = {"start_s": [start_of_the_whole() for _ in rounds], "services": {}}
    converged()
    found |= {"stack_mib": all_mebibytes(), "container_mib": {name: container_mebibytes(name) for name in containers()}}

    api = Api()
    user = {"username": "alice", "role": "member", "password": PASSWORD}
    alice = api.call("POST", "/users", user)["resource"]["id"]
    peers = [{"type": "AddPeer", "data": {"name": f"peer{n}", "public_key": key(n)}} for n in range(PEERS)]
    made = [r["id"] for i in range(0, PEERS, 500) for r in api.call("POST", "/changes", {"commands": peers[i:i + 500]})["resources"]]
    picctl("dhcp", "scope", "set", "network", "172.20.0.0/16", "first", "172.20.9.1", "last", "172.20.9.99", "router", "172.20.0.1", "--wait")
    converged()
    for one in everyday(alice, made[0], Wired("dhcp")):
        kept = found["services"][one.service] = {"what": one.what, "live_s": [], "restart_s": [], "restart_to_answer_s": []}
        for n in rounds:
            kept["live_s"].append(api.live(*one.change(n)))
            if not one.found(n):
                raise RuntimeError(f"{one.service}: said to be live, and a client does not find it")
            begin = time.monotonic()
            run("docker", "restart", one.container)
            kept["restart_s"].append(time.monotonic() - begin)
            wait_for(f"{one.service} after its restart", lambda one=one, n=n: one.found(n))
            kept["restart_to_answer_s"].append(time.monotonic() - begin)
            converged()
        figures.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
