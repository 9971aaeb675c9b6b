#!/usr/bin/env python3
"""Mutated requests before our parser, Node's and nginx's: what do they understand?

    compare.py H1-VERDICTS [--cases N] [--seed S] [--only node|nginx] [--show] [--answers]

With --answers, answers of upstreams instead, before our parser and Node's.

Refused by us and taken by another is as it should be, and counted. Taken by us and refused by another, or understood
differently, is a difference: its class must be in explained.txt with the reason, else this fails and prints the bytes.
"""
import argparse
import base64
import collections
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import mutate  # noqa: E402
from nginx import Nginx  # noqa: E402

# what nginx makes itself of a request that it sends on, or takes out of it
OWN = {b"connection", b"content-length", b"transfer-encoding", b"keep-alive", b"te", b"expect", b"upgrade",
       b"proxy-connection", b"trailer"}


def program(words, data):
    out = subprocess.run(words, input=data, capture_output=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def text(value):
    return base64.b64decode(value)


def shape(message, peer):
    """What is compared of a request."""
    rows = [(text(n), text(v)) for n, v in message["headers"]]
    if peer == "nginx":
        rows = [(n, v) for n, v in rows if n not in OWN and v]
    if message.get("status"):
        return (message["status"], b"", tuple(sorted(rows)), text(message["body"]))
    return (text(message["method"]), text(message["target"]), tuple(sorted(rows)), text(message["body"]))


PLAIN_METHOD = re.compile(rb"[A-Z_-]+")
ODD_NAME = "a header's name with other characters than letters, digits, - and _"
PLAIN_NAME = re.compile(rb"[a-z0-9_-]+")
REGISTERED = set("""ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY
    OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK
    UNSUBSCRIBE""".encode().split())


CLOSING_INTERIM = re.compile(rb"(?i)HTTP/1\.1 1\d\d [^\r]*\r\n(?:[^\r\n]+\r\n)*?(?:proxy-)?connection:[ \t]*close[ \t]*\r\n")


def about_answer(before, case):
    """The same of an answer."""
    if CLOSING_INTERIM.search(case):
        return "an answer behind an interim one that says close"
    if before and any((text(n), text(v).lower()) == (b"proxy-connection", b"close") for n, v in before["headers"]):
        return "what follows Proxy-Connection: close"
    return "an answer, nothing unusual"


def about(message, before, case):
    """What is unusual in a message that another refuses or reads in another way; `before` came before it."""
    if message.get("status"):
        return about_answer(before, case)
    method = text(message["method"])
    if not PLAIN_METHOD.fullmatch(method):
        return "a method that is no word of capitals"
    if method not in REGISTERED:
        return "a method of its own"
    if method == b"TRACE":
        return "TRACE"
    if before and any((text(n), text(v).lower()) == (b"proxy-connection", b"close") for n, v in before["headers"]):
        return "what follows Proxy-Connection: close"
    return "nothing unusual"


def differences(case, ours, theirs, peer):
    """Classes of differences, each a short word."""
    mine = [m for m in ours["messages"] if m["whole"]]
    other = [m for m in theirs["messages"] if m["whole"]]
    for i, message in enumerate(mine):
        unusual = about(message, mine[i - 1] if i else None, case)
        if i >= len(other):
            yield f"{peer} refuses: {unusual}"
            return
        a, b = shape(message, peer), shape(other[i], peer)
        for part, x, y in zip(("method", "target", "headers", "body"), a, b):
            if x != y:
                odd = part == "headers" and not all(PLAIN_NAME.fullmatch(text(n)) for n, _ in message["headers"])
                yield f"{peer} understands another {part}: {ODD_NAME if odd else unusual}"
                return
    if len(other) > len(mine):
        # we wait for more of a message that is whole for them: not a refusal, another reading
        if ours["end"] == "unfinished" and len(ours["messages"]) > len(mine):
            yield f"{peer} sees an earlier end"


def explained():
    rows = {}
    for line in (HERE / "explained.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            word, _, reason = line.partition(" | ")
            rows[word.strip()] = reason.strip()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verdicts")
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--answers", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--show", action="store_true", help="an example of every class")
    args = parser.parse_args()
    kind = ["answers"] if args.answers else []
    cases = mutate.connections(args.seed, args.cases, args.answers)
    data = b"".join(struct.pack("<I", len(c)) + c for c in cases)
    ours = program([args.verdicts, *kind], data)
    peers, missing = {}, []
    if args.answers:
        args.only = "node"
    node, nginx = shutil.which("node"), shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if args.only != "nginx":
        if node:
            peers["node"] = program([node, "--no-deprecation", str(HERE / "parse.mjs"), *kind], data)
        else:
            missing.append("node")
    if args.only != "node":
        if nginx:
            server = Nginx(nginx)
            try:
                peers["nginx"] = server.all(cases)
            finally:
                server.close()
        else:
            missing.append("nginx")
    found, examples, stricter = collections.Counter(), {}, collections.Counter()
    for peer, theirs in peers.items():
        assert len(theirs) == len(ours) == len(cases), peer
        for case, a, b in zip(cases, ours, theirs):
            words = list(differences(case, a, b, peer))
            for word in words:
                found[word] += 1
                if len(case) < len(examples.get(word, (case + b" ",))[0]):
                    examples[word] = (case, a, b)
            if not words and sum(m["whole"] for m in b["messages"]) > sum(m["whole"] for m in a["messages"]):
                stricter[peer] += 1
    known = explained()
    new = [w for w in found if w not in known]
    for word, n in sorted(found.items()):
        print(f"{n:6} {word}: {known.get(word, 'NOT EXPLAINED')}")
        if args.show or word not in known:
            case, a, b = examples[word]
            print(f"       {case!r}\n       ours: {a['end']}, {[shape(m, '') for m in a['messages']]}\n"
                  f"       theirs: {b['end']}, {[shape(m, '') for m in b['messages']]}")
    taken = sum(any(m["whole"] for m in a["messages"]) for a in ours)
    print(f"{len(cases)} connections, {taken} with a message taken by us; refused by us and taken by others: "
          f"{', '.join(f'{p} {n}' for p, n in stricter.items())}; differences without a reason: {len(new)}")
    for name in missing:
        print(f"skipped: {name}")
    return 1 if new or (missing and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
