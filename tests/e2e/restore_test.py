"""A backup's way back: through the API of a running cell, and after a kill at each step of putting it in place."""

import json
import pathlib
import shutil
import subprocess
import unittest
import urllib.request

from harness import DEADLINE, PROGRAMS, Runtime, eventually, processes

LOCKED = 10  # picd's exit code for a data folder that is in use


class Restore(unittest.TestCase):
    def setUp(self):
        self.cell = Runtime()
        self.cell.environment["PIC_BACKUP_PASSPHRASE"] = "enough for a backup"
        self.addCleanup(self.cell.close)
        self.cell.start().setup()
        self.archive = self.cell.folder / "cell.pic"

    def readiness(self):
        with urllib.request.urlopen(f"http://{self.cell.environment['PIC_LISTEN']}/readyz", timeout=5) as answer:
            return json.load(answer)

    def peers(self):
        return [peer["name"] for peer in self.cell.json("peer", "list")["items"]]

    def settled(self):
        """Every service that can run here has what the log says."""
        def look():
            return all(s["state"] in ("applied", "not_installed", "disabled") for s in self.cell.json("services")["items"])
        eventually(look, "the agent has everything")

    def picd(self):
        return [(p.pid, p.name) for p in self.cell.family() if p.name == "picd"]

    def test_a_backup_comes_back_and_the_agent_with_it(self):
        cell = self.cell
        added = cell.json("peer", "add", "laptop", "--preshared-key", "yes")["resource"]
        token = cell.json("token", "add", "script", "--scopes", "peers:read")["resource"]
        self.settled()
        cell.picctl("backup", self.archive)
        server_key = cell.json("wireguard", "show")["public_key"]
        cursor = cell.head()
        cell.picctl("peer", "add", "phone")
        cell.picctl("peer", "rotate", "laptop")
        cell.picctl("peer", "remove", "laptop")
        cell.picctl("wireguard", "rotate")
        cell.picctl("token", "remove", "script")
        self.assertEqual(self.readiness()["epoch"], 1)
        launcher, daemon = cell.children["run.sh"].pid, self.picd()

        cell.picctl("backup-restore", self.archive)

        self.assertEqual(self.readiness()["epoch"], 2)
        self.assertEqual(self.peers(), ["laptop"])
        self.assertEqual(cell.children["run.sh"].pid, launcher)
        self.assertIsNone(cell.children["run.sh"].poll())
        self.assertEqual(self.picd(), daemon, "the daemon started anew in its own process, under its own name")
        # What was given up since the backup stays given up.
        laptop = cell.json("peer", "show", "laptop")
        self.assertNotEqual(laptop["public_key"], added["public_key"], "a key that was rotated does not come back")
        self.assertFalse(laptop["has_private_key"] or laptop["has_preshared_key"])
        self.assertNotEqual(cell.json("wireguard", "show")["public_key"], server_key)
        self.assertEqual(cell.json("token", "list")["items"], [], f"the token {token['id']} was removed")
        # And all goes on from there.
        self.settled()
        events = [json.loads(line) for line in cell.picctl("events", "--json").stdout.splitlines()]
        self.assertEqual([e["seq"] for e in events], list(range(1, len(events) + 1)))
        marks = [e for e in events if e["type"] == "BackupRestored"]
        self.assertEqual([(e["data"], e["seq"] > cursor - 1) for e in marks], [({"epoch": 2}, True)])
        cell.picctl("peer", "rotate", "laptop", "--wait")
        self.assertTrue(cell.json("peer", "show", "laptop")["has_private_key"])
        cell.picctl("peer", "add", "tablet", "--wait")
        self.settled()
        self.assertTrue(cell.json("log", "verify")["ok"])
        # A second time, of the same backup: yet another epoch.
        cell.picctl("backup-restore", self.archive)
        self.assertEqual(self.readiness()["epoch"], 3)
        self.assertEqual(self.peers(), ["laptop"])
        self.settled()

    def test_a_new_machine_takes_the_cell_over(self):
        self.cell.picctl("peer", "add", "laptop")
        self.cell.picctl("backup", self.archive)
        old_name = self.cell.json("cell", "show")["id"]
        self.cell.stop()
        old = self.cell
        self.cell = Runtime()
        self.addCleanup(self.cell.close)
        self.cell.environment["PIC_BACKUP_PASSPHRASE"] = "enough for a backup"
        self.cell.start().setup("new.home.arpa")
        self.settled()
        self.cell.picctl("backup-restore", old.folder / "cell.pic")
        self.assertEqual((self.cell.json("cell", "show")["id"], self.peers()), (old_name, ["laptop"]))
        self.settled()  # its own agent has enrolled with the cell that came
        self.cell.picctl("peer", "add", "phone", "--wait")

    def test_what_is_no_good_backup_is_refused_and_touches_nothing(self):
        cell = self.cell
        cell.picctl("peer", "add", "laptop")
        self.settled()
        cell.picctl("backup", self.archive)
        whole = self.archive.read_bytes()
        flipped = bytearray(whole)
        flipped[-100] ^= 1
        bad = {
            "backup_wrong_passphrase": whole,
            "backup_damaged": bytes(flipped),
            "backup_truncated": whole[:64 + 65_536 + 17],  # the header and one chunk
            "backup_not_an_archive": b"PK\3\4" + whole[4:],
            "backup_newer_version": whole[:8] + b"\2" + whole[9:],
            "backup_parameters": whole[:16] + b"\xff" * 8 + whole[24:],
        }
        head, files = cell.head(), self.files()
        for code, content in bad.items():
            with self.subTest(code):
                self.archive.write_bytes(content)
                if code == "backup_wrong_passphrase":
                    cell.environment["PIC_BACKUP_PASSPHRASE"] = "another passphrase"
                else:
                    cell.environment["PIC_BACKUP_PASSPHRASE"] = "enough for a backup"
                done = cell.picctl("--json", "backup-restore", self.archive, check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(json.loads(done.stderr)["code"], code)
        self.assertEqual(cell.head(), head)
        self.assertEqual(self.files(), files)
        self.assertEqual(self.readiness()["epoch"], 1)
        cell.picctl("peer", "add", "phone")
        self.assertEqual(self.peers(), ["laptop", "phone"])

    def files(self):
        return sorted(p.name for p in pathlib.Path(self.cell.environment["PIC_DATA"]).iterdir())


class PuttingInPlace(unittest.TestCase):
    """The steps behind the decision, each as a kill would have left it. The restored cell is another one's data here:
    what counts is which of the two comes up."""

    FILES = ("log.db", "vault.db", "master.key")

    def setUp(self):
        self.other = self.made("other")
        self.cell = self.made("cell")
        self.data = pathlib.Path(self.cell.environment["PIC_DATA"])

    def made(self, name):
        cell = Runtime(supervised=False)
        self.addCleanup(cell.close)
        cell.start_daemon()
        cell.wait_until_up()
        cell.setup().picctl("cell", "set", "name", name)
        self.assertEqual(cell.end("picd"), 0)
        return cell

    def lay_out(self, folder, names):
        (self.data / folder).mkdir(mode=0o700)
        for name in names:
            shutil.copy2(pathlib.Path(self.other.environment["PIC_DATA"]) / name, self.data / folder / name)

    def comes_up(self):
        self.cell.start_daemon()
        self.cell.wait_until_up()
        name = self.cell.json("cell", "show")["name"]
        self.assertTrue(self.cell.json("log", "verify")["ok"])
        self.assertEqual(self.cell.end("picd"), 0)
        self.assertEqual([p.name for p in self.data.glob("restore.*")], [])
        return name

    def test_a_draft_is_forgotten(self):
        self.lay_out("restore.draft", self.FILES)
        self.assertEqual(self.comes_up(), "cell")

    def test_what_was_decided_is_done(self):
        self.lay_out("restore.ready", self.FILES)
        self.assertEqual(self.comes_up(), "other")
        self.assertLessEqual({"log.db", "vault.db", "master.key"}, {p.name for p in (self.data / "replaced").iterdir()})
        self.assertEqual(self.comes_up(), "other")

    def test_killed_while_the_old_files_were_leaving(self):
        self.lay_out("restore.ready", self.FILES)
        (self.data / "replaced").mkdir()
        (self.data / "log.db").rename(self.data / "replaced" / "log.db")
        self.assertEqual(self.comes_up(), "other")

    def test_killed_while_the_new_files_were_coming(self):
        self.lay_out("restore.moving", self.FILES[1:])
        for name in self.FILES:
            (self.data / name).unlink()
        shutil.copy2(pathlib.Path(self.other.environment["PIC_DATA"]) / "log.db", self.data / "log.db")
        self.assertEqual(self.comes_up(), "other")

    def test_a_second_daemon_leaves_it_to_the_first(self):
        self.cell.start_daemon()
        self.cell.wait_until_up()
        self.lay_out("restore.ready", self.FILES)
        second = subprocess.run([PROGRAMS / "picd"], env=dict(self.cell.environment, PIC_LISTEN="127.0.0.1:0", PIC_BUS="127.0.0.1:0"),
                                capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(second.returncode, LOCKED, second.stderr)
        self.assertIn("another daemon", second.stderr)
        self.assertTrue((self.data / "restore.ready" / "log.db").exists())
        self.assertEqual(self.cell.json("cell", "show")["name"], "cell")
        self.assertEqual(self.cell.end("picd"), 0)
        self.assertEqual(self.comes_up(), "other")


if __name__ == "__main__":
    unittest.main()
