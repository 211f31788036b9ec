#!/usr/bin/python3
"""Follows the log of a cell: prints each event as a line of JSON and keeps its position in a file.

    subscriber.py tcp://127.0.0.1:5560 <the controller's public key> <key file> <position file>

Needs pyzmq and nothing else (Debian: python3-zmq). The key file is made on the first run, and its public key printed
for the administrator, who lists it: POST /api/v1/subscribers. docs/bus-protocol.md explains every message used here.

PUB is a hint and may be lost; the events are fetched. So this survives a restart of either side and misses nothing.
A position is saved after its events are printed: killed in between, the next run prints them again, so whoever reads
them should pass over a "seq" that it has had.

Exit codes: 0 stopped by SIGINT or SIGTERM, 1 usage, 3 the position does not fit the log.
"""

import itertools
import json
import os
import signal
import sys
import time

import zmq

PROTOCOL = 1
PAGE = 1000  # events asked for at once, the most there is
ANSWER_LIMIT_MS = 5000  # an answer that takes longer is taken for lost
AGAIN_S = 0.5  # between the loss of a connection and the next try
HINT_LIMIT_MS = 2000  # ask anew after this long without a hint: one may be lost
NOTHING = {"cell": "00000000-0000-0000-0000-000000000000", "epoch": 0, "sequence": 0}
ABOUT_POSITION = {"stale_epoch", "ahead_of_log", "wrong_cell"}


class Lost(Exception):
    """The connection is to be made anew."""


class Link:
    """DEALER for questions, SUB for hints, both under CURVE."""

    def __init__(self, context, address, server_key, keys):
        self.context, self.address, self.server_key, self.keys = context, address, server_key, keys
        self.ids = itertools.count(1)
        self.hints = None
        self.questions = self.open(zmq.DEALER, address)

    def hello(self):
        """Begins the conversation; the welcome tells where the hints are."""
        welcome, _ = self.ask({"type": "hello", "protocol": PROTOCOL, "software": "subscriber.py", "services": []})
        if welcome["type"] == "error":
            raise Lost(f"{welcome['code']}: {welcome['detail']}")
        self.hints = self.open(zmq.SUB, f"{self.address.rpartition(':')[0]}:{welcome['hint_port']}")

    def open(self, kind, address):
        socket = self.context.socket(kind)
        socket.linger = 0
        socket.curve_serverkey = self.server_key
        socket.curve_publickey, socket.curve_secretkey = self.keys
        if kind == zmq.SUB:
            socket.subscribe(b"")
        socket.connect(address)
        return socket

    def ask(self, question):
        """Sends a question and waits for its answer: header and payload frames."""
        question["id"] = next(self.ids)
        self.questions.send(json.dumps(question).encode())
        while self.questions.poll(ANSWER_LIMIT_MS):
            header, *payload = self.questions.recv_multipart()
            header = json.loads(header)
            if header["id"] in (question["id"], 0):
                return header, payload
        raise Lost("no answer: is the controller running, and my key listed?")

    def wait_for_hint(self):
        """Returns when the log may have grown."""
        if self.hints.poll(HINT_LIMIT_MS):
            while self.hints.poll(0):
                self.hints.recv_multipart()

    def close(self):
        self.questions.close()
        if self.hints:
            self.hints.close()


def load_keys(path):
    """Two lines, public and secret, readable by the owner alone; made where there is none."""
    if not os.path.exists(path):
        public, secret = zmq.curve_keypair()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(public + b"\n" + secret + b"\n")
    with open(path, "rb") as lines:
        return tuple(lines.read().split())


def load_position(path):
    if not os.path.exists(path):
        return NOTHING
    with open(path, encoding="ascii") as text:
        cell, epoch, sequence = text.read().split()
    return {"cell": cell, "epoch": int(epoch), "sequence": int(sequence)}


def save_position(path, position):
    """Written beside and renamed, so that a kill leaves the old position or the new."""
    with open(path + ".new", "w", encoding="ascii") as out:
        out.write(f"{position['cell']} {position['epoch']} {position['sequence']}")
    os.replace(path + ".new", path)


def order(position):
    """An epoch begins when a backup is restored; within one, sequences only grow."""
    return position["epoch"], position["sequence"]


def follow(link, position_file):
    """Prints what comes after the position kept in the file, for ever."""
    position = load_position(position_file)
    while True:
        header, payload = link.ask({"type": "fetch_events", "after": position, "limit": PAGE})
        if header["type"] == "error":
            if header["code"] in ABOUT_POSITION:
                print(f"{header['code']}: {header['detail']}", file=sys.stderr)
                sys.exit(3)
            raise Lost(f"{header['code']}: {header['detail']}")
        if order(header["next"]) < order(position):
            print("sequence_went_back: the controller offers what is behind us", file=sys.stderr)
            sys.exit(3)
        events = payload[0].decode().split("\n")[:-1]  # not splitlines(), which knows more ends of a line than JSON
        for event in events:
            print(event)
        sys.stdout.flush()
        position = header["next"]
        if events:
            save_position(position_file, position)
        if position["sequence"] >= header["head"]:
            link.wait_for_hint()


def main():
    if len(sys.argv) != 5:
        print(f"usage: {sys.argv[0]} <address> <server public key> <key file> <position file>", file=sys.stderr)
        sys.exit(1)
    address, server_key, key_file, position_file = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    keys = load_keys(key_file)
    print(f"my public key: {keys[0].decode()}", file=sys.stderr)
    context = zmq.Context()
    context.linger = 0
    while True:
        link = Link(context, address, server_key.encode(), keys)
        try:
            link.hello()
            follow(link, position_file)
        except Lost as lost:
            print(lost, file=sys.stderr)
            time.sleep(AGAIN_S)
        finally:
            link.close()


if __name__ == "__main__":
    main()
