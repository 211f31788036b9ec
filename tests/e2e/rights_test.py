"""Who may do what, tested whole: every call of the document that the daemon serves, as every kind of caller, over every
transport. What is expected comes from the document's own x-scope and x-own and from the table of roles below, which is
written down a second time here on purpose."""

import contextlib
import http.client
import json
import pathlib
import re
import socket
import sys
import time
import unittest

import zmq
from zmq.utils.monitor import recv_monitor_message

from harness import DEADLINE, SOURCE, eventually
from people_client import AloneCell, Answer, Client

sys.path.insert(0, str(SOURCE / "tools" / "examples"))
import subscriber  # noqa: E402

HERS = "eleven purple kettles sing"
NOBODYS = "01900000-0000-7000-8000-000000000000"

ROLES = {
    "admin": {"*"},
    "operator": {"cell:write", "peers:write", "dns:write", "wireguard:write", "routing:write", "dhcp:write", "ntp:write",
                 "proxy:write", "mail:write", "calendar:write", "services:write", "events:read", "metrics:read",
                 "access:read", "cells:write", "containers:write", "stack:write"},
    "viewer": {"*:read"},
    "member": set(),
}


def allows(held, needed):
    area, verb = needed.split(":")
    return any(scope == "*" or (scope.split(":")[0] in ("*", area) and scope.split(":")[1] in ("write", verb)) for scope in held)


class LocalConnection(http.client.HTTPConnection):
    """HTTP over the socket in the data folder."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class LocalClient(Client):
    def __init__(self, cell):
        super().__init__(cell)
        self.socket = pathlib.Path(cell.environment["PIC_DATA"]) / "picd.sock"

    def call(self, method, path, body=None, **headers):
        connection = LocalConnection(self.socket)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path if path.startswith("/api/") else "/api/v1" + path, data,
                               {"Content-Type": "application/json"} if data else {})
            return Answer(connection.getresponse())
        finally:
            connection.close()


class Cell(AloneCell):
    def setUp(self):
        super().setUp()
        self.users = {}
        for role in ROLES:
            answer = self.admin.post("/users", {"username": f"{role}-one", "password": HERS, "role": role})
            self.assertEqual(answer.status, 201, answer)
            self.users[role] = answer.json["resource"]
        self.document = self.admin.get("/openapi.json").json

    def as_role(self, role, name=None):
        client = Client(self.cell)
        answer = client.sign_in(name or f"{role}-one", HERS)
        self.assertEqual(answer.status, 201, answer)
        return client

    def token(self, *scopes):
        made = self.admin.post("/tokens", {"name": "matrix", "scopes": list(scopes)})
        self.assertEqual(made.status, 201, made)
        return Client(self.cell, made.json["resource"]["token"])

    def operations(self):
        for path, item in self.document["paths"].items():
            root = "servers" in item
            for method in ("get", "put", "post", "patch", "delete"):
                if method in item:
                    yield method.upper(), path if root else "/api/v1" + path, item[method]


class Matrix(Cell):
    # These end what the matrix itself stands on, or wait for somebody; they have tests of their own.
    left_out = {"signOut", "restoreBackup"}

    def ask(self, client, method, path):
        """The smallest request: of things that are not there, with a body that says nothing."""
        path = path.replace("{seq}", "999999").replace("{service}", "nothing").replace("{path}", "x").replace("{zone}", "home.example")
        path = re.sub(r"{\w+}", NOBODYS, path)
        return client.call(method, path, {} if method in ("PUT", "POST", "PATCH") else None)

    def verdict(self, answer):
        if answer.status == 401:
            return "unauthenticated"
        if answer.status == 403 and answer.code == "forbidden" and "scope" in answer.json["detail"]:
            return "forbidden"
        return "allowed"

    def expected(self, operation, held, person):
        scope = operation["x-scope"]
        if scope == "public" or (scope == "session" and held is not None):
            return "allowed"
        if held is None:
            return "unauthenticated"
        if allows(held, scope):
            return "allowed"
        # Of the lists, the part that is one's own; of single things, none here: they are nobody's.
        return "allowed" if person and operation.get("x-own", "").endswith("s") else "forbidden"

    def check(self, make_client, held, person=False):
        client, wrong, asked = make_client(), [], 0
        for method, path, operation in self.operations():
            name = operation["operationId"]
            if name in self.left_out or operation.get("x-websocket"):
                continue
            if "x-scope" not in operation:
                self.fail(f"{name} declares no scope")
            expected = self.expected(operation, held, person)
            if name in ("signIn", "usePeerLink", "enrol", "acceptInvitation", "confirmSession") and expected == "allowed":
                continue  # whose own refusals are 401 or 404, whoever asks
            answer = self.ask(client, method, path)
            asked += 1
            if self.verdict(answer) != expected:
                wrong.append(f"{method} {path} ({operation['x-scope']}): expected {expected}, got {answer}")
            if answer.status >= 500 and answer.status != 501:
                wrong.append(f"{method} {path}: {answer}")
        self.assertEqual(wrong, [])
        self.assertGreater(asked, 60)

    def test_nobody(self):
        self.check(lambda: Client(self.cell), None)

    def test_a_stranger_with_an_invented_token(self):
        wrong = [f"{method} {path}" for method, path, operation in self.operations()
                 if operation["x-scope"] != "public" and not operation.get("x-websocket") and operation["operationId"] not in self.left_out
                 and self.ask(Client(self.cell, "pic_" + "0" * 32 + "_" + "A" * 43), method, path).status != 401]
        self.assertEqual(wrong, [])

    def test_every_role_in_a_browser(self):
        for role, held in ROLES.items():
            with self.subTest(role=role):
                self.check(lambda: self.as_role(role), held, person=True)

    def test_a_token_has_its_scopes_and_no_more(self):
        for scopes in (["*:read"], ["dns:write"], ["peers:read", "events:read"]):
            with self.subTest(scopes=scopes):
                self.check(lambda: self.token(*scopes), set(scopes))

    def test_a_token_never_has_more_than_its_maker(self):
        made = self.as_role("admin").post("/tokens", {"name": "wide", "scopes": ["*"]}).json["resource"]["token"]
        client = Client(self.cell, made)
        self.assertIn(client.post("/dns/records", {}).status, (400, 422), "let in, and told what is wrong")
        self.admin.patch(f"/users/{self.users['admin']['id']}", {"role": "viewer"})
        self.assertEqual(client.get("/dns/records").status, 200)
        self.assertEqual(client.post("/dns/records", {}).status, 403)

    def test_the_hosts_operator_over_the_local_socket(self):
        self.check(lambda: LocalClient(self.cell), {"*"})

    def test_the_websocket_asks_the_same_question(self):
        for role, held in ROLES.items():
            status = self.as_role(role).stream_status()
            self.assertEqual(status, 101 if allows(held, "events:read") else 403, role)
        for scopes in (["*:read"], ["events:read"], ["dns:write"]):
            status = self.token(*scopes).stream_status()
            self.assertEqual(status, 101 if allows(scopes, "events:read") else 403, scopes)
        self.assertEqual(Client(self.cell).stream_status(), 401)
        foreign = self.as_role("admin")
        for origin in ("http://evil.example", "null", f"http://sub.{foreign.address}"):
            foreign.headers["Origin"] = origin
            self.assertEqual(foreign.stream_status(), 403, origin)
        del foreign.headers["Origin"]
        self.assertEqual(foreign.stream_status(), 403, "a cookie's websocket names its origin")

    def test_position_and_forwarded_headers_grant_nothing(self):
        """Loopback is where all of this test comes from; and nobody believes what a header says of it."""
        for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-User", "X-Forwarded-Host"):
            for value in ("127.0.0.1", "for=127.0.0.1", "admin"):
                client = Client(self.cell)
                client.headers[header] = value
                self.assertEqual(client.get("/peers").status, 401, header)


class Bus(Cell):
    """The same question on the bus, where the key is the identity: as a program would ask that has a ZeroMQ library and JSON."""

    def setUp(self):
        super().setUp()
        self.bus = f"tcp://{self.cell.environment['PIC_BUS']}"
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)

    def link(self, kind, **more):
        """The id of a new agent or subscriber, and its connection."""
        made = self.admin.post(f"/{kind}", more)
        self.assertEqual(made.status, 201, made)
        public, secret = zmq.curve_keypair()
        enrolled = Client(self.cell).post("/enrolment", {
            "enrolment_token": made.json["resource"]["enrolment_token"], "public_key": public.decode()})
        self.assertEqual(enrolled.status, 201, enrolled)
        link = subscriber.Link(self.context, self.bus, enrolled.json["server_public_key"].encode(), (public, secret))
        self.addCleanup(link.close)
        return made.json["resource"]["id"], link

    def follower(self, name, *scopes):
        identity, link = self.link("subscribers", name=name, **({"scopes": list(scopes)} if scopes else {}))
        link.hello()
        return identity, link

    def events(self, link):
        """All that it may read, and where that ends."""
        page, [lines] = link.ask({"type": "fetch_events", "after": subscriber.NOTHING, "limit": subscriber.PAGE})
        self.assertEqual(page["type"], "events", page)
        return {json.loads(line)["type"] for line in lines.splitlines()}, page

    def test_a_subscriber_reads_the_events_of_its_scopes_and_no_others(self):
        _, narrow = self.follower("narrow", "peers:read")
        _, wide = self.follower("wide")
        self.assertEqual(self.admin.post("/peers", {"name": "laptop"}).status, 201)
        self.assertEqual(self.admin.post("/dns/records", {"name": "nas", "type": "A", "value": "10.8.0.77"}).status, 201)
        head = self.cell.head()
        types, page = self.events(narrow)
        self.assertEqual((types, page["next"]["sequence"], page["head"]), ({"PeerAdded"}, head, head))
        everything = {"PeerAdded", "DnsRecordAdded", "UserAdded"}
        self.assertEqual(self.events(wide)[0] & everything, everything)
        self.assertEqual(narrow.ask({"type": "fetch_snapshot"})[0]["code"], "forbidden")
        self.assertEqual(wide.ask({"type": "fetch_snapshot"})[0]["type"], "snapshot")
        # The hint, which both hear, says how far the log is and nothing else.
        self.assertTrue(narrow.hints.poll(DEADLINE * 1000))
        self.assertEqual(set(json.loads(narrow.hints.recv())), {"type", "sequence"})

    def test_whoever_lists_a_subscriber_gives_no_more_than_they_have(self):
        clerk = self.token("access:write", "peers:read")
        self.assertEqual(clerk.post("/subscribers", {"name": "a", "scopes": ["peers:read"]}).status, 201)
        for more in ({}, {"scopes": ["*:read"]}, {"scopes": ["dns:read"]}):
            answer = clerk.post("/subscribers", {"name": "b", **more})
            self.assertEqual((answer.status, answer.code), (403, "forbidden"), more)

    def test_an_agent_speaks_for_its_own_service(self):
        _, agent = self.link("agents", services=["ntp"])
        hello = {"type": "hello", "protocol": subscriber.PROTOCOL, "software": "test"}
        self.assertEqual(agent.ask({**hello, "services": ["ntp", "dns"]})[0]["code"], "not_allowed")
        self.assertEqual(agent.ask({**hello, "services": ["ntp"]})[0]["type"], "welcome")
        at = {"service": "dns", "have": subscriber.NOTHING}
        for question in ({"type": "fetch", **at}, {"type": "fetch_events", "after": subscriber.NOTHING, "limit": 1},
                         {"type": "fetch_snapshot"},
                         {"type": "report", "service": "dns", "revision": subscriber.NOTHING, "applied": 9, "state": "applied",
                          "step": "", "detail": "", "healthy": True, "drift": False, "at": "2026-01-01T00:00:00.000Z"}):
            self.assertEqual(agent.ask(question)[0]["code"], "not_allowed", question)
        self.assertNotEqual(self.cell.service("dns")["state"], "applied")
        self.assertEqual(agent.ask({"type": "fetch", **at, "service": "ntp"})[0]["type"], "bundle")

    def test_a_revoked_key_is_cut_off_at_once(self):
        identity, link = self.follower("short")
        _, neighbour = self.follower("neighbour")
        monitor = link.questions.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        self.addCleanup(link.questions.disable_monitor)
        began = time.monotonic()
        self.assertEqual(self.admin.delete(f"/subscribers/{identity}").status, 204)
        self.assertTrue(monitor.poll(DEADLINE * 1000), "its connection is closed")
        took = time.monotonic() - began
        self.assertEqual(recv_monitor_message(monitor)["event"], zmq.EVENT_DISCONNECTED)
        print(f"from the call that revokes to the disconnection: {took * 1000:.0f} ms", file=sys.stderr)
        self.assertLess(took, 1, "promised")
        self.assertTrue(monitor.poll(DEADLINE * 1000), "it tries again")
        self.assertEqual(recv_monitor_message(monitor)["event"], zmq.EVENT_HANDSHAKE_FAILED_AUTH, "and is not let in")

        def goes_on():  # a question may have been lost with the connection; then it says hello again
            with contextlib.suppress(subscriber.Lost):
                answer = neighbour.ask({"type": "heartbeat"})[0]
                if answer.get("code") == "hello_first":
                    neighbour.hello()
                return answer["type"] == "pulse"
        eventually(goes_on, "its neighbour goes on")


class Ownership(Cell):
    def setUp(self):
        super().setUp()
        self.add("alice")
        self.add("bob")
        self.alice, self.bob = self.as_role("member", "alice"), self.as_role("member", "bob")

    def add(self, name):
        answer = self.admin.post("/users", {"username": name, "password": HERS, "role": "member"})
        self.assertEqual(answer.status, 201, answer)
        self.users[name] = answer.json["resource"]

    def test_a_member_has_their_own_devices_and_sees_no_other(self):
        others = self.admin.post("/peers", {"name": "server"}).json["resource"]["id"]
        made = self.alice.post("/peers", {"name": "alices-phone"})
        self.assertEqual(made.status, 201, made)
        phone = made.json["resource"]
        self.assertEqual(phone["owner"], "alice")
        self.assertEqual([peer["name"] for peer in self.alice.get("/peers").json["items"]], ["alices-phone"])
        self.assertEqual(self.bob.get("/peers").json["items"], [])
        self.assertEqual(self.alice.patch(f"/peers/{phone['id']}", {"name": "alices-tablet"}).status, 200)
        self.assertIn(b"PrivateKey", self.alice.get(f"/peers/{phone['id']}/config").body)
        self.assertEqual(self.alice.post(f"/peers/{phone['id']}/rotate").status, 200)
        for client, peer in ((self.bob, phone["id"]), (self.alice, others)):
            for method, path, body in (("GET", f"/peers/{peer}", None), ("PATCH", f"/peers/{peer}", {"name": "x"}),
                                       ("DELETE", f"/peers/{peer}", None), ("GET", f"/peers/{peer}/config", None),
                                       ("POST", f"/peers/{peer}/rotate", {}), ("POST", f"/peers/{peer}/link", {})):
                answer = client.call(method, path, body)
                self.assertEqual((answer.status, answer.code), (403, "forbidden"), (method, path, answer))
        self.assertEqual(self.alice.delete(f"/peers/{phone['id']}").status, 204)

    def test_a_member_cannot_give_a_device_what_is_not_theirs_to_give(self):
        head = self.cell.head()
        for field, value in (("owner", "bob"), ("lans", ["10.20.0.0/16"]), ("internet", True), ("services", None),
                             ("address", "10.8.0.9"), ("allowed_ips", ["0.0.0.0/0"]), ("enabled", True), ("expires_at", None)):
            answer = self.alice.post("/peers", {"name": "sly", field: value})
            self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (403, f"/{field}"))
        self.assertEqual(self.alice.post("/changes", {"commands": [{"type": "AddPeer", "data": {"name": "sly"}}]}).status, 403)
        self.assertEqual(self.cell.head(), head)

    def test_a_member_has_their_own_account_and_sessions(self):
        hers, his = self.users["alice"]["id"], self.users["bob"]["id"]
        self.assertEqual(self.alice.get(f"/users/{hers}").json["username"], "alice")
        self.assertEqual(self.alice.get(f"/users/{his}").status, 403)
        self.assertEqual(self.alice.patch(f"/users/{hers}", {"role": "admin"}).status, 403)
        self.assertEqual(self.alice.put(f"/users/{his}/password", {"password": "a quiet harbour at dawn"}).status, 403)
        changed = self.alice.put(f"/users/{hers}/password", {"password": "a quiet harbour at dawn", "current_password": HERS})
        self.assertEqual(changed.status, 200, changed)

        sessions = self.bob.get("/sessions").json["items"]
        self.assertEqual({session["username"] for session in sessions}, {"bob"})
        second = self.as_role("member", "bob")
        other = next(s["id"] for s in second.get("/sessions").json["items"] if not s["current"])
        self.assertEqual(self.alice.delete(f"/sessions/{other}").status, 403)
        self.assertEqual(second.delete(f"/sessions/{other}").status, 204)
        self.assertEqual(self.bob.get("/session").status, 401)


if __name__ == "__main__":
    unittest.main(verbosity=2)
