"""What the tests of the whole house share. The gateway itself is in house.py."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import house  # noqa: E402


@pytest.fixture
def upstream():
    with house.Upstream() as u:
        yield u


@pytest.fixture
def gateway(tmp_path, upstream):
    """A gateway with two fronts and the recording upstream."""
    with house.Gateway(tmp_path, upstream) as gw:
        yield gw
