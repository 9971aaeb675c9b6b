"""Client certificates: whom they speak for, on a real connection."""
import datetime
import hashlib
import json
import socket
import ssl
import time

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import house
import support
from support import Wire, head_of, refused
from test_listen import pair, tls
from test_tls import DAY, Authority

POLICY = support.POLICY + """
@id("batch")
permit (principal in Postern::Group::"nightly", action in [Postern::Action::"chat",
    Postern::Action::"listModels"], resource);
@id("batch-tools")
permit (principal == Postern::Workload::"batch", action in [Postern::Action::"offerTool",
    Postern::Action::"callTool"], resource == Postern::Tool::"get_weather");
@id("with-a-certificate")
forbid (principal, action == Postern::Action::"chat", resource == Postern::Model::"careful")
unless { context.certificate };
"""

ROWS = """certificates:
  - {uri: 'spiffe://example.org/ns/*/batch', workload: batch, groups: [nightly]}
  - {dns: '*.apps.internal', workload: apps, groups: [nightly]}
  - {email: alice@example.org, user: alice}
  - {dns: gone.internal, workload: gone, groups: [nightly]}
"""


class Person:
    """A key with a certificate of the clients' authority, in one file."""

    def __init__(self, authority, name, names, until=DAY, since=-DAY, eku=ExtendedKeyUsageOID.CLIENT_AUTH):
        self.key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.timezone.utc)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gone.internal")])
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(authority.name)
                   .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + since).not_valid_after(now + until)
                   .add_extension(x509.BasicConstraints(False, None), critical=True)
                   .add_extension(usage, critical=True)
                   .add_extension(x509.ExtendedKeyUsage([eku]), critical=False))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        self.cert = builder.sign(authority.key, hashes.SHA256())
        self.path = authority.folder / f"{name}.pem"
        pem = serialization.Encoding.PEM
        self.path.write_bytes(self.key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                                                     serialization.NoEncryption()) +
                              self.cert.public_bytes(pem))
        spki = self.key.public_key().public_bytes(serialization.Encoding.DER,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo)
        self.id = "x509_" + hashlib.sha256(spki).hexdigest()[:24]


@pytest.fixture(scope="module")
def gw(tmp_path_factory, demo, recorder):
    folder = tmp_path_factory.mktemp("certificates")
    server, clients = Authority(folder, "server ca"), Authority(folder, "clients ca")
    cert, key = pair(server, "server")
    ports = house.free_ports(3)
    ask = f", clients: {clients.path}"
    rows = ["listen:", "  - 127.0.0.1:8080", "  - " + tls(ports[0], cert, key, ask),
            "  - " + tls(ports[1], cert, key, ask + ", client_certificates: required"),
            "  - " + tls(ports[2], cert, key, ask + ", proxy_protocol: [127.0.0.1]")]
    text = support.config({"demo": f"{{url: '{demo.url}', allow_private: true, key: {{env: E2E_PROVIDER_KEY}}}}",
                           "rec": f"{{url: '{recorder.url}', allow_private: true}}"},
                          {"demo": "demo", "rec": "rec", "careful": "{upstream: rec, model: rec}"},
                          fronts=1, extra=ROWS)
    gateway = support.Gateway(folder, config=text.replace("listen: 127.0.0.1:8080", "\n".join(rows)),
                              env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY}, start=False)
    (gateway.state / "policies").mkdir(exist_ok=True)
    (gateway.state / "policies" / "test.cedar").write_text(POLICY)
    gateway.start()
    gateway.optional, gateway.required, gateway.proxied = ports
    gateway.server, gateway.clients = server, clients
    with gateway:
        yield gateway
        assert gateway.verify()


def uri(text):
    return [x509.UniformResourceIdentifier(text)]


def dns(text):
    return [x509.DNSName(text)]


@pytest.fixture(scope="module")
def batch(gw):
    return Person(gw.clients, "batch", uri("spiffe://example.org/ns/prod/batch"))


def wire(gw, person=None, port=None, first=b""):
    context = ssl.create_default_context(cafile=gw.server.path)
    if person is not None:
        context.load_cert_chain(person.path)
    w = Wire.__new__(Wire)
    s = socket.create_connection(("127.0.0.1", port or gw.optional), timeout=10 * house.PATIENCE)
    s.sendall(first)
    w.s, w.rest = context.wrap_socket(s, server_hostname="localhost"), b""
    return w


def ask(gw, person, body=None, *, key=None, port=None, extra=(), first=b""):
    """One request; the reply and the record of its decision."""
    with wire(gw, person, port, first) as w:
        if body is None:
            w.send(head_of(gw, key=key, path="/v1/models", method="GET", extra=extra))
        else:
            data = json.dumps(body).encode()
            w.send(head_of(gw, data, key=key, extra=extra), data)
        reply = w.reply()
    return reply, gw.wait_record(kind="decision", request=reply.request_id)


def test_whom_it_speaks_for(gw):
    for name, names, wanted in [
            ("uri", uri("spiffe://example.org/ns/a/batch"), ("Workload", "batch")),
            ("dns", dns("One.apps.internal"), ("Workload", "apps")),
            ("both", dns("other.test") + dns("x.apps.internal"), ("Workload", "apps")),
            ("mail", [x509.RFC822Name("alice@EXAMPLE.org")], ("User", "alice"))]:
        person = Person(gw.clients, name, names)
        reply, record = ask(gw, person)
        assert (record["principal_type"], record["principal_id"]) == wanted
        assert record["key"] == person.id
        assert reply.status == (200 if wanted[0] == "Workload" else 403)


def test_a_conversation(gw, batch):
    with wire(gw, batch) as w:
        for n in (10, 200_000, 10):  # the second is asked for before its body is read
            data = json.dumps(support.ask("hi " + "a" * n, "rec")).encode()
            w.send(head_of(gw, data, key=None), data)
            reply = w.reply()
            assert reply.status == 200, reply.raw[:500]
            outcome = gw.wait_record(kind="outcome", request=reply.request_id)
            assert outcome["principal_id"] == "batch" and outcome["key"] == batch.id


def test_nobody(gw):
    for name, names in [("other", dns("other.test")), ("none", []), ("deep", dns("a.b.apps.internal")),
                        ("svid", uri("spiffe://example.org/ns/a/b/batch")),
                        ("two", uri("spiffe://example.org/ns/a/batch") + uri("https://x.test/")),
                        ("dots", uri("spiffe://example.org/ns/../batch")),
                        ("star", dns("*.apps.internal"))]:
        person = Person(gw.clients, name, names)  # the common name is that of a row
        reply, record = ask(gw, person)
        refused(gw, reply, 401, "identity_invalid")
        assert record["key"] == person.id and "principal_id" not in record


def test_without_one(gw):
    reply, _ = ask(gw, None)
    refused(gw, reply, 401, "identity_missing")
    reply, record = ask(gw, None, key=gw.key)
    assert reply.status == 200 and record["principal_id"] == "demo"


def test_a_key_names_the_principal(gw, batch):
    reply, record = ask(gw, batch, support.ask("hi", "careful"), key=gw.key)
    assert reply.status == 200 and record["principal_id"] == "demo" and record["key"] != batch.id
    reply, record = ask(gw, None, support.ask("hi", "careful"), key=gw.key)
    refused(gw, reply, 403, "policy_forbidden")
    assert record["policies"] == ["with-a-certificate"]
    reply, record = ask(gw, batch, support.ask("hi", "careful"))
    assert reply.status == 200 and record["principal_id"] == "batch"
    reply, _ = ask(gw, batch, key="pst_no")  # a key that is wrong is not helped by a certificate
    refused(gw, reply, 401, "identity_invalid")


def test_tools_and_people(gw, batch):
    """A call in the answer is decided about the principal that asked."""
    person = Person(gw.clients, "other-batch", dns("tools.apps.internal"))
    for who, name, allowed in ((batch, "batch", True), (person, "apps", False)):
        offer = {"tools": [support.tool("get_weather")]} if allowed else {}
        reply, _ = ask(gw, who, support.ask("demo:tool" if allowed else "demo:tool-not-offered", **offer))
        assert reply.status == 200, reply.raw
        record = gw.wait_record(kind="tool", request=reply.request_id)
        assert record["principal_id"] == name and record["decision"] == ("allow" if allowed else "deny")
    now = int(time.time())
    token = jwt.encode({"sub": "alice", "iat": now, "exp": now + 60}, "x" * 66, algorithm="HS256")
    reply, _ = ask(gw, batch, support.ask("hi", "rec"), extra=[f"{house.ASSERT_HEADER}: {token}"])
    refused(gw, reply, 401, "assertion_invalid")


def handshake_fails(gw, person, port):
    try:
        with wire(gw, person, port) as w:  # in TLS 1.3 the client may be done before it is refused
            w.send(head_of(gw, path="/v1/models", method="GET"))
            return w.s.recv(100) == b""
    except (ssl.SSLError, OSError):
        return True


def test_who_does_not_get_in(gw):
    elsewhere = Authority(gw.folder, "other ca")
    names = uri("spiffe://example.org/ns/a/batch")
    assert handshake_fails(gw, None, gw.required)
    for port in (gw.optional, gw.required):
        assert handshake_fails(gw, Person(elsewhere, "stranger", names), port)
        assert handshake_fails(gw, Person(gw.clients, "old", names, until=-DAY / 2), port)
        assert handshake_fails(gw, Person(gw.clients, "early", names, since=DAY / 2), port)
        assert handshake_fails(gw, Person(gw.clients, "server-only", names,
                                          eku=ExtendedKeyUsageOID.SERVER_AUTH), port)
    huge = [n for i in range(60) for n in dns(f"h{i}." + "a" * 60 + "." + "b" * 60 + ".apps.internal")]
    assert handshake_fails(gw, Person(gw.clients, "huge", huge), gw.required), "more than 6 KiB"
    reply, _ = ask(gw, Person(gw.clients, "good", names), port=gw.required)
    assert reply.status == 200


def test_behind_a_balancer(gw, batch):
    source = socket.inet_aton("192.0.2.77") + socket.inet_aton("127.0.0.1") + b"\x9c\x40\x01\xbb"
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + source
    reply, record = ask(gw, batch, port=gw.proxied, first=header)
    assert reply.status == 200 and record["network"] == "192.0.2.77"
    assert record["principal_id"] == "batch"
    assert handshake_fails(gw, batch, gw.proxied), "a hop begins with its header"
    with pytest.raises((ssl.SSLError, OSError)):
        wire(gw, batch, first=header)


def test_a_stream_ends_with_its_certificate(gw, recorder):
    person = Person(gw.clients, "short", uri("spiffe://example.org/ns/a/batch"),
                    until=datetime.timedelta(seconds=4))
    recorder.words, recorder.pace = 4000, 0.02
    try:
        with wire(gw, person) as w:
            data = json.dumps(support.ask("hi", "rec", stream=True)).encode()
            w.send(head_of(gw, data, key=None), data)
            reply = w.reply()
        assert reply.status == 200 and b"identity_expired" in reply.body, reply.body[-300:]
    finally:
        recorder.words, recorder.pace = 4, 0


def test_a_row_is_taken_away(gw):
    person = Person(gw.clients, "gone", dns("gone.internal"))
    path = gw.state / "postern.yaml"
    text = path.read_text()
    with wire(gw, person) as w:
        def status():
            w.send(head_of(gw, key=None, path="/v1/models", method="GET"))
            return w.reply().status
        assert status() == 200
        path.write_text(text.replace("  - {dns: gone.internal, workload: gone, groups: [nightly]}\n", ""))
        gw.reload()
        assert house.wait_for(lambda: status() == 401, 5, 0.1)
    path.write_text(text)
    gw.reload()
    assert ask(gw, person)[0].status == 200
