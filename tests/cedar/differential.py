"""Compares the engine with the Rust implementation on generated cases.

differential.py --tool CEDAR_CORPUS --cases N [--seed S] [--oracle cedarpy|wasm] [--keep DIR]

A case is one request; eight share a policy set. The oracle answers first, its answers become the
expectations of cases in the corpus format, and cedar-corpus says where the engine differs. Without the
oracle the suite is skipped by name, but fails where CI is true.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import generate

HERE = pathlib.Path(__file__).resolve().parent
VENV = HERE.parent.parent / ".venv" / "bin" / "python"


def skip():
    print("skipped: cedar_differential")
    sys.exit(1 if os.environ.get("CI") == "true" else 0)


def need_cedarpy():
    """The package here or in the project's own environment, else the suite is skipped."""
    try:
        import cedarpy  # noqa: F401
    except ImportError:
        if VENV.is_file() and not os.path.samefile(VENV.parent, pathlib.Path(sys.prefix) / "bin"):
            os.execv(VENV, [str(VENV), *sys.argv])
        skip()


def text_uid(u):
    return "%s::%s" % (u["type"], generate.quote(u["id"]))


def ask_cedarpy(sets):
    import cedarpy
    for s in sets:
        asked = [{"principal": text_uid(r["principal"]), "action": text_uid(r["action"]),
                  "resource": text_uid(r["resource"]), "context": r["context"]} for r in s["requests"]]
        answers = cedarpy.is_authorized_batch(asked, s["policies"], json.dumps(s["entities"]))
        s["shouldValidate"] = cedarpy.validate_policies(s["policies"], generate.SCHEMA).validation_passed
        for r, a in zip(s["requests"], answers):
            r["decision"] = "allow" if a.decision == cedarpy.Decision.Allow else "deny"
            r["reason"] = list(a.diagnostics.reasons)
            r["errors"] = [re.match(r"(?s).*?policy `(policy\d+)`", str(e)).group(1) for e in a.diagnostics.errors]
            assert a.decision in (cedarpy.Decision.Allow, cedarpy.Decision.Deny), a.diagnostics.errors


def ask_wasm(sets):
    """64-bit integers do not survive JavaScript's JSON.parse: sets that need them are left out."""
    small = [s for s in sets if not re.search(r"\d{16}", json.dumps([s["entities"], s["requests"]]))]
    lines = "\n".join(json.dumps(s) for s in small)
    run = subprocess.run(["node", str(HERE / "oracle.mjs")], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    for s, line in zip(small, run.stdout.splitlines()):
        for r, a in zip(s["requests"], json.loads(line)):
            r.update(a)
    sets[:] = small


def write(folder, name, s):
    (folder / (name + ".cedar")).write_text(s["policies"], encoding="utf-8")
    (folder / (name + ".cedarschema")).write_text(generate.SCHEMA, encoding="utf-8")
    (folder / (name + ".entities.json")).write_text(json.dumps(s["entities"]), encoding="utf-8")
    main = {"policies": name + ".cedar", "entities": name + ".entities.json", "schema": name + ".cedarschema",
            "requests": s["requests"]}
    if "shouldValidate" in s:
        main["shouldValidate"] = s["shouldValidate"]
    (folder / (name + ".json")).write_text(json.dumps(main), encoding="utf-8")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--tool", required=True)
    p.add_argument("--cases", type=int, default=2000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--oracle", choices=["cedarpy", "wasm"], default="cedarpy")
    p.add_argument("--keep")
    o = p.parse_args()
    if o.oracle == "cedarpy":
        need_cedarpy()
    elif subprocess.run(["node", str(HERE / "oracle.mjs")], input="", text=True, check=False,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        skip()
    total = allow = errors = valid = asked_sets = differ = 0
    seed = o.seed
    folder = pathlib.Path(o.keep or tempfile.mkdtemp(prefix="cedar-differential-"))
    folder.mkdir(parents=True, exist_ok=True)
    while total < o.cases:
        sets = [dict(generate.case(seed + i), seed=seed + i) for i in range(500 if o.cases > 4000 else 250)]
        seed += len(sets)
        (ask_cedarpy if o.oracle == "cedarpy" else ask_wasm)(sets)
        batch = folder / ("batch-%d" % seed)
        batch.mkdir()
        for s in sets:
            write(batch, "case-%d" % s["seed"], s)
            for r in s["requests"]:
                total += 1
                allow += r["decision"] == "allow"
                errors += bool(r["errors"])
            asked_sets += 1
            valid += s.get("shouldValidate", False)
        run = subprocess.run([o.tool, str(batch)], stdout=subprocess.PIPE, check=False)
        got = json.loads(run.stdout)
        for d in got["disagreements"]:
            differ += 1
            if differ <= 20:
                print(json.dumps(d))
        assert got["requests"] == sum(len(s["requests"]) for s in sets) or got["disagreements"], got["requests"]
        if not got["disagreements"] and not o.keep:
            shutil.rmtree(batch)
    print("%d requests, %d policy sets (%d validate): %d allowed, %d with errors; %d disagreements with %s"
          % (total, asked_sets, valid, allow, errors, differ, o.oracle))
    if not o.keep and differ == 0:
        shutil.rmtree(folder)
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
