"""What the tests of the whole house share. The gateway itself is in house.py."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import house  # noqa: E402


def missing(what):
    """A part that is not here: skipped by name, but never in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing: {what}")
    pytest.skip(f"skipped: {what}")


@pytest.fixture
def upstream():
    with house.Upstream() as u:
        yield u


@pytest.fixture
def gateway(tmp_path, upstream):
    """A gateway with two fronts and the recording upstream."""
    with house.Gateway(tmp_path, upstream) as gw:
        yield gw
