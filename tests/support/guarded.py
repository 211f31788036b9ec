#!/usr/bin/env python3
"""Runs one test and leaves nothing of it behind. Usage: guarded.py <seconds> <command...>

The test gets a temporary folder of its own, as TMPDIR, and this process adopts whatever it starts (PR_SET_CHILD_SUBREAPER,
prctl(2)). When the test has ended, or its time is up, its processes are killed and its folder is removed: CTest's own
timeout kills the one process that it knows, and nothing more.

A sanitizer's report fails the test whoever made it: the programs that a test starts write theirs into that folder too,
and a test need not look at how a daemon ended to be told that it leaked."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

PR_SET_CHILD_SUBREAPER = 36
TIMED_OUT = 124  # as timeout(1) has it
REPORTED = 99
SANITIZERS = ("ASAN", "LSAN", "UBSAN", "TSAN")


def children():
    """Of this process, from proc(5)."""
    me = os.getpid()
    return [int(pid) for pid in pathlib.Path(f"/proc/self/task/{me}/children").read_text().split()]


def end_what_is_left():
    """Until there is no child: each that dies leaves its own to us."""
    while found := children():
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def environment(folder):
    more = {"TMPDIR": str(folder)}
    for name in SANITIZERS:
        options = [os.environ.get(f"{name}_OPTIONS"), f"log_path={folder}/report"]
        more[f"{name}_OPTIONS"] = ":".join(filter(None, options))
    return os.environ | more


def run(seconds, command, folder):
    test = subprocess.Popen(command, env=environment(folder))
    try:
        status = test.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"guarded: not done within {seconds} s", flush=True)
        return TIMED_OUT
    finally:
        end_what_is_left()
    reports = sorted(folder.glob("report.*"))
    for report in reports:
        print(f"guarded: a sanitizer reported:\n{report.read_text(errors='replace')}", flush=True)
    return REPORTED if reports else status if status >= 0 else 128 - status


def main():
    seconds, command = float(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pic-"))
    folder.chmod(0o711)  # services with a user of their own pass through it
    try:
        sys.exit(run(seconds, command, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
