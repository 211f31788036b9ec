"""A damaged log, and the daemon on it: it starts, reads are served, nothing is written or destroyed, and it says so
everywhere."""

import contextlib
import hashlib
import json
import pathlib
import shutil
import signal
import sqlite3
import sys
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from local_api import Api, claim  # noqa: E402
from harness import DEADLINE, Runtime, eventually  # noqa: E402
from log_format_test import COLUMNS, field, first_bad, form, genesis, number  # noqa: E402

PAGE = 4096


class Damage(unittest.TestCase):
    def setUp(self):
        self.cell = Runtime(supervised=False)
        self.addCleanup(self.cell.close)
        self.data = self.cell.folder / "data"
        self.log = self.data / "log.db"
        self.api = Api(self.data / "picd.sock")
        self.cell.start_daemon()
        claim(self.cell, self.api)
        for name in ("laptop", "phone", "tablet"):
            status, text, _ = self.api.call("POST", "/peers", {"name": name, "keep_key": True})
            self.assertEqual(status, 201, text)
        self.events = self.api.get("/events?limit=1000")["items"]
        self.bad = next(event["seq"] for event in self.events if event["data"].get("name") == "laptop")

    # --- ways to end it

    def end_signed(self):
        """As a user ends it: the head is signed."""
        self.assertEqual(self.cell.end("picd"), 0, self.cell.log())

    def end_unsigned(self):
        """Killed; what was in the WAL is moved into the file, and nothing else done."""
        self.cell.end("picd", signal.SIGKILL)
        with contextlib.closing(sqlite3.connect(self.log)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def start(self):
        self.cell.start_daemon()
        eventually(lambda: self.api.answers() or self.cell.children["picd"].poll() is not None, "the daemon answers")
        self.assertIsNone(self.cell.children["picd"].poll(), self.cell.log()[-3000:])

    def alter(self, old, new):
        data = self.log.read_bytes()
        self.assertEqual(data.count(old), 1)
        self.log.write_bytes(data.replace(old, new))

    # --- what it says then

    def ready(self):
        return self.api.call("GET", "/readyz")[:2]

    def check_read_only(self, bad):
        eventually(lambda: self.ready()[0] == 503, "it finds the damage")
        problem = json.loads(self.ready()[1])
        self.assertEqual(problem["code"], "read_only")
        self.assertIn(f"event {bad}", problem["detail"])
        before = self.log.read_bytes()
        status, text, _ = self.api.call("POST", "/peers", {"name": "late"})
        self.assertEqual((status, json.loads(text)["code"]), (503, "read_only"))
        self.assertEqual(self.api.call("GET", "/healthz")[0], 200)
        self.assertIn("pic_read_only 1", self.api.call("GET", "/metrics")[1])
        self.assertEqual(self.api.get("/cell")["name"], "home")
        self.api.get("/peers")
        verdict = self.api.get("/audit/verify")
        self.assertFalse(verdict["ok"])
        self.assertEqual(verdict["first_bad_seq"], bad)
        told = self.cell.picctl("log", "verify", check=False)
        self.assertNotEqual(told.returncode, 0)
        self.assertIn(str(bad), told.stdout + told.stderr)
        self.assertIn("log_damaged", self.cell.log())
        self.assertEqual(self.log.read_bytes(), before, "nothing is written")

    def check_whole(self):
        """After the damage was taken back: nothing was signed, collected or destroyed meanwhile."""
        self.start()
        self.assertEqual(self.ready()[0], 200)
        self.assertTrue(self.api.get("/audit/verify")["ok"])
        self.assertEqual(self.api.get("/events?limit=1000")["items"], self.events)
        for peer in self.api.get("/peers")["items"]:
            status, text, _ = self.api.call("GET", f"/peers/{peer['id']}/config")
            self.assertEqual(status, 200, text)
            self.assertIn("PrivateKey", text)
        status, text, _ = self.api.call("POST", "/peers", {"name": "late"})
        self.assertEqual(status, 201, text)

    # --- the tests

    def test_an_altered_event_before_a_signed_head(self):
        self.end_signed()
        self.alter(b'"name":"laptop"', b'"name":"laptoq"')
        for _ in range(2):
            self.start()
            self.check_read_only(self.bad)
            self.end_signed()
        self.alter(b'"name":"laptoq"', b'"name":"laptop"')
        self.check_whole()

    def test_an_altered_event_since_the_last_signed_head(self):
        self.end_unsigned()
        self.alter(b'"name":"laptop"', b'"name":"laptoq"')
        for _ in range(2):
            self.start()
            self.assertEqual(self.ready()[0], 503, "found before anything is built on it")
            self.check_read_only(self.bad)
            self.assertEqual(self.api.get("/peers")["items"], [], "what follows is not served")
            self.end_signed()
        self.alter(b'"name":"laptoq"', b'"name":"laptop"')
        self.check_whole()

    def test_an_event_that_no_longer_parses(self):
        self.end_signed()
        self.alter(b'{"id":"' + self.peer_id().encode(), b'}"id":"' + self.peer_id().encode())
        for _ in range(2):
            self.start()
            self.check_read_only(self.bad)
            self.end_signed()
        self.alter(b'}"id":"' + self.peer_id().encode(), b'{"id":"' + self.peer_id().encode())
        self.check_whole()

    def peer_id(self):
        return self.events[self.bad - 1]["data"]["id"]

    def test_a_log_that_somebody_wrote_and_signed_anew(self):
        """Every hash and every signature fits. Only the vault knows that the key is not the cell's."""
        key = self.api.get("/audit/verify")["signing_key"]
        self.end_signed()
        shutil.rmtree(self.data / "snapshots")
        signed_by, head = self.write_anew("laptop", "strange")
        self.assertEqual(signed_by.hex(), key)
        self.assertEqual(first_bad(self.log), (None, head))
        self.start()
        verdict = self.api.get("/audit/verify")
        self.assertFalse(verdict["ok"])
        self.assertEqual(verdict["first_bad_seq"], head)
        self.assertIn("signed with another key", verdict["detail"])
        self.assertEqual(verdict["signing_key"], key)
        self.check_read_only(head)

    def write_anew(self, old, new):
        """The log as a forger leaves it; the key that had signed it, and up to where."""
        forger = Ed25519PrivateKey.generate()
        public = forger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        with contextlib.closing(sqlite3.connect(self.log)) as database:
            triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                database.execute(f"DROP TRIGGER {name}")
            cell = database.execute("SELECT cell FROM log").fetchone()[0]
            previous = genesis(cell)
            for row in database.execute(COLUMNS).fetchall():
                *columns, _, _ = row
                columns[-1] = columns[-1].replace(old, new)
                made = hashlib.sha256(form(previous, *columns)).digest()
                database.execute("UPDATE events SET data = ?, previous_hash = ?, hash = ? WHERE seq = ?",
                                 (columns[-1], previous, made, columns[0]))
                previous = made
            signed = database.execute("SELECT id, seq, epoch, key FROM signatures").fetchall()
            for number_of, seq, epoch, _ in signed:
                head = database.execute("SELECT hash FROM events WHERE seq = ?", (seq,)).fetchone()[0]
                message = b"".join(map(field, [b"pic.log.head.1", cell, number(epoch), number(seq), head]))
                database.execute("UPDATE signatures SET hash = ?, key = ?, signature = ? WHERE id = ?",
                                 (head, public, forger.sign(message), number_of))
            for _, sql in triggers:
                database.execute(sql)
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return signed[-1][3], signed[-1][1]

    def test_a_page_of_events_that_is_gone(self):
        self.end_signed()
        whole = self.log.read_bytes()
        page = whole.index(b'"name":"laptop"') // PAGE * PAGE
        self.log.write_bytes(whole[:page] + b"\xa5" * PAGE + whole[page + PAGE:])
        self.cell.start_daemon()
        daemon = self.cell.children["picd"]
        eventually(lambda: self.api.answers() or daemon.poll() is not None, "it starts read-only, or says why it cannot")
        if daemon.poll() is None:
            self.assertEqual(self.ready()[0], 503)
            self.end_signed()
        else:
            self.assertEqual(daemon.returncode, 13, self.cell.log()[-3000:])
            self.assertIn("damaged", self.cell.log())
            del self.cell.children["picd"]
        self.log.write_bytes(whole)
        self.check_whole()

    def test_a_file_that_is_no_log(self):
        self.end_signed()
        whole = self.log.read_bytes()
        self.log.write_bytes(b"not a database" * 1000)
        self.cell.start_daemon()
        self.assertEqual(self.cell.children.pop("picd").wait(DEADLINE), 13, self.cell.log()[-3000:])
        self.assertIn("log.db is not a PIC log", self.cell.log())
        self.assertEqual(self.log.read_bytes(), b"not a database" * 1000, "nothing is touched")
        self.log.write_bytes(whole)
        self.check_whole()

    def test_a_log_whose_tail_was_cut_off(self):
        self.end_signed()
        snapshots = sorted(self.data.glob("snapshots/*.snapshot"))
        self.assertTrue(snapshots, "a snapshot is written at the end")
        later = snapshots[-1].with_name(f"{len(self.events) + 5}.snapshot")
        later.write_bytes(b"what a later life knew\n")
        self.start()
        self.check_lost_tail()
        self.end_signed()
        later.unlink()
        self.check_whole()

    def check_lost_tail(self):
        status, text = self.ready()
        self.assertEqual(status, 503)
        self.assertIn(f"event {len(self.events) + 1}", json.loads(text)["detail"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
