"""Any process may die at any moment (design §4, "Death"): what then?

Requests are refused meanwhile, in the shape a client understands; the role comes back; no record
that anybody relied on is lost; and every 200 that a client saw has its record.
"""
import json
import os
import signal
import threading
import time

import pytest

import house

ROLES = ["front", "warden", "audit", "egress", "dial", "keys", "control"]


class Load:
    """A few clients that ask without end and keep what they got."""

    def __init__(self, gw, clients=4, stream=False):
        self.gw, self.stream, self.results, self.stopped = gw, stream, [], False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for t in self.threads:
            t.start()

    def _run(self):
        while not self.stopped:
            began = time.monotonic()
            try:
                result = self.gw.chat({"stream": True} if self.stream else None, timeout=15)
            except (OSError, house.http.client.HTTPException) as error:
                result = error
            with self.lock:
                self.results.append((began, time.monotonic(), result))
            time.sleep(0.005)

    def stop(self):
        self.stopped = True
        for t in self.threads:
            t.join(20 * house.PATIENCE)
            assert not t.is_alive(), "a request hangs"
        return self.results


def role_pid(gw, role):
    index = 1 if role == "front" else 0
    return gw.pids().get((role, index))


def check_evidence(gw, results):
    """Every 200 has a decision that allowed it, and an end: an outcome, whatever it was."""
    ok = [r for _, _, r in results if isinstance(r, house.Answer) and r.status == 200]
    records = gw.records()
    decided = {r["request"] for r in records
               if r["kind"] == "decision" and r["decision"] == "allow" and "request" in r}
    for answer in ok:
        assert answer.request_id in decided, f"{answer.request_id} was answered without a record"
    ended = {r["request"] for r in records if r["kind"] == "outcome"}
    missing = [a.request_id for a in ok if a.request_id not in ended]
    return ok, missing


def check_refusals(results):
    """Whoever was refused was told so in OpenAI's shape, or lost the connection of a dead front."""
    for _, _, r in results:
        if isinstance(r, house.Answer) and r.status != 200:
            assert r.status in (502, 503), r
            error = r.json["error"]
            assert error["code"] and error["type"] == "api_error" and error["message"], r
            assert r.json["request_id"] == r.request_id


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_killed_under_load(tmp_path, role, stream):
    with house.Upstream(pace=0.002) as upstream, house.Gateway(tmp_path, upstream) as gw:
        load = Load(gw, stream=stream)
        time.sleep(0.5)
        before = role_pid(gw, role)
        lost = gw.records()[-1]
        os.kill(before, signal.SIGKILL)
        killed = time.monotonic()
        assert house.wait_for(lambda: role_pid(gw, role) not in (None, before), 5)
        # it serves again
        def served():
            with load.lock:
                return any(began > killed and isinstance(r, house.Answer) and r.status == 200 and
                           gw.records(kind="system", event="role_death", role=role)
                           for began, _, r in load.results)
        assert house.wait_for(served, 8, 0.1), gw.stderr
        time.sleep(0.5)
        results = load.stop()
        check_refusals(results)
        if role not in ("front",):
            assert all(isinstance(r, house.Answer) for _, _, r in results), \
                [r for _, _, r in results if not isinstance(r, house.Answer)][:3]
        ok, missing = None, None

        def all_ended():
            nonlocal ok, missing
            ok, missing = check_evidence(gw, results)
            return not missing
        # warden and audit are where outcomes come from: what was under way there ends unsaid
        if not house.wait_for(all_ended, 3, 0.2) and role in ("warden", "audit"):
            at = {a.request_id: (b, e) for b, e, a in results if isinstance(a, house.Answer)}
            missing = [m for m in missing if not at[m][0] - 0.5 < killed < at[m][1] + 0.5]
        assert not missing, f"{len(missing)} of {len(ok)} without an outcome: {missing[:3]}"
        assert len(ok) > 20
        # what was on record before is on record still
        assert lost in gw.records()
        death = gw.records(kind="system", event="role_death", role=role)
        assert death and "SIGKILL" in death[0]["detail"], death
        assert gw.stop() == 0
        assert gw.verify()


def test_restart_backs_off(tmp_path, upstream):
    """A role that keeps dying is started at growing intervals, and nobody else suffers."""
    with house.Gateway(tmp_path, upstream) as gw:
        gaps = []
        for _ in range(5):
            pid = house.wait_for(lambda: role_pid(gw, "dial"), 8)
            os.kill(pid, signal.SIGKILL)
            began = time.monotonic()
            assert house.wait_for(lambda: role_pid(gw, "dial") not in (None, pid), 8)
            gaps.append(time.monotonic() - began)
        assert gaps[-1] > gaps[0] + 0.2, gaps
        assert gw.chat().status == 200
        assert len(gw.records(event="role_death", role="dial")) == 5


def test_refused_while_a_role_is_away(tmp_path, upstream):
    """With audit or warden gone nothing is answered, and nothing reaches the upstream."""
    for role, codes in (("warden", {"warden_unavailable"}),
                        ("audit", {"audit_unavailable"})):
        with house.Gateway(tmp_path / role, upstream) as gw:
            gw.chat()
            pid = role_pid(gw, role)
            os.kill(pid, signal.SIGSTOP)  # away, but its place is not taken yet
            os.kill(pid, signal.SIGKILL)
            seen = len(upstream.requests())
            answers = [gw.chat()]
            while role_pid(gw, role) is None:
                answers.append(gw.chat())
            refused = [a for a in answers if a.status != 200]
            for a in refused:
                assert a.status == 503 and a.code in codes, a
            assert len(upstream.requests()) - seen <= len(answers) - len(refused)


@pytest.mark.parametrize("role", ["front", "warden", "audit", "egress"])
def test_stopped_role_is_replaced(tmp_path, upstream, role):
    """A process that hangs answers no heartbeat: it is killed and started again."""
    with house.Gateway(tmp_path, upstream, limits={"heartbeat_ms": "400ms",
                                                   "heartbeat_missed": 3}) as gw:
        assert gw.chat().status == 200
        pid = role_pid(gw, role)
        os.kill(pid, signal.SIGSTOP)
        assert house.wait_for(lambda: role_pid(gw, role) not in (None, pid), 10), gw.stderr
        assert house.wait_for(lambda: gw.chat().status == 200, 5)
        assert gw.wait_record(event="role_death", role=role)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_supervisor_killed(tmp_path, upstream):
    """Without the supervisor there is no house: every role is gone within a second."""
    with house.Gateway(tmp_path, upstream) as gw:
        load = Load(gw)
        time.sleep(0.3)
        pids = gw.pids()
        assert len(pids) == 9
        gw.process.kill()
        gw.process.wait()
        gone = house.wait_for(lambda: not any(alive(p) for p in pids.values()), 1.0)
        assert gone, {k: p for k, p in pids.items() if alive(p)}
        load.stopped = True
        gw.process = None
        results = load.stop()
        gw.stdout_path.write_text("")
        assert gw.verify()
        gw.start()  # the ports are free, the log goes on
        assert gw.chat().status == 200
        check_evidence(gw, results)
        assert gw.records(event="recovered")
        assert gw.verify()


def test_stopped_in_order(tmp_path, upstream):
    with house.Gateway(tmp_path, upstream) as gw:
        assert gw.chat().status == 200
        pids = gw.pids()
        began = time.monotonic()
        assert gw.stop() == 0
        assert time.monotonic() - began < 2 * house.PATIENCE
        assert not any(alive(p) for p in pids.values())
        assert gw.verify()


def test_front_death_is_an_aborted_outcome(tmp_path):
    """A front dies with an answer under way: its record says so, and the upstream is let go."""
    with house.Upstream(pace=0.1, words=100) as upstream, house.Gateway(tmp_path, upstream) as gw:
        s = gw.connect()
        body = json.dumps({"model": "m1", "stream": True,
                           "messages": [{"role": "user", "content": "hi"}]})
        s.sendall((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gw.key}"
                   f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                   f"{body}").encode())
        head = s.recv(65536)
        assert b" 200 " in head
        request = head.split(b"x-request-id: ")[1].split(b"\r\n")[0].decode()
        for index in (1, 2):
            os.kill(gw.pids()[("front", index)], signal.SIGKILL)
        record = gw.wait_record(kind="outcome", request=request)
        assert record and record["code"] == "aborted_front", record
        assert house.wait_for(lambda: not upstream.open, 3), "the upstream was not let go"
        assert gw.verify()
