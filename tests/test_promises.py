"""The promises of ARCHITECTURE.md, each with a test that fails when it is broken.

1 no request without an identity · 2 deny by default · 3 what was inspected is what is sent ·
6 every decision leaves evidence, in time · 7 a front can only propose
"""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import house
from house import missing


# --- 1 no request without an identity -----------------------------------------------------------


@pytest.mark.parametrize("method,path,body", [
    ("POST", "/v1/chat/completions", {"model": "m1", "messages": [{"role": "user", "content": "x"}]}),
    ("GET", "/v1/models", None), ("GET", "/v1/models/m1", None),
    ("GET", "/metrics", None), ("GET", "/admin/v1/status", None), ("GET", "/admin/v1/keys", None),
    ("POST", "/admin/v1/reload", None)])
def test_1_nobody_is_refused(gateway, upstream, method, path, body):
    admin = path.startswith("/admin") or path == "/metrics"
    wrong = gateway.key[:-20] + "A" * 20
    for key, code in ((None, "identity_missing"), ("nonsense", "identity_invalid"),
                      (wrong, "identity_invalid"), ("pst_", "identity_invalid")):
        answer = gateway.request(method, path, body, key=key, admin=admin)
        assert answer.status == 401 and answer.code == code, (key, answer)
        record = gateway.wait_record(kind="decision", request=answer.request_id)
        assert record and record["decision"] == "deny" and record["reason"] == code, record
        assert "principal_id" not in record
    assert upstream.connections == 0


def test_1_on_every_request_of_a_connection(gateway, upstream):
    """An identity holds for its own request, not for the connection."""
    with gateway.connect() as s:
        body = json.dumps({"model": "m1", "messages": [{"role": "user", "content": "x"}]})
        head = ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
                f"\r\nContent-Length: {len(body)}\r\n")
        s.sendall(f"{head}Authorization: Bearer {gateway.key}\r\n\r\n{body}".encode())
        first = s.recv(65536)
        assert b" 200 " in first
        s.sendall(f"{head}\r\n{body}".encode())
        assert b" 401 " in s.recv(65536)
    assert len(upstream.requests()) == 1


def test_1_expired_and_revoked(gateway, upstream):
    short = json.loads(gateway.run("key", "create", "--owner", "Workload/short", "--group", "demo",
                                   "--expires", "4s", "--json").stdout)
    assert gateway.chat(key=short["key"]).status == 200
    def expired():
        return gateway.chat(key=short["key"]).status == 401
    assert house.wait_for(expired, 8)
    assert gateway.chat(key=short["key"]).code == "identity_expired"
    other = json.loads(gateway.run("key", "create", "--owner", "Workload/other", "--group", "demo",
                                   "--json").stdout)
    assert gateway.chat(key=other["key"]).status == 200
    gateway.run("key", "revoke", other["id"])
    assert gateway.chat(key=other["key"]).code == "identity_revoked"


def test_1_probe_is_constant_and_only_for_administration(gateway):
    for path in ("/healthz", "/readyz"):
        a, b = (gateway.request("GET", path, key=key, admin=True) for key in (None, True))
        assert a.status == 200 and a.body == b.body, (a, b)
        assert gateway.request("GET", path, key=None).status in (401, 404)


# --- 2 deny by default --------------------------------------------------------------------------

USER = [{"role": "user", "content": "x"}]
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}


@pytest.mark.parametrize("body", [
    {"model": "nobody"}, {"model": "m1 "}, {"model": "M1"}, {"model": 7},
    {"messages": [{"role": "emperor", "content": "x"}]},
    {"messages": [{"role": "user", "content": [{"type": "smell", "smell": "x"}]}]},
    {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
    {"messages": USER, "tools": [{"type": "telepathy", "telepathy": {}}]},
    {"messages": USER, "tools": [{"type": "function", "function": {"name": "rm_rf"}}]},
    {"messages": USER, "tools": [TOOL], "tool_choice": {"type": "anything"}},
    {"messages": USER, "response_format": {"type": "hologram"}},
    {"messages": USER, "stream": "yes"}, {"messages": USER, "n": -1},
    {"messages": USER, "max_tokens": 1.5}, {"messages": "x"}, {"messages": []},
])
def test_2_unknown_is_denied(gateway, upstream, body):
    answer = gateway.chat(body)
    assert 400 <= answer.status < 500, answer
    record = gateway.wait_record(kind="decision", request=answer.request_id)
    assert record and record["decision"] == "deny" and record["reason"] == answer.code, record
    assert upstream.connections == 0


@pytest.mark.parametrize("method,path", [
    ("POST", "/v1/completions"), ("POST", "/v1/chat/completions/"), ("POST", "/v1/chat//completions"),
    ("GET", "/v1/chat/completions"), ("DELETE", "/v1/models/m1"), ("GET", "/"), ("GET", "/admin/v1/keys"),
    ("GET", "/metrics"), ("POST", "/v1/chat/completions?model=m1"), ("GET", "/v1/chat/../models"),
    ("OPTIONS", "/v1/models"), ("POST", "/V1/chat/completions")])
def test_2_unknown_route_is_denied(gateway, upstream, method, path):
    answer = gateway.request(method, path, {"model": "m1", "messages": USER}
                             if method == "POST" else None)
    assert 400 <= answer.status < 500 and answer.json["error"]["message"], answer
    assert gateway.wait_record(kind="decision", request=answer.request_id)["decision"] == "deny"
    assert upstream.connections == 0


@pytest.mark.parametrize("policies,code", [
    ("// nothing is permitted\n", "policy_denied"),
    ('@id("a") permit (principal, action, resource) when { context.noSuchThing };', "policy_error"),
    ('@id("a") permit (principal, action, resource);\n'
     '@id("b") forbid (principal, action, resource) when { context.messages + 9223372036854775807 > 0 };',
     "policy_error"),
    ('@id("a") permit (principal, action, resource);\n@id("b") forbid (principal, action, resource);',
     "policy_forbidden"),
], ids=["none", "attribute", "overflow", "forbid"])
def test_2_policies(tmp_path, upstream, policies, code):
    """Without a permit, with a policy that cannot be evaluated, or with one forbid: no."""
    try:
        gw = house.Gateway(tmp_path, upstream, policies=policies)
    except RuntimeError as error:
        assert code == "policy_error", error  # refused at the start already: as good
        return
    with gw:
        answer = gw.chat()
        assert answer.status == 403 and answer.code == code, answer
        assert gw.wait_record(kind="decision", request=answer.request_id)["decision"] == "deny"
        assert upstream.connections == 0


def test_2_unknown_member_is_kept_and_counted(gateway, upstream):
    answer = gateway.chat('{"model":"m1","messages":[{"role":"user","content":"x"}],'
                          '"brand_new_member":{"a":[1,2.50,"\\u00e9"]}}')
    assert answer.status == 200
    assert json.loads(upstream.requests()[0].body)["brand_new_member"] == {"a": [1, 2.5, "é"]}
    assert b"2.50" in upstream.requests()[0].body  # numbers are kept as they were written


# --- 3 what was inspected is what is sent -------------------------------------------------------


def digest_of(gw, answer):
    return gw.wait_record(kind="decision", request=answer.request_id, decision="allow")


@pytest.mark.parametrize("size", [10, 2000, 32000, 33000, 70000, 300000, 2000000])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_3_bytes_sent_are_the_bytes_decided(gateway, upstream, size, stream):
    text = "é\"\\\n€𝄞 " * (size // 10)
    answer = gateway.chat({"messages": [{"role": "user", "content": text}], "stream": stream},
                          timeout=30)
    assert answer.status == 200, answer
    seen, = upstream.requests()
    record = digest_of(gateway, answer)
    assert hashlib.sha256(seen.body).hexdigest() == record["body_sha256"]
    assert len(seen.body) == record["body_bytes"] == int(seen.headers["content-length"][0])
    assert json.loads(seen.body)["messages"][0]["content"] == text


def test_3_never_the_clients_bytes(gateway, upstream):
    """The body is written anew: nothing of the form a client chose survives, all of the meaning."""
    sent = (b' {\t"messages" : [ {"content":"\\u0041\\/\\u00e9", "role":"user"} ],\r\n'
            b'  "m\\u006fdel":"m1" , "temperature": 1.0e0 } ')
    answer = gateway.chat(sent)
    assert answer.status == 200, answer
    body = upstream.requests()[0].body
    assert json.loads(body) == {**json.loads(sent), "model": "m1"}
    for form in (b"\t", b"\r\n", b"\\u0041", b"\\/", b"m\\u006fdel", b" :"):
        assert form not in body
    assert hashlib.sha256(body).hexdigest() == digest_of(gateway, answer)["body_sha256"]


@pytest.mark.parametrize("body", [
    b'{"model":"m1","model":"m2","messages":[{"role":"user","content":"x"}]}',
    b'{"model":"m1","m\\u006fdel":"m2","messages":[{"role":"user","content":"x"}]}',
    b'{"model":"m1","Model":"m2","messages":[{"role":"user","content":"x"}]}',
    b'{"model":"m1","messages":[{"role":"user","content":"x","content":"y"}]}',
    b'{"model":"m1","messages":[{"role":"user","content":"\\ud800"}]}',
    b'{"model":"m1","messages":[{"role":"user","content":"\xff"}]}',
    b'{"model":"m1","messages":[{"role":"user","content":"x"}]} {}',
    b'{"model":"m1","messages":[{"role":"user","content":"x"}],}',
    b'\xef\xbb\xbf{"model":"m1","messages":[{"role":"user","content":"x"}]}',
    b'[' * 100000])
def test_3_two_readings_are_refused(gateway, upstream, body):
    answer = gateway.chat(body)
    assert answer.status == 400 and answer.request_id in answer.json["error"]["message"]
    assert gateway.wait_record(kind="decision", request=answer.request_id)["decision"] == "deny"
    assert upstream.connections == 0


def test_3_only_our_headers(gateway, upstream):
    answer = gateway.chat(headers={"X-Evil": "1", "User-Agent": "me", "OpenAI-Organization": "o",
                                   "Cookie": "a=b", "X-Api-Key": "k"})
    assert answer.status in (200, 400)
    for seen in upstream.requests():
        assert set(seen.headers) == {"host", "content-type", "accept", "user-agent",
                                     "content-length"}, seen.headers
        assert seen.headers["user-agent"] == ["postern"]


# --- 6 every decision leaves evidence, in time --------------------------------------------------


@pytest.mark.parametrize("durability", ["answer", "send", "interval"])
def test_6_written_before_anything_leaves(tmp_path, durability):
    """When a request arrives at the upstream, its record is in the log's file already."""
    found = []

    def look(seen):
        digest = hashlib.sha256(seen.body).hexdigest()
        found.append([r for r in gw.records(kind="decision", decision="allow")
                      if r.get("body_sha256") == digest])
    with house.Upstream(on_request=look) as upstream, \
            house.Gateway(tmp_path, upstream, audit={"durability": durability}) as gw:
        for i in range(20):
            answer = gw.chat({"messages": [{"role": "user", "content": f"number {i}"}],
                              "stream": i % 2 == 1})
            assert answer.status == 200
            assert found[-1] and found[-1][0]["request"] == answer.request_id, found[-1]
        assert len(found) == 20
        assert gw.verify()


class Strace:
    """strace at a running role, with what it shall inject; ends with the block."""

    def __init__(self, pid, inject):
        if not house.tool("strace"):
            missing("strace")
        self.process = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(pid),
                                         "-e", f"trace={inject.split(':')[0]}",
                                         "-e", f"inject={inject}"], stderr=subprocess.PIPE)
        def traced():
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            return "TracerPid:\t0" not in text
        if not house.wait_for(traced, 3):
            self.process.kill()
            missing(f"tracing here ({self.process.stderr.read()[:200]})")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_6_no_answer_before_the_sync(tmp_path, upstream, stream):
    """While the disk has not said that the record is safe, the upstream works and the client waits."""
    with house.Gateway(tmp_path, upstream, args=["--no-sandbox"]) as gw:
        assert gw.chat().status == 200
        with Strace(gw.pids()[("audit", 0)], "io_getevents:delay_enter=1500000"):
            began = time.time()
            answer = gw.chat({"stream": stream})
            took = time.time() - began
        assert answer.status == 200
        assert len(upstream.requests()) == 2
        assert took > 1.4, f"answered after {took:.3f} s, before the sync had ended"


def test_6_interval_does_not_wait(tmp_path, upstream):
    """The same without the promise, to show that the test above can tell the difference."""
    with house.Gateway(tmp_path, upstream, args=["--no-sandbox"],
                       audit={"durability": "interval", "interval": "1s"}) as gw:
        assert gw.chat().status == 200
        time.sleep(1.2)
        began = time.time()
        assert gw.chat().status == 200
        assert time.time() - began < 0.9 * house.PATIENCE


@pytest.mark.parametrize("fault", ["pwrite64:error=ENOSPC", "pwrite64:error=EIO",
                                   "io_submit:error=EIO"])
def test_6_what_cannot_be_recorded_is_refused(tmp_path, fault):
    """A write error refuses; a sync error stops audit. Then it starts anew, and the log is whole."""
    with house.Upstream() as upstream, \
            house.Gateway(tmp_path, upstream, args=["--no-sandbox"]) as gw:
        assert gw.chat().status == 200
        before = len(upstream.requests())
        with Strace(gw.pids()[("audit", 0)], fault):
            answer = gw.chat({"messages": [{"role": "user", "content": "unrecorded"}]})
        assert answer.status == 503 and answer.json["error"]["code"], answer
        if fault.startswith("pwrite64"):
            assert len(upstream.requests()) == before, "it left without a record"
        assert house.wait_for(lambda: gw.chat().status == 200, 5), gw.stderr
        assert gw.verify()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB for the evidence."""
    where = tmp_path / "state" / "audit"
    where.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(where)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("skipped: a small file system (needs the right to mount)")
    yield where
    for _ in range(50):
        if subprocess.run(["umount", str(where)], capture_output=True).returncode == 0:
            break
        time.sleep(0.1)


def test_6_full_disk(tmp_path, upstream, small_disk):
    """The disk fills up: from then on nothing is served and nothing leaves. With room it goes on."""
    with house.Gateway(tmp_path, upstream, limits={"segment_bytes": "128KiB"}) as gw:
        statuses = []
        for _ in range(2000):
            answer = gw.chat()
            statuses.append(answer.status)
            if answer.status != 200:
                break
        assert 50 < len(statuses) < 2000
        assert answer.status == 503 and answer.code == "audit_unavailable", answer
        seen = len(upstream.requests())
        for _ in range(20):
            answer = gw.chat()
            assert answer.status == 503 and answer.code == "audit_unavailable", answer
        assert len(upstream.requests()) == seen
        allowed = gw.records(kind="decision", decision="allow")
        assert len(allowed) >= seen, "something left without a record"
        subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
        assert house.wait_for(lambda: gw.chat().status == 200, 5), gw.stderr
        assert gw.verify()


def test_6_refusals_are_on_record(gateway, upstream):
    """Denials too: who, what, why, and that nothing was sent."""
    denied = gateway.chat({"tools": [{"type": "function", "function": {"name": "launch"}}]})
    assert denied.status == 403 and denied.code == "tool_denied", denied
    record = gateway.wait_record(kind="decision", request=denied.request_id)
    assert (record["decision"], record["reason"], record["principal_id"]) == \
        ("deny", "tool_denied", "demo")
    assert record["tools"] == ["launch"]
    assert upstream.connections == 0


def test_6_an_outsider_can_check(gateway):
    for i in range(5):
        gateway.chat()
    assert house.wait_for(lambda: gateway.records(kind="checkpoint"), 5)
    assert gateway.verify()
    gateway.stop()
    segment = gateway.state / "audit" / "seg-00000001.log"
    data = bytearray(segment.read_bytes())
    at = data.index(b'"decision":"allow"')
    data[at + 12:at + 17] = b"alloW"
    segment.write_bytes(data)
    assert not gateway.verify(), "a changed record was not noticed"


# --- 7 a front can only propose -----------------------------------------------------------------
# What a front that is not honest gets is in evil/test_evil.py.


def test_7_a_front_holds_nothing(gateway):
    """No file, no folder, no listening socket but those it was given; no privilege; a filter."""
    pids = gateway.pids()
    gateway.chat()
    for index in (1, 2):
        pid = pids[("front", index)]
        status = dict(line.split(":\t", 1) for line in
                      pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        assert status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1"
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0 or os.geteuid() != 0
        if os.geteuid() == 0:
            assert status["Uid"].split()[0] != "0"
        for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            what = os.readlink(fd)
            assert what.startswith(("socket:", "anon_inode:", "pipe:", "/memfd:")) or \
                fd.name in "012", (fd.name, what)
        environ = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert environ == b"", environ


def test_7_credentials_stay_in_their_egress(tmp_path, upstream):
    """The upstream's key is in the memory of its egress, and of no other role."""
    secret = "upstream-secret-0123456789abcdef"
    config = None
    with house.Gateway(tmp_path, upstream, env={"UP_KEY": secret}, start=False) as gw:
        path = gw.state / "postern.yaml"
        config = path.read_text().replace("allow_private: true", "allow_private: true, key: {env: UP_KEY}")
        path.write_text(config)
        gw.start()
        assert gw.chat().status == 200
        assert upstream.requests()[0].headers["authorization"] == [f"Bearer {secret}"]
        for (role, index), pid in gw.pids().items():
            held = False
            maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
            with open(f"/proc/{pid}/mem", "rb", 0) as memory:
                for line in maps:
                    span, flags = line.split()[:2]
                    if "r" not in flags or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                        continue
                    start, end = (int(x, 16) for x in span.split("-"))
                    if end - start > 1 << 30:
                        continue  # a sanitizer's shadow: terabytes, and none of the program's bytes
                    try:
                        memory.seek(start)
                        held = held or secret.encode() in memory.read(end - start)
                    except (OSError, ValueError, OverflowError):
                        continue
            assert not held or role == "egress", f"{role}/{index} holds the upstream's key"
        assert secret not in gw.stderr
        for record in gw.records():
            assert secret not in json.dumps(record)
