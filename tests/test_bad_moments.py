"""Things that happen at the wrong moment: to a request, to a role, to the configuration.

Each of these once did more harm than it should: a role killed for what was nobody's fault, a place
in flight that was never given back, an answer cut off, bytes taken for another request.
"""
import json
import os
import signal
import socket
import time

import house
from house import wait_for

TWO = """listen: 127.0.0.1:8080
admin: 127.0.0.1:8081
fronts: 1
upstreams:
  u1: {{url: '{first}', allow_private: true}}
  u2: {{url: '{second}', allow_private: true}}
models:
  m1: [u1, u2]
limits: {{segment_bytes: 4MiB{limits}}}
policies: policies
{extra}
"""

POLICY = """
@id("chat") permit (principal in Postern::Group::"demo", action == Postern::Action::"chat",
    resource == Postern::Model::"m1");
@id("admins") permit (principal in Postern::Group::"admins",
    action in [Postern::Action::"administer", Postern::Action::"readAudit",
               Postern::Action::"readMetrics"], resource is Postern::Gateway);
"""


def metric(gw, name, **labels):
    """One value of /metrics, 0 when it is not there."""
    text = gw.request("GET", "/metrics", admin=True).body.decode()
    want = ",".join(f'{k}="{v}"' for k, v in labels.items())
    for line in text.splitlines():
        if line.startswith(f"postern_{name}{{") and want in line:
            return int(line.rsplit(" ", 1)[1])
    return 0


def in_flight(gw):
    return metric(gw, "requests_live", role="warden")


def settled(gw):
    return wait_for(lambda: in_flight(gw) <= 1, 8, 0.3)  # asking is a request too


def two(tmp_path, first, second, policy=POLICY, limits="", extra=""):
    gw = house.Gateway(tmp_path, start=False)
    (gw.state / "policies").mkdir(exist_ok=True)
    (gw.state / "policies" / "test.cedar").write_text(policy)
    (gw.state / "postern.yaml").write_text(
        TWO.format(first=first.url, second=second.url, limits=limits, extra=extra))
    gw.start()
    return gw


def post(gw, body, more=""):
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gw.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
            ).encode() + body


def read_all(s, seconds=5.0):
    s.settimeout(seconds * house.PATIENCE)
    data = b""
    try:
        while piece := s.recv(65536):
            data += piece
    except (TimeoutError, ConnectionResetError):
        pass
    return data


CHAT = json.dumps({"model": "m1", "messages": [{"role": "user", "content": "hi"}]}).encode()


# --- roles that die -------------------------------------------------------------------------------


def test_an_egress_that_is_gone_costs_no_front_its_life(tmp_path):
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        fronts = {k: v for k, v in gw.pids().items() if k[0] == "front"}
        for _ in range(4):  # so that its next start is put off
            pid = wait_for(lambda: gw.pids().get(("egress", 0)))
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: gw.pids().get(("egress", 0)) != pid)
            answer = gw.chat()
            assert answer.status in (200, 502, 503), answer
        assert {k: v for k, v in gw.pids().items() if k[0] == "front"} == fronts
        assert not gw.records(kind="violation")
        assert wait_for(lambda: gw.chat().status == 200, 10)
        assert settled(gw)


def test_request_ids_are_never_used_twice(tmp_path):
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        seen = set()
        for _ in range(3):
            for _ in range(5):
                answer = wait_for(lambda: ask(gw), 5)
                assert answer.request_id not in seen
                seen.add(answer.request_id)
            pid = gw.pids()[("front", 1)]
            os.kill(pid, signal.SIGKILL)


def ask(gw):
    try:
        answer = gw.chat()
    except OSError:
        return None
    return answer if answer.status == 200 else None


# --- bodies ---------------------------------------------------------------------------------------


def test_the_rest_of_a_refused_body_is_not_a_request(tmp_path):
    """The body is broken at its beginning and refused before it has come: what follows is body."""
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        inner = post(gw, CHAT)
        body = b"not json" + inner
        head = post(gw, b"x" * 200000)[:-200000]
        s = gw.connect()
        s.sendall(head + body[:8])
        time.sleep(0.3)
        s.sendall(inner)
        data = read_all(s, 3)
        assert data.count(b"HTTP/1.1 ") == 1 and data.startswith(b"HTTP/1.1 400"), data[:400]
        assert not upstream.requests()


def test_a_key_that_ends_while_a_body_comes(tmp_path):
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        made = json.loads(gw.run("key", "create", "--owner", "Workload::demo", "--group", "demo",
                                 "--json").stdout)
        key, key_id = made["key"], made["id"]
        warden = gw.pids()[("warden", 0)]
        body = json.dumps({"model": "m1", "messages": [
            {"role": "user", "content": "x" * 150000}]}).encode()
        s = gw.connect()
        s.sendall((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                   f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n").encode() + body[:80000])
        time.sleep(0.5)
        gw.run("key", "revoke", key_id)
        data = read_all(s, 3)
        assert data.startswith(b"HTTP/1.1 401"), data[:300]
        assert gw.pids()[("warden", 0)] == warden
        assert settled(gw)


def test_large_bodies_of_administration_are_refused(tmp_path):
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        admin = gw.pids()[("front", 0)]
        for key in (None, True):
            answer = gw.request("POST", "/admin/v1/keys", {"owner": "x" * 40000}, admin=True,
                                key=key)
            assert answer.status == 413, answer
        assert gw.pids()[("front", 0)] == admin
        assert gw.chat().status == 200


def test_head_gets_no_body(tmp_path):
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        s = gw.connect()
        s.sendall(b"HEAD /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        data = read_all(s, 1)
        head, _, rest = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 405") and not rest, data


def test_expect_continue_in_pieces(tmp_path):
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        s = gw.connect()
        s.sendall((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                   f"Authorization: Bearer {gw.key}\r\nContent-Type: application/json\r\n"
                   f"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n").encode())
        s.settimeout(3)
        assert s.recv(1000).startswith(b"HTTP/1.1 100")
        s.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(CHAT), CHAT))
        assert s.recv(1000).startswith(b"HTTP/1.1 200")


# --- slow clients ---------------------------------------------------------------------------------


def small_socket(gw):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", gw.port))
    return s


class Long(house.Upstream):
    """A burst that fills every buffer, then a word now and then."""

    def answer(self, s, seen):
        if json.loads(seen.body).get("stream"):
            def words():
                for _ in range(300):
                    yield house.chunk({"content": "x" * 16000})
                for i in range(self.words):
                    time.sleep(0.5)
                    yield house.chunk({"content": f"w{i}"})
                yield house.chunk({}, "stop")
            self.send_stream(s, words())
        else:
            self.send_json(s, house.completion("x" * 8_000_000))


def test_a_stream_that_was_slow_once_is_not_cut(tmp_path):
    with Long(words=8) as upstream, house.Gateway(tmp_path, upstream, fronts=1,
                                                  limits={"write_ms": "2s"}) as gw:
        s = small_socket(gw)
        body = json.dumps({"model": "m1", "stream": True,
                           "messages": [{"role": "user", "content": "hi"}]}).encode()
        s.sendall(post(gw, body))
        time.sleep(1)
        data = read_all(s, 10)
        assert b"w7" in data and b"[DONE]" in data, data[-300:]


def test_who_does_not_read_is_let_go(tmp_path):
    with Long() as upstream, house.Gateway(tmp_path, upstream, fronts=1,
                                           limits={"write_ms": "1s"}) as gw:
        held = []
        for _ in range(3):
            s = small_socket(gw)
            s.sendall(post(gw, CHAT, "Connection: close\r\n"))
            held.append(s)
        assert wait_for(lambda: metric(gw, "connections_open", role="front", index="1") == 3, 5, 0.2)
        assert wait_for(lambda: metric(gw, "connections_open", role="front", index="1") == 0, 8, 0.3)


# --- places in flight -----------------------------------------------------------------------------


class Failing(house.Upstream):
    def answer(self, s, seen):
        self.send_json(s, {"error": {"message": "no"}}, "503 Service Unavailable")


def test_a_second_attempt_that_is_denied_ends_the_first(tmp_path):
    policy = POLICY + """
@id("once") forbid (principal, action == Postern::Action::"chat", resource)
    when { context.attempt > 1 };
"""
    with Failing() as first, house.Upstream() as second, \
            two(tmp_path, first, second, policy) as gw:
        answer = gw.chat()
        assert answer.status == 403, answer
        assert gw.wait_record(kind="outcome", request=answer.request_id)
        assert not second.requests() and settled(gw)


def test_records_that_cannot_be_written_hold_no_places(tmp_path):
    extra = "rates:\n  - {principal: '*', concurrent: 2}\n"
    with house.Upstream() as upstream, \
            house.Gateway(tmp_path, upstream, fronts=1, simulate="RECORD_UNWRITTEN") as gw:
        for _ in range(6):
            answer = gw.chat()
            assert answer.status == 503 and answer.code == "audit_unavailable", answer
        assert not upstream.requests()
    del extra


def test_administrators_who_do_not_wait(tmp_path):
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        pids = gw.pids()
        for _ in range(300):
            s = gw.connect(admin=True)
            s.sendall((f"GET /admin/v1/status HTTP/1.1\r\nHost: x\r\n"
                       f"Authorization: Bearer {gw.admin_key}\r\n\r\n").encode())
            s.close()
        answer = gw.request("GET", "/admin/v1/status", admin=True)
        assert answer.status == 200, answer
        assert gw.pids() == pids and settled(gw)


# --- another configuration ------------------------------------------------------------------------


def test_a_reload_with_a_missing_secret_stops_nothing(tmp_path):
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, fronts=1) as gw:
        assert gw.chat().status == 200
        path = gw.state / "postern.yaml"
        path.write_text(path.read_text().replace(
            "models:\n", "  u2: {url: 'http://127.0.0.1:9/v1', allow_private: true, "
                         "key: {env: NOT_THERE_AT_ALL}}\nmodels:\n"))
        gw.run("reload", check=False)
        time.sleep(1)
        assert gw.process.poll() is None
        assert gw.chat().status == 200


def test_a_secret_that_is_gone_stops_one_upstream_only(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret-of-u1\n")
    secret.chmod(0o600)
    with house.Upstream() as upstream, house.Gateway(tmp_path, upstream, start=False) as gw:
        path = gw.state / "postern.yaml"
        path.write_text(path.read_text().replace(
            "allow_private: true}", f"allow_private: true, key: {{file: '{secret}'}}}}"))
        gw.start()
        assert gw.chat().status == 200
        secret.rename(tmp_path / "away")
        os.kill(gw.pids()[("egress", 0)], signal.SIGKILL)
        time.sleep(1)
        assert gw.process.poll() is None and gw.chat().status == 503
        (tmp_path / "away").rename(secret)
        assert wait_for(lambda: gw.chat().status == 200, 15, 0.3)


def test_evidence_names_the_upstream_it_was(tmp_path):
    """Upstreams change places: the records follow, and nothing goes to the one that was there before."""
    with house.Upstream() as a, house.Upstream() as b, house.Gateway(tmp_path, a) as gw:
        first = gw.chat()
        path = gw.state / "postern.yaml"
        path.write_text(path.read_text().replace("  u1:", "  a0: {url: '%s', allow_private: true}\n"
                                                 "  u1:" % b.url, 1))
        gw.reload()
        second = wait_for(lambda: ask(gw), 10)
        for answer in (first, second):
            record = gw.wait_record(kind="outcome", request=answer.request_id)
            assert record["upstream"] == "u1", record
        assert not b.requests()


def test_a_new_address_means_new_connections(tmp_path):
    with house.Upstream() as old, house.Upstream() as new, \
            house.Gateway(tmp_path, old, fronts=1) as gw:
        assert gw.chat().status == 200 and len(old.requests()) == 1
        path = gw.state / "postern.yaml"
        path.write_text(path.read_text().replace(old.url, new.url))
        gw.reload()
        for _ in range(3):
            assert wait_for(lambda: ask(gw), 10)
        assert len(old.requests()) == 1 and len(new.requests()) >= 3
