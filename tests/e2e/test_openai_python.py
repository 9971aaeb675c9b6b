"""The official `openai` package for Python, unmodified but for the base URL."""
import asyncio
import json

import openai
import pytest

import house
import support

WORDS = "This is the demo model."


@pytest.fixture(scope="module")
def client(gw):
    with openai.OpenAI(base_url=gw.url + "/v1", api_key=gw.key, max_retries=0, timeout=20) as c:
        yield c


def run_async(gw, work):
    async def inside():
        async with openai.AsyncOpenAI(base_url=gw.url + "/v1", api_key=gw.key, max_retries=0,
                                      timeout=20) as c:
            return await work(c)
    return asyncio.run(inside())


def test_answer(gw, client, demo):
    answer = client.chat.completions.create(**support.ask("Hello"))
    assert answer.choices[0].message.content.startswith(WORDS)
    assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens > 0
    assert answer.model == "demo"
    last = demo.last()
    assert last["authorization"] == f"Bearer {support.PROVIDER_KEY}"
    assert gw.key not in json.dumps(last)


def test_stream(client):
    chunks = list(client.chat.completions.create(**support.ask("Hello"), stream=True))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text.startswith(WORDS)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert all(c.usage is None for c in chunks), "usage was not asked for"


def test_stream_with_usage(client):
    chunks = list(client.chat.completions.create(**support.ask("Hello"), stream=True,
                                                 stream_options={"include_usage": True}))
    assert chunks[-1].usage.total_tokens > 0 and chunks[-1].choices == []


def test_usage_is_recorded_although_the_client_did_not_ask(gw, client):
    raw = client.chat.completions.with_raw_response.create(**support.ask("Hello"), stream=True)
    assert list(raw.parse())
    record = gw.wait_record(kind="outcome", request=raw.request_id)
    assert record["usage_reported"] and record["tokens_out"] > 0


def test_several_choices(client):
    answer = client.chat.completions.create(**support.ask("Hello"), n=3)
    assert [c.index for c in answer.choices] == [0, 1, 2]
    chunks = list(client.chat.completions.create(**support.ask("Hello"), n=3, stream=True))
    assert {c.choices[0].index for c in chunks if c.choices} == {0, 1, 2}


def test_parameters_arrive(client, demo):
    client.chat.completions.create(
        **support.ask("Hello"), temperature=0.25, top_p=0.5, seed=7, stop=["x"], max_tokens=9,
        presence_penalty=0.5, logit_bias={"5": -1}, user="somebody",
        response_format={"type": "json_object"}, metadata={"a": "b"})
    body = demo.last()["body"]
    body = json.loads(body) if isinstance(body, str) else body
    assert body["temperature"] == 0.25 and body["seed"] == 7 and body["stop"] == ["x"]
    assert body["max_tokens"] == 9 and body["logit_bias"] == {"5": -1}
    assert body["response_format"] == {"type": "json_object"}


def test_tool_call(client):
    answer = client.chat.completions.create(**support.ask("demo:tool=get_weather"),
                                            tools=[support.tool("get_weather")])
    call = answer.choices[0].message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather" and json.loads(call.function.arguments)
    again = client.chat.completions.create(
        model="demo", tools=[support.tool("get_weather")], messages=[
            {"role": "user", "content": "demo:tool=get_weather"},
            answer.choices[0].message.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": "sunny"}])
    assert again.choices[0].message.content


def streamed_calls(chunks):
    calls = {}
    for chunk in chunks:
        for part in chunk.choices[0].delta.tool_calls or [] if chunk.choices else []:
            call = calls.setdefault(part.index, {"name": "", "arguments": "", "id": None})
            call["id"] = part.id or call["id"]
            call["name"] += (part.function.name or "") if part.function else ""
            call["arguments"] += (part.function.arguments or "") if part.function else ""
    return calls


def test_tool_call_streamed(client):
    chunks = list(client.chat.completions.create(**support.ask("demo:tool=get_weather"),
                                                 tools=[support.tool("get_weather")], stream=True))
    calls = streamed_calls(chunks)
    assert list(calls) == [0] and calls[0]["name"] == "get_weather" and calls[0]["id"]
    assert isinstance(json.loads(calls[0]["arguments"]), dict)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "tool_calls"


@pytest.mark.parametrize("stream", [False, True])
def test_parallel_tool_calls(gw, client, stream):
    raw = client.chat.completions.with_raw_response.create(
        **support.ask("demo:tools=3"), stream=stream,
        tools=[support.tool("get_weather"), support.tool("get_time")])
    if stream:
        calls = streamed_calls(list(raw.parse()))
        names = [c["name"] for c in calls.values()]
    else:
        names = [c.function.name for c in raw.parse().choices[0].message.tool_calls]
    assert len(names) == 3 and set(names) <= {"get_weather", "get_time"}
    house.wait_for(lambda: len(gw.records(kind="tool", request=raw.request_id)) == 3)
    records = gw.records(kind="tool", request=raw.request_id)
    assert len(records) == 3 and all(r["decision"] == "allow" for r in records)


def test_denied_tool_call(gw, client):
    raw = client.chat.completions.with_raw_response.create(
        **support.ask("demo:tool=delete_all"), tools=[support.tool("delete_all")])
    choice = raw.parse().choices[0]
    assert choice.finish_reason == "content_filter" and not choice.message.tool_calls
    record = gw.wait_record(kind="tool", request=raw.request_id)
    assert record["decision"] == "deny" and record["tool"] == "delete_all"
    assert b"delete_all" not in raw.content


def test_denied_tool_call_streamed(gw, client):
    raw = client.chat.completions.with_raw_response.create(
        **support.ask("demo:tool=delete_all"), tools=[support.tool("delete_all")], stream=True)
    chunks = list(raw.parse())
    assert streamed_calls(chunks) == {}
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "content_filter"
    assert gw.wait_record(kind="tool", request=raw.request_id)["decision"] == "deny"


def test_unoffered_tool_call(gw, client):
    raw = client.chat.completions.with_raw_response.create(
        **support.ask("demo:tool-not-offered"), tools=[support.tool("get_weather")])
    choice = raw.parse().choices[0]
    assert choice.finish_reason == "content_filter" and not choice.message.tool_calls
    assert gw.wait_record(kind="tool", request=raw.request_id)["decision"] == "deny"


def test_denied_offer(client):
    with pytest.raises(openai.PermissionDeniedError) as e:
        client.chat.completions.create(**support.ask("Hello"), tools=[support.tool("shell")])
    assert e.value.code == "tool_denied" and e.value.request_id.startswith("req_")


def test_models(client):
    names = {m.id for m in client.models.list()}
    assert names == {"demo", "rec"}
    assert client.models.retrieve("demo").id == "demo"
    for name in ("restricted", "nothing"):
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(name)


def test_request_id(gw, client):
    raw = client.chat.completions.with_raw_response.create(**support.ask("Hello"))
    assert raw.request_id.startswith("req_")
    assert raw.parse()._request_id == raw.request_id
    assert gw.wait_record(kind="decision", request=raw.request_id)["decision"] == "allow"
    assert gw.wait_record(kind="outcome", request=raw.request_id)["status"] == 200
    assert len(house.wait_for(lambda: gw.log_lines(request=raw.request_id))) == 1


def test_authentication_error(gw):
    wrong = gw.key[:-1] + ("a" if gw.key[-1] != "a" else "b")
    for key in ("nonsense", wrong, "pst_aaaaaaaaaaaa_" + "a" * 49):
        with openai.OpenAI(base_url=gw.url + "/v1", api_key=key, max_retries=0) as c:
            with pytest.raises(openai.AuthenticationError) as e:
                c.chat.completions.create(**support.ask("Hello"))
            assert e.value.code == "identity_invalid" and e.value.request_id
            assert e.value.type == "authentication_error"
            assert gw.wait_record(request=e.value.request_id)["decision"] == "deny"


def test_permission_denied(gw, client):
    with pytest.raises(openai.PermissionDeniedError) as e:
        client.chat.completions.create(**support.ask("Hello", "restricted"))
    assert e.value.code == "policy_denied" and e.value.body["type"] == "permission_error"
    record = gw.wait_record(request=e.value.request_id)
    assert record["decision"] == "deny" and record["resource_id"] == "restricted"


def test_not_found(client):
    with pytest.raises(openai.NotFoundError) as e:
        client.chat.completions.create(**support.ask("Hello", "nothing"))
    assert e.value.code == "model_not_found"


@pytest.mark.parametrize("status,error,code", [
    (400, openai.BadRequestError, "upstream_refused"),
    (401, openai.InternalServerError, "upstream_status"),
    (403, openai.InternalServerError, "upstream_status"),
    (404, openai.BadRequestError, "upstream_refused"),
    (422, openai.BadRequestError, "upstream_refused"),
    (429, openai.RateLimitError, "upstream_rate_limited"),
    (500, openai.InternalServerError, "upstream_status"),
    (503, openai.InternalServerError, "upstream_status"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_upstream_errors(gw, client, status, error, code, stream):
    with pytest.raises(error) as e:
        client.chat.completions.create(**support.ask(f"demo:error-{status}"), stream=stream)
    assert e.value.code == code
    assert support.PROVIDER_KEY not in str(e.value) and support.PROVIDER_KEY not in e.value.response.text
    assert support.PROVIDER_KEY not in str(e.value.response.headers)
    record = gw.wait_record(kind="outcome", request=e.value.request_id)
    assert record["upstream_status"] == status and record["code"] == code


def test_cancelled_stream_reaches_the_upstream(gw, client, recorder):
    recorder.pace, recorder.words = 0.02, 2000
    try:
        stream = client.chat.completions.create(**support.ask("Hello", "rec"), stream=True)
        for _, chunk in zip(range(5), stream):
            assert chunk.choices
        before = len(recorder.open)
        assert before >= 1
        stream.close()
        assert house.wait_for(lambda: len(recorder.open) < before, 3), "the upstream is kept busy"
        request = stream.response.headers["x-request-id"]
        record = gw.wait_record(kind="outcome", request=request)
        assert record["code"] == "client_closed"
    finally:
        recorder.pace, recorder.words = 0, 4


def test_async_answer_and_stream(gw):
    async def work(c):
        answer = await c.chat.completions.create(**support.ask("Hello"))
        assert answer.choices[0].message.content.startswith(WORDS)
        text = ""
        async for chunk in await c.chat.completions.create(**support.ask("Hello"), stream=True):
            text += chunk.choices[0].delta.content or "" if chunk.choices else ""
        assert text.startswith(WORDS)
        names = [m.id async for m in c.models.list()]
        assert "demo" in names
    run_async(gw, work)


def test_async_many_at_once(gw):
    async def work(c):
        async def one(i):
            if i % 2:
                answer = await c.chat.completions.create(**support.ask(f"demo:echo number {i}"))
                return answer.choices[0].message.content
            text = ""
            stream = await c.chat.completions.create(**support.ask(f"demo:echo number {i}"),
                                                     stream=True)
            async for chunk in stream:
                text += chunk.choices[0].delta.content or "" if chunk.choices else ""
            return text
        answers = await asyncio.gather(*(one(i) for i in range(60)))
        for i, text in enumerate(answers):
            assert text.rstrip().endswith(f"number {i}"), (i, text)
    run_async(gw, work)


def test_async_cancel(gw, recorder):
    recorder.pace, recorder.words = 0.02, 2000

    async def work(c):
        stream = await c.chat.completions.create(**support.ask("Hello", "rec"), stream=True)

        async def read():
            async for _ in stream:
                pass
        task = asyncio.create_task(read())
        await asyncio.sleep(0.3)
        before = len(recorder.open)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await stream.close()
        return before, stream.response.headers["x-request-id"]
    try:
        before, request = run_async(gw, work)
        assert house.wait_for(lambda: len(recorder.open) < before, 3)
        assert gw.wait_record(kind="outcome", request=request)["code"] == "client_closed"
    finally:
        recorder.pace, recorder.words = 0, 4


def test_async_tools_and_errors(gw):
    async def work(c):
        answer = await c.chat.completions.create(**support.ask("demo:tool=get_weather"),
                                                 tools=[support.tool("get_weather")])
        assert answer.choices[0].message.tool_calls[0].function.name == "get_weather"
        with pytest.raises(openai.PermissionDeniedError):
            await c.chat.completions.create(**support.ask("Hello", "restricted"))
        with pytest.raises(openai.InternalServerError):
            await c.chat.completions.create(**support.ask("demo:error-500"), stream=True)
    run_async(gw, work)


def test_structured_stream_helper(client):
    """The helper with events, which is pickier about what it is sent."""
    with client.chat.completions.stream(**support.ask("demo:tool=get_weather"),
                                        tools=[support.tool("get_weather")]) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.name == "get_weather"
