"""Clients that want to use up what others need: headers, time, connections, promises, memory."""
import json
import select
import socket
import ssl
import time

import pytest

import abuse
import house
import support
from abuse import BODY, last_word, part
from support import Wire, head_of, raw, refused

pytestmark = pytest.mark.usefixtures("steady")

WAITS = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
MANY = 40  # connections of one abuse


def outcome(data):
    """Status of the last answer in what a connection got; 0 when it got none."""
    at = data.rfind(b"HTTP/1.1 ")
    return int(data[at + 9:at + 12]) if at >= 0 else 0


class Crowd:
    """Many connections that are fed at the same time."""

    def __init__(self, gw, n=MANY):
        self.sockets = [gw.connect() for _ in range(n)]
        self.got = {s: b"" for s in self.sockets}
        self.open = set(self.sockets)
        for s in self.sockets:
            s.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in self.sockets:
            s.close()

    def send(self, data):
        """What the socket's buffer takes; the rest is forgotten."""
        for s in list(self.open):
            try:
                s.send(data)
            except WAITS:
                pass
            except OSError:
                self.open.discard(s)

    def listen(self, seconds):
        end = time.monotonic() + seconds
        while self.open and (left := end - time.monotonic()) > 0:
            for s in select.select(list(self.open), [], [], left)[0]:
                try:
                    data = s.recv(65536)
                except WAITS:
                    continue
                except OSError:
                    data = b""
                self.got[s] += data
                if not data:
                    self.open.discard(s)

    def fed(self, data, every=0.1, seconds=6.0):
        """A byte now and then, to all of them, until none is left."""
        end = time.monotonic() + seconds * house.PATIENCE
        for i in range(1 << 20):
            if not self.open or time.monotonic() > end:
                break
            self.send(data[i % len(data):i % len(data) + 1])
            self.listen(every)
        assert not self.open, f"{len(self.open)} connections live on"
        return [outcome(data) for data in self.got.values()]


# --- headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n,row", [(10_000, "A:"), (10_000, "X-{i}: v"), (10_000, "Cookie: a={i}"),
                                   (100_000, "a:")])
def test_header_count_bomb(gw, nothing_leaves, n, row):
    rows = [row.replace("{i}", str(i)) for i in range(n)]
    reply = last_word(gw, head_of(gw, BODY, extra=rows) + BODY)
    if row.startswith("Cookie"):  # one is all a request may have
        refused(gw, reply, 400, "http_header")
    else:
        refused(gw, reply, 431, "http_header_limit")


def test_headers_up_to_the_limit(gw):
    """Ninety-nine and one: the limit is where it is said to be, and the last good one works."""
    fixed = 4  # those that head_of writes
    for n, status in ((100 - fixed, 200), (101 - fixed, 431)):
        body = json.dumps(support.ask(abuse.BESIDE, "rec")).encode()
        assert raw(gw, head_of(gw, body, extra=[f"X-{i}: v" for i in range(n)]), body).status == status


def test_headers_without_end(gw, nothing_leaves):
    """One name, one value, one line, one target, each of a megabyte; and many middling ones."""
    long = "a" * 1_000_000
    for rows in ([f"{long}: x"], [f"X: {long}"], [long], ["X: " + " " * 1_000_000],
                 [f"X-{i}: {'v' * 1000}" for i in range(90)]):
        refused(gw, last_word(gw, head_of(gw, BODY, extra=rows) + BODY), 431, "http_header_limit")
    for path in ("/" + long, "/v1/models?" + long, "/v1/" + "%2f" * 300_000):
        assert last_word(gw, head_of(gw, BODY, path=path) + BODY).status in (400, 414)
    assert last_word(gw, head_of(gw, BODY, method=long) + BODY).status in (400, 414)


# --- slow in both directions -----------------------------------------------------------------------


def test_slow_heads(gw, nothing_leaves):
    with Crowd(gw) as crowd:
        crowd.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n")
        assert set(crowd.fed(b"X-Slow: loris\r\n")) <= {408, 431}


def test_slow_bodies(gw, nothing_leaves):
    big = json.dumps(support.ask("x" * 90_000, "rec")).encode()
    begun = [head_of(gw, BODY), head_of(gw, big) + big[:80_000],
             head_of(gw, length=False, extra=["Transfer-Encoding: chunked"]) + part(b'{"a":') + b"7f\r\n"]
    with Crowd(gw, 60) as crowd:
        for i, s in enumerate(crowd.sockets):
            s.setblocking(True)
            s.sendall(begun[i % 3])
            s.setblocking(False)
        assert set(crowd.fed(b" ")) == {408}


def test_nothing_said_at_all(gw, nothing_leaves):
    """Connections that only stand there, with nothing, or with the first byte of something."""
    with Crowd(gw) as crowd:
        for i, s in enumerate(crowd.sockets):
            if i % 2:
                s.send(b"P")
        begun = crowd.sockets[1::2]
        end = time.monotonic() + 6 * house.PATIENCE
        while (busy := [s for s in begun if s in crowd.open]) and time.monotonic() < end:
            crowd.listen(0.2)
        assert not busy, "a head that was begun has its time"


def test_slow_readers(gw, scripted):
    """They ask for much and take nothing: read ahead of them is little, and they are let go."""
    def script(s, seen):
        s.sendall(abuse.SSE_HEAD)
        word = part(abuse.event(house.chunk({"content": "word "})))
        while True:
            s.sendall(word * 100)

    scripted.script, scripted.early = script, False
    body = json.dumps(support.ask("hi", "s", stream=True)).encode()
    before = len(gw.records(kind="outcome", code="client_slow"))
    with Crowd(gw, 4) as crowd:
        for s in crowd.sockets:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        crowd.send(head_of(gw, body) + body)
        rows = house.wait_for(lambda: gw.records(kind="outcome", code="client_slow")[before:][3:], 20, 0.1)
        assert rows, "they were not let go"
    rows = gw.records(kind="outcome", code="client_slow")[before:]
    assert all(r["bytes_in"] < 16_000_000 for r in rows), "read far ahead of them"


# --- Expect ----------------------------------------------------------------------------------------


def test_expect_and_no_body(gw, nothing_leaves):
    with Crowd(gw) as crowd:
        crowd.send(head_of(gw, BODY, extra=["Expect: 100-continue"]))
        answers = crowd.fed(b" ", every=0.5)
        assert set(answers) <= {400, 408}
        assert all(data.startswith(b"HTTP/1.1 100 Continue\r\n\r\n") for data in crowd.got.values())


def test_expect_without_waiting(gw):
    """The body comes at once, in one piece with its head or in many: one final answer."""
    body = json.dumps(support.ask(abuse.BESIDE, "rec")).encode()
    head = head_of(gw, body, extra=["Expect: 100-continue"])
    for cut in (len(head) + len(body), len(head), len(head) + 1, len(head) - 1):
        with Wire(gw) as wire:
            data = head + body
            wire.send(data[:cut], data[cut:])
            reply = wire.reply()
            if reply.status == 100:
                reply = wire.reply()
            assert reply.status == 200
            wire.send(head_of(gw, method="GET", path="/v1/models"))
            assert wire.reply().json["object"] == "list", "an interim answer too many"


@pytest.mark.parametrize("rows,status", [
    (["Expect: 100-continue", "Expect: 100-continue"], {400, 417}), (["Expect: 100-continue, 100-continue"], {417}),
    (["Expect: 100-continue;x=y"], {417}), (["Expect: 101-upgrade"], {417}), (["Expect:"], {400, 417}),
    (["Expect: 100-Continue", "Upgrade: h2c", "Connection: Upgrade"], {400})])
def test_expect_of_other_things(gw, nothing_leaves, rows, status):
    assert last_word(gw, head_of(gw, BODY, extra=rows) + BODY).status in status


def test_expect_with_a_body_that_is_refused(gw, nothing_leaves):
    """Nobody is told to go on who will be refused."""
    for more in ({"extra": ["Expect: 100-continue", "Content-Length: 999999999"], "length": False},
                 {"extra": ["Expect: 100-continue"], "path": "/v1/unknown"},
                 {"extra": ["Expect: 100-continue", "Transfer-Encoding: chunked"]}):
        with Wire(gw) as wire:
            wire.send(head_of(gw, BODY, **more))
            assert wire.reply().status in (400, 404, 413)
    # a request without a body waits for nothing
    with Wire(gw) as wire:
        wire.send(head_of(gw, method="GET", path="/v1/models", extra=["Expect: 100-continue"]))
        reply = wire.reply()
        assert (reply if reply.status != 100 else wire.reply()).status in (200, 400, 417)


# --- pipelining ------------------------------------------------------------------------------------


def test_pipeline_flood_of_one_who_does_not_read(gw):
    """It is answered as fast as it reads, not as fast as it asks."""
    one = head_of(gw, method="GET", path="/v1/models")
    with Wire(gw) as wire:
        wire.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.s.settimeout(0.3)
        sent = 0
        try:
            while sent < 200_000_000:
                sent += wire.s.send(one * 200)
        except OSError:  # nothing more is taken
            pass
        assert sent < 30_000_000
    assert gw.request("GET", "/v1/models").status == 200


def test_pipeline_in_order(gw):
    """Two hundred at once: all are answered, in their order."""
    kinds = [(200, head_of(gw, method="GET", path="/v1/models")),
             (404, head_of(gw, method="GET", path="/v1/models/none")),
             (401, head_of(gw, method="GET", path="/v1/models", key=None)),
             (400, head_of(gw, b"{}") + b"{}")]
    with Wire(gw) as wire:
        wire.send(b"".join(kinds[i % 4][1] for i in range(200)))
        assert [wire.reply().status for _ in range(200)] == [kinds[i % 4][0] for i in range(200)]


@pytest.mark.parametrize("upgrade", [
    ["Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"],
    ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
     "Sec-WebSocket-Version: 13"],
    ["Upgrade: TLS/1.2", "Connection: Upgrade"], ["Upgrade: h2c", "Connection: close"], ["Upgrade: h2c"]])
def test_pipelining_then_upgrade(gw, upgrade):
    """No other protocol ever begins, and what follows is never read as one."""
    first = head_of(gw, method="GET", path="/v1/models")
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    with Wire(gw) as wire:
        wire.send(first, head_of(gw, method="GET", path="/v1/models", extra=upgrade), preface, first)
        assert wire.reply().status == 200
        data = wire.until_close()  # with what was read already
    answers = data.split(b"HTTP/1.1 ")[1:]
    assert 1 <= len(answers) <= 2 and data.startswith(b"HTTP/1.1 ")
    assert [a[:3] for a in answers] in ([b"400"], [b"200", b"400"], [b"200", b"505"],
                                        [b"200"] if "Connection: close" in upgrade else []), answers


# --- clients that go -------------------------------------------------------------------------------


def cut_off(gw, data, k, with_reset):
    s = gw.connect()
    s.sendall(data[:k])
    if with_reset:
        abuse.reset(s)
    else:
        s.close()


@pytest.mark.parametrize("kind", ["length", "chunked", "expect"])
def test_gone_at_every_byte(gw, nothing_leaves, kind):
    """Head and body, cut off behind every byte, by FIN and by RST."""
    head = {"length": head_of(gw, BODY), "expect": head_of(gw, BODY, extra=["Expect: 100-continue"]),
            "chunked": head_of(gw, length=False, extra=["Transfer-Encoding: chunked"])}[kind]
    body = part(BODY[:30]) + part(BODY[30:]) + b"0\r\n\r\n" if kind == "chunked" else BODY
    data = head + body
    for k in range(len(data)):
        cut_off(gw, data, k, k % 2)
    for k in range(len(head), len(data)):
        cut_off(gw, data, k, not k % 2)


def test_gone_at_every_byte_of_a_body_that_came_byte_by_byte(gw, nothing_leaves):
    """Each byte is read by itself, and the reading starts anew each time."""
    head = head_of(gw, BODY)
    for n in range(len(BODY)):
        s = gw.connect()
        s.sendall(head)
        for i in range(n):
            s.sendall(BODY[i:i + 1])
        if n % 3 == 0:
            abuse.reset(s)
        else:
            s.close()


def test_gone_in_large_bodies(gw, nothing_leaves):
    """Around every place where a body changes its form: message, memory file, first buffer."""
    big = json.dumps(support.ask("x" * 300_000, "rec")).encode()
    head = head_of(gw, big)
    for edge in (4096, 16384, 32768, 65536, 131072, 212_960, len(big) - 1):
        for k in (edge - 1, edge, edge + 1):
            if k < len(big):
                cut_off(gw, head + big, len(head) + k, k % 2)
                cut_off(gw, head + big, k, not k % 2)


def test_gone_while_the_answer_comes(gw, recorder):
    """Whole answers and streams, left after every few bytes of them."""
    for stream in (False, True):
        body = json.dumps(support.ask(abuse.BESIDE, "rec", stream=stream)).encode()
        for k in range(0, 700, 9):
            s = gw.connect()
            s.sendall(head_of(gw, body) + body)
            if k:
                s.settimeout(10 * house.PATIENCE)
                s.recv(k)
            if k % 2:
                abuse.reset(s)
            else:
                s.close()


def test_connections_come_and_go(gw):
    for i in range(1500):
        s = gw.connect()
        if i % 3 == 0:
            abuse.reset(s)
        else:
            s.close()
