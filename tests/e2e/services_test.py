"""The services by their everyday operations, from picctl to a client that knows nothing of us."""

import http.server
import os
import re
import shutil
import signal
import subprocess
import threading
import unittest

from harness import Laptop, eventually, why_no_tunnel
from spine_test import Cell


def unless(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return unittest.skipIf(missing, f"not installed: {' '.join(missing)}")


class Client(Cell):
    def curl(self, *words):
        done = self.cell.run("curl", "--silent", "--show-error", "--max-time", "20", *words, check=False)
        return done.stdout if done.returncode == 0 else f"curl: {done.returncode} {done.stderr}"

    def status(self, *words):
        return self.curl("--output", "/dev/null", "--write-out", "%{http_code}", *words)


    def root(self):
        """The certificate that a device is given to trust."""
        path = self.cell.folder / "root.pem"
        path.write_text(self.cell.json("vault", "ca")["root"])
        return path

    def named(self, name):
        """Words that have curl ask the web front for a name, trusting the cell's root alone."""
        port = self.cell.ports["https"]
        return ["--resolve", f"{name}:{port}:127.0.0.1", "--cacert", self.root(), f"https://{name}:{port}"]

    def shown(self, name):
        """What openssl(1) says of the certificate that a name is served with: verified to the root, and not revoked."""
        crl = self.cell.folder / "crl.pem"
        crl.write_text(self.cell.picctl("vault", "crl").stdout)
        done = self.cell.run("openssl", "s_client", "-connect", f"127.0.0.1:{self.cell.ports['https']}", "-servername", name,
                             "-verify_hostname", name, "-CAfile", self.root(), "-crl_check", "-CRL", crl, "-verify_return_error",
                             input="", check=False)
        self.assertIn("Verify return code: 0 (ok)", done.stdout, done.stdout + done.stderr)
        leaf = self.cell.run("openssl", "x509", "-noout", "-serial", input=done.stdout).stdout
        return leaf.strip().split("=")[1].lower().lstrip("0")


class Services(Client):
    @unless("chronyd")
    def test_the_cell_tells_the_time(self):
        cell = self.cell
        cell.picctl("ntp", "set", "192.0.2.1", "--wait")
        cell.wait_applied("ntp")
        self.assertIn("server 192.0.2.1 iburst", cell.picctl("artefacts", "show", "ntp", "sources/cell.sources").stdout)
        asked = cell.run("chronyd", "-Q", "-t", "5", f"server 127.0.0.1 port {cell.ports['ntp']} iburst maxsamples 1")
        self.assertIn("System clock wrong by", asked.stdout + asked.stderr)
        source = eventually(lambda: cell.json("ntp", "sources")["items"], "chrony tells of its sources")[0]
        self.assertEqual((source["id"], source["kind"], source["state"]), ("192.0.2.1", "server", "unusable"))
        refused = cell.picctl("ntp", "set", "10.0.0.1\nallow all", check=False)
        self.assertNotEqual(refused.returncode, 0)

    @unless("dnsmasq")
    def test_dhcp_is_off_until_a_scope_is_set(self):
        cell = self.cell
        self.assertEqual(cell.service("dhcp")["state"], "disabled")
        cell.picctl("dhcp", "scope", "set", "network", "192.168.50.0/24", "first", "192.168.50.100", "last", "192.168.50.150",
                    "router", "192.168.50.1", "--wait")
        cell.wait_applied("dhcp")
        added = cell.json("dhcp", "reservation", "add", "02:00:5e:10:00:01", "192.168.50.7", "--hostname", "printer", "--wait")
        taken = cell.picctl("dhcp", "reservation", "add", "02:00:5e:10:00:02", "192.168.50.7", check=False)
        self.assertEqual(taken.returncode, 5, taken.stderr)
        self.assertIn("02:00:5e:10:00:01,192.168.50.7,printer", cell.picctl("artefacts", "show", "dhcp", "reservations").stdout)
        cell.picctl("undo", added["seq"], "--wait")
        self.assertEqual(cell.json("dhcp", "reservation", "list")["items"], [])
        cell.picctl("dhcp", "scope", "off", "--wait")
        self.assertEqual(cell.service("dhcp")["state"], "disabled")

    @unittest.skipIf(why_no_tunnel(), why_no_tunnel())
    @unless("dnsmasq", "udhcpc")
    def test_a_lease_is_seen_and_kept(self):
        cell = self.cell
        self.assertEqual(cell.json("dhcp", "leases")["items"], [])
        cell.picctl("dhcp", "scope", "set", "network", "192.168.50.0/24", "first", "192.168.50.100", "last", "192.168.50.150", "--wait")
        cell.wait_applied("dhcp")
        server = next(process.pid for process in cell.family() if process.name == "dnsmasq")
        device = Laptop(server)
        self.addCleanup(device.close)
        subprocess.run(["nsenter", "-t", str(server), "-n", "ip", "addr", "add", "192.168.50.1/24", "dev", "cable0"], check=True)
        script = device.folder / "bound"
        script.write_text('#!/bin/sh\n[ "$1" = bound ] && echo "got $ip" || true\n')
        script.chmod(0o755)

        def ask():
            return re.search(r"got (\S+)", device.sh(f"udhcpc -i cable -n -q -f -t 5 -T 1 -F toaster -s {script}", check=False).stdout)
        got = eventually(ask, "the device gets an address").group(1)
        self.assertRegex(got, r"^192\.168\.50\.1[0-5]\d$")
        lease = eventually(lambda: cell.json("dhcp", "leases")["items"], "the lease is told of")[0]
        self.assertEqual((lease["address"], lease["hostname"]), (got, "toaster"))
        self.assertRegex(lease["expires_at"], r"^20\d\d-.*Z$")

        kept = cell.json("dhcp", "reserve", lease["mac"], "--wait")["resource"]
        self.assertEqual((kept["mac"], kept["address"], kept["hostname"]), (lease["mac"], got, "toaster"))
        self.assertEqual(eventually(ask, "the device asks again").group(1), got)
        unknown = cell.picctl("dhcp", "reserve", "02:00:5e:10:00:99", check=False)
        self.assertEqual(unknown.returncode, 6, unknown.stderr)

    @unless("caddy", "curl", "openssl")
    def test_the_cells_names_lead_to_its_services_under_one_root(self):
        cell = self.cell
        gateway = cell.json("cell", "show")["vpn_range"].replace(".0/24", ".1")
        for label in ("cell", "api", "files", "calendar", "webmail", "mail", "imap", "smtp"):
            self.assertIn(gateway, cell.dig(f"{label}.cell.home.arpa"), label)
        cell.picctl("dns", "record", "add", "smtp", "A", "192.0.2.25", "--wait")
        eventually(lambda: cell.dig("smtp.cell.home.arpa") == ["192.0.2.25"], "a record of one's own wins")
        cell.wait_applied("proxy")
        eventually(lambda: self.status(*self.named("api.cell.home.arpa")[:-1], self.named("api.cell.home.arpa")[-1] + "/api/v1/openapi.json")
                   == "200", "the API by its name, with the cell's certificate")
        for name in ("cell.cell.home.arpa", "cell.home.arpa"):
            self.assertEqual(self.status(*self.named(name)[:-1], self.named(name)[-1] + "/api/v1/openapi.json"), "200", name)
        ours = self.shown("api.cell.home.arpa")
        self.assertEqual(self.shown("cell.home.arpa"), ours)
        self.assertEqual(ours, next(item["serial"] for item in cell.json("vault", "certificate", "list")["items"]
                                    if item["service"] == "proxy").lstrip("0"))
        refused = cell.picctl("proxy", "site", "add", "files.cell.home.arpa", "127.0.0.1:9", check=False)
        self.assertEqual(refused.returncode, 5, refused.stderr)
        for path in (cell.folder / "data").rglob("*.db*"):
            self.assertNotIn(b"PRIVATE KEY", path.read_bytes(), path)

    @unless("caddy", "curl")
    def test_a_site_is_served_over_tls_and_no_request_is_lost(self):
        cell = self.cell
        upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        upstream.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        self.addCleanup(upstream.server_close)
        self.addCleanup(upstream.shutdown)
        cell.picctl("proxy", "site", "add", "wiki.cell.home.arpa", f"127.0.0.1:{upstream.server_address[1]}", "--wait")
        cell.wait_applied("proxy")
        root = self.root()
        https = cell.ports["https"]
        site = [f"https://wiki.cell.home.arpa:{https}/", "--resolve", f"wiki.cell.home.arpa:{https}:127.0.0.1", "--cacert", root,
                "--output", "/dev/null", "--write-out", "%{http_code} %{http_version}"]
        eventually(lambda: self.curl(*site) == "200 2", "the site answers over HTTP/2 by the cell's root")
        self.assertEqual("308", self.curl(
            f"http://wiki.cell.home.arpa:{cell.ports['http']}/x", "--resolve",
            f"wiki.cell.home.arpa:{cell.ports['http']}:127.0.0.1", "--output", "/dev/null", "--write-out", "%{http_code}"))

        answers, done = [], threading.Event()

        # A connection that was only just opened may be turned away by the old Caddy before it carries a request; clients
        # ask again then (RFC 9113, 8.7), as curl is told to, once.
        def ask():
            while not done.is_set():
                answers.append(self.curl(*site, "--retry", "1", "--retry-all-errors", "--retry-delay", "0"))
        asking = threading.Thread(target=ask)
        asking.start()
        for number in range(5):
            cell.picctl("proxy", "site", "add", f"site{number}.cell.home.arpa", "127.0.0.1:9", "--wait")
        eventually(lambda: len(answers) >= 50, "enough requests")
        done.set()
        asking.join()
        self.assertEqual(set(answers), {"200 2"}, "over five reloads")

        taken = cell.picctl("proxy", "site", "add", "site1.cell.home.arpa", "127.0.0.1:9", check=False)
        self.assertEqual(taken.returncode, 5, taken.stderr)


class People(Client):
    """What a person has by the account alone, and nobody else may touch."""

    HERS, HIS = "eleven purple kettles sing", "a quiet harbour at dawn"

    def setUp(self):
        super().setUp()
        for name, password in (("alice", self.HERS), ("bob", self.HIS)):
            self.cell.picctl("user", "add", name, "--role", "member", "--password-stdin", "--wait", input=password + "\n")

    @unless("apache2", "curl", "litmus")
    def test_a_space_for_files(self):
        cell = self.cell
        cell.wait_applied("files")
        files = f"http://127.0.0.1:{cell.ports['files']}"
        hers, his = ("--user", f"alice:{self.HERS}"), ("--user", f"bob:{self.HIS}")
        self.assertEqual(self.status(*hers, "--upload-file", __file__, f"{files}/alice/x"), "201")
        self.assertEqual(self.status(*hers, f"{files}/alice/x"), "200")
        self.assertEqual(self.status(*his, f"{files}/alice/x"), "403")
        self.assertEqual(self.status(f"{files}/alice/x"), "401")
        self.assertEqual(self.status("--user", "alice:wrong", f"{files}/alice/x"), "401")
        for method in ("MOVE", "COPY"):
            self.assertEqual(self.status(*hers, "--request", method, "--header", f"Destination: {files}/bob/x",
                                         f"{files}/alice/x"), "403", f"{method} into another's space")
        self.assertEqual(self.status(*his, "--path-as-is", f"{files}/bob/../alice/x"), "403")
        done = cell.run("litmus", "-k", f"{files}/alice/", "alice", self.HERS, cwd=cell.folder, check=False)
        summaries = [line for line in done.stdout.splitlines() if "<- summary" in line]
        self.assertEqual(len(summaries), 5, done.stdout[-2000:])
        for line in summaries:
            self.assertIn("100.0%", line)

        cell.picctl("user", "set", "alice", "services", "mail", "--wait")
        eventually(lambda: self.status(*hers, f"{files}/alice/x") in ("401", "403"), "the right is gone")
        cell.picctl("user", "set", "alice", "services", "mail,files", "--wait")
        eventually(lambda: self.status(*hers, f"{files}/alice/x") == "200", "and back with all that was there")

    @unless("radicale", "curl")
    def test_a_calendar(self):
        cell = self.cell
        cell.wait_applied("calendar")
        calendar = f"http://127.0.0.1:{cell.ports['calendar']}"
        hers, his = ("--user", f"alice:{self.HERS}"), ("--user", f"bob:{self.HIS}")
        event = cell.folder / "event.ics"
        event.write_text("\r\n".join([
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z",
            "DTSTART:20260101T100000Z", "SUMMARY:tea", "END:VEVENT", "END:VCALENDAR", ""]))
        put = ("--upload-file", event, "--header", "Content-Type: text/calendar")
        self.assertEqual(self.status(*hers, *put, f"{calendar}/alice/personal/1.ics"), "201")
        self.assertIn("SUMMARY:tea", self.curl(*hers, f"{calendar}/alice/personal/1.ics"))
        self.assertEqual(self.status(*his, f"{calendar}/alice/personal/1.ics"), "403")
        self.assertEqual(self.status("--user", "alice:wrong", f"{calendar}/alice/personal/1.ics"), "401")
        listed = self.curl(*hers, "--request", "PROPFIND", "--header", "Depth: 1", f"{calendar}/alice/")
        self.assertIn("/alice/personal/", listed)
        self.assertIn("/alice/contacts/", listed)

        user = next(user["id"] for user in cell.json("user", "list")["items"] if user["username"] == "alice")
        cell.picctl("calendar", "collection", "add", user, "work", "--wait")
        self.assertEqual(self.status(*hers, *put, f"{calendar}/alice/work/1.ics"), "201")
        closed = cell.json("calendar", "collection", "remove", "work", "--wait")
        self.assertEqual(self.status(*hers, f"{calendar}/alice/work/1.ics"), "403")
        cell.picctl("undo", closed["seq"], "--wait")
        self.assertEqual(self.status(*hers, f"{calendar}/alice/work/1.ics"), "200", "undo opens it with all that is in it")

    @unittest.skipIf(os.geteuid() != 0, "Postfix needs root")
    @unless("postfix", "dovecot", "swaks", "curl")
    def test_mail_and_webmail(self):
        cell = self.cell
        eventually(lambda: cell.service("mail")["state"] == "applied", f"mail runs: {cell.service('mail')}")
        root = cell.folder / "root.pem"
        root.write_text(cell.picctl("artefacts", "show", "webmail", "root.pem").stdout)

        def send(sender, to, password, *options, port="submission"):
            return cell.run("swaks", "--server", f"127.0.0.1:{cell.ports[port]}", "--from", f"{sender}@cell.home.arpa", "--to", to,
                            "--auth-user", "alice@cell.home.arpa", "--auth-password", password, "--header", "Subject: tea",
                            *options, check=False)

        def inbox(name, password):
            return self.curl("--user", f"{name}@cell.home.arpa:{password}", "--cacert", root, "--resolve",
                             f"mail.cell.home.arpa:{cell.ports['imaps']}:127.0.0.1",
                             f"imaps://mail.cell.home.arpa:{cell.ports['imaps']}/", "--request", "STATUS INBOX (MESSAGES)")

        sent = send("alice", "bob@cell.home.arpa", self.HERS, "--tls")
        self.assertEqual(sent.returncode, 0, sent.stdout + sent.stderr)
        eventually(lambda: "MESSAGES 1" in inbox("bob", self.HIS), "the mail is there, over a verified TLS connection")
        self.assertEqual(send("alice", "postmaster@cell.home.arpa", self.HERS, "--tls-on-connect", port="submissions").returncode, 0)
        self.assertNotEqual(send("alice", "bob@cell.home.arpa", "wrong", "--tls").returncode, 0, "a wrong password")
        self.assertNotEqual(send("bob", "bob@cell.home.arpa", self.HERS, "--tls").returncode, 0, "another's name")
        self.assertNotEqual(send("alice", "bob@cell.home.arpa", self.HERS).returncode, 0, "a password without TLS")
        self.assertNotEqual(send("alice", "nobody@cell.home.arpa", self.HERS, "--tls").returncode, 0, "an unknown person")
        relay = cell.run("swaks", "--server", f"127.0.0.1:{cell.ports['smtp']}", "--from", "x@elsewhere.test", "--to",
                         "y@elsewhere.test", check=False)
        self.assertNotEqual(relay.returncode, 0, "no relay")

        cell.picctl("mail", "alias", "add", "tea@cell.home.arpa", "bob@cell.home.arpa", "--wait")
        self.assertEqual(send("alice", "tea@cell.home.arpa", self.HERS, "--tls").returncode, 0)
        eventually(lambda: "MESSAGES 2" in inbox("bob", self.HIS), "mail for the alias")

        # Mail waits while nobody takes it.
        takers = [process.pid for process in cell.family() if process.name in ("dovecot", "lmtp")]
        for pid in takers:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(send("alice", "bob@cell.home.arpa", self.HERS, "--tls").returncode, 0)
            queued = eventually(lambda: cell.json("mail", "queue")["items"], "the queue is told of")[0]
            self.assertEqual((queued["sender"], queued["recipients"]), ("alice@cell.home.arpa", ["bob@cell.home.arpa"]))
        finally:
            for pid in takers:
                os.kill(pid, signal.SIGCONT)
        eventually(lambda: not cell.json("mail", "queue")["items"], "and then it does not")
        eventually(lambda: "MESSAGES 3" in inbox("bob", self.HIS), "but has arrived")

        if not (shutil.which("nginx") and shutil.which("php") and os.path.exists("/usr/share/roundcube/SQL/sqlite.initial.sql")):
            self.skipTest("Roundcube is not installed")
        cell.wait_applied("webmail")
        jar = ("--cookie", cell.folder / "jar", "--cookie-jar", cell.folder / "jar")
        webmail = f"http://127.0.0.1:{cell.ports['webmail']}/"
        token = re.search(r'name="_token" value="([^"]+)"', self.curl(*jar, webmail)).group(1)
        self.assertEqual(self.status(*jar, f"{webmail}?_task=login", "--data-urlencode", "_task=login", "--data-urlencode",
                                     "_action=login", "--data-urlencode", f"_token={token}", "--data-urlencode", "_user=bob",
                                     "--data-urlencode", f"_pass={self.HIS}"), "302")
        self.assertIn("bob@cell.home.arpa", self.curl(*jar, f"{webmail}?_task=mail"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
