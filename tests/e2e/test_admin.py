"""The admin listener: probes for everybody, everything else for those whom a policy permits."""
import json
import re
import subprocess

import pytest

import house
import support
from support import refused


def test_probes(gw):
    """The liveness probe has one constant answer and asks for nothing; it is on this listener only."""
    for path in ("/healthz", "/readyz"):
        answer = gw.request("GET", path, admin=True, key=None)
        assert answer.status == 200, answer
        assert len(answer.body) < 120 and b"pst_" not in answer.body
        assert gw.request("GET", path).status == 404
    assert gw.request("GET", "/healthz", admin=True, key="nonsense").status in (200, 401)
    refused(gw, gw.request("POST", "/healthz", "{}", admin=True, key=None), 405, "http_method")


def test_metrics_need_an_identity(gw):
    refused(gw, gw.request("GET", "/metrics", admin=True, key=None), 401, "identity_missing")
    refused(gw, gw.request("GET", "/metrics", admin=True, key=gw.key), 403, "policy_denied")
    answer = gw.request("GET", "/metrics", admin=True)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")


def values(gw, name):
    text = gw.request("GET", "/metrics", admin=True).body.decode()
    return sum(float(v) for v in re.findall(rf"^postern_{name}(?:{{[^}}]*}})? (\S+)$", text, re.M))


def test_metrics_count(gw):
    before = {n: values(gw, n) for n in ("requests_total", "refused_total", "tool_calls_deny_total")}
    for _ in range(5):
        gw.chat(support.ask("hi"))
        gw.chat('{"model":"demo","model":"demo"}')
    gw.chat(support.ask("demo:tool=delete_all", tools=[support.tool("delete_all")]))
    assert house.wait_for(lambda: values(gw, "requests_total") >= before["requests_total"] + 11, 5, 0.2)
    assert house.wait_for(lambda: values(gw, "refused_total") >= before["refused_total"] + 5, 5, 0.2)
    assert house.wait_for(lambda: values(gw, "tool_calls_deny_total") ==
                          before["tool_calls_deny_total"] + 1, 5, 0.2)
    assert house.wait_for(lambda: values(gw, "requests_live") <= 1, 5, 0.2), "only the one that asks"
    text = gw.request("GET", "/metrics", admin=True).body.decode()
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) postern_\w+ .+|postern_\w+(\{[^{}]*\})? -?[0-9.e+]+|", line), line


def test_no_models_on_the_admin_listener(gw):
    refused(gw, gw.request("GET", "/v1/models", admin=True, key=gw.key), 404, "route_unknown")
    refused(gw, gw.request("POST", "/v1/chat/completions", support.ask("hi"), admin=True), 404,
            "route_unknown")


def test_keys_over_http(gw):
    answer = gw.request("POST", "/admin/v1/keys", {"owner": "User/bob", "groups": ["demo"]}, admin=True)
    assert answer.status == 201, answer
    key = answer.json["key"]
    assert gw.request("GET", "/v1/models", key=key).status == 200
    record = gw.wait_record(kind="decision", request=answer.request_id)
    assert record["action"] == "administer" and record["principal_id"] == "admin"
    assert record["durability"] == "send", "synced before it is done"
    listed = gw.request("GET", "/admin/v1/keys", admin=True)
    assert key.split("_")[1].encode() in listed.body and key.encode() not in listed.body
    assert gw.request("DELETE", "/admin/v1/keys/" + key.split("_")[1], admin=True).status == 200
    assert gw.request("GET", "/v1/models", key=key).status == 401


@pytest.mark.parametrize("method,path,body", [
    ("GET", "/admin/v1/keys", None), ("POST", "/admin/v1/keys", {"owner": "User/eve"}),
    ("POST", "/admin/v1/reload", None), ("DELETE", "/admin/v1/keys/aaaaaaaaaaaa", None),
    ("GET", "/admin/v1/status", None)])
def test_who_may_not_administer(gw, method, path, body):
    refused(gw, gw.request(method, path, body, admin=True, key=None), 401, "identity_missing")
    record = refused(gw, gw.request(method, path, body, admin=True, key=gw.key), 403, "policy_denied")
    assert record["resource_id"] == path and record["action"] == "administer"
    assert "eve" not in gw.run("key", "list").stdout


@pytest.mark.parametrize("body,status", [
    ('{"owner":"User/a","owner":"User/b"}', 400), ("[]", 400), ("{}", 400), ('{"owner":"root"}', 400),
    ('{"owner":"User/a","groups":"admins"}', 400), ('{"owner":"User/a","frob":1}', 400),
    ('{"owner":"User/a","expires_in_s":-5}', 400), ('{"owner":"' + "a" * 5000 + '"}', 400)])
def test_bad_administration(gw, body, status):
    before = gw.run("key", "list").stdout
    answer = gw.request("POST", "/admin/v1/keys", body, admin=True)
    assert answer.status == status, answer
    assert answer.json["error"]["code"] and gw.wait_record(request=answer.request_id)
    assert gw.run("key", "list").stdout == before


def test_paths_of_administration(gw):
    for path in ("/admin/v1", "/admin/v1/", "/admin/v1/nothing", "/admin/v1/keys/../keys",
                 "/admin/v1/keys/a/b/c", "/admin/v2/keys", "/admin/v1/keys?x=1"):
        answer = gw.request("GET", path, admin=True)
        assert answer.status in (400, 404, 405), (path, answer)


def test_the_unix_socket_knows_its_peer(gw):
    path = gw.state / "run" / "admin.sock"
    assert path.stat().st_mode & 0o077 == 0
    out = subprocess.run(["curl", "-s", "--unix-socket", str(path), "http://localhost/admin/v1/keys"],
                         capture_output=True, text=True, timeout=20)
    assert json.loads(out.stdout), out
    out = subprocess.run(["curl", "-s", "--unix-socket", str(path), "-H", "Authorization: Bearer pst_no",
                          "http://localhost/admin/v1/keys"], capture_output=True, text=True, timeout=20)
    assert json.loads(out.stdout)["error"]["code"] == "identity_invalid"
    assert gw.records(kind="decision", network="local", action="administer")
