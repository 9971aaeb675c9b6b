"""Where the secrets are, and where they are not: in the memory of every role under load, in the state,
the logs, the metrics, the answers and the evidence.

A core dump of a role holds what its memory holds; no role can be made to write one (tested below), so
the memory itself is read, as root may. That the search can find something is shown by the one role
that must hold each secret.
"""
import base64
import json
import os
import pathlib
import re
import resource
import signal
import time

import pytest

import house
from house import wait_for
from test_death import Load

CREDENTIAL = "upstream-credential-Zq7pX2vN9kLmB4tR"
EMAIL = "ada.lovelace@analytical-engines.org"


def forms(secret):
    """A secret as it is, as a number's limbs lie in memory, and as it may be written down."""
    return {secret, secret[::-1], secret.hex().encode(), secret.hex().upper().encode(),
            base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"=")}


def der_secrets(der):
    """The private parts of a key in DER, by size alone: an elliptic curve's octet string, RSA's
    integers behind the modulus."""
    short = re.search(rb"\x04\x20(.{32})", der, re.DOTALL)
    if short and len(der) < 400:
        return [short.group(1)]
    found, at = [], 0
    for match in re.finditer(rb"\x02(?:\x81(.)|\x82(..))", der, re.DOTALL):
        size = int.from_bytes(match.group(1) or match.group(2), "big")
        if match.start() >= at and 60 < size < 1100:
            at = match.end() + size
            found.append(der[match.end():at].lstrip(b"\0"))
    return found[1:]


def pem_secrets(folder):
    """{file: secrets} of all private keys below a folder."""
    keys = {}
    for path in pathlib.Path(folder).rglob("*"):
        text = path.read_bytes() if path.is_file() and path.stat().st_size < 65536 else b""
        for body in re.findall(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)-----END", text, re.DOTALL):
            keys.setdefault(path, []).extend(der_secrets(base64.b64decode(body)))
    return keys


def memory(pid):
    """What a process has mapped and can read, piece by piece."""
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, flags = line.split()[:2]
            start, end = (int(x, 16) for x in span.split("-"))
            if "r" not in flags or end - start > 1 << 30 or line.endswith(("[vvar]", "[vsyscall]")):
                continue  # a sanitizer's shadow is terabytes, and holds none of the program's bytes
            for at in range(start, end, 1 << 24):
                try:
                    mem.seek(at)
                    yield mem.read(min(end - at, (1 << 24) + 256))
                except (OSError, ValueError, OverflowError):
                    continue


def held(pid, needles):
    """The names of the secrets found in a process."""
    found = set()
    for piece in memory(pid):
        found |= {name for name, secrets in needles.items() if any(s in piece for s in secrets)}
    return found


@pytest.fixture
def loaded(tmp_path):
    """A gateway with clients, streams under way, and values that are masked."""
    with house.Upstream(pace=0.002, words=20) as upstream, \
            house.Gateway(tmp_path, upstream, env={"UP_KEY": CREDENTIAL}, start=False) as gw:
        path = gw.state / "postern.yaml"
        path.write_text(path.read_text().replace("allow_private: true",
                                                 "allow_private: true, key: {env: UP_KEY}"))
        gw.start()
        whole, streams = Load(gw, 2), Load(gw, 2, stream=True)
        for _ in range(3):
            assert gw.chat({"messages": [{"role": "user", "content": f"write to {EMAIL}"}]}).status == 200
        time.sleep(0.5)
        yield gw, upstream, (whole, streams)
        for load in (whole, streams):
            if not load.stopped:
                load.stop()


def secrets_of(gw):
    keys = gw.state / "keys"
    needles = {"provider credential": {CREDENTIAL.encode()},
               "log key": forms((keys / "log.seed").read_bytes()),
               "data key": forms((keys / "data.key").read_bytes())}
    for path, parts in pem_secrets(gw.state).items():
        if "ca" not in path.name:  # an authority's key is for the operator, and no role has it
            needles[f"TLS key {path.name}"] = set().union(*(forms(p) for p in parts))
    return needles


def test_only_its_holder_has_a_secret(loaded):
    gw, _, _ = loaded
    needles = secrets_of(gw)
    holders = {name: "keys" for name in needles} | {"provider credential": "egress"}
    proven = set()
    for (role, index), pid in gw.pids().items():
        found = held(pid, needles)
        for name in found:
            assert role == holders[name], f"{role}/{index} holds the {name}"
            proven.add(name)
    # the search finds what is there: else it would prove nothing
    assert {"provider credential", "log key"} <= proven, proven


def test_no_secret_is_written_anywhere(loaded):
    """State, logs, metrics, answers, evidence; the keys' own files excepted."""
    gw, upstream, loads = loaded
    answers = [gw.chat(key=None), gw.chat(b"{"), gw.chat({"model": "nobody"}),
               gw.request("GET", "/v1/models"), gw.request("GET", "/metrics", admin=True),
               gw.request("GET", "/admin/v1/status", admin=True),
               gw.request("GET", "/admin/v1/keys", admin=True)]
    upstream.close()
    answers += [gw.chat() for _ in range(2)]
    for load in loads:
        answers += [r for _, _, r in load.stop() if isinstance(r, house.Answer)]
    status = gw.run("status", "--json").stdout + gw.run("audit", "query", "--limit", "1000").stdout
    needles = secrets_of(gw) | {"API key": {gw.key.encode()}, "admin key": {gw.admin_key.encode()}}
    texts = {"status": status.encode(), "stdout": gw.stdout_path.read_bytes(),
             "stderr": gw.stderr_path.read_bytes(),
             "answers": b"\n".join(repr(a.headers).encode() + a.body for a in answers),
             "records": json.dumps(gw.records()).encode()}
    own = set(pem_secrets(gw.state)) | {gw.state / "keys" / n for n in ("log.seed", "data.key")}
    for path in gw.state.rglob("*"):
        if path.is_file() and path not in own:
            texts[str(path)] = path.read_bytes()
    for where, text in texts.items():
        for name, secrets in needles.items():
            if (name, where) == ("API key", "stdout") or (name, where) == ("admin key", "stdout"):
                continue  # shown once, when the state is made
            assert not any(s in text for s in secrets), f"{where} holds the {name}"
    # what a client wrote is not in the evidence either, nor in any other file
    for where, text in texts.items():
        assert EMAIL.encode() not in text, f"{where} holds what was masked"
    assert len(answers) > 20 and len(texts) > 8


@pytest.mark.parametrize("role", ["front", "egress", "keys", "warden"])
def test_no_role_leaves_a_core(tmp_path, upstream, role):
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        with house.Gateway(tmp_path, upstream) as gw:
            assert gw.chat().status == 200
            index = 1 if role == "front" else 0
            pid = gw.pids()[(role, index)]
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            assert re.search(r"Max core file size +0 +0 ", limits), limits
            # not dumpable: its files in /proc are root's, whoever it runs as
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0
            os.kill(pid, signal.SIGABRT)
            assert wait_for(lambda: gw.pids().get((role, index)) not in (None, pid), 10)
            death = gw.wait_record(event="role_death", role=role)
            assert death and "core" not in death["detail"], death
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
