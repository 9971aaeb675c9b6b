"""Every role, by every signal, while requests stand in every phase of their way.

One round: clients are led into their phases and held there, others ask without end; one role gets a
signal; the phases are let go. Then, whatever died:

* every client has an end, soon: a whole answer, a refusal that says why, or a closed connection;
* an answer holds its own client's marker and nobody else's;
* no 200 is without an allowing record, and nothing reached an upstream that no record names;
* who did not depend on the dead role notices nothing (`unharmed`);
* the service is back. How soon is measured; POSTERN_CHAOS_STRICT=1 wants it within a second.

A role that hangs (STOP) is found by its heartbeat, so its time is that of the heartbeat.
POSTERN_CHAOS_ROUNDS repeats each round (`make chaos`). What dies without phases: test_death.py.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import threading
import time

import pytest

import house
from house import wait_for
from test_death import alive

ROUNDS = int(os.environ.get("POSTERN_CHAOS_ROUNDS", "1"))
STRICT = os.environ.get("POSTERN_CHAOS_STRICT") == "1"
HEARTBEAT_S, MISSED = 0.5, 4
MARK = re.compile(rb"mark-[a-p]+-end")

CONFIG = """listen: 127.0.0.1:8080
admin: 127.0.0.1:8081
fronts: 2
upstreams:
  u1: {{url: '{first}', allow_private: true}}
  u2: {{url: '{second}', allow_private: true}}
models:
  m1: u1
  m2: u2
limits: {{segment_bytes: 4MiB, heartbeat_ms: 500ms, heartbeat_missed: 4}}
policies: policies
"""

POLICY = """
@id("chat") permit (principal in Postern::Group::"demo", action == Postern::Action::"chat",
    resource);
@id("admins") permit (principal in Postern::Group::"admins",
    action in [Postern::Action::"administer", Postern::Action::"readAudit",
               Postern::Action::"readMetrics"], resource is Postern::Gateway);
"""


class Echo(house.Upstream):
    """Answers with the marker it was asked with; requests that say `held` wait for `gate` before
    the first byte, `paused` in the middle; `ending` for `settle` there."""

    def __init__(self):
        super().__init__()
        self.held, self.settle = threading.Event(), threading.Event()

    def answer(self, s, seen):
        mark = MARK.search(seen.body).group().decode()
        if b"wait-held" in seen.body:
            self.held.wait(60)
        if not json.loads(seen.body).get("stream"):
            self.send_json(s, house.completion(mark))
            return

        def words():
            yield house.chunk({"role": "assistant", "content": ""})
            for i in range(40):
                yield house.chunk({"content": f"{mark} w{i} "})
                if i == 20 and b"wait-paused" in seen.body:
                    self.held.wait(60)
                if i == 20 and b"wait-ending" in seen.body:
                    self.settle.wait(60)
            yield house.chunk({}, "stop")
        self.send_stream(s, words())


# --- clients --------------------------------------------------------------------------------------


class Client:
    """One request on a connection of its own; what comes is collected beside."""
    number = 0

    def __init__(self, gw, phase, model, stream=False, wait="", padding=0):
        Client.number += 1
        number = f"{Client.number:08x}{os.urandom(4).hex()}"  # in letters: no digits to be masked
        self.mark = "mark-" + "".join(chr(ord("a") + int(d, 16)) for d in number) + "-end"
        self.phase, self.model = phase, model
        body = json.dumps({"model": model, "stream": stream, "messages": [
            {"role": "user", "content": f"{self.mark} {wait} {'x' * padding}"}]}).encode()
        self.head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     f"Authorization: Bearer {gw.key}\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n").encode()
        self.body = body
        self.data, self.reset, self.ended = b"", False, threading.Event()
        self.socket = gw.connect()
        self.front = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        self.socket.settimeout(None)
        try:
            while piece := self.socket.recv(65536):
                self.data += piece
        except OSError:
            self.reset = True
        self.ended.set()
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    @property
    def status(self):
        match = re.match(rb"HTTP/1\.1 (\d{3}) ", self.data)
        return int(match.group(1)) if match else None

    @property
    def request_id(self):
        match = re.search(rb"(?i)\r\nx-request-id: ([^\r]+)\r\n", self.data)
        return match.group(1).decode() if match else None

    @property
    def whole(self):
        """A 200 that is complete, and says so itself."""
        head, _, rest = self.data.partition(b"\r\n\r\n")
        if self.status != 200:
            return False
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if length:
            return len(rest) == int(length.group(1))
        return rest.endswith(b"0\r\n\r\n") and b"[DONE]" in rest and b'"error"' not in rest

    def __repr__(self):
        return f"{self.phase}/{self.model}/front {self.front}: {self.data[-300:]!r}" + \
            (" (reset)" if self.reset else "")


def fronts_of(gw, clients):
    """Which front holds which client's connection, by /proc."""
    rows, holders = {}, {}
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        local, remote = (int(words[i].split(":")[1], 16) for i in (1, 2))
        if local == gw.port:
            rows[remote] = words[9]
    for (role, index), pid in gw.pids().items():
        if role == "front":
            for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                try:
                    holders[os.readlink(fd)] = index
                except OSError:
                    continue
    for c in clients:
        try:
            c.front = holders.get(f"socket:[{rows.get(c.socket.getsockname()[1])}]")
        except OSError:
            c.front = None


class Load:
    """Clients that ask without end, each time on a new connection."""

    def __init__(self, gw, clients=3):
        self.gw, self.stopped, self.clients = gw, False, []
        self.threads = [threading.Thread(target=self._run, args=(i,), daemon=True)
                        for i in range(clients)]
        for t in self.threads:
            t.start()

    def _run(self, i):
        while not self.stopped:
            try:
                c = Client(self.gw, "load", ("m1", "m2")[i % 2], stream=i % 3 == 0)
            except OSError:
                time.sleep(0.02)
                continue
            self.clients.append(c)
            c.send(c.head + c.body)
            c.ended.wait(30 * house.PATIENCE)
            time.sleep(0.01)

    def stop(self):
        self.stopped = True
        for t in self.threads:
            t.join(40 * house.PATIENCE)
            assert not t.is_alive(), "a request hangs"


# --- phases ---------------------------------------------------------------------------------------


def lead(gw, ups):
    """Two clients a phase and upstream, each held where its phase says. Warden and audit are stopped
    at the end, so that something waits for a decision and something for its record."""
    def make(phase, **more):
        return [Client(gw, phase, model, **more) for model in ("m1", "m2") for _ in range(2)]
    heads, bodies = make("head"), make("body")
    large = make("large body", padding=100_000)
    waiting = make("upstream", wait="wait-held")
    streaming = make("streaming", wait="wait-paused", stream=True)
    settling = make("settling", wait="wait-ending", stream=True)
    for c in heads:
        c.send(c.head[:60])
    for c in bodies:
        c.send(c.head + c.body[:40])
    for c in large:
        c.send(c.head + c.body[:80_000])
    for c in waiting + streaming + settling:
        c.send(c.head + c.body)
    parked = heads + bodies + large + waiting + streaming + settling
    assert wait_for(lambda: all(b"w3" in c.data for c in streaming + settling), 10), streaming
    seen = lambda c: any(c.mark.encode() in r.body for u in ups for r in u.requests())  # noqa: E731
    assert wait_for(lambda: all(seen(c) for c in waiting), 10), waiting
    deciding, recording = make("decision"), make("record", stream=True)
    fronts_of(gw, parked + deciding + recording)
    stopped = []
    for role in ("audit", "warden"):
        pid = gw.pids()[(role, 0)]
        os.kill(pid, signal.SIGSTOP)
        stopped.append((role, pid))
        if role == "audit":  # decided, and its record is not written; ended, and not settled
            for u in ups:
                u.settle.set()
            for c in recording:
                c.send(c.head + c.body)
            time.sleep(0.05)
    for c in deciding:
        c.send(c.head + c.body)
    time.sleep(0.05)
    return parked + deciding + recording, stopped


def finish(clients):
    """What was held back by the clients themselves."""
    for c in clients:
        if c.phase == "head":
            c.send(c.head[60:] + c.body)
        elif c.phase == "body":
            c.send(c.body[40:])
        elif c.phase == "large body":
            c.send(c.body[80_000:])


EARLY = ("head", "body")  # have asked nobody for anything yet


def unharmed(role, c):
    """Must this client get its whole answer, whatever happens to that role?"""
    if role == "front":
        return c.front not in (None, 1)
    if role == "egress":
        return c.model == "m2" or c.phase in EARLY
    if role in ("warden", "audit"):  # without them nobody could revoke or record what is under way
        return c.phase in EARLY
    if role == "dial":  # it is needed where no pooled connection is at hand
        return c.phase in ("upstream", "streaming", "settling")
    return role in ("keys", "control")


def check(gw, ups, clients):
    """What must hold of every client, whoever died."""
    decided = {}
    out = gw.run("audit", "query", "--kind", "decision", "--decision", "allow", "--limit", "100000",
                 "--json").stdout
    for record in read_values(out):
        decided.setdefault(record.get("request"), []).append(record)
    digests = {r["body_sha256"] for rs in decided.values() for r in rs if "body_sha256" in r}
    for c in clients:
        if c.status == 200:
            assert c.request_id in decided, f"answered without a record: {c}"
        elif c.status is not None:
            assert c.status in (502, 503), c
            error = json.loads(c.data.partition(b"\r\n\r\n")[2])["error"]
            assert error["code"] and error["message"], c
        marks = set(MARK.findall(c.data))
        assert marks <= {c.mark.encode()}, f"another client's answer: {c.mark}: {c}"
        assert not c.whole or marks, f"an answer without its content: {c}"
    for u in ups:
        for seen in u.requests():
            assert hashlib.sha256(seen.body).hexdigest() in digests, \
                f"sent without a record: {seen.body[:200]!r}"


def read_values(text):
    """The JSON values of a command's output: one a line, or a list."""
    text = text.strip()
    if text.startswith("["):
        return json.loads(text)
    values = [json.loads(line) for line in text.splitlines() if line]
    return values[0]["records"] if len(values) == 1 and "records" in values[0] else values


def back(gw, since, seconds):
    """Seconds until a request that began after `since` was answered with 200."""
    end = time.monotonic() + seconds * house.PATIENCE
    while time.monotonic() < end:
        for model in ("m1", "m2"):
            try:
                c = Client(gw, "probe", model)
            except OSError:
                break
            c.send(c.head + c.body)
            c.ended.wait(0.5 * house.PATIENCE)  # one that waits behind a role that hangs tells nothing
            if not c.whole:
                break
        else:
            return time.monotonic() - since
        time.sleep(0.01)
    return None


# --- one round ------------------------------------------------------------------------------------


def strike(gw, role, number):
    """The signal; returns the pid that got it and when."""
    pid = gw.process.pid if role == "supervisor" else gw.pids()[(role, 1 if role == "front" else 0)]
    os.kill(pid, number)
    return pid, time.monotonic()


def go_on(stopped, role, number):
    """Warden and audit go on, but for who was meant to stay stopped."""
    for name, pid in stopped:
        if (name, number) != (role, signal.SIGSTOP):
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass


def one_round(gw, ups, role, number, randomly):
    for u in ups:
        u.held.clear()
        u.settle.clear()
    load = Load(gw)
    time.sleep(0.2)
    before = gw.pids()
    clients, stopped = lead(gw, ups)
    time.sleep(random.random() * 0.05 if randomly else 0)
    pid, when = strike(gw, role, number)
    go_on(stopped, role, number)
    for u in ups:
        u.held.set()
    if role == "supervisor":
        after_supervisor(gw, number, before, clients)
    else:
        patience = (HEARTBEAT_S * (MISSED + 2) if number == signal.SIGSTOP else 0) + 5
        assert wait_for(lambda: gw.pids().get((role, 1 if role == "front" else 0)) not in (None, pid),
                        patience), f"{role} was not replaced"
    took = back(gw, when, 10)
    assert took is not None, f"no service again after {role} {number.name}\n{gw.stderr[-2000:]}"
    finish(clients)
    for c in clients:
        assert c.ended.wait(30 * house.PATIENCE), f"hangs: {c}"
    load.stop()
    check(gw, ups, clients + load.clients)
    if role != "supervisor":
        others = {k: p for k, p in gw.pids().items() if p not in (pid, before.get(k))}
        others.pop((role, 1 if role == "front" else 0), None)
        assert not others, f"more died than {role}: {others}\n{gw.stderr[-2000:]}"
        hurt = [c for c in clients if unharmed(role, c) and not c.whole]
        assert not hurt, f"{len(hurt)} that did not need {role} were hurt: {hurt[:3]}"
    return took


def after_supervisor(gw, number, before, clients):
    """Killed: nobody lives on. Stopped: everybody does, and is not blamed for it afterwards."""
    if number == signal.SIGSTOP:
        assert back(gw, time.monotonic(), 5) is not None
        time.sleep(HEARTBEAT_S * (MISSED + 2))
        gw.process.send_signal(signal.SIGCONT)
        time.sleep(HEARTBEAT_S * 2)
        assert gw.pids() == before, "roles were replaced because the supervisor slept"
        finish(clients)
        assert all(c.ended.wait(10 * house.PATIENCE) for c in clients)
        assert all(c.whole for c in clients), [c for c in clients if not c.whole][:3]
        return
    gw.process.wait()
    assert wait_for(lambda: not any(alive(p) for p in before.values()), 2)
    gw.process = None
    gw.stdout_path.write_text("")
    gw.start()


def strike_role(folder, role):
    """All signals at one role, in one gateway; a line for each round."""
    lines = []
    with Echo() as first, Echo() as second:
        with starting:  # one at a time, so that no two find the same port free
            gw = house.Gateway(folder, start=False)
            (gw.state / "policies").mkdir(exist_ok=True)
            (gw.state / "policies" / "test.cedar").write_text(POLICY)
            (gw.state / "postern.yaml").write_text(CONFIG.format(first=first.url, second=second.url))
            gw.start()
        with gw:
            for n in range(ROUNDS):
                for number in (signal.SIGKILL, signal.SIGABRT, signal.SIGSTOP):
                    took = one_round(gw, (first, second), role, number, n > 0)
                    lines.append(f"chaos: {role} {number.name} round {n + 1}: "
                                 f"back after {took:.2f} s")
                    own = role == "supervisor" or number == signal.SIGSTOP
                    assert not STRICT or own or took < 1.0, lines
                    if role != "supervisor" and number != signal.SIGSTOP:
                        death = gw.wait_record(kind="system", event="role_death", role=role)
                        assert death and "SIG" in death["detail"], death
                    if ROUNDS > 1:
                        time.sleep(10.5)  # so that the next death is not one of a row
            assert gw.stop() == 0
            assert gw.verify()
    return lines


starting = threading.Lock()
ROLES = ["front", "warden", "audit", "egress", "dial", "keys", "control", "supervisor"]


@pytest.fixture(scope="module")
def struck(request, tmp_path_factory):
    """The roles that were asked for, three gateways side by side: mostly they wait."""
    asked = [item.callspec.params["role"] for item in request.session.items
             if item.function is test_struck_in_every_phase]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        yield {role: pool.submit(strike_role, tmp_path_factory.mktemp(role), role)
               for role in asked}


@pytest.mark.parametrize("role", ROLES)
def test_struck_in_every_phase(struck, role):
    print("\n".join(struck[role].result()))
