"""Second factors, passwords for single devices, and joining by a link, on a real daemon."""

import base64
import hashlib
import hmac
import json
import re
import signal
import struct
import time
import unittest

from harness import eventually
from people_client import AloneCell, Client

HERS = "eleven purple kettles sing"


def totp(secret, at=None):
    """RFC 6238, written a second time: what an authenticator shows."""
    step = int((at or time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1_000_000:06d}"


class Cell(AloneCell):
    def setUp(self):
        super().setUp()
        self.alice = self.admin.post("/users", {"username": "alice", "password": HERS, "role": "member"}).json["resource"]
        self.hers = Client(self.cell)
        self.assertEqual(self.hers.sign_in("alice", HERS).status, 201)

    def enrol(self):
        begun = self.hers.post(f"/users/{self.alice['id']}/totp")
        self.assertEqual(begun.status, 201, begun)
        self.assertIn("<svg", begun.json["qr_svg"])
        self.assertIn(begun.json["secret"], begun.json["uri"])
        secret = begun.json["secret"]
        eventually(lambda: time.time() % 30 < 20, "a moment that is not about to be another's")
        # The code of the step before: this one's is then still unused.
        confirmed = self.hers.post(f"/users/{self.alice['id']}/totp/confirm", {"code": totp(secret, time.time() - 30)})
        self.assertEqual(confirmed.status, 200, confirmed)
        return secret, confirmed.json["recovery_codes"]

    def sign_in(self, **more):
        return Client(self.cell).sign_in("alice", HERS, **more)


class SecondFactor(Cell):
    def test_a_code_is_wanted_counts_once_and_a_recovery_code_stands_in_once(self):
        secret, codes = self.enrol()
        self.assertTrue(self.admin.get(f"/users/{self.alice['id']}").json["has_totp"])
        self.assertEqual(self.sign_in().code, "second_factor_required")
        self.assertEqual(self.sign_in(totp="000000" if totp(secret) != "000000" else "111111").code, "second_factor_wrong")
        code = totp(secret)
        self.assertEqual(self.sign_in(totp=code).status, 201)
        self.assertEqual(self.sign_in(totp=code).code, "second_factor_wrong", "a code counts once")

        self.assertEqual(len(codes), 10)
        self.assertEqual(self.sign_in(totp=codes[3].upper()).status, 201)
        self.assertEqual(self.sign_in(totp=codes[3]).code, "second_factor_wrong", "and so does a recovery code")

    def test_a_used_code_stays_used_over_a_restart(self):
        secret, _ = self.enrol()
        code = totp(secret)
        self.assertEqual(self.sign_in(totp=code).status, 201)
        self.cell.end("picd", signal.SIGKILL)
        self.cell.start_daemon()
        self.cell.wait_until_up()
        self.assertEqual(self.sign_in(totp=code).code, "second_factor_wrong")

    def test_a_wrong_password_says_nothing_of_the_second_factor(self):
        self.enrol()
        known = Client(self.cell).sign_in("alice", "not this one at all")
        unknown = Client(self.cell).sign_in("nobody", "not this one at all")
        self.assertEqual((known.status, known.code), (unknown.status, unknown.code))
        self.assertEqual(known.code, "wrong_credentials")

    def test_it_is_only_set_up_by_a_code_and_only_removed_by_who_proved_themselves(self):
        path = f"/users/{self.alice['id']}/totp"
        self.assertEqual(self.hers.post(path + "/confirm", {"code": "000000"}).code, "not_found")
        self.assertEqual(self.admin.post(path).status, 403, "nobody sets up the second factor of another")
        self.hers.post(path)
        self.assertEqual(self.hers.post(path + "/confirm", {"code": "abcdef"}).code, "second_factor_wrong")
        self.assertFalse(self.admin.get(f"/users/{self.alice['id']}").json["has_totp"])
        self.enrol()
        self.assertEqual(self.hers.post(path).code, "second_factor_set")
        self.assertEqual(self.hers.delete(path).status, 204, "she signed in a moment ago")
        self.assertEqual(self.sign_in().status, 201)
        self.enrol()
        self.assertEqual(self.admin.delete(path).status, 204, "an administrator helps who lost the device")


class AppPasswords(Cell):
    def test_one_is_made_for_one_service_shown_once_and_taken_back(self):
        path = f"/users/{self.alice['id']}/app-passwords"
        made = self.hers.post(path, {"service": "mail", "name": "phone"})
        self.assertEqual(made.status, 201, made)
        self.assertRegex(made.json["resource"]["password"], r"^[a-z2-7]{4}(-[a-z2-7]{4}){3}$")
        listed = self.hers.get(path).json["items"]
        self.assertEqual([app["name"] for app in listed], ["phone"])
        self.assertNotIn("password", listed[0])
        self.assertEqual(self.hers.post(path, {"service": "dns", "name": "x"}).code, "invalid_field")
        self.assertEqual(self.sign_in().status, 201)
        self.assertEqual(Client(self.cell).sign_in("alice", made.json["resource"]["password"]).status, 401, "it opens no web UI")
        self.assertEqual(self.hers.delete(f"{path}/{listed[0]['id']}").status, 204)
        self.assertEqual(self.hers.get(path).json["items"], [])

    def test_it_is_nobody_elses(self):
        path = f"/users/{self.alice['id']}/app-passwords"
        made = self.hers.post(path, {"service": "mail", "name": "phone"}).json["resource"]
        self.admin.post("/users", {"username": "bob", "password": HERS, "role": "member"})
        bob = Client(self.cell)
        bob.sign_in("bob", HERS)
        his = bob.get("/session").json["user_id"]
        self.assertEqual(bob.get(path).status, 403)
        self.assertEqual(bob.post(path, {"service": "mail", "name": "x"}).status, 403)
        self.assertEqual(bob.delete(f"{path}/{made['id']}").status, 403)
        self.assertEqual(bob.delete(f"/users/{his}/app-passwords/{made['id']}").status, 404, "not by his own path either")


class Invitations(Cell):
    def test_a_link_works_once_and_gives_what_the_inviter_gave(self):
        made = self.admin.post("/invitations", {"role": "member", "services": ["mail"]}).json["resource"]
        guest = {"token": made["token"], "username": "carol", "password": "a quiet harbour at dawn", "display_name": "Carol"}
        self.assertEqual(Client(self.cell).post("/join", {**guest, "username": "alice"}).code, "name_taken")
        self.assertEqual(Client(self.cell).post("/join", {**guest, "password": "passwordpassword"}).code, "password_common")
        carol = Client(self.cell)
        joined = carol.post("/join", guest)
        self.assertEqual(joined.status, 201, joined)
        carol.keep(joined)
        user = carol.get(f"/users/{carol.get('/session').json['user_id']}").json
        self.assertEqual((user["role"], user["services"], user["display_name"]), ("member", ["mail"], "Carol"))
        again = Client(self.cell).post("/join", {**guest, "username": "mallory"})
        self.assertEqual((again.status, again.code), (404, "invitation_invalid"))
        self.assertEqual(self.admin.get("/invitations").json["items"], [])

    def test_a_link_that_is_late_taken_back_or_invented_is_none(self):
        late = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1)) + ".000Z"
        made = self.admin.post("/invitations", {"role": "member", "expires_at": late}).json["resource"]
        back = self.admin.post("/invitations", {"role": "member"}).json["resource"]
        self.assertEqual(self.admin.delete(f"/invitations/{back['id']}").status, 204)
        guest = {"username": "carol", "password": "a quiet harbour at dawn"}
        eventually(lambda: Client(self.cell).post("/join", {**guest, "token": made["token"], "username": "alice"}).code == "invitation_invalid",
                   "its time is up")
        forged = back["token"][:-4] + ("AAAA" if not back["token"].endswith("AAAA") else "BBBB")
        for token in (back["token"], forged, "pic_" + "0" * 32 + "_" + "A" * 43, "x"):
            answer = Client(self.cell).post("/join", {**guest, "token": token})
            self.assertEqual((answer.status, answer.code), (404, "invitation_invalid"))
        self.assertEqual(self.admin.post("/invitations", {"role": "member", "expires_at": "2020-01-01T00:00:00.000Z"}).code, "invalid_field")

    def test_nobody_invites_to_more_than_they_have(self):
        token = self.admin.post("/tokens", {"name": "hr", "scopes": ["users:write"]}).json["resource"]["token"]
        self.assertEqual(Client(self.cell, token).post("/invitations", {"role": "admin"}).status, 403)
        self.assertEqual(Client(self.cell, token).post("/invitations", {"role": "member"}).status, 201)


class CommandLine(AloneCell):
    """The same by picctl: a member from elsewhere, and the host's root for whoever lost something."""

    def hers(self, *words, **more):
        return self.cell.picctl("--url", f"http://{self.admin.address}", *words, **more)

    def test_a_guest_joins_and_looks_after_their_own_account(self):
        self.cell.environment["XDG_CONFIG_HOME"] = str(self.cell.folder)
        made = self.cell.json("invitation", "add", "--role", "member", "--display-name", "Carol")["resource"]
        self.cell.environment["PIC_INVITATION"] = made["token"]
        self.assertIn("Welcome, carol", self.hers("join", "carol", "--password-stdin", input=HERS + "\n").stdout)
        again = self.hers("join", "mallory", "--password-stdin", input=HERS + "\n", check=False)
        self.assertNotEqual(again.returncode, 0, "once")
        self.assertIn("user:carol", self.hers("whoami").stdout)

        begun = json.loads(self.hers("--json", "totp", "begin").stdout)
        self.assertIn("\u2588", self.hers("totp", "begin").stdout, "a QR code")
        self.assertNotEqual(begun["secret"], json.loads(self.hers("--json", "totp", "begin").stdout)["secret"], "each begins anew")
        secret = json.loads(self.hers("--json", "totp", "begin").stdout)["secret"]
        eventually(lambda: time.time() % 30 < 20, "a moment that is not about to be another's")
        codes = re.findall(r"(?m)^    (\S+)$", self.hers("totp", "confirm", totp(secret, time.time() - 30)).stdout)
        self.assertEqual(len(codes), 10)
        self.hers("session", "confirm", "--totp", codes[0], "--password-stdin", input=HERS + "\n")

        word = re.search(r"Shown this once: (\S+)", self.hers("app-password", "add", "mail", "phone").stdout).group(1)
        listed = self.hers("app-password", "list").stdout
        self.assertIn("phone", listed)
        self.assertNotIn(word, listed)
        self.assertIn("phone", self.cell.picctl("app-password", "list", "--user", "carol").stdout)
        self.hers("app-password", "remove", "phone")
        self.assertIn("No app passwords", self.hers("app-password", "list").stdout)

        other = Client(self.cell)
        self.assertEqual(other.sign_in("carol", HERS, totp=codes[1]).status, 201)
        sessions = json.loads(self.hers("--json", "session", "list").stdout)["items"]
        self.assertEqual({item["username"] for item in sessions}, {"carol"}, "her own alone")
        self.hers("session", "end", next(item["id"] for item in sessions if not item["current"]))
        self.assertEqual(other.get("/session").status, 401)
        self.assertIn("admin", self.cell.picctl("session", "list").stdout)

        nobody = self.cell.picctl("totp", "begin", check=False)
        self.assertEqual(nobody.returncode, 2, nobody.stderr)
        self.cell.picctl("totp", "remove", "--user", "carol")
        self.assertEqual(Client(self.cell).sign_in("carol", HERS).status, 201, "whoever lost the device is let in by the host's root")


if __name__ == "__main__":
    unittest.main(verbosity=2)
