"""What has happened to other gateways, each as a test of this one: see docs/hostile.md."""
import concurrent.futures
import json
import re
import socket
import threading
import time

import jwt
import pytest

import abuse
import house
import support
from abuse import SSE_HEAD, event, failed, part, said, story, whole
from support import Wire, head_of, raw, refused

KEY = support.PROVIDER_KEY
MAIL = "maria.keller@brenner-optik.de"
SECRET = "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"
TOKEN = re.compile(r"Qz[A-Z]{4}_[a-z2-8]{20}", re.I)


def new_key(gw, *more, owner="User/somebody", group="demo"):
    out = gw.run("key", "create", "--owner", owner, "--group", group, "--json", *more)
    return json.loads(out.stdout)["key"]


def text_of(answer):
    return said(answer) if answer.body.startswith(b"data:") else answer.json["choices"][0]["message"]["content"]


# --- one decision point ----------------------------------------------------------------------------


ELSEWHERE = [
    "/openai/deployments/rec/chat/completions", "/openai/deployments/rec/chat/completions?api-version=2024-10-21",
    "/azure/openai/deployments/rec/chat/completions", "/model/rec/invoke", "/model/rec/converse", "/bedrock/model/rec/invoke",
    "/v1/proxy/chat/completions", "/v1/proxy/anything", "/v1/proxy/http://127.0.0.1/", "/proxy/rec", "/openai_passthrough/v1/x",
    "/anthropic/v1/messages", "/gemini/v1beta/models/rec:generateContent", "/v1beta/models/rec:generateContent", "/vertex_ai/x",
    "/cohere/v1/chat", "/chat/completions", "/engines/rec/chat/completions", "/v1/engines/rec/completions", "/v1/completions",
    "/v1/embeddings", "/v1/images/generations", "/v1/audio/transcriptions", "/v1/audio/speech", "/v1/moderations", "/v1/rerank",
    "/v1/batches", "/v1/files", "/v1/fine_tuning/jobs", "/v1/assistants", "/v1/threads", "/v1/realtime", "/v1/mcp",
    "/v1/messages", "/v1/messages/count_tokens", "/api/generate", "/api/chat", "/v1/chat/completions/x", "/v1/unknown", "//v1/models",
]
COMMANDS = [
    "/mcp-rest/test/connection", "/mcp-rest/test/tools/list", "/mcp/sse", "/mcp", "/sse", "/mcp/servers", "/v1/mcp/server",
    "/config/update", "/config/reload", "/key/generate", "/user/new", "/team/new", "/model/new", "/global/spend/logs", "/ui", "/public/logs",
    "/debug/pprof", "/debug/vars", "/logger", "/shutdown", "/restart", "/exec", "/spawn", "/plugins", "/admin", "/admin/v1/exec",
    "/admin/v1/spawn", "/admin/v1/config", "/admin/v1/policy", "/cgi-bin/sh", "/.env", "/server-status", "/actuator/env",
]


@pytest.mark.parametrize("admin", [False, True])
def test_no_other_way_in(gw, nothing_leaves, admin):
    """Passthroughs of other gateways, and whatever would start a program: unknown, denied, on record."""
    server = {"command": "/bin/sh", "args": ["-c", "touch /tmp/x"], "transport": "stdio", "model": "rec",
              "messages": [{"role": "user", "content": "hi"}], "url": "http://127.0.0.1:1/"}
    pids, last = gw.pids(), None
    for path in ELSEWHERE + COMMANDS:
        for method in ("GET", "POST"):
            answer = gw.request(method, path, server if method == "POST" else None, admin=admin)
            if path == "/v1/models" or answer.status == 200:
                pytest.fail(f"{method} {path}: {answer}")
            assert answer.status in (400, 404, 405), (method, path, answer)
            last = answer
    refused(gw, last, last.status, last.code)
    assert gw.pids() == pids


def test_the_query_says_nothing(gw, nothing_leaves):
    """Neither a model nor a key nor a place may come that way."""
    for query in ("model=rec", "model=restricted", "api-version=1", "key=" + gw.key, "api_key=" + gw.key, "", "&", "stream=true",
                  "base_url=http://127.0.0.1:1", "%6dodel=rec", "a=1&model=rec"):
        answer = gw.request("POST", "/v1/chat/completions?" + query, support.ask("hi", "rec"))
        refused(gw, answer, 400, "query_not_allowed")


def test_keys_with_two_spellings(gw, nothing_leaves):
    """Case variants and repetitions at every depth that selects something."""
    message = '{"role":"user","content":"hi"}'
    tool = '{"type":"function","function":{"name":"get_weather"}}'
    for body in ('{"model":"rec","messages":[%s],"Model":"s"}' % message, '{"model":"rec","messages":[%s],"model":"s"}' % message,
                 '{"model":"rec","messages":[{"role":"user","Role":"system","content":"hi"}]}',
                 '{"model":"rec","messages":[%s],"tools":[{"type":"function","function":{"name":"get_weather","Name":"rm"}}]}' % message,
                 '{"model":"rec","messages":[%s],"tools":[{"type":"function","function":{"name":"get_weather","name":"rm"}}]}' % message,
                 '{"model":"rec","messages":[%s],"tools":[%s],"TOOLS":[]}' % (message, tool),
                 '{"model":"rec","messages":[%s],"\\u006dodel":"s"}' % message,
                 '{"model":"rec","messages":[%s],"stream":false,"Stream":true}' % message,
                 '{"model":"rec","messages":[%s],"m\\u006Fdel":"s"}' % message):
        answer = gw.chat(body)
        assert refused(gw, answer, 400, answer.code) and answer.code in ("json_duplicate", "json_case_variant"), body


def test_places_named_by_a_caller(gw, recorder):
    """A base URL in the body or in a header leads nowhere: the request goes where the configuration says."""
    came = []
    with support.tcp_server(lambda s: came.append(s.recv(100))) as trap:
        url = f"http://127.0.0.1:{trap.getsockname()[1]}"
        for name in ("api_base", "base_url", "api_url", "custom_llm_provider", "endpoint", "proxy", "host", "extra_headers",
                     "azure_endpoint", "aws_bedrock_runtime_endpoint", "webhook", "callback", "success_callback"):
            value = {"Host": url} if name == "extra_headers" else url
            before = len(recorder.requests())
            answer = gw.chat(support.ask("hi", "rec", **{name: value}))
            assert answer.status in (200, 400), (name, answer)
            assert len(recorder.requests()) == before + (answer.status == 200)
        for name in ("X-Portkey-Custom-Host", "X-Base-Url", "X-Upstream", "X-Target-Url", "Helicone-Target-Url", "X-Forwarded-Host",
                     "X-Original-Url", "X-Rewrite-Url", "Mcp-Init-Host", "Router-Key", "X-Portkey-Config", "X-Litellm-Api-Base",
                     "X-Envoy-Original-Path", "X-Amzn-Bedrock-Endpoint", "Forwarded", "Destination", "Via"):
            before = len(recorder.requests())
            answer = gw.chat(support.ask("hi", "rec"), headers={name: url})
            assert answer.status in (200, 400), (name, answer)
            for seen in recorder.requests()[before:]:
                assert url.encode() not in seen.head and seen.headers["host"] == [f"127.0.0.1:{recorder.port}"]
        time.sleep(0.05)
    assert came == []


def test_headers_and_built_in_secrets_open_nothing(gw, nothing_leaves):
    """Hop headers, debugging headers and the example keys of others are no identity."""
    for name, value in (("Mcp-Init-Host", "127.0.0.1"), ("Router-Key", "secret-api-key"), ("X-Api-Key", "secret-api-key"),
                        ("Authorization", "Bearer secret-api-key"), ("Authorization", "Bearer sk-1234"), ("Authorization", "Bearer null"),
                        ("Authorization", "Bearer undefined"), ("X-Litellm-Master-Key", "sk-1234"), ("X-Debug", "1"),
                        ("X-Forwarded-For", "127.0.0.1"), ("X-Real-Ip", "127.0.0.1"), ("X-Envoy-Internal", "true"),
                        ("Authorization", "Bearer ' OR '1'='1"), ("Authorization", "Bearer pst_' OR 1=1;--_x"),
                        ("Authorization", "Bearer pst_%_%"), ("Authorization", "Bearer pst_a_" + "b" * 32 + "';--")):
        for admin in (False, True):
            answer = gw.request("GET", "/admin/v1/keys" if admin else "/v1/models", key=None, headers={name: value}, admin=admin)
            assert answer.status in (400, 401) and answer.code in ("identity_missing", "identity_invalid", "identity_header"), answer
    assert gw.request("GET", "/v1/models").status == 200


def test_keys_that_begin_alike(gw):
    """A verdict belongs to a whole key: every character of it counts, whichever was asked before."""
    for _ in range(2):
        assert gw.request("GET", "/v1/models").status == 200
        for at in range(4, len(gw.key), 3):
            other = gw.key[:at] + ("a" if gw.key[at] != "a" else "b") + gw.key[at + 1:]
            assert gw.request("GET", "/v1/models", key=other).status == 401, at
        for cut in (20, 24, len(gw.key) - 1):
            assert gw.request("GET", "/v1/models", key=gw.key[:cut]).status == 401


def test_other_origins(gw, nothing_leaves):
    """A page in a browser that got here by a name of its own has no key, and gets no permission to read."""
    for host, origin in (("evil.example", "http://evil.example"), ("127.0.0.1", "null"), ("localhost", "http://localhost:3000")):
        for method, path in (("GET", "/v1/models"), ("OPTIONS", "/v1/chat/completions"), ("POST", "/v1/chat/completions")):
            for admin in (False, True):
                head = (f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nSec-Fetch-Site: cross-site\r\n"
                        "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n"
                        "Content-Length: 0\r\n\r\n").encode()
                with Wire(gw, admin=admin) as wire:
                    wire.send(head)
                    reply = wire.reply()
                assert 400 <= reply.status < 500, reply.raw
                assert not [h for h in reply.headers if h.startswith("access-control")], reply.raw


def test_a_key_of_a_user_administers_nothing(gw):
    key = new_key(gw)
    for method, path, body in (("GET", "/admin/v1/keys", None), ("POST", "/admin/v1/reload", None), ("GET", "/admin/v1/status", None),
                               ("POST", "/admin/v1/keys", {"owner": "User/x", "groups": ["admins"]}), ("GET", "/metrics", None)):
        answer = gw.request(method, path, body, key=key, admin=True)
        assert answer.status == 403, answer
        assert gw.request(method, path, body, key=gw.admin_key).status in (404, 405), "the other listener has no such thing"
    assert "admins" not in gw.run("key", "list", "--json").stdout.replace('"groups":["admins"]', "", 1)


def test_texts_never_shape_a_request(gw, scripted):
    """Whatever a text, a name or an argument holds, the head that leaves is the same."""
    evil = "x\r\nHost: evil\r\n\r\nGET /evil HTTP/1.1\r\n"
    heads = []

    def script(s, seen):
        heads.append(re.sub(rb"(?i)content-length: *\d+", b"", seen.head))
        s.sendall(whole())
    for body in (support.ask("hi", "s"), support.ask(evil, "s"), support.ask("hi", "s", user=evil), support.ask("hi", "s", stop=[evil]),
                 support.ask("hi", "s", metadata={evil: evil}),
                 {"model": "s", "messages": [{"role": "user", "content": "hi", "name": "a"}, {"role": "assistant", "tool_calls": [
                     {"id": evil, "type": "function", "function": {"name": "get_weather", "arguments": json.dumps({"p": evil})}}]},
                     {"role": "tool", "tool_call_id": evil, "content": evil}], "tools": [support.tool("get_weather")]}):
        scripted.script, scripted.early = script, False
        assert gw.chat(body).status in (200, 400)
    for model in (evil, "s/../x", "s?x=1", "s#x", "s%0d%0a", "http://evil/", "s\0"):
        assert gw.chat(support.ask("hi", model)).status in (400, 403, 404)
    assert len(heads) >= 4 and len(set(heads)) == 1 and not scripted.bad


def assertion(key, **claims):
    now = int(time.time())
    return jwt.encode({"exp": now + 60, "iat": now, **claims}, key, algorithm="HS256")


def test_characters_that_no_name_holds(gw, scripted):
    """NUL and its kind in every text that selects or is recorded: an answer, never the end of a part."""
    pids = gw.pids()
    scripted.script = lambda s, seen: s.sendall(whole())
    for c in ("\0", "\x01", "\x1f", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "\U0010ffff"):
        for name in (c, f"s{c}", f"{c}s", "x" * 125 + c * 3, c * 300):
            assert gw.chat(support.ask("hi", name)).status in (400, 403, 404)
            assert gw.chat(support.ask("hi", name), key=None).status in (400, 401)
            for claims in ({"sub": name}, {"sub": "ann", "iss": name}, {"sub": "ann", "jti": name}):
                headers = {"Postern-End-User": assertion(gw.key, **claims)}
                assert gw.chat(support.ask("hi", "rec"), headers=headers).status in (200, 400, 401, 403), (c, claims)
            answer = gw.chat(support.ask("hi", "s", tools=[support.tool(name)]))
            assert answer.status in (400, 403), answer
            for more in ({"user": name}, {"stop": [name]}, {"metadata": {"k": name}}, {"tool_choice": name},
                         {"tool_choice": {"type": "function", "function": {"name": name}}}, {name: name}, {"safety_identifier": name},
                         {"service_tier": name}, {"response_format": {"type": "json_schema", "json_schema": {"name": name}}}):
                assert gw.chat(support.ask("hi", "s", **more)).status in (200, 400, 403), (c, more)
            value = house.completion(tool_calls=[call(name, name)])
            value.update(id=name, model=name, system_fingerprint=name, service_tier=name)
            for finish in ("tool_calls", name):
                value["choices"][0]["finish_reason"] = finish
                scripted.script = lambda s, seen: s.sendall(whole(value))
                assert gw.chat(support.ask("hi", "s", tools=[support.tool("get_weather")])).status in (200, 502)
            delta = {"tool_calls": [{"index": 0, **call(name, name)}]}
            data = SSE_HEAD + part(event(house.chunk(delta)) + event(house.chunk({}, "tool_calls")) + event(b"[DONE]")) + b"0\r\n\r\n"
            scripted.script = lambda s, seen: s.sendall(data)
            assert gw.chat(support.ask("hi", "s", tools=[support.tool("get_weather")], stream=True)).status in (200, 502)
            scripted.script = lambda s, seen: s.sendall(whole())
    assert gw.pids() == pids


# --- keys in the wrong places ----------------------------------------------------------------------


def test_no_answer_and_no_log_holds_a_key(gw, recorder):
    """Valid, expired, revoked, mistyped, of an administrator, and in places where no key belongs."""
    ended, revoked = new_key(gw, "--expires", "1s"), new_key(gw)
    gw.run("key", "revoke", revoked.split("_")[1])
    mistyped = gw.key[:-1] + ("a" if gw.key[-1] != "a" else "b")
    house.wait_for(lambda: gw.request("GET", "/v1/models", key=ended).status == 401, 4, 0.1)
    keys = [gw.key, gw.admin_key, ended, revoked, mistyped]
    answers = []
    for key in keys:
        for admin in (False, True):
            for path in ("/v1/models", "/admin/v1/keys", "/metrics", "/admin/v1/status", f"/v1/models/{key}", f"/{key}", f"/x?key={key}"):
                answers.append(gw.request("GET", path, key=key, admin=admin))
        for headers in ({"X-Api-Key": key}, {"Authorization": f"Basic {key}"}, {"Authorization": key}, {"Cookie": f"key={key}"},
                        {"Authorization": f"Bearer {key} {key}"}):
            answers.append(gw.request("GET", "/v1/models", key=None, headers=headers))
        answers.append(gw.chat(support.ask("hi", key)))
        answers.append(gw.chat('{"model":"rec","%s":1,"%s":2}' % (key, key)))
    for status in (400, 401, 403, 429, 500):
        error = whole({"error": {"message": f"Incorrect API key provided: {KEY}", "param": KEY, "code": KEY, "type": KEY}},
                      b"Www-Authenticate: Bearer realm=" + KEY.encode() + b"\r\n", b"%d x" % status)
        recorder_answer = gw_script(gw, error)
        answers += recorder_answer
    secrets = [KEY] + [k.split("_", 2)[2] for k in keys]
    for answer in answers:
        for secret in secrets:
            assert secret.encode() not in answer.body and secret not in str(answer.headers), answer
    log = gw.stderr + json.dumps(gw.records())
    assert not [s for s in secrets if s in log]


def gw_script(gw, data):
    """Answers, whole and streamed, of the upstream that says these bytes."""
    scripted = gw.scripted
    return [scripted.chat(gw, lambda s, seen: s.sendall(data), stream=stream) for stream in (False, True)]


@pytest.fixture(autouse=True)
def at_hand(gw, scripted):
    gw.scripted = scripted
    yield
    scripted.script, scripted.early = lambda s, seen: s.sendall(whole()), False


# --- budgets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ["{each: principal, requests: 1/1h}", "{group: demo, requests: 1/1h}", "{model: a, requests: 1/1h}",
                                 "{principal: User/one, requests: 1/1h}", "{each: principal, concurrent: 1}"])
def test_one_unit_left(tmp_path, row):
    """Many at once, over both fronts, whole and streamed: one gets it, and the upstream sees one."""
    with house.Upstream() as upstream:
        upstream.gate = threading.Event()
        with support.gateway(tmp_path, {"u": f"{{url: '{upstream.url}', allow_private: true}}"}, {"a": "u"}, rates=[row]) as gw:
            key = new_key(gw, owner="User/one")
            with concurrent.futures.ThreadPoolExecutor(24) as pool:
                asked = [pool.submit(gw.chat, support.ask("hi", "a", stream=bool(i % 2)), key=key, timeout=30) for i in range(24)]
                house.wait_for(lambda: sum(a.done() for a in asked) >= 23, 20)
                upstream.gate.set()
                statuses = sorted(a.result().status for a in asked)
            assert statuses == [200] + [429] * 23
            assert len(upstream.requests()) == 1


# --- one verdict for both forms --------------------------------------------------------------------


@pytest.mark.parametrize("tools", [None, [support.tool("get_weather")]], ids=["plain", "tools"])
def test_streamed_and_whole_are_masked_alike(gw, scripted, tools):
    """What is found in an answer is the same in both forms, in pieces of any length, beside tools too."""
    more = {"tools": tools} if tools else {}
    for text in (f"the key is {SECRET} ok", f"a {SECRET}", f"{SECRET} b {SECRET}", "nothing at all", f"ä\U0001f600{SECRET}\n"):
        scripted.script = lambda s, seen, text=text: s.sendall(whole(house.completion(text)))
        plain = text_of(gw.chat(support.ask("hi", "s", **more)))
        assert SECRET not in plain
        for n in (1, 3, 7, 1000):
            pieces = [text[i:i + n] for i in range(0, len(text), n)]
            data = SSE_HEAD + part(b"".join(story(*pieces))) + b"0\r\n\r\n"
            scripted.script = lambda s, seen, data=data: s.sendall(data)
            answer = gw.chat(support.ask("hi", "s", stream=True, **more))
            assert text_of(answer) == plain and answer.events[-1] == "[DONE]", n


def call(name, arguments, kind="function"):
    return {"id": "call_1", "type": kind, kind: {"name": name, "arguments": arguments}}


def test_streamed_and_whole_calls_are_judged_alike(gw, scripted):
    """A call of a tool that is not allowed is stopped in both forms, however it is cut."""
    offered = [support.tool("get_weather")]
    for name, arguments, allowed in (("get_weather", '{"city":"Bonn"}', True), ("rm_rf", "{}", False), ("GET_WEATHER", "{}", False),
                                     ("mcp_tool_call", '{"name":"rm_rf"}', False), ("get_weather ", "{}", False),
                                     ("get_time", "{}", False), ("functions.get_weather", "{}", False), ("", "{}", False)):
        shown = []
        for stream in (False, True):
            data = whole(house.completion(tool_calls=[call(name, arguments)]))
            if stream:
                first = {"tool_calls": [{"index": 0, **call(name, "")}]}
                rest = [{"tool_calls": [{"index": 0, "function": {"arguments": a}}]} for a in arguments]
                events = [event(house.chunk(d)) for d in [first, *rest]] + [event(house.chunk({}, "tool_calls")), event(b"[DONE]")]
                data = SSE_HEAD + part(b"".join(events)) + b"0\r\n\r\n"
            scripted.script = lambda s, seen, data=data: s.sendall(data)
            answer = gw.chat(support.ask("hi", "s", tools=offered, stream=stream))
            shown.append(b'"tool_calls":[{' in answer.body)
            if not allowed and name:
                assert b"rm_rf" not in answer.body, answer
        assert shown == [allowed, allowed], (name, shown)


@pytest.mark.parametrize("delta", [
    {"tool_calls": [{"index": 0, "id": "c", "type": "shell", "shell": {"command": "rm"}}]},
    {"tool_calls": [{"index": 0, "id": "c", "type": "mcp", "mcp": {"name": "x"}}]},
    {"tool_calls": [{"index": 0, "id": "c", "type": 7}]}, {"tool_calls": {"0": {}}}, {"tool_calls": "x"},
    {"content": [{"type": "hologram"}]}, {"content": {"a": 1}}, {"content": 7}, {"role": "root", "content": "x"}], ids=json.dumps)
def test_unknown_kinds_of_calls_and_parts(gw, scripted, delta):
    """What cannot be judged is refused, not passed on."""
    data = SSE_HEAD + part(event(house.chunk(delta)) + event(house.chunk({}, "stop")) + event(b"[DONE]")) + b"0\r\n\r\n"
    scripted.script = lambda s, seen: s.sendall(data)
    failed(gw.chat(support.ask("hi", "s", tools=[support.tool("get_weather")], stream=True)), {"upstream_answer", "tool_denied"})
    value = house.completion()
    value["choices"][0]["message"] = {"role": "assistant", "content": None, **delta}
    scripted.script = lambda s, seen: s.sendall(whole(value))
    failed(gw.chat(support.ask("hi", "s", tools=[support.tool("get_weather")])), {"upstream_answer", "tool_denied"})


@pytest.mark.parametrize("item", [b"event: response.created\ndata: {}\n\n", b"data: []\n\n", b"data: 7\n\n", b"data: {}\n\n",
                                  b"data: {\"type\":\"session.update\"}\n\n", b"data: null\n\n", b"data: \"x\"\n\n",
                                  b"data: {\"object\":\"realtime\"}\n\n", b"data: {\"choices\":7}\n\n", b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n",
                                  b"data: {\ndata: \"choices\":[]}\n\n{}\n\n"])
def test_streams_of_another_kind(gw, scripted, item):
    """Frames of another protocol, or of none: an error, or no word of them is passed on."""
    data = SSE_HEAD + part(item + b"data: {\"choices\":[{\"delta\":{\"content\":\"smuggled\"}}],\"x\":}\n\n") + b"0\r\n\r\n"
    scripted.script = lambda s, seen: s.sendall(data)
    answer = gw.chat(support.ask("hi", "s", stream=True))
    failed(answer, {"upstream_answer", "upstream_closed"})
    assert b"smuggled" not in answer.body


def test_a_token_split_at_every_byte(gw, scripted):
    """A masked value comes back whole, wherever its token was cut: in deltas, and in bytes."""
    def echo(cut, of_bytes):
        def script(s, seen):
            token = TOKEN.findall(json.loads(seen.body)["messages"][0]["content"])[0]
            if of_bytes:
                middle = event(house.chunk({"content": f"<{token}>"}))
                at = middle.index(token.encode()) + cut
                pieces = [middle[:at], middle[at:]]
            else:
                pieces = [event(house.chunk({"content": f"<{token[:cut]}"})), event(house.chunk({"content": f"{token[cut:]}>"}))]
            s.sendall(SSE_HEAD + b"".join(part(p) for p in pieces) + part(b"".join(story()[1:])) + b"0\r\n\r\n")
        return script
    for of_bytes in (False, True):
        for cut in range(0, 28):
            scripted.script = echo(cut, of_bytes)
            answer = gw.chat(support.ask(f"to {MAIL}", "s", stream=True))
            assert said(answer) == f"<{MAIL}>", (cut, of_bytes)


def test_tokens_of_others_stay_tokens(gw, scripted):
    """What was masked for one user is not restored for another, nor in a conversation of its own."""
    other, tokens = new_key(gw, owner="User/other"), []

    def keep(s, seen):
        tokens.extend(TOKEN.findall(seen.body.decode()))
        s.sendall(whole(house.completion("ok")))
    scripted.script = keep
    assert gw.chat(support.ask(f"to {MAIL}", "s")).status == 200 and tokens
    for more in ({"key": other}, {"headers": {"Postern-Conversation": "another"}}, {"key": gw.admin_key}):
        for stream in (False, True):
            data = whole(house.completion(f"<{tokens[0]}>")) if not stream else \
                SSE_HEAD + part(b"".join(story(f"<{tokens[0]}>"))) + b"0\r\n\r\n"
            scripted.script = lambda s, seen, data=data: s.sendall(data)
            answer = gw.chat(support.ask("hi", "s", stream=stream), **more)
            assert MAIL.encode() not in answer.body, answer


def test_nobody_learns_what_exists(gw, nothing_leaves):
    """Models, known or not, and keys, known or not: without an identity all are alike."""
    other = gw.key[:-10] + "A" * 10
    for key in (None, other, "pst_0123456789ab_" + "A" * 49):
        seen = set()
        for model in ("rec", "restricted", "nothing", "m" * 500):
            for answer in (gw.chat(support.ask("hi", model), key=key), gw.request("GET", f"/v1/models/{model[:90]}", key=key)):
                seen.add((answer.status, re.sub(r"req_\w+", "", answer.body.decode())))
        assert len(seen) == 1 and seen.pop()[0] == 401, key


def test_no_answer_is_kept_for_another(gw, recorder):
    """There is no cache: the same question of two people, and of one twice, is asked each time."""
    other, before = new_key(gw, owner="User/other"), len(recorder.requests())
    for key in (gw.key, other, gw.key):
        assert gw.chat(support.ask("what is my balance?", "rec", seed=1, temperature=0), key=key).status == 200
    assert len(recorder.requests()) == before + 3


# --- tools -----------------------------------------------------------------------------------------


def test_no_tool_left(gw, nothing_leaves):
    """Tools were asked for and none may be used: an error, not an answer made without them."""
    for tools in ([support.tool("rm_rf")], [support.tool("rm_rf"), support.tool("mcp_tool_call")]):
        for stream in (False, True):
            refused(gw, gw.chat(support.ask("hi", "rec", tools=tools, stream=stream)), 403, "tool_denied")


# --- memory ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("steady")
def test_large_requests_and_long_streams(gw, scripted):
    """A megabyte in, five out in small events, again and again: as little memory as before."""
    block = part(event(house.chunk({"content": "word "}))) * 250

    def script(s, seen):
        s.sendall(SSE_HEAD)
        for _ in range(100):
            s.sendall(block)
        s.sendall(part(b"".join(story("!"))) + b"0\r\n\r\n")
    scripted.script = script
    for _ in range(3):
        answer = gw.chat(support.ask("lorem " * 170_000, "s", stream=True), timeout=60)
        assert answer.status == 200 and answer.events[-1] == "[DONE]" and len(said(answer)) == 125_001


# --- evidence --------------------------------------------------------------------------------------


@pytest.mark.parametrize("audit", [{"durability": "maybe"}, {"durability": "none"}, {"durability": "off"}, {"interval": "0ms"},
                                   {"interval": "soon"}, {"interval": "1h"}, {"interval": "-5ms"}, {"enabled": "false"},
                                   {"retention": "1d"}, {"Durability": "send"}, {"name": "''"}], ids=json.dumps)
def test_a_bad_audit_setting_refuses_to_start(tmp_path, recorder, audit):
    gw = house.Gateway(tmp_path, recorder, audit=audit, start=False)
    with pytest.raises(RuntimeError) as e:
        gw.start()
    gw.stop()
    assert "audit" in str(e.value) and "postern.yaml" in str(e.value)


def test_what_failed_is_on_record(gw, scripted):
    """Refused by framing, identity, policy, by the upstream, cut off: each has its record."""
    scripted.script = lambda s, seen: False
    answers = [raw(gw, head_of(gw, b"{}", extra=["Transfer-Encoding: chunked"]) + b"{}"), gw.chat(key=None), gw.chat({"model": "none"}),
               gw.chat("nonsense"), gw.chat(support.ask("hi", "s")), gw.request("GET", "/nowhere"),
               gw.chat(support.ask("hi", "rec", tools=[support.tool("rm")]))]
    for answer in answers:
        assert answer.status >= 400
        assert gw.wait_record(request=answer.request_id), answer


def test_a_deleted_record_is_noticed(tmp_path, recorder):
    """One record cut out, with its neighbours moved together; the end cut off; a whole file gone."""
    with house.Gateway(tmp_path, recorder, fronts=1) as gw:
        for _ in range(5):
            assert gw.chat().status == 200
        assert gw.wait_record(kind="checkpoint", seconds=10)
        time.sleep(1.2)  # a checkpoint covers what came before it
    path = next((gw.state / "audit").glob("seg-*.log"))
    data = path.read_bytes()
    kept = tmp_path / "checkpoint"  # somebody else keeps it
    kept.write_text(gw.run("audit", "checkpoint").stdout)
    offsets, at = [], 256
    while (n := int.from_bytes(data[at:at + 4], "little")) > 0:
        offsets.append((at, at + 8 + n))
        at += 8 + n
    begin, end = offsets[len(offsets) // 2]
    cut_out = data[:begin] + data[end:] + b"\0" * (end - begin)
    ended = data[:begin] + b"\0" * (len(data) - begin)
    for broken, more in ((cut_out, []), (ended, ["--checkpoint", str(kept)]), (None, ["--checkpoint", str(kept)])):
        if broken is None:
            path.unlink()
        else:
            path.write_bytes(broken)
        assert gw.run("audit", "verify", *more, check=False).returncode != 0
        path.write_bytes(data)
    assert gw.verify("--checkpoint", str(kept))
