"""The cell's certificate authority on a real daemon, judged by openssl(1): as a verifier, a server and a client."""

import pathlib
import socket
import subprocess
import tempfile
import unittest

from harness import eventually, free_port
from people_client import AloneCell, Client


class Authority(AloneCell):
    def setUp(self):
        super().setUp()
        self.nobody = Client(self.cell)
        folder = tempfile.TemporaryDirectory(prefix="pic-ca-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "root.pem").write_bytes(self.nobody.get("/vault/ca/root").body)
        (self.folder / "intermediate.pem").write_text(self.admin.get("/vault/ca").json["intermediate"])

    def openssl(self, *words, check=True):
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        if check and done.returncode:
            raise AssertionError(f"openssl {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def issue(self, **body):
        answer = self.admin.post("/vault/certificates", body)
        self.assertEqual(answer.status, 201, answer)
        return answer.json["resource"]

    def verify(self, certificate, *options):
        (self.folder / "leaf.pem").write_bytes(self.admin.get(f"/vault/certificates/{certificate['id']}/chain").body)
        (self.folder / "crl.pem").write_bytes(self.nobody.get("/vault/crl?format=pem").body)
        return self.openssl("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "intermediate.pem", "-crl_check",
                            "-CRLfile", "crl.pem", *options, "leaf.pem", check=False)

    def services(self):
        return {item["service"]: item for item in self.admin.get("/vault/certificates").json["items"] if item["service"]}

    def test_the_root_comes_in_every_form_without_signing_in(self):
        pem = self.openssl("x509", "-in", "root.pem", "-outform", "DER", "-out", "from-pem.cer")
        self.assertEqual(pem.returncode, 0)
        der = self.nobody.get("/vault/ca/root?format=der")
        self.assertEqual(der.headers["Content-Type"], "application/pkix-cert")
        self.assertEqual(der.body, (self.folder / "from-pem.cer").read_bytes())
        profile = self.nobody.get("/vault/ca/root?format=mobileconfig")
        import plistlib
        payload = plistlib.loads(profile.body)["PayloadContent"][0]
        self.assertEqual(payload["PayloadContent"], der.body)
        fingerprint = self.openssl("x509", "-in", "root.pem", "-noout", "-sha256", "-fingerprint").stdout
        self.assertEqual(fingerprint.split("=")[1].replace(":", "").strip().lower(),
                         self.admin.get("/vault/ca").json["root_fingerprint"])

    def test_the_cells_services_have_certificates_and_new_ones_when_the_domain_changes(self):
        eventually(lambda: set(self.services()) >= {"proxy", "mail", "cell"}, "certificates of the services")
        self.assertEqual(self.verify(self.services()["proxy"], "-verify_hostname", "cloud.home.example").returncode, 0)
        self.cell.picctl("cell", "set", "domain", "away.example")
        eventually(lambda: all("home.example" not in " ".join(item["sans"]) for item in self.newest().values()),
                   "certificates for the new domain")
        self.assertEqual(self.verify(self.newest()["mail"], "-verify_hostname", "imap.away.example").returncode, 0)

    def newest(self):
        found = {}
        for item in self.admin.get("/vault/certificates").json["items"]:
            if item["service"] and (item["service"] not in found or item["not_before"] > found[item["service"]]["not_before"]):
                found[item["service"]] = item
        return found

    def test_an_issued_certificate_serves_tls_to_a_client_that_trusts_the_root(self):
        made = self.issue(sans=["nas.home.example", "127.0.0.1"])
        (self.folder / "key.pem").write_text(made["private_key"])
        self.verify(made)
        port = free_port()
        server = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", "leaf.pem", "-cert_chain",
                                   "intermediate.pem", "-key", "key.pem", "-www", "-quiet"],
                                  cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)

        def listening():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        eventually(listening, "the server listens")

        def client(name):
            return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", "root.pem", "-verify_hostname", name,
                                   "-verify_return_error"], cwd=self.folder, input="", capture_output=True, text=True, timeout=60)
        self.assertIn("Verify return code: 0 (ok)", client("nas.home.example").stdout)
        self.assertNotEqual(client("other.home.example").returncode, 0)
        self.assertNotIn("private_key", self.admin.get(f"/vault/certificates/{made['id']}").json)

    def test_a_revoked_certificate_is_refused_for_ever(self):
        good, bad = self.issue(sans=["good.home.example"]), self.issue(sans=["bad.home.example"])
        self.assertEqual(self.verify(bad).returncode, 0)
        answer = self.admin.post(f"/vault/certificates/{bad['id']}/revoke", {"reason": "key_compromise"})
        self.assertEqual(answer.status, 200, answer)
        refused = self.verify(bad)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("revoked", refused.stderr)
        self.assertIn("Key Compromise", self.openssl("crl", "-in", "crl.pem", "-noout", "-text").stdout)
        self.assertEqual(self.verify(good).returncode, 0)
        self.assertEqual(self.admin.post(f"/vault/certificates/{bad['id']}/revoke").code, "already_revoked")
        head = self.cell.head()
        self.cell.picctl("undo", str(head), check=False)
        self.assertNotEqual(self.verify(bad).returncode, 0, "undo does not bring it back")

    def test_requests_are_certified_and_names_of_others_are_not(self):
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k.pem", "-subj",
                     "/CN=nas.home.example", "-addext", "subjectAltName=DNS:nas.home.example", "-out", "r.pem")
        csr = (self.folder / "r.pem").read_text()
        made = self.issue(csr=csr)
        self.assertNotIn("private_key", made)
        self.assertFalse(made["has_key"])
        self.assertEqual(self.verify(made, "-verify_hostname", "nas.home.example").returncode, 0)
        self.assertEqual(self.openssl("x509", "-in", "leaf.pem", "-noout", "-pubkey").stdout,
                         self.openssl("pkey", "-in", "k.pem", "-pubout").stdout)
        head = self.cell.head()
        for sans in (["example.com"], ["home.example.com"], ["*.example"], ["8.8.8.8"], ["nas.home.example", "evil.example"],
                     ["alice@gmail.example"], ["nas.home.example,DNS:evil.example"], ["*.*.home.example"], ["NAS.home.example"]):
            answer = self.admin.post("/vault/certificates", {"sans": sans})
            self.assertEqual((answer.status, answer.code), (422, "name_not_allowed"), (sans, answer))
        for broken in ("nonsense", csr.replace("M", "N", 3), "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----"):
            answer = self.admin.post("/vault/certificates", {"csr": broken, "sans": ["nas.home.example"]})
            self.assertEqual((answer.status, answer.code), (422, "csr_invalid"), answer)
        self.assertEqual(self.cell.head(), head, "nothing was written")

    def test_the_roots_key_goes_out_once(self):
        answer = self.admin.post("/vault/ca/root-key")
        self.assertEqual(answer.status, 200, answer)
        (self.folder / "root-key.pem").write_text(answer.json["resource"]["private_key"])
        self.assertEqual(self.openssl("pkey", "-in", "root-key.pem", "-pubout").stdout,
                         self.openssl("x509", "-in", "root.pem", "-noout", "-pubkey").stdout)
        self.assertEqual(self.admin.post("/vault/ca/root-key").code, "root_key_offline")
        self.assertFalse(self.admin.get("/vault/ca").json["has_root_key"])
        self.assertEqual(self.verify(self.issue(sans=["nas.home.example"])).returncode, 0, "the intermediate signs without it")
        self.assertEqual(self.admin.post("/vault/ca").code, "authority_exists")

    def test_the_intermediate_is_renewed_under_its_own_key_by_the_root_that_was_put_away(self):
        early = self.issue(sans=["nas.home.example"])
        revoked = self.issue(sans=["gone.home.example"])
        self.admin.post(f"/vault/certificates/{revoked['id']}/revoke")
        before = self.admin.get("/vault/ca").json["intermediate"]
        self.assertEqual(self.admin.post("/vault/ca/intermediate").status, 200, "the vault has the root's key")
        self.cell.picctl("vault", "ca", "take-root-key", self.folder / "root-key.pem")
        self.assertEqual((self.folder / "root-key.pem").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.admin.post("/vault/ca/intermediate").code, "root_key_offline")
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "other.pem")
        self.openssl("pkey", "-in", "root-key.pem", "-aes256", "-passout", "pass:x", "-out", "locked.pem")
        head = self.cell.head()
        for wrong in ("other.pem", "root.pem", "locked.pem"):
            answer = self.admin.post("/vault/ca/intermediate", {"root_key": (self.folder / wrong).read_text()})
            self.assertEqual((answer.status, answer.code), (422, "root_key_wrong"), answer)
        self.assertEqual(self.cell.head(), head, "nothing was written")
        self.cell.picctl("vault", "ca", "renew", "--root-key", self.folder / "root-key.pem")
        after = self.admin.get("/vault/ca").json
        self.assertNotEqual(after["intermediate"], before)
        self.assertFalse(after["has_root_key"], "it was looked at and not kept")
        (self.folder / "intermediate.pem").write_text(after["intermediate"])
        for service, path in (("proxy", "tls/cell.pem"), ("mail", "tls/chain.pem")):
            served = self.admin.get(f"/artefacts/{service}/{path}").body.decode()
            self.assertTrue(served.endswith(after["intermediate"]), f"{service} sends the renewed one")
        self.assertEqual(self.verify(early).returncode, 0, "what it signed before stays good")
        self.assertEqual(self.verify(self.issue(sans=["new.home.example"])).returncode, 0)
        self.assertIn("revoked", self.verify(revoked).stderr, "and what was taken back stays so")
        needle = (self.folder / "root-key.pem").read_text().split("\n")[1].encode()
        self.cell.end("picd")
        for path in pathlib.Path(self.cell.environment["PIC_DATA"]).rglob("*"):
            if path.is_file():
                self.assertNotIn(needle, path.read_bytes(), path)

    def test_picctl_hands_out_the_root_and_what_was_issued(self):
        self.assertEqual(self.cell.picctl("vault", "ca", "root").stdout.encode(), (self.folder / "root.pem").read_bytes())
        for form, path in (("der", "root.cer"), ("mobileconfig", "root.mobileconfig")):
            self.cell.picctl("vault", "ca", "root", "--format", form, "--out", self.folder / path)
            self.assertEqual((self.folder / path).read_bytes(), self.nobody.get(f"/vault/ca/root?format={form}").body)
        again = self.cell.picctl("vault", "ca", "make", check=False)
        self.assertEqual(again.returncode, 5, again.stderr)
        made = self.issue(sans=["nas.home.example"])
        self.assertIn("nas.home.example", self.cell.picctl("vault", "certificate", "show", made["id"]).stdout)
        (self.folder / "leaf.pem").write_text(self.cell.picctl("vault", "certificate", "show", made["id"], "--chain").stdout)
        self.openssl("verify", "-CAfile", "root.pem", "-untrusted", "intermediate.pem", "leaf.pem")
        self.cell.picctl("vault", "certificate", "revoke", made["id"], "--reason", "superseded")
        (self.folder / "crl.pem").write_text(self.cell.picctl("vault", "crl").stdout)
        self.assertIn("Superseded", self.openssl("crl", "-in", "crl.pem", "-noout", "-text").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
