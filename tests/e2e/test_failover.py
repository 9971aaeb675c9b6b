"""A model with several upstreams: tried in order, each try decided and recorded."""
import json
import socket

import pytest

import house
import support
from support import refused


class Failing(house.Upstream):
    def __init__(self):
        self.reply = None
        super().__init__()

    def answer(self, s, seen):
        if self.reply is None:
            super().answer(s, seen)
        elif self.reply == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            s.close()
        elif self.reply == "half":
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n")
            part = b"data: " + json.dumps(house.chunk({"role": "assistant", "content": "x"})).encode() + b"\n\n"
            s.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            s.shutdown(socket.SHUT_RDWR)
        else:
            self.send_json(s, {"error": {"message": "no", "type": "x", "code": "x"}},
                           f"{self.reply} No", "Retry-After: 7\r\n")


POLICY = support.POLICY + """
@id("not-forbidden-place") forbid (principal, action == Postern::Action::"chat",
    resource == Postern::Model::"guarded") when { context.attempt > 0 };
"""


@pytest.fixture(scope="module")
def house_of_two(tmp_path_factory):
    with Failing() as a, Failing() as b, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        upstreams = {name: f"{{url: 'http://127.0.0.1:{port}/v1', allow_private: true}}"
                     for name, port in (("a", a.port), ("b", b.port),
                                        ("dead", nobody.getsockname()[1]))}
        models = {"two": "[{upstream: a, model: first}, {upstream: b, model: second}]",
                  "late": "[{upstream: dead, model: x}, {upstream: b, model: second}]",
                  "guarded": "[{upstream: a, model: first}, {upstream: b, model: second}]"}
        with support.gateway(tmp_path_factory.mktemp("two"), upstreams, models, policy=POLICY,
                             fronts=1) as gw:
            yield gw, a, b
            assert gw.verify()


def ask(house_of_two, reply, model="two", **more):
    gw, a, b = house_of_two
    a.reply = reply
    before = len(a.requests()), len(b.requests())
    answer = gw.chat(support.ask("hi", model, **more))
    a.reply = None
    return answer, len(a.requests()) - before[0], len(b.requests()) - before[1]


def attempts(gw, answer):
    return [(r["attempt"], r.get("upstream"), r.get("upstream_model"), r["decision"])
            for r in gw.records(kind="decision", request=answer.request_id)]


def test_the_first_one_answers(house_of_two):
    answer, a, b = ask(house_of_two, None)
    assert (answer.status, a, b) == (200, 1, 0) and answer.json["model"] == "two"
    assert json.loads(house_of_two[1].requests()[-1].body)["model"] == "first"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("reply", [500, 502, 503, 429])
def test_the_second_one_answers(house_of_two, reply, stream):
    gw, _, upstream = house_of_two
    answer, a, b = ask(house_of_two, reply, stream=stream)
    assert (answer.status, a, b) == (200, 1, 1), answer
    assert json.loads(upstream.requests()[-1].body)["model"] == "second"
    assert attempts(gw, answer) == [(1, "a", "first", "allow"), (2, "b", "second", "allow")]
    outcome = gw.wait_record(kind="outcome", request=answer.request_id)
    assert outcome["attempts"] == 2 and outcome["upstream"] == "b" and outcome["code"] == "ok"


def test_nobody_listens_at_the_first(house_of_two):
    gw = house_of_two[0]
    answer, _, b = ask(house_of_two, None, "late")
    assert (answer.status, b) == (200, 1)
    assert [x[1] for x in attempts(gw, answer)] == ["dead", "b"]


@pytest.mark.parametrize("reply", [400, 401, 422])
def test_what_the_next_one_would_refuse_as_well(house_of_two, reply):
    answer, a, b = ask(house_of_two, reply)
    assert (a, b) == (1, 0) and answer.status in (400, 502)


@pytest.mark.parametrize("reply", ["reset", "half"])
def test_what_may_have_been_done_is_not_done_twice(house_of_two, reply):
    """The request reached the first one: it may have acted, and its answer may have been shown."""
    answer, a, b = ask(house_of_two, reply, stream=True)
    assert b == 0 and (answer.status == 502 or b"upstream_closed" in answer.body)


def test_all_fail(house_of_two):
    gw, a, b = house_of_two
    b.reply = 503
    try:
        answer, n, m = ask(house_of_two, 500)
    finally:
        b.reply = None
    refused(gw, answer, 502, "upstream_status")
    assert (n, m) == (1, 1) and len(attempts(gw, answer)) == 2


def test_retry_after_of_the_upstream(house_of_two):
    gw, a, b = house_of_two
    b.reply = 429
    try:
        answer, _, _ = ask(house_of_two, 429)
    finally:
        b.reply = None
    refused(gw, answer, 429, "upstream_rate_limited")
    assert answer.headers["retry-after"] == "7"


def test_the_second_try_is_decided_too(house_of_two):
    gw, _, _ = house_of_two
    answer, a, b = ask(house_of_two, 500, "guarded")
    assert b == 0, "denied for the second upstream, and sent to it all the same"
    assert answer.status in (403, 502)
    last = gw.records(kind="decision", request=answer.request_id)[-1]
    assert last["decision"] == "deny"


def test_a_tool_may_be_called_after_failover(house_of_two):
    gw, _, upstream = house_of_two
    calls = [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]
    original = upstream.answer
    upstream.answer = lambda s, seen: upstream.send_json(s, house.completion(tool_calls=calls))
    try:
        answer, a, b = ask(house_of_two, 503, tools=[support.tool("get_weather")])
    finally:
        upstream.answer = original
    assert answer.json["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "get_weather"
    assert gw.wait_record(kind="tool", request=answer.request_id)["decision"] == "allow"
