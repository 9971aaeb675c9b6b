"""HTTP as clients really speak it: in pieces, pipelined, chunked, slowly, and in large amounts."""
import json
import socket
import threading
import time

import pytest

import house
import support
from support import Wire, head_of, raw, refused

BODY = json.dumps(support.ask("hi", "rec")).encode()


@pytest.fixture(scope="module")
def quick(tmp_path_factory, demo, recorder):
    """Short times for clients, and small bodies."""
    gateway = support.gateway(
        tmp_path_factory.mktemp("quick"),
        {"rec": f"{{url: '{recorder.url}', allow_private: true}}"}, {"rec": "rec"},
        limits={"header_ms": "800ms", "body_ms": "800ms", "write_ms": "800ms", "idle_ms": "800ms",
                "body_bytes": "256KiB", "connections_per_address": 40}, fronts=1)
    with gateway:
        yield gateway


def said(reply):
    assert reply.status == 200, reply.raw[:500]
    return reply.json["choices"][0]["message"]["content"]


# --- pieces ----------------------------------------------------------------------------------------


def test_byte_by_byte(gw):
    data = head_of(gw, BODY) + BODY
    with Wire(gw) as wire:
        for i in range(len(data)):
            wire.send(data[i:i + 1])
        assert said(wire.reply()) == "hello"


def test_every_split_in_two(gw):
    data = head_of(gw, BODY) + BODY
    with Wire(gw) as wire:
        for i in range(1, len(data)):
            wire.send(data[:i])
            if i % 8 == 0:
                time.sleep(0.001)
            wire.send(data[i:])
            assert said(wire.reply()) == "hello", i


def test_keep_alive_and_pipelining(gw):
    first = json.dumps(support.ask("demo:echo one")).encode()
    second = json.dumps(support.ask("demo:echo two", stream=True)).encode()
    with Wire(gw) as wire:
        ids = set()
        for _ in range(20):
            wire.send(head_of(gw, first), first)
            reply = wire.reply()
            assert "one" in said(reply)
            ids.add(reply.request_id)
        wire.send(b"".join(head_of(gw, b) + b for b in (first, second, first)),
                  head_of(gw, method="GET", path="/v1/models"), head_of(gw, first), first[:10])
        assert "one" in said(wire.reply())
        stream = wire.reply()
        assert b"two" in stream.body and stream.body.endswith(b"data: [DONE]\n\n")
        assert "one" in said(wire.reply())
        assert wire.reply().json["object"] == "list"
        wire.send(first[10:])
        assert "one" in said(wire.reply())
    assert len(ids) == 20


def test_a_refused_request_does_not_confuse_the_next(gw):
    bad = b'{"model":"rec","model":"rec"}'
    with Wire(gw) as wire:
        wire.send(head_of(gw, bad), bad, head_of(gw, BODY), BODY)
        assert wire.reply().code == "json_duplicate"
        assert said(wire.reply()) == "hello"
        wire.send(head_of(gw, method="GET", path="/v1/models", key=None),
                  head_of(gw, method="GET", path="/v1/models"))
        assert wire.reply().code == "identity_missing"
        assert wire.reply().status == 200


def test_connection_close(gw):
    with Wire(gw) as wire:
        wire.send(head_of(gw, BODY, extra=["Connection: close"]), BODY)
        reply = wire.reply()
        assert said(reply) == "hello" and reply.headers["connection"] == "close"
        assert wire.closed()


def test_half_closed_client_still_gets_its_answer(gw):
    with Wire(gw) as wire:
        wire.send(head_of(gw, BODY), BODY)
        wire.s.shutdown(socket.SHUT_WR)
        data = wire.until_close()
    # a client that closed its side may have gone: either a whole answer or none, never half of one
    assert data == b"" or b'"content":"hello"' in data


def test_empty_lines_before_a_request(gw):
    with Wire(gw) as wire:
        wire.send(b"\r\n", head_of(gw, BODY), BODY)
        assert wire.reply().status in (200, 400)


# --- HTTP/1.0, HEAD, Expect, chunks ---------------------------------------------------------------


def test_http_1_0(gw):
    with Wire(gw) as wire:
        wire.send(head_of(gw, BODY, version="HTTP/1.0"), BODY)
        reply = wire.reply()
        assert said(reply) == "hello" and "transfer-encoding" not in reply.headers
        assert wire.closed()


def test_http_1_0_stream(gw):
    body = json.dumps(support.ask("Hello", stream=True)).encode()
    with Wire(gw) as wire:
        wire.send(head_of(gw, body, version="HTTP/1.0"), body)
        reply = wire.reply()
    assert reply.status == 200 and "transfer-encoding" not in reply.headers
    assert "content-length" not in reply.headers
    assert reply.body.startswith(b"data: {") and reply.body.endswith(b"data: [DONE]\n\n")


def test_http_1_0_with_chunks_is_refused(gw):
    reply = raw(gw, head_of(gw, length=False, version="HTTP/1.0",
                            extra=["Transfer-Encoding: chunked"]), b"0\r\n\r\n")
    refused(gw, reply, 400, reply.code)


def test_expect_continue(gw):
    with Wire(gw) as wire:
        wire.send(head_of(gw, BODY, extra=["Expect: 100-continue"]))
        assert wire.head() == b"HTTP/1.1 100 Continue"
        wire.send(BODY)
        assert said(wire.reply()) == "hello"


def test_expect_continue_is_refused_before_the_body(gw):
    with Wire(gw) as wire:
        wire.send(head_of(gw, BODY, extra=["Expect: 100-continue"], path="/v1/nothing"))
        refused(gw, wire.reply(), 404, "route_unknown")


@pytest.mark.parametrize("size", [1, 7, 100000])
def test_chunked_upload(gw, recorder, size):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(BODY[i:i + size]), BODY[i:i + size])
                      for i in range(0, len(BODY), size)) + b"0\r\n\r\n"
    with Wire(gw) as wire:
        for _ in range(2):
            wire.send(head_of(gw, length=False, extra=["Transfer-Encoding: chunked"]), chunks)
            assert said(wire.reply()) == "hello"
    last = recorder.requests()[-1]
    assert json.loads(last.body)["messages"][0]["content"] == "hi"
    assert last.headers["content-length"] == [str(len(last.body))]


# --- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [20_000, 32_600, 33_000, 40_000, 65_000, 66_000, 200_000, 3_000_000,
                                  7_900_000])
def test_large_bodies(gw, recorder, size):
    """In the message, in a memory file, and past the first buffer, where the sender is admitted."""
    text = ("lorem ipsum " * (size // 12 + 1))[:size]
    answer = gw.chat(support.ask(text, "rec"))
    assert answer.status == 200, answer
    body = json.loads(recorder.requests()[-1].body)
    assert body["messages"][0]["content"] == text
    record = gw.wait_record(kind="decision", request=answer.request_id)
    assert record["body_bytes"] == len(recorder.requests()[-1].body)


def test_large_body_in_odd_pieces(gw, recorder):
    text = "äöü€ \\u0000 \U0001f600" * 9000
    data = json.dumps(support.ask(text, "rec"), ensure_ascii=False).encode()
    with Wire(gw) as wire:
        wire.send(head_of(gw, data))
        at, step = 0, 1
        while at < len(data):
            wire.send(data[at:at + step])
            at, step = at + step, step * 2 % 70001 + 1
        assert said(wire.reply()) == "hello"
    assert json.loads(recorder.requests()[-1].body)["messages"][0]["content"] == text


def test_large_answers(gw):
    answer = gw.chat(support.ask("demo:tokens=100000"))
    assert answer.status == 200 and len(answer.body) > 300_000
    stream = gw.chat(support.ask("demo:tokens=5000", stream=True))
    # words are held until nothing can begin in them any more: fewer events, the same text
    assert len(stream.events) > 500 and stream.events[-1] == "[DONE]"
    said = "".join(c["delta"].get("content") or "" for e in stream.events[:-1]
                   for c in json.loads(e)["choices"])
    assert len(said.split()) == 5000


def test_large_body_of_nobody(gw, recorder):
    """Refused when the first buffer is full; the rest is not read into memory."""
    before = len(recorder.requests())
    with Wire(gw) as wire:
        size = 6_000_000
        wire.send((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pst_no\r\n"
                   f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n").encode(),
                  b'{"model":"rec","messages":[{"role":"user","content":"')
        reply = wire.reply()
    refused(gw, reply, 401, "identity_invalid")
    assert len(recorder.requests()) == before


@pytest.mark.parametrize("pause", [0, 0.1])
def test_what_follows_a_refused_body_is_not_a_request(gw, recorder, pause):
    """The rest of a large body that was refused half way must not be read as the next request."""
    before = len(recorder.requests())
    inner = head_of(gw, BODY) + BODY
    for start in (b'{"model":"rec","model":"rec","x":"', b'{"model":"rec","x":"' + b"x" * 70_000 + b'",}'):
        body = start + inner * 400
        with Wire(gw) as wire:
            wire.send(head_of(gw, body), body[:80_000])
            time.sleep(pause)
            try:
                wire.send(body[80_000:])
            except OSError:
                pass
            reply = wire.reply()
            refused(gw, reply, 400, reply.code)
            if reply.headers.get("connection") == "close":
                assert wire.rest + wire.until_close() == b""
            else:  # it was read to its end: the next answer is the next request's
                wire.send(head_of(gw, method="GET", path="/v1/models"))
                assert wire.reply().json["object"] == "list"
    assert len(recorder.requests()) == before


def test_oversized_body(quick, recorder):
    before = len(recorder.requests())
    body = json.dumps(support.ask("x" * 300_000, "rec")).encode()
    with Wire(quick) as wire:
        wire.send(head_of(quick, body))
        refused(quick, wire.reply(), 413, "body_too_large")
    # and without saying so beforehand
    with Wire(quick) as wire:
        wire.send(head_of(quick, length=False, extra=["Transfer-Encoding: chunked"]))
        try:
            for i in range(0, len(body), 8000):
                piece = body[i:i + 8000]
                wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        except OSError:
            pass
        refused(quick, wire.reply(), 413, "body_too_large")
    answer = quick.chat(support.ask("x" * 300_000, "rec"))
    refused(quick, answer, 413, "body_too_large")
    assert len(recorder.requests()) == before


# --- slow clients ---------------------------------------------------------------------------------


def trickle(wire, data, every, stop):
    for i in range(len(data)):
        if stop.is_set():
            return
        try:
            wire.send(data[i:i + 1])
        except OSError:
            return
        time.sleep(every)


@pytest.mark.parametrize("part", ["head", "body"])
def test_slow_client(quick, recorder, part):
    before = len(recorder.requests())
    stop = threading.Event()
    head = head_of(quick, BODY)
    with Wire(quick) as wire:
        if part == "body":
            wire.send(head)
        data = head if part == "head" else BODY
        thread = threading.Thread(target=trickle, args=(wire, data, 0.03, stop))
        began = time.monotonic()
        thread.start()
        reply = wire.reply()
        took = time.monotonic() - began
        stop.set()
        thread.join()
        assert wire.closed()
    record = refused(quick, reply, 408, "request_timeout")
    assert 0.7 < took < 3 * house.PATIENCE and record
    assert len(recorder.requests()) == before


def test_idle_connection_is_closed_in_silence(quick):
    with Wire(quick) as wire:
        assert wire.closed(4)
    with Wire(quick) as wire:
        wire.send(head_of(quick, BODY), BODY)
        assert said(wire.reply()) == "hello"
        assert wire.closed(4)


def test_slow_reader(quick, recorder):
    """A client that takes nothing: the gateway keeps little for it, and gives it up."""
    recorder.words, recorder.pace = 60_000, 0
    body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
    try:
        with Wire(quick) as wire:
            wire.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.send(head_of(quick, body), body)
            request = support.Reply(wire.head(), b"").request_id
            record = quick.wait_record(seconds=8, kind="outcome", request=request)
            assert record and record["code"] == "client_slow", record
            assert record["bytes_in"] < 8_000_000, "read far ahead of the client"
    finally:
        recorder.words = 4


def test_slow_reader_is_served_when_it_reads_after_all(gw, recorder):
    recorder.words, recorder.pace = 10_000, 0
    body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
    try:
        with Wire(gw, 30) as wire:
            wire.send(head_of(gw, body), body)
            time.sleep(0.7)
            reply = wire.reply()
        assert reply.body.endswith(b"data: [DONE]\n\n")
        events = [json.loads(line[6:]) for line in reply.body.split(b"\n")
                  if line.startswith(b"data: {")]
        said = "".join(c["delta"].get("content", "") for e in events for c in e["choices"])
        assert said == "".join(f"w{i} " for i in range(10_000))
    finally:
        recorder.words = 4


def test_connections_per_address(quick):
    wires = [Wire(quick) for _ in range(45)]
    try:
        time.sleep(0.1)
        answered = 0
        for wire in wires:
            try:
                wire.send(head_of(quick, method="GET", path="/v1/models"))
                answered += wire.reply().status == 200
            except (EOFError, OSError):
                pass
        assert answered == 40
    finally:
        for wire in wires:
            wire.s.close()


# --- clients that go ------------------------------------------------------------------------------


def test_client_goes_before_the_answer(gw, recorder):
    recorder.gate = threading.Event()
    try:
        seen = len(recorder.requests())
        with Wire(gw) as wire:
            wire.send(head_of(gw, BODY), BODY)
            assert house.wait_for(lambda: len(recorder.requests()) > seen)
            held = len(recorder.open)
        assert house.wait_for(lambda: [r for r in gw.records(kind="outcome")
                                       if r["code"] == "client_closed"][-1:], 3)
        recorder.gate.set()
        assert house.wait_for(lambda: len(recorder.open) < held, 3)
    finally:
        recorder.gate.set()
        recorder.gate = None
    assert gw.chat(support.ask("hi", "rec")).status == 200


def test_client_goes_in_the_middle_of_its_body(gw, recorder):
    before = len(recorder.requests())
    for cut in (10, len(BODY) - 1):
        with Wire(gw) as wire:
            wire.send(head_of(gw, BODY), BODY[:cut])
    time.sleep(0.1)
    assert len(recorder.requests()) == before


def test_client_resets_in_a_stream(gw, recorder):
    recorder.words, recorder.pace = 3000, 0.005
    body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
    try:
        with Wire(gw) as wire:
            wire.send(head_of(gw, body), body)
            request = support.Reply(wire.head(), b"").request_id
            held = len(recorder.open)
            wire.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        assert house.wait_for(lambda: len(recorder.open) < held, 3)
        record = gw.wait_record(kind="outcome", request=request)
        assert record["code"] == "client_closed" and record["status"] == 200
    finally:
        recorder.words, recorder.pace = 4, 0
