"""Keys that end, and people behind apps."""
import json
import threading
import time

import jwt
import pytest

import house
import support
from support import Wire, head_of, refused

LIST = ("GET", "/v1/models")


def new_key(gw, *more, owner="Workload/demo", group="demo"):
    out = gw.run("key", "create", "--owner", owner, "--group", group, "--json", *more)
    return json.loads(out.stdout)


def status(gw, key):
    return gw.request(*LIST, key=key).status


def key_id(key):
    return key.split("_")[1]


# --- keys -----------------------------------------------------------------------------------------


def test_a_new_key_works_at_once_and_is_shown_once(gw):
    made = new_key(gw, "--label", "for tests")
    assert status(gw, made["key"]) == 200
    listed = gw.run("key", "list", "--json").stdout
    assert key_id(made["key"]) in listed and made["key"] not in listed
    secret = made["key"].split("_", 2)[2]
    for path in gw.state.rglob("*"):
        if path.is_file() and not path.is_socket():
            assert secret.encode() not in path.read_bytes(), path


def test_expiry(gw):
    made = new_key(gw, "--expires", "1s")
    assert status(gw, made["key"]) == 200
    answer = house.wait_for(lambda: (lambda a: a if a.status == 401 else None)(
        gw.request(*LIST, key=made["key"])), 4, 0.2)
    record = refused(gw, answer, 401, "identity_expired")
    assert record["key"] == key_id(made["key"]), "the record says whose key it was"


def test_revocation(gw):
    key = new_key(gw)["key"]
    assert status(gw, key) == 200
    gw.run("key", "revoke", key_id(key))
    answer = gw.request(*LIST, key=key)
    record = refused(gw, answer, 401, "identity_revoked")
    assert record["key"] == key_id(key)
    acts = gw.records(kind="decision", action="administer", resource_id=f"/admin/v1/keys/{key_id(key)}")
    assert len(acts) == 1 and acts[0]["durability"] == "send"


def test_rotation(gw):
    old = new_key(gw)["key"]
    new = json.loads(gw.run("key", "rotate", key_id(old), "--json").stdout)["key"]
    assert status(gw, new) == 200 and status(gw, old) == 401
    newer = json.loads(gw.run("key", "rotate", key_id(new), "--grace", "2s", "--json").stdout)["key"]
    assert status(gw, newer) == 200 and status(gw, new) == 200, "there is a time of grace"
    assert house.wait_for(lambda: status(gw, new) == 401, 5, 0.2)
    assert status(gw, newer) == 200


def test_revocation_ends_a_live_stream(gw, recorder):
    """Within a second, in the dialect, and the upstream hears of it."""
    key = new_key(gw)["key"]
    recorder.words, recorder.pace = 4000, 0.02
    body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
    try:
        with Wire(gw) as wire:
            wire.send(head_of(gw, body, key=key), body)
            reply = support.Reply(wire.head(), b"")
            assert reply.status == 200
            time.sleep(0.2)
            held = len(recorder.open)
            gw.run("key", "revoke", key_id(key))
            began = time.monotonic()
            data = wire.rest
            while b"0\r\n\r\n" not in data[-400:] and time.monotonic() - began < 3:
                more = wire.s.recv(65536)
                if not more:
                    break
                data += more
            took = time.monotonic() - began
        assert took < 1.0 * house.PATIENCE, took
        events = [json.loads(line[6:]) for line in data.decode().split("\n")
                  if line.startswith("data: {")]
        assert events[-1]["error"]["code"] == "stream_revoked", data[-500:]
        record = gw.wait_record(kind="outcome", request=reply.request_id)
        assert record["code"] == "stream_revoked"
        assert house.wait_for(lambda: len(recorder.open) < held, 2)
    finally:
        recorder.words, recorder.pace = 4, 0


def test_other_streams_live_on(gw, recorder):
    """Revoking one key leaves the stream of another alone."""
    other = new_key(gw)["key"]
    recorder.words, recorder.pace = 60, 0.01
    body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
    try:
        with Wire(gw) as wire:
            wire.send(head_of(gw, body), body)
            wire_head = wire.head()
            gw.run("key", "revoke", key_id(other))
            data = b""
            while b"0\r\n\r\n" not in data:
                data += wire.s.recv(65536)
        assert b"200 OK" in wire_head and b"[DONE]" in data and b"error" not in data
    finally:
        recorder.words, recorder.pace = 4, 0


def test_a_key_of_somebody_without_rights(gw):
    made = new_key(gw, owner="User/stranger", group="nothing")
    answer = gw.chat(support.ask("hi"), key=made["key"])
    record = refused(gw, answer, 403, "policy_denied")
    assert record["principal_type"] == "User" and record["principal_id"] == "stranger"
    refused(gw, gw.request(*LIST, key=made["key"]), 403, "policy_denied")


def test_keys_survive_a_restart(tmp_path, demo):
    gw = support.gateway(tmp_path, {"demo": f"{{url: '{demo.url}', allow_private: true}}"},
                         {"demo": "demo"}, fronts=1)
    with gw:
        kept, gone = new_key(gw)["key"], new_key(gw)["key"]
        gw.run("key", "revoke", key_id(gone))
        gw.stop()
        gw.start()
        assert status(gw, kept) == 200 and status(gw, gw.key) == 200
        refused(gw, gw.request(*LIST, key=gone), 401, "identity_revoked")
        assert gw.verify()


# --- people ---------------------------------------------------------------------------------------


def assertion(key, sub="alice", algorithm="HS256", headers=None, **claims):
    now = int(time.time())
    payload = {"sub": sub, "iat": now, "exp": now + 60, **claims}
    return jwt.encode({k: v for k, v in payload.items() if v is not None}, key, algorithm=algorithm,
                      headers=headers)


def speak(gw, token, model="demo", **more):
    return gw.chat(support.ask("hi", model), headers={house.ASSERT_HEADER: token}, **more)


def test_the_record_names_the_person(gw):
    answer = speak(gw, assertion(gw.key))
    assert answer.status == 200, answer
    record = gw.wait_record(kind="decision", request=answer.request_id)
    assert record["on_behalf_of"] == "demo/alice" and record["principal_id"] == "demo"


def test_policies_see_the_person(gw):
    record = refused(gw, speak(gw, assertion(gw.key, "carol")), 403, "policy_forbidden")
    assert "carol-may-not" in record["policies"]
    refused(gw, speak(gw, assertion(gw.key, "mallory")), 403, "assertion_not_allowed")


@pytest.mark.parametrize("name", ["other key", "none", "hs512", "expired", "future", "too long", "no sub",
                                  "empty sub", "no exp", "no iat", "audience", "crit", "kid", "cut",
                                  "changed", "nonsense", "control"])
def test_assertions_that_are_not_valid(gw, name):
    key, now = gw.key, int(time.time())
    token = {
        "other key": lambda: assertion("pst_" + "x" * 60),
        "none": lambda: jwt.encode({"sub": "alice", "iat": now, "exp": now + 60}, None, algorithm="none"),
        "hs512": lambda: assertion(key, algorithm="HS512"),
        "expired": lambda: assertion(key, iat=now - 100, exp=now - 10),
        "future": lambda: assertion(key, iat=now + 200, exp=now + 260),
        "too long": lambda: assertion(key, exp=now + 100_000),
        "no sub": lambda: assertion(key, sub=None),
        "empty sub": lambda: assertion(key, sub=""),
        "no exp": lambda: assertion(key, exp=None),
        "no iat": lambda: assertion(key, iat=None),
        "audience": lambda: assertion(key, aud="another-gateway"),
        "crit": lambda: assertion(key, headers={"crit": ["x"], "x": 1}),
        "kid": lambda: assertion(key, headers={"kid": "../../keys"}),
        "cut": lambda: assertion(key)[:-3],
        "changed": lambda: assertion(key).replace(".", ".e", 1),
        "nonsense": lambda: "nonsense",
        "control": lambda: assertion(key, sub="al\nice"),
    }[name]()
    refused(gw, speak(gw, token), 401, "assertion_invalid")


def test_only_some_keys_may_assert(gw):
    key = new_key(gw)["key"]
    refused(gw, speak(gw, assertion(key), key=key), 403, "assertion_not_allowed")
    key = new_key(gw, "--may-assert", owner="Workload/other")["key"]
    refused(gw, speak(gw, assertion(key), key=key), 403, "assertion_not_allowed")
    key = new_key(gw, "--may-assert")["key"]
    assert speak(gw, assertion(key), key=key).status == 200


def test_an_assertion_without_a_key(gw):
    refused(gw, speak(gw, assertion(gw.key), key=None), 401, "identity_missing")


def test_limits_are_of_the_person(tmp_path, demo):
    with support.gateway(tmp_path, {"demo": f"{{url: '{demo.url}', allow_private: true, "
                                            f"key: {{env: E2E_PROVIDER_KEY}}}}"}, {"demo": "demo"},
                         env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY},
                         rates=["{each: principal, requests: 3/1h}"], fronts=1) as gw:
        for name in ("alice", "bob"):
            codes = [speak(gw, assertion(gw.key, name)).status for _ in range(5)]
            assert codes == [200] * 3 + [429] * 2, (name, codes)


def test_many_streams_at_a_revocation(gw, recorder):
    """Each of them ends; none is forgotten."""
    key = new_key(gw)["key"]
    recorder.words, recorder.pace = 4000, 0.05
    body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
    wires, ends = [Wire(gw) for _ in range(20)], []

    def follow(wire):
        data = b""
        while b"0\r\n\r\n" not in data[-64:]:
            more = wire.s.recv(65536)
            if not more:
                break
            data += more
        ends.append((time.monotonic(), b"stream_revoked" in data))
    try:
        for wire in wires:
            wire.send(head_of(gw, body, key=key), body)
        for wire in wires:
            assert b"200 OK" in wire.head()
        threads = [threading.Thread(target=follow, args=(w,)) for w in wires]
        for thread in threads:
            thread.start()
        gw.run("key", "revoke", key_id(key))
        revoked = time.monotonic()
        for thread in threads:
            thread.join(5)
        assert len(ends) == 20 and all(said for _, said in ends)
        assert max(at for at, _ in ends) - revoked < 1.0 * house.PATIENCE
    finally:
        recorder.words, recorder.pace = 4, 0
        for wire in wires:
            wire.s.close()
