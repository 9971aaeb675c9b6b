"""curl, as in the README."""
import json
import subprocess

import pytest

import support


def curl(gw, path, *words, key=True, body=None):
    command = ["curl", "-sS", "-m", "20", gw.url + path, *words]
    if key:
        command += ["-H", f"Authorization: Bearer {gw.key}"]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("version", ["--http1.1", "--http1.0"])
def test_answer(gw, version):
    out = curl(gw, "/v1/chat/completions", version, body=support.ask("Hello"))
    assert json.loads(out.stdout)["choices"][0]["finish_reason"] == "stop", out


@pytest.mark.parametrize("version", ["--http1.1", "--http1.0"])
def test_stream(gw, version):
    out = curl(gw, "/v1/chat/completions", "-N", version, body=support.ask("Hello", stream=True))
    assert out.returncode == 0 and out.stdout.endswith("data: [DONE]\n\n"), out


def test_models_and_head(gw):
    assert json.loads(curl(gw, "/v1/models").stdout)["data"]
    out = curl(gw, "/v1/models", "-I")
    assert out.stdout.startswith("HTTP/1.1 405") or out.stdout.startswith("HTTP/1.1 200"), out


def test_errors(gw):
    out = curl(gw, "/v1/models", "-w", "%{http_code}", key=False)
    assert out.stdout.endswith("401")
    out = curl(gw, "/v1/chat/completions", "-w", "%{http_code}", body=support.ask("hi", "restricted"))
    assert out.stdout.endswith("403")


def test_several_on_one_connection(gw):
    out = curl(gw, "/v1/models", gw.url + "/v1/models/demo", "-w", "%{num_connects}\n")
    counts = [line for line in out.stdout.replace("}", "}\n").splitlines() if line in ("0", "1")]
    assert counts == ["1", "0"], out.stdout


def test_upload_with_expect(gw, tmp_path):
    """Above 1 MiB curl asks first."""
    path = tmp_path / "body.json"
    path.write_text(json.dumps(support.ask("lorem ipsum " * 200_000)))
    out = curl(gw, "/v1/chat/completions", "-H", "Content-Type: application/json", "-H",
               "Expect: 100-continue", "--data-binary", f"@{path}", "-w", "%{http_code}", "-o", "/dev/null")
    assert out.stdout == "200", out


def test_upload_in_chunks(gw):
    body = json.dumps(support.ask("hi"))
    out = subprocess.run(["curl", "-sS", "-m", "20", gw.url + "/v1/chat/completions", "-H",
                          f"Authorization: Bearer {gw.key}", "-H", "Content-Type: application/json",
                          "-H", "Transfer-Encoding: chunked", "--data-binary", "@-"], input=body,
                         capture_output=True, text=True, timeout=30)
    assert json.loads(out.stdout)["choices"], out


def test_an_upgrade_is_not_followed(gw):
    out = curl(gw, "/v1/models", "--http2")  # names hop-by-hop headers of its own
    assert json.loads(out.stdout)["error"]["code"] == "http_header", out
    assert curl(gw, "/v1/models", "--http2-prior-knowledge").returncode == 0
    assert curl(gw, "/v1/models").returncode == 0
