"""Proxies in front: whose connection and whose request it is, and who is believed about that."""
import socket
import struct
import time

import pytest

import house
import support
from support import Wire, refused

HOP, OTHER = "127.0.0.2", "127.0.0.9"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


@pytest.fixture(scope="module")
def hops(tmp_path_factory, demo):
    """The first listener has no hops; then one for PROXY protocol, one for headers, one for both."""
    ports = house.free_ports(3)
    rows = ["listen:", "  - 127.0.0.1:8080",
            f"  - {{address: '127.0.0.1:{ports[0]}', proxy_protocol: [{HOP}/32]}}",
            f"  - {{address: '127.0.0.1:{ports[1]}', forwarded: [{HOP}, 10.0.0.0/8, 'fd00::/8']}}",
            f"  - {{address: '127.0.0.1:{ports[2]}', proxy_protocol: [{HOP}], forwarded: [10.0.0.0/8]}}"]
    text = support.config({"demo": f"{{url: '{demo.url}', allow_private: true}}"}, {"demo": "demo"},
                          limits={"header_ms": "1500ms", "connections_per_address": 4,
                                  "heartbeat_ms": "200ms"}, fronts=1)
    text = text.replace("listen: 127.0.0.1:8080", "\n".join(rows))
    folder = tmp_path_factory.mktemp("hops")
    gw = support.Gateway(folder, config=text, start=False)
    (gw.state / "policies").mkdir(exist_ok=True)
    (gw.state / "policies" / "test.cedar").write_text(support.POLICY)
    gw.start()
    gw.proxy, gw.headers, gw.both = ports
    with gw:
        yield gw
        assert gw.verify()


def wire(port, source=HOP):
    w = Wire.__new__(Wire)
    w.s = socket.create_connection(("127.0.0.1", port), timeout=10 * house.PATIENCE,
                                   source_address=(source, 0))
    w.rest = b""
    return w


def models(gw, *rows, key=None):
    head = ["GET /v1/models HTTP/1.1", f"Host: 127.0.0.1:{gw.port}",
            f"Authorization: Bearer {key or gw.key}", *rows]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def header(source=None, body=b"", command=0x21, family=None):
    """A header of version 2 that names `source`."""
    if source is None:
        return SIGNATURE + bytes([command, family or 0]) + struct.pack(">H", len(body)) + body
    v6 = ":" in source
    kind = socket.AF_INET6 if v6 else socket.AF_INET
    addresses = socket.inet_pton(kind, source) + socket.inet_pton(kind, "::1" if v6 else "127.0.0.1")
    body = addresses + struct.pack(">HH", 40000, 443) + body
    return SIGNATURE + bytes([command, family or (0x21 if v6 else 0x11)]) + \
        struct.pack(">H", len(body)) + body


def network(gw, reply):
    return gw.wait_record(kind="decision", request=reply.request_id)["network"]


def counted(gw):
    """What the last heartbeats said."""
    rows = house.wait_for(lambda: count_rows(gw), 5)
    return sum(int(float(r.split(" ")[1])) for r in rows)


def count_rows(gw):
    text = gw.request("GET", "/metrics", key=gw.admin_key, admin=True).body.decode()
    return [r for r in text.split("\n") if r.startswith("postern_hops_refused_total{")]


def closed_and_counted(gw, port, data, source=HOP):
    before = counted(gw)
    with wire(port, source) as w:
        w.send(data)
        assert w.until_close() == b"", "not a word to somebody who is not who he should be"
    assert house.wait_for(lambda: counted(gw) == before + 1, 5)


@pytest.mark.parametrize("source,wanted", [
    ("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("::ffff:192.0.2.7", "192.0.2.7")])
def test_a_header_names_the_client(hops, source, wanted):
    with wire(hops.proxy) as w:
        w.send(header(source) + models(hops))
        assert network(hops, w.reply()) == wanted
        w.send(models(hops))  # it is the connection that was named
        assert network(hops, w.reply()) == wanted


def test_in_pieces(hops):
    data = header("192.0.2.8", b"\x04\0\x02xx\x20\0\x05\x01\0\0\0\0") + models(hops)
    with wire(hops.proxy) as w:
        w.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(60):
            w.send(data[i:i + 1])
            if i % 7 == 0:
                time.sleep(0.005)
        w.send(data[60:])
        assert network(hops, w.reply()) == "192.0.2.8"


def test_the_hop_itself(hops):
    for data in (header(command=0x20), header(body=b"\x04\0\x01x"), header("192.0.2.9", command=0x20)):
        with wire(hops.proxy) as w:
            w.send(data + models(hops))
            assert network(hops, w.reply()) == HOP


def test_a_hop_must_begin_with_it(hops):
    closed_and_counted(hops, hops.proxy, models(hops))
    closed_and_counted(hops, hops.proxy, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    closed_and_counted(hops, hops.proxy, b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 443\r\n" + models(hops))
    closed_and_counted(hops, hops.proxy, header("192.0.2.1", family=0x12) + models(hops))
    closed_and_counted(hops, hops.proxy, header("192.0.2.1", body=b"\x03\0\x04abcd") + models(hops))
    closed_and_counted(hops, hops.proxy, SIGNATURE + b"\x21\x11\xff\xff")


def test_it_has_its_time(hops):
    began = time.monotonic()
    closed_and_counted(hops, hops.proxy, header("192.0.2.1")[:20])
    assert time.monotonic() - began >= 1.4


def test_others_may_not_begin_with_it(hops):
    with wire(hops.proxy, OTHER) as w:  # and need not
        w.send(models(hops))
        assert network(hops, w.reply()) == OTHER
    closed_and_counted(hops, hops.proxy, header("192.0.2.1") + models(hops), OTHER)
    for port in (hops.port, hops.headers):  # where no hop speaks it, it is broken HTTP
        with wire(port) as w:
            w.send(header("192.0.2.1") + models(hops))
            data = w.until_close()
        assert data == b"" or data.startswith(b"HTTP/1.1 400"), data


def test_limits_are_of_the_named(hops):
    """Four connections of one address; the hop has as many as it likes."""
    held = []
    try:
        for _ in range(4):
            w = wire(hops.proxy)
            held.append(w)
            w.send(header("192.0.2.50") + models(hops))
            assert w.reply().status == 200
        with wire(hops.proxy) as w:
            w.send(header("192.0.2.50") + models(hops))
            assert w.until_close() == b""
        with wire(hops.proxy) as w:
            w.send(header("192.0.2.51") + models(hops))
            assert w.reply().status == 200
    finally:
        for w in held:
            w.s.close()


# --- forwarding headers ----------------------------------------------------------------------------


@pytest.mark.parametrize("rows,wanted", [
    (["X-Forwarded-For: 192.0.2.7"], "192.0.2.7"),
    (["X-Forwarded-For: 6.6.6.6, 192.0.2.7"], "192.0.2.7"),  # the left one is what a client wrote
    (["X-Forwarded-For: 192.0.2.7, 10.1.2.3"], "192.0.2.7"),
    (["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.7:80", "x-forwarded-for: 10.0.0.1, fd00::1"],
     "192.0.2.7"),
    (["X-Forwarded-For: 10.9.9.9, 10.1.2.3"], "10.9.9.9"),
    (["X-Forwarded-For: ::ffff:192.0.2.7"], "192.0.2.7"),
    (["X-Forwarded-For: unknown"], HOP),
    (["X-Forwarded-For: 192.0.2.7, unknown, 10.1.2.3"], "10.1.2.3"),
    (['Forwarded: for="[2001:db8::7]:4711";proto=https, for=10.0.0.1'], "2001:db8::7"),
    (["Forwarded: for=192.0.2.7;by=_us, for=_hidden"], HOP),
    (["X-Forwarded-Proto: http", "X-Forwarded-Host: evil.example", "X-Forwarded-Port: 1"], HOP),
    ([], HOP),
])
def test_a_believed_hop(hops, rows, wanted):
    with wire(hops.headers) as w:
        w.send(models(hops, *rows))
        reply = w.reply()
        assert reply.status == 200 and network(hops, reply) == wanted
        w.send(models(hops))  # of one request, not of the connection
        assert network(hops, w.reply()) == HOP


@pytest.mark.parametrize("rows", [
    ["X-Forwarded-For: "], ["X-Forwarded-For: 192.0.2.7,"], ["X-Forwarded-For: localhost"],
    ["X-Forwarded-For: 192.0.2.256, 10.0.0.1"], ["X-Forwarded-For: 1.2.3"], ["X-Forwarded-For: 0300.0.2.7"],
    ["X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.8"], ["Forwarded: for=192.0.2.7;for=192.0.2.8"],
    ["Forwarded: 192.0.2.7"], ['Forwarded: for="192.0.2.7'], ["Forwarded: for=::1"],
    ["X-Forwarded-For: " + "192.0.2.7, " * 40 + "192.0.2.7"]])
def test_a_believed_hop_that_writes_nonsense(hops, rows):
    with wire(hops.headers) as w:
        w.send(models(hops, *rows))
        record = refused(hops, w.reply(), 400, "http_header")
        assert record["network"] == HOP and record["principal_id"] == "demo"


def test_nobody_else_is_believed(hops):
    for port, source in ((hops.headers, OTHER), (hops.port, HOP)):
        for row in ("X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7", "X-Forwarded-For: nonsense",
                    "X-Real-IP: 192.0.2.7", "True-Client-IP: 192.0.2.7"):
            with wire(port, source) as w:
                w.send(models(hops, row))
                assert network(hops, w.reply()) == source, row


def test_both(hops):
    """The balancer names a proxy, which names the client."""
    with wire(hops.both) as w:
        w.send(header("10.0.0.5") + models(hops, "X-Forwarded-For: 192.0.2.7"))
        assert network(hops, w.reply()) == "192.0.2.7"
    with wire(hops.both) as w:  # who is no such proxy says nothing of others
        w.send(header("192.0.2.66") + models(hops, "X-Forwarded-For: 192.0.2.7"))
        assert network(hops, w.reply()) == "192.0.2.66"
