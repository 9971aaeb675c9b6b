"""A whole gateway under test, and a model server that remembers everything it was sent.

    upstream = Upstream()                    # or your own subclass; close() it
    with Gateway(tmp_path, upstream) as gw:
        answer = gw.chat({"messages": [{"role": "user", "content": "hi"}]})
        gw.wait_record(kind="outcome", request=answer.request_id)

POSTERN_BUILD names the build folder (default: build beside the sources). Only the standard library
is used, and only documented formats are read: the evidence is parsed here, not by the gateway.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("POSTERN_BUILD", ROOT / "build")).resolve()
POSTERN = BUILD / "postern"
ROLE = BUILD / "postern-role"
ASSERT_HEADER = "postern-end-user"

# Sanitizer builds are slow to start and to answer; every wait here is stretched by this.
PATIENCE = float(os.environ.get("POSTERN_PATIENCE", "1"))


def missing(what):
    """A part that is not here: skipped by name, but never in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing: {what}")
    pytest.skip(f"skipped: {what}")


def wait_for(what, seconds=5.0, every=0.01):
    """Calls `what` until it gives something true; returns that, or the last value."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def free_ports(n):
    """Ports nobody has at this moment, below the range the kernel gives to clients."""
    sockets, ports = [], []
    try:
        start = 20000 + (os.getpid() * 37 + int(time.monotonic() * 1000)) % 10000
        for port in range(start, start + 2000):
            s = socket.socket()
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                s.close()
                continue
            sockets.append(s)
            ports.append(port)
            if len(ports) == n:
                return ports
    finally:
        for s in sockets:
            s.close()
    raise RuntimeError("no free ports")


# --- the upstream ---------------------------------------------------------------------------------


class Seen:
    """One request as it came: nothing is parsed but the framing."""

    def __init__(self, head, body):
        self.head, self.body = head, body
        self.line = head.split(b"\r\n", 1)[0].decode("latin-1")
        self.headers = {}
        for row in head.split(b"\r\n")[1:]:
            name, _, value = row.partition(b":")
            if name:
                self.headers.setdefault(name.strip().lower().decode("latin-1"),
                                        []).append(value.strip().decode("latin-1"))


def completion(content="hello", finish="stop", tool_calls=None):
    message = {"role": "assistant", "content": content}
    if tool_calls:
        message = {"role": "assistant", "content": None, "tool_calls": tool_calls}
        finish = "tool_calls"
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m1",
            "choices": [{"index": 0, "message": message, "logprobs": None,
                         "finish_reason": finish}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}


def chunk(delta, finish=None):
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m1",
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}


class Upstream:
    """Listens on a free port; every byte of every request is kept in `seen`, every connection in
    `connections`. Override answer(), or give `on_request(seen)`, called before anything is
    answered. `delay` holds the answer back; `gate`, an Event, holds it until it is set."""

    def __init__(self, on_request=None, delay=0.0, pace=0.0, words=4):
        self.on_request, self.delay, self.pace, self.words = on_request, delay, pace, words
        self.gate = None
        self.seen, self.connections, self.raw = [], 0, b""
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = set()
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def close(self):
        self.closed = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            for s in self.open:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while not self.closed:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                self.open.add(s)
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _more(self, s):
        data = s.recv(65536)
        if not data:
            raise ConnectionError("closed")
        with self.lock:
            self.raw += data
        return data

    def _read(self, s, rest):
        while b"\r\n\r\n" not in rest:
            rest += self._more(s)
        head, _, rest = rest.partition(b"\r\n\r\n")
        match = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        n = int(match.group(1)) if match else 0
        while len(rest) < n:
            rest += self._more(s)
        return Seen(head, rest[:n]), rest[n:]

    def _serve(self, s):
        rest = b""
        try:
            while True:
                seen, rest = self._read(s, rest)
                with self.lock:
                    self.seen.append(seen)
                if self.on_request:
                    self.on_request(seen)
                if self.gate:
                    self.gate.wait(30)
                if self.delay:
                    time.sleep(self.delay)
                self.answer(s, seen)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(s)
            s.close()

    def answer(self, s, seen):
        try:
            stream = bool(json.loads(seen.body).get("stream"))
        except ValueError:
            stream = False
        if stream:
            self.send_stream(s, [chunk({"role": "assistant", "content": ""})] +
                             [chunk({"content": f"w{i} "}) for i in range(self.words)] +
                             [chunk({}, "stop")])
        else:
            self.send_json(s, completion())

    def send_json(self, s, value, status="200 OK", headers=""):
        body = json.dumps(value).encode()
        s.sendall(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}"
                  f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def send_stream(self, s, chunks, done=True):
        def part(data):
            s.sendall(b"%x\r\n%s\r\n" % (len(data), data))
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n")
        for value in chunks:
            part(b"data: " + json.dumps(value).encode() + b"\n\n")
            if self.pace:
                time.sleep(self.pace)
        if done:
            part(b"data: [DONE]\n\n")
        s.sendall(b"0\r\n\r\n")

    def requests(self):
        with self.lock:
            return list(self.seen)


# --- the evidence, read from the format's description ---------------------------------------------


def read_log(folder):
    """All whole records of a log that may be growing meanwhile."""
    records = []
    paths = [p for p in pathlib.Path(folder).glob("seg-*.log")]
    for path in sorted(paths, key=lambda p: int(p.name[4:-4])):
        with open(path, "rb") as f:
            f.seek(256)
            while True:
                head = f.read(4)
                n = struct.unpack("<I", head)[0] if len(head) == 4 else 0
                if n == 0:
                    break
                text = f.read(n)
                if len(text) < n or len(f.read(4)) < 4:
                    break
                try:
                    records.append(json.loads(text))
                except ValueError:
                    break  # half written
    return records


# --- the gateway ----------------------------------------------------------------------------------


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The error code of an answer in OpenAI's shape."""
        return self.json["error"]["code"]

    @property
    def request_id(self):
        return self.headers.get("x-request-id")

    @property
    def events(self):
        return [line[6:] for line in self.body.decode().split("\n") if line.startswith("data: ")]

    def __repr__(self):
        return f"Answer({self.status}, {self.body[:300]!r})"


POLICY = """
@id("all-chat") permit (principal in Postern::Group::"demo",
    action in [Postern::Action::"chat", Postern::Action::"listModels"],
    resource in Postern::Provider::"u1");
@id("tools") permit (principal in Postern::Group::"demo",
    action in [Postern::Action::"offerTool", Postern::Action::"callTool"],
    resource == Postern::Tool::"get_weather");
@id("admins") permit (principal in Postern::Group::"admins",
    action in [Postern::Action::"administer", Postern::Action::"readAudit",
               Postern::Action::"readMetrics"], resource is Postern::Gateway);
"""


class Gateway:
    """One gateway in its own state folder.

    upstream   an Upstream (upstream "u1", models "m1" and "m2"), or None: give `config`
    config     the whole postern.yaml; {port} and the like are not filled in
    limits     dict for `limits:`; audit  dict for `audit:`; extra  more YAML at the end
    policies   text of the policies; None: POLICY; False: those built in
    role       an executable instead of postern-role; args  more arguments of `postern up`
    """

    def __init__(self, folder, upstream=None, *, config=None, fronts=2, limits=None, audit=None,
                 extra="", policies=None, role=None, simulate=None, args=(), env=None,
                 wrapper=(), start=True):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.upstream = upstream
        self.role = pathlib.Path(role or ROLE)
        self.simulate, self.args, self.wrapper = simulate, list(args), list(wrapper)
        self.env = {**os.environ, **(env or {})}
        self.process = None
        self.url = self.key = self.admin_key = None
        self.stderr_path = self.folder / "stderr.txt"
        self.stdout_path = self.folder / "stdout.txt"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._init()
        self.port, self.admin_port = free_ports(2)
        if config is None:
            config = self.make_config(fronts, limits, audit, extra, policies)
        (self.state / "postern.yaml").write_text(config)
        if start:
            self.start()

    def _init(self):
        if (self.state / "postern.yaml").exists():
            return
        out = self.run("init", "--demo", "--json")
        made = json.loads(out.stdout)
        self.key, self.admin_key = made["demo_key"], made["admin_key"]

    def make_config(self, fronts, limits, audit, extra, policies):
        lines = ["listen: 127.0.0.1:8080", "admin: 127.0.0.1:8081", f"fronts: {fronts}"]
        if self.upstream is not None:
            lines += ["upstreams:", f"  u1: {{url: '{self.upstream.url}', allow_private: true}}",
                      "models:", "  m1: u1", "  m2: u1"]
        limits = {"segment_bytes": "4MiB", **(limits or {})}
        lines += ["limits: {" + ", ".join(f"{k}: {v}" for k, v in limits.items()) + "}"]
        if audit:
            lines += ["audit: {" + ", ".join(f"{k}: {v}" for k, v in audit.items()) + "}"]
        if policies is not False:
            where = self.state / "policies"
            where.mkdir(exist_ok=True)
            (where / "test.cedar").write_text(POLICY if policies is None else policies)
            lines += ["policies: policies"]
        return "\n".join(lines + [extra]) + "\n"

    # --- life ---

    def start(self, wait=True):
        command = [*self.wrapper, str(POSTERN), "up", "--state", str(self.state),
                   "--port", str(self.port), "--admin-port", str(self.admin_port),
                   "--role", str(self.role)]
        if self.simulate:
            command += ["--simulate", self.simulate]
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            self.process = subprocess.Popen(command + self.args, stdout=out, stderr=err,
                                            stdin=subprocess.DEVNULL, env=self.env,
                                            start_new_session=True)
        if wait and not wait_for(self._is_ready, 15):
            text = self.stderr
            self.stop()
            raise RuntimeError(f"the gateway did not start:\n{text}")
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"

    def _is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the gateway ended:\n{self.stderr}")
        return "POSTERN_URL=" in self.stdout_path.read_text()

    def stop(self, seconds=5.0):
        """Asks it to end; returns its exit status. What does not end is killed."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process = None
        self.stdout_path.write_text("")
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        for key in (self.key, self.admin_key):  # promise: no secret in any log
            assert not key or key not in self.stderr, "a key was logged"

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def log_lines(self, **where):
        """The structured lines on standard error."""
        rows = []
        for line in self.stderr.splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                if all(row.get(k) == v for k, v in where.items()):
                    rows.append(row)
        return rows

    # --- the command line ---

    def run(self, *words, check=True, input=None):
        out = subprocess.run([str(POSTERN), *words, "--state", str(self.state)],
                             capture_output=True, text=True, env=self.env, timeout=60, input=input)
        if check and out.returncode != 0:
            raise RuntimeError(f"postern {' '.join(words)}: {out.returncode}\n{out.stdout}{out.stderr}")
        return out

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def pids(self):
        """{(role, index): pid} of the running roles, from /proc: needs no working gateway."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                ppid = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except (OSError, IndexError):
                continue
            if self.process is None or ppid != self._supervisor():
                continue
            words = [w.decode() for w in words if w]
            if len(words) > 2 and words[0] == "postern-role":
                found[(words[1], int(words[2]))] = int(entry.name)
            elif len(words) > 3 and words[:2] == ["postern", "role"]:
                found[(words[2], int(words[3]))] = int(entry.name)
        return found

    def _supervisor(self):
        if not self.wrapper:
            return self.process.pid
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in [self.process.pid, *map(int, children.read_text().split())]:
            if os.readlink(f"/proc/{pid}/exe") == str(POSTERN):
                return pid
        return self.process.pid

    def reload(self):
        return self.run("reload")

    # --- the evidence ---

    def records(self, **where):
        return [r for r in read_log(self.state / "audit")
                if all(r.get(k) == v for k, v in where.items())]

    def wait_record(self, seconds=5.0, **where):
        """The first record that fits, or None after `seconds`."""
        found = wait_for(lambda: self.records(**where), seconds, 0.03)
        return found[0] if found else None

    def verify(self, *more):
        """True when `postern audit verify` and the independent verifier both say so."""
        out = self.run("audit", "verify", *more, check=False)
        if out.returncode != 0:
            print(out.stdout, out.stderr, file=sys.stderr)
            return False
        other = subprocess.run([sys.executable, str(ROOT / "tests" / "verify_audit.py"),
                                str(self.state / "audit"), str(self.state / "audit" / "log.pub")],
                               capture_output=True, text=True)
        if other.returncode != 0:
            print(other.stdout, other.stderr, file=sys.stderr)
        return other.returncode == 0

    # --- requests ---

    def http(self, admin, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.admin_port if admin else self.port,
                                          timeout=timeout)

    def request(self, method, path, body=None, *, key=True, headers=None, admin=False, timeout=20):
        c = self.http(admin, timeout * PATIENCE)
        head = dict(headers or {})
        if key is True:
            key = self.admin_key if admin else self.key
        if key:
            head["Authorization"] = f"Bearer {key}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None and not any(k.lower() == "content-type" for k in head):
            head["Content-Type"] = "application/json"
        try:
            c.request(method, path, body, head)
            r = c.getresponse()
            data = r.read()
            return Answer(r.status, {k.lower(): v for k, v in r.getheaders()}, data)
        finally:
            c.close()

    def chat(self, body=None, **more):
        """A chat request; a dict is completed with a model and a message, text goes as it is."""
        if body is None or isinstance(body, dict):
            body = {"model": "m1", "messages": [{"role": "user", "content": "hi"}], **(body or {})}
        return self.request("POST", "/v1/chat/completions", body, **more)

    def connect(self, admin=False):
        s = socket.create_connection(("127.0.0.1", self.admin_port if admin else self.port), 10)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s


def tool(name):
    return shutil.which(name)
