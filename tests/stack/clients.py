"""Each service asked by a program that knows nothing of us: the everyday operation by picctl, then a real client over a published
port. To be mixed into a TestCase; the tests run in the order of their names."""
import json
import re
import shutil

from stack_cell import (DOMAIN, OUTSIDE, PEER_WAIT, Peer, Wired, CELL, curl, dig, folder, lagging, picctl, run, status,
                        wait_for)

HERS, HIS = "eleven purple kettles sing", "a quiet harbour at dawn"
EVENT = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:{0}", "DTSTAMP:20260101T000000Z",
                     "DTSTART:20260101T100000Z", "SUMMARY:{0}", "END:VEVENT", "END:VCALENDAR", ""])


def root_certificates():
    """The authorities that the cell's services are known by."""
    path = CELL.with_name("root.pem")
    asked = picctl("artefacts", "show", "webmail", "root.pem", check=False)
    if asked.returncode != 0:
        return path  # the controller is away: what a client has, it has
    text = asked.stdout
    for own in CELL.glob("data/stack/proxy/state/proxy/pki/authorities/local/root.crt"):
        text += own.read_text()
    path.write_text(text)
    return path


def through_proxy(name):
    """Words of curl to reach a name of the cell at the reverse proxy, over TLS that is verified."""
    return ["--cacert", root_certificates(), "--resolve", f"{name}.{DOMAIN}:443:127.0.0.1"]


def send(sender, to, password, *options, port=587):
    return run("swaks", "--server", "127.0.0.1", "--port", port, "--from", f"{sender}@{DOMAIN}", "--to", to, "--auth-user",
               f"{sender}@{DOMAIN}", "--auth-password", password, "--header", "Subject: tea", *options, check=False)


def messages(name, password):
    """How many messages lie in somebody's inbox."""
    answer = curl("--user", f"{name}@{DOMAIN}:{password}", "--cacert", root_certificates(), "--resolve", f"mail.{DOMAIN}:993:127.0.0.1",
                  f"imaps://mail.{DOMAIN}/", "--request", "STATUS INBOX (MESSAGES)")
    found = re.search(r"MESSAGES (\d+)", answer)
    return int(found.group(1)) if found else answer


class Clients:
    def test_20_dns_answers_over_udp_and_tcp(self):
        picctl("dns", "record", "add", "printer", "A", "192.168.1.9", "--wait")
        self.assertEqual(dig(f"printer.{DOMAIN}"), ["192.168.1.9"])
        self.assertEqual(dig(f"printer.{DOMAIN}", "+tcp"), ["192.168.1.9"])
        picctl("dns", "record", "add", "*", "A", "192.168.1.8", "--wait")
        self.assertEqual(dig(f"whatever.{DOMAIN}"), ["192.168.1.8"])
        picctl("dns", "record", "remove", "*", "--wait")
        self.assertEqual(dig(f"whatever.{DOMAIN}"), [])
        self.assertEqual(dig("outside.test"), [OUTSIDE], "by a resolver out there")
        picctl("dns", "blocklist", "add", "ads", "--names", "outside.test", "--wait")
        self.assertEqual(dig("outside.test"), [])
        picctl("dns", "blocklist", "remove", "ads", "--wait")

    def test_21_ntp_tells_the_time(self):
        picctl("ntp", "set", "192.0.2.1", "--wait")
        asked = run("chronyd", "-Q", "-t", "10", "server 127.0.0.1 port 123 iburst maxsamples 1")
        self.assertIn("System clock wrong by", asked.stdout + asked.stderr)

    def test_22_dhcp_gives_a_reserved_address_and_one_of_the_pool(self):
        picctl("dhcp", "scope", "set", "network", "172.20.0.0/16", "first", "172.20.9.1", "last", "172.20.9.9", "router", "172.20.0.1", "--wait")
        picctl("dhcp", "reservation", "add", "02:00:5e:10:00:01", "172.20.9.77", "--hostname", "scanner", "--wait")
        device = Wired("dhcp")
        self.addCleanup(device.close)
        reserved, pooled = device.lease("02:00:5e:10:00:01"), device.lease("02:00:5e:10:00:02")
        self.assertEqual(reserved["ip"], "172.20.9.77")
        self.assertEqual((reserved["router"], reserved["domain"], reserved["dns"]), ("172.20.0.1", DOMAIN, "172.20.0.3"))
        self.assertRegex(pooled["ip"], r"^172\.20\.9\.[1-9]$")
        picctl("dhcp", "scope", "off", "--wait")

    def test_30_a_peer_reaches_the_cell_its_names_and_the_internet(self):
        picctl("peer", "add", "laptop", "--wait")
        laptop = self.machines["laptop"] = Peer("laptop", picctl("peer", "config", "laptop").stdout)
        wait_for("the tunnel", lambda: laptop.pings("10.8.0.1"), PEER_WAIT)
        self.assertEqual(wait_for("names through the tunnel", lambda: laptop.asks(f"printer.{DOMAIN}"), 10), ["192.168.1.9"])
        self.assertTrue(laptop.pings(OUTSIDE))
        wait_for("the handshake to be told", lambda: json.loads(picctl("--json", "peer", "traffic", "laptop").stdout)["latest_handshake"], 30)
        for port in (53, 993, 5232, 8080, 443, 8888):
            self.assertTrue(laptop.connects("10.8.0.1", port), port)

    def test_31_a_peer_with_dns_alone_reaches_nothing_else(self):
        picctl("peer", "add", "tablet", "--internet", "no", "--services", "dns", "--wait")
        tablet = self.machines["tablet"] = Peer("tablet", picctl("peer", "config", "tablet").stdout)
        wait_for("names through the tunnel", lambda: tablet.asks(f"printer.{DOMAIN}") == ["192.168.1.9"], PEER_WAIT)
        self.assertFalse(tablet.pings(OUTSIDE))
        for port in (993, 8080, 443):
            self.assertFalse(tablet.connects("10.8.0.1", port), port)
        self.assertFalse(tablet.connects("172.20.0.10", 3000), "the controller")

    def test_32_a_switched_off_peer_does_not_pass(self):
        laptop = self.machines["laptop"]
        picctl("peer", "set", "laptop", "enabled", "no", "--wait")
        self.assertFalse(laptop.pings("10.8.0.1"))
        picctl("peer", "set", "laptop", "enabled", "yes", "--wait")
        wait_for("the tunnel again", lambda: laptop.pings("10.8.0.1"), PEER_WAIT)

    def test_33_people_get_what_is_theirs(self):
        for name, password in (("alice", HERS), ("bob", HIS)):
            picctl("user", "add", name, "--role", "member", "--password-stdin", "--wait", stdin=password + "\n")
        wait_for("every service", lambda: not lagging())
        self.assertEqual(status("--user", f"alice:{HERS}", "--upload-file", __file__, "http://127.0.0.1:8080/alice/kept"), "201")

    def test_34_mail(self):
        self.assertEqual(send("alice", f"bob@{DOMAIN}", HERS, "--tls").returncode, 0)
        wait_for("the mail, over a verified connection", lambda: messages("bob", HIS) == 1, 20)
        self.assertEqual(send("bob", f"bob@{DOMAIN}", HIS, "--tls-on-connect", port=465).returncode, 0)
        picctl("mail", "alias", "add", f"tea@{DOMAIN}", f"bob@{DOMAIN}", "--wait")
        self.assertEqual(send("alice", f"tea@{DOMAIN}", HERS, "--tls").returncode, 0)
        wait_for("mail for the alias", lambda: messages("bob", HIS) == 3, 20)
        for what, refused in {
            "a wrong password": send("alice", f"bob@{DOMAIN}", "wrong", "--tls"),
            "a password without TLS": send("alice", f"bob@{DOMAIN}", HERS),
            "somebody else's name": send("alice", f"bob@{DOMAIN}", HERS, "--tls", "--from", f"bob@{DOMAIN}"),
            "an unknown person": send("alice", f"nobody@{DOMAIN}", HERS, "--tls"),
            "no relay": run("swaks", "--server", "127.0.0.1", "--from", "x@elsewhere.test", "--to", "y@elsewhere.test", check=False),
        }.items():
            self.assertNotEqual(refused.returncode, 0, what)

    def test_35_a_calendar_on_two_devices(self):
        here = folder("calendar")

        def device(name):
            (here / name / "personal").mkdir(parents=True)
            (here / f"{name}.conf").write_text(f"""[general]
status_path = "{here}/{name}.status"
[pair p]
a = "here"
b = "cell"
collections = ["personal"]
conflict_resolution = "b wins"
[storage here]
type = "filesystem"
path = "{here}/{name}"
fileext = ".ics"
[storage cell]
type = "caldav"
url = "http://127.0.0.1:5232/"
username = "alice"
password = "{HERS}"
""")
            run("vdirsyncer", "-c", here / f"{name}.conf", "discover", stdin="y\n" * 9)
            return here / name / "personal"

        def sync(name):
            run("vdirsyncer", "-c", here / f"{name}.conf", "sync")

        desk, phone = device("desk"), device("phone")
        (desk / "tea.ics").write_text(EVENT.format("tea"), newline="")
        (phone / "walk.ics").write_text(EVENT.format("walk"), newline="")
        for name in ("desk", "phone", "desk"):
            sync(name)
        for one in (desk, phone):
            self.assertEqual(sorted(re.search(r"SUMMARY:(.*?)\r?\n", f.read_text()).group(1) for f in one.glob("*.ics")), ["tea", "walk"])
        self.assertEqual(status("--user", f"bob:{HIS}", "http://127.0.0.1:5232/alice/personal/"), "403")

    def test_36_files(self):
        files = "http://127.0.0.1:8080"
        done = run("litmus", "-k", f"{files}/alice/", "alice", HERS, cwd=folder("litmus"), check=False)
        summaries = [line for line in done.stdout.splitlines() if "<- summary" in line]
        self.assertEqual(len(summaries), 5, done.stdout[-2000:])
        for line in summaries:
            self.assertIn("100.0%", line)
        self.assertEqual(status("--user", f"bob:{HIS}", f"{files}/alice/kept"), "403")
        kept = next(CELL.glob("data/stack/files/state/files/spaces/alice/kept"))
        self.assertEqual(kept.stat().st_uid, 4242, "whom the files belong to")

    def test_37_the_proxy_by_the_cells_root(self):
        words = through_proxy("files")
        site = f"https://files.{DOMAIN}/alice/kept"
        wait_for("a certificate", lambda: status(*words, "--user", f"alice:{HERS}", site) == "200", 30)
        self.assertEqual(curl(*words, "--user", f"alice:{HERS}", "--output", "/dev/null", "--write-out", "%{http_version}", site), "2")
        self.assertEqual(status("--resolve", f"files.{DOMAIN}:80:127.0.0.1", f"http://files.{DOMAIN}/"), "308")
        # RFC 4918: a Destination under the name that the client knows, behind the proxy's TLS.
        self.assertEqual(status(*words, "--user", f"alice:{HERS}", "--request", "COPY", "--header", f"Destination: https://files.{DOMAIN}/alice/copy", site), "201")

    def test_38_webmail(self):
        for what, webmail, words in (("at its port", "http://127.0.0.1:8888/", []),
                                     ("through the proxy", f"https://webmail.{DOMAIN}/", through_proxy("webmail"))):
            with self.subTest(what):
                jar = ["--cookie", CELL.with_name("jar"), "--cookie-jar", CELL.with_name("jar"), *words]
                CELL.with_name("jar").unlink(missing_ok=True)
                page = wait_for("the page to sign in", lambda: re.search(r'name="_token" value="([^"]+)"', curl(*jar, webmail)), 30)
                self.assertEqual(status(*jar, f"{webmail}?_task=login", "--data-urlencode", "_task=login", "--data-urlencode", "_action=login",
                                        "--data-urlencode", f"_token={page.group(1)}", "--data-urlencode", "_user=bob",
                                        "--data-urlencode", f"_pass={HIS}"), "302")
                self.assertIn(f"bob@{DOMAIN}", curl(*jar, f"{webmail}?_task=mail"))

    def test_39_the_web_interface_and_the_file_manager(self):
        here = f"{self.machines['laptop'].inner}.1"  # an address that the controller does not know as its own
        for port in (8081, 8082):
            page = curl("-i", "--location", f"http://{here}:{port}/")
            self.assertIn("200", page.splitlines()[0] if port == 8081 else page)
            self.assertIn("content-security-policy", page.lower())
            self.assertIn("<html", page)
            self.assertTrue(json.loads(curl(f"http://127.0.0.1:{port}/api/v1/setup"))["claimed"])
        self.assertIn("/files", curl("--output", "/dev/null", "--write-out", "%{redirect_url}", "http://127.0.0.1:8082/"))
        rebound = status("-H", "Host: evil.example", "http://127.0.0.1:8081/api/v1/setup")
        self.assertEqual(rebound, "421")

    def everyone_is_served(self):
        """What a household notices: names, mail, files, calendar, the proxy and the tunnel."""
        wait_for("names", lambda: dig(f"printer.{DOMAIN}") == ["192.168.1.9"], 30)
        wait_for("files through the proxy",
                 lambda: status(*through_proxy("files"), "--user", f"alice:{HERS}", f"https://files.{DOMAIN}/alice/kept") == "200", 30)
        wait_for("calendars", lambda: status("--user", f"alice:{HERS}", "http://127.0.0.1:5232/alice/personal/") == "200", 30)
        wait_for("mail", lambda: messages("bob", HIS) == 3, 30)
        wait_for("the tunnel", lambda: self.machines["laptop"].pings("10.8.0.1"), PEER_WAIT * 2)
