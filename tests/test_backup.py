"""A backup taken while requests and administration go on, and a gateway started from it elsewhere."""
import json
import shutil
import subprocess
import sys
import threading

import house
from house import Gateway, Upstream


def verified(state, *more):
    done = subprocess.run([str(house.POSTERN), "audit", "verify", "--json", "--state", str(state), *more],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


class Busy:
    """Clients that ask, and an administrator that makes keys, until they are told to stop."""

    def __init__(self, gw):
        self.gw, self.stopped, self.answers, self.keys = gw, threading.Event(), [], []
        self.threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(3)]
        self.threads.append(threading.Thread(target=self._make_keys, daemon=True))

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for t in self.threads:
            t.join(30 * house.PATIENCE)

    def _ask(self):
        while not self.stopped.is_set():
            self.answers.append(self.gw.chat(timeout=60))

    def _make_keys(self):
        while not self.stopped.is_set():
            made = self.gw.run("key", "create", "--owner", f"Workload/w{len(self.keys)}", "--group", "demo", "--json")
            self.keys.append(json.loads(made.stdout))


def test_backup_under_load(tmp_path):
    with Upstream() as upstream:
        with Gateway(tmp_path / "a", upstream, limits={"segment_bytes": "128KiB"}) as gw, Busy(gw) as busy:
            copies = []
            for i in range(6):
                # more of everything, so that segments begin while copies are made
                n, k = len(busy.answers), len(busy.keys)
                assert house.wait_for(lambda n=n, k=k: len(busy.answers) >= n + 40 and len(busy.keys) > k, 60)
                done, keys = list(busy.answers), list(busy.keys)
                copy = tmp_path / f"copy{i}"
                said = json.loads(gw.run("backup", str(copy), "--json").stdout)
                assert said["skipped"] == 0
                copies.append((copy, done, keys, said))
        assert all(a.status == 200 for a in busy.answers)

        records_before = 0
        for copy, done, keys, said in copies:
            found = verified(copy)
            assert found["records"] == said["records"] > records_before
            records_before = found["records"]
            records = [json.loads(line) if isinstance(line, (str, bytes)) else line
                       for line in house.read_log(copy / "audit")]
            requests = {r.get("request") for r in records}
            assert {a.request_id for a in done} <= requests, "what was answered before the copy is not in it"
        assert len(list((copies[-1][0] / "audit").glob("seg-*.log"))) > 1, "no segment was begun meanwhile"

        # elsewhere: keys work, the log goes on, an outsider verifies it
        copy, _, keys, said = copies[-1]
        (tmp_path / "b").mkdir()
        shutil.copytree(copy, tmp_path / "b" / "state")
        with Gateway(tmp_path / "b", upstream) as gw:
            gw.key = busy.gw.key
            assert gw.chat().status == 200
            listed = json.loads(gw.run("key", "list", "--json").stdout)["keys"]
            assert {k["id"] for k in keys} <= {k["id"] for k in listed}
            acted = json.dumps([r for r in house.read_log(copy / "audit") if r["kind"] == "admin"])
            for key in listed:  # those made at the start were made by no request
                assert key["owner"] in ("User::admin", "Workload::demo") or key["id"] in acted, key
        state = tmp_path / "b" / "state"
        assert verified(state)["records"] > said["records"]
        outsider = subprocess.run([sys.executable, str(house.ROOT / "tests" / "verify_audit.py"), str(state / "audit"),
                                   str(state / "audit" / "log.pub")], capture_output=True, text=True, check=False)
        assert outsider.returncode == 0, outsider.stdout + outsider.stderr


def test_backup_at_rest_and_refusals(tmp_path):
    with Upstream() as upstream:
        with Gateway(tmp_path / "a", upstream) as gw:
            assert gw.chat().status == 200
        gw.run("backup", str(tmp_path / "copy"))
        assert verified(tmp_path / "copy")["records"] == verified(gw.state)["records"]
        for target in (tmp_path / "copy", gw.state / "inside", tmp_path / "no" / "parent"):
            assert gw.run("backup", str(target), check=False).returncode != 0
        assert not (gw.state / "inside").exists() and not (gw.state / "inside.partial").exists()
        # a damaged log is said, not copied as if it were whole
        segment = gw.state / "audit" / "seg-00000001.log"
        data = bytearray(segment.read_bytes())
        data[400] ^= 1
        segment.write_bytes(data)
        done = gw.run("backup", str(tmp_path / "bad"), check=False)
        assert done.returncode == 1 and "damaged" in done.stderr
        assert not (tmp_path / "bad").exists()
