#!/usr/bin/python3
"""make bench: the whole product beside etcd, nginx and Flask's server, in interleaved rounds; prints the table of
docs/performance.md. Each measurement says beside it why it is made so. Whatever is started is ended by its pid."""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import string
import subprocess
import sys
import time
from collections import defaultdict

from fsync_trace import Tracer, acknowledgements
from peers import Etcd, Flask, Nginx
from product import Cell
from programs import BUILD, SOURCE, cpu_seconds, measure, resident_mib, wrk
from table import Row, markdown

RECORDS = 5000  # of the cell under load; etcd gets as many keys
PEERS = 1000
SMALL_CELL, LARGE_CELL = 10, 10_000
SKIPPED = 77  # the exit code of a program that could not be tried on this machine


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round and a short log: to check, not to quote")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=1_000_000, help="length of the log")
    parser.add_argument("--seconds", type=float, default=3, help="of one load")
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "bench", help="emptied first")
    parser.add_argument("--only", help="comma-separated: history, load, cells, apply, backup, stack")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.events, given.seconds = 1, 20_000, 0.5
    return given


class Bench:
    def __init__(self, options, ending):
        self.options, self.ending = options, ending
        self.rounds = range(options.rounds)
        self.raw = defaultdict(list)  # every figure, round by round
        self.rows = {}

    def say(self, what):
        print(f"[{time.strftime('%H:%M:%S')}] {what}", file=sys.stderr, flush=True)

    def started(self, thing):
        self.ending.callback(thing.program.stop)
        thing.start()
        return thing

    def row(self, number, what, floor, target, more_is_better=False):
        return self.rows.setdefault(number, Row(number, what, floor, target, more_is_better))

    def keep(self, name, value):
        self.raw[name].append(value)

    # --- what is measured

    def idle(self):
        """Freshly started, and a cell claimed in ours: what it costs to have it."""
        self.say("idle")
        self.etcd = self.started(Etcd(self.options.folder))
        self.cell = self.started(Cell(self.options.folder / "cell")).claim()
        self.keep("idle_mib", resident_mib(self.cell.pid))
        self.keep("etcd_idle_mib", resident_mib(self.etcd.program.pid))
        self.row("10b", "memory, idle", 1.5, 1.0).fill(self.raw["idle_mib"], self.raw["etcd_idle_mib"], "MiB")

    def grow(self):
        """A long history, made by the product itself: change-sets over HTTP, from deciders to snapshots."""
        self.say(f"a log of {self.options.events:,} events")
        self.cell.populate(RECORDS, PEERS)
        self.cell.grow_to(self.options.events)
        self.cell.enrol_agent()

    def history(self):
        self.say("raw scan, rebuild, verify")
        self.cell.stop()
        found = measure(BUILD / "pic-bench", "history", "--data", self.cell.data, "--rounds", self.options.rounds)
        self.raw.update({f"log_{name}_s": values for name, values in found.items()})
        raw = found["raw"]
        self.row("6", "rebuild of every projection from the log : raw SQLite scan", 4, 2.5).fill(found["rebuild"], raw, "s")
        self.row("8", "hash-chain verification : raw SQLite scan", 3, 2).fill(found["verify"], raw, "s")
        for _ in self.rounds:
            self.keep("start_s", self.cell.start())
            self.cell.stop()
            self.cell.forget_snapshots()
            self.keep("start_replay_s", self.cell.start())
            self.cell.stop()
        self.row("7", "start with a snapshot : start with full replay", 0.3, 0.1).fill(
            self.raw["start_s"], self.raw["start_replay_s"], "s")
        self.cell.start()

    def load(self):
        """Commands and GETs. Ours and theirs take turns within a round, so that a neighbour disturbs both."""
        url = self.cell.one_kilobyte()
        nginx = self.started(Nginx(self.options.folder, self.cell.kilobyte))
        flask = self.started(Flask(self.options.folder, self.cell.kilobyte))
        seconds = self.options.seconds
        watched = 50 if self.options.quick else 1000
        for number in self.rounds:
            self.say(f"round {number + 1} of {self.options.rounds}")
            disk = measure(BUILD / "pic-bench", "disk", "--folder", self.options.folder, "--seconds", seconds / 2)
            self.keep("fdatasync_p50_us", disk["p50_us"])
            for clients in (1, 64):
                batches, events = self.cell.metric("pic_writer_batches"), self.cell.metric("pic_writer_events")
                ours, theirs = self.cell.load("records", clients, seconds), self.etcd.put(clients, seconds)
                batches = self.cell.metric("pic_writer_batches") - batches
                self.keep(f"events_a_sync_{clients}", (self.cell.metric("pic_writer_events") - events) / batches)
                for name, result in (("", ours), ("etcd_", theirs)):
                    for figure in ("per_second", "p50_us", "p99_us"):
                        self.keep(f"{name}commands_{clients}_{figure}", result[figure])
            for name, result in (("", self.cell.deliver(watched)), ("etcd_", self.etcd.watch(watched))):
                for figure in ("p50_us", "p99_us"):
                    self.keep(f"{name}delivery_{figure}", result[figure])
            self.keep("get_per_second", wrk(url, seconds, f"Authorization: Bearer {self.cell.token}"))
            self.keep("nginx_get_per_second", wrk(nginx.url, seconds))
            self.keep("flask_get_per_second", wrk(flask.url, seconds))
        self.keep("loaded_mib", resident_mib(self.cell.pid))
        self.keep("etcd_loaded_mib", resident_mib(self.etcd.program.pid))
        raw = self.raw

        def both(name):
            return raw[name], raw[f"etcd_{name}"]

        self.row("1", "durable commands over HTTP, 64 clients : etcd puts over gRPC", 1.0, 1.5, True).fill(
            *both("commands_64_per_second"), "/s")
        self.row("2", "the same, 1 client", 1.0, 1.3, True).fill(*both("commands_1_per_second"), "/s")
        self.row("3", "command p50 at 1 client : fdatasync p50", 3.3, 2.5).fill(
            raw["commands_1_p50_us"], raw["fdatasync_p50_us"], "us")
        self.row("4", "events per fsync at 64 clients", 8, 20, True).fill(raw["events_a_sync_64"], [1], "")
        self.row("5", "command to agent p50 : etcd put to watch p50", 1.0, 0.7).fill(*both("delivery_p50_us"), "us")
        self.row("5b", "the same, p99", 1.5, 1.0).fill(*both("delivery_p99_us"), "us")
        self.row("9", "GET of 1 KB, 64 connections : nginx", 0.4, 0.7, True).fill(
            raw["get_per_second"], raw["nginx_get_per_second"], "/s")
        self.row("9b", "the same : Flask's server", 15, 25, True).fill(
            raw["get_per_second"], raw["flask_get_per_second"], "/s")
        self.row("10", "memory after the log and the load : etcd after its load", 1.0, 0.5).fill(*both("loaded_mib"), "MiB")

    def promises(self):
        """Row 4's other half; strace is no stopwatch, so it has a load of its own."""
        self.say("acknowledgements and syncs")
        tracer = Tracer(self.cell.pid, self.options.folder / "trace")
        self.cell.load("records", 64, 1)
        total, early = acknowledgements(tracer.stop())
        if total == 0:
            raise RuntimeError("no acknowledgement was seen")
        self.keep("acknowledgements_traced", total)
        self.row("4b", f"acknowledgements without a preceding fsync, of {total:,}", 0, 0).fill([early], [], "", early)

    def backup(self):
        """One alone, for its time; another with a client that goes on with its commands for as long as that took."""
        self.say("backup")
        for _ in self.rounds:
            took = self.cell.backup()
            alone = self.cell.load("records", 1, took)
            with concurrent.futures.ThreadPoolExecutor() as beside:
                copy = beside.submit(self.cell.backup)
                during = self.cell.load("records", 1, took)
                copy.result()
            self.keep("backup_s", took)
            self.keep("commands_p99_us", alone["p99_us"])
            self.keep("commands_during_backup_p99_us", during["p99_us"])
        if "log_raw_s" in self.raw:
            self.row("13", "online backup, encrypted : raw SQLite scan", 6, 4).fill(
                self.raw["backup_s"], self.raw["log_raw_s"], "s")
        self.row("13b", "command p99 during a backup : without", 5, 3).fill(
            self.raw["commands_during_backup_p99_us"], self.raw["commands_p99_us"], "us")

    def cells(self):
        """The same command in a small cell and in a large one: processor time of the whole daemon, which no disk hides."""
        self.say(f"cells of {SMALL_CELL:,} and {LARGE_CELL:,} peers")
        small = self.started(Cell(self.options.folder / "small")).claim().populate(1, SMALL_CELL)
        large = self.started(Cell(self.options.folder / "large")).claim().populate(1, LARGE_CELL)
        for _ in self.rounds:
            for name, cell in (("small", small), ("large", large)):
                before = cpu_seconds(cell.pid)
                done = cell.load("peers", 1, self.options.seconds)
                self.keep(f"{name}_cell_p50_us", done["p50_us"])
                self.keep(f"{name}_cell_cpu_us", (cpu_seconds(cell.pid) - before) * 1e6 / done["count"])
        self.row("14", "processor time of a command at 10,000 peers : at 10", 3, 1.2).fill(
            self.raw["large_cell_cpu_us"], self.raw["small_cell_cpu_us"], "us")
        self.row("14b", "p50 of a command at 10,000 peers : at 10", 3, 1.2).fill(
            self.raw["large_cell_p50_us"], self.raw["small_cell_p50_us"], "us")

    def apply(self):
        self.say("one changed peer at the agent")
        found = measure(BUILD / "pic-bench", "apply", "--adapter", SOURCE / "adapters" / "wireguard" / "adapter.json",
                        "--folder", self.options.folder / "apply", "--rounds", max(3, self.options.rounds))
        for name, values in found.items():
            self.raw[f"wireguard_{name}_us"] = values
        in_ms = {name: [value / 1000 for value in values] for name, values in found.items()}
        self.row("11", "agent applies one changed peer of 1,000 : wg syncconf", 2, 1.2).fill(
            in_ms["apply"], in_ms["syncconf"], "ms")
        self.row("11b", "the same : interface down and up", 0.3, 0.15).fill(in_ms["apply"], in_ms["down_up"], "ms")

    def stack(self):
        """Row 12, each service in its container; by the tests' own engine, where one can be had."""
        self.say("the stack, on a Docker engine of its own")
        figures = self.options.folder / "stack.json"
        done = subprocess.run([SOURCE / "tests" / "stack" / "run.sh", figures, str(self.options.rounds)], stdout=sys.stderr,
                              env={**os.environ, "STACK_PROGRAM": str(SOURCE / "tools" / "bench" / "stack.py")}, check=False)
        if done.returncode == SKIPPED:
            self.say("not measured: no Docker engine can be started here")
            return
        done.check_returncode()
        found = json.loads(figures.read_text())
        self.raw["stack"] = found
        for letter, (service, kept) in zip(string.ascii_lowercase, found["services"].items()):
            self.row(f"12{letter}", f"{service}, {kept['what']}, to live : docker restart", 0.5, 0.1).fill(
                [s * 1000 for s in kept["live_s"]], [s * 1000 for s in kept["restart_s"]], "ms")

    def run(self):
        wanted = self.options.only.split(",") if self.options.only else ["history", "load", "cells", "apply", "backup", "stack"]
        if {"history", "load", "backup"} & set(wanted):
            self.idle()
            self.grow()
            if "history" in wanted:
                self.history()
            if "load" in wanted:
                self.load()
                self.promises()
            if "backup" in wanted:
                self.backup()
            self.cell.stop()
        for name in ("cells", "apply", "stack"):
            if name in wanted:
                getattr(self, name)()

    def report(self):
        (self.options.folder / "figures.json").write_text(json.dumps(self.raw, indent=1))
        print(markdown([self.rows[number] for number in sorted(self.rows, key=order)]))


def order(number):
    return int(number.rstrip(string.ascii_lowercase)), number


def main():
    options = arguments()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    with contextlib.ExitStack() as ending:
        bench = Bench(options, ending)
        # What was measured is told also where a later part failed: it took minutes.
        ending.callback(bench.report)
        bench.run()


if __name__ == "__main__":
    main()
