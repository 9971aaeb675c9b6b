"""What changes in a running gateway: policies and configuration, for good or not at all."""
import json
import signal
import threading
import time

import pytest

import house
import support

ALLOW = support.POLICY
DENY = support.POLICY.replace("is Postern::Model) unless", "is Postern::Model) when { false } unless")
BAD = "\n\n" + support.POLICY.replace('@id("list")', '@id("list") nonsense')


@pytest.fixture
def gw(tmp_path, demo, recorder):
    upstreams = {"demo": f"{{url: '{demo.url}', allow_private: true, key: {{env: E2E_PROVIDER_KEY}}}}",
                 "rec": f"{{url: '{recorder.url}', allow_private: true}}"}
    with support.gateway(tmp_path, upstreams, {"demo": "demo", "rec": "rec"},
                         env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY}) as gateway:
        gateway.upstreams = upstreams
        yield gateway
        assert gateway.verify()


def put(gw, policy):
    (gw.state / "policies" / "test.cedar").write_text(policy)


def configure(gw, *args, **more):
    (gw.state / "postern.yaml").write_text(support.config(*args, **more))


def status(gw, model="demo"):
    return gw.chat(support.ask("hi", model)).status


def test_reload_takes_effect(gw):
    assert status(gw) == 200
    put(gw, DENY)
    assert status(gw) == 200, "not before it is asked for"
    gw.reload()
    assert status(gw) == 403
    put(gw, ALLOW)
    gw.reload()
    assert status(gw) == 200
    reloads = gw.records(kind="system", event="reload")
    assert len(reloads) == 2 and reloads[0]["config_sha256"] != reloads[1]["config_sha256"]
    assert [r["config_generation"] for r in reloads] == [2, 3]
    decision = gw.records(kind="decision", action="chat")[-1]
    assert decision["policy_generation"] == 3


def test_sighup(gw):
    put(gw, DENY)
    gw.process.send_signal(signal.SIGHUP)
    assert house.wait_for(lambda: status(gw) == 403, 5, 0.1)
    put(gw, BAD)
    gw.process.send_signal(signal.SIGHUP)
    assert house.wait_for(lambda: "test.cedar:7:" in gw.stderr, 5, 0.1), gw.stderr[-600:]
    assert status(gw) == 403 and gw.process.poll() is None


def test_a_bad_policy_keeps_the_old_one(gw):
    put(gw, BAD)
    out = gw.run("reload", check=False)
    assert out.returncode != 0 and "test.cedar:7:" in out.stderr, out.stderr
    assert status(gw) == 200
    out = gw.run("reload", "--json", check=False)
    assert "test.cedar:7:" in json.dumps(json.loads(out.stdout or out.stderr))
    put(gw, ALLOW.replace("Postern::Action::\"chat\"", "Postern::Action::\"chatt\""))
    out = gw.run("reload", check=False)
    assert out.returncode != 0 and "test.cedar:" in out.stderr and "chatt" in out.stderr
    put(gw, ALLOW.replace("@max_tokens", "@max_tokkens"))
    out = gw.run("reload", check=False)
    assert out.returncode != 0 and "max_tokkens" in out.stderr
    (gw.state / "policies" / "test.cedar").unlink()
    assert gw.run("reload", check=False).returncode != 0
    assert status(gw) == 200
    put(gw, ALLOW)
    gw.reload()
    assert status(gw) == 200


def test_a_bad_configuration_keeps_the_old_one(gw):
    path = gw.state / "postern.yaml"
    good = path.read_text()
    path.write_text(good.replace("models:", "modells:"))
    out = gw.run("reload", check=False)
    line = good.split("\n").index("models:") + 1
    assert out.returncode != 0 and f"postern.yaml:{line}:" in out.stderr, out.stderr
    assert "models" in out.stderr, "and the fix"
    path.write_text(good.replace("fronts: 2", "fronts: 2\nfronts: 2"))
    assert "postern.yaml:4:" in gw.run("reload", check=False).stderr
    assert status(gw) == 200
    path.write_text(good)
    gw.reload()


def test_a_new_model_and_a_new_limit(gw):
    assert status(gw, "new") == 404
    configure(gw, gw.upstreams, {"demo": "demo", "rec": "rec", "new": "{upstream: demo, model: x}"},
              rates=["{model: new, requests: 2/1h}"])
    gw.reload()
    assert [status(gw, "new") for _ in range(3)] == [200, 200, 429]
    configure(gw, gw.upstreams, {"demo": "demo"})
    gw.reload()
    assert status(gw, "new") == 404 and status(gw, "rec") == 404 and status(gw) == 200


def test_a_new_upstream(gw):
    gw.may_die = ("egress",)  # another upstream is another process
    with house.Upstream() as another:
        upstreams = {**gw.upstreams, "more": f"{{url: '{another.url}', allow_private: true}}"}
        configure(gw, upstreams, {"demo": "demo", "more": "more"})
        gw.reload()
        assert house.wait_for(lambda: status(gw, "more") == 200, 5, 0.1)
        assert len(another.requests()) >= 1 and status(gw) == 200
        assert house.wait_for(
            lambda: gw.records(kind="outcome", status=200)[-1]["upstream"] == "demo", 3)
        configure(gw, {"more": upstreams["more"]}, {"more": "more"})
        gw.reload()
        assert house.wait_for(lambda: status(gw, "more") == 200, 5, 0.1)
        # its number has changed; evidence must not name another one for it
        for kind in ("decision", "outcome"):
            assert {r["upstream"] for r in gw.records(kind=kind, upstream_model="more")} == {"more"}


def test_streams_live_on(gw, recorder):
    recorder.words, recorder.pace = 80, 0.02
    body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
    try:
        with support.Wire(gw) as wire:
            wire.send(support.head_of(gw, body), body)
            time.sleep(0.2)
            put(gw, DENY)
            gw.reload()
            assert status(gw, "rec") == 403
            gw.reload()
            reply = wire.reply()
            assert reply.status == 200 and reply.body.endswith(b"data: [DONE]\n\n")
            events = [json.loads(line[6:]) for line in reply.body.split(b"\n")
                      if line.startswith(b"data: {")]
            text = "".join(c["delta"].get("content", "") for e in events for c in e["choices"])
            assert text == "".join(f"w{i} " for i in range(80))  # however it was held
            # the same connection now meets the new policy
            wire.send(support.head_of(gw, body), body)
            assert wire.reply().status == 403
    finally:
        recorder.words, recorder.pace = 4, 0


def test_reloads_under_load(gw):
    """No request is lost or answered by half a configuration."""
    stop, seen = threading.Event(), []

    def work():
        while not stop.is_set():
            seen.append(gw.chat(support.ask("hi", stream=len(seen) % 2 == 0)))
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for i in range(6):
        put(gw, [DENY, ALLOW][i % 2])
        gw.reload()
        time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    codes = {(a.status, None if a.status == 200 else a.code) for a in seen}
    assert codes <= {(200, None), (403, "policy_denied"), (503, "stale_generation")}, codes
    assert (200, None) in codes and (403, "policy_denied") in codes


def test_applied_now(gw, recorder):
    """With --now the new policy holds for what is under way too; what it permits lives on."""
    models = {"demo": "demo", "rec": "rec", "kept": "rec"}
    configure(gw, gw.upstreams, models)
    gw.reload()
    recorder.words, recorder.pace = 150, 0.03
    streams = {}
    try:
        for model in ("rec", "kept"):
            body = json.dumps(support.ask("hi", model, stream=True)).encode()
            streams[model] = support.Wire(gw, timeout=20)
            streams[model].send(support.head_of(gw, body), body)
            streams[model].head()
        put(gw, ALLOW + '@id("not-rec") forbid (principal, action == Postern::Action::"chat",'
                        ' resource == Postern::Model::"rec");\n')
        out = gw.run("policy", "apply", "--now", "--json")
        assert json.loads(out.stdout)["reloaded"] is True
        began = time.monotonic()
        cut = body_of(streams["rec"])
        assert time.monotonic() - began < 3 * house.PATIENCE, "at once, not at its end"
        assert b"stream_denied" in cut and cut.count(b"data: {") < 150, cut[-600:]
        whole = body_of(streams["kept"])
        assert b"w149 " in whole and b"stream_denied" not in whole and b"[DONE]" in whole
    finally:
        recorder.words, recorder.pace = 4, 0
        for wire in streams.values():
            wire.s.close()
    assert house.wait_for(lambda: [r for r in gw.records(kind="outcome")
                                   if "stream_denied" in r.values()], 5, 0.1)
    assert status(gw, "rec") == 403 and status(gw, "kept") == 200


def body_of(wire):
    """Of an answer whose head was read: to the end of its last chunk, or of the connection."""
    try:
        while b"\r\n0\r\n\r\n" not in wire.rest:
            wire._more()
    except EOFError:
        pass
    return wire.rest


def test_a_credential_changed_in_place(gw, recorder, tmp_path):
    """A provider's key is replaced in its file: the next request carries it, and nothing is cut."""
    secret = tmp_path / "provider.key"
    secret.write_text("sk-first\n")
    upstreams = {"rec": f"{{url: '{recorder.url}', allow_private: true, key: {{file: '{secret}'}}}}",
                 "demo": gw.upstreams["demo"]}
    gw.may_die = ("egress",)  # another place for its credential is another process
    configure(gw, upstreams, {"demo": "demo", "rec": "rec"})
    gw.reload()
    assert house.wait_for(lambda: status(gw, "rec") == 200, 5, 0.1)
    assert recorder.requests()[-1].headers["authorization"] == ["Bearer sk-first"]
    pids = gw.pids()
    recorder.words, recorder.pace = 60, 0.02
    try:
        with support.Wire(gw, timeout=20) as wire:
            body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
            wire.send(support.head_of(gw, body), body)
            wire.head()
            secret.write_text("sk-second\n")
            gw.reload()
            assert status(gw, "rec") == 200
            assert recorder.requests()[-1].headers["authorization"] == ["Bearer sk-second"]
            secret.unlink()
            gw.reload()
            assert status(gw, "rec") == 200, "what was there stays"
            assert b"[DONE]" in body_of(wire)
    finally:
        recorder.words, recorder.pace = 4, 0
    assert "what was there stays" in gw.stderr and gw.pids() == pids
    assert "sk-first" not in gw.stderr and "sk-second" not in gw.stderr


def test_the_limit_of_keys(gw):
    configure(gw, gw.upstreams, {"demo": "demo", "rec": "rec"}, limits={"keys": 3})
    gw.reload()
    make = ("key", "create", "--owner", "Workload/x", "--group", "demo")
    assert gw.run(*make, check=False).returncode == 0  # two were made by init
    assert gw.run(*make, check=False).returncode != 0
    configure(gw, gw.upstreams, {"demo": "demo", "rec": "rec"})
    gw.reload()
    assert gw.run(*make, check=False).returncode == 0
