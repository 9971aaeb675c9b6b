"""HTTP/1 framing: two readings of one message. Whatever has two is refused, the connection ends,
and nothing behind it is ever taken for a request."""
import json

import pytest

import support
from abuse import BODY, last_word, part
from support import Wire, head_of, raw, refused

pytestmark = pytest.mark.usefixtures("steady_all", "nothing_leaves")

CHUNKED = "Transfer-Encoding: chunked"
FRAMING = "http_framing"
BAD_HEAD = ("http_syntax", "http_framing", "http_header", "http_host", "http_bare_lf")


def with_rows(gw, *rows, length=False):
    return head_of(gw, BODY, extra=list(rows), length=length)


def chunked(data=BODY):
    return part(data) + b"0\r\n\r\n"


def test_a_length_and_a_coding(gw):
    n = len(BODY)
    for rows in ([f"Content-Length: {n}", CHUNKED], [CHUNKED, f"Content-Length: {n}"],
                 ["Content-Length: 0", CHUNKED], [CHUNKED, "Content-Length: 0"],
                 [f"CONTENT-LENGTH: {n}", "tRANSFER-eNCODING: cHUNKED"],
                 [f"Content-Length: {n}", "Transfer-Encoding: identity"],
                 [f"Content-Length: {n}", "Transfer-Encoding:"],
                 [f"Content-Length: {n}", "Transfer-Encoding: "],
                 ["Content-Length:", CHUNKED], ["Content-Length: x", CHUNKED]):
        for body in (BODY, chunked()):
            reply = last_word(gw, with_rows(gw, *rows) + body, FRAMING)
        refused(gw, reply, 400, FRAMING)


def test_two_lengths(gw):
    n = len(BODY)
    for rows in ([f"Content-Length: {n}", f"Content-Length: {n}"],
                 [f"Content-Length: {n}", "Content-Length: 0"],
                 ["Content-Length: 0", f"Content-Length: {n}"],
                 [f"Content-Length: {n}, {n}"], [f"Content-Length: {n},"], [f"Content-Length: ,{n}"],
                 [f"Content-Length: {n}", f"content-length : {n}"],
                 [f"Content-Length: {n}", f"Content_Length: {n}"]):
        last_word(gw, with_rows(gw, *rows) + BODY, BAD_HEAD)


@pytest.mark.parametrize("value", [
    "", " ", "-0", "+0", "-{n}", "+{n}", "0{n}", "00{n}", "0x{n}", "{n}.0", "{n}e0", "{n} {n}", "{n};", "'{n}'",
    '"{n}"', "{n}a", "٣", "18446744073709551616", "18446744073709551700", "9223372036854775808",
    "340282366920938463463374607431768211456", "1" * 400])
def test_lengths_that_are_no_plain_number(gw, value):
    value = value.replace("{n}", str(len(BODY)))
    head = with_rows(gw).replace(b"\r\n\r\n", b"\r\nContent-Length: " + value.encode() + b"\r\n\r\n")
    last_word(gw, head + BODY, (*BAD_HEAD, "body_too_large"))


@pytest.mark.parametrize("value", [
    b"chunked, identity", b"identity, chunked", b"identity", b"xchunked", b"chunkedx", b"chunked, chunked",
    b"chunked,", b",chunked", b"gzip, chunked", b"chunked, gzip", b"chunked;q=1", b"chunked ;x", b'"chunked"',
    b"chunk", b"c hunked", b"chunked\x0b", b"\x0bchunked", b"chunked\x0c", b"chunked\0", b"chunked\x85",
    b"\xa0chunked", b"chunked\xa0", b"trailers", b"deflate", b"", b"chunked\r\nTransfer-Encoding: chunked",
    b"chunked\r\nTransfer-Encoding: identity", b"identity\r\nTransfer-Encoding: chunked",
    b"\r\n chunked", b"\n chunked", b"chunked\r\n\t, identity"])
def test_codings_that_are_not_chunked(gw, value):
    head = with_rows(gw).replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: " + value + b"\r\n\r\n")
    last_word(gw, head + chunked(), BAD_HEAD)
    if value != b"":
        last_word(gw, head.replace(b"Transfer-Encoding: ", b"Transfer-Encoding:") + chunked(), BAD_HEAD)


def test_white_space_around_what_frames(gw):
    """One blank in front is as everybody writes it. Whatever else there is, some parser reads it in another way."""
    inner = json.dumps(support.ask("the normal client, chunked", "rec")).encode()
    for value in (" chunked", "chunked", "   chunked", " Chunked", " CHUNKED"):
        with Wire(gw) as wire:
            wire.send(with_rows(gw, f"Transfer-Encoding:{value}"), chunked(inner))
            assert wire.reply().status == 200
            wire.send(head_of(gw, method="GET", path="/v1/models"))
            assert wire.reply().json["object"] == "list"
    n = len(BODY)
    for value in ("chunked ", "chunked\t", "\tchunked", " \tchunked", "chunked  \t "):
        for colon in (":", ": "):
            last_word(gw, with_rows(gw, f"Transfer-Encoding{colon}{value}") + chunked(), FRAMING)
            last_word(gw, with_rows(gw, f"Transfer-Encoding{colon}{value}", length=True) + BODY, FRAMING)
    for value in (f"{n} ", f"{n}\t", f"\t{n}", f" \t{n}"):
        last_word(gw, with_rows(gw, f"Content-Length:{value}") + BODY, FRAMING)
    for value in ("a\t", "\ta", "a \t"):
        head = head_of(gw, BODY).replace(b"Host: 127.0.0.1:%d" % gw.port, b"Host:" + value.encode())
        last_word(gw, head + BODY, "http_host")


def test_chunk_sizes(gw):
    for size in (b"FFFFFFFFFFFFFFED", b"ffffffffffffffff", b"FFFFFFFFFFFFFFFF0", b"10000000000000005",
                 b"8000000000000000", b"7fffffffffffffff", b"100000005", b"0" * 17 + b"5", b"0" * 5000 + b"5", b"-1",
                 b"+5", b" 5", b"5 ", b"\t5", b"5\t", b"0x5", b"0X5", b"5h", b"g", b"", b"5_0", b"5,5", b"5.0",
                 b"\xd9\xa5", b"5\0", b"\x005", b"5\x0b", b'"5"'):
        reply = last_word(gw, with_rows(gw, CHUNKED) + size + b"\r\nhello\r\n0\r\n\r\n",
                          (FRAMING, "http_bare_lf", "http_syntax", "body_too_large"))
        assert reply.status in (400, 413), (size, reply.raw)


@pytest.mark.parametrize("extension", [
    b";", b";a", b";a=b", b";a=\"b\"", b" ;a", b"; a=b", b";a=\"x\ny\"", b";a=\"x\r\ny\"", b";\n", b";a\rb", b";\0",
    b";a=\"" + b"y" * 1_000_000 + b"\"", b";" + b"a;" * 500_000, b";" + b" " * 1_000_000,
], ids=lambda e: f"{len(e)}-{e[:8]!r}")
def test_chunk_extensions(gw, extension):
    """Nobody needs them; they are refused at their first byte, however long they would be."""
    last_word(gw, with_rows(gw, CHUNKED) + b"5" + extension + b"\r\nhello\r\n0\r\n\r\n",
              (FRAMING, "http_bare_lf", "http_syntax"))


@pytest.mark.parametrize("chunks", [
    b"5\r\n[1,2,0\r\n\r\n", b"5\r\n[1,2,\n0\r\n\r\n", b"5\r\n[1,2,\r0\r\n\r\n", b"5\n[1,2,\r\n0\r\n\r\n",
    b"5\r[1,2,\r\n0\r\n\r\n", b"5\r\n[1,2,\r\n0\n\r\n", b"5\r\n[1,2,\r\n0\r\n\n", b"5\r\n[1,2,\r\n0\r\r\n",
    b"5\r\n[1,2,\r\n0\r\nX: y\r\n\r\n", b"5\r\n[1,2,\r\n0\r\nContent-Length: 5\r\n\r\n",
    b"5\r\n[1,2,\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\n[1,2,\r\n0\r\nAuthorization: x\r\n\r\n",
    b"5\r\n[1,2,\r\n0\r\n X: y\r\n\r\n", b"5\r\n[1,2,XX0\r\n\r\n", b"5\r\n[1,\r\n0\r\n\r\n", b"4\r\n[1,2,\r\n0\r\n\r\n",
    b"\r\n5\r\n[1,2,\r\n0\r\n\r\n", b"5\r\n[1,2,\r\n\r\n0\r\n\r\n", b"5\r\n\r\n[1,2,\r\n0\r\n\r\n",
    b"5\r\n[1,2,\r\n0 \r\n\r\n", b"5\r\n[1,2,\r\n0;x\r\n\r\n", b"5\r\r\n[1,2,\r\n0\r\n\r\n", b"5\n\r\n[1,2,\r\n0\r\n\r\n"])
def test_chunks_that_are_garbage(gw, chunks):
    last_word(gw, with_rows(gw, CHUNKED) + chunks, (FRAMING, "http_bare_lf", "http_syntax"))


def ends(data):
    """Where the line ends of a head are."""
    at, found = data.find(b"\r\n"), []
    while at >= 0:
        found.append(at)
        at = data.find(b"\r\n", at + 2)
    return found


@pytest.mark.parametrize("instead", [b"\n", b"\r", b"\n\r", b"\r\r\n", b"\r\n\n", b"\n\n", b"\r \n", b"\0\r\n",
                                     b"\x0b", b"\x0c", b"\x85", b"\xe2\x80\xa8"])
def test_line_ends(gw, instead):
    """Each line end of a head in turn, the empty line included."""
    head = head_of(gw, BODY)
    for at in ends(head):
        data = head[:at] + instead + head[at + 2:]
        if instead == b"\r\n\n" and at == len(head) - 2:
            continue  # the head is whole there; what follows it is body
        if instead in (b"\x85", b"\xe2\x80\xa8") and at != ends(head)[0]:
            continue  # bytes of a value, which then holds the next line
        last_word(gw, data + BODY, BAD_HEAD)


@pytest.mark.parametrize("fold", [b"\r\n ", b"\r\n\t", b"\r\n \r\n ", b"\r\n \t", b"\n ", b"\r\n  X-User: root"])
def test_folded_lines(gw, fold):
    head = head_of(gw, BODY, extra=["X-A: b"])
    for place in (b"Host: ", b"X-A: b", b"Content-Length: ", b"Bearer ", b" HTTP/1.1", b"application/"):
        last_word(gw, head.replace(place, place + fold, 1) + BODY, BAD_HEAD)
    last_word(gw, head.replace(b"\r\nHost", fold + b"\r\nHost", 1) + BODY, BAD_HEAD)


def test_space_around_a_name(gw):
    for name in ("Host", "Content-Length", "Authorization", "Content-Type", "X-A"):
        for before, after in (("", " "), ("", "\t"), (" ", ""), ("\t", ""), ("", "\x0b"), ("", "\xa0")):
            head = head_of(gw, BODY, extra=["X-A: b"]).replace(
                f"{name}:".encode(), f"{before}{name}{after}:".encode("latin-1"), 1)
            last_word(gw, head + BODY, BAD_HEAD)
    for space in (b" ", b"\t", b"  ", b"\x0b", b"\x0c"):
        last_word(gw, space + head_of(gw, BODY) + BODY)


def test_control_bytes(gw):
    """NUL and its kind, in every part of a head."""
    head = head_of(gw, BODY, extra=["X-Name: value"])
    for byte in [*range(32), 127]:
        b = bytes([byte])
        places = [(b"X-Name", b"X-Na" + b + b"me"), (b"POST", b"PO" + b + b"ST"), (b"completions", b"comple" + b + b"tions")]
        if byte != 9:  # a tab may stand in a value
            places += [(b"value", b"val" + b + b"ue"), (b"application", b"appli" + b + b"cation")]
        if byte not in (9, 13):
            places += [(b"Bearer ", b"Bearer " + b), (b"HTTP/1.1", b"HTTP/1.1" + b)]
        for old, new in places:
            last_word(gw, head.replace(old, new, 1) + BODY)


def test_absolute_targets(gw):
    for host in ("evil.example", "127.0.0.1", f"127.0.0.1:{gw.port}", "user@127.0.0.1", "127.0.0.1#@evil.example", ""):
        for scheme in ("http://", "https://", "HTTP://", "//", "http:", "http:/", "file://", "ws://"):
            reply = last_word(gw, head_of(gw, BODY, path=f"{scheme}{host}/v1/chat/completions",
                                          extra=["Connection: close"]) + BODY)
            assert reply.status in (400, 404), (scheme, host, reply.raw)


@pytest.mark.parametrize("host", [
    "", "?", "#", "a?b", "a#b", "a/b", "a@b", "a b", "a,b", "a:b", "a:", "a:0", "a:65536", "a:99999999999", "a:80:80",
    "[::1", "::1]", "[::1]x", "[g]", "a\\b", "a%00b", "a%2f", "\xe4", "a\"b", "<a>", "a;b", "http://a", "a\x7f", "*"])
def test_host_values(gw, host):
    head = head_of(gw, BODY).replace(b"Host: 127.0.0.1:%d" % gw.port, b"Host: " + host.encode("latin-1"))
    assert refused_host(last_word(gw, head + BODY))


def refused_host(reply):
    return reply.status == 400 and reply.code in ("http_host", "http_syntax", "http_header")


def test_hosts(gw):
    for rows in (["Host: a"], ["host: 127.0.0.1"], ["Host:"], ["HOST: a", "Host: b"]):
        assert refused_host(last_word(gw, head_of(gw, BODY, extra=rows) + BODY))
    for version in ("HTTP/1.1", "HTTP/1.0"):
        head = head_of(gw, BODY, version=version).replace(b"Host: 127.0.0.1:%d\r\n" % gw.port, b"")
        assert refused_host(last_word(gw, head + BODY))


@pytest.mark.parametrize("line", [
    b"POST /v1/chat/completions", b"POST /v1/chat/completions ", b"POST  HTTP/1.1", b"POST HTTP/1.1",
    b"/v1/chat/completions HTTP/1.1", b"POST /v1/chat/completions HTTP/1.1 x", b"POST /v1/chat/completions  HTTP/1.1",
    b"POST /v1/chat/completions HTTP/1.1 ", b"POST /v1/chat/completions\tHTTP/1.1", b"POST /v1/chat completions HTTP/1.1",
    b"POST /v1/chat/completions HTTP/1.10", b"POST /v1/chat/completions HTTP/11", b"POST /v1/chat/completions HTTP/01.1",
    b"POST /v1/chat/completions HTTP/1.", b"POST /v1/chat/completions HTTP/.1", b"POST /v1/chat/completions HTTP/1,1",
    b"POST /v1/chat/completions HTTP/1.1.1", b"POST /v1/chat/completions HTTP /1.1", b"POST /v1/chat/completions ICE/1.0",
    b"POST /v1/chat/completions RTSP/1.0", b"POST /v1/chat/completions HTTP/1.2", b"POST /v1/chat/completions HTTP/3.0",
    b"post /v1/chat/completions HTTP/1.1", b"POS(T /v1/chat/completions HTTP/1.1", b"POST /v1/chat/completions#x HTTP/1.1",
    b"POST /v1/chat/comple\xfftions HTTP/1.1", b"POST * HTTP/1.1", b"OPTIONS * HTTP/1.1", b"POST ?x HTTP/1.1",
    b"POST v1/chat/completions HTTP/1.1", b"POST \\v1\\chat\\completions HTTP/1.1"])
def test_request_lines(gw, line):
    head = head_of(gw, BODY, extra=["Connection: close"])
    reply = last_word(gw, line + head[head.index(b"\r\n"):] + BODY)
    assert reply.status in (400, 404, 405, 505), (line, reply.raw)


@pytest.mark.parametrize("preface", [b"PRI * HTTP/2.0\r\nHost: a\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
                                     b"PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", b"PRI * HTTP/1.1\r\nHost: a\r\n\r\nSM\r\n\r\n"])
def test_what_begins_as_http_2_is_never_read_as_http_1(gw, preface):
    with Wire(gw) as wire:
        wire.send(preface, head_of(gw, method="GET", path="/v1/models"))
        data = wire.until_close()
    assert b"HTTP/1.1 200" not in data and b'"object":"list"' not in data


def test_headers_that_change_the_framing_of_others(gw):
    """A nomination would let a client strip a header further on."""
    for row in ("Connection: content-length", "Connection: close, authorization", "Connection: transfer-encoding",
                "Connection: x-a", "TE: trailers", "Trailer: Content-Length", "Proxy-Connection: x, y",
                "Keep-Alive: timeout=5, max=1000"):
        reply = raw(gw, head_of(gw, BODY.replace(b'"hi"', b'"the normal client"'), extra=[row]),
                    BODY.replace(b'"hi"', b'"the normal client"'))
        # either refused, or of no effect: never half
        assert reply.status == 200 or refused(gw, reply, 400, "http_header"), (row, reply.raw)
