"""Who may do what, through the stack's own front: over HTTPS by the cell's root, from a machine of somebody else, so that the
reverse proxy stands between. To be mixed into a TestCase; the tests run in the order of their names."""
import json
import pathlib
import re
import shutil
import struct
import sys

from clients import HERS, root_certificates
from stack_cell import ADMIN_PASSWORD, CELL, DOMAIN, Machine, folder, picctl, run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from people_client import Stream  # noqa: E402

FRONT = f"cell.{DOMAIN}"
CANARY = "a canary that only the vault may hold"


class Browser:
    """curl on another machine, with a jar of cookies; `token` in the place of a sign-in."""

    def __init__(self, machine, token=None):
        self.machine = machine
        self.jar = folder("browser") / "jar"
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method, path, body=None, **headers):
        """(status, what JSON it answered, its head)"""
        words = ["curl", "--silent", "--show-error", "--max-time", "30", "--include", "--http1.1", "--request", method, "--cacert",
                 root_certificates(), "--resolve", f"{FRONT}:443:{self.machine.inner}.1", f"https://{FRONT}/api/v1{path}"]
        named = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            named["Content-Type"] = "application/json"
            words += ["--data-binary", json.dumps(body)]
        for name, value in named.items():
            words += ["--header", f"{name}: {value}"]
        text = self.machine.inside(*words).stdout.replace("\r\n", "\n")
        head, _, text = text.partition("\n\n")
        return int(head.split()[1]), json.loads(text) if text.startswith("{") else text, head

    def sign_in(self, username, password):
        status, answer, head = self.call("POST", "/session", {"username": username, "password": password})
        assert status == 201, (status, answer)
        cookie = re.search(r"(?mi)^set-cookie: (.*)$", head).group(1)
        self.headers = {"Cookie": cookie.split(";")[0], "X-CSRF-Token": answer["csrf_token"], "Origin": f"https://{FRONT}"}
        return cookie


class Feed(Stream):
    """The websocket, read message by message."""

    def wait_for(self, fits):
        """Reads until a message fits; the socket's own timeout ends a wait in vain."""
        while True:
            head = self.file.read(2)
            size = head[1] & 127
            if size >= 126:
                size = struct.unpack("!H" if size == 126 else "!Q", self.file.read(2 if size == 126 else 8))[0]
            data = self.file.read(size)
            if head[0] & 15 == 1 and fits(json.loads(data)):
                return


class People:
    def guest(self):
        """Somebody's machine in the house."""
        if "guest" not in self.machines:
            self.machines["guest"] = Machine("guest")
        return self.machines["guest"]

    def source_of(self, answer):
        """The address that the access log has of a refused request."""
        return json.loads(picctl("--json", "access-log", "--request-id", answer["request_id"]).stdout)["items"][0]["source"]

    def test_42_a_sign_in_over_https_by_the_cells_root(self):
        guest = self.guest()
        admin = Browser(guest)
        cookie = admin.sign_in("admin", ADMIN_PASSWORD)
        self.assertRegex(cookie, r"^__Host-pic_sess_[0-9a-f]{8}=[\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Secure$")
        self.assertEqual(admin.call("GET", "/session")[1]["username"], "admin")
        mine = next(s for s in admin.call("GET", "/sessions")[1]["items"] if s["current"])
        self.assertEqual(mine["origin"].split()[0], f"{guest.inner}.2", "the device's own address, by the word of the proxies")
        # What a client says of itself is not believed, by either way in.
        status, answer, _ = Browser(guest).call("GET", "/peers", X_Forwarded_For="198.51.100.7", Forwarded="for=198.51.100.7")
        self.assertEqual((status, self.source_of(answer)), (401, f"{guest.inner}.2"))
        plain = json.loads(guest.inside("curl", "--silent", "--header", "X-Forwarded-For: 198.51.100.7",
                                        f"http://{guest.inner}.1:8081/api/v1/peers").stdout)
        self.assertEqual(self.source_of(plain), f"{guest.inner}.2")
        # The front asks for what a browser's page must have, from behind the proxy too.
        del admin.headers["X-CSRF-Token"]
        self.assertEqual(admin.call("POST", "/dns/records", {"name": "x", "type": "A", "value": "192.168.1.1"})[1]["code"], "csrf_refused")

    def test_43_picctl_signs_in_over_https(self):
        guest, here = self.guest(), folder("picctl")
        run("docker", "cp", "cell-api:/usr/lib/pic/picctl", here / "picctl")
        # Elsewhere the cell's DNS would tell: here a hosts(5) of that machine's own.
        (here / "hosts").write_text(f"127.0.0.1 localhost\n{guest.inner}.1 {FRONT}\n")

        def elsewhere(*words, stdin=None, check=True):
            return run("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', here / "hosts", "nsenter",
                       f"--net=/var/run/netns/{guest.space}", "env", f"XDG_CONFIG_HOME={here}", "PIC_ADMIN_PASSWORD=", here / "picctl", "--url",
                       f"https://{FRONT}", "--ca-file", root_certificates(), *words, stdin=stdin, check=check)

        self.assertNotEqual(elsewhere("peer", "list", check=False).returncode, 0)
        self.assertNotEqual(elsewhere("login", "--password-stdin", stdin="not that one\n", check=False).returncode, 0)
        elsewhere("login", "--password-stdin", stdin=ADMIN_PASSWORD + "\n")
        self.assertIn("admin", elsewhere("whoami").stdout)
        self.assertIn("laptop", elsewhere("peer", "list").stdout)
        elsewhere("dns", "record", "add", "by-picctl", "A", "192.168.1.12", "--wait")
        elsewhere("dns", "record", "remove", "by-picctl", "--wait")
        elsewhere("logout")
        self.assertNotEqual(elsewhere("peer", "list", check=False).returncode, 0)

    def test_44_a_members_own_portal(self):
        alice = Browser(self.guest())
        alice.sign_in("alice", HERS)
        status, made, _ = alice.call("POST", "/peers", {"name": "alices-phone"})
        self.assertEqual(status, 201, made)
        phone = made["resource"]["id"]
        self.assertEqual([p["name"] for p in alice.call("GET", "/peers")[1]["items"]], ["alices-phone"])
        self.assertIn("PrivateKey", str(alice.call("GET", f"/peers/{phone}/config")[1]))
        laptop = next(p["id"] for p in json.loads(picctl("--json", "peer", "list").stdout)["items"] if p["name"] == "laptop")
        self.assertEqual(alice.call("DELETE", f"/peers/{laptop}")[0], 403)
        status, refused, _ = alice.call("GET", "/users")
        self.assertEqual((status, refused["code"]), (403, "forbidden"))
        self.assertIn("users:read", refused["detail"])
        # Signing out elsewhere.
        other = Browser(self.guest())
        other.sign_in("alice", HERS)
        for session in alice.call("GET", "/sessions")[1]["items"]:
            if not session["current"]:
                self.assertEqual(alice.call("DELETE", f"/sessions/{session['id']}")[0], 204)
        self.assertEqual(other.call("GET", "/session")[0], 401)
        self.assertEqual(alice.call("DELETE", f"/peers/{phone}")[0], 204)

    def test_45_a_token_has_its_scopes_its_place_and_its_end(self):
        guest = self.guest()
        made = json.loads(picctl("--json", "token", "add", "script", "--scopes", "dns:read,dns:write", "--sources", f"{guest.inner}.0/24").stdout)["resource"]
        script = Browser(guest, made["token"])
        status, record, _ = script.call("POST", "/dns/records", {"name": "scripted", "type": "A", "value": "192.168.1.13"})
        self.assertEqual(status, 201, record)
        self.assertEqual(script.call("DELETE", f"/dns/records/{record['resource']['id']}")[0], 204)
        status, refused, _ = script.call("GET", "/peers")
        self.assertEqual(status, 403)
        self.assertIn("peers:read", refused["detail"])
        self.assertEqual(Browser(self.machines["laptop"], made["token"]).call("GET", "/dns/records")[0], 401, "from elsewhere it is nothing")
        listed = next(t for t in json.loads(picctl("--json", "token", "list").stdout)["items"] if t["name"] == "script")
        self.assertTrue(listed["last_used_at"])
        picctl("token", "remove", "script")
        self.assertEqual(script.call("GET", "/dns/records")[0], 401)

    def test_46_a_secret_comes_out_for_a_person_only(self):
        admin = Browser(self.guest())
        admin.sign_in("admin", ADMIN_PASSWORD)
        status, made, _ = admin.call("POST", "/vault/secrets", {"name": "provider", "value": CANARY})
        self.assertEqual(status, 201, made)
        token = json.loads(picctl("--json", "token", "add", "all", "--scopes", "*:read,*:write").stdout)["resource"]["token"]
        self.assertEqual(Browser(self.guest(), token).call("POST", "/vault/secrets/provider/reveal", {})[1]["code"], "step_up_required")
        self.assertEqual(admin.call("POST", "/vault/secrets/provider/reveal", {})[1]["value"], CANARY)
        looks = json.loads(picctl("--json", "access-log", "--kind", "revealed").stdout)["items"]
        self.assertIn((f"{self.guest().inner}.2", "user:admin"), {(e["source"], e["actor"]) for e in looks})
        picctl("token", "remove", "all")
        found = run("grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", CANARY, CELL / "data", check=False).stdout
        self.assertEqual(found, "", "in the clear")
        self.assertEqual(admin.call("DELETE", "/vault/secrets/provider")[0], 204)

    def test_47_the_authority_its_list_and_its_certificates(self):
        here, guest = folder("authority"), self.guest()

        def openssl(*words):
            return run("openssl", *words, cwd=here, stdin="", check=False)

        front = f"http://{guest.inner}.1:8081/api/v1/vault"  # lists and roots are had without TLS and signing in (RFC 5280)
        for name, path in (("root.pem", "ca/root"), ("crl.pem", "crl?format=pem")):
            (here / name).write_text(guest.inside("curl", "--silent", "--fail", f"{front}/{path}").stdout)
        shutil.copy(root_certificates(), here / "trusted.pem")
        self.assertIn((here / "root.pem").read_text().strip(), (here / "trusted.pem").read_text())
        shown = guest.inside("openssl", "s_client", "-connect", f"{guest.inner}.1:443", "-servername", FRONT, "-CAfile", here / "root.pem",
                             "-verify_hostname", FRONT, "-verify_return_error", "-showcerts", stdin="").stdout
        self.assertIn("Verify return code: 0 (ok)", shown)
        for name, text in zip(("leaf.pem", "intermediate.pem"), re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", shown, re.S)):
            (here / name).write_text(text)
        words = ("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "intermediate.pem", "-crl_check", "-CRLfile", "crl.pem")
        verified = openssl(*words, "leaf.pem")
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

        admin = Browser(guest)
        admin.sign_in("admin", ADMIN_PASSWORD)
        status, made, _ = admin.call("POST", "/vault/certificates", {"sans": [f"nas.{DOMAIN}"]})
        self.assertEqual(status, 201, made)
        chain = admin.call("GET", f"/vault/certificates/{made['resource']['id']}/chain")[1]
        (here / "nas.pem").write_text(re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", chain, re.S).group())
        self.assertEqual(openssl(*words, "nas.pem").returncode, 0)
        self.assertEqual(admin.call("POST", f"/vault/certificates/{made['resource']['id']}/revoke", {"reason": "key_compromise"})[0], 200)
        (here / "crl.pem").write_text(guest.inside("curl", "--silent", "--fail", f"{front}/crl?format=pem").stdout)
        refused = openssl(*words, "nas.pem")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("revoked", refused.stdout + refused.stderr)

    def test_48_the_feed_tells_of_changes_and_of_new_lines_in_a_containers_log(self):
        token = json.loads(picctl("--json", "token", "add", "feed", "--scopes", "*:read").stdout)["resource"]["token"]
        feed = Feed("127.0.0.1:8081", {"Authorization": f"Bearer {token}"})
        self.addCleanup(feed.close)
        self.assertEqual(feed.status, 101, "through the web interface's own container")
        picctl("ntp", "set", "192.0.2.3", "--wait")
        feed.wait_for(lambda m: m.get("event", {}).get("type") == "NtpSourcesSet")
        picctl("containers", "restart", "cell-ntp")
        feed.wait_for(lambda m: m.get("live") == {"service": "ntp", "table": "log"})
        picctl("token", "remove", "feed")
