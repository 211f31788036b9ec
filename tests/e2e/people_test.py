"""People on a real daemon: accounts, passwords, roles, and what becomes of somebody who goes."""

import pathlib
import subprocess
import unittest

from harness import PASSWORD, eventually
from people_client import AloneCell, AloneRuntime, Client

HERS = "eleven purple kettles sing"
NEW = "a quiet harbour at dawn"


class Cell(AloneCell):
    def add_user(self, username="alice", role="member", password=HERS, **more):
        answer = self.admin.post("/users", {"username": username, "password": password, "role": role, **more})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["resource"]

    def signed_in(self, username="alice", password=HERS):
        client = Client(self.cell)
        answer = client.sign_in(username, password)
        self.assertEqual(answer.status, 201, answer)
        return client


class Accounts(Cell):
    def test_a_person_is_made_shown_changed_and_signs_in(self):
        group = self.admin.post("/groups", {"name": "family"}).json["resource"]["id"]
        alice = self.add_user(display_name="Alice", email="Alice@Example.org", groups=[group], services=["mail"])
        self.assertEqual(alice["email"], "alice@example.org")
        self.assertEqual(alice["groups"], [group])
        self.assertNotIn("password", alice)
        self.signed_in()

        one = self.admin.get(f"/users/{alice['id']}")
        self.assertEqual(one.json, alice)
        changed = self.admin.patch(f"/users/{alice['id']}", {"display_name": None, "services": None}, If_Match=one.headers["ETag"])
        self.assertEqual(changed.status, 200, changed)
        self.assertIsNone(changed.json["resource"]["display_name"])
        self.assertIsNone(changed.json["resource"]["services"])
        again = self.admin.patch(f"/users/{alice['id']}", {"email": None}, If_Match=one.headers["ETag"])
        self.assertEqual(again.status, 412)
        self.assertEqual({user["username"] for user in self.admin.get("/users").json["items"]}, {"admin", "alice"})

    def test_bad_input_has_a_code_a_pointer_and_no_event(self):
        self.add_user()
        head = self.cell.head()
        wants = [
            ({"username": "alice", "password": HERS, "role": "member"}, 409, "name_taken", "/username"),
            ({"username": "bob", "password": "short", "role": "member"}, 422, "password_too_short", None),
            ({"username": "bob", "password": "P4ssw0rd!2026", "role": "member"}, 422, "password_common", None),
            ({"username": "bob", "password": HERS, "role": "king"}, 400, "invalid_field", "/role"),
            ({"username": "b b", "password": HERS, "role": "member"}, 400, "invalid_field", "/username"),
            ({"username": "bob", "password": HERS, "role": "member", "services": ["dns"]}, 400, "invalid_field", "/services/0"),
            ({"username": "bob", "password": HERS, "role": "member", "email": "bob"}, 400, "invalid_field", "/email"),
            ({"username": "bob", "password": HERS, "role": "member", "admin": True}, 400, "invalid_field", "/admin"),
            ({"username": "bob", "password": HERS, "role": "member", "password_ref": "user/x/password@1"}, 400, "invalid_field",
             "/password_ref"),
        ]
        for body, status, code, pointer in wants:
            answer = self.admin.post("/users", body)
            with self.subTest(body=body):
                self.assertIn(answer.status, (status, 422), answer)
                self.assertEqual(answer.code, code, answer)
                if pointer:
                    self.assertEqual(answer.json["errors"][0]["pointer"], pointer)
        self.assertEqual(self.cell.head(), head)

    def test_the_last_administrator_stays(self):
        me = self.admin.get("/users").json["items"][0]
        for answer in (self.admin.delete(f"/users/{me['id']}"), self.admin.patch(f"/users/{me['id']}", {"role": "viewer"})):
            self.assertEqual((answer.status, answer.code), (409, "last_admin"))
        self.add_user("bob", "admin")
        self.assertEqual(self.admin.delete(f"/users/{me['id']}").status, 204)
        self.assertEqual(self.admin.get("/session").status, 401)

    def test_picctl_does_all_of_it(self):
        cell = self.cell
        cell.environment["PIC_USER_PASSWORD"] = HERS
        cell.picctl("group", "add", "family", "--description", "Everybody at home")
        cell.picctl("user", "add", "alice", "--role", "viewer", "--groups", "family")
        self.assertIn("alice", cell.picctl("user", "list").stdout)
        cell.picctl("user", "set", "alice", "email", "alice@example.org", "groups", "")
        self.assertEqual(cell.json("user", "show", "alice")["email"], "alice@example.org")
        cell.picctl("group", "set", "family", "description", "")
        cell.picctl("group", "remove", "family")
        self.signed_in()
        cell.picctl("user", "remove", "alice")
        self.assertEqual(Client(cell).sign_in("alice", HERS).status, 401)


class PasswordsOfPeople(Cell):
    def test_a_forgotten_password_is_set_by_root_on_the_host(self):
        """The way back in for an administrator: the socket in the data folder, no password asked."""
        self.cell.environment["PIC_USER_PASSWORD"] = NEW
        stream = self.admin.stream()
        self.assertEqual(stream.status, 101)
        self.cell.picctl("user", "password", "admin")
        self.assertEqual(Client(self.cell).sign_in("admin", PASSWORD).status, 401)
        self.signed_in("admin", NEW)
        self.assertEqual(self.admin.get("/session").status, 401, "the old sessions have ended")
        self.assertEqual(stream.close_code(), 1008, "and so have their websockets")

    def test_changing_ones_own_needs_the_current_one_and_spares_this_session_alone(self):
        me = self.admin.get("/users").json["items"][0]["id"]
        other = self.cell.admin()
        for body, pointer in (({"password": NEW}, "/current_password"),
                              ({"password": NEW, "current_password": "not this one"}, "/current_password")):
            answer = self.admin.put(f"/users/{me}/password", body)
            self.assertEqual((answer.code, answer.json["errors"][0]["pointer"]), ("invalid_field", pointer))
        self.assertEqual(self.admin.put(f"/users/{me}/password", {"password": NEW, "current_password": PASSWORD}).status, 200)
        self.assertEqual(self.admin.get("/session").status, 200)
        self.assertEqual(other.get("/session").status, 401)

    def test_a_changed_role_ends_the_sessions(self):
        alice = self.add_user(role="admin")
        hers = self.signed_in()
        stream = hers.stream()
        self.admin.patch(f"/users/{alice['id']}", {"role": "viewer"})
        self.assertEqual(hers.get("/session").status, 401)
        self.assertEqual(stream.close_code(), 1008)

    def test_nobody_makes_or_takes_over_more_than_themselves(self):
        token = self.admin.post("/tokens", {"name": "hr", "scopes": ["users:write"]}).json["resource"]["token"]
        hr = Client(self.cell, token)
        me = self.admin.get("/users").json["items"][0]["id"]
        made = hr.post("/users", {"username": "mallory", "password": HERS, "role": "admin"})
        self.assertEqual((made.status, made.code), (403, "forbidden"))
        taken = hr.put(f"/users/{me}/password", {"password": HERS})
        self.assertEqual((taken.status, taken.code), (403, "forbidden"))
        self.assertEqual(hr.post("/users", {"username": "bob", "password": HERS, "role": "member"}).status, 201)


class Removal(Cell):
    def test_somebody_who_goes_takes_keys_devices_and_tokens_along_and_the_log_stays_whole(self):
        alice = self.add_user(role="admin")
        hers = self.signed_in()
        token = hers.post("/tokens", {"name": "hers", "scopes": ["dns:read"]}).json["resource"]["token"]
        hers.post("/peers", {"name": "alices-phone", "owner": "alice"})
        self.assertEqual(Client(self.cell, token).get("/dns/records").status, 200)
        vault = pathlib.Path(self.cell.environment["PIC_DATA"]) / "vault.db"
        self.assertGreater(self.subjects(vault, alice["id"]), 0)

        self.assertEqual(self.admin.delete(f"/users/{alice['id']}").status, 204)
        self.assertEqual(hers.get("/session").status, 401)
        self.assertEqual(Client(self.cell, token).get("/dns/records").status, 401)
        self.assertEqual(self.admin.get("/peers").json["items"], [])
        eventually(lambda: self.subjects(vault, alice["id"]) == 0, "the key that sealed her secrets is gone")
        self.assertIn("The log is whole", self.cell.picctl("log", "verify").stdout)

        undone = self.admin.post(f"/changes/{self.cell.head()}/undo")
        self.assertEqual((undone.status, undone.code), (409, "person_removed"))
        self.assertIn("alice", undone.json["detail"])
        self.assertEqual(self.admin.get("/peers").json["items"], [], "nor does what was hers come back by itself")

    @staticmethod
    def subjects(vault, user):
        script = f"SELECT count(*) FROM subject WHERE name = 'user/{user}'"
        return int(subprocess.run(["sqlite3", f"file:{vault}?mode=ro", script], capture_output=True, text=True, check=True).stdout)


class Browser(Client):
    """One browser for all of a machine's ports, as cookies know no port (RFC 6265, 8.5)."""

    jar = {}

    def call(self, method, path, body=None, **headers):
        answer = super().call(method, path, body, Cookie="; ".join(f"{name}={value}" for name, value in self.jar.items()), **headers)
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, value = cookie.split(";")[0].split("=", 1)
            self.jar.pop(name, None)
            if "Max-Age=0" not in cookie:
                self.jar[name] = value
        return answer

    def keep(self, answer):
        super().keep(answer)
        del self.headers["Cookie"]


class Neighbours(AloneCell):
    """Cells on one machine, in one browser, and a clone beside its original: each knows its own cookie alone."""

    def test_signing_in_or_out_of_one_is_nothing_to_the_others(self):
        self.cell.environment["PIC_BACKUP_PASSPHRASE"] = "two red foxes and a ladder"
        self.cell.picctl("backup", self.cell.folder / "cell.picbackup")
        cells = [self.cell]
        for domain in ("clone.example", "other.example"):
            cells.append(AloneRuntime())
            self.addCleanup(cells[-1].close)
            cells[-1].start()
            cells[-1].setup(domain)
        cells[1].environment["PIC_BACKUP_PASSPHRASE"] = self.cell.environment["PIC_BACKUP_PASSPHRASE"]
        cells[1].picctl("backup-restore", self.cell.folder / "cell.picbackup")
        identity = [cell.json("cell", "show")["id"] for cell in cells]
        self.assertEqual(identity[0], identity[1])
        Browser.jar = {}
        browsers = [Browser(cell) for cell in cells]
        for browser in browsers:
            self.assertEqual(browser.sign_in("admin", PASSWORD).status, 201)
        self.assertEqual(len(Browser.jar), 3, "three names")
        for browser in browsers:
            self.assertEqual(browser.get("/session").status, 200)
        self.assertEqual(browsers[1].delete("/session").status, 204)
        self.assertEqual([browser.get("/session").status for browser in browsers], [200, 401, 200])
        self.assertEqual(browsers[1].sign_in("admin", PASSWORD).status, 201)
        self.assertEqual([browser.get("/session").status for browser in browsers], [200, 200, 200])


if __name__ == "__main__":
    unittest.main(verbosity=2)
