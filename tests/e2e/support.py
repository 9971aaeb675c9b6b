"""Parts that the end-to-end tests share: the demo model as an upstream, raw sockets, a policy."""
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

import house
from house import missing  # noqa: F401, E402

# What the provider's credential looks like; it may be seen by the upstream and by nobody else.
PROVIDER_KEY = "sk-provider-4c1f0e7d9a"
CANARY = "canary-9f27c1"

POLICY = """
@id("chat") @max_tokens("200000")
permit (principal in Postern::Group::"demo", action == Postern::Action::"chat",
    resource is Postern::Model) unless { resource == Postern::Model::"restricted" };
@id("list")
permit (principal in Postern::Group::"demo", action == Postern::Action::"listModels",
    resource is Postern::Model) unless { resource == Postern::Model::"restricted" };
@id("tools")
permit (principal in Postern::Group::"demo",
    action in [Postern::Action::"offerTool", Postern::Action::"callTool"],
    resource is Postern::Tool)
when { resource == Postern::Tool::"get_weather" || resource == Postern::Tool::"get_time" };
@id("offer-only")
permit (principal in Postern::Group::"demo", action == Postern::Action::"offerTool",
    resource == Postern::Tool::"delete_all");
@id("no-unoffered-tools")
forbid (principal, action == Postern::Action::"callTool", resource)
unless { context.toolOffered };
@id("no-remote-urls")
forbid (principal, action == Postern::Action::"chat", resource) when { context.remoteUrls > 0 };
@id("speak")
permit (principal == Postern::Workload::"demo", action == Postern::Action::"speakFor",
    resource is Postern::EndUser);
@id("not-for-mallory")
forbid (principal, action == Postern::Action::"speakFor", resource == Postern::EndUser::"demo/mallory");
@id("carol-may-not")
forbid (principal == Postern::EndUser::"demo/carol", action == Postern::Action::"chat", resource);
@id("admins")
permit (principal in Postern::Group::"admins",
    action in [Postern::Action::"administer", Postern::Action::"readAudit",
               Postern::Action::"readMetrics"], resource is Postern::Gateway);
"""


def tool(name):
    return {"type": "function", "function": {
        "name": name, "description": "a tool", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}}}}


def ask(text, model="demo", **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


class DemoModel:
    """`postern demo-model` on a free port."""

    def __init__(self, *args, key=PROVIDER_KEY):
        words = ["--key", key] if key else []
        self.process = subprocess.Popen(
            [str(house.POSTERN), "demo-model", "--port", "0", *words, *args],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.url = re.search(r"http://\S+", line).group(0)
        self.port = int(re.search(r":(\d+)/", self.url).group(1))

    def last(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/demo/last", timeout=5) as r:
            return json.load(r)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def config(upstreams, models, *, limits=None, rates=None, extra="", fronts=2):
    """A postern.yaml from flow mappings."""
    limits = {"segment_bytes": "4MiB", **(limits or {})}
    rows = ["listen: 127.0.0.1:8080", "admin: 127.0.0.1:8081", f"fronts: {fronts}", "upstreams:"]
    rows += [f"  {name}: {text}" for name, text in upstreams.items()]
    rows += ["models:"] + [f"  {name}: {text}" for name, text in models.items()]
    rows += ["limits: {" + ", ".join(f"{k}: {v}" for k, v in limits.items()) + "}"]
    if rates:
        rows += ["rates:"] + [f"  - {row}" for row in rates]
    return "\n".join([*rows, "policies: policies", extra, ""])


class Gateway(house.Gateway):
    """Whatever a client or an upstream did: no part may have died of it or broken its protocol."""

    may_die = ()  # roles whose death a test brings about

    def __exit__(self, kind, *more):
        bad = [r for r in self.records() if r.get("event") == "role_death" or r["kind"] == "violation"]
        super().__exit__(kind, *more)
        assert kind is not None or all(r["role"] in self.may_die for r in bad), bad


def gateway(folder, upstreams, models, *, policy=POLICY, env=None, start=True, **more):
    """A gateway with this configuration and policy."""
    gw = Gateway(folder, config=config(upstreams, models, **more), env=env, start=False)
    where = gw.state / "policies"
    where.mkdir(exist_ok=True)
    (where / "test.cedar").write_text(policy)
    if start:
        gw.start()
    return gw


# --- raw HTTP -------------------------------------------------------------------------------------


def head_of(gw, body=b"", *, key=True, extra=(), path="/v1/chat/completions", method="POST",
            version="HTTP/1.1", length=True):
    """A well-formed request head, to be broken by a test."""
    rows = [f"{method} {path} {version}", f"Host: 127.0.0.1:{gw.port}"]
    if key is True:
        key = gw.key
    if key:
        rows.append(f"Authorization: Bearer {key}")
    rows += ["Content-Type: application/json"] if method == "POST" else []
    rows += [f"Content-Length: {len(body)}"] if length and method == "POST" else []
    return ("\r\n".join([*rows, *extra]) + "\r\n\r\n").encode()


class Reply:
    """An answer read from a socket, and nothing assumed about it."""

    def __init__(self, head, body):
        self.raw_head, self.body = head, body
        rows = head.decode("latin-1").split("\r\n")
        self.status = int(rows[0].split(" ")[1])
        self.headers = {}
        for row in rows[1:]:
            name, _, value = row.partition(":")
            self.headers[name.strip().lower()] = value.strip()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["error"]["code"]

    @property
    def request_id(self):
        return self.headers.get("x-request-id")

    @property
    def raw(self):
        return self.raw_head + b"\r\n\r\n" + self.body


class Wire:
    """One connection, with a reader that keeps what belongs to the next answer."""

    def __init__(self, gw, timeout=10.0, admin=False):
        self.s = gw.connect(admin=admin)
        self.s.settimeout(timeout * house.PATIENCE)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()

    def send(self, *parts):
        for part in parts:
            self.s.sendall(part)

    def _more(self):
        data = self.s.recv(65536)
        if not data:
            raise EOFError(self.rest[:400])
        self.rest += data

    def head(self):
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        return head

    def reply(self):
        reply = Reply(self.head(), b"")
        if reply.status < 200:
            return reply
        if reply.headers.get("transfer-encoding") == "chunked":
            body = b""
            while True:
                while b"\r\n" not in self.rest:
                    self._more()
                size, _, self.rest = self.rest.partition(b"\r\n")
                n = int(size, 16)
                while len(self.rest) < n + 2:
                    self._more()
                body, self.rest = body + self.rest[:n], self.rest[n + 2:]
                if n == 0:
                    break
        elif "content-length" in reply.headers:
            n = int(reply.headers["content-length"])
            while len(self.rest) < n:
                self._more()
            body, self.rest = self.rest[:n], self.rest[n:]
        else:
            body = self.rest + self.until_close()
        reply.body = body
        return reply

    def until_close(self):
        data, self.rest = self.rest, b""
        while True:
            try:
                more = self.s.recv(65536)
            except ConnectionResetError:
                return data
            if not more:
                return data
            data += more

    def closed(self, seconds=5.0):
        """Whether the other side ends the connection without another word."""
        self.s.settimeout(seconds * house.PATIENCE)
        try:
            return self.s.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def raw(gw, *parts, timeout=10.0):
    """One connection, these bytes, the one answer."""
    with Wire(gw, timeout) as wire:
        wire.send(*parts)
        return wire.reply()


# --- what every refusal must look like -------------------------------------------------------------


def refused(gw, answer, status, code):
    """A refusal in OpenAI's shape, with a request id, and recorded under it."""
    assert answer.status == status, answer.body[:500]
    error = answer.json["error"]
    assert set(error) == {"message", "type", "param", "code"}, error
    assert error["code"] == code, error
    assert error["message"] and isinstance(error["type"], str)
    assert answer.headers["content-type"] == "application/json"
    request = answer.request_id
    assert request and request.startswith("req_")
    assert request in error["message"] and answer.json["request_id"] == request
    record = gw.wait_record(request=request)
    assert record is not None, f"no record for {request}"
    assert PROVIDER_KEY not in str(answer.headers) and PROVIDER_KEY.encode() not in answer.body
    return record


def tcp_server(serve):
    """A thread for each connection to a free port of 127.0.0.1: serve(socket). Returns the
    listening socket; closing it ends the accepting."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(s):
        try:
            serve(s)
        except OSError:
            pass
        finally:
            s.close()

    def accept():
        while True:
            try:
                s, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(s,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


def timed(call):
    began = time.monotonic()
    value = call()
    return value, time.monotonic() - began
