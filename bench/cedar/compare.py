"""Side by side: cedar-bench and the Rust engine (through cedarpy) on the same workloads, in one run.

compare.py CEDAR_BENCH [ROUNDS]. Each engine has its policies and entities parsed beforehand. What Python
itself costs in a call is measured with the smallest question there is, and taken off the Rust engine's
times, in its favour. Prints a Markdown table; the decisions must agree.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import workload

tool = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
try:
    import cedarpy
except ImportError:
    cedarpy = None


def rust(folder):
    """Nanoseconds a decision, and decisions."""
    policies = cedarpy.PolicySet.from_str((folder / "policies.cedar").read_text(encoding="utf-8"))
    entities = cedarpy.Entities.from_json_str((folder / "entities.json").read_text(encoding="utf-8"))
    requests = json.loads((folder / "requests.json").read_text(encoding="utf-8"))
    nothing = cedarpy.PolicySet.from_str("")
    none = cedarpy.Entities.from_json_str("[]")
    cedarpy.is_authorized_batch(requests, policies, entities)
    start = time.perf_counter_ns()
    answers = cedarpy.is_authorized_batch(requests, policies, entities)
    middle = time.perf_counter_ns()
    cedarpy.is_authorized_batch(requests, nothing, none)
    end = time.perf_counter_ns()
    spent = ((middle - start) - (end - middle)) / len(requests)
    return spent, [(a.decision == cedarpy.Decision.Allow, sorted(a.diagnostics.reasons)) for a in answers]


print("| workload | policies | load ms | p50 ns | p99 ns | mean ns | Rust mean ns | times as fast |")
print("|---|---|---|---|---|---|---|---|")
for shape in ("tool", "github", "gdrive"):
    for n in (10, 1000, 10000):
        with tempfile.TemporaryDirectory() as tmp:
            folder = pathlib.Path(tmp)
            workload.write(shape, n, folder)
            runs = []
            theirs = []
            for _ in range(rounds):
                runs.append(json.loads(subprocess.run([tool, tmp], stdout=subprocess.PIPE, check=True).stdout))
                if cedarpy is not None:
                    spent, answers = rust(folder)
                    theirs.append(spent)
                    ours = [(d["decision"] == "allow", sorted(d["reasons"])) for d in runs[-1]["decisions"]]
                    assert ours == answers, "the engines disagree"
            middle = sorted(runs, key=lambda x: x["mean_ns"])[len(runs) // 2]
            other = sorted(theirs)[len(theirs) // 2] if theirs else None
            print("| %s | %d | %.1f | %.0f | %.0f | %.0f | %s | %s |" % (
                shape, n, middle["load_ms"], middle["p50_ns"], middle["p99_ns"], middle["mean_ns"],
                "%.0f" % other if other else "–", "%.0f" % (other / middle["mean_ns"]) if other else "–"), flush=True)
