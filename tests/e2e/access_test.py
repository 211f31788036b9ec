"""Tokens that are bound to a place, refusals that are remembered, and both logs as JSON lines."""

import json
import pathlib
import unittest

from people_client import AloneRuntime, Client


class Cell(unittest.TestCase):
    def setUp(self):
        self.cell = AloneRuntime()
        self.addCleanup(self.cell.close)
        self.cell.start()
        self.cell.setup("home.example")
        self.admin = self.cell.admin()

    def token(self, **more):
        made = self.admin.post("/tokens", {"name": "script", "scopes": ["peers:read"], **more})
        self.assertEqual(made.status, 201, made)
        return Client(self.cell, made.json["resource"]["token"]), made.json["resource"]


class Tokens(Cell):
    def test_one_that_is_bound_to_a_network_is_nothing_elsewhere(self):
        here, _ = self.token(sources=["127.0.0.0/8"])
        self.assertEqual(here.get("/peers").status, 200)
        elsewhere, made = self.token(sources=["192.0.2.0/24", "2001:db8::/32"])
        self.assertEqual(made["sources"], ["192.0.2.0/24", "2001:db8::/32"])
        refused = elsewhere.get("/peers")
        unknown = Client(self.cell, "pic_" + "0" * 32 + "_" + "A" * 43).get("/peers")
        self.assertEqual((refused.status, refused.json["detail"]), (401, unknown.json["detail"]), "a thief learns nothing")
        self.assertEqual(elsewhere.get("/peers", X_Forwarded_For="192.0.2.7").status, 401, "nor does saying so help")
        self.assertEqual(elsewhere.stream_status(), 401)
        tried = self.admin.get("/access-log?kind=token_refused").json["items"]
        self.assertEqual((tried[0]["actor"], tried[0]["source"]), (f"token:{made['id']}", "127.0.0.1"))

    def test_what_is_no_network_is_refused(self):
        for sources in (["192.0.2.1/24"], ["anywhere"], ["10.0.0.0/8", "10.0.0.0/8"], ["0.0.0.0/0"] * 17):
            answer = self.admin.post("/tokens", {"name": "t", "scopes": ["peers:read"], "sources": sources})
            self.assertEqual((answer.status, answer.code), (422, "invalid_field"), answer)
            self.assertTrue(answer.json["errors"][0]["pointer"].startswith("/sources"), answer)

    def test_its_last_use_is_shown_and_outlives_the_daemon(self):
        script, made = self.token()
        shown = {token["id"]: token for token in self.admin.get("/tokens").json["items"]}[made["id"]]
        self.assertEqual((shown["last_used_at"], shown["last_used_from"]), (None, None))
        script.get("/peers")
        used = self.admin.get("/tokens").json["items"][0]
        self.assertEqual(used["last_used_from"], "127.0.0.1")
        self.assertIsNotNone(used["last_used_at"])
        self.cell.end("picd")
        self.cell.start_daemon()
        self.cell.wait_until_up()
        again = self.admin.get("/tokens").json["items"][0]
        self.assertEqual((again["last_used_at"], again["last_used_from"]), (used["last_used_at"], "127.0.0.1"))
        self.assertNotIn("last_used", json.dumps(self.admin.get("/events?limit=1000").json), "a use is no event")

    def test_the_list_comes_in_pages_and_as_of_then(self):
        ids = [self.token()[1]["id"] for _ in range(5)]
        before = self.cell.head()
        self.admin.delete(f"/tokens/{ids[2]}")
        first = self.admin.get("/tokens?limit=3").json
        second = self.admin.get(f"/tokens?limit=3&cursor={first['next_cursor']}").json
        self.assertEqual([token["id"] for token in first["items"] + second["items"]], ids[:2] + ids[3:])
        self.assertIsNone(second["next_cursor"])
        self.assertEqual([token["id"] for token in self.admin.get(f"/tokens?at={before}").json["items"]], ids)
        self.assertEqual(self.admin.get("/tokens?cursor=nonsense").code, "invalid_field")

    def test_picctl_makes_and_shows_them(self):
        self.cell.picctl("token", "add", "script", "--scopes", "peers:read", "--sources", "127.0.0.0/8,10.0.0.0/8")
        listed = self.cell.picctl("token", "list").stdout
        self.assertIn("127.0.0.0/8,10.0.0.0/8", listed.replace(", ", ","))
        self.assertIn("LAST USED", listed)


class Refusals(Cell):
    def test_every_one_is_in_the_access_log_with_who_where_and_which_request(self):
        viewer = self.admin.post("/users", {"username": "vera", "password": "eleven purple kettles sing", "role": "viewer"})
        self.assertEqual(viewer.status, 201)
        vera = Client(self.cell)
        vera.sign_in("vera", "eleven purple kettles sing")
        forger = Client(self.cell)
        forger.headers = {**vera.headers, "X-CSRF-Token": "invented"}
        script, made = self.token()
        cases = ((vera.post("/groups", {"name": "p"}), "user:vera", "forbidden addGroup (users:write)"),
                 (script.get("/users"), f"token:{made['id']}", "forbidden listUsers (users:read)"),
                 (Client(self.cell).get("/peers"), "", "unauthenticated listPeers (peers:read)"),
                 (forger.post("/peers", {"name": "p"}), "user:vera", "csrf_refused addPeer (peers:write)"),
                 (vera.get("/peers", Origin="http://evil.example"), "", "origin_refused listPeers (peers:read)"))
        for answer, actor, detail in cases:
            self.assertIn(answer.status, (401, 403), answer)
            found = self.admin.get(f"/access-log?request_id={answer.json['request_id']}").json["items"]
            self.assertEqual([(e["kind"], e["actor"], e["source"], e["detail"]) for e in found], [("refused", actor, "127.0.0.1", detail)])
        limited = next(a for a in (Client(self.cell).sign_in("vera", "wrong wrong wrong") for _ in range(30)) if a.status == 429)
        self.assertGreater(int(limited.headers["Retry-After"]), 0)
        self.assertEqual(Client(self.cell).stream_status(), 401)
        self.assertTrue(self.admin.get("/access-log?kind=refused&source=127.0.0.1").json["items"])
        self.assertEqual(self.admin.get("/access-log?kind=refused&source=192.0.2.1").json["items"], [])

    def test_a_refusal_never_holds_what_was_sent(self):
        Client(self.cell, "pic_" + "c" * 32 + "_" + "canary" * 7 + "A").get("/peers")
        Client(self.cell).get("/peer-links/canarycanarycanary")
        Client(self.cell).post("/peers?name=canary", {"name": "canary"})
        self.assertNotIn(b"canary", self.admin.get("/access-log?limit=1000").body)


class Trail(Cell):
    """Every grant and every revocation is found by who did it, from where, and by which request."""

    def only(self, answer, event, **query):
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        found = self.admin.get(f"/events?{asked}").json["items"]
        self.assertEqual([e["type"] for e in found], [event], (answer, found))
        self.assertEqual((found[0]["actor"], found[0]["source"]), ("user:admin", "127.0.0.1"))
        exported = self.admin.get(f"/events/export?{asked}").body.decode().splitlines()
        self.assertEqual([json.loads(line) for line in exported], found)
        return found[0]

    def test_grants_and_revocations_are_found_by_actor_source_and_request(self):
        def id_of(answer):
            return answer.json["resource"]["id"]
        user = self.admin.post("/users", {"username": "vera", "password": "eleven purple kettles sing", "role": "viewer"}, X_Request_Id="req-user")
        token = self.admin.post("/tokens", {"name": "t", "scopes": ["peers:read"]}, X_Request_Id="req-token")
        agent = self.admin.post("/agents", {"name": "a", "services": ["dns"]}, X_Request_Id="req-agent")
        reader = self.admin.post("/subscribers", {"name": "s"}, X_Request_Id="req-subscriber")
        guest = self.admin.post("/invitations", {"role": "member"}, X_Request_Id="req-invitation")
        paper = self.admin.post("/vault/certificates", {"sans": ["x.home.example"]}, X_Request_Id="req-certificate")
        self.admin.patch(f"/users/{id_of(user)}", {"role": "operator"}, X_Request_Id="req-role")
        self.admin.delete(f"/tokens/{id_of(token)}", X_Request_Id="req-token-gone")
        self.admin.delete(f"/agents/{id_of(agent)}", X_Request_Id="req-agent-gone")
        self.admin.delete(f"/subscribers/{id_of(reader)}", X_Request_Id="req-subscriber-gone")
        self.admin.delete(f"/invitations/{id_of(guest)}", X_Request_Id="req-invitation-gone")
        self.admin.post(f"/vault/certificates/{id_of(paper)}/revoke", {}, X_Request_Id="req-certificate-gone")
        for request, event in (("req-user", "UserAdded"), ("req-token", "TokenAdded"), ("req-agent", "BusClientInvited"), ("req-subscriber", "BusClientInvited"),
                               ("req-invitation", "InvitationAdded"), ("req-certificate", "CertificateIssued"), ("req-role", "UserChanged"),
                               ("req-token-gone", "TokenRemoved"), ("req-agent-gone", "BusClientRemoved"), ("req-subscriber-gone", "BusClientRemoved"),
                               ("req-invitation-gone", "InvitationRemoved"), ("req-certificate-gone", "CertificateRevoked")):
            with self.subTest(request):
                self.only(user, event, request_id=request)
        self.only(user, "UserChanged", actor="user:admin", source="127.0.0.1", type="UserChanged")
        self.assertEqual(self.admin.get("/events?source=192.0.2.1").json["items"], [])
        self.assertEqual(self.admin.get("/events?request_id=req-user&actor=user:vera").json["items"], [])
        self.cell.picctl("user", "set", "vera", "role", "viewer")
        self.assertEqual([e["actor"] for e in self.admin.get("/events?source=local&type=UserChanged").json["items"]], ["local:root"])
        shown = self.cell.picctl("events", "--source", "local", "--type", "UserChanged").stdout
        self.assertEqual(len(shown.splitlines()), 1)
        self.assertIn("TokenRemoved", self.cell.picctl("events", "--request-id", "req-token-gone").stdout)


class Exports(Cell):
    def lines(self, path):
        answer = self.admin.get(path)
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/x-ndjson"), answer)
        return [json.loads(line) for line in answer.body.decode().splitlines()]

    def test_the_log_comes_as_json_lines_whole_or_in_part(self):
        self.admin.post("/peers", {"name": "laptop"})
        every = self.lines("/events/export")
        self.assertEqual(every, self.admin.get("/events?limit=1000").json["items"])
        self.assertEqual([e["type"] for e in self.lines("/events/export?type=PeerAdded")], ["PeerAdded"])
        self.assertEqual(self.lines(f"/events/export?after={every[-2]['seq']}"), every[-1:])
        self.assertEqual(self.lines("/events/export?actor=user:nobody"), [])
        spool = pathlib.Path(self.cell.environment["PIC_DATA"]) / "spool"
        self.assertEqual(list(spool.iterdir()), [], "nothing is left behind")

    def test_so_does_the_access_log_oldest_first(self):
        Client(self.cell).get("/peers")
        every = self.lines("/access-log/export")
        self.assertEqual(every, self.admin.get("/access-log?limit=1000").json["items"][::-1])
        self.assertEqual({e["kind"] for e in self.lines("/access-log/export?kind=refused")}, {"refused"})
        self.assertEqual(Client(self.cell).get("/access-log/export").status, 401)

    def test_picctl_writes_and_shows_them(self):
        self.admin.post("/peers", {"name": "laptop"})
        target = self.cell.folder / "events.ndjson"
        self.cell.picctl("log", "export", target, "--type", "PeerAdded")
        self.assertEqual([json.loads(line)["type"] for line in target.read_text().splitlines()], ["PeerAdded"])
        self.assertEqual(target.stat().st_mode & 0o777, 0o600)
        Client(self.cell).get("/peers")
        self.assertIn("unauthenticated listPeers", self.cell.picctl("access-log", "--kind", "refused").stdout)
        self.cell.picctl("access-log", "--export", self.cell.folder / "access.ndjson")
        self.assertTrue((self.cell.folder / "access.ndjson").read_text().splitlines())


if __name__ == "__main__":
    unittest.main(verbosity=2)
