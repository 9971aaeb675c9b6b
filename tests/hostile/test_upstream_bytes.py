"""Upstreams that lie, stop, flood, or speak too early. A client is shown a whole answer or an error,
and never what belongs to somebody else."""
import gzip
import json
import threading
import time
import zlib

import pytest

import abuse
import house
import support
from abuse import SSE_HEAD, broken_off, event, failed, part, said, story, whole
from support import refused

pytestmark = pytest.mark.usefixtures("steady_all")

KEY = support.PROVIDER_KEY
OURS = {"content-type", "x-request-id", "cache-control", "connection", "x-content-type-options", "content-length",
        "transfer-encoding"}
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def plays(data, close=True):
    """An upstream that says these bytes, whatever it was asked."""
    def script(s, seen):
        s.sendall(data)
        return not close
    return script


@pytest.fixture
def ask(gw, scripted):
    def ask(data, close=True, **more):
        return scripted.chat(gw, data if callable(data) else plays(data, close), **more)
    yield ask
    scripted.script, scripted.early = plays(whole(), False), False
    assert gw.chat(support.ask("hi", "s")).json["choices"][0]["message"]["content"] == "hello", "poisoned"
    assert not scripted.bad, scripted.bad[-1][:300]


# --- headers ---------------------------------------------------------------------------------------


def test_headers_of_an_upstream_stay_outside(gw, ask):
    """None of them is passed on: not its cookies, not its redirects, not our credential."""
    rows = [b"Set-Cookie: a=b", b"Location: http://evil.example/", b"Access-Control-Allow-Origin: *", b"X-Request-Id: theirs",
            b"Refresh: 0; url=http://evil.example", b"Link: <http://evil.example>; rel=preload", b"Server: x", b"Alt-Svc: h3",
            b"Authorization: Bearer " + KEY.encode(), b"X-Api-Key: " + KEY.encode(), b"Www-Authenticate: Basic",
            b"Strict-Transport-Security: max-age=0", b"Content-Disposition: attachment", b"Clear-Site-Data: \"*\"",
            b"X-Postern-Principal: root", b"Postern-End-User: root", b"Proxy-Authenticate: Basic", b"Age: 1", b"Warning: x",
            b"Content-Security-Policy: none", b"X-Accel-Redirect: /etc/passwd", b"X-Sendfile: /etc/passwd"]
    headers = b"".join(r + b"\r\n" for r in rows)
    for stream in (False, True):
        data = whole(headers=headers) if not stream else \
            SSE_HEAD[:-2] + headers + b"\r\n" + part(b"".join(story("x"))) + b"0\r\n\r\n"
        answer = ask(data, stream=stream)
        assert answer.status == 200 and set(answer.headers) <= OURS, answer.headers
        assert KEY not in str(answer.headers) and answer.request_id.startswith("req_")


@pytest.mark.parametrize("rows", [
    b"X: a\rSet-Cookie: x\r\n", b"X: a\nSet-Cookie: x\r\n", b"X: a\0b\r\n", b"X : a\r\n", b" X: a\r\n", b"X: a\r\n b\r\n", b": a\r\n",
    b"X\r\n", b"X Y: a\r\n", b"\xffX: a\r\n", b"X: \x01\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding: identity\r\n", b"Content-Type: text/event-stream\r\n",
], ids=repr)
def test_header_injection(gw, ask, rows):
    for stream in (False, True):
        answer = ask(whole(headers=rows), stream=stream)
        failed(answer, {"upstream_protocol", "upstream_answer"})
        assert set(answer.headers) <= OURS


def test_status_lines(gw, ask):
    for line in (b"HTTP/1.1 200 O\rK", b"HTTP/1.1 200 O\nK", b"HTTP/1.1 200 O\0K", b"HTTP/1.1  200 OK", b"HTTP/1.1 2000 OK",
                 b"HTTP/1.1 20 OK", b"HTTP/1.1 +20 OK", b"HTTP/1.1 600 x", b"HTTP/1.1 000 x", b"HTTP/2.0 200 OK",
                 b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.12 200 OK", b"http/1.1 200 OK", b"ICY 200 OK", b"\r\nHTTP/1.1 200 OK",
                 b"HTTP/1.1 200 " + b"x" * 100_000, b"HTTP/1.1 101 x", b"HTTP/1.1 200\tOK"):
        answer = ask(line + whole()[len(b"HTTP/1.1 200 OK"):])
        assert answer.status == 502 and answer.code == "upstream_protocol", line
    refused(gw, answer, 502, "upstream_protocol")


@pytest.mark.parametrize("rows", [b"X: " + b"y" * 2_000_000 + b"\r\n", b"X" * 2_000_000 + b": y\r\n", b"X: y\r\n" * 10_000,
                                  b"X: y" * 500_000], ids=lambda r: f"{len(r)}-{r[:4]!r}")
def test_huge_headers(gw, ask, rows):
    for stream in (False, True):
        failed(ask(whole(headers=rows), stream=stream), {"upstream_protocol"})


@pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n",
                                     b"HTTP/1.1 199 x\r\n\r\n", b"HTTP/1.1 102 Processing\r\n" + b"X: y\r\n" * 90 + b"\r\n"],
                         ids=repr)
def test_flood_of_interim_answers(gw, ask, interim):
    def script(s, seen):
        for _ in range(3000):
            s.sendall(interim * 20)
        return False
    failed(ask(script), {"upstream_protocol"})


@pytest.mark.parametrize("status", [201, 204, 205, 206, 299, 300, 301, 302, 303, 304, 305, 307, 308, 399, 401, 403, 407, 418, 511])
def test_redirects_and_other_statuses(gw, ask, recorder, status):
    """Nothing is followed, and nothing of them is shown: a redirect could name the credential."""
    before = len(abuse.foreign(recorder))
    target = f"http://127.0.0.1:{recorder.port}/v1/chat/completions?key={KEY}".encode()
    for headers in (b"Location: " + target + b"\r\n", b"Location: /v1/x\r\nRefresh: 0;url=" + target + b"\r\n"):
        body = b"" if status in (204, 304) else json.dumps({"error": {"message": f"bad key {KEY}", "code": KEY}}).encode()
        length = b"" if status in (204, 304) else b"Content-Length: %d\r\n" % len(body)
        answer = ask(b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\n" % status + headers + length + b"\r\n" + body)
        assert answer.status >= 400 and KEY.encode() not in answer.body and KEY not in str(answer.headers), answer
        assert "location" not in answer.headers
    assert abuse.foreign(recorder)[before:] == []


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "identity, gzip",
                                    "aws-chunked", "x"])
def test_content_codings(gw, ask, coding):
    text = json.dumps(house.completion()).encode()
    for body in (gzip.compress(text), zlib.compress(text), text):
        reply = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" %
                 (coding.encode(), len(body))) + body
        refused(gw, ask(reply), 502, "upstream_answer")
    for name in (b"Transfer-Encoding", b"transfer-encoding"):
        reply = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%s: %s, chunked\r\n\r\n" %
                 (name, coding.encode())) + part(text) + b"0\r\n\r\n"
        refused(gw, ask(reply), 502, "upstream_protocol")


# --- framing ---------------------------------------------------------------------------------------


GARBAGE = [b"zz\r\n", b"-1\r\nx\r\n", b"0x5\r\nhello\r\n", b"5\nhello\n", b"5\r\nhelloX", b"5;\r\nhello\r\n", b"5;a=\"" + b"x" * 100_000,
           b"FFFFFFFFFFFFFFED\r\n", b"10000000000000005\r\nhello\r\n", b"5 \r\nhello\r\n", b" 5\r\nhello\r\n", b"\r\n",
           b"\0\0\0\0", b"5\rhello", b"00000000000000000005\r\nhello\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"data: [DONE]\n\n",
           b"0\r\nX: y\r\n\r\n", b"0\n\n", b"0\r\n\n"]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda g: f"{len(g)}-{g[:10]!r}")
def test_chunks_that_are_garbage(gw, ask, garbage):
    text = json.dumps(house.completion()).encode()
    events = story("one", "two")
    for stream, data in ((False, JSON_HEAD + part(text)), (False, JSON_HEAD + part(text[:40])), (True, SSE_HEAD),
                         (True, SSE_HEAD + part(events[0] + events[1]))):
        answer = ask(data + garbage, stream=stream)
        failed(answer, {"upstream_protocol", "upstream_closed"})


def test_closed_at_every_byte_of_a_whole_answer(gw, ask):
    """By length and in chunks: no cut is ever taken for the end."""
    text = json.dumps(house.completion("a")).encode()
    for data in (whole(house.completion("a")), JSON_HEAD + part(text[:100]) + part(text[100:]) + b"0\r\n\r\n"):
        for k in range(0, len(data)):
            answer = ask(data[:k])
            assert answer.status == 502, (k, answer)
            assert answer.code in ("upstream_closed", "upstream_protocol"), (k, answer.code)
        assert ask(data).status == 200


def test_closed_at_every_byte_of_a_stream(gw, ask):
    """What was said is a beginning of the whole, and only the whole has an end."""
    events = [event(house.chunk({"content": "äx"})), event(house.chunk({"content": "\U0001f600"})),
              event(house.chunk({}, "stop")), event(b"[DONE]")]
    data = SSE_HEAD + b"".join(part(e) for e in events) + b"0\r\n\r\n"
    done = data.index(b"[DONE]\n\n") + 8
    for k in range(len(SSE_HEAD), len(data), 2):
        answer = ask(data[:k], stream=True)
        if k >= done and answer.status == 200 and answer.events[-1] == "[DONE]":
            assert said(answer) == "äx\U0001f600"
            continue
        failed(answer, {"upstream_closed", "upstream_protocol", "upstream_answer"})
        assert answer.status != 200 or "äx\U0001f600".startswith(said(answer)), k
    assert k >= done and ask(data, stream=True).events[-1] == "[DONE]"


def test_a_stream_until_close_without_its_end(gw, ask):
    """Without a length only its own end can tell that it is whole."""
    events = story("one", "two")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    for n in range(1, len(events) - 2):
        broken_off(ask(head + b"".join(events[:n]), stream=True), {"upstream_closed", "upstream_answer"})
    assert ask(head + b"".join(events), stream=True).events[-1] == "[DONE]"


def test_early_answer(gw, ask, scripted):
    """It answers before the body has come to its end: one answer, and the connection, whose rest
    of a body nobody waits for, carries no other request."""
    big = "x" * 400_000
    for stream in (False, True):
        data = SSE_HEAD + part(b"".join(story("early"))) + b"0\r\n\r\n" if stream else whole(house.completion("early"))
        for close in (False, True):
            before = scripted.requests
            answer = ask(data, close, early=True, text=big, stream=stream)
            if answer.status == 200:
                assert (said(answer) if stream else answer.json["choices"][0]["message"]["content"]) == "early"
            else:
                failed(answer, {"upstream_protocol", "upstream_closed", "upstream_answer"})
            assert scripted.requests == before + 1
    refusal = whole({"error": {"message": "too large", "type": "x", "code": None}}, status=b"413 x")
    assert ask(refusal, True, early=True, text=big).status in (400, 413, 502)


def test_answers_that_nobody_asked_for(gw, ask, scripted):
    """Bytes behind an answer, at once or later, are nobody's: the next request has a new connection."""
    poison = whole(house.completion("poison"))
    for behind in (poison, b"\r\n", b"x", b"\0", b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n", b"0\r\n\r\n"):
        for pause in (False, True):
            before, gone = scripted.connections, threading.Event()

            def script(s, seen):
                s.sendall(whole(house.completion("mine")) + (b"" if pause else behind))
                if pause:
                    time.sleep(0.03)
                    s.sendall(behind)
                try:
                    s.recv(1)
                finally:
                    gone.set()
                return False
            for _ in range(2):
                gone.clear()
                answer = ask(script)
                assert answer.json["choices"][0]["message"]["content"] == "mine"
                assert gone.wait(10 * house.PATIENCE), "the connection is kept"
            assert scripted.connections >= before + 1


# --- event streams ---------------------------------------------------------------------------------


def test_an_event_split_at_every_byte(gw, ask):
    """In two at each byte, and in pieces of one, two and three; letters of several bytes, all line ends."""
    text = "aä€\U0001f600"
    for end, step in ((b"\n", 1), (b"\r\n", 3), (b"\r", 3)):
        middle = event(house.chunk({"content": text})).replace(b"\n", end)
        before, behind = event(house.chunk({"content": "<"})), b"".join(story(">")[1:])
        for cuts in [[i] for i in range(1, len(middle), step)] + [list(range(n, len(middle), n)) for n in (1, 2, 3)]:
            edges = [0, *cuts, len(middle)]
            pieces = [middle[a:b] for a, b in zip(edges, edges[1:])]

            def script(s, seen, pieces=pieces):
                s.sendall(SSE_HEAD + part(before))
                for piece in pieces:
                    s.sendall(part(piece))
                s.sendall(part(behind) + b"0\r\n\r\n")
            answer = ask(script, stream=True)
            assert said(answer) == f"<{text}>" and answer.events[-1] == "[DONE]", cuts


@pytest.mark.parametrize("line", [b"data: ", b": ", b"event: ", b"id: ", b"", b"data: {\"choices\":[{\"delta\":{\"content\":\""],
                         ids=repr)
def test_a_line_of_a_gigabyte(gw, ask, line):
    """The limit is met after its first megabyte, announced or not; nobody reads the rest."""
    for chunk in (1 << 30, 1 << 18):
        sent = []

        def script(s, seen):
            s.sendall(SSE_HEAD + part(event(house.chunk({"content": "x"}))) + part(line or b"y"))
            block, n = b"y" * (1 << 18), 0
            if chunk > len(block):
                s.sendall(b"%x\r\n" % chunk)
            else:
                block = part(block)
            try:
                while n < 1 << 30:
                    n += s.send(block)
            finally:
                sent.append(n)
            return False
        answer = ask(script, stream=True)
        failed(answer, {"upstream_too_large", "upstream_answer"})
        assert house.wait_for(lambda: sent) and sent[0] < 32 << 20
        assert len(answer.body) < 1 << 20


def test_very_many_events(gw, ask):
    """An answer that grows for ever in small steps meets the limit of a whole answer, in no memory."""
    def script(s, seen):
        s.sendall(SSE_HEAD)
        block = part(event(house.chunk({"content": "word "}))) * 500
        for _ in range(1000):
            s.sendall(block)
        return False
    answer = ask(script, stream=True)
    broken_off(answer, {"upstream_too_large"})


def test_what_follows_the_end(gw, ask):
    """Behind [DONE] nothing is said any more, whatever comes."""
    for tail in (event(house.chunk({"content": "late"})), b"data: garbage\n\n", event({"error": {"message": "late"}}),
                 event(b"[DONE]") * 2, b"\0" * 100, b"late", b": late\n\n"):
        for pause in (0, 0.02):
            def script(s, seen):
                s.sendall(SSE_HEAD + part(b"".join(story("one"))))
                time.sleep(pause)
                s.sendall(part(tail) + b"0\r\n\r\n")
            answer = ask(script, stream=True)
            assert said(answer) == "one" and b"late" not in answer.body
            assert answer.events.count("[DONE]") == 1 and answer.events[-1] == "[DONE]"


def test_never_ending_after_the_end(gw, ask):
    """[DONE] was said and the upstream goes on and on: the client does not wait for it."""
    def script(s, seen):
        s.sendall(SSE_HEAD + part(b"".join(story("one"))))
        for _ in range(200):
            s.sendall(part(b": wait\n\n"))
            time.sleep(0.02)
        return False
    answer, took = support.timed(lambda: ask(script, stream=True))
    assert said(answer) == "one" and answer.events[-1] == "[DONE]"
    assert took < 3 * house.PATIENCE


def test_flushed_as_it_arrives(gw, ask, scripted):
    """A word is shown while the next one has not been said."""
    go_on = threading.Event()

    def script(s, seen):
        first, second, *rest = story("one two three four ", "five")
        s.sendall(SSE_HEAD + part(first) + part(second))
        go_on.wait(10)
        s.sendall(part(b"".join(rest)) + b"0\r\n\r\n")
    scripted.script, scripted.early = script, False
    body = json.dumps(support.ask("hi", "s", stream=True)).encode()
    with support.Wire(gw) as wire:
        wire.send(support.head_of(gw, body), body)
        while b"two" not in wire.rest:
            wire._more()
        assert b"five" not in wire.rest
        go_on.set()
        while b"[DONE]" not in wire.rest:
            wire._more()


def test_slow_upstream(gw, ask):
    """A byte now and then: for as long as it speaks in time it is heard, then it is given up."""
    def script(s, seen):
        s.sendall(SSE_HEAD)
        for e in story(*"abcd"):
            s.sendall(part(e[:9]))
            time.sleep(0.1)
            s.sendall(part(e[9:]))
        time.sleep(2.5)
        return False
    answer = ask(script, stream=True)
    assert said(answer) == "abcd" and answer.events[-1] == "[DONE]"

    def stops(s, seen):
        s.sendall(SSE_HEAD + part(b"".join(story("ab", "cd")[:2])) + b"5\r\nda")
        time.sleep(2.5)
        return False
    broken_off(ask(stops, stream=True), {"upstream_timeout"})
