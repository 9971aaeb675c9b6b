#!/usr/bin/env python3
"""Clients in great number, that wait, dawdle, and never stop sending, and one ordinary client beside.

    tests/volume.py [--connections 10000] [--write docs/hostile-volume.md]

One gateway goes through all stages twice. Measured in each: what the ordinary client got and when, and
the resident memory of every role. It fails when the ordinary client is refused, when a connection costs
more than BUDGET, when what must be refused is not, or when the second time leaves more memory than the
first (what the first left is the allocator's, what grows is a leak).
"""
import argparse
import http.client
import json
import os
import pathlib
import platform
import resource
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import house  # noqa: E402
from house import wait_for  # noqa: E402

BUDGET = 24 * 1024      # bytes of all roles for an idle connection
LEAK = 2 * 1024 * 1024  # bytes that a role may grow from the first time to the second
HEAD_MS, BODY_MS = 2000, 3000
MIB = 1024 * 1024
SIZED = "asan" not in house.BUILD.name  # a sanitizer's memory says nothing about the program's


def memory(gw):
    """Resident bytes of each process: {role/index: bytes}."""
    found = {}
    for (role, index), pid in gw.pids().items():
        try:
            pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            continue
        found[f"{role}/{index}"] = pages * resource.getpagesize()
    return found


class Ordinary:
    """One client that asks and streams, ten times a second, on one connection."""

    def __init__(self, gw):
        self.gw, self.times, self.bad, self.stopped = gw, [], [], False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        c = None
        n = 0
        while not self.stopped:
            n += 1
            body = json.dumps({"model": "m1", "stream": n % 2 == 0,
                               "messages": [{"role": "user", "content": f"number {n}"}]})
            began = time.monotonic()
            try:
                c = c or http.client.HTTPConnection("127.0.0.1", self.gw.port,
                                                    timeout=10 * house.PATIENCE)
                c.request("POST", "/v1/chat/completions", body, {
                    "Authorization": f"Bearer {self.gw.key}", "Content-Type": "application/json"})
                answer = c.getresponse()
                data = answer.read()
                if answer.status != 200:
                    self.bad.append((answer.status, data[:200]))
            except (OSError, http.client.HTTPException) as error:
                self.bad.append(error)
                c = None
            self.times.append(time.monotonic() - began)
            time.sleep(0.1)

    def take(self):
        """What it saw since the last time."""
        times, bad, self.times, self.bad = self.times, self.bad, [], []
        return sorted(times) or [0.0], bad

    def stop(self):
        self.stopped = True
        self.thread.join(30)


class Streams(house.Upstream):
    """Short answers; to `flood`, far more than any buffer holds."""

    def answer(self, s, seen):
        if b"flood" not in seen.body:
            super().answer(s, seen)
            return

        def words():
            for _ in range(400):
                yield house.chunk({"content": "lorem ipsum " * 1000})
            yield house.chunk({}, "stop")
        self.send_stream(s, words())


def dial(gw, small=False):
    s = socket.socket()
    if small:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(10 * house.PATIENCE)
    s.connect(("127.0.0.1", gw.port))
    return s


def head(gw, length, more=""):
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gw.key}\r\n"
            f"Content-Type: application/json\r\n{more}"
            + (f"Content-Length: {length}\r\n" if length is not None else
               "Transfer-Encoding: chunked\r\n") + "\r\n").encode()


def status_of(s, seconds):
    """The status of an answer, 0 when the connection was closed without one, None when neither came."""
    s.settimeout(seconds * house.PATIENCE)
    try:
        data = s.recv(4096)
    except TimeoutError:
        return None
    except OSError:
        return 0
    return int(data[9:12]) if data.startswith(b"HTTP/1.1 ") else 0


def close_all(sockets, reset=False):
    for s in sockets:
        if reset:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


# --- stages: each leaves nothing open, and returns what is worth a line ----------------------------


def idle(gw, scale):
    """Connections that were used once, and connections that never were."""
    body = json.dumps({"model": "m1", "messages": [{"role": "user", "content": "x"}]}).encode()
    before, sockets = memory(gw), []
    for i in range(scale):
        s = dial(gw)
        if i % 10 == 0:
            s.sendall(head(gw, len(body)) + body)
            assert s.recv(4096).startswith(b"HTTP/1.1 200"), "an idle client was refused"
        sockets.append(s)
    time.sleep(1.5)
    after = memory(gw)
    each = (sum(after.values()) - sum(before.values())) / scale
    close_all(sockets)
    assert not SIZED or each <= BUDGET, f"{each:.0f} bytes an idle connection"
    return f"{scale:,} open at once, {each / 1024:.1f} KiB each (budget {BUDGET // 1024})"


def drip(gw, scale):
    """Heads and bodies that come a byte at a time: cut when their time is over."""
    n = max(20, scale // 20)
    heads, bodies = [dial(gw) for _ in range(n)], [dial(gw) for _ in range(n)]
    text = head(gw, 100)
    for s in bodies:
        s.sendall(text)
    for s in heads + bodies:
        s.setblocking(False)
    end = time.monotonic() + (BODY_MS / 1000 + 6) * house.PATIENCE
    at, live, slow = 0, set(heads + bodies), set(heads)
    while live and time.monotonic() < end:
        for s in list(live):
            try:
                if s.recv(4096, socket.MSG_PEEK) is not None:
                    live.discard(s)  # an answer, or the end
                    continue
            except BlockingIOError:
                pass
            except OSError:
                live.discard(s)
            try:
                s.send(text[at % len(text):at % len(text) + 1] if s in slow else b" ")
            except BlockingIOError:
                pass
            except OSError:
                live.discard(s)
        at += 1
        time.sleep(0.25)
    assert not live, f"{len(live)} dripping clients are still there"
    statuses = [status_of(s, 1) for s in heads + bodies]
    close_all(heads + bodies)
    assert set(statuses) <= {408, 0}, set(statuses)
    return f"{2 * n:,} slow senders cut after {HEAD_MS // 1000} s (heads) and {BODY_MS // 1000} s (bodies)"


def sip(gw, scale):
    """Clients that read a byte a second of an answer of 5 MB: what is held for each is bounded."""
    n = max(10, scale // 200)
    body = json.dumps({"model": "m1", "stream": True,
                       "messages": [{"role": "user", "content": "flood"}]}).encode()
    before = memory(gw)
    sockets = [dial(gw, small=True) for _ in range(n)]
    for s in sockets:
        s.sendall(head(gw, len(body)) + body)
    most = 0
    for _ in range(3 if scale < 1000 else 10):
        for s in sockets:
            assert s.recv(1), "a slow reader was cut although it reads"
        now = memory(gw)
        most = max(most, sum(now.values()) - sum(before.values()))
        time.sleep(1)
    close_all(sockets, reset=True)
    each = most / n
    assert not SIZED or each < 2 * MIB, f"{each / MIB:.1f} MiB for each slow reader"
    return f"{n} readers of a byte a second, {each / 1024:.0f} KiB held for each"


def huge(gw, scale):
    """Bodies of 100 MB: announced and refused by the head alone; in chunks and refused at the limit.
    Whoever goes on sending is read for a moment, so that the answer is not lost, and kept nowhere."""
    whole = 100_000_000
    before, notes = memory(gw), []
    for length in (whole, None):
        s = dial(gw)
        begun = b'{"model":"m1","messages":[{"role":"user","content":"'
        s.sendall(head(gw, length) + (b"" if length else b"%x\r\n%s\r\n" % (len(begun), begun)))
        piece = b"x" * 65536 if length else b"10000\r\n" + b"x" * 65536 + b"\r\n"
        status = status_of(s, 5) if length else None
        sent, told = 0, 0
        try:
            while sent < whole:
                s.settimeout(10 * house.PATIENCE)
                s.sendall(piece)
                sent += 65536
                if status is None:
                    try:
                        s.setblocking(False)
                        status = int(s.recv(4096)[9:12] or 0)
                        told = sent
                    except BlockingIOError:
                        pass
        except (OSError, ValueError):
            status = status or 0
        notes.append(told)
        s.close()
        assert status in (413, 0), f"a body of 100 MB got {status}"
    grown = sum(memory(gw).values()) - sum(before.values())
    assert not SIZED or grown < 24 * MIB, f"{grown / MIB:.0f} MiB more"
    return (f"100 MB: announced, refused by its head; in chunks, refused by the time {notes[1] / 1e6:.1f} MB "
            f"were on their way; {grown / MIB:+.1f} MiB")


def churn(gw, scale):
    """Connections that come and go: closed, reset, or gone in the middle of a request."""
    body = json.dumps({"model": "m1", "stream": True,
                       "messages": [{"role": "user", "content": "x"}]}).encode()
    text = head(gw, len(body)) + body
    began = time.monotonic()
    for i in range(scale):
        s = dial(gw)
        s.sendall(text if i % 4 == 0 else text[:(i * 7) % len(text)] or b"G")
        close_all([s], reset=i % 2 == 0)
    took = time.monotonic() - began
    return f"{scale:,} connections in {took:.1f} s, a quarter with a whole request"


STAGES = [idle, drip, sip, huge, churn]


# --- all of it ------------------------------------------------------------------------------------


def run(folder, scale, turns=2, say=print):
    """Returns (rows, memory at the start and after each time)."""
    limits = {"connections": 16384, "connections_per_address": 16384, "header_ms": f"{HEAD_MS}ms",
              "body_ms": f"{BODY_MS}ms", "idle_ms": "300s", "upstream_connections": 1024,
              "segment_bytes": "16MiB"}
    with Streams() as upstream, house.Gateway(folder, upstream, limits=limits, fronts=2) as gw:
        pids = gw.pids()
        ordinary = Ordinary(gw)
        time.sleep(2)
        times, bad = ordinary.take()
        assert not bad, bad
        marks, rows = [memory(gw)], [("alone", "nobody else", times)]
        for turn in range(1, turns + 1):
            for stage in STAGES:
                what = stage(gw, scale)
                time.sleep(1)
                times, bad = ordinary.take()
                assert not bad, f"{stage.__name__}: the ordinary client got {bad[:3]}"
                rows.append((f"{stage.__name__} {turn}", what, times))
                say(f"volume: {stage.__name__} {turn}: {what}; beside it "
                    f"{statistics.median(times) * 1000:.1f} ms, worst {times[-1] * 1000:.0f} ms")
            upstream.seen.clear()
            upstream.raw = b""
            wait_for(lambda: open_connections(gw) <= 4, 10, 0.3)
            time.sleep(9.5 if turns > 1 else 1.5)  # every eighth heartbeat a role gives back what is free
            marks.append(memory(gw))
        ordinary.stop()
        assert gw.pids() == pids, f"a role died: {gw.stderr[-2000:]}"
        assert gw.verify()
    for name in marks[0]:
        say(f"volume: {name}: MiB {', '.join(f'{m[name] / MIB:.1f}' for m in marks)}")
    for role in {name.split("/")[0] for name in marks[0]}:  # which front got most is chance
        first, last = (max(v for k, v in m.items() if k.startswith(role)) for m in marks[-2:])
        assert not SIZED or turns < 2 or last - first <= LEAK, \
            f"{role} grew by {(last - first) / MIB:.1f} MiB the second time"
    return rows, marks


def open_connections(gw):
    total = 0
    for line in gw.request("GET", "/metrics", admin=True).body.decode().splitlines():
        if line.startswith("postern_connections_open{"):
            total += int(line.rsplit(" ", 1)[1])
    return total


def write(path, rows, marks, commit):
    lines = ["# Hostile volume: measured", "",
             "Written by `make volume`; what each stage is and what makes it fail: `tests/volume.py`. One gateway goes",
             "through all stages twice, with two fronts, plain HTTP, the recording upstream of the tests, and the clients on",
             "the same machine. Each time an ordinary client asks and streams beside them. It is never refused; beside fifty",
             "streams that pour out all they have at once (`sip`) it waits, as what each may have under way is inspected by the",
             "same process, in the order in which it came.", "",
             f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}, {os.cpu_count()} processors, "
             f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the end.", "",
             "| stage | what was done | ordinary client: p50 | worst | requests, none refused |", "|---|---|---|---|---|"]
    for name, what, times in rows:
        lines.append(f"| {name} | {what} | {statistics.median(times) * 1000:.1f} ms | "
                     f"{times[-1] * 1000:.0f} ms | {len(times)} |")
    lines += ["", "Resident memory, MiB: at the start, when the first time is over, when the second is. What the first time",
              "leaves is kept by the allocator; what grows the second time would be a leak.", "",
              "| role | start | after one | after two |", "|---|---|---|---|"]
    for name in marks[0]:
        lines.append(f"| {name} | " + " | ".join(f"{m[name] / MIB:.1f}" for m in marks) + " |")
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--write")
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    commit = subprocess.run(["git", "-C", str(house.ROOT), "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        rows, marks = run(folder, options.connections)
    if options.write:
        write(options.write, rows, marks, commit)


if __name__ == "__main__":
    main()
