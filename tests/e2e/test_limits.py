"""Rates and concurrency: exact, also when everybody comes at once."""
import concurrent.futures
import json
import threading
import time

import openai
import pytest

import house
import support
from support import refused


class Counting(house.Upstream):
    """Knows how many requests it has in hand, and the most it ever had."""

    def __init__(self, **more):
        self.now = self.most = self.total = 0
        self.count = threading.Lock()
        super().__init__(**more)

    def answer(self, s, seen):
        with self.count:
            self.now += 1
            self.total += 1
            self.most = max(self.most, self.now)
        time.sleep(0.03)
        with self.count:  # before the last byte: the gateway may send the next one right behind it
            self.now -= 1
        super().answer(s, seen)


@pytest.fixture
def counting():
    with Counting() as upstream:
        yield upstream


def gateway(tmp_path, upstream, *rates, **more):
    return support.gateway(tmp_path, {"u": f"{{url: '{upstream.url}', allow_private: true}}"},
                           {"a": "u", "b": "u"}, rates=rates, **more)


def storm(gw, n, workers=200, model="a", keys=None, **more):
    keys = keys or [gw.key]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda i: gw.chat(support.ask("hi", model, **more),
                                               key=keys[i % len(keys)], timeout=60), range(n)))


def counts(answers):
    ok = sum(a.status == 200 for a in answers)
    assert all(a.status in (200, 429) for a in answers), {a.status for a in answers}
    return ok, len(answers) - ok


def test_concurrency_is_exact(tmp_path, counting):
    with gateway(tmp_path, counting, "{each: principal, concurrent: 10}") as gw:
        answers = storm(gw, 400)
        ok, denied = counts(answers)
        assert counting.most <= 10 and ok == counting.total
        assert ok >= 10 and denied > 0
        for answer in [a for a in answers if a.status == 429][:3]:
            refused(gw, answer, 429, "concurrency_limited")
        # every place is given back
        assert house.wait_for(lambda: counting.now == 0)
        time.sleep(0.1)
        counting.most = 0
        assert counts(storm(gw, 10, workers=10)) == (10, 0)


def test_rate_is_exact(tmp_path, counting):
    with gateway(tmp_path, counting, "{each: principal, requests: 50/1h}") as gw:
        answers = storm(gw, 200)
        assert counts(answers) == (50, 150) and counting.total == 50
        late = [a for a in answers if a.status == 429]
        assert all(a.code == "rate_limited" for a in late)
        assert all(int(a.headers["retry-after"]) >= 1 for a in late)
        other = json.loads(gw.run("key", "create", "--owner", "User/other", "--group", "demo",
                                  "--json").stdout)["key"]
        assert gw.chat(support.ask("hi", "a"), key=other).status == 200


def test_a_window_goes_by(tmp_path, counting):
    with gateway(tmp_path, counting, "{each: principal, requests: 5/1s}") as gw:
        assert counts(storm(gw, 20, workers=20))[0] <= 6
        retry = int(gw.chat(support.ask("hi", "a")).headers.get("retry-after", 1))
        time.sleep(min(retry, 1) + 0.1)
        assert gw.chat(support.ask("hi", "a")).status == 200


def test_group_and_model(tmp_path, counting):
    with gateway(tmp_path, counting, "{group: demo, requests: 30/1h}",
                 "{model: b, requests: 7/1h}") as gw:
        keys = [gw.key] + [json.loads(gw.run("key", "create", "--owner", f"User/u{i}", "--group",
                                             "demo", "--json").stdout)["key"] for i in range(3)]
        assert counts(storm(gw, 20, model="b", keys=keys)) == (7, 13)
        assert counts(storm(gw, 60, model="a", keys=keys)) == (23, 37), "a refusal costs nothing"


def test_a_denied_request_costs_nothing(tmp_path, counting):
    policy = support.POLICY.replace('"restricted"', '"b"')
    with gateway(tmp_path, counting, "{each: principal, requests: 5/1h, concurrent: 2}",
                 policy=policy) as gw:
        for _ in range(10):
            assert gw.chat(support.ask("hi", "b")).status == 403
            assert gw.chat('{"model":"a","model":"a"}').status == 400
        assert counts(storm(gw, 10, workers=2))[0] == 5


def test_streams_hold_their_place_until_they_end(tmp_path):
    with house.Upstream(pace=0.02, words=500) as upstream:
        with gateway(tmp_path, upstream, "{each: principal, concurrent: 2}") as gw:
            with openai.OpenAI(base_url=gw.url + "/v1", api_key=gw.key, max_retries=0) as client:
                streams = [client.chat.completions.create(**support.ask("hi", "a"), stream=True)
                           for _ in range(2)]
                for stream in streams:
                    next(iter(stream))
                with pytest.raises(openai.RateLimitError) as e:
                    client.chat.completions.create(**support.ask("hi", "a"))
                assert e.value.code == "concurrency_limited" and e.value.type == "rate_limit_error"
                streams[0].close()
                assert house.wait_for(lambda: gw.chat(support.ask("hi", "a", max_tokens=1)).status
                                      == 200, 3, 0.05)
                streams[1].close()


def test_retries_of_the_sdk(tmp_path, counting):
    """It reads retry-after, waits and gets through."""
    with gateway(tmp_path, counting, "{each: principal, requests: 2/1s}") as gw:
        with openai.OpenAI(base_url=gw.url + "/v1", api_key=gw.key, max_retries=3) as client:
            for _ in range(5):
                assert client.chat.completions.create(**support.ask("hi", "a")).choices
        assert [r for r in gw.log_lines(code="rate_limited")]


def test_large_bodies_beyond_the_rate_are_not_read(tmp_path, counting):
    with gateway(tmp_path, counting, "{each: principal, requests: 1/1h}") as gw:
        assert gw.chat(support.ask("hi", "a")).status == 200
        with support.Wire(gw) as wire:
            wire.send((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                       f"Authorization: Bearer {gw.key}\r\nContent-Type: application/json\r\n"
                       f"Content-Length: 5000000\r\n\r\n").encode(), b'{"model":"a",')
            refused(gw, wire.reply(), 429, "rate_limited")
