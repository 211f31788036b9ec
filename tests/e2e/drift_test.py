#!/usr/bin/env python3
"""What somebody edits behind the cell's back is seen, and shown without secrets; and what the programs say is read."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from local_api import Api  # noqa: E402
from harness import Runtime, eventually  # noqa: E402


class Drift(unittest.TestCase):
    def setUp(self):
        self.cell = Runtime(supervised=False)
        self.addCleanup(self.cell.close)
        memory = self.cell.folder / "memory"  # where WireGuard's live files lie
        memory.mkdir(0o700)
        self.cell.environment["PIC_MEMORY"] = str(memory)
        self.cell.start().setup()
        self.cell.wait_applied("dns", "wireguard")

    def live(self, service, name):
        """The live file that the service's program reads."""
        for link in self.cell.folder.rglob("live"):
            if link.is_symlink() and service in link.parts and (link / name).exists():
                return link / name
        return None

    def drift(self, service):
        return {item["path"]: item["diff"] for item in self.cell.json("services", "drift", service)["items"]}

    def test_an_edited_file_is_seen_and_written_anew_with_the_next_change(self):
        self.assertEqual(self.drift("dns"), {})
        self.assertIn("what was written", self.cell.picctl("services", "drift", "dns").stdout)
        corefile = self.live("dns", "Corefile")
        self.assertIsNotNone(corefile)
        corefile.write_text(corefile.read_text().replace("cache 3600", "cache 1"))
        diff = eventually(lambda: self.drift("dns").get("Corefile"), "the edit is seen")
        self.assertIn("-    cache 3600\n+    cache 1\n", diff)
        eventually(lambda: self.cell.service("dns")["drift"], "the service says so")
        findings = {item["id"] for item in self.cell.json("findings")["items"]}
        self.assertIn("drift-dns", findings)
        self.cell.picctl("dns", "upstreams", "127.0.0.1:9", "--wait")
        eventually(lambda: self.drift("dns") == {}, "the next change puts it right")

    def test_a_reapply_writes_an_edited_file_anew_and_a_restart_makes_a_new_program(self):
        corefile = self.live("dns", "Corefile")
        written = corefile.read_text()
        corefile.write_text(written + "# edited\n")
        pid, head = self.coredns(), self.cell.head()
        done = self.cell.json("services", "reapply", "dns", "--wait")
        self.assertEqual((done["kind"], done["state"], done["detail"]), ("reapply", "done", ""))
        self.assertEqual(self.live("dns", "Corefile").read_text(), written)
        self.assertEqual((self.cell.service("dns")["drift"], self.drift("dns"), self.coredns()), (False, {}, pid))

        self.assertIn("Restarted dns.", self.cell.picctl("services", "restart", "dns", "--wait").stdout)
        self.assertNotEqual(self.coredns(), pid)
        self.cell.picctl("dns", "record", "add", "nas", "A", "10.8.0.77", "--wait")
        self.assertEqual(self.cell.dig("nas.cell.home.arpa"), ["10.8.0.77"])
        shown = self.cell.service("dns")["operation"]
        self.assertEqual((shown["kind"], shown["state"]), ("restart", "done"))
        self.assertGreaterEqual(shown["ended_at"], shown["asked_at"])
        # No decision, so no event; but it is known who asked.
        self.assertEqual(self.cell.head(), head + 1)
        asked = [entry["detail"] for entry in self.cell.json("access-log", "--kind", "service_operation")["items"]]
        self.assertEqual(asked, ["restart dns", "reapply dns"])

    def test_what_cannot_be_restarted_is_refused_with_the_reason(self):
        def code(*words):
            refused = self.cell.picctl("--json", "services", *words, check=False)
            self.assertNotEqual(refused.returncode, 0, refused.stdout)
            return json.loads(refused.stderr)["code"]
        self.assertEqual(code("restart", "nothing"), "not_found")
        self.assertEqual(code("restart", "dhcp"), "service_disabled")
        self.assertEqual(code("restart", "dns", "--dry-run"), "invalid_field")
        self.cell.end("pic-agent")
        eventually(lambda: self.cell.service("dns")["state"] == "unreachable", "the agent is missed")
        self.assertEqual(code("reapply", "dns"), "agent_unreachable")

    def coredns(self):
        """The pid of the program, which its agent started."""
        return [process.pid for process in self.cell.family() if process.name == "coredns"]

    def test_a_diff_holds_no_secret(self):
        conf = self.live("wireguard", "wg0.conf")
        self.assertIsNotNone(conf)
        text = conf.read_text()
        key = next(line.split("=", 1)[1].strip() for line in text.splitlines() if line.startswith("PrivateKey"))
        conf.write_text(text.replace(f"PrivateKey = {key}", f"PrivateKey={key}") + f"# {key}\n")
        diff = eventually(lambda: self.drift("wireguard").get("wg0.conf"), "the edit is seen")
        self.assertIn("<secret ", diff)
        self.assertIn("hidden because this file holds secrets", diff)
        self.assertNotIn(key, diff)
        data = pathlib.Path(self.cell.environment["PIC_DATA"])
        live = Api(data / "picd.sock").call("GET", "/services/wireguard/live")[1]
        self.assertNotIn(key, live)
        self.assertNotIn(key, self.cell.log())

    def test_what_the_programs_say_is_read(self):
        self.cell.picctl("dns", "record", "add", "nas", "A", "10.8.0.77", "--wait")
        lines = eventually(lambda: [line for line in self.cell.json("services", "logs", "dns")["items"]
                                    if "zones: serving" in line["line"]], "the reload's line is there")
        self.assertEqual(lines[-1]["program"], "coredns")
        self.assertEqual(len(self.cell.json("services", "logs", "dns", "--limit", "1")["items"]), 1)
        self.assertEqual(self.cell.json("services", "logs", "dns", "--since", "2999-01-01T00:00:00.000Z")["items"], [])
        refused = self.cell.picctl("services", "logs", "nothing", check=False)
        self.assertEqual(refused.returncode, 6, refused.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
