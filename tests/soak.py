#!/usr/bin/env python3
"""Hundreds of streams that begin, flow, end or are broken off, for as long as it is told.

    tests/soak.py [--minutes 60] [--streams 500] [--write docs/soak.md]

Each client asks for a stream of random length, reads it, sometimes leaves in the middle, and asks
again, on a new connection every other time. The resident memory of every role is sampled each ten
seconds. Over the samples behind the first WARM minutes a straight line is laid by least squares; a
role whose line rises by more than SLOPE percent of its memory a minute fails the run, and so does a
stream that ended otherwise than it should, a role that died, or evidence that does not verify.
"""
import argparse
import asyncio
import json
import multiprocessing
import os
import pathlib
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import house  # noqa: E402
from volume import MIB, memory  # noqa: E402

SLOPE, WARM, EVERY = 0.1, 10, 10


# --- the model server: a process of its own ---------------------------------------------------------


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            words = int(body["messages"][-1]["content"].split()[-1])

            def part(data):
                writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n")
            for i in range(words):
                part(b"data: " + json.dumps(house.chunk({"content": f"word {i}, "})).encode() + b"\n\n")
                await writer.drain()
                await asyncio.sleep(0.5 + random.random())
            part(b"data: " + json.dumps(house.chunk({}, "stop")).encode() + b"\n\n")
            part(b"data: [DONE]\n\n")
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def model_server(port):
    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()
    asyncio.run(run())


class Model:
    """What a Gateway wants to know of its upstream."""

    def __init__(self):
        port = multiprocessing.Value("i", 0)
        self.process = multiprocessing.Process(target=model_server, args=(port,), daemon=True)
        self.process.start()
        assert house.wait_for(lambda: port.value, 10)
        self.url = f"http://127.0.0.1:{port.value}/v1"


# --- the clients ------------------------------------------------------------------------------------


class Counts:
    def __init__(self):
        self.whole = self.left = self.live = 0
        self.bad = []


async def one(gw, counts, stop):
    """One client: request after request until `stop`."""
    streams, reader, writer = 0, None, None
    while time.monotonic() < stop:
        words = random.randint(2, 40)
        body = json.dumps({"model": "m1", "stream": True,
                           "messages": [{"role": "user", "content": f"words: {words}"}]})
        leave = random.random() < 0.15
        counts.live += 1
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", gw.port)
            writer.write((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                          f"{gw.key}\r\nContent-Type: application/json\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
            if not head.startswith(b"HTTP/1.1 200"):
                raise ValueError(f"{head[:100]!r}")
            data, lines = b"", 0
            while True:
                size = int((await asyncio.wait_for(reader.readline(), 60)).strip() or b"0", 16)
                piece = await reader.readexactly(size + 2)
                if size == 0:
                    break
                data = (data + piece)[-200:]
                lines += 1
                if leave and lines > words // 3:
                    break
            streams += 1
            if leave:
                counts.left += 1
            elif b"[DONE]" not in data or b"error" in data:
                raise ValueError(f"{data!r}")
            else:
                counts.whole += 1
            if leave or streams % 2 == 0:
                writer.close()
                writer = None
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
            counts.bad.append(repr(error)[:200])
            if writer:
                writer.close()
            writer = None
            await asyncio.sleep(0.5)
        finally:
            counts.live -= 1
    if writer:
        writer.close()


async def clients(gw, n, minutes, samples, counts, say):
    began = time.monotonic()
    stop = began + minutes * 60
    tasks = []
    for _ in range(n):
        tasks.append(asyncio.create_task(one(gw, counts, stop)))
        await asyncio.sleep(0.01)
    told = 0
    while time.monotonic() < stop:
        samples.append(((time.monotonic() - began) / 60, memory(gw)))
        if time.monotonic() - began > told * 300:
            told += 1
            say(f"soak: minute {(time.monotonic() - began) / 60:.0f}: {counts.live} streams, "
                f"{counts.whole} whole, {counts.left} left, {len(counts.bad)} bad, "
                f"{sum(samples[-1][1].values()) / MIB:.1f} MiB in all")
        await asyncio.sleep(EVERY)
    await asyncio.wait(tasks, timeout=90)


# --- what it says -----------------------------------------------------------------------------------


def line(points):
    """Least squares: (value at the middle, slope)."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mx) ** 2 for x, _ in points)
    slope = sum((x - mx) * (y - my) for x, y in points) / spread if spread else 0.0
    return my, slope


def verdicts(samples, warm):
    """[(role, MiB at `warm`, MiB at the end, percent a minute)]."""
    rows = []
    late = [s for s in samples if s[0] >= warm]
    if len(late) < 10:
        return rows
    names = sorted(late[-1][1])
    total = [(t, sum(m.values())) for t, m in late]
    for name, points in [(n, [(t, m.get(n, 0)) for t, m in late]) for n in names] + [("all", total)]:
        level, slope = line(points)
        rows.append((name, points[0][1] / MIB, points[-1][1] / MIB, 100 * slope / level))
    return rows


def report(rows, counts, minutes, streams, warm):
    head = (f"{minutes:g} minutes, {streams} streams at a time: {counts.whole} whole, {counts.left} left by their "
            f"clients, {len(counts.bad)} bad. The line is laid over what is behind minute {warm:g}.")
    table = ["| role | MiB then | MiB at the end | percent a minute |", "|---|---|---|---|"]
    table += [f"| {n} | {a:.2f} | {b:.2f} | {s:+.3f} |" for n, a, b, s in rows]
    return head, table


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--warm", type=float, default=WARM)
    parser.add_argument("--write")
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    samples, counts = [], Counts()
    commit = subprocess.run(["git", "-C", str(house.ROOT), "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    limits = {"connections": 8192, "connections_per_address": 8192, "upstream_connections": 2048}
    with tempfile.TemporaryDirectory() as folder, house.Gateway(
            folder, Model(), limits=limits, fronts=2) as gw:
        pids = gw.pids()
        asyncio.run(clients(gw, options.streams, options.minutes, samples, counts,
                            lambda text: print(text, flush=True)))
        died = {k for k, p in pids.items() if gw.pids().get(k) != p}
        assert gw.stop() == 0
        whole = gw.verify()
    rows = verdicts(samples, options.warm)
    head, table = report(rows, counts, options.minutes, options.streams, options.warm)
    print("\n".join([head, *table, *counts.bad[:5]]))
    steep = [r for r in rows if r[3] > SLOPE]
    said = (f"Rises by more than {SLOPE} % a minute: {', '.join(r[0] for r in steep) or 'none'}. Died: "
            f"{', '.join(map(str, died)) or 'none'}. Evidence: {'whole' if whole else 'NOT whole'}.")
    print(said)
    if options.write:
        pathlib.Path(options.write).write_text("\n".join([
            "# Soak: measured", "", "Written by `make soak MINUTES=60`; what is done and what fails it: `tests/soak.py`.", "",
            f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}, {os.cpu_count()} processors, "
            f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the end.", "", head, "", *table, "", said]) + "\n")
    if died or not whole or counts.bad or not rows or steep:
        print("soak: FAILED" + ("" if rows else ": too short for a line"))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
