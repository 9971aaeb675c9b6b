"""One gateway for the hostile tests, with one front, so that whoever is abused shares it."""
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent)]

import abuse  # noqa: E402
import house  # noqa: E402
import support  # noqa: E402


# by hand: the whole folder once more, with clients that come over TLS
OVER_TLS = os.environ.get("HOSTILE_TLS") == "1"


@pytest.fixture(scope="session")
def recorder():
    with house.Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def scripted():
    with abuse.Scripted() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def gw(tmp_path_factory, recorder, scripted):
    upstreams = {
        "rec": f"{{url: '{recorder.url}', allow_private: true, pool: 2}}",
        "s": f"{{url: '{scripted.url}', allow_private: true, pool: 2, key: {{env: HOSTILE_KEY}}}}",
    }
    config = support.config(
        upstreams, {"rec": "rec", "s": "s", "restricted": "s"}, fronts=1,
        limits={"header_ms": "2s", "body_ms": "2s", "write_ms": "1500ms", "between_bytes_ms": "1500ms",
                "first_byte_ms": "10s", "answer_ms": "20s", "answer_bytes": "8MiB"})
    kind = abuse.TlsGateway if OVER_TLS else support.Gateway
    gateway = kind(tmp_path_factory.mktemp("hostile"), config=config, env={"HOSTILE_KEY": support.PROVIDER_KEY}, start=False)
    (gateway.state / "policies").mkdir(exist_ok=True)
    (gateway.state / "policies" / "test.cedar").write_text(support.POLICY)
    gateway.start()
    with gateway:
        for stream in (False, True) * 3:
            assert gateway.chat(support.ask("hi", "rec", stream=stream)).status == 200
        yield gateway
        assert house.wait_for(lambda: abuse.live(gateway) == 0, 5, 0.2), "requests that nobody waits for"
        assert gateway.verify()


def beside(gw):
    before = abuse.Footprint(gw)
    with abuse.Beside(gw, "rec") as client:
        yield client
    before.same_again()


@pytest.fixture
def steady(gw):
    """A normal client works beside the test and notices nothing; afterwards everything the test
    took has been given back: requests, connections, descriptors, memory."""
    yield from beside(gw)


@pytest.fixture(scope="module")
def steady_all(gw):
    """The same around all the tests of a file."""
    yield from beside(gw)


@pytest.fixture
def nothing_leaves(recorder):
    """No request of this test's reaches the upstream: those of a normal client are told apart."""
    before = len(abuse.foreign(recorder))
    yield
    assert abuse.foreign(recorder)[before:] == []
