"""Connections that are nearly right: requests of several kinds, mutated by seed."""
import random

HOST = b"Host: h.example\r\n"
BASES = [
    b"GET /a/b?c=d HTTP/1.1\r\n" + HOST + b"X-One: first\r\nAccept: */*\r\n\r\n",
    b"POST /v1/chat HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 11\r\n\r\nhello world",
    b"POST /v1/chat HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nX-Two: 2\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    b"POST /c HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1f\r\nGET /inner HTTP/1.1\r\nHost: i\r\n\r\r\n0\r\n\r\n",
    b"PUT /p HTTP/1.1\r\n" + HOST + b"Content-Length: 37\r\n\r\nGET /inner HTTP/1.1\r\nHost: inner\r\n\r\n\r\n",
    b"GET / HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n\r\n",
    b"DELETE /d HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    b"POST /empty HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n",
    b"HEAD /h HTTP/1.1\r\n" + HOST + b"Cookie: a=b; c=d\r\n\r\n",
    b"PATCH /e HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    b"GET /u HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
]
BYTES = [b"\0", b"\t", b"\n", b"\r", b"\r\n", b" ", b"  ", b"\x0b", b"\x0c", b"\x1f", b"\x7f", b"\x80", b"\x85", b"\xa0", b"\xff", b":", b";", b",", b"\"",
         b"/", b"?", b"#", b"%", b"%00", b"%2f", b"0", b"1", b"a", b"f", b"-", b"+", b"_", b".", b"\\", b"(", b"=", b"\xc3\xa4", b"\r\n\r\n", b"\n\n", b"\r\r\n"]
ROWS = [b"Content-Length: 5", b"Content-Length: 0", b"content-length: 11", b"Content-Length: +5", b"Content-Length: 5, 5", b"Content-Length: 0x5",
        b"Content-Length:", b"Content-Length : 5", b"Content_Length: 5", b"Content-Length: 5 ", b"Content-Length: 05", b"Content-Length: 5;",
        b"Transfer-Encoding: chunked", b"transfer-encoding: Chunked", b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: identity", b"Transfer-Encoding : chunked", b"Transfer-Encoding: chunked ", b"Transfer-Encoding:chunked", b"Transfer-Encoding:\tchunked",
        b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: \"chunked\"",
        b"Transfer-Encoding:", b"Transfer_Encoding: chunked", b" Transfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked", b"X: y\rTransfer-Encoding: chunked",
        b"Connection: close", b"Connection: keep-alive", b"Connection: content-length", b"Connection: close, x", b"Connection:", b"Host: other", b"Host:",
        b"Expect: 100-continue", b"Expect: x", b"Upgrade: h2c", b"TE: trailers", b"Trailer: X", b"Keep-Alive: 1", b"X-One: second", b"X-Fold: a\r\n b", b"X-Fold: a\r\n\tb",
        b"X-Tab:\tv\t", b"X-Empty:", b"X-Empty:  ", b": no name", b"no colon", b"", b"X-Hi: \xe4\xf6", b"X-\xe4: v", b"X Y: v", b"X-Q: \"a\\\"b\"", b"Proxy-Connection: close"]
LINES = [b"GET", b"POST", b"get", b"FOO", b"CONNECT", b"OPTIONS", b"TRACE", b"PRI", b"QUERY", b"M-SEARCH", b"G(T", b"HTTP/1.0", b"HTTP/1.1", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9",
         b"http/1.1", b"HTTP/1.10", b"HTTP/11", b"*", b"/", b"//x", b"http://other/", b"/a/../b", b"/a/./b", b"/a%2e%2e/b", b"/a;b", b"/a%zz", b"/?", b"/?a?b", b"/#f", b"h:80", b"x", b""]
SIZES = [b"0", b"5", b"05", b"0005", b"6", b"4", b"b", b"B", b"g", b"-5", b"+5", b" 5", b"5 ", b"0x5", b"5;a", b"5;a=b", b"5;a=\"b\"", b"5 ;a", b"FFFFFFFFFFFFFFED", b"10000000000000005",
         b"", b"5\n", b"5\r", b"00000000000000005", b"5,", b"5\t"]

ANSWER = b"Content-Type: application/json\r\n"
ANSWERS = [
    b"HTTP/1.1 200 OK\r\n" + ANSWER + b"Content-Length: 11\r\n\r\nhello world",
    b"HTTP/1.1 200 OK\r\n" + ANSWER + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + ANSWER + b"Connection: close\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\n" + ANSWER + b"Content-Length: 19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 201 \r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    b"HTTP/1.1 204 No Content\r\nX-One: 1\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\nX-Two: 2\r\n\r\n0\r\n\r\n",
]
STATUS_WORDS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"ICY", b"200", b"100", b"199", b"204", b"304", b"099", b"2000", b"20", b"+20", b"600",
                b"", b"OK", b"O\tK", b"\xff", b"101"]


def one(rng, data, bases=BASES, words=LINES):
    """One change."""
    kind = rng.randrange(10)
    at = rng.randrange(len(data) + 1)
    ends = [i for i in range(len(data)) if data[i:i + 2] == b"\r\n"]
    if kind == 0:
        return data[:at] + rng.choice(BYTES) + data[at:]
    if kind == 1:
        return data[:at] + data[at + rng.choice((1, 1, 2, 5)):]
    if kind == 2:
        return data[:at] + rng.choice(BYTES) + data[at + 1:]
    if kind == 3 and ends:  # another line of the head
        at = rng.choice(ends)
        return data[:at + 2] + rng.choice(ROWS) + b"\r\n" + data[at + 2:]
    if kind == 4 and ends:  # an end of a line
        at = rng.choice(ends)
        return data[:at] + rng.choice(BYTES) + data[at + 2:]
    if kind == 5:  # a word of the first line
        line, sep, rest = data.partition(b"\r\n")
        parts = line.split(b" ")
        parts[rng.randrange(len(parts))] = rng.choice(words)
        return b" ".join(parts) + sep + rest
    if kind == 6:  # a line of a chunk, or of the head, instead
        lines = data.split(b"\r\n")
        lines[rng.randrange(len(lines))] = rng.choice(SIZES if rng.random() < 0.6 else ROWS)
        return b"\r\n".join(lines)
    if kind == 7 and len(ends) > 2:  # lines change places, or come twice
        lines = data.split(b"\r\n")
        i, k = rng.randrange(len(lines)), rng.randrange(len(lines))
        if rng.random() < 0.5:
            lines[i], lines[k] = lines[k], lines[i]
        else:
            lines.insert(k, lines[i])
        return b"\r\n".join(lines)
    if kind == 8:
        return data[:at]
    other = rng.choice(bases)
    cut = rng.randrange(len(other) + 1)
    return data[:at] + other[cut:]


def connection(rng, answers):
    """What one client sends, or one upstream: one to three messages, with as many changes, or none."""
    bases, words = (ANSWERS, STATUS_WORDS) if answers else (BASES, LINES)
    data = b"".join(rng.choice(bases) for _ in range(rng.choice((1, 1, 2, 3))))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        data = one(rng, data, bases, words)
    return data


def connections(seed, n, answers=False):
    rng = random.Random(seed)
    return [connection(rng, answers) for _ in range(n)]
