"""Every string that people may send, each with texts that mean something to some program: line ends, quotes, braces,
variables, paths, options. What is refused changes nothing. What is taken is in the shape of what is harmless, line for
line, and the real programs take it: the agents parse it with their own, and a resolver gives it back as it was."""

import collections
import contextlib
import copy
import ipaddress
import itertools
import json
import re
import unittest

from api_client import Client as ApiClient
from harness import DEADLINE
from spine_test import Cell

CORPUS = [
    "x\ninclude /etc/passwd", "x\r\ny", "x\ty", "x\0y", "x\u2028y", "x\u0085y", "\x1b[2J", "\u202egnp.exe", "",
    " ", " x", "x ", "'", '"', '"; accept; #', "\\", "\\n", "x\\", "`id`", "$(id)", "${PIC_LIVE}", "$HOME", "{$PIC_RUN}", "{env.HOME}",
    "{", "}", "} https://evil.example { respond evil }", "@live@", "@state@/x", "{live}", "%{HTTP_HOST}", "%s%n", "%2e%2e%2f", "../../etc/passwd",
    "/etc/passwd", "-x", "--config=/etc/passwd", "x;y", "x|y", "x&y", "x,y", "x:y", "x=y", "x#y", "# x", "; x", "x y", "x/../y", "*", "?", "[a]",
    "<secret vault@1>", "<script>alert(1)</script>", "a" * 300, "\U0001f600", "\u0430dmin", "caf\u00e9", "xn--", "127.0.0.1; x", "10.8.0.0/24 accept",
    "0x7f.1", "::ffff:10.8.0.1", "fe80::1%eth0", "drop; }", "any accept", "x@y@z", "a@b\nc", "null", "true", "1e9",
]

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
USER, ADDRESS6 = "$user", "$address6"  # what the test asks the cell for first

#: A harmless value of every command that takes text and changes what is rendered. What is not here is in OTHER.
HARMLESS = {
    "AddBlocklist": {"name": "ads", "url": "https://192.0.2.9/hosts", "names": ["ads.example"], "allow": ["good.ads.example"]},
    "AddCollection": {"user_id": USER, "name": "work"},
    "AddDhcpReservation": {"mac": "02:00:5e:10:00:01", "address": "192.168.50.7", "hostname": "printer"},
    "AddDnsRecord": {"name": "x", "type": "TXT", "value": "v"},
    "AddForward": {"protocol": "tcp", "port": 8443, "to_address": "10.8.0.2"},
    "AddGroup": {"name": "family", "description": "of ours"},
    "AddMailAlias": {"address": "tea@cell.home.arpa", "targets": ["bob@cell.home.arpa"]},
    "AddMailDomain": {"name": "club.example"},
    "AddMailbox": {"address": "shop@cell.home.arpa", "user_id": USER},
    "AddPeer": {"name": "phone", "address": "10.8.0.9", "address6": ADDRESS6, "allowed_ips": ["10.8.0.0/24"], "services": ["dns"], "owner": "bob",
                "lans": ["192.168.7.0/24"], "public_key": "SG9tZSBpcyB3aGVyZSB0aGUgc2VydmVyIHN0YW5kcy4="},
    "AddRoutingRule": {"action": "accept", "source": "10.8.0.2", "destination": "10.8.0.3", "protocol": "tcp", "ports": "80", "note": "n"},
    "AddSite": {"host": "wiki.cell.home.arpa", "upstream": "127.0.0.1:9"},
    "ChangeCell": {"name": "cabin", "domain": "cabin.example", "vpn_range": "10.9.0.0/24", "vpn_range6": "fd09::/64", "endpoint": "vpn.example.org:51820", "timezone": "Europe/Berlin", "lan_range": "192.168.99.0/24"},
    "ChangeUser": {"id": USER, "display_name": "Bob", "email": "bob@example.org", "services": ["mail"]},
    "ChangeWireguard": {"dns": ["192.0.2.53"]},
    "SetDhcpScope": {"network": "192.168.50.0/24", "first": "192.168.50.100", "last": "192.168.50.150", "router": "192.168.50.1",
                     "dns": ["192.168.50.1"], "ntp": ["192.168.50.1"], "domain": "lan.example"},
    "SetDnsUpstreams": {"servers": ["192.0.2.53"], "forwards": [{"domain": "corp.example", "servers": ["192.0.2.54"]}]},
    "SetNtp": {"sources": [{"host": "192.0.2.1"}]},
}
#: Those that name nothing which is rendered (they are refused, or kept, by the tests of their own), and changes of what the
#: additions above check by the very same parsers.
OTHER = {
    "AddAgent", "AddSecret", "AddSubscriber", "AddToken", "AddUser", "ChangeBlocklist", "ChangeDnsRecord", "ChangeFinding", "ChangeGroup", "ChangeMailAlias", "ChangePassword",
    "ChangePeer", "ChangeRoutingRule", "ChangeService", "ChangeSite", "ChangeStack", "ImportEnvironment", "IssueCertificate", "RemoveSecret",
    "ReserveDhcpLease", "RotatePeerKey", "SetSecret",
}
#: Text for people, which no file may hold.
FREE = {("AddBlocklist", "/name"), ("AddRoutingRule", "/note"), ("AddGroup", "/description"), ("ChangeUser", "/display_name"), ("AddPeer", "/owner")}


class Corpus(Cell):
    def setUp(self):
        super().setUp()
        cell = self.cell
        self.api = ApiClient(unix=str(cell.folder / "data" / "picd.sock"), timeout=2 * DEADLINE)
        self.document = json.loads(self.api.get("/api/v1/openapi.json").body)["components"]["schemas"]
        cell.picctl("user", "add", "bob", "--role", "member", "--password-stdin", input="a quiet harbour at dawn\n")
        cell.picctl("peer", "add", "laptop")
        cell.picctl("peer", "add", "desk")
        cell.picctl("dhcp", "scope", "set", "network", "192.168.50.0/24", "first", "192.168.50.100", "last", "192.168.50.120")
        self.ids = {USER: next(u["id"] for u in cell.json("user", "list")["items"] if u["username"] == "bob"),
                    ADDRESS6: str(ipaddress.ip_network(cell.json("cell", "show")["vpn_range6"])[9])}

    def strings(self, schema, at=""):
        """The pointers of all strings of a command that are no ids, times or words of a list."""
        if "$ref" in schema:
            schema = self.document[schema["$ref"].rsplit("/", 1)[1]]
        kinds = schema.get("type", [])
        if "string" in kinds and not {"enum", "const"} & set(schema) and schema.get("format") not in ("uuid", "date-time"):
            yield at
        for name, property in schema.get("properties", {}).items():
            yield from self.strings(property, f"{at}/{name}")
        if "items" in schema:
            yield from self.strings(schema["items"], f"{at}/0")

    def put(self, data, pointer, text):
        *way, last = pointer[1:].split("/")
        for step in way:
            data = data[int(step)] if isinstance(data, list) else data[step]
        data[int(last) if isinstance(data, list) else last] = text

    def change(self, commands, query="", **headers):
        return self.api.post(f"/api/v1/changes{query}", {"commands": [{"type": name, "data": data} for name, data in commands]}, **headers)

    def shape(self, command, data):
        """How many lines of each file a change adds and takes away, and all of their text."""
        answer = self.change([(command, data)], "?dry_run=true")
        self.assertLess(answer.status, 500, (command, data, answer))
        if answer.status != 200:
            return None, answer.body.decode()
        lines = [(a["service"], a["path"], line) for a in answer.json["artefacts"] for line in a["diff"].splitlines()]
        counts = collections.Counter()
        for service, path, line in lines:
            if line[:1] in "+-":
                counts[service, "zones" if path.startswith("zones/") else UUID.sub("<id>", path), line[:1]] += 1
        return counts, UUID.sub("<id>", "\n".join(line for _, _, line in lines))

    def taken(self):
        """What of the corpus is taken by which field and changes what the programs read: (command, pointer, text, data)."""
        for command, harmless in HARMLESS.items():
            base = {key: self.ids.get(value, value) if isinstance(value, str) else value for key, value in harmless.items()}
            usual, known = self.shape(command, base)
            self.assertIsNotNone(usual, f"{command} itself is refused: {known}")
            for pointer in self.strings(self.document[command]):
                self.assertIn(pointer.split("/")[1], base, f"{command} has a text that is not tried here")
                for text in CORPUS:
                    data = copy.deepcopy(base)
                    self.put(data, pointer, text)
                    with self.subTest(command=command, field=pointer, text=text):
                        shape, diff = self.shape(command, data)
                        if shape is None or diff == known:
                            continue
                        added = "\n".join(line for line in diff.splitlines() if line.startswith("+"))
                        self.assertFalse(len(text) > 3 and (command, pointer) in FREE and text in added, f"text for people is in a file: {added}")
                        self.assertEqual(shape - usual, {}, f"more lines than what is harmless: {usual}")
                        yield command, pointer, text, data

    @contextlib.contextmanager
    def applied(self, changes):
        """A change-set of them, which every program has to take, and then as it was before."""
        answer = self.change([(command, data) for command, _, _, data in changes], Prefer=f"wait={DEADLINE}")
        self.assertEqual(answer.status, 200, answer)
        states = {a["service"]: (a["state"], a["detail"]) for a in answer.json["applied"]}
        self.assertTrue(states)
        self.assertLessEqual({state for state, _ in states.values()}, {"applied", "not_installed"}, states)
        yield
        undone = self.api.post(f"/api/v1/changes/{answer.json['seq']}/undo", {})
        self.assertEqual(undone.status, 200, undone)

    def test_every_string_is_refused_or_harmless(self):
        commands = {name for name in self.document["Command"]["discriminator"]["mapping"] if any(self.strings(self.document[name]))}
        self.assertEqual(commands - set(HARMLESS) - OTHER, set(), "a command with text is not tried here")
        rounds, texts = [], []  # of a round no two are of one command, or would give two things the same name
        for change in self.taken():
            command, pointer, text, _ = change
            if (command, pointer) == ("AddDnsRecord", "/value"):
                texts.append(change)
                continue
            free = (changes for changes in rounds if all(command != other[0] and text != other[2] for other in changes))
            if (changes := next(free, None)) is None:
                rounds.append(changes := [])
            changes.append(change)
        self.assertTrue(rounds and texts)
        for changes in rounds:
            with self.subTest(changes=changes), self.applied(changes):
                pass
        for at, change in enumerate(texts):
            change[3]["name"] = f"x{at}"
        with self.applied(texts):
            for _, _, text, data in texts:
                with self.subTest(record=text):
                    self.assertEqual(self.txt(f"{data['name']}.cell.home.arpa"), text)

    def txt(self, name):
        """The text of the one TXT record of a name, from what dig(1) writes: strings in quotes, bytes as \\ddd."""
        data = self.cell.run("dig", "@127.0.0.1", "-p", self.cell.dns_port, "+short", name, "TXT").stdout.strip().encode()
        raw, at, quoted = bytearray(), 0, False
        while at < len(data):
            byte = data[at:at + 1]
            if byte == b'"':
                quoted = not quoted
            elif byte == b"\\" and data[at + 1:at + 4].isdigit():
                raw.append(int(data[at + 1:at + 4]))
                at += 3
            elif byte == b"\\":
                raw += data[at + 1:at + 2]
                at += 1
            elif quoted:
                raw += byte
            at += 1
        return raw.decode(errors="replace")


if __name__ == "__main__":
    unittest.main(verbosity=2)
