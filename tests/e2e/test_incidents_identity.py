"""What went wrong elsewhere with identity and with hops in front, tried here. Each test names the class of
incident; none of it may work."""
import base64
import json
import string

import pytest

import support
from support import Wire, head_of, raw, refused

LIST = ("GET", "/v1/models")
BODY = json.dumps(support.ask("hi", "rec")).encode()
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def with_checksum(text):
    """A key's text from its first 60 characters: nothing about it is secret."""
    n, digits = crc32c(text.encode()), ""
    for _ in range(6):
        n, d = divmod(n, 62)
        digits = BASE62[d] + digits
    return text + digits


def status(gw, key, **more):
    return gw.request(*LIST, key=key, **more).status


# --- tokens that look alike --------------------------------------------------------------------------


def test_the_checksum_is_no_secret(gw):
    """The forged keys below are told apart by their secrets, not by a checksum that does not fit."""
    assert with_checksum(gw.key[:60]) == gw.key


@pytest.mark.parametrize("same", [17, 20, 32, 58])
def test_tokens_that_begin_alike(gw, same):
    """A verdict is remembered for a whole credential, never for the first characters of one."""
    assert status(gw, gw.key) == 200
    secret = base64.urlsafe_b64decode(gw.key[17:60] + "=")
    kept = -(-(same - 17) * 6 // 8)
    other = secret[:kept] + bytes(b ^ 0x5a for b in secret[kept:])
    forged = with_checksum(gw.key[:17] + base64.urlsafe_b64encode(other).decode().rstrip("="))
    assert forged != gw.key and len(forged) == len(gw.key) and forged[:same] == gw.key[:same]
    for _ in range(3):  # not the second time either
        refused(gw, gw.request(*LIST, key=forged), 401, "identity_invalid")
        assert status(gw, gw.key) == 200
    made = json.loads(gw.run("key", "create", "--owner", "User/stranger", "--json").stdout)["key"]
    refused(gw, gw.request(*LIST, key=made), 403, "policy_denied")
    mixed = with_checksum(gw.key[:17] + made[17:60])  # this one's name, that one's secret
    refused(gw, gw.request(*LIST, key=mixed), 401, "identity_invalid")


# --- what a lookup might make of a credential ----------------------------------------------------------

SQL = ["' OR '1'='1", "' OR 1=1 --", "'; DROP TABLE keys; --", "\" OR \"\"=\"", "pst_%_%", "*", "%",
       "pst_' UNION SELECT * FROM keys --", "$ne", '{"$gt":""}', "..", "/etc/passwd", "undefined",
       "pst_000000000000_' OR id LIKE '%", "admin'/*", "1;SELECT pg_sleep(5)"]


@pytest.mark.parametrize("text", SQL)
def test_metacharacters_in_a_credential(gw, text):
    before = gw.run("key", "list").stdout
    for value in (text, "pst_" + text, text + gw.key, gw.key + text):
        for admin in (False, True):
            path = "/admin/v1/keys" if admin else "/v1/models"
            answer = gw.request("GET", path, key=None, admin=admin,
                                headers={"Authorization": f"Bearer {value}"})
            refused(gw, answer, 401, "identity_invalid")
            assert text.encode() not in answer.body, "nothing of a credential comes back"
    assert gw.run("key", "list").stdout == before and status(gw, gw.key) == 200


# --- headers between somebody's own parts --------------------------------------------------------------

BUILT_IN = ["mcp-init-host: 127.0.0.1", "router-key: router", "X-Router-Key: secret", "X-Mcp-Authorized: true",
            "X-Internal: true", "X-Internal-Token: internal", "X-Envoy-Internal: true", "X-Admin: true",
            "X-Admin-Key: admin", "X-Master-Key: sk-1234", "X-Api-Key: sk-1234", "Api-Key: sk-1234",
            "X-Debug: 1", "X-Auth: ok", "X-Authenticated: true", "X-Role: admin", "X-Real-IP: 127.0.0.1",
            "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Client-IP: 127.0.0.1",
            "X-Envoy-Original-Path: /healthz", "X-Forwarded-Uri: /healthz", "X-Forwarded-Prefix: /admin",
            "X-Forwarded-Host: localhost", "X-Forwarded-Proto: https", "X-Forwarded-Method: GET",
            "Via: 1.1 postern", "Cookie: session=admin", "Proxy-Authorization: Basic YWRtaW46YWRtaW4=",
            "Sec-WebSocket-Protocol: bearer", "WWW-Authenticate: Bearer"]


@pytest.mark.parametrize("row", BUILT_IN)
def test_a_header_is_no_identity(gw, row):
    """Nobody with it is nobody, and somebody with it may do what he could do without."""
    reply = raw(gw, head_of(gw, BODY, key=None, extra=[row]), BODY)
    assert reply.status in (400, 401), reply.raw
    refused(gw, reply, reply.status, reply.code)
    head = head_of(gw, path="/admin/v1/keys", method="GET", extra=[row])
    with Wire(gw, admin=True) as wire:
        wire.send(head)
        reply = wire.reply()
    assert reply.status in (400, 403), reply.raw


@pytest.mark.parametrize("key", ["sk-1234", "router", "admin", "secret", "postern", "test", "demo", "changeme",
                                 "anything", "sk-master", "null", "0", "x" * 66])
def test_no_credential_is_built_in(gw, key):
    for admin in (False, True):
        path = "/admin/v1/keys" if admin else "/v1/models"
        refused(gw, gw.request("GET", path, key=key, admin=admin), 401, "identity_invalid")


def test_an_address_is_no_identity(gw):
    """To be on this machine is not to be somebody."""
    for admin, path in ((False, "/v1/models"), (True, "/admin/v1/keys"), (True, "/metrics")):
        refused(gw, gw.request("GET", path, key=None, admin=admin), 401, "identity_missing")


# --- one path, for routing and for the decision ----------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1?x=1", "127.0.0.1#x", "127.0.0.1?/healthz", "a/../admin", "a@b",
                                  "127.0.0.1:80:80", "[::1", "a b", "a,b", "127.0.0.1/v1/models", "a\\b", "",
                                  "127.0.0.1:99999", "%2e%2e", "127.0.0.1?x=/admin/v1/keys#"])
@pytest.mark.parametrize("path", ["/v1/models", "/admin/v1/keys"])
def test_a_host_is_no_part_of_a_path(gw, host, path):
    """CVE-2026-48710: what stands in Host must not move the path that is decided on."""
    admin = path.startswith("/admin")
    key = gw.admin_key if admin else gw.key
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n\r\n"
    with Wire(gw, admin=admin) as wire:
        wire.send(head.encode())
        reply = wire.reply()
        assert reply.status == 400 and reply.code == "http_host", reply.raw
        assert wire.closed()


@pytest.mark.parametrize("path", ["/healthz/../v1/models", "/v1/models/../../admin/v1/keys", "/v1/models;/healthz",
                                  "/healthz%2f..%2fv1%2fmodels", "/v1/models#/healthz", "/v1/models?path=/healthz",
                                  "/readyz/v1/models", "/v1/models\\..\\healthz"])
def test_an_open_path_opens_no_other(gw, path):
    """The probes need no identity; nothing that contains one of their paths inherits that."""
    for admin in (False, True):
        with Wire(gw, admin=admin) as wire:
            wire.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            reply = wire.reply()
        assert 400 <= reply.status < 500, reply.raw


# --- from a low rank to a high one ------------------------------------------------------------------------

PRIVILEGED = [{"owner": "User/eve", "groups": ["admins"]}, {"owner": "User/admin"},
              {"owner": "Workload/demo", "groups": ["admins"], "may_assert": True}]


@pytest.mark.parametrize("body", PRIVILEGED)
def test_nobody_raises_himself(gw, body):
    before = gw.run("key", "list").stdout
    for listener in (False, True):
        answer = gw.request("POST", "/admin/v1/keys", body, key=gw.key, admin=listener)
        refused(gw, answer, 403 if listener else 404, "policy_denied" if listener else "route_unknown")
    assert gw.run("key", "list").stdout == before


@pytest.mark.parametrize("path", ["/metrics", "/admin/v1/keys", "/admin/v1/status"])
def test_rank_by_route(gw, path):
    """An app, a person and the monitoring system, on every route of administration."""
    people = [("Workload/app", "demo"), ("User/alice", "staff"), ("User/admins", "administrators")]
    for owner, group in people:
        key = json.loads(gw.run("key", "create", "--owner", owner, "--group", group, "--json").stdout)["key"]
        refused(gw, gw.request("GET", path, key=key, admin=True), 403, "policy_denied")


MEMBERS = [{"user_role": "proxy_admin"}, {"is_admin": True}, {"groups": ["admins"]}, {"principal": "User/admin"},
           {"metadata": {"user_api_key_user_role": "admin", "groups": "admins"}}, {"api_key": "sk-other"},
           {"api_base": "http://evil.example"}, {"base_url": "http://evil.example"},
           {"user": "admin"}, {"organization": "admins"}, {"team_id": "admins"}, {"max_budget": 1e9},
           {"allowed_models": ["restricted"]}, {"guardrails": []}, {"no-log": True}, {"cache": {"no-store": True}}]


@pytest.mark.parametrize("members", MEMBERS)
def test_a_body_grants_nothing(gw, recorder, members):
    """A member of a request's body changes neither who asks nor what he may."""
    answer = gw.chat({**support.ask("hi", "restricted"), **members})
    assert answer.status in (400, 403, 404), answer
    refused(gw, answer, answer.status, answer.json["error"]["code"])
    answer = gw.chat({**support.ask("hi", "rec"), **members})
    record = gw.wait_record(kind="decision", request=answer.request_id)
    assert record["principal_id"] == "demo" and record["principal_type"] == "Workload"
    assert "admins" not in record.get("groups", []) and "on_behalf_of" not in record
    if answer.status == 200:
        seen = recorder.requests()[-1]
        assert "authorization" not in seen.headers and "evil" not in seen.headers["host"]
