"""Does an acknowledgement ever leave before its commit is on the disk? Asked of the system calls themselves, by strace(1):
between the arrival of a command on a connection and the answer on it there must lie a whole fdatasync(2) of the log's
WAL, begun after the one and ended before the other. strace slows picd down, so nothing here is a timing."""

import re
import subprocess
import time

CALLS = "fsync,fdatasync,recvmsg,recvfrom,read,readv,sendmsg,sendto,write,writev"
LINE = re.compile(r"(?P<pid>\d+) +(?P<at>[\d.]+) (?P<rest>.*)")
WHOLE = re.compile(r"(?P<call>\w+)\((?P<fd>\d+)<(?P<what>.*?)>[,)].* = (?P<result>-?\d+).*<(?P<took>[\d.]+)>$")
BEGUN = re.compile(r"(?P<call>\w+)\((?P<fd>\d+)<(?P<what>.*?)>.*<unfinished \.\.\.>$")
RESUMED = re.compile(r"<\.\.\. (?P<call>\w+) resumed>.* = (?P<result>-?\d+).*<(?P<took>[\d.]+)>$")


class Tracer:
    def __init__(self, pid, file):
        self.file = file
        self.child = subprocess.Popen(
            ["strace", "-f", "-y", "-ttt", "-T", "-s", "200", "-e", f"trace={CALLS}", "-o", str(file), "-p", str(pid)],
            stderr=subprocess.PIPE, text=True)
        self.child.stderr.readline()  # "Process N attached"
        time.sleep(0.2)               # its other threads

    def stop(self):
        self.child.terminate()
        self.child.wait()
        self.child.stderr.close()
        return calls_of(self.file.read_text(errors="replace").splitlines())


def calls_of(lines):
    """(begin, end, call, fd, file, result, text) of every call, in the order of their ends."""
    begun, calls = {}, []
    for line in lines:
        parts = LINE.match(line)
        if not parts:
            continue
        at, rest = float(parts["at"]), parts["rest"]
        if unfinished := BEGUN.match(rest):
            begun[parts["pid"], unfinished["call"]] = (at, unfinished, rest)
        elif resumed := RESUMED.match(rest):
            start = begun.pop((parts["pid"], resumed["call"]), None)
            if start:
                at, first, text = start
                calls.append((at, at + float(resumed["took"]), first["call"], first["fd"], first["what"],
                              int(resumed["result"]), text + rest))
        elif whole := WHOLE.match(rest):
            calls.append((at, at + float(whole["took"]), whole["call"], whole["fd"], whole["what"],
                          int(whole["result"]), rest))
    return sorted(calls, key=lambda call: call[1])


def acknowledgements(calls):
    """How many there were, and how many of them no sync of the WAL preceded."""
    syncs = [(begin, end) for begin, end, call, _, what, result, _ in calls
             if call in ("fsync", "fdatasync") and "log.db-wal" in what and result == 0]
    asked, total, early, first_sync = {}, 0, 0, 0
    for begin, end, call, fd, what, result, text in calls:
        if not what.startswith(("TCP", "socket")):
            continue
        if call.startswith(("recv", "read")) and result > 0:
            asked[fd] = end
        elif call.startswith(("send", "write")) and "HTTP/1.1 2" in text and "X-Pic-Seq" in text and fd in asked:
            total += 1
            while first_sync < len(syncs) and syncs[first_sync][0] < asked[fd] - 1:  # one second is long past
                first_sync += 1
            early += not any(asked[fd] <= s and e <= begin for s, e in syncs[first_sync:])
    return total, early
