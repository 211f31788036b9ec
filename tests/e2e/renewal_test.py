"""Certificates are renewed before they end, and what serves them takes them over, without anybody being told: the real
Caddy, and a daemon whose clock is moved while it runs."""

import json
import re
import struct
import time
import unittest

from harness import PROGRAMS, Runtime, eventually
from services_test import unless

CLOCK = PROGRAMS / "tests" / "libmoved_clock.so"
DAY = 86_400
NAME = "api.home.example"


class Served(unittest.TestCase):
    @unless("caddy", "openssl")
    @unittest.skipUnless(CLOCK.exists(), "a sanitized program takes no preloaded clock")
    def test_caddy_serves_the_renewed_certificate_and_the_renewed_intermediate(self):
        self.cell = Runtime(supervised=False)
        self.addCleanup(self.cell.close)
        self.clock = self.cell.folder / "clock"
        self.cell.environment["PIC_SERVICES"] = "proxy"
        # Caddy's own clock cannot be moved: so what it is to serve was issued in the past.
        self.move(days=-2430)
        self.cell.environment |= {"PIC_MOVED_CLOCK": str(self.clock), "LD_PRELOAD": str(CLOCK)}
        self.cell.start_daemon()
        for name in ("PIC_MOVED_CLOCK", "LD_PRELOAD"):
            del self.cell.environment[name]
        self.cell.start_agent()
        self.cell.wait_until_up()
        self.cell.setup("home.example")
        self.cell.wait_applied("proxy")
        (self.cell.folder / "root.pem").write_text(self.cell.json("vault", "ca")["root"])
        caddy = {p.pid for p in self.cell.family() if p.name == "caddy"}
        self.assertEqual(len(caddy), 1)
        _, signed_by = eventually(self.served, "Caddy serves the cell's certificate")

        self.move(days=-61)
        first = self.newer_than(None, signed_by)
        self.move(days=0)  # a third of its 90 days is left
        second = self.newer_than(first, signed_by)
        self.move(days=4)  # a third of the intermediate's ten years is left
        eventually(lambda: (got := self.served()) and got[1] != signed_by, "the renewed intermediate is served")
        self.assertEqual({p.pid for p in self.cell.family() if p.name == "caddy"}, caddy, "Caddy was reloaded, not started anew")
        self.assertTrue(second)

    def newer_than(self, old, signed_by):
        """The serial number of the certificate that was issued last, by the cell itself, once Caddy serves it."""
        def is_served():
            issued = [json.loads(line) for line in self.cell.picctl("events", "--json", "--type", "CertificateIssued").stdout.splitlines()]
            mine = [e for e in issued if e["data"]["service"] == "proxy"][-1]
            got = self.served()
            return mine["actor"] == "system" and got and got[0] != old and got
        serial, by = eventually(is_served, "the renewed certificate is served")
        self.assertEqual(by, signed_by, "by the same intermediate")
        return serial

    def move(self, days):
        """The daemon's wall clock from now on."""
        self.days = days
        with self.clock.open("r+b" if self.clock.exists() else "wb") as file:
            file.write(struct.pack("=q", days * DAY))

    def served(self):
        """Serial number of the certificate that is served and SHA-256 of the intermediate: verified, as of the moved clock."""
        now = int(time.time()) + self.days * DAY
        done = self.cell.run("openssl", "s_client", "-connect", f"127.0.0.1:{self.cell.ports['https']}", "-servername", NAME, "-verify_hostname", NAME,
                             "-CAfile", self.cell.folder / "root.pem", "-attime", str(now), "-verify_return_error", "-showcerts", input="", check=False)
        chain = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", done.stdout, re.S)
        if "Verify return code: 0 (ok)" not in done.stdout or len(chain) < 2:
            return None
        serial = self.cell.run("openssl", "x509", "-noout", "-serial", input=chain[0]).stdout
        return serial, self.cell.run("openssl", "x509", "-noout", "-fingerprint", "-sha256", input=chain[1]).stdout


if __name__ == "__main__":
    unittest.main(verbosity=2)
