"""TLS towards clients, whose private keys are in another process: what clients see of it, and what
happens to them when that process stops, dies, or gets another certificate."""
import concurrent.futures
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import warnings

import openai
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import house
import support
import test_tls
from test_openai_node import HERE, MODULES

warnings.simplefilter("ignore", DeprecationWarning)


class Authority(test_tls.Authority):
    """Certificates and keys in files of their own."""

    def pair(self, name, **more):
        text = self.issue(name, hosts=("localhost", "127.0.0.1"), **more).read_text()
        at = text.index("-----BEGIN CERTIFICATE-----")
        cert, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        cert.write_text(text[at:])
        key.write_text(text[:at])
        key.chmod(0o600)
        return cert, key

    def rsa_pair(self, name):
        key = rsa.generate_private_key(65537, 2048)
        kept, test_tls.ec.generate_private_key = test_tls.ec.generate_private_key, lambda _: key
        try:
            return self.pair(name)
        finally:
            test_tls.ec.generate_private_key = kept


class Gateway(support.Gateway):
    may_die = ("keys",)


@pytest.fixture(scope="module")
def gw(tmp_path_factory, demo, recorder):
    folder = tmp_path_factory.mktemp("tls")
    authority, clients = Authority(folder), Authority(folder, "client ca")
    upstreams = {"demo": f"{{url: '{demo.url}', allow_private: true, key: {{env: E2E_PROVIDER_KEY}}}}",
                 "rec": f"{{url: '{recorder.url}', allow_private: true}}"}
    gateway = Gateway(folder, config=support.config(upstreams, {
        "demo": "demo", "restricted": "{upstream: demo, model: demo}", "rec": "rec"},
        limits={"handshake_ms": "4s"}), env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY}, start=False)
    gateway.authority, gateway.clients = authority, clients
    gateway.ec, gateway.rsa, gateway.mutual, gateway.admin_tls = house.free_ports(4)
    gateway.cert, gateway.key_file = authority.pair("ec")
    rows = {gateway.ec: ("ec", gateway.cert, gateway.key_file, ""),
            gateway.rsa: ("rsa", *authority.rsa_pair("rsa"), ""),
            gateway.mutual: ("mutual", *authority.pair("mutual"),
                             f", clients: {clients.path}, client_certificates: required")}
    text = (gateway.state / "postern.yaml").read_text()
    text = text.replace("listen: 127.0.0.1:8080", "listen:\n  - 127.0.0.1:8080" + "".join(
        f"\n  - {{address: '127.0.0.1:{port}', certificate: {cert}, key: {key}{more}}}"
        for port, (_, cert, key, more) in rows.items()))
    (gateway.state / "postern.yaml").write_text(text)
    where = gateway.state / "policies"
    where.mkdir(exist_ok=True)
    (where / "test.cedar").write_text(support.POLICY)
    gateway.start()
    with gateway:
        yield gateway
        assert gateway.verify()


def context(gw, **more):
    c = ssl.create_default_context(cafile=str(gw.authority.path))
    for name, value in more.items():
        setattr(c, name, value)
    return c


def connect(gw, port=None, c=None, timeout=10, **more):
    raw = socket.create_connection(("127.0.0.1", port or gw.ec), timeout=timeout)
    try:
        return (c or context(gw)).wrap_socket(raw, server_hostname="localhost", **more)
    except BaseException:
        raw.close()
        raise


def ask(s, gw, text="hi", close=True):
    body = json.dumps(support.ask(text)).encode()
    s.sendall(support.head_of(gw, body, extra=("Connection: close",) if close else ()) + body)
    reply = b""
    while data := s.recv(65536):
        reply += data
    return int(reply.split(b" ")[1]), reply


def works(gw, port=None, c=None):
    with connect(gw, port, c) as s:
        return ask(s, gw)[0] == 200


def s_client(gw, *words, port=None, send=b""):
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port or gw.ec}",
                           "-CAfile", str(gw.authority.path), *words], input=send,
                          capture_output=True, timeout=20)


# --- clients ----------------------------------------------------------------------------------------


def test_python_sdk(gw, recorder, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(gw.authority.path))
    for port in (gw.ec, gw.rsa):
        client = openai.OpenAI(base_url=f"https://127.0.0.1:{port}/v1", api_key=gw.key, max_retries=0)
        messages = [{"role": "user", "content": "hello"}]
        whole = client.chat.completions.create(model="demo", messages=messages)
        assert whole.choices[0].message.content.startswith("This is the demo model.")
        parts = client.chat.completions.create(model="demo", messages=messages, stream=True)
        text = "".join(p.choices[0].delta.content or "" for p in parts if p.choices)
        assert text == whole.choices[0].message.content
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="sk-nobody").models.list()
        client.close()


def test_node_sdk(gw, recorder, tmp_path):
    if shutil.which("node") is None or not (MODULES / "openai").exists():
        support.missing("the openai package for node (npm ci in tests/e2e/node)")
    shutil.copy(HERE / "client.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    recorder.pace, recorder.words = 0.02, 500
    try:
        out = subprocess.run(["node", "client.mjs"], cwd=tmp_path, capture_output=True, text=True,
                             timeout=60, env={**os.environ, "POSTERN_KEY": gw.key,
                                              "POSTERN_URL": f"https://127.0.0.1:{gw.ec}",
                                              "NODE_EXTRA_CA_CERTS": str(gw.authority.path)})
    finally:
        recorder.pace, recorder.words = 0, 4
    assert out.returncode == 0, out.stderr
    results = json.loads(out.stdout)
    assert results["answer"]["text"] == results["stream"]["text"]
    assert results["answer"]["text"].startswith("This is the demo model.")


def test_large_bodies_both_ways(gw, demo):
    """More than one record, more than one read, and back-pressure between them."""
    text = "word " * 300_000
    with connect(gw) as s:
        status, _ = ask(s, gw, text)
        assert status in (200, 413) or status == 400
    with connect(gw) as s:
        status, reply = ask(s, gw, "word " * 100_000)
        assert status == 200, reply[:300]


def test_kept_alive_and_pipelined_bytes(gw):
    body = json.dumps(support.ask("hi")).encode()
    request = support.head_of(gw, body) + body
    with connect(gw) as s:
        for cut in (1, 5, len(request) - 1):  # each part a record of its own
            s.sendall(request[:cut])
            s.sendall(request[cut:])
        s.sendall(support.head_of(gw, body, extra=("Connection: close",)) + body)
        reply = b""
        while data := s.recv(65536):
            reply += data
        assert reply.count(b"HTTP/1.1 200") == 4
        s.unwrap()  # close_notify came, so the answer is whole


# --- the protocol -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words,good", [
    (["-tls1_3"], b"TLSv1.3"), (["-tls1_2"], b"TLSv1.2"),
    (["-tls1_3", "-groups", "P-384"], b"TLSv1.3"),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], b"CHACHA20"),
    (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], None), (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], None),
    (["-tls1_2", "-cipher", "AES128-SHA:ECDHE-ECDSA-AES128-SHA"], None),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], None), (["-alpn", "spdy/3,h3"], None)])
def test_versions_and_suites(gw, words, good):
    out = s_client(gw, "-verify_return_error", *words)
    if good is None:
        assert b"Cipher is (NONE)" in out.stdout or b"alert" in out.stderr
    else:
        assert out.returncode == 0 and good in out.stdout, out.stdout
        assert b"Verify return code: 0" in out.stdout


def test_alpn(gw):
    for offer, chosen in ((["http/1.1"], "http/1.1"), (["x", "http/1.1"], "http/1.1"), ([], None)):
        c = context(gw)
        c.set_alpn_protocols(offer) if offer else None
        with connect(gw, c=c) as s:
            assert s.selected_alpn_protocol() == chosen
            assert ask(s, gw)[0] == 200
    c = context(gw)
    c.set_alpn_protocols(["smtp"])
    with pytest.raises(ssl.SSLError, match="(?i)no_application_protocol|no application protocol"):
        connect(gw, c=c)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed_by_every_front(gw, version):
    c = context(gw, minimum_version=version, maximum_version=version)
    with connect(gw, c=c) as s:
        assert not s.session_reused and ask(s, gw)[0] == 200
        session = s.session
    for _ in range(6):  # two fronts accept from one socket
        with connect(gw, c=c, session=session) as s:
            assert s.session_reused and ask(s, gw)[0] == 200
    with connect(gw, port=gw.rsa, c=c, session=session) as s:
        assert not s.session_reused  # another key's session


def test_client_certificates(gw):
    def shows(pair):
        c = context(gw)
        c.load_cert_chain(*map(str, pair)) if pair else None
        return c
    c = shows(gw.clients.pair("app"))
    with connect(gw, gw.mutual, c) as s:
        assert ask(s, gw)[0] == 200
        session = s.session
    with connect(gw, gw.mutual, c, session=session) as s:  # verified anew in each handshake
        assert not s.session_reused and ask(s, gw)[0] == 200
    old = {"until": -test_tls.DAY, "since": -2 * test_tls.DAY}
    for bad in (None, gw.authority.pair("foreign"), gw.clients.pair("old", **old)):
        with pytest.raises((ssl.SSLError, ConnectionError, IndexError)):
            with connect(gw, gw.mutual, shows(bad)) as s:
                ask(s, gw)  # a TLS 1.3 client hears of it with its first read
                raise AssertionError("served")


def test_plain_text_gets_an_alert(gw):
    for bytes_ in (b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                   b"\x00" * 100):
        with socket.create_connection(("127.0.0.1", gw.ec), timeout=10) as s:
            s.sendall(bytes_)
            reply = b""
            try:
                while data := s.recv(1000):
                    reply += data
            except ConnectionResetError:
                pass
            assert len(reply) <= 7 and reply[:1] in (b"", b"\x15"), reply
    assert works(gw)


def test_a_silent_client_is_sent_away(gw):
    with socket.create_connection(("127.0.0.1", gw.ec), timeout=30) as s:
        s.sendall(b"\x16\x03\x01")
        assert s.recv(100) == b""  # its handshake has handshake_ms


# --- keys ---------------------------------------------------------------------------------------------


class Stream:
    """An answer that comes word by word."""

    def __init__(self, gw, recorder, words=150):
        recorder.words, recorder.pace = words, 0.02
        self.s = connect(gw, timeout=30)
        body = json.dumps(support.ask("hi", model="rec", stream=True)).encode()
        self.s.sendall(support.head_of(gw, body, extra=("Connection: close",)) + body)
        self.text = self.s.recv(1)

    def rest(self):
        while data := self.s.recv(65536):
            self.text += data
        self.s.close()
        return self.text


def try_handshake(gw):
    try:
        with connect(gw, timeout=15) as s:
            return ask(s, gw)[0] == 200
    except (OSError, IndexError):
        return False


def test_keys_killed_amid_handshakes(gw, recorder):
    stream = Stream(gw, recorder)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(try_handshake, gw) for _ in range(24)]
        os.kill(gw.pids()[("keys", 0)], signal.SIGKILL)
        waiting += [pool.submit(try_handshake, gw) for _ in range(24)]
        done, late = concurrent.futures.wait(waiting, timeout=60)
    assert not late  # served or refused, and no one left hanging
    assert house.wait_for(lambda: try_handshake(gw), 20, 0.2)
    recorder.pace, recorder.words = 0, 4
    assert b"[DONE]" in stream.rest()


def test_keys_stopped_amid_handshakes(gw, recorder):
    stream = Stream(gw, recorder, words=300)
    pid = gw.pids()[("keys", 0)]
    os.kill(pid, signal.SIGSTOP)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(try_handshake, gw) for _ in range(8)]
        with connect_plain(gw) as s:  # nobody else waits with them
            assert ask(s, gw)[0] == 200
        done, late = concurrent.futures.wait(waiting, timeout=60)
    assert not late
    assert house.wait_for(lambda: try_handshake(gw), 30, 0.2)  # killed for its silence, and back
    recorder.pace, recorder.words = 0, 4
    assert b"[DONE]" in stream.rest()


def connect_plain(gw):
    return socket.create_connection(("127.0.0.1", gw.port), timeout=20)


def serial_at(gw):
    with connect(gw) as s:
        return s.getpeercert()["serialNumber"]


def test_another_certificate_while_a_stream_runs(gw, recorder):
    before = serial_at(gw)
    stream = Stream(gw, recorder)
    cert, key = gw.authority.pair("fresh")
    shutil.copy(cert, gw.cert)
    shutil.copy(key, gw.key_file)
    gw.reload()
    assert house.wait_for(lambda: serial_at(gw) != before, 10, 0.1)
    assert works(gw) and works(gw, gw.rsa)
    recorder.pace, recorder.words = 0, 4
    assert b"[DONE]" in stream.rest()


def test_failures_are_counted_and_told_once_a_second(gw):
    lines = [line for line in gw.stderr.splitlines() if "TLS handshakes failed" in line]
    assert lines and all("the last one of 127.0.0.1" in line for line in lines)
    assert len(lines) < 60
