"""The vault on a real daemon: its own key, the kit, who may look at it, and that no secret is anywhere else."""

import json
import pathlib
import re
import subprocess
import unittest

from harness import PASSWORD, PROGRAMS
from people_client import AloneCell, Client


class Cell(AloneCell):
    def setUp(self):
        super().setUp()
        self.data = pathlib.Path(self.cell.environment["PIC_DATA"])


class StepUp(Cell):
    def test_neither_a_token_nor_an_old_sign_in_sees_the_kit(self):
        token = self.admin.post("/tokens", {"name": "all", "scopes": ["*"]}).json["resource"]["token"]
        answer = Client(self.cell, token).post("/vault/recovery-kit")
        self.assertEqual((answer.status, answer.code), (403, "step_up_required"))
        # After a restart sessions live on; this one began ten minutes ago.
        self.cell.end("picd")
        subprocess.run(["sqlite3", str(self.data / "access.db"), "UPDATE session SET created = created - 600000"], check=True)
        self.cell.start_daemon()
        self.cell.wait_until_up()
        self.assertEqual(self.admin.post("/vault/recovery-kit").code, "step_up_required")
        wrong = self.admin.post("/session/confirm", {"password": "not this one at all"})
        self.assertEqual((wrong.status, wrong.code), (401, "wrong_credentials"))
        self.assertEqual(self.admin.post("/vault/recovery-kit").code, "step_up_required")
        self.assertEqual(self.admin.post("/session/confirm", {"password": PASSWORD}).status, 204)
        self.assertEqual(self.admin.post("/vault/recovery-kit").status, 200)

    def test_every_sign_in_and_look_is_in_the_access_log(self):
        kit = self.admin.post("/vault/recovery-kit").json["kit"]
        refused = Client(self.cell).sign_in("admin", "not this one at all")
        self.admin.post("/users", {"username": "alice", "password": "eleven purple kettles sing", "role": "viewer"})
        alice = Client(self.cell)
        alice.sign_in("alice", "eleven purple kettles sing")
        alice.delete("/session")
        entries = self.admin.get("/access-log").json["items"]
        kinds = {(entry["kind"], entry["actor"]) for entry in entries}
        self.assertLessEqual({("signed_in", "user:admin"), ("signed_in", "user:alice"), ("signed_out", "user:alice"),
                              ("sign_in_refused", "user:admin"), ("revealed", "user:admin")}, kinds)
        last = next(entry for entry in entries if entry["kind"] == "sign_in_refused")
        self.assertEqual((last["source"], last["request_id"]), ("127.0.0.1", refused.json["request_id"]))
        self.assertNotIn(kit, json.dumps(entries))
        self.assertEqual(len(self.admin.get("/access-log?actor=user:alice&limit=1").json["items"]), 1)
        self.assertEqual(self.admin.get("/events?actor=user:admin&type=UserAdded").json["items"][-1]["data"]["username"], "alice")
        self.assertEqual(Client(self.cell).get("/access-log").status, 401)


class MasterKey(Cell):
    def restart(self, **environment):
        self.cell.end("picd")
        self.cell.environment.update(environment)
        self.cell.start_daemon()
        self.cell.wait_until_up()

    def test_the_kit_opens_the_vault_and_the_drill_proves_it(self):
        kit = self.admin.post("/vault/recovery-kit").json["kit"]
        self.assertRegex(kit, r"^PIC1(-[A-Z2-7]{4}){14}$")
        done = self.admin.post("/vault/recovery-kit/drill", {"kit": kit.lower().replace("-", " ")})
        self.assertEqual(done.status, 200, done)
        self.assertGreater(done.json["secrets"], 5)
        slip = kit[:-1] + ("A" if kit[-1] != "A" else "B")
        self.assertEqual(self.admin.post("/vault/recovery-kit/drill", {"kit": slip}).code, "kit_invalid")
        self.assertEqual(list((self.data / "spool").iterdir()), [], "the drill leaves nothing behind")

    def test_the_master_key_changes_while_the_cell_runs(self):
        old = self.admin.post("/vault/recovery-kit").json["kit"]
        self.assertEqual(self.admin.post("/vault/master-key").json, {"opened_by": "key_file"})
        self.assertEqual(self.admin.post("/vault/certificates", {"sans": ["nas.home.example"]}).status, 201, "the authority's key opens")
        self.assertEqual(self.admin.post("/vault/recovery-kit/drill", {"kit": old}).code, "kit_of_another_vault")
        self.restart()
        self.assertEqual(self.cell.admin().post("/vault/certificates", {"sans": ["nas.home.example"]}).status, 201)

    def test_a_passphrase_can_take_the_place_of_the_key_file(self):
        self.assertEqual(self.admin.post("/vault/master-key", {"passphrase": "short"}).code, "password_too_short")
        phrase = "three grey boats under one moon"
        self.assertEqual(self.admin.post("/vault/master-key", {"passphrase": phrase}).json, {"opened_by": "passphrase"})
        self.assertEqual(self.admin.post("/vault/recovery-kit").code, "not_by_key_file")
        self.assertFalse((self.data / "master.key").exists())
        self.cell.end("picd")
        without = subprocess.run([str(PROGRAMS / "picd")], env=self.cell.environment, capture_output=True, text=True, timeout=60)
        self.assertNotEqual(without.returncode, 0, "without the passphrase it does not start")
        file = self.cell.folder / "passphrase"
        file.touch(0o600)
        file.write_text("four grey boats under one moon")
        before = {path: path.read_bytes() for path in self.data.glob("*.db")}
        wrong = subprocess.run([str(PROGRAMS / "picd"), "--passphrase-file", str(file)], env=self.cell.environment, capture_output=True,
                               text=True, timeout=60)
        self.assertNotIn(wrong.returncode, (0, 1), wrong.stderr)
        self.assertRegex(wrong.stderr, r"(?i)passphrase")
        self.assertEqual({path: path.read_bytes() for path in self.data.glob("*.db")}, before, "nothing changed")
        file.write_text(phrase)
        self.cell.spawn("picd", [PROGRAMS / "picd", "--passphrase-file", file])
        self.cell.wait_until_up()
        self.assertEqual(self.cell.admin().post("/vault/certificates", {"sans": ["nas.home.example"]}).status, 201)


class Secrets(Cell):
    """Named secrets: in, never out but to whoever has just signed in, and gone for good once they are removed."""

    def step_down(self):
        """The sign-in of every session becomes ten minutes old."""
        self.cell.end("picd")
        subprocess.run(["sqlite3", str(self.data / "access.db"), "UPDATE session SET created = created - 600000"], check=True)
        self.cell.start_daemon()
        self.cell.wait_until_up()

    def test_a_value_goes_in_and_comes_out_only_by_reveal(self):
        made = self.admin.post("/vault/secrets", {"name": "provider", "value": "canary first value", "description": "The line"})
        self.assertEqual(made.status, 201, made)
        self.assertEqual(made.headers["Location"], "/api/v1/vault/secrets/provider")
        self.assertEqual(self.admin.put("/vault/secrets/provider", {"value": "canary second value"}).status, 200)
        shown = self.admin.get("/vault/secrets/provider").json
        self.assertEqual(([v["number"] for v in shown["versions"]], shown["description"], shown["has_value"]), ([1, 2], "The line", True))
        self.assertEqual(self.admin.post("/vault/secrets/provider/reveal").json,
                         {"name": "provider", "number": 2, "value": "canary second value"})
        old = self.admin.post("/vault/secrets/provider/reveal", {"version": 1})
        self.assertEqual((old.json["value"], old.headers["Cache-Control"]), ("canary first value", "no-store"))
        self.assertEqual(self.admin.post("/vault/secrets/provider/reveal", {"version": 7}).code, "not_found")
        events = [e for e in self.admin.get("/events?stream=secret-provider").json["items"]]
        self.assertEqual([e["type"] for e in events], ["SecretAdded", "SecretChanged", "SecretRevealed", "SecretRevealed"])
        self.assertEqual((events[-1]["data"]["number"], events[-1]["actor"]), (1, "user:admin"))
        self.assertIn(("revealed", "secret provider version 1"),
                      {(e["kind"], e["detail"]) for e in self.admin.get("/access-log?kind=revealed").json["items"]})
        for path in ("/vault/secrets", "/vault/secrets/provider", "/events?limit=1000", "/config", "/access-log"):
            self.assertNotIn(b"canary", self.admin.get(path).body, path)
        self.cell.end("picd")
        for file in self.cell.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(b"canary", file.read_bytes(), file)

    def test_reveal_wants_a_fresh_sign_in_and_a_person(self):
        self.admin.post("/vault/secrets", {"name": "provider", "generate": True})
        token = Client(self.cell, self.admin.post("/tokens", {"name": "all", "scopes": ["*"]}).json["resource"]["token"])
        self.assertEqual(token.post("/vault/secrets/provider/reveal").code, "step_up_required")
        self.assertEqual(token.put("/vault/secrets/provider", {"value": "from a script"}).status, 200, "a script may rotate")
        self.step_down()
        self.assertEqual(self.admin.post("/vault/secrets/provider/reveal").code, "step_up_required")
        self.assertEqual(self.admin.post("/session/confirm", {"password": PASSWORD}).status, 204)
        self.assertEqual(self.admin.post("/vault/secrets/provider/reveal").json["value"], "from a script")
        types = [e["type"] for e in self.admin.get("/events?stream=secret-provider").json["items"]]
        self.assertEqual(types.count("SecretRevealed"), 1, "what was refused is no look")
        for role in ("operator", "viewer", "member"):
            self.admin.post("/users", {"username": role, "password": "eleven purple kettles sing", "role": role})
            other = Client(self.cell)
            other.sign_in(role, "eleven purple kettles sing")
            self.assertEqual(other.post("/vault/secrets/provider/reveal").status, 403, role)

    def test_the_last_five_values_are_kept_and_older_ones_destroyed(self):
        for number in range(7):
            body = {"value": f"value {number}"}
            answer = self.admin.put("/vault/secrets/k", body) if number else self.admin.post("/vault/secrets", {"name": "k", **body})
            self.assertLess(answer.status, 300, answer)
        self.assertEqual([v["number"] for v in self.admin.get("/vault/secrets/k").json["versions"]], [3, 4, 5, 6, 7])
        self.assertEqual(self.admin.post("/vault/secrets/k/reveal", {"version": 3}).json["value"], "value 2")
        self.assertEqual(self.admin.post("/vault/secrets/k/reveal", {"version": 2}).code, "not_found")
        self.cell.end("picd")  # rests: what is superfluous is destroyed
        kept = subprocess.run(["sqlite3", str(self.data / "vault.db"), "SELECT version FROM secret WHERE leaf = 'value' ORDER BY version"],
                              check=True, capture_output=True, text=True).stdout.split()
        self.assertEqual(kept, ["3", "4", "5", "6", "7"])

    def test_a_removal_destroys_and_neither_undo_nor_restore_nor_the_name_bring_it_back(self):
        first = self.admin.post("/vault/secrets", {"name": "k", "value": "one"}).json["resource"]
        before = self.admin.get("/events?limit=1000").json["items"][-1]["seq"]
        self.assertEqual(self.admin.delete("/vault/secrets/k").status, 204)
        removal = self.admin.get("/events?limit=1000").json["items"][-1]
        self.assertEqual(removal["type"], "SecretRemoved")
        undone = self.admin.post(f"/changes/{removal['seq']}/undo")
        self.assertEqual((undone.status, undone.code), (409, "nothing_to_undo"))
        self.assertIn("destroyed", undone.json["detail"])
        self.assertEqual(self.admin.post("/restore", {"to_seq": before}).code, "nothing_to_undo")
        again = self.admin.post("/vault/secrets", {"name": "k", "value": "two"}).json["resource"]
        self.assertNotEqual(again["id"], first["id"])
        self.assertEqual([v["number"] for v in again["versions"]], [1])
        self.assertEqual(self.admin.post("/vault/secrets/k/reveal").json["value"], "two")
        self.cell.end("picd")
        subjects = subprocess.run(["sqlite3", str(self.data / "vault.db"), "SELECT name FROM subject"], check=True, capture_output=True, text=True).stdout
        self.assertNotIn(first["id"], subjects)
        self.assertIn(again["id"], subjects)

    def test_an_undone_rotation_keeps_the_newest_value(self):
        self.admin.post("/vault/secrets", {"name": "k", "value": "one", "description": "first words"})
        changed = self.admin.put("/vault/secrets/k", {"value": "two", "description": "other words"}).json
        self.assertEqual(self.admin.post(f"/changes/{changed['seq']}/undo").status, 200)
        self.assertEqual(self.admin.get("/vault/secrets/k").json["description"], "first words")
        self.assertEqual(self.admin.post("/vault/secrets/k/reveal").json["value"], "two")

    def test_bad_input_is_refused_and_changes_nothing(self):
        for body, code, pointer in (({"name": "k"}, "invalid_field", "/value"),
                                    ({"name": "k", "value": "v", "generate": True}, "invalid_field", "/generate"),
                                    ({"name": "../k", "value": "v"}, "invalid_field", "/name"),
                                    ({"name": "k", "value": "v\u0000"}, "invalid_field", "/value"),
                                    ({"name": "k", "value": "v" * 16385}, "invalid_field", "/value"),
                                    ({"name": "k", "value": "v", "rotate_days": 0}, "invalid_field", "/rotate_days")):
            answer = self.admin.post("/vault/secrets", body)
            self.assertEqual((answer.status, answer.code), (422, code), answer)
            self.assertEqual(answer.json["errors"][0]["pointer"], pointer)
        self.admin.post("/vault/secrets", {"name": "k", "value": "kept"})
        self.assertEqual(self.admin.post("/vault/secrets", {"name": "k", "value": "v"}).code, "name_taken")
        self.assertEqual(self.admin.put("/vault/secrets/none", {"value": "v"}).code, "not_found")
        self.assertEqual(self.admin.delete("/vault/secrets/none").code, "not_found")
        self.assertEqual(self.admin.post("/vault/secrets/k/reveal").json["value"], "kept")
        planned = self.admin.put("/vault/secrets/k?dry_run=true", {"value": "planned"})
        self.assertEqual(planned.status, 200, planned)
        self.assertNotIn(b"planned", planned.body)
        self.assertEqual(self.admin.post("/vault/secrets/k/reveal").json["value"], "kept")

    def test_picctl_keeps_shows_rotates_and_removes(self):
        self.cell.environment["PIC_SECRET"] = "from the environment"
        self.cell.picctl("vault", "secret", "add", "k", "--rotate-days", "30")
        self.assertEqual(self.cell.picctl("vault", "secret", "reveal", "k").stdout.strip(), "from the environment")
        self.cell.picctl("vault", "secret", "set", "k", "--generate")
        self.assertRegex(self.cell.picctl("vault", "secret", "reveal", "k").stdout, r"^[\w-]{43}\n$")
        self.assertEqual(self.cell.picctl("vault", "secret", "reveal", "k", "--version", "1").stdout.strip(), "from the environment")
        self.cell.picctl("vault", "secret", "set", "k", "--description", "words alone")
        self.assertIn("words alone", self.cell.picctl("vault", "secret", "list").stdout)
        self.assertEqual(len(self.cell.json("vault", "secret", "show", "k")["versions"]), 2)
        self.cell.picctl("vault", "secret", "remove", "k")
        self.assertIn("No secrets", self.cell.picctl("vault", "secret", "list").stdout)


class Canaries(Cell):
    """Every kind of secret that passes through the API, looked for wherever bytes come to rest."""

    def test_no_secret_is_in_the_log_a_snapshot_a_backup_an_artefact_a_journal_or_an_answer(self):
        canaries = {"user password": "canary user eleven kettles", "changed password": "canary change quiet harbour",
                    "wrong password": "canary wrong seven rivers"}
        answers = []
        original = Client.call

        def watched(client, method, path, body=None, **headers):
            answer = original(client, method, path, body, **headers)
            answers.append(answer.body)
            return answer
        Client.call = watched
        self.addCleanup(setattr, Client, "call", original)

        alice = self.admin.post("/users", {"username": "alice", "password": canaries["user password"], "role": "operator"},
                                Idempotency_Key="canary-1").json["resource"]
        Client(self.cell).sign_in("alice", canaries["wrong password"])
        self.admin.put(f"/users/{alice['id']}/password", {"password": canaries["changed password"]}, Idempotency_Key="canary-2")
        once = {"token": self.admin.post("/tokens", {"name": "t", "scopes": ["*"]}, Idempotency_Key="canary-4").json["resource"]["token"],
                "agent": self.admin.post("/agents", {"name": "a", "services": ["dns"]}).json["resource"]["enrolment_token"],
                "invitation": self.admin.post("/invitations", {"role": "member"}).json["resource"]["token"],
                "app password": self.admin.post(f"/users/{alice['id']}/app-passwords", {"service": "mail", "name": "p"}).json["resource"]["password"],
                "private key": self.admin.post("/vault/certificates", {"sans": ["x.home.example"]}).json["resource"]["private_key"].split("\n")[1]}
        peer = self.admin.post("/peers", {"name": "phone", "preshared_key": True}).json["resource"]["id"]
        config = self.admin.get(f"/peers/{peer}/config").body.decode()
        once["wireguard key"] = re.search(r"PrivateKey = (\S+)", config).group(1)
        once["kit"] = self.admin.post("/vault/recovery-kit").json["kit"]
        shown_once = len(answers)
        for path in ("/users", "/tokens", "/agents", "/invitations", "/vault/certificates", "/events?limit=1000", "/config",
                     "/artefacts", "/access-log", "/peers", "/sessions", "/metrics", f"/users/{alice['id']}/app-passwords"):
            self.assertEqual(self.admin.get(path).status, 200, path)
        self.admin.post("/tokens", {"name": "t", "scopes": ["*"]}, Idempotency_Key="canary-4")
        for artefact in self.admin.get("/artefacts").json["items"]:
            self.admin.get(f"/artefacts/{artefact['service']}/{artefact['path']}")
        self.cell.environment["PIC_BACKUP_PASSPHRASE"] = "two red foxes and a ladder"
        self.cell.picctl("backup", self.cell.folder / "cell.picbackup")
        self.cell.end("picd")  # writes a snapshot, leaves the journals

        everything = {**canaries, **once}
        files = [path for path in self.cell.folder.rglob("*") if path.is_file()]
        names = {path.name for path in files}
        self.assertLessEqual({"log.db", "vault.db", "access.db", "access-log.db", "console.log", "cell.picbackup"}, names, names)
        self.assertTrue(any("snapshot" in str(path) for path in files), files)
        for path in files:
            content = path.read_bytes()
            for what, secret in everything.items():
                self.assertNotIn(secret.encode(), content, f"{what} in {path}")
        for body in answers:
            for what, secret in canaries.items():
                self.assertNotIn(secret.encode(), body, f"{what} in an answer")
        for body in answers[shown_once:]:
            for what, secret in once.items():
                self.assertNotIn(secret.encode(), body, f"{what} was shown again")


if __name__ == "__main__":
    unittest.main(verbosity=2)
