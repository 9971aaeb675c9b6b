"""The command line: every command, what it prints, and what its errors name."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

import house
import support


def postern(*words, **more):
    return subprocess.run([str(house.POSTERN), *map(str, words)], capture_output=True, text=True,
                          timeout=60, **more)


def up(state, *more, port=None, admin=None):
    port, admin = (port, admin) if port else house.free_ports(2)
    p = subprocess.Popen([str(house.POSTERN), "up", "--state", str(state), "--port", str(port),
                          "--admin-port", str(admin), *more], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, start_new_session=True)
    return p, port, admin


def printed(p, last, seconds=15):
    """Standard output up to a line that begins with `last`."""
    lines = []
    for line in p.stdout:
        lines.append(line)
        if line.startswith(last):
            break
    return "".join(lines)


def exports(text):
    return dict(re.findall(r"^export (\w+)=(\S+)$", text, re.M))


def end(p):
    p.send_signal(signal.SIGINT)
    try:
        return p.wait(8)
    finally:
        p.stdout.close()
        p.stderr.close()


def at(out, place):
    """Whether the error in JSON names this file and line."""
    value = json.loads(out.stdout or out.stderr)
    error = value["error"] if "error" in value else value["findings"][0]
    return place.rstrip(":").split(":")[1:] in ([], [""], [str(error["line"])]) and \
        pathlib.Path(error["file"]).name in ("postern.yaml", "bad.cedar") and error["message"]


def test_help_and_version():
    out = postern("--help")
    assert out.returncode == 0 and "key rotate" in out.stdout
    assert postern("help", "up").stdout.count("--") > 4
    assert re.search(r"\d+\.\d+", postern("version").stdout)
    assert json.loads(postern("version", "--json").stdout)
    out = postern("chekc")
    assert out.returncode == 2 and "check" in out.stderr, "it says what was meant"
    out = postern("up", "--prot", "1")
    assert out.returncode == 2 and "--port" in out.stderr
    assert postern().returncode != 0


def test_demo_from_nothing_and_again(tmp_path):
    """`up --demo` in an empty folder, the lines it prints, and a second run that keeps the state."""
    state = tmp_path / "state"
    p, port, admin = up(state, "--demo")
    try:
        first = printed(p, "# the evidence") + p.stdout.readline()
        env = exports(first)
        assert env["POSTERN_URL"] == f"http://127.0.0.1:{port}" and env["POSTERN_KEY"].startswith("pst_")
        assert env["POSTERN_ADMIN_KEY"].startswith("pst_")
        results = []
        for line in first.splitlines():
            if line.startswith("curl"):
                results.append(subprocess.run(["bash", "-c", line], env={**os.environ, **env},
                                              capture_output=True, text=True, timeout=20).stdout)
        answer, stream, denied, nobody = results
        assert json.loads(answer)["choices"] and "data: [DONE]" in stream
        assert json.loads(denied)["error"]["code"] == "policy_denied"
        assert json.loads(nobody)["error"]["code"] == "identity_missing"
        verify = [line for line in first.splitlines() if "audit verify" in line][0]
        out = subprocess.run(["bash", "-c", verify], capture_output=True, text=True, timeout=20)
        assert out.returncode == 0, out.stdout + out.stderr
        # a second one beside it: the port is taken, and the first one lives on
        other = postern("up", "--state", tmp_path / "other", "--demo", "--port", port,
                        "--admin-port", admin)
        assert other.returncode != 0 and str(port) in other.stderr, other.stderr
        same = postern("up", "--state", state, "--port", port + 1, "--admin-port", admin + 1)
        assert same.returncode != 0 and same.stderr, "the state folder is in use"
        assert p.poll() is None
    finally:
        began = time.monotonic()
        assert end(p) == 0
    assert time.monotonic() - began < 5 * house.PATIENCE
    assert env["POSTERN_KEY"] not in (state / "postern.yaml").read_text()
    p, _, _ = up(state, "--demo", port=port, admin=admin)
    try:
        second = printed(p, "# the evidence")
        assert "POSTERN_KEY" not in exports(second)
        assert "kept" in second and "key create" in second, "and says how to get a new key"
        out = subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/v1/models", "-H",
                              f"Authorization: Bearer {env['POSTERN_KEY']}"], capture_output=True)
        assert json.loads(out.stdout)["data"][0]["id"] == "demo"
        hint = re.search(r"\$\((.*)\)", second).group(1)
        out = subprocess.run(["bash", "-c", hint], capture_output=True, text=True, timeout=20)
        assert out.stdout.strip().startswith("pst_"), out.stderr
    finally:
        assert end(p) == 0
    assert postern("audit", "verify", "--state", state).returncode == 0


def test_init(tmp_path):
    state = tmp_path / "state"
    out = postern("init", "--state", state, "--json")
    made = json.loads(out.stdout)
    assert out.returncode == 0 and made
    assert (state.stat().st_mode & 0o077) == 0
    for path in state.rglob("*"):
        assert path.stat().st_mode & 0o022 == 0, path
    seed = (state / "keys" / "log.seed").read_bytes()
    again = postern("init", "--state", state)
    assert (state / "keys" / "log.seed").read_bytes() == seed, "never made anew"
    assert again.returncode in (0, 1)


def test_no_state(tmp_path):
    for words in (["up"], ["check"], ["status"], ["key", "list"], ["audit", "tail"], ["reload"]):
        out = postern(*words, "--state", tmp_path / "none")
        assert out.returncode != 0 and "none" in out.stderr, words
        out = postern(*words, "--state", tmp_path / "none", "--json")
        assert out.returncode != 0
        assert json.loads(out.stdout or out.stderr)["error"], (words, out)
    assert not (tmp_path / "none").exists()


def test_nothing_is_running(tmp_path):
    postern("init", "--state", tmp_path / "s")
    for words in (["status"], ["key", "list"], ["reload"], ["key", "create", "--owner", "User/a"]):
        out = postern(*words, "--state", tmp_path / "s")
        assert out.returncode != 0 and "postern up" in out.stderr, (words, out.stderr)


CONFIGS = [
    ("upstreamz: {}", "postern.yaml:1:", "upstreams"),
    ("listen: 0.0.0.0:80\nupstreams: {a: {url: 'https://x.example'}}\nmodels: {m: a}", ":1:", "loopback"),
    ("upstreams: {a: {url: 'ftp://x.example'}}\nmodels: {m: a}", ":1:", "https"),
    ("upstreams:\n  a: {url: 'https://x.example/v1'}\nmodels: {m: b}", ":3:", "upstream"),
    ("upstreams:\n  a: {url: 'https://x.example/v1', key: sk-secret}\nmodels: {m: a}", ":2:", "env"),
    ("upstreams:\n  a: {url: 'https://x.example/v1'}\nmodels: {m: a}\nlimits: {body_bytes: 1TiB}", ":4:", "body_bytes"),
    ("upstreams:\n  a: &x {url: 'https://x.example/v1'}\nmodels: {m: a}", ":2:", "anchor"),
    ("upstreams:\n  a: {url: 'https://x.example/v1'}\n  a: {url: 'https://y.example/v1'}\nmodels: {m: a}", ":3:", "a"),
    ("upstreams:\n  a: {url: 'https://x.example/v1'\nmodels: {m: a}", "postern.yaml:", ""),
    ("upstreams:\n  a: {url: 'https://user:pw@x.example/v1'}\nmodels: {m: a}", ":2:", ""),
]


@pytest.mark.parametrize("text,place,word", CONFIGS)
def test_check_names_the_place_and_the_fix(tmp_path, text, place, word):
    state = tmp_path / "s"
    postern("init", "--state", state)
    (state / "postern.yaml").write_text(text + "\n")
    out = postern("check", "--state", state)
    assert out.returncode == 1 and place in out.stderr and word in out.stderr, out.stderr
    assert "sk-secret" not in out.stderr
    out = postern("check", "--state", state, "--json")
    assert out.returncode == 1 and at(out, place)


def test_check_of_something_good(tmp_path):
    state = tmp_path / "s"
    postern("init", "--state", state, "--demo")
    assert postern("check", "--state", state).returncode == 0
    assert json.loads(postern("check", "--state", state, "--json").stdout) is not None


def test_policy_commands(tmp_path):
    shown = postern("policy", "show")
    assert shown.returncode == 0 and "permit" in shown.stdout and "namespace Postern" in shown.stdout
    good = tmp_path / "good.cedar"
    good.write_text(support.POLICY)
    assert postern("policy", "check", good).returncode == 0
    assert json.loads(postern("policy", "check", good, "--json").stdout) is not None
    bad = tmp_path / "bad.cedar"
    for text, place, word in [
            ("permit (principal, action, resource)\n", "bad.cedar:2:", ""),
            ("\npermit (principal, action == Postern::Action::\"caht\", resource);", "bad.cedar:2:", "caht"),
            ("@id(\"x\")\npermit (principal, action == Postern::Action::\"chat\", resource)\n"
             "when { context.streem };", "bad.cedar:3:", "streem"),
            ("@obey(\"x\") permit (principal, action, resource);", "bad.cedar:1:", "obey")]:
        bad.write_text(text)
        out = postern("policy", "check", bad)
        assert out.returncode == 1 and place in out.stderr and word in out.stderr, (text, out.stderr)
        out = postern("policy", "check", bad, "--json")
        assert at(out, place)


def test_status(gw):
    status = house.wait_for(lambda: (lambda s: s if len(s["roles"]) > 9 else None)(gw.status()), 5, 0.2)
    roles = {(r["role"], r["index"]) for r in status["roles"]}
    assert {("warden", 0), ("audit", 0), ("dial", 0), ("keys", 0), ("control", 0), ("front", 0),
            ("front", 1), ("front", 2), ("egress", 0), ("egress", 1)} <= roles
    assert all(r["up"] and r["seccomp"] for r in status["roles"])
    assert "warden" in gw.run("status").stdout


def test_health(gw, tmp_path):
    assert gw.run("health").stdout == "alive\n"
    assert json.loads(gw.run("health", "--ready", "--json").stdout)["healthy"] is True
    (tmp_path / "empty").mkdir()
    nobody = postern("health", "--state", str(tmp_path / "empty"))
    assert nobody.returncode == 1 and "no gateway is running" in nobody.stderr


def test_key_commands(gw):
    out = json.loads(gw.run("key", "create", "--owner", "User/ann", "--group", "demo", "--group", "x",
                            "--label", "ann's laptop", "--expires", "30d", "--json").stdout)
    key = out["key"]
    kid = key.split("_")[1]
    rows = json.loads(gw.run("key", "list", "--json").stdout)
    rows = rows if isinstance(rows, list) else rows.get("keys", rows)
    row = next(r for r in rows if r["id"] == kid)
    assert "ann" in row["owner"] and row["groups"] == ["demo", "x"] and row["label"] == "ann's laptop"
    assert "hash" not in row and key not in json.dumps(rows)
    assert kid in gw.run("key", "list").stdout
    for words, word in [(["create"], "--owner"), (["create", "--owner", "ann"], "User/alice"),
                        (["create", "--owner", "EndUser/ann"], "owner"),
                        (["create", "--owner", "User/a", "--expires", "soon"], "--expires"),
                        (["revoke"], "id"), (["revoke", key], "id"), (["revoke", "aaaaaaaaaaaa"], ""),
                        (["rotate", "aaaaaaaaaaaa"], "")]:
        out = gw.run("key", *words, check=False)
        assert out.returncode != 0 and word in out.stderr, (words, out.stderr)
        assert key.split("_", 2)[2] not in out.stderr, "a secret is not repeated"
        out = gw.run("key", *words, "--json", check=False)
        assert out.returncode != 0 and json.loads(out.stdout or out.stderr)["error"]
    assert gw.run("key", "revoke", kid).returncode == 0
    assert gw.request("GET", "/v1/models", key=key).status == 401


def test_audit_commands(gw):
    answer = gw.chat(support.ask("hi", "restricted"))
    gw.wait_record(request=answer.request_id)
    rows = gw.run("audit", "query", "--request", answer.request_id, "--json").stdout
    rows = [json.loads(line) for line in rows.splitlines()]
    assert [r["reason"] for r in rows] == ["policy_denied"]
    assert answer.request_id in gw.run("audit", "query", "--request", answer.request_id).stdout
    assert len(gw.run("audit", "tail", "-n", "3", "--json").stdout.splitlines()) == 3
    denied = gw.run("audit", "query", "--decision", "deny", "--model", "restricted", "--since", "10m",
                    "--json").stdout.splitlines()
    assert denied and all(json.loads(r)["resource_id"] == "restricted" for r in denied)
    house.wait_for(lambda: gw.records(kind="checkpoint"))
    point = gw.run("audit", "checkpoint").stdout
    assert point.startswith("postern/")
    kept = gw.folder / "checkpoint.txt"
    kept.write_text(point)
    key = gw.state / "audit" / "log.pub"
    assert gw.verify("--key", str(key), "--checkpoint", str(kept))
    verdict = json.loads(gw.run("audit", "verify", "--json").stdout)
    assert verdict
    for words in (["query", "--decision", "perhaps"], ["query", "--since", "yesterday"], ["tail", "-n", "x"],
                  ["frob"], []):
        assert gw.run("audit", *words, check=False).returncode == 2, words


def test_audit_follow(gw):
    p = subprocess.Popen([str(house.POSTERN), "audit", "tail", "-n", "1", "--follow", "--json", "--state",
                          str(gw.state)], stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(0.4)
        answer = gw.chat(support.ask("hi"))
        found = house.wait_for(lambda: answer.request_id in p.stdout.readline(), 5)
        assert found
    finally:
        p.kill()
        p.wait()
        p.stdout.close()


def test_a_changed_log_is_noticed(tmp_path):
    state = tmp_path / "state"
    with support.gateway(tmp_path, {"a": "{url: 'http://127.0.0.1:9/v1', allow_private: true}"},
                         {"a": "a"}, fronts=1) as gw:
        for _ in range(3):
            gw.chat(support.ask("hi", "a"))
        gw.wait_record(kind="checkpoint")
        time.sleep(1.2)
        gw.stop()
        assert gw.verify()
        path = next((state / "audit").glob("seg-*.log"))
        data = path.read_bytes()
        at = data.index(b'"resource_id":"a"')
        path.write_bytes(data[:at + 15] + b"b" + data[at + 16:])
        out = postern("audit", "verify", "--state", state)
        assert out.returncode == 1 and "seg-00000001" in out.stdout + out.stderr


def test_taken_ports(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port, other = s.getsockname()[1], house.free_ports(1)[0]
        postern("init", "--state", tmp_path / "s", "--demo")
        for words in (["--port", port, "--admin-port", other], ["--port", other, "--admin-port", port]):
            out = postern("up", "--state", tmp_path / "s", *words)
            assert out.returncode != 0 and str(port) in out.stderr and "taken" in out.stderr, out.stderr


def test_demo_model_alone():
    model = support.DemoModel("--tokens", "3", key=None)
    try:
        assert json.loads(subprocess.run(["curl", "-s", f"{model.url}/models"], capture_output=True)
                          .stdout)["object"] == "list"
    finally:
        model.close()
