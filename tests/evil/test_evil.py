"""A compromised front against the rest of the house (see evil_front.c for what it does).

Many fronts are evil at the same time, each in its own way; the last one is honest. Expected of each:
nothing arrives at an upstream, the culprit is killed within two seconds and started again, a
violation with the right code is on record, nobody else is hurt, and the honest front goes on
serving.
"""
import os
import pathlib
import re
import shutil
import stat
import tempfile
import time

import pytest

import house

EVIL = house.BUILD / "tests" / "evil" / "evil-front"
SLOTS = 15  # fronts 1..15 are evil, front 16 is not

POLICY = """
@id("chat") permit (principal in Postern::Group::"demo", action == Postern::Action::"chat",
    resource == Postern::Model::"m1");
@id("tools") permit (principal in Postern::Group::"demo",
    action in [Postern::Action::"offerTool", Postern::Action::"callTool"],
    resource == Postern::Tool::"get_weather");
@id("speak") permit (principal == Postern::Workload::"demo", action == Postern::Action::"speakFor",
    resource is Postern::EndUser);
@id("admins") permit (principal in Postern::Group::"admins",
    action in [Postern::Action::"administer", Postern::Action::"readAudit",
               Postern::Action::"readMetrics"], resource is Postern::Gateway);
"""

# What the honest part of a scenario may send: everything else is a break.
HONEST = (b"honest", b"good", b"hi")


class EvilHouse:
    """A gateway whose fronts 1..n follow `acts`, one line each."""

    def __init__(self, tmp_path, acts, limits=None, **more):
        assert len(acts) <= SLOTS
        self.acts = acts
        # not below pytest's folder: as root, roles run as users who cannot look into it
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-evil-"))
        os.chmod(self.folder, 0o777)
        shutil.copy(EVIL, self.folder / "evil-front")
        (self.folder / "real").symlink_to(house.ROLE)
        self.upstream = house.Upstream(**more)
        self.other = house.Upstream()
        self.gw = house.Gateway(tmp_path, self.upstream, role=self.folder / "evil-front",
                                start=False, fronts=len(acts) + 1, policies=POLICY,
                                limits={"unreleased_ms": "1s", **(limits or {})},
                                extra="")
        config = self.gw.state / "postern.yaml"
        text = config.read_text().replace(
            "models:\n", f"  u2: {{url: '{self.other.url}', allow_private: true}}\nmodels:\n")
        config.write_text(text)
        lines = [self.gw.key, "m1"] + [f"{i} {act}" for i, act in enumerate(acts, 1)]
        (self.folder / "script").write_text("\n".join(lines) + "\n")
        try:
            self.gw.start()
        except BaseException:
            self.close()
            raise

    def close(self):
        self.gw.stop()
        self.upstream.close()
        self.other.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def said(self, index, what):
        """When, by its own word, an evil front did something: Unix time, or None."""
        found = re.search(rf"^evil {index} ([\d.]+) {what}", self.gw.stderr, re.M)
        return float(found.group(1)) if found else None

    def violation(self, index):
        found = self.gw.records(kind="violation", role="front", index=index)
        return found[0] if found else None

    def nothing_left(self):
        for upstream in (self.upstream, self.other):
            assert b"EVIL" not in upstream.raw, upstream.raw[:2000]
            for seen in upstream.requests():
                assert any(word in seen.body for word in HONEST), (seen.head, seen.body[:500])

    def others_lived(self):
        """Nobody but evil fronts has died."""
        for record in self.gw.records(kind="system", event="role_death"):
            assert record["role"] == "front" and record["index"] <= len(self.acts), record
        for record in self.gw.records(kind="violation"):
            assert record["role"] == "front" and record["index"] <= len(self.acts), record

    def serves(self):
        answer = self.gw.chat()
        assert answer.status == 200, answer


def unix_time(record):
    text = record["ts"]
    seconds = time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    import calendar
    return calendar.timegm(seconds) + float("0." + text[20:-1])


def check_killed(h, expected, allowance=2.0):
    """Each evil front in `expected` ({index: code}) was killed in time, recorded, and replaced."""
    def all_there():
        return all(h.violation(i) for i in expected)
    house.wait_for(all_there, 6, 0.05)
    problems = []
    for index, code in expected.items():
        act, record = h.acts[index - 1], h.violation(index)
        if record is None:
            problems.append(f"{act}: no violation was recorded")
        elif record["code"] != code:
            problems.append(f"{act}: {record['code']} instead of {code}")
        else:
            began = h.said(index, "acts")
            took = unix_time(record) - began if began else None
            if took is None or took > allowance * house.PATIENCE:
                problems.append(f"{act}: it lived on for {took} s")
    assert not problems, "\n".join(problems) + "\n" + h.gw.stderr[-3000:]
    # each of them is up again, and what runs there now is the real front
    h.nothing_left()
    h.others_lived()
    def back():
        pids = h.gw.pids()
        return all(("front", i) in pids and
                   os.readlink(f"/proc/{pids[('front', i)]}/exe").endswith("postern-role")
                   for i in expected)
    assert house.wait_for(back, 5), h.gw.pids()
    h.serves()
    assert h.gw.verify()


PROTOCOL, DIGEST = "protocol_violation", "digest_mismatch"

# name: (code, seconds it may take)
VIOLATIONS = {
    "wrong_digest": DIGEST, "wrong_size": DIGEST, "second_body": PROTOCOL,
    "second_body_fd": PROTOCOL, "wrong_round": PROTOCOL, "other_upstream": PROTOCOL,
    "no_upstream": PROTOCOL, "control_upstream": PROTOCOL, "wrong_route": PROTOCOL,
    "unlisted_model": PROTOCOL, "foreign_propose": PROTOCOL, "foreign_submit": PROTOCOL,
    "foreign_credit": PROTOCOL, "foreign_withdraw": PROTOCOL, "foreign_settle": PROTOCOL,
    "foreign_tool": PROTOCOL, "unknown_settle": PROTOCOL, "unknown_tool": PROTOCOL,
    "reused_id": PROTOCOL, "older_id": PROTOCOL,
    "propose_twice": PROTOCOL, "attempt_under_way": PROTOCOL, "release_twice": PROTOCOL,
    "first_attempt_ten": PROTOCOL, "fault_when_live": PROTOCOL, "amended_unasked": PROTOCOL,
    "admit_twice": PROTOCOL, "submit_twice": PROTOCOL, "submit_when_sent": PROTOCOL,
    "credit_huge": PROTOCOL, "credit_unearned": PROTOCOL, "settle_outcome": PROTOCOL, "settle_findings": PROTOCOL,
    "administer": PROTOCOL, "read_metrics": PROTOCOL, "offer_tool": PROTOCOL,
    "call_tool": PROTOCOL, "speak_for": PROTOCOL, "operation_none": PROTOCOL,
    "operation_unknown": PROTOCOL, "peer_propose": PROTOCOL, "peer_admit": PROTOCOL,
    "cred_beyond": PROTOCOL, "tools_bytes": PROTOCOL, "tools_count": PROTOCOL,
    "fault_unknown": PROTOCOL, "body_bytes": PROTOCOL, "fd_unsealed": PROTOCOL,
    "fd_half_sealed": PROTOCOL, "fd_short": PROTOCOL, "fd_long": PROTOCOL, "fd_pipe": PROTOCOL,
    "fd_folder": PROTOCOL, "fd_and_tail": PROTOCOL, "fd_enormous": PROTOCOL,
    "ready_again": PROTOCOL, "certificate_flag": PROTOCOL, "accuse": DIGEST,
    "sign_anything": PROTOCOL, "sign_as_client": PROTOCOL,
}


def batches(items, n=SLOTS):
    items = list(items)
    return [items[i:i + n] for i in range(0, len(items), n)]


@pytest.mark.parametrize("names", batches(VIOLATIONS), ids=lambda n: f"{n[0]}-to-{n[-1]}")
def test_scenarios(tmp_path, names):
    # the upstream takes its time, so that "under way" is what it says
    with EvilHouse(tmp_path, names, delay=1.5) as h:
        check_killed(h, {i: VIOLATIONS[name] for i, name in enumerate(names, 1)})


def test_body_without_release(tmp_path):
    """It may wait for its release as long as the limit says, and not longer."""
    with EvilHouse(tmp_path, ["submit_only"]) as h:
        check_killed(h, {1: PROTOCOL}, allowance=4.0)


def test_flood_of_bodies(tmp_path):
    """A front may not fill the memory of an egress, nor its table of descriptors."""
    with EvilHouse(tmp_path, ["submit_flood"], limits={"unreleased_ms": "20s"}) as h:
        check_killed(h, {1: PROTOCOL})


def test_denied_not_killed(tmp_path):
    """What an honest front can run into as well is a denial, recorded, and nothing leaves."""
    with EvilHouse(tmp_path, ["wrong_generation", "wrong_key"]) as h:
        assert house.wait_for(lambda: h.said(1, "denied stale_generation"), 5), h.gw.stderr
        assert house.wait_for(lambda: h.said(2, "denied identity_invalid"), 5), h.gw.stderr
        reasons = [r["reason"] for r in h.gw.records(kind="decision", decision="deny")]
        assert sorted(reasons) == ["identity_invalid", "stale_generation"]
        h.nothing_left()
        # the bodies that were never taken back are a violation of their own
        check_killed(h, {1: PROTOCOL, 2: PROTOCOL}, allowance=5.0)


def test_certificates_that_nobody_showed(tmp_path):
    """Warden verifies what a front says it was shown: noise is a denial, and warden lives on."""
    with EvilHouse(tmp_path, ["wrong_certificate"]) as h:
        for i in range(3):
            assert house.wait_for(lambda: h.said(1, f"denied {i} identity_invalid"), 5), h.gw.stderr
        assert len(h.gw.records(kind="decision", reason="identity_invalid")) == 3
        h.nothing_left()
        h.others_lived()
        h.serves()


def test_settled_is_over(tmp_path):
    """A request that its front calls finished is finished: it cannot run on uncounted."""
    with EvilHouse(tmp_path, ["settle_early"], delay=8) as h:
        assert house.wait_for(lambda: h.said(1, "answer ended"), 6)
        assert re.search(r"answer ended 1 with", h.gw.stderr), h.gw.stderr
        record = h.gw.wait_record(kind="outcome")
        assert record, h.gw.records()


def test_flood_of_proposals(tmp_path):
    """Others are served while one front proposes as fast as it can; every proposal is on record."""
    with EvilHouse(tmp_path, ["propose_flood"]) as h:
        assert house.wait_for(lambda: h.said(1, "acts"), 5)
        for _ in range(10):
            began = time.monotonic()
            h.serves()
            assert time.monotonic() - began < 3 * house.PATIENCE
        assert house.wait_for(lambda: h.said(1, "proposed"), 8)
        n = int(re.search(r"proposed (\d+) times", h.gw.stderr).group(1))
        house.wait_for(lambda: len(h.gw.records(reason="identity_missing")) >= n, 10, 0.5)
        assert len(h.gw.records(reason="identity_missing")) == n
        h.nothing_left()
        assert h.gw.verify()


def test_flood_of_admissions(tmp_path):
    """One front cannot take all places of the gateway."""
    with EvilHouse(tmp_path, ["admit_flood"]) as h:
        assert house.wait_for(lambda: h.said(1, "admitted"), 10)
        # only once it has met its limit is there anything to be seen
        assert h.gw.wait_record(kind="decision", reason="concurrency_limited")
        for _ in range(5):
            h.serves()
        h.nothing_left()


def test_id_of_a_predecessor(tmp_path):
    """A request id that the process before may have used is not taken from its successor."""
    with EvilHouse(tmp_path, []) as h:
        script = h.folder / "script"
        script.write_text(f"{h.gw.key}\nm1\n1 predecessor_id\n")
        os.kill(h.gw.pids()[("front", 1)], 9)
        assert house.wait_for(lambda: h.said(1, "acts"), 5)
        assert house.wait_for(lambda: h.violation(1), 5), h.gw.stderr
        h.nothing_left()


# --- the table -----------------------------------------------------------------------------------


def table():
    """(name, from, to, has text, fd) of each message."""
    text = (house.ROOT / "src/tables/ipc.def").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    rows = []
    for m in re.finditer(r"^PST_IPC\((\w+), \w+, (\w+), (\w+), [^,]+, (\d+), (\w+),(.*?)(?=^PST_IPC|^#|\Z)",
                         text, re.M | re.S):
        body = m.group(6)
        rows.append((m.group(1), m.group(2), m.group(3),
                     "STR(" in body or "PST_DECISION_FIELDS" in body, m.group(5)))
    return rows


def front_may(row, to):
    name, sender, receiver = row[:3]
    return sender in ("FRONT", "ANYONE") and receiver in (to.upper(), "ANYONE")


LINKS = ("supervisor", "warden", "audit", "egress", "keys")
WRONG_WAY = [f"table {to} {row[0]} plain" for to in LINKS for row in table()
             if not front_may(row, to) and (to != "keys" or "KEYS" in row[1:3])]
OWN = [(row, to) for to in LINKS for row in table() if front_may(row, to)]
SHAPES = ["short", "long", "head", "byte", "empty", "taillie", "tailwrap", "tailmax", "pad", "type0",
          "typemax", "fds"]
TEXTS = ["strlong", "strhuge", "strnul", "strutf8", "strsurrogate", "strdirty"]
MISSHAPEN = [f"table {to} {row[0]} {variant}" for row, to in OWN
             for variant in SHAPES + (TEXTS if row[3] else []) + (["fd"] if row[4] == "NO" else [])]


def test_the_table_is_read():
    assert len(table()) > 35 and len(WRONG_WAY) > 120 and len(OWN) >= 10


@pytest.mark.parametrize("acts", batches(WRONG_WAY), ids=lambda a: a[0].replace(" ", "-"))
def test_wrong_direction(tmp_path, acts):
    with EvilHouse(tmp_path, acts) as h:
        check_killed(h, {i: PROTOCOL for i in range(1, len(acts) + 1)})


@pytest.mark.parametrize("acts", batches(MISSHAPEN), ids=lambda a: a[0].replace(" ", "-"))
def test_misshapen(tmp_path, acts):
    with EvilHouse(tmp_path, acts) as h:
        check_killed(h, {i: PROTOCOL for i in range(1, len(acts) + 1)})
