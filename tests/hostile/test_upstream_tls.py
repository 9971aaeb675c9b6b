"""Plain words where TLS is meant: before the handshake, instead of it, and from a proxy."""
import socket
import ssl

import pytest

import house
import support
from abuse import SSE_HEAD, part, story, whole
from support import refused
from test_tls import Authority

EVIL = whole(house.completion("injected"))


class Talker:
    """Sends `first` as plain text, then does the handshake (or not) and answers well."""

    def __init__(self, cert, first, shake=True, late=False, answer=whole(house.completion("honest"))):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert)
        self.first, self.shake, self.late, self.answer, self.heads = first, shake, late, answer, []
        self.listener = support.tcp_server(self._serve)
        self.port = self.listener.getsockname()[1]

    def _serve(self, s):
        s.settimeout(5)
        if self.late:  # when the client has said hello
            s.recv(1, socket.MSG_PEEK)
        s.sendall(self.first)
        if not self.shake:
            self.heads.append(s.recv(65536))
            return
        with self.context.wrap_socket(s, server_side=True) as t:
            self.heads.append(t.recv(65536))
            t.sendall(self.answer)


class TalkingProxy:
    """A proxy that says yes and, in the same breath, something of its own."""

    def __init__(self, reply):
        self.reply, self.after = reply, []
        self.listener = support.tcp_server(self._serve)
        self.port = self.listener.getsockname()[1]

    def _serve(self, s):
        s.settimeout(5)
        while b"\r\n\r\n" not in s.recv(65536):
            pass
        s.sendall(self.reply)
        self.after.append(s.recv(65536))


CUT = {"cut-length": whole()[:-5], "cut-head": whole()[:60], "cut-nothing": b"",
       "cut-json": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + whole().partition(b"\r\n\r\n")[2][:-3]}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    folder.chmod(0o755)
    ca = Authority(folder)
    cert = ca.issue("good")
    servers = {"honest": Talker(cert, b""), "answer": Talker(cert, EVIL), "answer-only": Talker(cert, EVIL, shake=False),
               "late": Talker(cert, EVIL, late=True), "newline": Talker(cert, b"\r\n"), "one": Talker(cert, b"\x16"),
               "interim": Talker(cert, b"HTTP/1.1 100 Continue\r\n\r\n"), "http-error": Talker(cert, b"HTTP/1.1 400 x\r\n\r\n", shake=False),
               "alert": Talker(cert, b"\x15\x03\x01\x00\x02\x02\x28", shake=False),
               "stream": Talker(cert, SSE_HEAD + part(b"".join(story("injected"))), shake=False)}
    servers |= {name: Talker(cert, b"", answer=data) for name, data in CUT.items()}
    proxies = {"eager": TalkingProxy(b"HTTP/1.1 200 OK\r\n\r\n" + EVIL), "body": TalkingProxy(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
               "chunked": TalkingProxy(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
               "redirect": TalkingProxy(b"HTTP/1.1 302 x\r\nLocation: http://evil/\r\nContent-Length: 0\r\n\r\n"), "bare": TalkingProxy(b"HTTP/1.1 200 OK\n\n"),
               "plain": TalkingProxy(b"HTTP/1.1 200 OK\r\n\r\n")}
    common = f"allow_private: true, key: {{env: HOSTILE_KEY}}, ca: '{ca.path}'"
    upstreams = {n: f"{{url: 'https://localhost:{s.port}/v1', {common}}}" for n, s in servers.items()}
    upstreams |= {f"by-{n}": f"{{url: 'https://localhost:{servers['honest'].port}/v1', {common}, proxy: 'http://127.0.0.1:{p.port}'}}"
                  for n, p in proxies.items()}
    with support.gateway(folder / "gw", upstreams, {n: n for n in upstreams}, fronts=1, limits={"connect_ms": "2s", "tls_ms": "2s"},
                         env={"HOSTILE_KEY": support.PROVIDER_KEY}) as gw:
        yield gw, servers, proxies
    for one in [*servers.values(), *proxies.values()]:
        one.listener.close()


def test_plain_words_before_the_handshake(places):
    gw, servers, _ = places
    assert gw.chat(support.ask("hi", "honest")).json["choices"][0]["message"]["content"] == "honest"
    for name in servers:
        for stream in (False, True):
            if name == "honest" or name in CUT:
                continue
            answer = gw.chat(support.ask("hi", name, stream=stream))
            refused(gw, answer, 502, "upstream_tls")
            assert b"injected" not in answer.body
            for head in servers[name].heads:
                assert support.PROVIDER_KEY.encode() not in head and b"POST" not in head, name


def test_plain_words_of_a_proxy(places):
    gw, _, proxies = places
    for name, proxy in proxies.items():
        answer = gw.chat(support.ask("hi", f"by-{name}"))
        assert answer.status in (502, 504) and answer.code in ("upstream_connect", "upstream_tls"), (name, answer)
        assert b"injected" not in answer.body
        # whatever was sent to it after its yes was a handshake, and no request
        for after in proxy.after:
            assert after[:1] in (b"", b"\x16") and support.PROVIDER_KEY.encode() not in after, name


def test_cut_off_without_the_end_of_tls(places):
    """No close of TLS was sent: what came is no whole answer, unless it was whole by itself."""
    gw = places[0]
    for name in CUT:
        for stream in (False, True):
            answer = gw.chat(support.ask("hi", name, stream=stream))
            assert answer.status == 502 and answer.code in ("upstream_closed", "upstream_answer"), (name, answer)
