"""The official `openai` package for Node: client.mjs asks, this file knows the answers."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import house
import support

HERE = pathlib.Path(__file__).resolve().parent / "node"
# `npm ci` beside client.mjs makes it; tools/test.sh does so
MODULES = pathlib.Path(os.environ.get("POSTERN_NODE_MODULES", HERE / "node_modules"))


@pytest.fixture(scope="module")
def results(gw, recorder, tmp_path_factory):
    if shutil.which("node") is None or not (MODULES / "openai").exists():
        support.missing("the openai package for node (npm ci in tests/e2e/node)")
    place = tmp_path_factory.mktemp("node")
    shutil.copy(HERE / "client.mjs", place)
    (place / "node_modules").symlink_to(MODULES)
    recorder.pace, recorder.words = 0.02, 500
    try:
        open_before = len(recorder.open)
        out = subprocess.run(["node", "client.mjs"], cwd=place, capture_output=True, text=True,
                             timeout=60, env={**os.environ, "POSTERN_URL": gw.url,
                                              "POSTERN_KEY": gw.key})
        assert out.returncode == 0, out.stderr
        upstream_let_go = house.wait_for(lambda: len(recorder.open) <= open_before, 3)
    finally:
        recorder.pace, recorder.words = 0, 4
    return {**json.loads(out.stdout), "upstream_let_go": upstream_let_go}


def test_answer_and_stream(gw, results):
    assert results["answer"]["text"].startswith("This is the demo model.")
    assert gw.wait_record(kind="decision", request=results["answer"]["id"])
    assert results["stream"]["text"] == results["answer"]["text"]
    assert results["stream"]["finish"] == results["answer"]["finish"] == "stop"


def test_tools(results):
    assert results["tool"] == {"name": "get_weather", "arguments": "object", "finish": "tool_calls"}
    assert len(results["toolStream"]["names"]) == 2
    assert results["toolDenied"] == {"finish": "content_filter", "calls": 0}


def test_models(results):
    assert results["models"] == {"names": ["demo", "rec"], "one": "demo"}


@pytest.mark.parametrize("name,error,status,code", [
    ("denied", "PermissionDeniedError", 403, "policy_denied"),
    ("unknown", "NotFoundError", 404, "model_not_found"),
    ("nobody", "AuthenticationError", 401, "identity_invalid"),
    ("limited", "RateLimitError", 429, "upstream_rate_limited"),
    ("broken", "InternalServerError", 502, "upstream_status"),
])
def test_errors(gw, results, name, error, status, code):
    got = results[name]
    assert (got["error"], got["status"], got["code"]) == (error, status, code)
    assert gw.wait_record(request=got["id"])


def test_a_stream_that_is_cut_off_is_an_error(results):
    assert results["cutOff"]["error"] == "APIError", results["cutOff"]
    assert results["cutOff"]["code"] == "upstream_closed"


def test_abort(results):
    assert 3 <= results["abort"]["n"] < 500 and results["upstream_let_go"]
