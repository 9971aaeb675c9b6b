"""Names are resolved by a name server, inside the sandbox; what they lead to is checked each time."""
import os
import shutil
import socket
import struct
import subprocess
import threading

import pytest

import house
import support
from support import refused

SERVER = "127.0.0.77"


class NameServer:
    """Answers questions for addresses, from a table; nothing else."""

    def __init__(self):
        self.table, self.asked = {}, []
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind((SERVER, 53))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                data, peer = self.s.recvfrom(4096)
            except OSError:
                return
            name, at = [], 12
            while data[at]:
                name.append(data[at + 1:at + 1 + data[at]].decode())
                at += data[at] + 1
            question = data[12:at + 5]
            kind = struct.unpack(">H", data[at + 1:at + 3])[0]
            text = ".".join(name).lower()
            self.asked.append((text, kind))
            addresses = [a for a in self.table.get(text, []) if (":" in a) == (kind == 28)]
            rcode = 0 if text in self.table else 3
            answer = b""
            for address in addresses:
                packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
                answer += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(packed)) + packed
            self.s.sendto(data[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(addresses), 0, 0) +
                          question + answer, peer)


@pytest.fixture(scope="module")
def dns(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dns")
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("skipped: a name server of one's own needs root")
    conf = folder / "resolv.conf"
    conf.write_text(f"nameserver {SERVER}\n")
    conf.chmod(0o644)
    wrapper = ["unshare", "-m", "sh", "-c", f'mount --bind {conf} /etc/resolv.conf && exec "$@"', "sh"]
    if subprocess.run([*wrapper, "true"], capture_output=True).returncode != 0:
        pytest.skip("skipped: no mount namespace here")
    try:
        server = NameServer()
    except OSError:
        pytest.skip(f"skipped: {SERVER}:53 is taken")
    with house.Upstream() as upstream:
        port = upstream.port
        names = {"meant": "meant.example", "gone": "gone.example", "many": "many.example"}
        upstreams = {k: f"{{url: 'http://{v}:{port}/v1', allow_private: true}}" for k, v in names.items()}
        for name in ("rebound", "metadata", "mapped"):
            upstreams[name] = f"{{url: 'https://{name}.example:{port}/v1'}}"
        server.table = {"meant.example": ["127.0.0.1"], "many.example": ["127.0.0.9", "127.0.0.1"],
                        "rebound.example": ["127.0.0.1", "10.0.0.1"],
                        "metadata.example": ["169.254.169.254"], "mapped.example": ["::ffff:127.0.0.1"]}
        gw = support.gateway(folder / "gw", upstreams, {n: n for n in upstreams}, fronts=1, start=False)
        gw.wrapper = wrapper
        gw.start()
        with gw:
            yield gw, server, upstream
    server.s.close()


def test_a_name_is_resolved(dns):
    gw, server, _ = dns
    assert gw.chat(support.ask("hi", "meant")).status == 200
    assert ("meant.example", 1) in server.asked


def test_the_next_address_is_tried(dns):
    assert dns[0].chat(support.ask("hi", "many")).status == 200


def test_no_such_name(dns):
    refused(dns[0], dns[0].chat(support.ask("hi", "gone")), 502, "upstream_connect")


@pytest.mark.parametrize("name", ["rebound", "metadata", "mapped"])
def test_a_name_that_leads_inside(dns, name):
    """A name server of somebody else must not be able to point the gateway at its own network."""
    gw, _, upstream = dns
    before = upstream.connections
    refused(gw, gw.chat(support.ask("hi", name)), 502, "upstream_refused_address")
    assert upstream.connections == before
