"""The HTTP contract, line by line, against the daemon itself. Every answer is held to the served OpenAPI document by the
client; what a case says is what the document cannot. One daemon a class, since starting one is what takes long."""

import concurrent.futures
import hashlib
import json
import pathlib
import signal
import sqlite3
import socket
import subprocess
import time
import unittest

from api_client import Client, Document
from harness import DEADLINE, PASSWORD, PROGRAMS, Runtime, eventually

SETUP = {"username": "admin", "password": PASSWORD, "cell_name": "home", "domain": "cell.home.arpa", "vpn_range": "10.8.0.0/24"}
KEY = "hV1tAvGhFHH0dx9nXkBzTs0bFCqX9pXZJpVNqd8QwW4="  # 32 bytes, nobody's
NO_SUCH_ID = "01900000-0000-7000-8000-000000000000"


def document_of(runtime):
    """The document, from a daemon that is claimed."""
    return Document(Client(unix=socket_of(runtime)).get("/openapi.json").json)


def socket_of(runtime):
    return pathlib.Path(runtime.environment["PIC_DATA"]) / "picd.sock"


def start(runtime):
    runtime.start_daemon()
    runtime.wait_until_up()


class Contract(unittest.TestCase):
    """A claimed cell, asked over TCP as its administrator (`admin`, by cookie), over the socket (`local`), and as nobody."""

    @classmethod
    def setUpClass(cls):
        cls.cell = Runtime(supervised=False)
        cls.addClassCleanup(cls.cell.close)
        start(cls.cell)
        cls.address = cls.cell.environment["PIC_LISTEN"]
        cls.data = pathlib.Path(cls.cell.environment["PIC_DATA"])
        cls.nobody = Client(cls.address)
        token = (cls.data / "setup-token").read_text().strip()
        cls.claimed = cls.nobody.post("/setup", SETUP | {"setup_token": token})
        assert cls.claimed.status == 201, cls.claimed
        document = document_of(cls.cell)
        cls.nobody = Client(cls.address, document=document)
        cls.local = Client(unix=socket_of(cls.cell), document=document)
        cls.admin = cls.nobody.but(Cookie=cls.cookie_of(cls.claimed), X_CSRF_Token=cls.claimed.json["csrf_token"])

    @staticmethod
    def cookie_of(answer):
        return answer.headers["Set-Cookie"].split(";")[0]

    def head(self):
        return self.local.get("/events?limit=1").seq

    def refused(self, answer, status, code, *pointers):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        self.assertTrue(answer.json["detail"], "a sentence")
        self.assertEqual(answer.json["type"], f"/problems/{code}")
        for pointer in pointers:
            self.assertIn(pointer, answer.pointers, answer)
        return answer

    def sign_in(self, username="admin", password=PASSWORD, **more):
        """A try to sign in, made again where earlier ones slow it down."""
        while (answer := self.nobody.post("/session", {"username": username, "password": password} | more)).status == 429:
            time.sleep(float(answer.headers["Retry-After"]))
        return answer

    def made(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        return answer

    def peer(self, name, **more):
        return self.made(self.admin.post("/peers", {"name": name} | more), 201).json["resource"]

    def token(self, *scopes, **more):
        made = self.made(self.admin.post("/tokens", {"name": "script", "scopes": list(scopes)} | more), 201).json["resource"]
        return made, self.nobody.but(Authorization=f"Bearer {made['token']}")


class BeforeTheClaim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        other = Runtime(supervised=False)
        cls.addClassCleanup(other.close)
        start(other)
        other.setup()
        cls.document = document_of(other)
        cls.cell = Runtime(supervised=False)
        cls.addClassCleanup(cls.cell.close)
        start(cls.cell)
        cls.data = pathlib.Path(cls.cell.environment["PIC_DATA"])
        cls.nobody = Client(cls.cell.environment["PIC_LISTEN"], document=cls.document)

    def test_1_nothing_but_set_up_answers(self):
        open_to_all = {"getSetup", "setUp", "getHealth", "getReadiness"}
        local = Client(unix=socket_of(self.cell), document=self.document)
        for path, item in self.document.root["paths"].items():
            for method, operation in item.items():
                if method == "servers" or operation["operationId"] in open_to_all:
                    continue
                target = path.replace("{id}", NO_SUCH_ID).replace("{seq}", "1").replace("{", "").replace("}", "")
                for client in (self.nobody, local):
                    answer = client.ask(method.upper(), target)
                    self.assertEqual((answer.status, answer.code), (403, "setup_required"), f"{method} {path}: {answer}")
        self.assertEqual(self.nobody.get("/setup").json, {"claimed": False})
        self.assertEqual(self.nobody.get("/healthz").text, "ok\n")
        self.assertTrue(self.nobody.get("/readyz").json["ready"])
        self.assertEqual(self.nobody.get("/").kind, "text/html")
        self.assertEqual(self.nobody.get("/api/v1/nowhere").status, 404)

    def test_2_claiming_wants_the_token_and_good_input(self):
        file = self.data / "setup-token"
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        token = file.read_text().strip()
        wrong = self.nobody.post("/setup", SETUP | {"setup_token": "x" * len(token)})
        self.assertEqual((wrong.status, wrong.code), (403, "wrong_setup_token"))
        for field, value, code in [
            ("vpn_range", "8.8.8.0/24", "invalid_field"), ("vpn_range", "10.8.0.1/24", "invalid_field"),
            ("domain", "10.0.0.1", "invalid_field"), ("domain", "-x.example", "invalid_field"),
            ("cell_name", "a b", "invalid_field"), ("username", "a\nb", "invalid_field"),
            ("password", "short", "password_too_short"), ("shoe_size", 44, "invalid_field"),
        ]:
            with self.subTest(field=field, value=value):
                answer = self.nobody.post("/setup", SETUP | {"setup_token": token, field: value})
                self.assertEqual((answer.status, answer.code), (422, code), answer)
                if code == "invalid_field":
                    self.assertEqual(answer.pointers, [f"/{field}"], answer)
        self.assertFalse(self.nobody.get("/setup").json["claimed"])

    def test_3_claiming_happens_once(self):
        token = (self.data / "setup-token").read_text().strip()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda name: self.nobody.post("/setup", SETUP | {"setup_token": token, "username": name}),
                                    ["anna", "ben", "cleo", "dan"]))
        self.assertEqual(sorted(a.status for a in answers), [201, 409, 409, 409], answers)
        self.assertFalse((self.data / "setup-token").exists())
        won = next(a for a in answers if a.status == 201)
        self.assertEqual(set(won.json), {"principal", "kind", "id", "username", "role", "scopes", "csrf_token", "user_id",
                                         "cell_name", "domain"})
        self.assertEqual(self.nobody.post("/setup", SETUP | {"setup_token": token}).code, "already_set_up")
        self.cell.end("picd", signal.SIGKILL)
        start(self.cell)
        self.assertEqual(self.nobody.post("/setup", SETUP | {"setup_token": token}).status, 409)
        self.assertTrue(self.nobody.get("/setup").json["claimed"])


class Commands(Contract):
    def test_a_creation_a_change_a_removal(self):
        made = self.made(self.admin.post("/peers", {"name": "laptop"}), 201)
        body = made.json
        peer = body["resource"]
        self.assertEqual(made.headers["Location"], f"/api/v1/peers/{peer['id']}")
        self.assertEqual(made.etag, '"1"')
        self.assertEqual((made.seq, body["seq"]), (body["events"][-1]["seq"],) * 2)
        self.assertEqual([(e["type"], e["stream"]) for e in body["events"]], [("PeerAdded", f"peer-{peer['id']}")])
        self.assertEqual(made.headers["Content-Type"], "application/json")
        read = self.made(self.nobody.but(**{"Cookie": self.admin.headers["Cookie"]}).get(made.headers["Location"]))
        self.assertEqual((read.json, read.etag), (peer, '"1"'))
        self.assertGreaterEqual(read.seq, made.seq)

        changed = self.made(self.admin.patch(f"/peers/{peer['id']}", {"owner": "anna", "keepalive": 20}))
        self.assertEqual((changed.etag, changed.json["resource"]["owner"], changed.json["resource"]["keepalive"]), ('"2"', "anna", 20))
        cleared = self.made(self.admin.patch(f"/peers/{peer['id']}", {"owner": None, "keepalive": None},
                                             Content_Type="application/merge-patch+json"))
        self.assertEqual((cleared.json["resource"]["owner"], cleared.json["resource"]["keepalive"]), (None, None))
        nothing = self.made(self.admin.patch(f"/peers/{peer['id']}", {}))
        self.assertEqual((nothing.json["events"], nothing.etag), ([], cleared.etag))

        gone = self.made(self.admin.delete(f"/peers/{peer['id']}"), 204)
        self.assertEqual((gone.body, gone.seq), (b"", self.head()))
        self.refused(self.admin.get(f"/peers/{peer['id']}"), 404, "not_found")
        self.refused(self.admin.delete(f"/peers/{peer['id']}"), 404, "not_found")

    def test_a_dry_run_commits_nothing(self):
        before = self.head()
        plan = self.made(self.admin.post("/peers?dry_run=true", {"name": "planned"})).json
        self.assertEqual([e["type"] for e in plan["events"]], ["PeerAdded"])
        touched = {(a["service"], a["path"]) for a in plan["artefacts"]}
        self.assertIn(("wireguard", "wg0.conf"), touched)
        self.assertTrue(all(a["diff"] for a in plan["artefacts"]))
        self.assertNotIn("seq", plan)
        self.refused(self.admin.post("/peers?dry_run=true", {"name": "a b"}), 422, "invalid_field", "/name")
        peer = self.peer("dry")
        removal = self.made(self.admin.delete(f"/peers/{peer['id']}?dry_run=true"))
        self.assertEqual([e["type"] for e in removal.json["events"]], ["PeerRemoved"])
        self.assertEqual(self.head(), before + 1)
        self.refused(self.admin.post("/peers?dry_run=perhaps", {"name": "x"}), 422, "invalid_field", "?dry_run")

    def test_if_match(self):
        peer = self.peer("matched")
        path = f"/peers/{peer['id']}"
        self.made(self.admin.patch(path, {"keepalive": 5}, If_Match='"1"'))
        before = self.head()
        self.refused(self.admin.patch(path, {"keepalive": 6}, If_Match='"1"'), 412, "stale_version")
        self.refused(self.admin.delete(path, If_Match='"1"'), 412, "stale_version")
        for bad in ("1", " ", '"x"'):
            self.refused(self.admin.patch(path, {"keepalive": 6}, If_Match=bad), 422, "invalid_field", "If-Match:")
        self.assertEqual(self.head(), before)
        self.made(self.admin.patch(path, {"keepalive": 6}, If_Match="*"))
        self.made(self.admin.delete(path, If_Match='"3"'), 204)

    def test_an_idempotency_key_counts_once_even_after_kill_9(self):
        body = {"name": "once"}
        first = self.made(self.admin.post("/peers", body, Idempotency_Key="k-1"), 201)
        again = self.made(self.admin.post("/peers", body, Idempotency_Key="k-1"), 201)
        self.assertEqual((again.json, again.etag, again.headers["Location"], again.seq),
                         (first.json, first.etag, first.headers["Location"], first.seq))
        self.refused(self.admin.post("/peers", {"name": "twice"}, Idempotency_Key="k-1"), 422, "idempotency_mismatch")
        # Another actor's key, and another path's, are other keys.
        other = self.made(self.local.post("/peers", {"name": "local"}, Idempotency_Key="k-1"), 201)
        self.assertNotEqual(other.json["seq"], first.json["seq"])
        self.made(self.admin.post("/dns/records", {"name": "k", "type": "A", "value": "10.1.1.1"}, Idempotency_Key="k-1"), 201)
        # One-time secrets are left out, and only successes are kept.
        token = {"name": "t", "scopes": ["peers:read"]}
        self.assertIn("token", self.made(self.admin.post("/tokens", token, Idempotency_Key="k-2"), 201).json["resource"])
        repeated = self.made(self.admin.post("/tokens", token, Idempotency_Key="k-2"), 201)
        self.assertNotIn("token", repeated.json["resource"])
        self.refused(self.admin.post("/peers", {"name": "once"}, Idempotency_Key="k-3"), 409, "name_taken")
        self.made(self.admin.delete(f"/peers/{first.json['resource']['id']}"), 204)
        self.made(self.admin.post("/peers", {"name": "once"}, Idempotency_Key="k-3"), 201)
        for bad in ("x" * 65, "a\tb", " "):  # HTTP strips the last to an empty value
            self.refused(self.admin.post("/peers", {"name": "y"}, Idempotency_Key=bad), 422, "invalid_field", "Idempotency-Key:")
        before = self.head()
        self.cell.end("picd", signal.SIGKILL)
        start(self.cell)
        after = self.made(self.admin.post("/peers", body, Idempotency_Key="k-1"), 201)
        self.assertEqual(after.json, first.json)
        self.assertEqual(self.head(), before)

    def test_prefer_wait(self):
        waited = self.made(self.admin.post("/peers", {"name": "waited"}, Prefer="respond-async, wait=1"), 201).json
        self.assertEqual({a["state"] for a in waited["applied"]}, {"timeout"}, "there is no agent")
        self.assertLessEqual({"dns", "wireguard"}, {a["service"] for a in waited["applied"]})
        gone = self.made(self.admin.delete(f"/peers/{waited['resource']['id']}", Prefer="wait=1"))
        self.assertEqual({a["state"] for a in gone.json["applied"]}, {"timeout"})
        plain = self.made(self.admin.post("/peers", {"name": "unwaited"}, Prefer="handling=lenient"), 201).json
        self.assertNotIn("applied", plain)

    def test_commit_confirm_is_read_or_refused_and_not_ignored(self):
        before = self.head()
        self.refused(self.admin.post("/peers", {"name": "unsure"}, Pic_Confirm_Within=" "), 422, "invalid_field")
        self.refused(self.admin.get("/peers", Pic_Confirm_Within="60"), 422, "invalid_field")
        self.refused(self.admin.post("/changes/1/confirm"), 404, "not_found")
        self.assertEqual(self.head(), before)
        made = self.made(self.admin.post("/peers", {"name": "unsure"}, Pic_Confirm_Within="600"), 201).json
        self.assertEqual([e["type"] for e in made["events"]], ["PeerAdded", "ConfirmationAwaited"])
        self.assertEqual(made["resource"]["name"], "unsure")
        waiting = self.made(self.admin.get("/changes/waiting")).json["items"]
        self.assertEqual([(w["seq"], w["within"]) for w in waiting], [(made["seq"], 600)])
        both = {"commands": [{"type": "ChangePeer", "data": {"id": made["resource"]["id"], "enabled": False}}]}
        changed = self.made(self.admin.post("/changes", both, Pic_Confirm_Within="600")).json
        self.assertEqual(len(changed["resources"]), 1)
        _, script = self.token("*")
        self.refused(script.post(f"/changes/{made['seq']}/confirm"), 403, "forbidden")
        for seq in (made["seq"], changed["seq"]):
            self.made(self.admin.post(f"/changes/{seq}/confirm"))
        idle = self.made(self.admin.patch("/cell", {"lan_range": None}, Pic_Confirm_Within="600")).json
        self.assertEqual(idle["events"], [], "what changes nothing does not wait")
        self.assertEqual(self.made(self.admin.get("/changes/waiting")).json["items"], [])

    def test_a_change_set_is_all_or_nothing(self):
        good = {"commands": [{"type": "AddPeer", "data": {"name": "set-a"}}, {"type": "AddPeer", "data": {"name": "set-b"}},
                             {"type": "AddDnsRecord", "data": {"name": "www", "type": "A", "value": "10.2.2.2"}}], "note": "a day's work"}
        plan = self.made(self.admin.post("/changes?dry_run=true", good)).json
        self.assertEqual([e["type"] for e in plan["events"]], ["PeerAdded", "PeerAdded", "DnsRecordAdded"])
        done = self.made(self.admin.post("/changes", good)).json
        self.assertEqual([r["name"] for r in done["resources"]], ["set-a", "set-b", "www"])
        events = self.admin.get(f"/events?after={done['events'][0]['seq'] - 1}").json["items"]
        self.assertEqual(len({e["change_id"] for e in events}), 1)
        before = self.head()
        bad = {"commands": [{"type": "AddPeer", "data": {"name": "set-c"}}, {"type": "AddPeer", "data": {"name": "set-a"}}]}
        self.refused(self.admin.post("/changes", bad), 409, "name_taken", "/commands/1/data/name")
        bad["commands"][1]["data"]["name"] = "a b"
        self.refused(self.admin.post("/changes", bad), 422, "invalid_field", "/commands/1/data/name")
        alone = {"commands": [{"type": "AddPeer", "data": {"name": "set-a"}}]}
        self.refused(self.admin.post("/changes", alone), 409, "name_taken", "/commands/0/data/name")
        self.refused(self.admin.post("/changes?dry_run=true", alone), 409, "name_taken", "/commands/0/data/name")
        self.refused(self.admin.post("/changes", {"commands": [{"type": "Boom"}]}), 422, "invalid_field", "/commands/0/type")
        self.assertEqual(self.admin.post("/changes", {"commands": []}).status, 422)
        self.assertEqual(self.head(), before)
        # Undone as one.
        self.made(self.admin.post(f"/changes/{done['seq']}/undo"))
        names = {p["name"] for p in self.admin.get("/peers?limit=1000").json["items"]}
        self.assertFalse({"set-a", "set-b"} & names)

    def test_read_your_writes_on_any_connection(self):
        peer = self.peer("moving")
        for value in range(1, 60):
            written = self.made(self.admin.patch(f"/peers/{peer['id']}", {"keepalive": value}))
            read = self.local.get(f"/peers/{peer['id']}")
            self.assertEqual(read.json["keepalive"], value)
            self.assertGreaterEqual(read.seq, written.seq)


class Queries(Contract):
    def test_time_travel(self):
        peer = self.peer("traveller")
        then = self.head()
        self.made(self.admin.patch(f"/peers/{peer['id']}", {"keepalive": 11}))
        self.made(self.admin.patch("/cell", {"domain": "moved.example"}))
        self.made(self.admin.delete(f"/peers/{peer['id']}"), 204)
        was = self.made(self.admin.get(f"/peers/{peer['id']}?at={then}"))
        self.assertEqual((was.json, was.etag, was.seq), (peer, '"1"', then))
        self.assertEqual(self.admin.get(f"/cell?at={then}").json["domain"], "cell.home.arpa")
        self.assertEqual(self.admin.get(f"/config?at={then}").seq, then)
        zone = next(a["path"] for a in self.admin.get(f"/artefacts?at={then}").json["items"] if "cell.home.arpa" in a["path"])
        text = self.made(self.admin.get(f"/artefacts/dns/{zone}?at={then}"))
        self.assertIn("traveller", text.text)
        self.refused(self.admin.get(f"/artefacts/dns/{zone}"), 404, "not_found")
        self.assertEqual({e["seq"] for e in self.admin.get(f"/events?at={then}&limit=1000").json["items"]}, set(range(1, then + 1)))
        self.refused(self.admin.get(f"/peers/{peer['id']}?at=1"), 404, "not_found")
        self.refused(self.admin.get(f"/cell?at={self.head() + 1}"), 422, "unknown_sequence")
        for bad in ("0", "-1", "x", "1.5", "99999999999999999999999"):
            self.refused(self.admin.get(f"/cell?at={bad}"), 422, "invalid_field", "?at")
        self.made(self.admin.patch("/cell", {"domain": "cell.home.arpa"}))

    def test_lists_come_in_pages(self):
        for number in range(7):
            self.peer(f"page-{number}")
        every = [p["id"] for p in self.admin.get("/peers").json["items"]]
        found, cursor = [], ""
        while cursor is not None:
            page = self.made(self.admin.get(f"/peers?limit=3{cursor and '&cursor=' + cursor}")).json
            self.assertLessEqual(len(page["items"]), 3)
            found += [p["id"] for p in page["items"]]
            cursor = page["next_cursor"]
        self.assertEqual(found, every)
        for bad in ("0", "1001", "x", ""):
            self.refused(self.admin.get(f"/peers?limit={bad}"), 422, "invalid_field", "?limit")
        self.refused(self.admin.get("/peers?cursor=elsewhere"), 422, "invalid_field", "?cursor")
        self.refused(self.admin.get("/peers?colour=red"), 422, "invalid_field", "?colour")
        self.refused(self.admin.get("/peers?limit=1&limit=2"), 422, "invalid_field", "?limit")

    def test_artefacts_are_raw_text_with_references_for_secrets(self):
        self.peer("raw")
        listed = self.made(self.admin.get("/artefacts")).json["items"]
        paths = {(a["service"], a["path"]) for a in listed}
        self.assertLessEqual({("wireguard", "wg0.conf"), ("dns", "Corefile"), ("cell", "cell_config.json")}, paths)
        config = self.made(self.admin.get("/artefacts/wireguard/wg0.conf"))
        self.assertTrue(config.headers["Content-Type"].startswith("text/plain"))
        self.assertIn("[Interface]", config.text)
        self.assertRegex(config.text, r"PrivateKey = .*wireguard/private_key@1")
        zone = next(path for service, path in sorted(paths) if service == "dns" and "/" in path)
        plain = self.made(self.admin.get(f"/artefacts/dns/{zone}"))
        encoded = self.made(self.admin.get(f"/artefacts/dns/{zone.replace('/', '%2F')}"))
        self.assertEqual(plain.body, encoded.body)
        for service, path in sorted(paths):
            self.made(self.admin.get(f"/artefacts/{service}/{path}"))
        for bad in ("/artefacts/dns/../../etc/passwd", "/artefacts/dns/%2e%2e%2fx", "/artefacts/nobody/x", "/artefacts/dns/nothing"):
            self.assertEqual(self.admin.get(bad).status, 404, bad)

    def test_the_audit_log(self):
        peer = self.peer("audited")
        seq = self.head()
        event = self.made(self.admin.get(f"/events?after={seq - 1}")).json["items"][0]
        self.assertEqual((event["seq"], event["stream"], event["version"], event["type"], event["actor"], event["source"]),
                         (seq, f"peer-{peer['id']}", 1, "PeerAdded", "user:admin", "127.0.0.1"))
        self.assertRegex(event["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertRegex(event["id"], r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertRegex(event["hash"], r"^[0-9a-f]{64}$")
        for query, check in {
            "type=PeerAdded": lambda e: e["type"] == "PeerAdded", "stream=cell": lambda e: e["stream"] == "cell",
            "actor=system": lambda e: e["actor"] == "system", f"since={event['at']}": lambda e: e["at"] >= event["at"],
            f"until={event['at']}": lambda e: e["at"] < event["at"],
        }.items():
            items = self.made(self.admin.get(f"/events?limit=1000&{query}")).json["items"]
            self.assertTrue(items and all(map(check, items)), query)
        found, cursor = [], ""
        while cursor is not None:
            page = self.made(self.admin.get(f"/events?limit=2{cursor and '&cursor=' + cursor}")).json
            found += [e["seq"] for e in page["items"]]
            cursor = page["next_cursor"]
        self.assertEqual(found[:seq], list(range(1, seq + 1)))
        self.refused(self.admin.get("/events?cursor=9.1"), 409, "stale_epoch")
        self.refused(self.admin.get("/events?cursor=1"), 422, "invalid_field", "?cursor")
        self.refused(self.admin.get("/events?after=1&epoch=2"), 409, "stale_epoch")
        self.made(self.admin.get("/events?after=1&epoch=1"))
        self.refused(self.admin.get("/events?after=99999"), 422, "unknown_sequence")
        self.refused(self.admin.get("/events?since=yesterday"), 422, "invalid_field", "?since")
        verdict = self.made(self.admin.get("/audit/verify")).json
        self.assertEqual((verdict["ok"], verdict["events"], verdict["first_bad_seq"]), (True, verdict["head"]["seq"], None))

    def test_diff_undo_and_restore(self):
        before = self.head()
        peer = self.peer("undone")
        changed = self.made(self.admin.patch("/cell", {"timezone": "Europe/Rome"})).json["seq"]
        diff = self.made(self.admin.get(f"/diff?from={before}&to={changed}")).json
        by_key = {(c["collection"], c["key"]): c for c in diff["resources"]}
        self.assertIsNone(by_key["peers", peer["id"]]["before"])
        self.assertEqual(by_key["cell", ""]["after"]["timezone"], "Europe/Rome")
        self.assertIn(("wireguard", "wg0.conf"), {(a["service"], a["path"]) for a in diff["artefacts"]})
        self.refused(self.admin.get("/diff"), 422, "invalid_field", "?from")
        self.refused(self.admin.get(f"/diff?from=1&to={self.head() + 5}"), 422, "unknown_sequence")

        undone = self.made(self.admin.post(f"/changes/{changed}/undo")).json
        self.assertEqual(self.admin.get("/cell").json["timezone"], "UTC")
        event = self.admin.get(f"/events?after={undone['seq'] - 1}").json["items"][0]
        self.assertEqual(event["causation"], changed)
        self.refused(self.admin.post(f"/changes/{changed}/undo"), 409, "undo_overlap")
        self.refused(self.admin.post("/changes/99999/undo"), 404, "not_found")
        self.assertEqual(self.admin.post("/changes/0/undo").status, 404)
        self.token("peers:read")  # which only goes forward
        self.refused(self.admin.post(f"/changes/{self.head()}/undo"), 409, "nothing_to_undo")

        self.made(self.admin.post("/restore", {"to_seq": before}))
        self.assertEqual(self.admin.get(f"/peers/{peer['id']}").status, 404)
        self.assertGreater(self.head(), undone["seq"])
        self.refused(self.admin.post("/restore", {"to_seq": self.head() + 1}), 422, "unknown_sequence")
        self.assertEqual(self.admin.post("/restore", {"to_seq": 0}).status, 422)

    def test_a_removed_peer_comes_back_and_can_have_new_keys(self):
        peer = self.peer("phoenix", preshared_key=True)
        gone = self.made(self.admin.delete(f"/peers/{peer['id']}"), 204).seq
        self.cell.end("picd")  # the keys are destroyed behind the answer, and at the latest before the end
        start(self.cell)
        self.made(self.admin.post(f"/changes/{gone}/undo"))
        back = self.admin.get(f"/peers/{peer['id']}").json
        self.assertEqual((back["name"], back["has_private_key"], back["has_preshared_key"]), ("phoenix", False, True))
        self.made(self.admin.post(f"/peers/{peer['id']}/rotate", {}))

    def test_the_whole_configuration_there_and_back(self):
        self.peer("exported")
        config = self.made(self.admin.get("/config"))
        before = self.head()
        self.assertEqual(self.made(self.admin.put("/config", config.json)).json["events"], [])
        edited = config.json
        edited["cell"]["cell"]["endpoint"] = "vpn.example:51820"
        done = self.made(self.admin.put("/config?dry_run=true", edited)).json
        self.assertEqual([e["type"] for e in done["events"]], ["CellChanged"])
        done = self.made(self.admin.put("/config", edited)).json
        self.assertEqual([e["type"] for e in done["events"]], ["CellChanged"])
        self.assertEqual(self.head(), before + 1)
        self.refused(self.admin.put("/config", {"cell": 5}), 422, "invalid_config")

    def test_services(self):
        services = self.made(self.admin.get("/services")).json["items"]
        self.assertLessEqual({"dns", "wireguard"}, {s["name"] for s in services})
        dns = self.made(self.admin.get("/services/dns"))
        self.assertEqual((dns.json["state"], dns.json["health"]), ("unreachable", "unknown"))
        off = self.made(self.admin.patch("/services/dns", {"enabled": False})).json["resource"]
        self.assertEqual((off["enabled"], off["name"]), (False, "dns"))
        eventually(lambda: self.admin.get("/services/dns").json["state"] == "disabled", "dns is off")
        self.made(self.admin.patch("/services/dns", {"enabled": True}))
        self.refused(self.admin.get("/services/toaster"), 404, "not_found")
        self.refused(self.admin.get("/services/A%20B"), 404, "not_found")

    def test_health_and_metrics(self):
        self.assertEqual(self.nobody.get("/healthz").text, "ok\n")
        self.assertEqual(self.nobody.get("/readyz").json, {"ready": True, "read_only": False, "epoch": 1})
        self.refused(self.nobody.get("/metrics"), 401, "unauthenticated")
        _, scraper = self.token("metrics:read")
        text = self.made(scraper.get("/metrics")).text
        self.assertRegex(text, r"(?m)^pic_log_sequence \d+$")
        self.refused(scraper.get("/peers"), 403, "forbidden")

    def test_peers_have_configs(self):
        peer = self.peer("configured")
        path = f"/peers/{peer['id']}/config"
        first = self.made(self.admin.get(path))
        self.assertTrue(first.headers["Content-Type"].startswith("text/plain"))
        self.assertRegex(first.text, r"(?m)^PrivateKey = [A-Za-z0-9+/]{43}=$")
        self.assertEqual(first.headers["Cache-Control"], "no-store")
        eventually(lambda: not self.admin.get(f"/peers/{peer['id']}").json["has_private_key"], "the key was dropped")
        self.assertNotRegex(self.made(self.admin.get(path)).text, r"(?m)^PrivateKey = [A-Za-z0-9+/]{43}=$")
        kept = self.peer("kept", keep_key=True)
        for accept, kind, magic in (("image/svg+xml", "image/svg+xml", b"<"), ("image/png", "image/png", b"\x89PNG")):
            picture = self.made(self.admin.get(f"/peers/{kept['id']}/config", Accept=accept))
            self.assertEqual(picture.kind, kind)
            self.assertTrue(picture.body.lstrip().startswith(magic))
        self.refused(self.admin.get(path, Accept="application/pdf"), 406, "not_acceptable")
        link = self.made(self.admin.post(f"/peers/{kept['id']}/link", {}), 201).json
        served = self.made(self.nobody.get(link["path"]))
        self.assertRegex(served.text, r"(?m)^PrivateKey = [A-Za-z0-9+/]{43}=$")
        self.assertEqual(self.nobody.get(link["path"]).status, 404, "it works once")

    def test_zones(self):
        record = self.made(self.admin.post("/dns/records", {"name": "@", "type": "MX", "value": "10 mail.example."}), 201)
        self.assertEqual(record.headers["Location"], f"/api/v1/dns/records/{record.json['resource']['id']}")
        self.assertEqual(record.json["resource"]["ttl"], 300)
        zone = self.made(self.admin.get("/dns/zones/cell.home.arpa/export"))
        self.assertIn("MX", zone.text)
        imported = self.made(self.admin.post("/dns/zones/cell.home.arpa/import", "extra 600 IN TXT \"hello\"\n", Content_Type="text/dns"))
        self.assertIn("DnsRecordAdded", [e["type"] for e in imported.json["events"]])
        self.assertEqual(self.admin.get("/dns/zones/nowhere.example/export").status, 404)
        upstreams = self.made(self.admin.put("/dns/upstreams", {"servers": ["9.9.9.9"]})).json["resource"]
        self.assertTrue(upstreams)


class Gate(Contract):
    def test_hosts(self):
        for host in ("localhost", f"localhost:{self.address.split(':')[1]}", "127.0.0.1:1", "[::1]:80", "cell.home.arpa",
                     "pic.cell.home.arpa", "CELL.home.arpa."):
            self.assertEqual(self.admin.get("/cell", Host=host).status, 200, host)
        for host in ("evil.example", "127.0.0.1.evil.example", "cell.home.arpa.evil.example", "xcell.home.arpa", "10.99.99.99"):
            self.refused(self.admin.get("/cell", Host=host), 421, "unknown_host")
            self.assertEqual(self.nobody.get("/healthz", Host=host).status, 421, host)
        self.assertIn(b" 400 ", self.nobody.raw(b"GET /healthz HTTP/1.1\r\n\r\n").split(b"\r\n")[0])

    def test_origins(self):
        own = f"http://{self.address}"
        self.assertEqual(self.admin.get("/cell", Origin=own).status, 200)
        for origin in ("http://evil.example", "null", f"http://{self.address}.evil.example", "http://127.0.0.1:1"):
            self.refused(self.admin.get("/cell", Origin=origin), 403, "origin_refused")
            self.refused(self.nobody.post("/session", {"username": "admin", "password": PASSWORD}, Origin=origin), 403, "origin_refused")

    def test_csrf(self):
        before = self.head()
        for token in ("", "0" * 64, "x"):
            self.refused(self.admin.post("/peers", {"name": "forged"}, X_CSRF_Token=token), 403, "csrf_refused")
        other = self.made(self.sign_in(), 201)
        self.refused(self.admin.post("/peers", {"name": "forged"}, X_CSRF_Token=other.json["csrf_token"]), 403, "csrf_refused")
        self.assertEqual(self.head(), before)
        self.assertEqual(self.admin.get("/session", X_CSRF_Token="").json["csrf_token"], self.admin.headers["X-CSRF-Token"])

    def test_the_cookie(self):
        words = self.claimed.headers["Set-Cookie"].split("; ")
        self.assertRegex(words[0], r"^pic_sess_[0-9a-f]{8}=")
        self.assertLessEqual({"HttpOnly", "SameSite=Strict", "Path=/"}, set(words))
        signed = self.made(self.sign_in(), 201)
        self.assertEqual(self.cookie_of(signed).split("=")[0], words[0].split("=")[0])
        name = words[0].split("=")[0]
        for cookie in (f"{name}=forged", "pic_sess_00000000=" + words[0].split("=")[1], "x"):
            self.refused(self.nobody.get("/cell", Cookie=cookie), 401, "unauthenticated")

    def test_sessions_come_and_go(self):
        self.refused(self.sign_in(password="wrong password"), 401, "wrong_credentials")
        self.refused(self.sign_in("nobody"), 401, "wrong_credentials")
        self.refused(self.nobody.post("/session", {"username": "admin"}), 422, "invalid_field", "/password")
        self.refused(self.sign_in(colour="red"), 422, "invalid_field", "/colour")
        signed = self.made(self.sign_in(), 201)
        second = self.nobody.but(Cookie=self.cookie_of(signed), X_CSRF_Token=signed.json["csrf_token"])
        listed = self.made(self.admin.get("/sessions")).json["items"]
        self.assertIn(signed.json["id"], [s["id"] for s in listed])
        self.assertEqual([s["id"] for s in listed if s["current"]], [self.claimed.json["id"]])
        self.cell.end("picd", signal.SIGKILL)
        start(self.cell)
        self.made(second.post("/peers", {"name": "survivor"}), 201)
        self.made(self.admin.delete(f"/sessions/{signed.json['id']}"), 204)
        self.refused(second.get("/cell"), 401, "unauthenticated")
        self.refused(self.admin.delete(f"/sessions/{signed.json['id']}"), 404, "not_found")
        third = self.made(self.sign_in(), 201)
        leaving = self.nobody.but(Cookie=self.cookie_of(third), X_CSRF_Token=third.json["csrf_token"])
        out = self.made(leaving.delete("/session"), 204)
        self.assertIn("Max-Age=0", out.headers["Set-Cookie"])
        self.assertEqual(leaving.get("/session").status, 401)

    def test_bearer_tokens_do_what_their_scopes_say(self):
        made, reader = self.token("peers:read")
        self.assertRegex(made["token"], r"^pic_[0-9a-f-]+_[A-Za-z0-9_-]{20,}$")
        self.assertEqual(reader.get("/peers").status, 200)
        self.refused(reader.post("/peers", {"name": "no"}), 403, "forbidden")
        self.refused(reader.get("/cell"), 403, "forbidden")
        self.refused(reader.post("/changes", {"commands": [{"type": "AddPeer", "data": {"name": "no"}}]}), 403, "forbidden")
        _, writer = self.token("peers:write", "peers:read")
        self.assertEqual(writer.post("/peers", {"name": "by-token"}).status, 201)
        _, everything = self.token("*")
        self.assertEqual(everything.patch("/cell", {"timezone": "Europe/Oslo"}).status, 200)
        self.assertEqual(everything.get("/session").json["kind"], "token")
        self.refused(self.admin.post("/tokens", {"name": "x", "scopes": ["peers"]}), 422, "scope_invalid")
        self.made(self.admin.delete(f"/tokens/{made['id']}"), 204)
        self.refused(reader.get("/peers"), 401, "unauthenticated")
        for bad in ("Bearer x", f"Bearer pic_{NO_SUCH_ID}_{'x' * 43}", "Basic YTpi", "Bearer"):
            answer = self.refused(self.nobody.get("/peers", Authorization=bad), 401, "unauthenticated")
            self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        self.assertNotIn("token", json.dumps([t for t in self.admin.get("/tokens").json["items"]]).replace("tokens", ""))

    def test_the_unix_socket_is_an_operators(self):
        self.assertEqual(socket_of(self.cell).stat().st_mode & 0o777, 0o600)
        who = self.made(self.local.get("/session")).json
        self.assertEqual((who["kind"], who["principal"]), ("local", "local:root"))
        self.assertEqual(self.local.post("/peers", {"name": "by-socket"}).status, 201)

    def test_methods_and_paths(self):
        self.assertEqual(self.admin.ask("HEAD", "/peers").status, 200)
        head, get = self.admin.ask("HEAD", "/cell"), self.admin.get("/cell")
        self.assertEqual((head.body, head.headers["Content-Length"], head.etag), (b"", str(len(get.body)), get.etag))
        options = self.nobody.ask("OPTIONS", "/peers")
        self.assertEqual((options.status, options.headers["Allow"]), (204, "GET, HEAD, POST, OPTIONS"))
        for method, path in (("PUT", "/peers"), ("DELETE", "/cell"), ("POST", "/healthz"), ("PATCH", "/events"), ("TRACE", "/cell")):
            answer = self.refused(self.admin.ask(method, path), 405, "method_not_allowed")
            self.assertIn("OPTIONS", answer.headers["Allow"])
        for path in ("/nowhere", "/peers/", "/api/v2/peers", "//", "/peers/not-an-id", "/peers/%00", "/peers/%ff", "/peers/%2e%2e"):
            self.assertEqual(self.admin.get(path).status, 404 if path != "//" else 200, path)

    def test_media_types_and_bodies(self):
        before = self.head()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json"):
            self.refused(self.admin.post("/peers", b'{"name":"x"}', Content_Type=kind), 415, "unsupported_media_type")
        self.refused(self.admin.post("/peers", b'{"name":"x"}', Content_Type=""), 415, "unsupported_media_type")
        self.refused(self.admin.post("/peers"), 400, "malformed_json")
        deep = b'{"name":' + b"[" * 40 + b"]" * 40 + b"}"
        for body in (b"{", b"[1,", b"nope", b'{"name":"x"} trailing', b'\xff\xfe{"name":"x"}', b'{"name":"\xff"}', deep, b"{'name':'x'}"):
            self.refused(self.admin.post("/peers", body), 400, "malformed_json")
        for body in (b"[]", b'"x"', b"null", b"5"):
            self.refused(self.admin.post("/peers", body), 422, "invalid_field", "")
        self.refused(self.admin.post("/peers", b'{"name":"a","name":"b"}'), 422, "invalid_field", "/name")
        self.refused(self.admin.ask("GET", "/peers", b'{"x":1}'), 422, "unexpected_body")
        self.assertEqual(self.head(), before)
        self.assertEqual(self.admin.post("/peers", {"name": "typed"}, Content_Type="application/json; charset=utf-8").status, 201)

    def test_too_large_is_said_and_heard(self):
        too_large = b'{"name":"' + b"x" * (1024 * 1024) + b'"}'
        self.refused(self.admin.post("/peers", too_large), 413, "too_large")
        chunked = (f"POST /api/v1/peers HTTP/1.1\r\nHost: {self.address}\r\nTransfer-Encoding: chunked\r\n"
                   f"Content-Type: application/json\r\nCookie: {self.admin.headers['Cookie']}\r\n"
                   f"X-CSRF-Token: {self.admin.headers['X-CSRF-Token']}\r\n\r\n").encode()
        chunked += b"".join(b"%x\r\n" % len(too_large[i:i + 65536]) + too_large[i:i + 65536] + b"\r\n"
                            for i in range(0, len(too_large), 65536)) + b"0\r\n\r\n"
        self.assertIn(b" 413 ", self.nobody.raw(chunked).split(b"\r\n")[0])
        self.assertEqual(self.nobody.get("/healthz", X_Long="y" * 9000).status, 431)
        self.assertEqual(self.nobody.get("/healthz", X_Long="y" * 7000).status, 200)

    def test_what_is_not_http(self):
        for raw in (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n",
                    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
                    b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            self.assertIn(b" 400 ", self.nobody.raw(raw).split(b"\r\n")[0], raw)
        self.assertEqual(self.nobody.get("/healthz").status, 200)


class Guessing(Contract):
    def test_guessing_is_slowed(self):
        def guess():
            return self.nobody.post("/session", {"username": "target", "password": "a wrong guess"})
        answers = [guess() for _ in range(30)]
        slowed = [a for a in answers if a.status == 429]
        self.assertTrue(slowed, [a.status for a in answers])
        self.assertGreaterEqual(int(slowed[0].headers["Retry-After"]), 1)
        self.refused(slowed[0], 429, "rate_limited")
        self.assertEqual(self.admin.get("/cell").status, 200, "who is signed in does not notice")


class BadInput(Contract):
    """Whatever is wrong: a status, a stable code, a place, a sentence, and nothing in the log."""

    def test_every_kind(self):
        peer = self.peer("there", address="10.8.0.9", public_key=KEY)
        self.made(self.admin.post("/dns/records", {"name": "alias", "type": "CNAME", "value": "there"}), 201)
        self.made(self.admin.post("/agents", {"name": "nas", "services": ["dns"], "public_key": "a" * 40}), 201)
        path = f"/peers/{peer['id']}"
        record = {"name": "r", "type": "A", "value": "10.1.1.1"}
        cases = [
            # peers
            ("POST", "/peers", {}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": "x", "shoe_size": 44}, 422, "invalid_field", "/shoe_size"),
            ("POST", "/peers", {"name": 5}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": None}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": ""}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": "a" * 64}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": "a\nb"}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": "a\u2028b"}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": "a\u0000b"}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": "-a"}, 422, "invalid_field", "/name"),
            ("POST", "/peers", {"name": "there"}, 409, "name_taken", "/name"),
            ("POST", "/peers", {"name": "x", "address": "10.8.0.9"}, 409, "address_taken", "/address"),
            ("POST", "/peers", {"name": "x", "public_key": KEY}, 409, "key_taken", "/public_key"),
            ("POST", "/peers", {"name": "x", "address": "192.168.1.5"}, 422, "invalid_field", "/address"),
            ("POST", "/peers", {"name": "x", "address": "10.8.0.0"}, 422, "invalid_field", "/address"),
            ("POST", "/peers", {"name": "x", "address": "10.8.0.1"}, 422, "invalid_field", "/address"),
            ("POST", "/peers", {"name": "x", "address": "10.8.0.255"}, 422, "invalid_field", "/address"),
            ("POST", "/peers", {"name": "x", "address": "10.8.0.999"}, 422, "invalid_field", "/address"),
            ("POST", "/peers", {"name": "x", "address6": "2001:db8::5"}, 422, "invalid_field", "/address6"),
            ("POST", "/peers", {"name": "x", "public_key": "short"}, 422, "invalid_field", "/public_key"),
            ("POST", "/peers", {"name": "x", "public_key": KEY[:-2] + "5="}, 422, "invalid_field", "/public_key"),
            ("POST", "/peers", {"name": "x", "allowed_ips": ["10.0.0.0/33"]}, 422, "invalid_field", "/allowed_ips/0"),
            ("POST", "/peers", {"name": "x", "lans": ["10.0.0.1/24"]}, 422, "invalid_field", "/lans/0"),
            ("POST", "/peers", {"name": "x", "keepalive": -1}, 422, "invalid_field", "/keepalive"),
            ("POST", "/peers", {"name": "x", "keepalive": 70000}, 422, "invalid_field", "/keepalive"),
            ("POST", "/peers", {"name": "x", "keepalive": "5"}, 422, "invalid_field", "/keepalive"),
            ("POST", "/peers", {"name": "x", "enabled": "yes"}, 422, "invalid_field", "/enabled"),
            ("POST", "/peers", {"name": "x", "expires_at": "tomorrow"}, 422, "invalid_field", "/expires_at"),
            ("POST", "/peers", {"name": "x", "expires_at": "2001-01-01T00:00:00Z"}, 422, "invalid_field", "/expires_at"),
            ("PATCH", path, {"name": "a b"}, 422, "invalid_field", "/name"),
            ("PATCH", path, {"id": NO_SUCH_ID}, 422, "invalid_field", "/id"),
            ("PATCH", path, {"address": None}, 422, "invalid_field", "/address"),
            ("PATCH", f"/peers/{NO_SUCH_ID}", {"name": "x"}, 404, "not_found", None),
            # the cell
            ("PATCH", "/cell", {"vpn_range": "8.8.8.0/24"}, 422, "invalid_field", "/vpn_range"),
            ("PATCH", "/cell", {"vpn_range": "10.8.0.5/24"}, 422, "invalid_field", "/vpn_range"),
            ("PATCH", "/cell", {"vpn_range": "10.8.0.0/33"}, 422, "invalid_field", "/vpn_range"),
            ("PATCH", "/cell", {"vpn_range": "10.8.0.0/29"}, 422, "range_too_small", "/vpn_range"),
            ("PATCH", "/cell", {"vpn_range": "nowhere"}, 422, "invalid_field", "/vpn_range"),
            ("PATCH", "/cell", {"vpn_range6": "2001:db8::/64"}, 422, "invalid_field", "/vpn_range6"),
            ("PATCH", "/cell", {"lan_range": "10.8.0.0/16"}, 422, "invalid_field", "/lan_range"),
            ("PATCH", "/cell", {"domain": "192.168.1.1"}, 422, "invalid_field", "/domain"),
            ("PATCH", "/cell", {"domain": "x..example"}, 422, "invalid_field", "/domain"),
            ("PATCH", "/cell", {"domain": None}, 422, "invalid_field", "/domain"),
            ("PATCH", "/cell", {"endpoint": "no port:"}, 422, "invalid_field", "/endpoint"),
            ("PATCH", "/cell", {"timezone": "Mars Olympus"}, 422, "invalid_field", "/timezone"),
            ("PATCH", "/cell", {"timezone": "Europe/Atlantis"}, 422, "invalid_field", "/timezone"),
            ("PATCH", "/cell", {"timezone": "Europe"}, 422, "invalid_field", "/timezone"),
            ("PATCH", "/cell", {"timezone": "posix/Europe/Berlin"}, 422, "invalid_field", "/timezone"),
            # wireguard
            ("PATCH", "/wireguard", {"listen_port": 0}, 422, "invalid_field", "/listen_port"),
            ("PATCH", "/wireguard", {"listen_port": 65536}, 422, "invalid_field", "/listen_port"),
            ("PATCH", "/wireguard", {"mtu": 100}, 422, "invalid_field", "/mtu"),
            ("PATCH", "/wireguard", {"dns": ["x"]}, 422, "invalid_field", "/dns/0"),
            # dns
            ("POST", "/dns/records", {"name": "x", "type": "A"}, 422, "invalid_field", "/value"),
            ("POST", "/dns/records", record | {"value": "fd00::1"}, 422, "invalid_field", "/value"),
            ("POST", "/dns/records", record | {"type": "AAAA"}, 422, "invalid_field", "/value"),
            ("POST", "/dns/records", record | {"type": "XYZ"}, 422, "invalid_field", "/type"),
            ("POST", "/dns/records", record | {"name": "a b"}, 422, "invalid_field", "/name"),
            ("POST", "/dns/records", record | {"ttl": -1}, 422, "invalid_field", "/ttl"),
            ("POST", "/dns/records", record | {"name": "alias"}, 409, "cname_conflict", "/name"),
            ("POST", "/dns/records", {"name": "t", "type": "TXT", "value": "a\nb"}, 422, "invalid_field", "/value"),
            ("POST", "/dns/records", {"name": "m", "type": "MX", "value": "mail"}, 422, "invalid_field", "/value"),
            ("PUT", "/dns/upstreams", {"servers": ["nowhere at all"]}, 422, "invalid_field", "/servers/0"),
            # services, tokens, agents
            ("PATCH", "/services/toaster", {"enabled": False}, 404, "not_found", None),
            ("PATCH", "/services/dns", {"enabled": 1}, 422, "invalid_field", "/enabled"),
            ("POST", "/tokens", {"name": "x"}, 422, "invalid_field", "/scopes"),
            ("POST", "/agents", {"name": "x", "services": ["toaster"]}, 422, "invalid_field", "/services/0"),
            ("POST", "/agents", {"name": "x", "services": ["dns"], "public_key": "x"}, 422, "invalid_field", "/public_key"),
            ("POST", "/agents", {"name": "x", "services": ["dns"], "public_key": "a" * 40}, 409, "key_taken", "/public_key"),
        ]
        before = self.head()
        for method, target, body, status, code, pointer in cases:
            with self.subTest(f"{method} {target} {json.dumps(body)}"):
                answer = self.admin.ask(method, target, body)
                self.refused(answer, status, code, *([] if pointer is None else [pointer]))
                planned = self.admin.ask(method, target + "?dry_run=true", body)
                self.assertEqual((planned.status, planned.code), (status, code), "a dry run says the same")
        self.assertEqual(self.head(), before, "nothing was appended")


    def test_an_enrolment_whose_answer_was_lost_is_answered_again(self):
        invited = self.admin.post("/agents", {"services": ["dns"]}).json["resource"]
        ours = {"enrolment_token": invited["enrolment_token"], "public_key": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"}
        other = ours | {"public_key": "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"}
        wrong = ours | {"enrolment_token": ours["enrolment_token"][:-4] + "AAAA"}
        self.refused(self.nobody.post("/enrolment", wrong), 401, "unauthenticated")
        first = self.nobody.post("/enrolment", ours)
        self.assertEqual((first.status, first.json["id"], first.json["services"]), (201, invited["id"], ["dns"]), first)
        head = self.head()
        again = self.nobody.post("/enrolment", ours)
        self.assertEqual((again.status, again.json), (201, first.json))
        self.refused(self.nobody.post("/enrolment", other), 401, "unauthenticated")
        self.refused(self.nobody.post("/enrolment", wrong), 401, "unauthenticated")
        self.assertEqual(self.head(), head)
        self.assertEqual(self.admin.delete(f"/agents/{invited['id']}").status, 204)
        self.refused(self.nobody.post("/enrolment", ours), 401, "unauthenticated")

    def test_what_is_no_json(self):
        peer = self.peer("there-too")
        archive, zone = {"Content_Type": "application/octet-stream"}, {"Content_Type": "text/dns"}
        long_enough, imported = {"Pic_Passphrase": "long enough"}, "/dns/zones/cell.home.arpa/import"
        cases = [
            ("GET", "/backup", None, {}, 422, "invalid_field", "Pic-Passphrase:"),
            ("GET", "/backup", None, {"Pic_Passphrase": "short"}, 422, "invalid_field", "Pic-Passphrase:"),
            ("POST", "/backup/restore", b"x", archive | long_enough, 422, "backup_not_an_archive", None),
            ("POST", "/backup/restore", b"", archive | long_enough, 422, "backup_not_an_archive", None),
            ("POST", "/backup/restore", b"x", archive, 422, "invalid_field", "Pic-Passphrase:"),
            ("POST", "/backup/restore", b"{}", long_enough, 415, "unsupported_media_type", None),
            ("POST", "/enrolment", {"enrolment_token": "enr_a" + "0" * 32 + "_" + "x" * 43, "public_key": "a" * 40}, {}, 401,
             "unauthenticated", None),
            ("POST", "/enrolment", {"enrolment_token": "x", "public_key": "a" * 40}, {}, 422, "invalid_field", "/enrolment_token"),
            ("POST", imported, b"ok IN A 10.0.0.1\n\nwww IN A nonsense\n", zone, 422, "invalid_field", "line 3"),
            ("POST", imported, b"www IN A nonsense\n", zone, 422, "invalid_field", "line 1"),
            ("POST", imported, b'www IN TXT "unclosed\n', zone, 422, "invalid_field", "line 1"),
            ("POST", imported, b"$INCLUDE /etc/passwd\n", zone, 422, "invalid_field", "line 1"),
            ("POST", imported, b"a.other.example. IN A 10.0.0.1\n", zone, 422, "invalid_field", "line 1"),
            ("POST", "/dns/query", {"name": "x", "type": "ZZ"}, {}, 422, "invalid_field", "/type"),
            ("POST", f"/peers/{peer['id']}/link", {"expires_in": 1}, {}, 422, "invalid_field", "/expires_in"),
            ("POST", f"/peers/{peer['id']}/rotate", {"public_key": "x"}, {}, 422, "invalid_field", "/public_key"),
            ("PUT", "/config", {"sequence": "x"}, {}, 422, "invalid_config", "/sequence"),
        ]
        before = self.head()
        for method, target, body, headers, status, code, pointer in cases:
            with self.subTest(f"{method} {target} {body}"):
                self.refused(self.admin.ask(method, target, body, **headers), status, code, *([] if pointer is None else [pointer]))
        self.assertEqual(self.head(), before, "nothing was appended")


class Streams(Contract):
    def test_events_come_as_they_happen(self):
        self.peer("before")
        head = self.head()
        self.cell.end("picd")
        start(self.cell)
        stream = self.local.stream(f"?after={head - 1}")  # the first thing after a start
        messages = stream.until("caught_up")
        self.assertEqual([m["event"]["seq"] for m in messages[:-1]], [head])
        self.assertEqual(messages[-1], {"kind": "caught_up", "seq": head, "epoch": 1})
        peer = self.peer("live")
        messages = stream.until("event")
        message = messages[-1]
        self.assertEqual((message["event"]["type"], message["event"]["data"]["id"]), ("PeerAdded", peer["id"]))
        self.assertEqual(set(message["event"]), {"seq", "id", "stream", "version", "type", "schema_version", "data", "actor", "source",
                                                 "request_id", "at", "change_id", "causation", "hash"})
        told = [m for m in messages if m["kind"] == "status"]  # before the event or after it
        status = told[0] if told else stream.until("status")[-1]
        self.assertIn(status["service"]["name"], {s["name"] for s in self.admin.get("/services").json["items"]})
        stream.close()
        live = self.local.stream()
        self.assertEqual(live.until("caught_up")[-1]["seq"], self.head())
        live.close()

    def test_who_may_not_listen(self):
        own = f"http://{self.address}"
        with_cookie = self.nobody.but(Cookie=self.admin.headers["Cookie"])
        self.assertEqual(with_cookie.stream(Origin=own).status, 101)
        for client, headers, status, code in (
            (with_cookie, {}, 403, "origin_refused"), (with_cookie, {"Origin": "null"}, 403, "origin_refused"),
            (with_cookie, {"Origin": "http://evil.example"}, 403, "origin_refused"), (self.nobody, {}, 401, "unauthenticated"),
            (self.token("peers:read")[1], {}, 403, "forbidden"), (with_cookie, {"Origin": own, "Host": "evil.example"}, 421, "unknown_host"),
        ):
            stream = client.stream(**headers)
            self.assertEqual((stream.status, stream.problem["code"]), (status, code))
        self.assertEqual(self.token("events:read")[1].stream().status, 101)
        for query, status, code in (("?after=99999", 422, "unknown_sequence"), ("?after=1&epoch=2", 409, "stale_epoch"),
                                    ("?after=x", 422, "invalid_field"), ("?colour=red", 422, "invalid_field")):
            stream = self.local.stream(query)
            self.assertEqual((stream.status, stream.problem["code"]), (status, code))
        self.refused(self.local.get("/stream"), 426, "upgrade_required")

    def test_a_revoked_session_ends_its_stream(self):
        signed = self.made(self.sign_in(), 201)
        stream = self.nobody.but(Cookie=self.cookie_of(signed)).stream(Origin=f"http://{self.address}")
        stream.until("caught_up")
        self.made(self.admin.delete(f"/sessions/{signed.json['id']}"), 204)
        started = time.monotonic()
        while stream.next():
            pass
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(stream.close_code, 1008)

    def test_a_slow_reader_is_closed_and_resumes(self):
        peer = self.peer("busy")
        slow = self.local.stream()
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.until("caught_up")
        started = self.head()
        commands = [{"type": "ChangePeer", "data": {"id": peer["id"], "owner": f"{'o' * 40}-{n}"}} for n in range(1000)]
        for turn in range(12):  # more than the ring holds and the kernel buffers
            for n, command in enumerate(commands):
                command["data"]["owner"] = f"owner-{turn}-{n}"
            self.made(self.local.post("/changes", {"commands": commands}))
        seen = started
        while (message := slow.next()) is not None:
            if message["kind"] == "event":
                self.assertEqual(message["event"]["seq"], seen + 1)
                seen += 1
        self.assertEqual(slow.close_code, 1013)
        again = self.local.stream(f"?after={seen}")
        rest = [m["event"]["seq"] for m in again.until("caught_up")[:-1]]
        self.assertEqual(rest, list(range(seen + 1, self.head() + 1)))

    def test_sigterm_is_graceful(self):
        stream = self.local.stream()
        stream.until("caught_up")
        idle = socket.create_connection(self.address.rsplit(":", 1))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = pool.submit(self.admin.post, "/peers", {"name": "in-flight"}, Prefer="wait=2")
            eventually(lambda: any(p["name"] == "in-flight" for p in self.local.get("/peers?limit=1000").json["items"]), "it is in the log")
            ended = pool.submit(self.cell.end, "picd")
            while stream.next():
                pass
            self.assertEqual(stream.close_code, 1001)
            self.assertEqual(waiting.result().status, 201, "what was in flight is answered")
            self.assertEqual(ended.result(), 0)
        self.assertEqual(idle.recv(1), b"")
        self.assertFalse(socket_of(self.cell).exists())
        start(self.cell)


class NotStarting(unittest.TestCase):
    """What a daemon must not touch: it says why in a sentence, ends with its own code, and leaves every byte as it was."""

    def setUp(self):
        self.cell = Runtime(supervised=False)
        self.addCleanup(self.cell.close)
        start(self.cell)
        self.cell.setup()
        self.data = pathlib.Path(self.cell.environment["PIC_DATA"])
        eventually((self.data / "agent-token").exists, "the last file of a set-up")

    def bytes(self):
        return {str(f.relative_to(self.data)): hashlib.sha256(f.read_bytes()).hexdigest()
                for f in sorted(self.data.rglob("*")) if f.is_file()}

    def refused(self, code, sentence, environment=None):
        before = self.bytes()
        done = subprocess.run([PROGRAMS / "picd"], env=environment or self.cell.environment, capture_output=True, text=True,
                              timeout=DEADLINE)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, sentence)
        self.assertEqual(len([line for line in done.stderr.splitlines() if line.startswith("picd: ")]), 1, done.stderr)
        self.assertEqual(self.bytes(), before)

    def test_a_second_daemon(self):
        other = dict(self.cell.environment, PIC_LISTEN="127.0.0.1:0", PIC_BUS="127.0.0.1:0")
        self.refused(10, "another daemon", other)
        self.assertEqual(self.cell.json("cell", "show")["name"], "home")

    def test_data_of_a_newer_version(self):
        self.cell.end("picd")
        for name in ("log.db", "vault.db"):
            with self.subTest(name):
                self.version(name, 99)
                self.refused(11, "newer")
                self.version(name, 1)
        start(self.cell)

    def version(self, name, number):
        database = sqlite3.connect(self.data / name)
        database.execute(f"PRAGMA user_version = {number}")
        database.close()

    def test_the_master_key(self):
        self.cell.end("picd")
        key = self.data / "master.key"
        right = key.read_bytes()
        key.unlink()
        self.refused(12, "cannot be opened without it")
        key.write_bytes(bytes(32))
        key.chmod(0o600)
        self.refused(12, "is not the key of this vault")
        key.write_bytes(right)
        key.chmod(0o644)
        self.refused(12, "master.key")
        key.chmod(0o600)
        start(self.cell)

    def test_addresses_and_options(self):
        self.refused(14, "cannot listen", dict(self.cell.environment, PIC_DATA=str(self.cell.folder / "second")))
        done = subprocess.run([PROGRAMS / "picd", "--colour"], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 2)

    def test_what_is_no_log(self):
        self.cell.end("picd")
        whole = (self.data / "log.db").read_bytes()
        (self.data / "log.db").write_bytes(b"something else entirely" * 100)
        self.refused(13, "not a PIC log")
        (self.data / "log.db").write_bytes(whole)
        start(self.cell)


if __name__ == "__main__":
    unittest.main()
