"""HTTP/2, by prior knowledge on a loopback listener and by ALPN on TLS: the same answers as HTTP/1.1,
many at a time, and what abuse gets."""
import json
import socket
import ssl
import subprocess
import threading
import time

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import httpx
import openai
import pytest

import house
import support
from support import Reply, ask, refused
from test_tls_server import Authority

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CALM, PROTOCOL = 11, 1


# --- a client that means well ---------------------------------------------------------------------


class Client:
    """One HTTP/2 connection; answers by stream."""

    def __init__(self, gw, *, auto=True, settings=None, sock=None):
        self.gw, self.auto = gw, auto
        self.s = sock or socket.create_connection(("127.0.0.1", gw.port))
        self.s.settimeout(20 * house.PATIENCE)
        config = h2.config.H2Configuration(header_encoding="utf-8", validate_outbound_headers=False,
                                           normalize_outbound_headers=False)
        self.c = h2.connection.H2Connection(config)
        if settings:
            self.c.local_settings = h2.settings.Settings(client=True, initial_values=settings)
        self.c.initiate_connection()
        self.flush()
        self.heads, self.bodies, self.ended, self.reset, self.goaway = {}, {}, set(), {}, None
        self.closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()

    def flush(self):
        self.s.sendall(self.c.data_to_send())

    def head(self, method="POST", path="/v1/chat/completions", key=True, extra=()):
        rows = [(":method", method), (":scheme", "http"), (":path", path),
                (":authority", f"127.0.0.1:{self.gw.port}")]
        if key:
            rows.append(("authorization", f"Bearer {self.gw.key if key is True else key}"))
        return rows + list(extra)

    def begin(self, rows, last=False):
        stream = self.c.get_next_available_stream_id()
        self.c.send_headers(stream, rows, end_stream=last)
        self.flush()
        return stream

    def ask(self, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        stream = self.begin(self.head(extra=[("content-type", "application/json"),
                                             ("content-length", str(len(data)))]))
        self.send(stream, data)
        return stream

    def send(self, stream, data, last=True):
        while data:
            n = min(self.c.local_flow_control_window(stream), self.c.max_outbound_frame_size, len(data))
            if n == 0:
                if stream in self.ended or stream in self.reset:
                    return
                self.step()
                continue
            self.c.send_data(stream, data[:n])
            data = data[n:]
            self.flush()
        if last and stream not in self.reset:
            self.c.end_stream(stream)
            self.flush()

    def step(self):
        data = self.s.recv(65536)
        if not data:
            self.closed = True
            raise EOFError("closed")
        for e in self.c.receive_data(data):
            stream = getattr(e, "stream_id", None)
            if isinstance(e, h2.events.ResponseReceived):
                self.heads[stream] = dict(e.headers)
            elif isinstance(e, h2.events.DataReceived):
                self.bodies[stream] = self.bodies.get(stream, b"") + e.data
                if self.auto and e.flow_controlled_length:
                    self.c.acknowledge_received_data(e.flow_controlled_length, stream)
            elif isinstance(e, h2.events.StreamEnded):
                self.ended.add(stream)
            elif isinstance(e, h2.events.StreamReset):
                self.reset[stream] = e.error_code
            elif isinstance(e, h2.events.ConnectionTerminated):
                self.goaway = e.error_code
        self.flush()

    def until(self, what):
        while not what():
            self.step()

    def reply(self, stream):
        self.until(lambda: stream in self.ended or stream in self.reset)
        assert stream not in self.reset, self.reset
        head = self.heads[stream]
        text = f"HTTP/2 {head[':status']} x\r\n" + "\r\n".join(
            f"{k}: {v}" for k, v in head.items() if not k.startswith(":"))
        return Reply(text.encode(), self.bodies.get(stream, b""))


def normal(gw):
    """A client that has nothing to do with what others do."""
    with Client(gw) as c:
        assert c.reply(c.ask(ask("still here"))).status == 200
    assert gw.chat(ask("still here")).status == 200


def test_an_answer(gw):
    with Client(gw) as c:
        answer = c.reply(c.ask(ask("demo:echo hello over two")))
        assert answer.status == 200 and "hello over two" in answer.json["choices"][0]["message"]["content"]
        assert "transfer-encoding" not in answer.headers and "connection" not in answer.headers
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert gw.wait_record(request=answer.request_id)
        listed = c.reply(c.begin(c.head("GET", "/v1/models"), last=True))
        assert {m["id"] for m in listed.json["data"]} >= {"demo", "rec"}
        streamed = c.reply(c.ask(ask("demo:echo in pieces", stream=True)))
        assert streamed.headers["content-type"] == "text/event-stream"
        assert streamed.body.rstrip().endswith(b"data: [DONE]")


def test_refusals_are_the_same(gw):
    with Client(gw) as c:
        key = ("content-type", "application/json")
        refused(gw, c.reply(c.begin(c.head("GET", "/nothing"), last=True)), 404, "route_unknown")
        refused(gw, c.reply(c.begin(c.head("GET", "/v1/models", key=None), last=True)), 401, "identity_missing")
        refused(gw, c.reply(c.ask(b'{"model":"rec","model":"demo"}')), 400, "json_duplicate")
        refused(gw, c.reply(c.begin(c.head(extra=[key]), last=True)), 411, "http_length_required")
        refused(gw, c.reply(c.begin(c.head("GET", "/v1/models", extra=[("x-forwarded-user", "root")]),
                                    last=True)), 400, "identity_header")
    normal(gw)


BAD = [  # another request or path in HTTP/1.1, two hosts, connection fields, malformed
    (0, (":path", "/v1/models HTTP/1.1\r\nhost: evil\r\n\r\nGET /x"), "http_syntax"),
    (0, (":path", "/v1/models x"), "http_syntax"),
    (0, (":path", "/v1/../admin"), "http_syntax"),
    (0, (":method", "GET / HTTP/1.1\r\nx: y\r\n\r\nPOST"), "http_syntax"),
    (0, (":authority", "a b"), "http_host"),
    (1, ("x-a", "b\r\nauthorization: Bearer other"), "http_syntax"),
    (1, ("x-a", "b\nc"), "http_syntax"),
    (1, ("x-a", "b\0c"), "http_syntax"),
    (1, ("x-a\r\nx-b", "c"), "http_syntax"),
    (1, ("X-Upper", "c"), "http_header"),
    (1, ("x_under", "c"), "http_header"),
    (1, ("host", "other.example"), "http_host"),
    (1, ("connection", "close"), "http_header"),
    (1, ("transfer-encoding", "chunked"), "http_header"),
    (1, ("upgrade", "h2c"), "http_header"),
    (1, ("te", "gzip"), "http_header"),
    (1, (":path", "/again"), "http_syntax"),
    (1, ("content-length", "5"), "http_framing"),
]


def test_malformed_requests(gw):
    """Answered and recorded; the connection and what else is on it go on."""
    with Client(gw) as c:
        for more, row, code in BAD:
            rows = c.head("GET", "/v1/models")
            rows = rows + [row] if more else [row if row[0] == k else (k, v) for k, v in rows]
            # the library is not asked what it thinks of it
            stream = c.c.get_next_available_stream_id()
            c.c.send_headers(stream, c.head("GET", "/x"), end_stream=True)
            c.c.data_to_send()
            c.s.sendall(headers(stream, rows))
            refused(gw, c.reply(stream), 405 if code == "http_method" else 400, code)
        stream = c.c.get_next_available_stream_id()
        c.c.send_headers(stream, c.head("GET", "/x"), end_stream=True)
        c.c.data_to_send()
        c.s.sendall(headers(stream, c.head("GET", "/v1/models")))
        assert c.reply(stream).status == 200
    normal(gw)


def test_many_at_once(gw):
    """Fifty answers at a time, each its own."""
    with Client(gw) as c:
        asked = {c.ask(ask(f"demo:echo number {i} end", stream=i % 2 == 0)): i for i in range(50)}
        for stream, i in asked.items():
            body = c.reply(stream).body.decode()
            text = body
            if i % 2 == 0:
                text = "".join(json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
                               for line in body.splitlines()
                               if line.startswith("data: {") and json.loads(line[6:])["choices"])
            assert f"number {i} end" in text, (i, body)


def test_cancel(gw, demo):
    """What the client cancels ends at the upstream; its neighbours go on."""
    with Client(gw) as c:
        stay = c.ask(ask("demo:pace=20 demo:tokens=30", stream=True))
        gone = c.ask(ask("demo:pace=50 demo:tokens=5000", stream=True))
        c.until(lambda: len(c.bodies.get(gone, b"")) > 0)
        c.c.reset_stream(gone, 8)
        c.flush()
        request = c.heads[gone]["x-request-id"]
        record = house.wait_for(lambda: gw.records(request=request, code="client_closed") or
                                gw.records(request=request, outcome="client_closed"))
        assert record, gw.records(request=request)
        assert c.reply(stay).status == 200


def test_slow_reader(gw):
    """A stream whose window is shut waits alone."""
    with Client(gw, auto=False) as c:
        slow = c.ask(ask("demo:tokens=20000"))
        c.until(lambda: len(c.bodies.get(slow, b"")) >= 65535)
        c.c.increment_flow_control_window(1 << 20)
        c.flush()
        assert c.reply(c.ask(ask("quick"))).status == 200
        assert slow not in c.ended
        c.c.increment_flow_control_window(1 << 20, slow)
        c.flush()
        answer = c.reply(slow)
        assert len(answer.body) == int(answer.headers["content-length"]) > 65535


def test_large_body(gw, recorder):
    """Beyond the first buffer the sender is identified first; nothing is lost meanwhile."""
    text = "x" * 3_000_000
    with Client(gw) as c:
        stream, other = c.ask(ask(text, "rec")), c.ask(ask("hello", "rec"))
        assert c.reply(other).status == 200
        assert c.reply(stream).status == 200
    assert any(text.encode() in r.body for r in recorder.requests()[-2:])
    with Client(gw) as c:  # too large: refused before it is whole, and the answer arrives
        stream = c.begin(c.head(extra=[("content-type", "application/json"), ("content-length", "9000000")]))
        c.send(stream, b"[" * 9_000_000)
        refused(gw, c.reply(stream), 413, "body_too_large")
    with Client(gw) as c:  # nobody knows the sender
        stream = c.begin(c.head(key="pk_nobody_00000000", extra=[
            ("content-type", "application/json"), ("content-length", "1000000")]))
        c.send(stream, b"[" + b" " * 999_999)
        assert c.reply(stream).status == 401


def test_bytes_one_by_one(gw):
    with Client(gw) as c:
        whole = c.c.data_to_send()
        data = json.dumps(ask("demo:echo slowly")).encode()
        c.c.send_headers(1, c.head(extra=[("content-type", "application/json")]))
        for i in range(len(data)):
            c.c.send_data(1, data[i:i + 1], end_stream=i == len(data) - 1)
        whole += c.c.data_to_send()
        for i in range(0, len(whole), 7):
            c.s.sendall(whole[i:i + 7])
        assert b"slowly" in c.reply(1).body


# --- clients as they are --------------------------------------------------------------------------


def test_curl(gw):
    for option in ("--http2-prior-knowledge", "--http1.1"):
        out = subprocess.run(
            ["curl", "-sS", "-m", "30", option, "-H", f"Authorization: Bearer {gw.key}", "-H",
             "Content-Type: application/json", "-d", json.dumps(ask("demo:echo from curl")), "-w", "\n%{http_version}",
             f"{gw.url}/v1/chat/completions"], capture_output=True, text=True, check=True).stdout
        body, version = out.rsplit("\n", 1)
        assert "from curl" in body
        assert version == ("2" if option == "--http2-prior-knowledge" else "1.1")


def test_openai_sdk(gw):
    """The SDK on its own HTTP client, told to speak HTTP/2 only."""
    http = httpx.Client(http1=False, http2=True, timeout=30)
    client = openai.OpenAI(base_url=f"{gw.url}/v1", api_key=gw.key, http_client=http, max_retries=0)
    answer = client.chat.completions.create(model="demo", messages=[{"role": "user", "content": "demo:echo sdk"}])
    assert "sdk" in answer.choices[0].message.content
    streamed = client.chat.completions.create(model="demo", stream=True,
                                              messages=[{"role": "user", "content": "demo:echo sdk"}])
    assert "sdk" in "".join(e.choices[0].delta.content or "" for e in streamed if e.choices)
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="none", messages=[{"role": "user", "content": "x"}])


# --- on TLS ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls(tmp_path_factory, demo):
    """A gateway with a listener that offers HTTP/2 and one that does not."""
    folder = tmp_path_factory.mktemp("h2tls")
    authority = Authority(folder)
    cert, key = authority.pair("server")
    upstreams = {"demo": f"{{url: '{demo.url}', allow_private: true, key: {{env: E2E_PROVIDER_KEY}}}}"}
    gw = support.gateway(folder, upstreams, {"demo": "demo"}, start=False,
                         env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY})
    gw.both, gw.old, gw.plain = house.free_ports(3)
    gw.authority = authority
    text = (gw.state / "postern.yaml").read_text()
    (gw.state / "postern.yaml").write_text(text.replace("listen: 127.0.0.1:8080", f"""listen:
  - 127.0.0.1:8080
  - {{address: '127.0.0.1:{gw.both}', certificate: {cert}, key: {key}}}
  - {{address: '127.0.0.1:{gw.old}', certificate: {cert}, key: {key}, http2: false}}
  - {{address: '127.0.0.1:{gw.plain}', http2: false}}"""))
    gw.start()
    with gw:
        yield gw


def shake(tls, port, *protocols):
    context = ssl.create_default_context(cafile=str(tls.authority.path))
    context.set_alpn_protocols(protocols)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")


def test_alpn(tls):
    with Client(tls, sock=shake(tls, tls.both, "h2", "http/1.1")) as c:
        assert c.s.selected_alpn_protocol() == "h2"
        asked = {c.ask(ask(f"demo:echo number {i} end", stream=True)): i for i in range(20)}
        for stream in asked:
            assert c.reply(stream).body.rstrip().endswith(b"[DONE]")
        slow = c.reply(c.ask(ask("demo:tokens=20000")))
        assert len(slow.body) == int(slow.headers["content-length"]) > 65535
        assert c.reply(c.ask(ask("x" * 1_000_000))).status == 200
    for port, protocols in ((tls.both, ["http/1.1"]), (tls.old, ["h2", "http/1.1"])):
        with shake(tls, port, *protocols) as s:
            assert s.selected_alpn_protocol() in ("http/1.1", None)
            s.sendall(PREFACE + frame(4))  # what was not agreed is not spoken
            assert s.recv(100).startswith(b"HTTP/1.1 ")
    with socket.create_connection(("127.0.0.1", tls.plain)) as s:
        s.sendall(PREFACE + frame(4))
        assert s.recv(100).startswith(b"HTTP/1.1 ")


def test_clients_on_tls(tls):
    url, authority = f"https://localhost:{tls.both}", str(tls.authority.path)
    out = subprocess.run(
        ["curl", "-sS", "-m", "30", "--http2", "--cacert", authority, "-H", f"Authorization: Bearer {tls.key}", "-H",
         "Content-Type: application/json", "-d", json.dumps(ask("demo:echo from curl")), "-w", "\n%{http_version}",
         f"{url}/v1/chat/completions"], capture_output=True, text=True, check=True).stdout
    assert "from curl" in out and out.endswith("\n2")
    http = httpx.Client(http2=True, timeout=30, verify=ssl.create_default_context(cafile=authority))
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=tls.key, http_client=http, max_retries=0)
    answer = client.chat.completions.with_raw_response.create(
        model="demo", messages=[{"role": "user", "content": "demo:echo sdk"}])
    assert answer.http_response.http_version == "HTTP/2"
    assert "sdk" in answer.parse().choices[0].message.content


def test_abuse_on_tls(tls):
    with shake(tls, tls.both, "h2") as s:
        s.settimeout(20 * house.PATIENCE)
        got = b""
        try:
            s.sendall(PREFACE + frame(4) + ABUSE["ping"][1])
            while data := s.recv(65536):
                got += data
        except OSError:
            pass
    with Client(tls, sock=shake(tls, tls.both, "h2")) as c:
        assert c.reply(c.ask(ask("still here"))).status == 200


# --- abuse ----------------------------------------------------------------------------------------


def frame(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name, value):
    def text(s):
        s = s.encode()
        n = len(s)
        if n < 127:
            return bytes([n]) + s
        out, n = b"\x7f", n - 127
        while n >= 128:
            out, n = out + bytes([n % 128 + 128]), n // 128
        return out + bytes([n]) + s
    return b"\0" + text(name) + text(value)


def headers(stream, rows, last=True):
    return frame(1, 5 if last else 4, stream, b"".join(literal(k, v) for k, v in rows))


def start(method="GET", path="/v1/models"):
    return [(":method", method), (":scheme", "http"), (":path", path), (":authority", "h")]


def goodbye(gw, data, seconds=10):
    """Sends all of it; the code of GOAWAY when the connection is closed."""
    s = socket.create_connection(("127.0.0.1", gw.port))
    s.settimeout(seconds * house.PATIENCE)
    got = bytearray()

    def read():
        try:
            while part := s.recv(65536):
                got.extend(part)
        except OSError:
            pass
    reader = threading.Thread(target=read)
    reader.start()
    try:
        s.sendall(PREFACE + frame(4) + data)
    except OSError:
        pass  # it was closed in the middle, as it should
    reader.join(seconds * house.PATIENCE)
    assert not reader.is_alive(), "the connection lives"
    s.close()
    code, at = None, 0
    while at + 9 <= len(got):
        n = int.from_bytes(got[at:at + 3], "big")
        if got[at + 3] == 7:
            code = int.from_bytes(got[at + 13:at + 17], "big")
        at += 9 + n
    return code


ids = range(1, 6001, 2)
post = headers(1, start("POST", "/v1/chat/completions"), last=False)
ABUSE = {
    "rapid-reset": (CALM, b"".join(headers(i, start()) + frame(3, 0, i, b"\0\0\0\x08") for i in ids)),
    "made-you-reset": (None, b"".join(headers(i, start("POST", "/x"), last=False) + frame(8, 0, i, b"\x7f\xff\xff\xff")
                                      for i in ids)),
    "malformed-heads": (CALM, b"".join(headers(i, [("X", "y")]) for i in ids)),
    "continuation": (CALM, frame(1, 1, 1, b"") + frame(9, 0, 1, b"") * 20000),
    "continuation-endless": (None, frame(1, 1, 1, b"") + frame(9, 0, 1, literal("a", "b" * 4000) * 4) * 500),
    "ping": (CALM, frame(6, 0, 0, b"pingping") * 20000),
    "ping-ack": (CALM, frame(6, 1, 0, b"pingping") * 20000),
    "settings": (CALM, frame(4, 0, 0, b"\0\4\0\0\xff\xff") * 5000),
    "priority": (CALM, frame(2, 0, 1, b"\0\0\0\0\1") * 20000),
    "empty-data": (CALM, post + frame(0, 0, 1) * 20000),
    "padding": (CALM, post + frame(0, 8, 1, b"\xff" + b"p" * 255) * 20000),
    "window-updates": (CALM, post + frame(8, 0, 1, b"\0\0\0\1") * 20000),
    "unknown-frames": (CALM, frame(0xbb, 0, 0, b"x") * 20000),
    "window-overflow": (3, frame(8, 0, 0, b"\x7f\xff\xff\xff")),
    "hpack-bomb": (CALM, frame(1, 5, 1, b"\x40\1x\x7f" + bytes([(3900 - 127) % 128 + 128, (3900 - 127) // 128]) +
                               b"v" * 3900 + b"\xbe" * 12000)),
    "hpack-garbage": (9, frame(1, 5, 1, b"\xff\xff\xff\xff\xff\xff")),
    "reuse": (5, headers(3, start()) + headers(1, start())),
    "even-stream": (PROTOCOL, headers(2, start())),
    "data-on-idle": (PROTOCOL, frame(0, 1, 1, b"x")),
    "push": (PROTOCOL, post + frame(5, 4, 1, b"\0\0\0\2")),
    "large-frame": (6, frame(6, 0, 0, b"p" * 16385)),
}


@pytest.mark.parametrize("name", ABUSE)
def test_abuse(gw, name):
    want, data = ABUSE[name]
    with Client(gw) as beside:
        stream = beside.ask(ask("demo:pace=5 demo:tokens=20", stream=True))
        code = goodbye(gw, data)
        assert code == want or (want is None and code not in (None, 0)), code
        assert beside.reply(stream).status == 200


def test_too_many_streams(gw):
    """Beyond the limit streams are refused so that a client may try again; those before go on."""
    with Client(gw) as c:
        rows = c.head(extra=[("content-type", "application/json")])
        assert c.c.remote_settings.max_concurrent_streams > 1000  # not heard of yet
        asked = [c.begin(rows) for _ in range(120)]
        c.until(lambda: len(c.reset) == 20)
        assert set(c.reset.values()) == {7} and set(c.reset) == set(asked[100:])
        body = json.dumps(ask("demo:echo one of many")).encode()
        for stream in asked[:3]:
            c.send(stream, body)
            assert b"one of many" in c.reply(stream).body
    normal(gw)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory, demo):
    """A gateway whose patience is short."""
    upstreams = {"demo": f"{{url: '{demo.url}', allow_private: true, key: {{env: E2E_PROVIDER_KEY}}}}"}
    limits = {"write_ms": "1000ms", "header_ms": "700ms", "body_ms": "700ms", "idle_ms": "1500ms"}
    with support.gateway(tmp_path_factory.mktemp("hasty"), upstreams, {"demo": "demo"}, limits=limits, fronts=1,
                         env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY}) as gw:
        yield gw


def test_zero_window(hasty):
    """A client that takes nothing has the time of one that reads nothing."""
    with Client(hasty, settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0}) as c:
        stream = c.ask(ask("demo:tokens=20"))
        c.until(lambda: stream in c.reset)
        assert c.reset[stream] == 8
        assert hasty.chat(ask("x")).status == 200


@pytest.mark.parametrize("data", [
    b"PR", PREFACE[:10], PREFACE, PREFACE + frame(4), PREFACE + frame(4) + frame(1, 1, 1, b"\x82"),
    PREFACE + frame(4) + b"\0\0\x10\1", PREFACE + frame(4) + headers(1, start())[:-4],
])
def test_nothing_more_comes(hasty, data):
    with socket.create_connection(("127.0.0.1", hasty.port)) as s:
        s.settimeout(20 * house.PATIENCE)
        s.sendall(data)
        began = time.monotonic()
        while s.recv(65536):
            pass
        assert time.monotonic() - began < 15 * house.PATIENCE


def test_a_body_that_stops(hasty):
    with Client(hasty) as c:
        stream = c.begin(c.head(extra=[("content-type", "application/json"), ("content-length", "100")]))
        c.send(stream, b"{", last=False)
        refused(hasty, c.reply(stream), 408, "request_timeout")
        assert c.reply(c.ask(ask("another"))).status == 200
