#!/usr/bin/env python3
"""Runs the suites of the built trees and adds up what they say; see tools/test.sh.

A cmocka program counts as its cases, any other program of Meson's as one test. A line
`skipped: NAME` in a program's output is one test that was skipped. Python's suites are counted
from their JUnit file."""
import argparse
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = os.environ.get("JOBS") or str(os.cpu_count() or 1)
CASE_OK = re.compile(r"^\[ +OK +\] (\S+)", re.MULTILINE)
CASE_FAILED = re.compile(r"^\[ +FAILED +\] (\w+)$", re.MULTILINE)
SKIPPED = re.compile(r"^skipped: (.+)$", re.MULTILINE)


@dataclass
class Count:
    """What a suite said."""
    name: str
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0


def count_program(count: Count, test: dict) -> None:
    """Adds one entry of Meson's log."""
    name = test["name"].split(" / ")[-1]
    text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    cases = len(set(CASE_OK.findall(text)))
    skips = list(dict.fromkeys(SKIPPED.findall(text)))
    if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL"):
        failed = list(dict.fromkeys(CASE_FAILED.findall(text)))
        failed = [f for f in failed if f != "tests"]
        count.failed += [f"{name}: {case}" for case in failed] or [f"{name}: {test['result']}"]
        count.passed += cases
        return
    count.skipped += [f"{name}: {skip}" for skip in skips]
    if test["result"] == "SKIP" and not skips:
        count.skipped.append(name)
    elif test["result"] != "SKIP":
        count.passed += max((cases or 1) - len(skips), 0)


def run_meson(build: Path, what: str) -> Count:
    count = Count(f"unit tests and corpora, {what}")
    log = build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    env = dict(os.environ)
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    subprocess.run(["meson", "test", "-C", str(build), "--no-rebuild", "--print-errorlogs", "--quiet",
                    "--num-processes", JOBS, "--timeout-multiplier", "4"], env=env, check=False)
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        count_program(count, json.loads(line))
    if not lines:
        count.failed.append("the suite did not run")
    return count


def run_pytest(build: Path, what: str, patience: str) -> Count:
    count = Count(f"whole house, {what}")
    report = build / "meson-logs" / "pytest.junit.xml"
    report.unlink(missing_ok=True)
    env = {**os.environ, "POSTERN_BUILD": str(build), "PYTHONDONTWRITEBYTECODE": "1",
           "POSTERN_PATIENCE": os.environ.get("POSTERN_PATIENCE", patience)}
    python = ROOT / ".venv" / "bin" / "python"
    done = subprocess.run([python if python.exists() else sys.executable, "-m", "pytest", "-q", "-p",
                           "no:cacheprovider", "--tb=short", f"--junitxml={report}", "tests"],
                          cwd=ROOT, env=env, check=False)
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        cases = []
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed.append(name)
        elif (skip := case.find("skipped")) is not None:
            count.skipped.append(f"{name}: {skip.get('message', '')}")
        else:
            count.passed += 1
    if not cases or (done.returncode != 0 and not count.failed):
        count.failed.append(f"the suite did not run (pytest: {done.returncode})")
    return count


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--broken", action="append", default=[], help="a part that could not be prepared")
    broken = parser.parse_args().broken
    counts = [Count("preparation", failed=broken)] if broken else []
    trees = [("release", ROOT / os.environ.get("BUILD", "build"), "1"),
             ("sanitizers", ROOT / os.environ.get("BUILD_ASAN", "build-asan"), "4")]
    whole_house = any((ROOT / "tests").rglob("test_*.py"))
    for what, build, patience in trees:
        runs = [lambda b=build, w=what: run_meson(b, w)]
        if whole_house:
            runs.append(lambda b=build, w=what, p=patience: run_pytest(b, w, p))
        for run in runs:
            started = time.monotonic()
            count = run()
            count.seconds = time.monotonic() - started
            counts.append(count)
    print()
    for count in counts:
        print(f"{count.name}: {count.passed} passed, {len(count.failed)} failed, "
              f"{len(count.skipped)} skipped, {count.seconds:.0f} s")
        for name in count.skipped:
            print(f"  skipped: {name}")
        for name in count.failed:
            print(f"  FAILED: {name}")
    failed = sum(len(c.failed) for c in counts)
    print(f"{sum(c.passed for c in counts)} passed, {failed} failed, "
          f"{sum(len(c.skipped) for c in counts)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
