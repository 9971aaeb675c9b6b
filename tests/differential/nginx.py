"""Debian's nginx in front of a server that says what it was sent: what nginx understood of a connection."""
import base64
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

CONF = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 512; }}
http {{
    access_log off; server_tokens off; keepalive_requests 100000; client_header_timeout 2s; client_body_timeout 2s;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4;
    scgi_temp_path {folder}/t5;
    server {{
        listen unix:{folder}/front; client_max_body_size 1m; underscores_in_headers on; ignore_invalid_headers on; merge_slashes off;
        location / {{
            proxy_pass http://unix:{folder}/back:; proxy_ignore_client_abort on; proxy_http_version 1.1;
            proxy_set_header Connection close; proxy_set_header Host $http_host;
        }}
    }}
}}
"""


def b64(data):
    return base64.b64encode(data).decode()


class Nginx:
    def __init__(self, program):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nginx-"))
        (self.folder / "conf").write_text(CONF.format(folder=self.folder))
        self.back = socket.socket(socket.AF_UNIX)
        self.back.bind(str(self.folder / "back"))
        self.back.listen(256)
        for _ in range(16):
            threading.Thread(target=self._serve, daemon=True).start()
        self.process = subprocess.Popen([program, "-p", str(self.folder), "-c", str(self.folder / "conf"), "-e", str(self.folder / "error.log")],
                                        stderr=subprocess.PIPE)
        for _ in range(200):
            if (self.folder / "front").exists():
                break
            if self.process.poll() is not None:
                raise RuntimeError(self.process.stderr.read().decode())
            time.sleep(0.02)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.back.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _serve(self):
        while True:
            try:
                s, _ = self.back.accept()
            except OSError:
                return
            with s:
                try:
                    self._answer(s)
                except (OSError, ValueError):
                    pass

    @staticmethod
    def _answer(s):
        data = b""
        while b"\r\n\r\n" not in data:
            more = s.recv(65536)
            if not more:
                return
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rows = head.split(b"\r\n")
        method, target, _ = line.split(b" ", 2)
        headers = [(n.lower(), v.strip(b" \t")) for n, _, v in (r.partition(b":") for r in rows)]
        length = int(dict(headers).get(b"content-length", b"0"))
        while len(body) < length:
            more = s.recv(65536)
            if not more:
                return
            body += more
        said = json.dumps({"method": b64(method), "target": b64(target), "body": b64(body), "whole": True,
                           "headers": [[b64(n), b64(v)] for n, v in headers]}).encode()
        # a HEAD is answered without a body: what it was is told in a header
        s.sendall(b"HTTP/1.1 200 OK\r\nX-Seen: " + said + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def understood(self, data):
        """Requests, and the status of the refusal that ended the connection, or "end"."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(120)
            s.connect(str(self.folder / "front"))
            answer = b""
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            try:
                while more := s.recv(65536):
                    answer += more
            except ConnectionResetError:
                pass
        messages, end = [], "end"
        for match in re.finditer(rb"HTTP/1\.1 (\d+) [^\r]*\r\n((?:[^\r\n]+\r\n)*)\r\n", answer):
            seen = re.search(rb"(?m)^X-Seen: (.*)\r$", match.group(2))
            if seen:
                messages.append(json.loads(seen.group(1)))
            elif match.group(1) != b"100":
                end = match.group(1).decode()
        if answer and not answer.startswith(b"HTTP/1."):
            end = "0.9"
        return {"messages": messages, "end": end}

    def all(self, connections, threads=8):
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(self.understood, connections))
