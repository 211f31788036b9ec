"""The controller's own HTTPS with the cell's certificate, judged by openssl(1) and Python's ssl; and proxies that are
believed, or not."""

import contextlib
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess
import unittest

from harness import PASSWORD, eventually, free_port
from people_client import AloneRuntime, Answer, Client


class Cell(unittest.TestCase):
    plain = True

    def setUp(self):
        self.cell = AloneRuntime()
        self.addCleanup(self.cell.close)
        self.tls = f"127.0.0.1:{free_port()}"
        self.cell.environment["PIC_LISTEN_TLS"] = self.tls
        if not self.plain:
            self.cell.environment["PIC_LISTEN"] = "none"
        self.cell.start()
        self.cell.setup("home.example")
        self.root = self.cell.folder / "root.pem"
        eventually(self.write_root, "the root")
        eventually(self.shakes_hands, "HTTPS with the cell's certificate")

    def write_root(self):
        self.root.write_text("".join(re.findall(r"-----BEGIN.*?END CERTIFICATE-----\n", self.cell.picctl("vault", "ca").stdout, re.S)[:1]))
        return self.root.stat().st_size > 0

    def context(self):
        return ssl.create_default_context(cafile=self.root)

    def connect(self, name="127.0.0.1"):
        host, port = self.tls.rsplit(":", 1)
        return self.context().wrap_socket(socket.create_connection((host, int(port)), timeout=60), server_hostname=name)

    def shakes_hands(self):
        with contextlib.suppress(OSError), self.connect():
            return True

    def openssl(self, *words, data=""):
        return subprocess.run(["openssl", *words], cwd=self.cell.folder, input=data, capture_output=True, text=True, timeout=60)


class SecureClient(Client):
    def __init__(self, test):
        super().__init__(test.cell)
        self.address, self.context = test.tls, test.context()

    def call(self, method, path, body=None, **headers):
        connection = http.client.HTTPSConnection(self.address, timeout=60, context=self.context)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            data = None if body is None else json.dumps(body)
            if data:
                named.setdefault("Content-Type", "application/json")
            connection.request(method, path if path.startswith("/api/") else "/api/v1" + path, data, {**self.headers, **named})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def keep(self, answer):
        super().keep(answer)
        self.headers["Origin"] = f"https://{self.address}"


class Https(Cell):
    def test_openssl_verifies_it_with_the_revocation_list(self):
        shown = self.openssl("s_client", "-connect", self.tls, "-CAfile", "root.pem", "-verify_hostname", "pic.home.example",
                             "-servername", "pic.home.example", "-verify_return_error", "-showcerts")
        self.assertIn("Verify return code: 0 (ok)", shown.stdout, shown.stderr)
        chain = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", shown.stdout, re.S)
        self.assertEqual(len(chain), 2, "the intermediate comes along")
        (self.cell.folder / "leaf.pem").write_text(chain[0])
        (self.cell.folder / "intermediate.pem").write_text(chain[1])
        (self.cell.folder / "crl.pem").write_bytes(Client(self.cell).get("/vault/crl?format=pem").body)
        verified = self.openssl("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "intermediate.pem", "-crl_check",
                                "-CRLfile", "crl.pem", "leaf.pem")
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        for name in ("pic.home.example", "127.0.0.1", "10.8.0.1"):
            option = "-checkip" if name[0].isdigit() else "-checkhost"
            said = self.openssl("x509", "-in", "leaf.pem", "-noout", option, name).stdout
            self.assertIn("does match", said, "the names and addresses of the cell")

    def test_what_is_older_than_tls_1_2_is_refused(self):
        for version, welcome in (("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False)):
            done = self.openssl("s_client", "-connect", self.tls, "-CAfile", "root.pem", "-verify_return_error", version,
                                "-cipher", "DEFAULT:@SECLEVEL=0")
            self.assertEqual(done.returncode == 0, welcome, version + done.stderr)

    def test_the_cookie_is_held_to_the_host_and_to_tls(self):
        client = SecureClient(self)
        answer = client.sign_in("admin", PASSWORD)
        cookie = answer.headers["Set-Cookie"]
        self.assertRegex(cookie, r"^__Host-pic_sess_[0-9a-f]{8}=[\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Secure$")
        self.assertEqual(client.get("/session").json["username"], "admin")
        self.assertEqual(client.post("/peers", {"name": "laptop"}).status, 201)
        self.assertIsNone(answer.headers["Strict-Transport-Security"], "plain HTTP is served on this host too")
        # Browsers send both cookies to one host, whatever the port; each door knows its own.
        plain = self.cell.admin()
        both = plain.headers["Cookie"] + "; " + client.headers["Cookie"]
        self.assertEqual(client.get("/session", Cookie=both).status, 200)
        self.assertEqual(plain.get("/session", Cookie=both).status, 200)
        self.assertEqual(plain.get("/session", Cookie=client.headers["Cookie"]).status, 401, "a stolen name is no cookie")
        self.assertEqual(client.get("/session", Cookie=plain.headers["Cookie"]).status, 401, "what HTTP set is not believed")
        self.assertIn("__Host-", client.delete("/session").headers["Set-Cookie"])

    def test_large_answers_pipelined_requests_and_uploads_pass(self):
        client = SecureClient(self)
        client.sign_in("admin", PASSWORD)
        document = client.get("/openapi.json")
        self.assertGreater(len(document.body), 200_000)
        json.loads(document.body)
        with self.connect() as line:
            ask = f"GET /api/v1/session HTTP/1.1\r\nHost: {self.tls}\r\nCookie: {client.headers['Cookie']}\r\n\r\n".encode()
            line.sendall(ask * 20)
            got = b""
            while got.count(b"HTTP/1.1 200") < 20 or not got.endswith(b"}"):
                piece = line.recv(65536)
                self.assertTrue(piece, got)
                got += piece
        body = {"commands": [{"type": "AddPeer", "data": {"name": f"peer-{n}"}} for n in range(100)], "note": "x" * 200}
        self.assertEqual(client.post("/changes", body).status, 200)

    def test_a_websocket_speaks_over_it_and_is_closed_when_the_session_ends(self):
        client = SecureClient(self)
        client.sign_in("admin", PASSWORD)
        with self.connect() as line:
            head = "".join(f"{name}: {value}\r\n" for name, value in {**client.headers, "Host": self.tls}.items())
            line.sendall((f"GET /api/v1/stream HTTP/1.1\r\n{head}Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
            got = line.recv(65536)
            self.assertTrue(got.startswith(b"HTTP/1.1 101"), got)
            client.post("/peers", {"name": "laptop"})
            while b"PeerAdded" not in got:
                got += line.recv(65536)
            client.delete("/session")
            while piece := line.recv(65536):
                got += piece
            self.assertIn(b"\x88", got, "a close frame, and then TLS's own farewell: recv() gave nothing, and no error")

    def test_a_renewed_certificate_is_taken_over_and_nobody_is_dropped(self):
        with self.connect() as old:
            before = old.getpeercert(binary_form=True)
            self.cell.picctl("vault", "ca", "renew")
            self.cell.picctl("cell", "set", "domain", "away.example")

            def renewed():
                with contextlib.suppress(OSError), self.connect("pic.away.example") as line:
                    return line.getpeercert(binary_form=True) != before
            eventually(renewed, "the new certificate")
            old.sendall(f"GET /healthz HTTP/1.1\r\nHost: {self.tls}\r\n\r\n".encode())
            self.assertTrue(old.recv(65536).startswith(b"HTTP/1.1 200"), "the old connection goes on")

    def test_a_restart_shows_it_at_once(self):
        self.cell.end("picd")
        self.cell.start_daemon()
        self.cell.wait_until_up()
        with self.connect("pic.home.example") as line:
            self.assertIn(line.version(), ("TLSv1.3", "TLSv1.2"))

    def test_what_is_no_tls_costs_the_sender_alone(self):
        host, port = self.tls.rsplit(":", 1)
        for sent in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 1000, b"\x00" * 100):
            with socket.create_connection((host, int(port)), timeout=60) as line:
                line.sendall(sent)
                with contextlib.suppress(ConnectionError):
                    while line.recv(4096):
                        pass
        self.assertTrue(self.shakes_hands())


class HttpsAlone(Cell):
    plain = False

    def test_browsers_are_told_to_stay_with_it(self):
        client = SecureClient(self)
        answer = client.sign_in("admin", PASSWORD)
        self.assertRegex(answer.headers["Strict-Transport-Security"], r"^max-age=\d+$")
        self.assertEqual(client.get("/peers").status, 200)
        url = f"https://{self.tls}"
        self.cell.environment["HOME"] = str(self.cell.folder)
        done = self.cell.picctl("--url", url, "--ca-file", self.root, "login", "--username", "admin")
        self.assertEqual(done.returncode, 0)
        self.assertIn("user:admin", self.cell.picctl("--url", url, "--ca-file", self.root, "whoami").stdout)


class Proxies(unittest.TestCase):
    def start(self, **environment):
        cell = AloneRuntime()
        self.addCleanup(cell.close)
        cell.environment.update(environment)
        cell.start()
        cell.setup("home.example")
        return cell

    def seen(self, cell, **headers):
        """As whom the access log knows a request."""
        answer = Client(cell).get("/peers", **headers)
        return cell.admin().get(f"/access-log?request_id={answer.json['request_id']}").json["items"][0]["source"]

    def test_from_anybody_else_forwarded_headers_mean_nothing(self):
        cell = self.start(PIC_TRUSTED_PROXIES="192.0.2.0/24")
        for name in ("X_Forwarded_For", "X_Real_IP"):
            self.assertEqual(self.seen(cell, **{name: "198.51.100.7"}), "127.0.0.1")
        self.assertEqual(self.seen(cell, Forwarded="for=198.51.100.7;proto=https"), "127.0.0.1")
        answer = Client(cell).call("POST", "/session", {"username": "admin", "password": PASSWORD}, X_Forwarded_Proto="https")
        self.assertNotIn("Secure", answer.headers["Set-Cookie"])

    def test_a_proxy_that_is_named_is_believed_as_far_as_it_can_know(self):
        cell = self.start(PIC_TRUSTED_PROXIES="127.0.0.0/8,192.0.2.0/24")
        self.assertEqual(self.seen(cell, X_Forwarded_For="198.51.100.7"), "198.51.100.7")
        self.assertEqual(self.seen(cell, X_Forwarded_For="10.0.0.1, 198.51.100.7"), "198.51.100.7", "what the client said itself is not")
        self.assertEqual(self.seen(cell, X_Forwarded_For="198.51.100.7, 192.0.2.9"), "198.51.100.7", "a chain of proxies")
        self.assertEqual(self.seen(cell, X_Forwarded_For="nonsense"), "127.0.0.1")
        self.assertEqual(self.seen(cell, X_Real_IP="198.51.100.7", Forwarded="for=198.51.100.7"), "127.0.0.1")
        answer = Client(cell).call("POST", "/session", {"username": "admin", "password": PASSWORD}, X_Forwarded_Proto="https")
        self.assertTrue(answer.headers["Set-Cookie"].startswith("__Host-"), answer.headers["Set-Cookie"])
        self.assertTrue(answer.headers["Set-Cookie"].endswith("; Secure"))

    def test_guessing_is_slowed_by_the_address_that_the_proxy_names(self):
        cell = self.start(PIC_TRUSTED_PROXIES="127.0.0.0/8")

        def guess(account, address):
            return Client(cell).call("POST", "/session", {"username": account, "password": "wrong wrong wrong"}, X_Forwarded_For=address)
        answers = [guess(f"nobody{n}", "198.51.100.7").status for n in range(40)]
        self.assertIn(429, answers)
        self.assertEqual(guess("somebody", "203.0.113.9").status, 401, "others are not")


if __name__ == "__main__":
    unittest.main(verbosity=2)
