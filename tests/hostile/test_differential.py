"""What our parser understands of mutated messages, beside Node's and nginx's: a small fixed set. The long runs are
`make conformance`."""
import subprocess
import sys

import pytest

import house
import support

COMPARE = house.ROOT / "tests" / "differential" / "compare.py"
VERDICTS = house.BUILD / "src" / "wire" / "h1-verdicts"


@pytest.mark.parametrize("more", [[], ["--answers"]], ids=["requests", "answers"])
def test_others_understand_the_same(more):
    out = subprocess.run([sys.executable, str(COMPARE), str(VERDICTS), "--cases", "3000", "--seed", "7", *more],
                         capture_output=True, text=True, timeout=300)
    absent = [line for line in out.stdout.splitlines() if line.startswith("skipped: ")]
    assert out.returncode == 0, out.stdout[-6000:] + out.stderr[-2000:]
    assert " 0 with a message taken" not in out.stdout
    if absent:
        support.missing(", ".join(absent))
