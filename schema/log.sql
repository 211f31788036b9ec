-- The log's tables, the one source: the program makes a new log with this text and refuses one whose tables, indexes and
-- triggers differ from it. docs/log-format.md says what the columns mean and how the hash is made.

PRAGMA application_id = 1346978636;  -- "PICL": the bytes at offset 68 of the file
PRAGMA user_version = 1;

-- Whose log it is. Its one row never changes but for heads_at: table heads tells how far each stream had come there.
CREATE TABLE log (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    cell     BLOB    NOT NULL CHECK (length(cell) = 16),
    heads_at INTEGER NOT NULL
) STRICT;

-- The lives of the log: a restored backup begins a new one.
CREATE TABLE epochs (
    epoch INTEGER PRIMARY KEY,
    after INTEGER NOT NULL,  -- the last event of the life before
    at    INTEGER NOT NULL   -- milliseconds since 1970
) STRICT;

-- Names as integers. No index: whoever writes holds them in memory, whoever reads looks them up by number.
CREATE TABLE streams (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL
) STRICT;

CREATE TABLE names (  -- of types, actors and sources
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL
) STRICT;

-- A cache: the version of each stream as of log.heads_at.
CREATE TABLE heads (
    stream  INTEGER PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    seq            INTEGER PRIMARY KEY,
    stream         INTEGER NOT NULL,  -- streams.id
    version        INTEGER NOT NULL,
    type           INTEGER NOT NULL,  -- names.id
    schema_version INTEGER NOT NULL,
    at             INTEGER NOT NULL,  -- milliseconds since 1970
    actor          INTEGER NOT NULL,  -- names.id
    source         INTEGER NOT NULL,  -- names.id
    causation      INTEGER,           -- a seq
    id             BLOB    NOT NULL,  -- UUIDv7
    change_id      BLOB    NOT NULL,  -- UUIDv7
    previous_hash  BLOB    NOT NULL,
    hash           BLOB    NOT NULL,
    request_id     TEXT    NOT NULL,
    data           TEXT    NOT NULL
) STRICT;

-- Ids of changes rise with time, so this index grows at its end and costs a page a commit.
CREATE INDEX events_by_change ON events (change_id);

-- Heads of the chain, signed (Ed25519).
CREATE TABLE signatures (
    id        INTEGER PRIMARY KEY,
    seq       INTEGER NOT NULL,
    epoch     INTEGER NOT NULL,
    hash      BLOB    NOT NULL,
    key       BLOB    NOT NULL,
    signature BLOB    NOT NULL
) STRICT;

-- What requests with an Idempotency-Key were answered. Not part of the chain; forgotten after seven days.
CREATE TABLE answers (
    id           INTEGER PRIMARY KEY,  -- rises with time: the oldest are forgotten first
    scope        BLOB    NOT NULL,     -- SHA-256 of actor, method, path and key
    request_body BLOB    NOT NULL,     -- SHA-256
    status       INTEGER NOT NULL,
    etag         TEXT    NOT NULL,
    location     TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    at           INTEGER NOT NULL
) STRICT;

-- Grows at its end, as the table does; the writer reads it once, at opening, and finds answers by memory from there on.
CREATE INDEX answers_in_time ON answers (at, scope);

-- Append-only. INSERT OR REPLACE would get past the first two: the third refuses every seq but the next.
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER events_no_gap BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN SELECT RAISE(ABORT, 'a new event has the next sequence'); END;

CREATE TRIGGER streams_no_update BEFORE UPDATE ON streams
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER streams_no_delete BEFORE DELETE ON streams
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER streams_no_gap BEFORE INSERT ON streams
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM streams)
BEGIN SELECT RAISE(ABORT, 'a new stream has the next number'); END;

CREATE TRIGGER names_no_update BEFORE UPDATE ON names
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER names_no_delete BEFORE DELETE ON names
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER names_no_gap BEFORE INSERT ON names
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM names)
BEGIN SELECT RAISE(ABORT, 'a new name has the next number'); END;

CREATE TRIGGER signatures_no_update BEFORE UPDATE ON signatures
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER signatures_no_delete BEFORE DELETE ON signatures
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER signatures_no_gap BEFORE INSERT ON signatures
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM signatures)
BEGIN SELECT RAISE(ABORT, 'a new signature has the next number'); END;

CREATE TRIGGER cell_no_insert BEFORE INSERT ON log
WHEN EXISTS (SELECT 1 FROM log)
BEGIN SELECT RAISE(ABORT, 'a log belongs to one cell'); END;

CREATE TRIGGER cell_no_update BEFORE UPDATE OF one, cell ON log
BEGIN SELECT RAISE(ABORT, 'a log belongs to one cell'); END;

CREATE TRIGGER cell_no_delete BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'a log belongs to one cell'); END;
