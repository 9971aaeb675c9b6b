"""Nothing that was said, and no secret, is in a log, in the state folder, in evidence or in ps."""
import json
import pathlib

import pytest

import support

SAID = "canary-prompt-5d81e0"
ARGUMENT = "canary-argument-77aa"
ECHO = "canary-answer-1c9e"


@pytest.fixture
def busy(gw):
    """Traffic of every kind with words that must not be found again."""
    keys = [json.loads(gw.run("key", "create", "--owner", "User/canary", "--group", "demo", "--json")
                       .stdout)["key"]]
    for stream in (False, True):
        gw.chat(support.ask(f"demo:echo {ECHO} {SAID}", stream=stream))
        gw.chat(support.ask(f"demo:error-500 {SAID}", stream=stream))
        gw.chat(support.ask(f"demo:garbage {SAID}", stream=stream))
        gw.chat(support.ask(f"demo:tool=get_weather {SAID}", stream=stream,
                            tools=[support.tool("get_weather")]))
        gw.chat(support.ask(SAID, "restricted", stream=stream))
    gw.chat({"model": "demo", "messages": [
        {"role": "system", "content": SAID}, {"role": "user", "content": "hi", "name": "x"},
        {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {
            "name": "get_weather", "arguments": json.dumps({"city": ARGUMENT})}}]},
        {"role": "tool", "tool_call_id": "c1", "content": SAID}], "tools": [support.tool("get_weather")],
        "user": "somebody", "metadata": {"k": SAID}, "stop": [SAID]})
    gw.chat('{"model":"demo","messages":[{"role":"user","content":"' + SAID + '"}], broken')
    gw.chat('{"model":"demo","' + SAID + '":1,"' + SAID + '":2}')
    gw.chat(support.ask(SAID + " lorem" * 20000))
    gw.chat(support.ask("hi"), key=keys[0])
    gw.chat(support.ask("hi"), key="pst_" + SAID)
    gw.chat(support.ask("hi"), headers={"X-Canary": SAID, "User-Agent": SAID})
    return keys


def found(gw, words):
    """(place, word) wherever one of the words is."""
    places = [p for p in gw.folder.rglob("*") if p.is_file()]
    assert any(p.name.startswith("seg-") for p in places) and any(p.name == "postern.db" for p in places)
    hits = []
    for path in places:
        data = path.read_bytes()
        hits += [(str(path), w) for w in words if w.encode() in data]
    pids = [gw.process.pid, *gw.pids().values()]
    for pid in pids:
        data = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        hits += [(f"ps {pid}", w) for w in words if w.encode() in data]
    return hits


def test_nothing_that_was_said_is_kept(gw, busy):
    assert found(gw, [SAID, ARGUMENT, ECHO]) == []


def test_no_secret_is_kept(gw, busy):
    secrets = [support.PROVIDER_KEY, *[k.split("_", 2)[2] for k in (gw.key, gw.admin_key, *busy)]]
    # what the first start printed for people is where it belongs
    assert [hit for hit in found(gw, secrets) if "stdout.txt" not in hit[0]] == []


def test_the_supervisor_forgets_the_credential(gw):
    """A variable named by the configuration is not handed on to the parts."""
    for (role, index), pid in gw.pids().items():
        try:
            data = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except PermissionError:
            continue
        assert support.PROVIDER_KEY.encode() not in data, (role, index)


def test_one_line_a_request(gw):
    answer = gw.chat(support.ask(SAID))
    lines = [json.loads(line) for line in gw.stderr.splitlines() if answer.request_id in line]
    assert len(lines) == 1
    assert {"time", "event", "request", "action", "code", "client", "status", "us"} <= set(lines[0])
    assert lines[0]["status"] == 200 and lines[0]["request"] == answer.request_id
