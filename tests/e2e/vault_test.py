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
        file.write_text(phrase)
        file.chmod(0o600)
        self.cell.spawn("picd", [PROGRAMS / "picd", "--passphrase-file", file])
        self.cell.wait_until_up()
        self.assertEqual(self.cell.admin().post("/vault/certificates", {"sans": ["nas.home.example"]}).status, 201)


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
