"""What the machine can do to a gateway: disks, clocks, descriptors and memory that fail.

Each fault is refused with a code that says so, is said in the log, ends when its cause ends, and
leaves evidence that verifies. What fails in one role only is faults/; strace's faults and the full
disk of test_promises.py are not repeated.
"""
import errno
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

import pytest

import house
from house import wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "faults"))
from faults import Faults  # noqa: E402

NO_AUDIT = {"audit_unavailable"}


def told(gw, text):
    return wait_for(lambda: text in gw.stderr, 5)


def refused(gw, upstream, codes, body=None):
    """Refused with one of these codes, and nothing was sent."""
    before = len(upstream.requests())
    answer = gw.chat(body)
    assert answer.status == 503 and answer.code in codes, answer
    assert len(upstream.requests()) == before, "it left nevertheless"
    return answer


def serves(gw, seconds=8):
    def served():
        try:
            return gw.chat().status == 200
        except OSError:
            return False
    assert wait_for(served, seconds, 0.05), gw.stderr[-3000:]


# --- the disk -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [errno.EROFS, errno.EDQUOT],
                         ids=lambda e: errno.errorcode[e])
def test_a_disk_that_takes_no_writes(tmp_path, upstream, error):
    faults = Faults(tmp_path, "audit")
    with house.Gateway(tmp_path, upstream, role=faults.role) as gw:
        serves(gw)
        faults.set(write_errno=error)
        for i in range(5):
            refused(gw, upstream, NO_AUDIT, {"stream": i % 2 == 0})
        assert faults.hits > 0 and told(gw, os.strerror(error)), gw.stderr
        faults.clear()
        serves(gw)
        assert gw.verify()


def test_a_sync_that_fails(tmp_path, upstream):
    """Nobody knows what reached the disk, so audit ends, and reads what is there when it begins."""
    faults = Faults(tmp_path, "audit")
    with house.Gateway(tmp_path, upstream, role=faults.role) as gw:
        serves(gw)
        pid = gw.pids()[("audit", 0)]
        faults.set(sync_errno=errno.EIO)
        answer = gw.chat()
        assert answer.status == 503 and answer.code in NO_AUDIT, answer
        assert told(gw, "fdatasync: Input/output error"), gw.stderr
        for _ in range(3):
            assert gw.chat().status == 503
        faults.clear()
        serves(gw, 15)
        assert gw.pids()[("audit", 0)] != pid
        assert gw.wait_record(event="role_death", role="audit")
        assert gw.verify()


def test_writes_that_are_cut_short(tmp_path, upstream):
    faults = Faults(tmp_path, "audit")
    with house.Gateway(tmp_path, upstream, role=faults.role) as gw:
        pid = gw.pids()[("audit", 0)]
        faults.set(write_short=1)
        for _ in range(20):
            assert gw.chat().status == 200
        assert faults.hits >= 20
        faults.clear()
        assert gw.pids()[("audit", 0)] == pid
        assert gw.stop() == 0
        assert gw.verify()


def test_no_new_segment(tmp_path, upstream):
    """What is open still takes records; the next file cannot be made."""
    faults = Faults(tmp_path, "audit")
    with house.Gateway(tmp_path, upstream, role=faults.role,
                       limits={"segment_bytes": "128KiB"}) as gw:
        faults.set(create_errno=errno.EROFS)
        answers = 0
        while gw.chat().status == 200:
            answers += 1
            assert answers < 2000
        assert answers > 10
        refused(gw, upstream, NO_AUDIT)
        assert told(gw, os.strerror(errno.EROFS)), gw.stderr
        faults.clear()
        serves(gw)
        assert len(list((gw.state / "audit").glob("seg-*.log"))) == 2
        assert gw.verify()


def test_a_read_only_disk_at_the_start(tmp_path, upstream):
    where = tmp_path / "state" / "audit"
    where.mkdir(parents=True)

    def mount(options):
        return subprocess.run(["mount", "-o", options, "-t", "tmpfs", "tmpfs", str(where)],
                              capture_output=True).returncode == 0
    if os.geteuid() != 0 or not mount("size=16m,mode=700"):
        pytest.skip("skipped: a file system of its own (needs the right to mount)")
    try:
        with house.Gateway(tmp_path, upstream) as gw:
            serves(gw)
            assert gw.stop() == 0
            assert mount("remount,ro,size=16m")
            with pytest.raises(RuntimeError, match="Read-only file system"):
                gw.start()
            gw.stop()
            assert mount("remount,rw,size=16m")
            gw.start()
            serves(gw)
            assert gw.verify()
    finally:
        subprocess.run(["umount", "-l", str(where)], check=False)


# --- the clock ------------------------------------------------------------------------------------

HOUR = 3600 * 10**9


@pytest.mark.parametrize("step", [2 * HOUR, -2 * HOUR], ids=["forwards", "backwards"])
def test_a_clock_that_steps(tmp_path, step):
    """Streams and idle connections live by another clock; keys expire by this one; the order of the
    evidence is that of its numbers."""
    faults = Faults(tmp_path, "front", "warden", "audit", "egress", "dial", "keys")
    with house.Upstream(pace=0.05, words=40) as upstream, \
            house.Gateway(tmp_path, upstream, role=faults.role) as gw:
        key = json.loads(gw.run("key", "create", "--owner", "Workload/short", "--group", "demo",
                                "--expires", "1h", "--json").stdout)["key"]
        idle = house.http.client.HTTPConnection("127.0.0.1", gw.port, timeout=20 * house.PATIENCE)

        def ask(key):
            idle.request("POST", "/v1/chat/completions", json.dumps(
                {"model": "m1", "messages": [{"role": "user", "content": "hi"}]}),
                {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
            answer = idle.getresponse()
            answer.read()
            return answer.status
        assert ask(key) == 200
        port = idle.sock.getsockname()
        done = []
        thread = house.threading.Thread(target=lambda: done.append(gw.chat({"stream": True})))
        thread.start()
        assert wait_for(lambda: len(upstream.requests()) == 2)
        time.sleep(0.3)
        pids = gw.pids()
        faults.set(clock_offset_ns=step)
        thread.join(20 * house.PATIENCE)
        assert done and done[0].status == 200 and done[0].events[-1] == "[DONE]", done
        assert ask(gw.key) == 200 and idle.sock.getsockname() == port, "an idle connection was cut"
        assert ask(key) == (401 if step > 0 else 200)
        for _ in range(3):
            serves(gw)
        # whoever begins now begins by the new clock
        for role in ("front", "warden", "audit"):
            index = 1 if role == "front" else 0
            pid = gw.pids()[(role, index)]
            os.kill(pid, signal.SIGKILL)
            assert wait_for(lambda: gw.pids().get((role, index)) not in (None, pid), 5)
            serves(gw)
        faults.set(clock_offset_ns=0)
        assert ask_again(gw, key) == 200
        serves(gw)
        assert {k for k, p in pids.items() if gw.pids()[k] != p} == \
            {("front", 1), ("warden", 0), ("audit", 0)}
        ids = [r["request"] for r in gw.records(kind="decision")]
        assert len(set(ids)) == len(ids), "a request id was used twice"
        assert gw.stop() == 0
        out = gw.run("audit", "verify", check=False)
        assert out.returncode in (0, 1), out
        assert gw.verify("--clock-tolerance", "10000"), out.stdout


def ask_again(gw, key):
    return gw.chat(key=key).status


# --- descriptors and memory -----------------------------------------------------------------------


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def bound(pid, what, value):
    """Bounds what a running process may have (no more than its hard limit); returns what it was. A
    process of another user is spoken to as that user: even root may lack the right otherwise."""
    code = ("import resource, sys; pid, what, value = map(int, sys.argv[1:]); "
            "soft, hard = resource.prlimit(pid, what); "
            "resource.prlimit(pid, what, (hard if value < 0 else value, hard)); print(soft)")
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    uid, gid = (int(re.search(rf"{name}:\t(\d+)", status).group(1)) for name in ("Uid", "Gid"))
    who = {"user": uid, "group": gid, "extra_groups": []} if os.geteuid() == 0 else {}
    out = subprocess.run(["/usr/bin/python3", "-c", code, str(pid), str(what), str(value)],
                         capture_output=True, text=True, cwd="/", **who)
    if out.returncode != 0:
        pytest.skip(f"skipped: bounding a running process ({out.stderr[-200:]})")
    return int(out.stdout)


def busy(pid, seconds):
    """The share of a processor that a process takes."""
    def ticks():
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(words[11]) + int(words[12])
    before = ticks()
    time.sleep(seconds)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds


def test_a_front_without_descriptors(tmp_path, upstream):
    """Who is in is served; who comes waits, without a processor being burnt; then all are served."""
    with house.Gateway(tmp_path, upstream, fronts=1) as gw:
        pid = gw.pids()[("front", 1)]
        inside = house.http.client.HTTPConnection("127.0.0.1", gw.port, timeout=20 * house.PATIENCE)

        def ask(c, body=None):
            head = {"Authorization": f"Bearer {gw.key}", "Content-Type": "application/json"}
            if body is None:
                c.request("GET", "/v1/models", headers=head)
            else:
                c.request("POST", "/v1/chat/completions", json.dumps(body), head)
            answer = c.getresponse()
            answer.read()
            return answer.status
        assert ask(inside) == 200
        numbers = [int(n) for n in os.listdir(f"/proc/{pid}/fd")]
        before = bound(pid, resource.RLIMIT_NOFILE, max(numbers) + 1)
        waiting = [gw.connect() for _ in range(20)]
        for s in waiting:
            s.sendall((f"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                       f"Authorization: Bearer {gw.key}\r\n\r\n").encode())
        for _ in range(5):
            assert ask(inside) == 200
        assert busy(pid, 1.0) < 0.5
        assert ask(inside, BIG) == 503  # a body of that size needs one
        assert ask(inside) == 200
        bound(pid, resource.RLIMIT_NOFILE, before)
        for s in waiting:
            s.settimeout(10 * house.PATIENCE)
            assert s.recv(100).startswith(b"HTTP/1.1 200"), "a client that waited was lost"
        assert gw.pids()[("front", 1)] == pid
        assert not gw.records(kind="violation")


BIG = {"model": "m1", "messages": [{"role": "user", "content": "x" * 200_000}]}  # a memory file


@pytest.mark.parametrize("role", ["egress", "dial", "audit"])
def test_a_role_without_descriptors(tmp_path, upstream, role):
    """Whatever cannot be received or opened is refused; no neighbour is blamed for it."""
    with house.Gateway(tmp_path, upstream, fronts=1) as gw:
        serves(gw)
        pids = gw.pids()
        pid = pids[(role, 0)]
        before = bound(pid, resource.RLIMIT_NOFILE, 3)
        for body in (None, BIG, {"stream": True}, BIG):
            try:
                answer = gw.chat(body, timeout=15)
            except OSError:
                continue
            assert answer.status in (200, 502, 503), answer
        now = gw.pids()
        if pid in now.values():
            bound(pid, resource.RLIMIT_NOFILE, before)
        serves(gw)
        assert gw.chat(BIG).status == 200
        others = {k for k in pids if now.get(k) != pids[k] and pids[k] != pid}
        assert not others, f"{others} died for {role}: {gw.stderr[-2000:]}"
        assert gw.verify()


def space(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmSize:"):
            return int(line.split()[1]) * 1024
    return 0


@pytest.mark.skipif("asan" in str(house.BUILD), reason="skipped: a sanitizer's address space")
@pytest.mark.parametrize("role", ["front", "egress", "warden", "audit"])
def test_a_role_without_memory(tmp_path, upstream, role):
    """It can have no page more: it refuses or it ends, and serves again when there is memory."""
    with house.Gateway(tmp_path, upstream, fronts=1) as gw:
        serves(gw)
        pids = gw.pids()
        pid = pids[(role, 1 if role == "front" else 0)]
        before = bound(pid, resource.RLIMIT_AS, space(pid))
        huge = {"messages": [{"role": "user", "content": "x" * 4_000_000}]}
        answers = []
        for body in (None, huge, {"stream": True}, huge):
            try:
                answers.append(gw.chat(body, timeout=20))
            except OSError:
                continue
        for answer in answers:
            assert answer.status in (200, 413, 502, 503), answer
        now = gw.pids()
        if pid in now.values():
            bound(pid, resource.RLIMIT_AS, before)
        serves(gw)
        assert gw.chat(huge, timeout=30).status == 200
        others = {k for k in pids if now.get(k) != pids[k] and pids[k] != pid}
        assert not others, f"{others} died for {role}: {gw.stderr[-2000:]}"
        assert gw.verify()
