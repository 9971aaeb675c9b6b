"""The gate: a smaller part of the measurement, with floors. Slower and complete: `make quality`."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import corpus
import measure
import repositories
import secret_texts
from scoring import overlap

ROOT = HERE.parent.parent
POSTERN = str(Path(os.environ.get("POSTERN_BUILD", ROOT / "build")).resolve() / "postern")
COMMAND = [POSTERN, "inspect", "--json"]


@pytest.fixture(scope="module")
def types():
    return measure.rules_of(POSTERN)


@pytest.fixture(scope="module")
def persons(types):
    return measure.pii(COMMAND, types, quick=True)


@pytest.fixture(scope="module")
def secrets(types):
    return measure.credentials(COMMAND, types, quick=True)


@pytest.fixture(scope="module")
def traffic():
    return measure.traffic(COMMAND, quick=True)


def test_the_labels_are_where_the_values_are():
    for s in corpus.labelled(per=1) + corpus.letters(per=1):
        assert len(s["gold"]) >= 1
        for _, a, b in s["gold"]:
            assert 0 <= a < b <= len(s["text"])
            assert s["text"][a:b] == s["text"][a:b].strip()
    for _, _, text, gold in repositories.repositories(count=3):
        assert all(text[a:b].strip() for a, b in gold)


def test_measuring_sees_a_blind_and_a_flooding_scanner():
    samples = corpus.labelled(per=1)[:50]
    names = {t[0]: {t[0]} for t in corpus.TYPES}
    by, *_ = measure.judge(samples, [[] for _ in samples], names)
    assert by["all",].recall() == 0 and by["all",].leaked == by["all",].characters
    right = [[{"type": k, "start": a, "end": b} for k, a, b in s["gold"]] for s in samples]
    by, *_ = measure.judge(samples, right, names)
    assert by["all",].recall() == by["all",].precision() == 1 and by["all",].leaked == 0
    noise = [r + [{"type": "IBAN", "start": len(s["text"]), "end": len(s["text"]) + 4}] for r, s in zip(right, samples)]
    by, *_ = measure.judge(samples, noise, names)
    assert by["all",].precision() == .5
    assert overlap((0, 10), (0, 4)) < .5 <= overlap((0, 10), (0, 5))


def test_ids_agree_with_an_independent_validator():
    """python-stdnum is Debian's, for Debian's Python."""
    run = subprocess.run(["/usr/bin/python3", str(HERE / "check_ids.py")], capture_output=True, text=True, timeout=60, check=False)
    if run.returncode == 77:
        pytest.skip("python3-stdnum is not installed")
    assert run.returncode == 0, run.stdout + run.stderr
