"""Upstreams over TLS, through a proxy, and at addresses nobody meant."""
import datetime
import ipaddress
import json
import pathlib
import socket
import ssl
import threading
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import house
import support
from support import refused

DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority in memory; certificates as PEM files."""

    def __init__(self, folder, name="test ca"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.cert = self._sign(self.name, self.key, x509.BasicConstraints(True, None), None, DAY)
        self.path = folder / f"{name.replace(' ', '-')}.pem"
        self.path.write_bytes(self.cert.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, key, constraints, names, until, since=-DAY):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + since).not_valid_after(now + until)
                   .add_extension(constraints, critical=True))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name, hosts=("localhost",), until=DAY, since=-DAY, self_signed=False):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = []
        for host in hosts:
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                names.append(x509.DNSName(host))
        signer = self
        if self_signed:
            signer = object.__new__(Authority)
            signer.key, signer.name = key, subject
        cert = signer._sign(subject, key, x509.BasicConstraints(False, None), names, until, since)
        path = self.folder / f"{name}.pem"
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                           serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()) +
                         cert.public_bytes(serialization.Encoding.PEM))
        return path


class TlsUpstream(house.Upstream):
    def __init__(self, cert, version=None):
        warnings.simplefilter("ignore", DeprecationWarning)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert)
        self.names = []
        self.context.sni_callback = lambda s, name, c: self.names.append(name)
        if version:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = version
        self.failed = []
        super().__init__()

    def _serve(self, s):
        try:
            s.settimeout(10)
            s = self.context.wrap_socket(s, server_side=True)
        except (OSError, ssl.SSLError) as e:
            self.failed.append(e)
            s.close()
            return
        with self.lock:
            self.open.add(s)
        super()._serve(s)


class Proxy:
    """CONNECT, and nothing else."""

    def __init__(self, refuse=None):
        self.refuse, self.heads = refuse, []
        self.listener = support.tcp_server(self._serve)
        self.port = self.listener.getsockname()[1]

    def _serve(self, s):
        head = b""
        while b"\r\n\r\n" not in head:
            more = s.recv(65536)
            if not more:
                return
            head += more
        self.heads.append(head)
        if self.refuse is not None:
            s.sendall(self.refuse)
            return
        target = head.split(b" ")[1].decode()
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as other:
            s.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=self._copy, args=(other, s), daemon=True).start()
            self._copy(s, other)

    @staticmethod
    def _copy(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def private_name():
    """A name of this machine that leads to an address of its own, and does not look like one."""
    for line in pathlib.Path("/etc/hosts").read_text().splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            if not name.startswith("localhost") and not ipaddress.ip_address(address).is_global \
                    and not ipaddress.ip_address(address).is_multicast:
                return name
    return None


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """One gateway and many upstreams: {name: upstream}, each model named like its upstream."""
    folder = tmp_path_factory.mktemp("tls")
    folder.chmod(0o755)
    ca, other = Authority(folder), Authority(folder, "another ca")
    certs = {
        "good": ca.issue("good"),
        "address": ca.issue("address", ["127.0.0.1"]),
        "wild": ca.issue("wild", ["*.example"]),
        "wronghost": ca.issue("wronghost", ["other.example"]),
        "expired": ca.issue("expired", until=-DAY / 2),
        "future": ca.issue("future", since=DAY / 2),
        "selfsigned": ca.issue("selfsigned", self_signed=True),
        "otherca": other.issue("otherca"),
        "system": ca.issue("system"),
    }
    servers = {name: TlsUpstream(path) for name, path in certs.items()}
    servers["old"] = TlsUpstream(certs["good"], ssl.TLSVersion.TLSv1_1)
    proxy = Proxy()
    shut = Proxy(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    chatty = Proxy(b"HTTP/1.1 407 x\r\n" + b"X: y\r\n" * 20000 + b"\r\n")
    key = "key: {env: E2E_PROVIDER_KEY}"
    upstreams = {name: f"{{url: 'https://{'127.0.0.1' if name == 'address' else 'localhost'}:{s.port}/v1',"
                       f" allow_private: true, {key}" +
                       ("}" if name == "system" else f", ca: '{ca.path}'}}")
                 for name, s in servers.items()}
    through = f"url: 'https://localhost:{servers['good'].port}/v1', allow_private: true, {key}, ca: '{ca.path}'"
    upstreams["proxied"] = f"{{{through}, proxy: 'http://127.0.0.1:{proxy.port}'}}"
    upstreams["shut"] = f"{{{through}, proxy: 'http://127.0.0.1:{shut.port}'}}"
    upstreams["chatty"] = f"{{{through}, proxy: 'http://127.0.0.1:{chatty.port}'}}"
    if private_name():
        upstreams["private"] = f"{{url: 'https://{private_name()}:{servers['good'].port}/v1', {key}, ca: '{ca.path}'}}"
    upstreams["plainserver"] = f"{{url: 'https://localhost:{proxy.port}/v1', allow_private: true, ca: '{ca.path}'}}"
    gw = support.gateway(folder / "gw", upstreams, {n: n for n in upstreams}, fronts=1,
                         limits={"connect_ms": "2s", "tls_ms": "2s"},
                         env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY})
    with gw:
        yield gw, servers, {"proxy": proxy, "shut": shut, "chatty": chatty}
        assert gw.verify()
    for server in servers.values():
        server.close()


def ask(places, name, **more):
    return places[0].chat(support.ask("hi", name, **more))


@pytest.mark.parametrize("name", ["good", "address"])
def test_own_authority(places, name):
    for stream in (False, True, False):
        assert ask(places, name, stream=stream).status == 200
    server = places[1][name]
    assert server.connections == 1, "the connection is used again"
    assert server.requests()[-1].headers["authorization"] == [f"Bearer {support.PROVIDER_KEY}"]
    assert server.names[-1] == ("localhost" if name == "good" else None)


@pytest.mark.parametrize("name", ["wronghost", "wild", "expired", "future", "selfsigned", "otherca",
                                  "system", "old"])
def test_refused_certificates(places, name):
    answer = ask(places, name)
    refused(places[0], answer, 502, "upstream_tls")
    assert places[1][name].requests() == [], "nothing was sent"


def test_no_tls_at_all(places):
    refused(places[0], ask(places, "plainserver"), 502, "upstream_tls")


def test_large_exchanges(places):
    text = "lorem ipsum " * 100_000
    assert ask(places, "good").status == 200
    assert places[0].chat(support.ask(text, "good")).status == 200
    assert json.loads(places[1]["good"].requests()[-1].body)["messages"][0]["content"] == text


def test_proxy(places):
    proxy = places[2]["proxy"]
    assert ask(places, "proxied").status == 200 and ask(places, "proxied").status == 200
    heads = [h for h in proxy.heads if h.startswith(b"CONNECT")]
    assert len(heads) == 1
    port = places[1]["good"].port
    assert heads[0].startswith(b"CONNECT localhost:%d HTTP/1.1\r\n" % port)
    assert support.PROVIDER_KEY.encode() not in b"".join(proxy.heads)


@pytest.mark.parametrize("name", ["shut", "chatty"])
def test_a_proxy_that_does_not_want_to(places, name):
    refused(places[0], ask(places, name), 502, "upstream_connect")
    assert support.PROVIDER_KEY.encode() not in b"".join(places[2][name].heads)


@pytest.mark.skipif(private_name() is None, reason="skipped: no such name in /etc/hosts")
def test_a_name_that_leads_to_an_address_nobody_listed(places):
    before = len(places[1]["good"].requests())
    connections = places[1]["good"].connections
    refused(places[0], ask(places, "private"), 502, "upstream_refused_address")
    assert len(places[1]["good"].requests()) == before
    assert places[1]["good"].connections == connections, "not even a connection"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "0.0.0.0",
                                  "[::ffff:127.0.0.1]", "100.64.0.1", "[fd00::1]", "[fe80::1]"])
def test_addresses_that_nobody_listed(tmp_path, host):
    gw = support.gateway(tmp_path, {"u": f"{{url: 'https://{host}/v1'}}"}, {"m": "u"}, start=False)
    out = gw.run("check", check=False)
    assert out.returncode != 0 and "postern.yaml:5:" in out.stderr and "allow_private" in out.stderr


def test_plain_http_must_be_meant(tmp_path):
    """Without allow_private the configuration is refused, with file, line and the fix."""
    gw = support.gateway(tmp_path, {"u": "{url: 'http://127.0.0.1:9/v1'}"}, {"m": "u"}, start=False)
    out = gw.run("check", check=False)
    assert out.returncode != 0 and "postern.yaml:5:" in out.stderr and "allow_private" in out.stderr


# --- the credential -------------------------------------------------------------------------------


def test_credentials_stay_where_they_belong(places):
    """Not in the environment of a process that could lose it, not in an argument, not in the state."""
    gw = places[0]
    assert ask(places, "good").status == 200
    roles = gw.pids()
    assert len(roles) > 6
    for role, pid in [*roles.items(), (("supervisor", 0), gw.process.pid)]:
        proc = pathlib.Path(f"/proc/{pid}")
        assert support.PROVIDER_KEY.encode() not in (proc / "cmdline").read_bytes(), role
        if role[0] != "supervisor":
            try:
                assert support.PROVIDER_KEY.encode() not in (proc / "environ").read_bytes(), role
            except PermissionError:
                pass
    for path in gw.state.rglob("*"):
        if path.is_file():
            assert support.PROVIDER_KEY.encode() not in path.read_bytes(), path
    assert support.PROVIDER_KEY not in gw.stderr


def test_credential_from_a_file(tmp_path, recorder):
    secret = tmp_path / "key.txt"
    secret.write_text(support.PROVIDER_KEY + "\n")
    secret.chmod(0o600)
    with support.gateway(tmp_path / "gw", {
            "a": f"{{url: '{recorder.url}', allow_private: true, key: {{file: '{secret}'}}}}",
            "b": f"{{url: '{recorder.url}', allow_private: true, key: {{file: '{secret}'}}, "
                 f"header: x-api-key}}"}, {"a": "a", "b": "b"}, fronts=1) as gw:
        assert gw.chat(support.ask("hi", "a")).status == 200
        assert recorder.requests()[-1].headers["authorization"] == [f"Bearer {support.PROVIDER_KEY}"]
        assert gw.chat(support.ask("hi", "b")).status == 200
        assert recorder.requests()[-1].headers["x-api-key"] == [support.PROVIDER_KEY]
        assert "authorization" not in recorder.requests()[-1].headers


def test_a_missing_credential_is_named(tmp_path):
    gw = support.gateway(tmp_path, {"u": "{url: 'https://x.example/v1', key: {env: E2E_NO_SUCH}}"},
                         {"m": "u"}, start=False)
    out = gw.run("up", "--port", str(gw.port), "--admin-port", str(gw.admin_port), check=False)
    assert out.returncode != 0 and "E2E_NO_SUCH" in out.stderr, out.stderr
