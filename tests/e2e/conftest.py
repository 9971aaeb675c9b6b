"""One gateway for most of the end-to-end tests; those that change it have their own."""
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import house  # noqa: E402
import support  # noqa: E402
from support import missing  # noqa: E402, F401: this file may be the one that is called conftest


@pytest.fixture(scope="session")
def demo():
    model = support.DemoModel()
    yield model
    model.close()


@pytest.fixture(scope="session")
def recorder():
    with house.Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def gw(tmp_path_factory, demo, recorder):
    upstreams = {
        "demo": f"{{url: '{demo.url}', allow_private: true, key: {{env: E2E_PROVIDER_KEY}}}}",
        "rec": f"{{url: '{recorder.url}', allow_private: true}}",
    }
    models = {"demo": "demo", "restricted": "{upstream: demo, model: demo}", "rec": "rec"}
    gateway = support.gateway(tmp_path_factory.mktemp("gw"), upstreams, models,
                              env={"E2E_PROVIDER_KEY": support.PROVIDER_KEY})
    with gateway:
        yield gateway
        assert gateway.verify()
