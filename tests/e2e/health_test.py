#!/usr/bin/env python3
"""What the running cell says about its own health, and what it says of containers where there are none."""

import json
import os
import socket
import unittest

from harness import Runtime, eventually


class Health(unittest.TestCase):
    def setUp(self):
        self.runtime = Runtime(supervised=False)
        self.addCleanup(self.runtime.close)
        self.runtime.start_daemon()
        self.runtime.wait_until_up()
        self.runtime.setup()

    def findings(self, *words):
        return {item["id"]: item for item in self.runtime.json("findings", *words)["items"]}

    def test_a_missing_agent_is_found_until_it_is_there(self):
        finding = self.findings()["agent-unreachable-dns"]
        self.assertEqual(finding["severity"], "error")
        self.assertTrue(finding["why"] and finding["fix"])
        self.runtime.start_agent()
        eventually(lambda: "agent-unreachable-dns" not in self.findings(), "the finding goes away")

    def test_a_finding_can_be_ignored_and_heeded_again(self):
        self.runtime.picctl("findings", "ignore", "agent-unreachable-dns")
        self.assertNotIn("agent-unreachable-dns", self.findings())
        self.assertTrue(self.findings("--all")["agent-unreachable-dns"]["ignored"])
        self.runtime.picctl("findings", "heed", "agent-unreachable-dns")
        self.assertIn("agent-unreachable-dns", self.findings())

    def test_whoever_holds_the_port_is_named(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
            holder.bind(("127.0.0.1", self.runtime.dns_port))
            self.runtime.start_agent()
            finding = eventually(lambda: self.findings().get(f"port-udp-{self.runtime.dns_port}-taken"), "the port is seen to be taken")
            self.assertIn(f"(pid {os.getpid()})", finding["what"])
        self.runtime.wait_applied("dns")
        eventually(lambda: f"port-udp-{self.runtime.dns_port}-taken" not in self.findings(), "the finding goes away")

    def test_there_are_no_containers_and_no_published_ports_here(self):
        refused = self.runtime.picctl("--json", "containers", check=False)
        self.assertEqual(json.loads(refused.stderr)["code"], "no_containers")
        self.assertEqual(json.loads(refused.stderr)["status"], 501)
        refused = self.runtime.picctl("--json", "services", "set", "dns", "port", "5353", check=False)
        self.assertEqual(json.loads(refused.stderr)["code"], "conflict")
        self.assertIsNone(self.runtime.service("dns")["port"])

    def test_an_env_becomes_an_artefact_of_the_log(self):
        env = self.runtime.folder / "env"
        env.write_text("# a comment\nDNS_PORT=5353\nWEBDAV_PASS=not-for-the-log\n")
        self.runtime.picctl("stack", "import", env)
        rendered = self.runtime.picctl("artefacts", "show", "cell", ".env").stdout
        self.assertIn("\nDNS_PORT=5353\n", rendered)
        self.assertNotIn("not-for-the-log", rendered + self.runtime.picctl("--json", "events").stdout)
        self.assertEqual(self.runtime.service("dns")["port"], 5353)
        env.write_text("DNS_PROT=53\n")
        refused = self.runtime.picctl("stack", "import", env, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("DNS_PROT is no variable", refused.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
