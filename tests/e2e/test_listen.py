"""Where clients come: several listeners, their certificates and keys, and what a reload does to them."""
import datetime
import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.parse

import pytest

import house
import support
from test_tls import Authority

DAY = datetime.timedelta(days=1)


def pair(authority, name, **more):
    """A certificate and its key in files of their own."""
    text = authority.issue(name, hosts=("localhost", "127.0.0.1"), **more).read_text()
    at = text.index("-----BEGIN CERTIFICATE-----")
    cert, key = authority.folder / f"{name}.crt", authority.folder / f"{name}.key"
    cert.write_text(text[at:])
    key.write_text(text[:at])
    key.chmod(0o600)
    return cert, key


def tls(port, cert, key, more=""):
    return f"{{address: '127.0.0.1:{port}', certificate: {cert}, key: {key}{more}}}"


@pytest.fixture
def gw(tmp_path, demo, recorder):
    upstreams = {"demo": f"{{url: '{demo.url}', allow_private: true, key: {{env: E2E_PROVIDER_KEY}}}}",
                 "rec": f"{{url: '{recorder.url}', allow_private: true}}"}
    with support.gateway(tmp_path, upstreams, {"demo": "demo", "rec": "rec"},
                         env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY}) as gateway:
        gateway.plain = (gateway.state / "postern.yaml").read_text()
        gateway.authority = Authority(tmp_path)
        yield gateway
        assert gateway.verify()


def listen(gw, *rows):
    rows = "".join(f"\n  - {row}" for row in (f"127.0.0.1:{gw.port}", *rows))
    text = gw.plain.replace("listen: 127.0.0.1:8080", f"listen:{rows}")
    (gw.state / "postern.yaml").write_text(text)
    return text


def opens(port):
    with socket.socket() as s:
        s.settimeout(5)
        return s.connect_ex(("127.0.0.1", port)) == 0


def status_at(port, gw):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        body = json.dumps(support.ask("hi")).encode()
        s.sendall(support.head_of(gw, body, extra=("Connection: close",)) + body)
        reply = b""
        while data := s.recv(65536):
            reply += data
    return int(reply.split(b" ")[1]) if reply else 0


def refused(gw, what):
    out = gw.run("reload", check=False)
    assert out.returncode != 0 and what in out.stderr, out.stderr
    assert status_at(gw.port, gw) == 200


def test_a_reload_adds_and_removes(gw, recorder):
    one, two = house.free_ports(2)
    listen(gw, f"127.0.0.1:{one}", f"{{address: '127.0.0.1:{two}'}}")
    assert not opens(one) and not opens(two)
    gw.reload()
    for port in (one, two, gw.port):
        assert house.wait_for(lambda p=port: opens(p) and status_at(p, gw) == 200, 5, 0.1), port
    recorder.words, recorder.pace = 60, 0.02
    try:
        with socket.create_connection(("127.0.0.1", two), timeout=20) as s:
            body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
            s.sendall(support.head_of(gw, body) + body)
            first = s.recv(65536)
            assert first.startswith(b"HTTP/1.1 200")
            listen(gw)
            gw.reload()
            assert house.wait_for(lambda: not opens(one) and not opens(two), 5, 0.1)
            while b"[DONE]" not in first:  # who is in stays
                data = s.recv(65536)
                assert data, first[-300:]
                first += data
    finally:
        recorder.words, recorder.pace = 4, 0
    assert status_at(gw.port, gw) == 200
    listen(gw, f"127.0.0.1:{one}")  # and back again
    gw.reload()
    assert house.wait_for(lambda: opens(one) and status_at(one, gw) == 200, 5, 0.1)


def test_a_taken_port_changes_nothing(gw):
    free, = house.free_ports(1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        listen(gw, f"127.0.0.1:{free}", f"127.0.0.1:{other.getsockname()[1]}")
        refused(gw, "is taken by another program")
        assert not opens(free), "whole or not at all"
    gw.reload()
    assert house.wait_for(lambda: opens(free), 5, 0.1)


def test_the_key_fits_or_nothing_changes(gw, tmp_path):
    port, = house.free_ports(1)
    cert, key = pair(gw.authority, "one")
    _, other = pair(gw.authority, "two")
    listen(gw, tls(port, cert, other))
    line = (gw.state / "postern.yaml").read_text().split("\n").index(
        f"  - {tls(port, cert, other)}") + 1
    refused(gw, f"postern.yaml:{line}:")
    refused(gw, "not the key")
    assert not opens(port)
    check = gw.run("check", check=False)
    assert check.returncode != 0 and f"postern.yaml:{line}:" in check.stderr, check.stderr
    assert "is not the key of the certificate" in check.stderr
    for text, what in ((b"", "not a file with a private key"), (b"hello\n", "no private key"),
                       (b"x" * 20000, "not a file with a private key")):
        other.write_bytes(text)
        refused(gw, what)
    other.unlink()
    refused(gw, "No such file")
    other.mkdir()
    refused(gw, "not a file with a private key")
    listen(gw, tls(port, cert, key))
    assert "is valid" in gw.run("check").stdout
    gw.reload()
    assert house.wait_for(lambda: opens(port), 5, 0.1)
    assert gw.process.poll() is None and gw.status()
    # keys comes back with the same keys
    pid = gw.pids()["keys", 0]
    gw.may_die = ("keys",)
    os.kill(pid, signal.SIGKILL)
    assert house.wait_for(lambda: gw.pids().get(("keys", 0), pid) not in (0, pid), 10, 0.1)
    gw.reload()
    assert "not the key" not in gw.stderr.rsplit("keys/0 ended", 1)[1]


def test_never_plain_text_where_tls_is_meant(gw):
    port, = house.free_ports(1)
    listen(gw, tls(port, *pair(gw.authority, "one")))
    gw.reload()
    assert house.wait_for(lambda: opens(port), 5, 0.1)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        try:
            s.sendall(support.head_of(gw, method="GET", path="/v1/models"))
            got = s.recv(4096)
        except ConnectionError:
            got = b""
    assert not got.startswith(b"HTTP/1.1 2"), got


@pytest.mark.parametrize("case", ["missing", "not pem", "key inside", "weak", "not authority"])
def test_told_with_its_place(gw, case):
    port, = house.free_ports(1)
    cert, key = pair(gw.authority, "one")
    more = ""
    if case == "missing":
        cert.unlink()
        what, column = "No such file", "certificate: "
    elif case == "not pem":
        cert.write_text("hello")
        what, column = "not PEM", "certificate: "
    elif case == "key inside":
        cert.write_text(cert.read_text() + key.read_text())
        what, column = "holds a private key", "certificate: "
    elif case == "weak":
        cert.write_text(cert.read_text() * 11)
        what, column = "more than 10", "certificate: "
    else:
        more, what, column = f", clients: {cert}", "not an authority", "clients: "
    row = f"  - {tls(port, cert, key, more)}"
    text = listen(gw, tls(port, cert, key, more))
    place = f"{text.split(chr(10)).index(row) + 1}:{row.index(column) + len(column) + 1}:"
    for words in (("check",), ("reload",)):
        out = gw.run(*words, check=False)
        assert out.returncode != 0 and what in out.stderr and place in out.stderr, out.stderr
        assert "PRIVATE KEY" not in out.stderr
    gw.stop()
    gw.port, _ = house.free_ports(2)
    gw.start(wait=False)
    assert gw.process.wait(20) != 0 and what in gw.stderr and place in gw.stderr


def test_warned_and_started(gw):
    """An expired certificate and an open key are the operator's trouble, not a reason to be down."""
    port, = house.free_ports(1)
    cert, key = pair(gw.authority, "old", until=-DAY, since=-3 * DAY)
    key.chmod(0o644)
    listen(gw, tls(port, cert, key))
    out = gw.run("check")
    assert "has expired" in out.stderr and "every user of this machine" in out.stderr, out.stderr
    gw.reload()
    assert "has expired" in gw.stderr and "every user of this machine" in gw.stderr
    assert house.wait_for(lambda: opens(port), 5, 0.1)


def test_plain_http_stays_at_home(gw):
    path = gw.state / "postern.yaml"
    path.write_text(gw.plain.replace("listen: 127.0.0.1:8080", "listen: 0.0.0.0:8080"))
    refused(gw, "postern.yaml:1:9: plain HTTP is served on loopback only")


def tls_to(port, authority, timeout=20):
    context = ssl.create_default_context(cafile=str(authority))
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=timeout),
                               server_hostname="localhost")


def test_a_certificate_is_swapped(gw, recorder):
    """New connections see the new certificate; a stream of before goes on under the old one."""
    port, = house.free_ports(1)
    cert, key = pair(gw.authority, "one")
    listen(gw, tls(port, cert, key))
    gw.reload()
    assert house.wait_for(lambda: opens(port), 5, 0.1)
    recorder.words, recorder.pace = 60, 0.02
    try:
        with tls_to(port, gw.authority.path) as s:
            before = s.getpeercert(binary_form=True)
            body = json.dumps(support.ask("hi", "rec", stream=True)).encode()
            s.sendall(support.head_of(gw, body) + body)
            got = s.recv(65536)
            assert got.startswith(b"HTTP/1.1 200")
            other_cert, other_key = pair(gw.authority, "two")
            cert.write_text(other_cert.read_text())  # in place, as renewals do it
            key.write_text(other_key.read_text())
            with tls_to(port, gw.authority.path) as same:
                assert same.getpeercert(binary_form=True) == before, "not before it is asked for"
            gw.reload()

            def now():
                with tls_to(port, gw.authority.path) as fresh:
                    return fresh.getpeercert(binary_form=True)
            assert house.wait_for(lambda: now() != before, 5, 0.1)
            while b"[DONE]" not in got:
                data = s.recv(65536)
                assert data, got[-300:]
                got += data
    finally:
        recorder.words, recorder.pace = 4, 0


def test_the_demo_speaks_tls(tmp_path):
    """What `up --demo` prints works as it is printed, and its certificate is kept."""
    seen = []
    for _ in range(2):
        port, admin = house.free_ports(2)
        process = subprocess.Popen(
            [str(house.POSTERN), "up", "--demo", "--state", str(tmp_path / "s"), "--port", str(port),
             "--admin-port", str(admin)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        try:
            exports = {}
            for line in process.stdout:
                name, _, value = line.removeprefix("export ").strip().partition("=")
                exports[name] = value
                if line.startswith("# an answer"):
                    break
            where = urllib.parse.urlsplit(exports["POSTERN_TLS_URL"])
            assert where.scheme == "https" and where.hostname == "127.0.0.1"
            context = ssl.create_default_context(cafile=exports["POSTERN_CA"])
            context.set_alpn_protocols(["http/1.1"])
            for name in ("localhost", "127.0.0.1"):
                with context.wrap_socket(socket.create_connection(("127.0.0.1", where.port), 20),
                                         server_hostname=name) as s:
                    seen.append(s.getpeercert(binary_form=True))
                    s.sendall(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n"
                              b"Connection: close\r\n\r\n")
                    assert s.recv(4096).startswith(b"HTTP/1.1 401")
            with pytest.raises(ssl.SSLError):
                tls_to(where.port, "/etc/ssl/certs/ca-certificates.crt")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
            process.stdout.close()
    assert len(set(seen)) == 1
    for name, mode in (("keys/ca.key", 0o600), ("tls/server.key", 0o600), ("tls/ca.pem", 0o644)):
        assert (tmp_path / "s" / name).stat().st_mode & 0o777 == mode
