#!/usr/bin/env python3
"""Commit-confirm on the real programs: what nobody confirms is taken back, whatever happens to the controller meanwhile."""

import json
import signal
import unittest

from harness import Runtime, eventually


class Confirm(unittest.TestCase):
    """The daemon alone: what is decided."""

    def setUp(self):
        self.cell = Runtime(supervised=False)
        self.addCleanup(self.cell.close)
        self.cell.start_daemon()
        self.cell.wait_until_up()
        self.cell.setup()

    def domain(self):
        return self.cell.json("cell", "show")["domain"]

    def events(self, kind):
        text = self.cell.picctl("events", "--json", "--type", kind).stdout
        return [json.loads(line) for line in text.splitlines()]

    def code(self, *words):
        refused = self.cell.picctl("--json", *words, check=False)
        self.assertNotEqual(refused.returncode, 0, refused.stdout)
        return json.loads(refused.stderr)["code"]

    def test_what_nobody_confirms_is_taken_back_and_the_log_says_so(self):
        changed = self.cell.json("cell", "set", "domain", "new.example", "--confirm-within", "2")
        self.assertEqual([event["type"] for event in changed["events"]], ["CellChanged", "ConfirmationAwaited"])
        self.assertEqual(self.domain(), "new.example")
        eventually(lambda: self.domain() == "cell.home.arpa", "the change is taken back")
        lapsed = self.events("ConfirmationLapsed")[-1]
        self.assertEqual((lapsed["actor"], lapsed["data"]["seq"], lapsed["data"]["kept"]), ("system", changed["seq"], None))
        self.assertEqual(self.events("CellChanged")[-1]["actor"], "system")
        self.assertEqual(self.code("confirm", changed["seq"]), "not_found")

    def test_what_is_confirmed_stays_and_says_who_did(self):
        sentence = self.cell.picctl("cell", "set", "domain", "new.example", "--confirm-within", "600").stdout
        seq = self.cell.head()
        self.assertIn(f"picctl confirm {seq}", sentence)
        self.cell.picctl("confirm", seq - 1)  # any event of the change names it
        self.assertEqual(self.events("ChangeConfirmed")[-1]["data"]["seq"], seq)
        self.assertEqual(self.code("confirm", seq), "not_found")
        self.assertEqual(self.domain(), "new.example")
        self.cell.picctl("undo", seq)
        self.assertEqual(self.domain(), "cell.home.arpa", "a confirmed change is undone as any other")

    def test_a_change_that_waits_survives_a_kill_and_is_taken_back_after_it(self):
        seq = self.cell.json("peer", "add", "laptop", "--confirm-within", "3")["seq"]
        self.cell.end("picd", signal.SIGKILL)
        self.cell.start_daemon()
        self.cell.wait_until_up()
        eventually(lambda: self.events("ConfirmationLapsed"), "it lapses after the restart")
        self.assertEqual(self.events("ConfirmationLapsed")[-1]["data"]["seq"], seq)
        self.assertEqual(self.cell.json("peer", "list")["items"], [])
        self.assertIn("The log is whole", self.cell.picctl("log", "verify").stdout)

    def test_what_was_confirmed_before_a_kill_stays(self):
        seq = self.cell.json("peer", "add", "laptop", "--confirm-within", "2")["seq"]
        self.cell.picctl("confirm", seq)
        other = self.cell.json("peer", "add", "phone", "--confirm-within", "2")["seq"]
        self.cell.end("picd", signal.SIGKILL)
        self.cell.start_daemon()
        self.cell.wait_until_up()
        eventually(lambda: self.events("ConfirmationLapsed"), "the other one lapses")
        self.assertEqual([event["data"]["seq"] for event in self.events("ConfirmationLapsed")], [other])
        self.assertEqual([peer["name"] for peer in self.cell.json("peer", "list")["items"]], ["laptop"])

    def test_later_changes_of_the_same_thing_go_back_with_it(self):
        self.cell.picctl("cell", "set", "domain", "new.example", "--confirm-within", "3")
        self.cell.picctl("cell", "set", "domain", "newer.example")
        self.cell.picctl("peer", "add", "laptop")
        eventually(lambda: self.domain() == "cell.home.arpa", "a revert that fires")
        self.assertEqual([peer["name"] for peer in self.cell.json("peer", "list")["items"]], ["laptop"])

    def test_what_was_undone_by_hand_lapses_without_a_word(self):
        seq = self.cell.json("cell", "set", "domain", "new.example", "--confirm-within", "3")["seq"]
        self.cell.picctl("undo", seq)
        eventually(lambda: self.events("ConfirmationLapsed"), "it lapses")
        self.assertTrue(self.events("ConfirmationLapsed")[-1]["data"]["kept"])
        self.assertEqual(self.domain(), "cell.home.arpa")

    def test_what_cannot_be_taken_back_is_refused_before_it_is_made(self):
        head = self.cell.head()
        self.assertEqual(self.code("wireguard", "rotate", "--confirm-within", "60"), "not_undoable")
        self.assertEqual(self.code("token", "add", "x", "--scopes", "*", "--confirm-within", "60"), "not_undoable")
        self.assertEqual(self.code("peer", "add", "a", "--confirm-within", "90000"), "invalid_field")
        self.assertEqual(self.code("peer", "add", "a b", "--confirm-within", "60"), "invalid_field")
        self.assertEqual(self.cell.head(), head)
        plan = self.cell.json("peer", "add", "a", "--confirm-within", "60", "--dry-run")
        self.assertIn("ConfirmationAwaited", [event["type"] for event in plan["events"]])
        self.assertEqual(self.cell.head(), head)


class Agents(unittest.TestCase):
    def test_the_services_go_back_too(self):
        cell = Runtime(supervised=False)
        self.addCleanup(cell.close)
        cell.start().setup()
        cell.wait_applied("dns")
        cell.picctl("dns", "record", "add", "nas", "A", "10.8.0.77", "--wait")
        record = cell.json("dns", "record", "list")["items"][0]["id"]
        cell.picctl("dns", "record", "set", record, "value", "10.8.0.78", "--wait", "--confirm-within", "10")
        self.assertEqual(cell.dig("nas.cell.home.arpa"), ["10.8.0.78"])
        eventually(lambda: cell.dig("nas.cell.home.arpa") == ["10.8.0.77"], "the old answer is back")

    def test_what_is_not_seen_to_work_cannot_be_confirmed(self):
        cell = Runtime(supervised=False)
        self.addCleanup(cell.close)
        cell.start().setup()
        cell.wait_applied("dns")
        cell.end("pic-agent")
        eventually(lambda: cell.service("dns")["state"] == "unreachable", "the agent is missed")
        seq = cell.json("dns", "record", "add", "nas", "A", "10.8.0.77", "--confirm-within", "600")["seq"]
        refused = cell.picctl("--json", "confirm", seq, check=False)
        problem = json.loads(refused.stderr)
        self.assertEqual(problem["code"], "not_proven")
        self.assertIn("dns: its agent cannot be reached", [error["detail"] for error in problem["errors"]])
        cell.start_agent()
        cell.wait_applied("dns")
        cell.picctl("confirm", seq)
        self.assertEqual(cell.dig("nas.cell.home.arpa"), ["10.8.0.77"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
