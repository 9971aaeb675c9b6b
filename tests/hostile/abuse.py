"""What the hostile tests share: the normal client beside, what is left over, a scripted upstream."""
import http.client
import json
import os
import socket
import ssl
import threading
import time

import house
import support
from support import Wire, head_of
from test_tls import Authority

BESIDE = "the normal client"
SANITIZED = house.PATIENCE > 1  # freed memory waits in a quarantine there
MEMORY_KIB = 12 * 1024          # what one role may keep of an abuse: caches, arenas of malloc

BODY = json.dumps(support.ask("hi", "rec")).encode()


def foreign(recorder):
    """What the upstream saw that did not come from the normal client."""
    return [r for r in recorder.requests() if BESIDE.encode() not in r.body]


class Beside:
    """A client that asks for whole answers and streams in turn; all of them must be right."""

    def __init__(self, gw, model):
        self.gw, self.model, self.done, self.bad, self.stopped = gw, model, 0, [], False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def one(self, stream):
        answer = self.gw.chat(support.ask(BESIDE, self.model, stream=stream), timeout=15)
        whole = answer.status == 200 and (answer.events[-1:] == ["[DONE]"] if stream else
                                          answer.json["choices"][0]["message"]["content"] == "hello")
        if not whole:
            self.bad.append(answer)
        self.done += 1

    def _run(self):
        while not self.stopped and not self.bad:
            try:
                self.one(bool(self.done % 2))
            except Exception as error:  # whatever it is, the client noticed
                self.bad.append(error)
            time.sleep(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopped = True
        self.thread.join(20 * house.PATIENCE)
        if kind is None:
            assert not self.thread.is_alive(), "the normal client hangs"
            self.one(False)
            assert not self.bad, self.bad


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:  # only root may look
        return 0


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


def live(gw):
    """The sum of the gauge of requests in flight, from every role that counts it."""
    text = gw.request("GET", "/metrics", admin=True).body.decode()
    rows = [r for r in text.splitlines() if r.startswith("postern_requests_live{")]
    # administration's own front is in the middle of this request
    return sum(float(r.rpartition(" ")[2]) for r in rows if "control" not in r)


class Footprint:
    def __init__(self, gw):
        self.gw, self.pids = gw, gw.pids()
        self.fds = {role: descriptors(pid) for role, pid in self.pids.items()}
        self.kib = {role: resident_kib(pid) for role, pid in self.pids.items()}

    def left_over(self):
        more = {}
        for role, pid in self.pids.items():
            # an egress may keep as many idle connections as its pool holds
            room = 3 if role[0] == "egress" else 0
            if descriptors(pid) > self.fds[role] + room:
                more[role] = f"{descriptors(pid)} descriptors, {self.fds[role]} before"
            elif not SANITIZED and resident_kib(pid) > self.kib[role] + MEMORY_KIB:
                more[role] = f"{resident_kib(pid)} KiB, {self.kib[role]} before"
        return more

    def same_again(self):
        house.wait_for(lambda: not self.left_over(), 8, 0.05)
        assert self.gw.pids() == self.pids, "a part died"
        assert not self.left_over()


class TlsGateway(support.Gateway):
    """The same gateway, whose clients come over TLS."""

    def __init__(self, folder, *, config, **more):
        authority = Authority(folder)
        text = authority.issue("server", hosts=("localhost", "127.0.0.1")).read_text()
        at = text.index("-----BEGIN CERTIFICATE-----")
        for name, part_of in (("tls.crt", text[at:]), ("tls.key", text[:at])):
            (folder / name).write_text(part_of)
            (folder / name).chmod(0o600)
        self.tls_port = house.free_ports(1)[0]
        config = config.replace("listen: 127.0.0.1:8080", f"listen:\n  - 127.0.0.1:8080\n  - {{address: '127.0.0.1:{self.tls_port}', "
                                f"certificate: {folder}/tls.crt, key: {folder}/tls.key}}")
        self.context = ssl.create_default_context(cafile=str(authority.path))
        super().__init__(folder, config=config, **more)

    def connect(self, admin=False):
        if admin:
            return super().connect(admin=True)
        s = socket.create_connection(("127.0.0.1", self.tls_port), 10 * house.PATIENCE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(s, server_hostname="localhost", suppress_ragged_eofs=True)

    def http(self, admin, timeout):
        if admin:
            return super().http(admin, timeout)
        return http.client.HTTPSConnection("localhost", self.tls_port, timeout=timeout, context=self.context)


class Scripted:
    """An upstream whose answer is `script(socket, seen)`; False from it closes the connection.
    With `early`, the script runs when the head has come, before the body is read."""

    def __init__(self):
        self.script, self.early, self.connections, self.requests = None, False, 0, 0
        self.bad = []  # what came and was no request
        self.listener = support.tcp_server(self._serve)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _serve(self, s):
        self.connections += 1
        s.settimeout(20)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        rest = b""
        while True:
            while b"\r\n\r\n" not in rest:
                more = s.recv(65536)
                if not more:
                    return
                rest += more
            head, _, rest = rest.partition(b"\r\n\r\n")
            if not head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n"):
                self.bad.append(head)
            self.requests += 1
            n = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            if self.early:
                go_on = self.script(s, house.Seen(head, b""))
            while len(rest) < n:
                more = s.recv(65536)
                if not more:
                    return
                rest += more
            body, rest = rest[:n], rest[n:]
            if not self.early:
                go_on = self.script(s, house.Seen(head, body))
            if go_on is False:
                return

    def chat(self, gw, script, *, early=False, text="hi", **more):
        self.script, self.early = script, early
        return gw.chat(support.ask(text, "s", **more))


def whole(value=None, headers=b"", status=b"200 OK"):
    body = json.dumps(value or house.completion()).encode()
    return (b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + headers +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


SSE_HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")


def part(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(value):
    text = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return b"data: " + text + b"\n\n"


def story(*texts):
    """The events of a stream that says these texts."""
    return ([event(house.chunk({"role": "assistant", "content": ""}))] +
            [event(house.chunk({"content": t})) for t in texts] +
            [event(house.chunk({}, "stop")), event(b"[DONE]")])


def said(answer):
    """What a stream said, without its errors."""
    return "".join(c["delta"].get("content") or "" for e in answer.events if e.startswith("{")
                   for c in json.loads(e).get("choices", []))


def broken_off(answer, codes):
    """A stream that had begun and did not end well: an error event, and no sign of an end."""
    assert answer.status == 200, answer
    assert "[DONE]" not in answer.events, answer.body[-300:]
    last = json.loads(answer.events[-1])
    assert last["error"]["code"] in codes, last


def failed(answer, codes):
    """An error, whether before or after the first byte."""
    if answer.status == 200:
        broken_off(answer, codes)
    else:
        assert answer.status in (502, 504) and answer.code in codes, answer


def last_word(gw, data, code=None, timeout=10.0):
    """These bytes get one refusal, and nothing in them is taken for another request: a request that
    is right and that is sent behind them is never answered."""
    behind = head_of(gw, method="GET", path="/v1/models")
    with Wire(gw, timeout) as wire:
        try:
            wire.send(data, behind)
        except OSError:
            pass  # refused while it was still being sent
        reply = wire.reply()
        assert 400 <= reply.status < 600, (data[:200], reply.raw[:300])
        assert wire.until_close() == b"", data[:200]
    if code is not None:
        assert reply.code in ((code,) if isinstance(code, str) else code), (data[:200], reply.code)
    return reply


def reset(s):
    """Closes with RST."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    s.close()
