"""docs/log-format.md is enough to check a log: a second reader, written from that page alone, walks the chain that the daemon
wrote, and finds the byte that was changed."""

import hashlib
import pathlib
import re
import sqlite3
import struct
import unittest

from harness import SOURCE, Runtime

COLUMNS = """SELECT e.seq, e.id, s.name, e.version, t.name, e.schema_version, e.change_id, e.causation, a.name, o.name,
    e.request_id, e.at, e.data, e.previous_hash, e.hash FROM events e JOIN streams s ON s.id = e.stream
    JOIN names t ON t.id = e.type JOIN names a ON a.id = e.actor JOIN names o ON o.id = e.source ORDER BY e.seq"""


def field(content):
    return struct.pack("<I", len(content)) + content


def number(value):
    return struct.pack("<q", value)


def genesis(cell):
    return hashlib.sha256(field(b"pic.log.genesis.1") + field(cell)).digest()


def form(previous, seq, identity, stream, version, kind, schema_version, change, causation, actor, source, request, at, data):
    return b"".join(map(field, [
        b"pic.log.event.1", previous, number(seq), identity, stream.encode(), number(version), kind.encode(),
        number(schema_version), change, b"" if causation is None else number(causation), actor.encode(), source.encode(),
        request.encode(), number(at), data.encode()]))


def first_bad(file):
    """The first sequence that is not as the page says; None where all are. And how many there were."""
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    previous = genesis(database.execute("SELECT cell FROM log").fetchone()[0])
    count = 0
    for row in database.execute(COLUMNS):
        *columns, stored_previous, stored = row
        count += 1
        if columns[0] != count or stored_previous != previous or hashlib.sha256(form(previous, *columns)).digest() != stored:
            return count, count
        previous = stored
    database.close()
    return None, count


class LogFormat(unittest.TestCase):
    def test_the_example_of_the_page(self):
        page = (SOURCE / "docs" / "log-format.md").read_text()
        numbered = [bytes.fromhex(f"0190000000007000800000000000000{n}") for n in (1, 2, 3)]
        made = form(genesis(numbered[0]), 1, numbered[1], "cell", 1, "CellChanged", 1, numbered[2], None, "user:anna", "http",
                    "r-1", 1790000000000, '{"timezone":"Europe/Rome"}')
        self.assertIn(genesis(numbered[0]).hex(), page)
        self.assertIn(f"a form of {len(made)} bytes", page)
        self.assertIn(hashlib.sha256(made).hexdigest(), page)

    def test_a_second_reader_comes_to_the_same_hashes(self):
        cell = Runtime(supervised=False)
        self.addCleanup(cell.close)
        cell.start_daemon()
        cell.wait_until_up()
        cell.setup()
        for name in ("laptop", "phone"):
            cell.picctl("peer", "add", name)
        cell.picctl("undo", cell.head())
        head = cell.head()
        cell.end("picd")
        log = pathlib.Path(cell.environment["PIC_DATA"]) / "log.db"
        self.assertEqual(first_bad(log), (None, head))
        bent = cell.folder / "bent.db"
        content = log.read_bytes()
        at = re.search(rb'"name":"phone"', content).start() + 8
        bent.write_bytes(content[:at] + b"q" + content[at + 1:])
        self.assertIsNotNone(first_bad(bent)[0])


if __name__ == "__main__":
    unittest.main()
