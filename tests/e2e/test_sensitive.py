"""Sensitive data: what the upstream is sent, and what comes back, with a real client on the wire."""
import json
import re
import threading

import openai
import pytest

import house
from house import wait_for
import support

MAIL = "maria.keller@brenner-optik.de"
CARD = "4539148803436467"
KEY = "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"
TOKEN = re.compile(r"Qz[A-Z]{4}_[a-z2-8]{20}", re.I)
TEXT = f"Write to {MAIL} about card {CARD} today."

POLICY = support.POLICY + """
@id("any-model") permit (principal in Postern::Group::"demo", action == Postern::Action::"chat",
    resource in Postern::Provider::"u1");
@id("any-tool") permit (principal in Postern::Group::"demo",
    action in [Postern::Action::"offerTool", Postern::Action::"callTool"],
    resource == Postern::Tool::"send");
"""


class Parrot(house.Upstream):
    """Says what it was told last, in pieces of three characters; with a tool it calls that."""

    def answer(self, s, seen):
        asked = json.loads(seen.body)
        text = asked["messages"][-1]["content"]
        if asked.get("tools"):
            words = TOKEN.findall(text)
            arguments = json.dumps({"to": words[0], "deep": json.dumps({"again": words[0]})})
            call = {"id": "call_1", "type": "function",
                    "function": {"name": "send", "arguments": arguments}}
            if not asked.get("stream"):
                return self.send_json(s, house.completion(tool_calls=[call]))
            pieces = [house.chunk({"tool_calls": [{"index": 0, **call, "function": {
                "name": "send", "arguments": ""}}]})]
            pieces += [house.chunk({"tool_calls": [{"index": 0, "function": {
                "arguments": arguments[i:i + 3]}}]}) for i in range(0, len(arguments), 3)]
            return self.send_stream(s, pieces + [house.chunk({}, "tool_calls")])
        if not asked.get("stream"):
            return self.send_json(s, house.completion(text))
        self.send_stream(s, [house.chunk({"content": text[i:i + 3]})
                             for i in range(0, len(text), 3)] + [house.chunk({}, "stop")])


@pytest.fixture(scope="module")
def parrot():
    with Parrot() as upstream:
        yield upstream


def gateway(tmp_path_factory, parrot, policy=POLICY, **more):
    upstreams = {"u1": f"{{url: '{parrot.url}', allow_private: true}}"}
    return support.gateway(tmp_path_factory.mktemp("gw"), upstreams, {"m1": "u1"}, policy=policy,
                           fronts=1, **more)


@pytest.fixture(scope="module")
def gw(tmp_path_factory, parrot):
    with gateway(tmp_path_factory, parrot) as gw:
        yield gw
        assert gw.verify()
        log = json.dumps(gw.records()) + gw.stderr
        assert MAIL not in log and CARD not in log and KEY not in log


def client(gw, **headers):
    return openai.OpenAI(base_url=f"{gw.url}/v1", api_key=gw.key, max_retries=0,
                         default_headers={k.replace("_", "-"): v for k, v in headers.items()})


def ask(gw, text, stream=False, headers=None, **more):
    c = client(gw, **(headers or {}))
    messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
    if not stream:
        return c.chat.completions.create(model="m1", messages=messages, **more)
    return list(c.chat.completions.create(model="m1", messages=messages, stream=True, **more))


def said(chunks):
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def sent(parrot):
    return parrot.requests()[-1].body.decode()


@pytest.mark.parametrize("stream", [False, True])
def test_masked_outside_and_restored_inside(gw, parrot, stream):
    answer = ask(gw, TEXT, stream)
    body = sent(parrot)
    assert MAIL not in body and CARD not in body
    assert len(TOKEN.findall(body)) == 2
    assert (said(answer) if stream else answer.choices[0].message.content) == TEXT


def test_the_record_counts_and_holds_no_text(gw):
    c = client(gw)
    raw = c.chat.completions.with_raw_response.create(
        model="m1", messages=[{"role": "user", "content": TEXT + " " + KEY}])
    record = gw.wait_record(kind="decision", request=raw.headers["x-request-id"])
    found = sorted(record["findings"])
    assert [f.split(":")[0] for f in found].count("personal") >= 2
    assert any(f.startswith("secret:") and f.endswith(":removed:1") for f in found)


def test_a_secret_is_redacted_and_never_comes_back(gw, parrot):
    answer = ask(gw, f"use {KEY} please")
    assert KEY not in sent(parrot)
    assert "REDACTED_" in sent(parrot)
    assert KEY not in answer.choices[0].message.content


def test_history_has_the_same_tokens(gw, parrot):
    first = [{"role": "user", "content": TEXT}]
    ask(gw, first)
    before = TOKEN.findall(sent(parrot))
    ask(gw, first + [{"role": "assistant", "content": f"I wrote to {MAIL}."},
                     {"role": "user", "content": f"and {MAIL} answered"}])
    after = TOKEN.findall(sent(parrot))
    assert before[0] == after[0] == after[2] == after[3]


@pytest.mark.parametrize("stream", [False, True])
def test_arguments_of_tools(gw, parrot, stream):
    tools = [support.tool("send")]
    answer = ask(gw, TEXT, stream, tools=tools)
    if stream:
        arguments = "".join(t.function.arguments or "" for c in answer if c.choices
                            for t in c.choices[0].delta.tool_calls or [])
    else:
        arguments = answer.choices[0].message.tool_calls[0].function.arguments
    value = json.loads(arguments)
    assert value["to"] == MAIL and json.loads(value["deep"]) == {"again": MAIL}
    # and on the way out again, with the tool's result
    ask(gw, [{"role": "user", "content": TEXT},
             {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": {
                 "name": "send", "arguments": arguments}}]},
             {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"sent": MAIL})},
             {"role": "user", "content": "done?"}])
    body = sent(parrot)
    assert MAIL not in body
    assert len(set(t.lower() for t in TOKEN.findall(body))) == 2
    assert json.loads(json.loads(body)["messages"][1]["tool_calls"][0]["function"]["arguments"])


def test_a_token_of_another_conversation_is_not_restored(gw, parrot):
    ask(gw, TEXT, headers={"postern_conversation": "one"})
    token = TOKEN.findall(sent(parrot))[0]
    ask(gw, TEXT, headers={"postern_conversation": "two"})
    assert token not in sent(parrot)
    # as text of a user it is text, here and there, and leaves as no token
    for name in ("one", "two"):
        answer = ask(gw, f"{MAIL} is not {token}", headers={"postern_conversation": name})
        assert f"is not {token}" not in sent(parrot)
        assert sent(parrot).count(token) == (1 if name == "one" else 0)  # only its own value's
        assert answer.choices[0].message.content == f"{MAIL} is not {token}"


def test_a_conversation_has_a_plain_name(gw):
    with pytest.raises(openai.BadRequestError):
        ask(gw, "hi", headers={"postern_conversation": "a b"})


def test_schemas_names_and_stops(gw, parrot):
    tool = support.tool("send")
    tool["function"]["description"] = f"sends to {MAIL}"
    tool["function"]["parameters"]["properties"]["city"]["enum"] = [MAIL, "x"]
    c = client(gw)
    c.chat.completions.create(
        model="m1", tools=[tool], user=MAIL, stop=[MAIL], metadata={"who": MAIL},
        messages=[{"role": "system", "content": [{"type": "text", "text": f"I am {MAIL}"}]},
                  {"role": "user", "name": "maria", "content": TEXT}])
    assert MAIL not in sent(parrot)


def test_answers_are_inspected_too(tmp_path_factory, parrot):
    extra = "inspect: {actions: {all: allow}, answers: {secrets: block, personal: partial}}"
    with gateway(tmp_path_factory, parrot, extra=extra) as gw:
        answer = ask(gw, f"card {CARD}.")
        assert CARD in sent(parrot)
        assert answer.choices[0].message.content == f"card xxxx{CARD[-4:]}."
        assert said(ask(gw, f"card {CARD}.", True)) == f"card xxxx{CARD[-4:]}."
        answer = ask(gw, f"key {KEY} and more")
        assert answer.choices[0].finish_reason == "content_filter"
        assert KEY not in (answer.choices[0].message.content or "")
        chunks = ask(gw, f"key {KEY} and more", True)
        assert chunks[-1].choices[0].finish_reason == "content_filter"
        assert KEY[:8] not in said(chunks)
        assert wait_for(lambda: len(gw.records(kind="outcome")) >= 4)
        found = [record.get("findings", []) for record in gw.records(kind="outcome")]
        assert [len(f) for f in found] == [1, 1, 1, 1], found
        assert found[0] == found[1] and found[0][0].endswith(":removed:1"), found
        assert all(f[0].startswith("secret:") for f in found[2:]), found


def test_without_restoring_tokens_stay(tmp_path_factory, parrot):
    with gateway(tmp_path_factory, parrot, extra="inspect: {restore: false}") as gw:
        answer = ask(gw, TEXT)
        assert len(TOKEN.findall(answer.choices[0].message.content)) == 2


def test_it_can_be_switched_off(tmp_path_factory, parrot):
    with gateway(tmp_path_factory, parrot, extra="inspect: {enabled: false}") as gw:
        ask(gw, TEXT)
        assert MAIL in sent(parrot)


def test_policies_demand(tmp_path_factory, parrot):
    policy = support.POLICY + """
@id("masked") @mask("pii") @block("secrets")
permit (principal in Postern::Group::"demo", action == Postern::Action::"chat",
    resource in Postern::Provider::"u1");
"""
    with gateway(tmp_path_factory, parrot, policy, extra="inspect: {actions: {all: flag}}") as gw:
        answer = ask(gw, TEXT)
        assert MAIL not in sent(parrot) and CARD not in sent(parrot)
        assert answer.choices[0].message.content == TEXT
        before = len(parrot.requests())
        with pytest.raises(openai.PermissionDeniedError) as e:
            ask(gw, f"key {KEY}")
        assert e.value.body["code"] == "sensitive_data"
        assert len(parrot.requests()) == before


def test_policies_see_what_was_found(tmp_path_factory, parrot):
    policy = POLICY + """
@id("nothing-personal") forbid (principal, action == Postern::Action::"chat", resource)
when { !context.findings.personal.isEmpty() || !context.findings.secrets.isEmpty() };
"""
    with gateway(tmp_path_factory, parrot, policy, extra="inspect: {actions: {all: flag}}") as gw:
        ask(gw, "nothing in it")
        with pytest.raises(openai.PermissionDeniedError):
            ask(gw, TEXT)


def test_a_block_of_the_configuration(tmp_path_factory, parrot):
    with gateway(tmp_path_factory, parrot, extra="inspect: {actions: {secrets: block}}") as gw:
        before = len(parrot.requests())
        with pytest.raises(openai.PermissionDeniedError) as e:
            ask(gw, f"key {KEY}")
        assert e.value.body["code"] == "sensitive_data"
        assert KEY not in str(e.value)
        assert len(parrot.requests()) == before
        record = gw.wait_record(kind="decision", reason="sensitive_data")
        assert record["decision"] == "deny" and record["findings"]


@pytest.mark.parametrize("name,sends", [("REQUEST_UNINSPECTED", False),
                                        ("ANSWER_UNINSPECTED", True)])
def test_what_cannot_be_inspected_is_denied(tmp_path_factory, parrot, name, sends):
    gw = gateway(tmp_path_factory, parrot, start=False)
    gw.simulate = name
    gw.start()
    with gw:
        before = len(parrot.requests())
        with pytest.raises(openai.PermissionDeniedError) as e:
            ask(gw, TEXT)
        assert e.value.body["code"] == "uninspected"
        assert (len(parrot.requests()) > before) == sends


def test_a_type_that_does_not_exist_is_told(tmp_path_factory, parrot):
    gw = gateway(tmp_path_factory, parrot, extra="inspect: {actions: {NO_SUCH: mask}}", start=False)
    out = gw.run("check", check=False)
    assert out.returncode != 0 and "NO_SUCH" in out.stdout + out.stderr


OWN = r"""
- type: EMPLOYEE_ID
  title: our employees
  group: person
  pattern: 'EMP-[0-9]{5}'
- type: PROJECT_NAME
  group: other
  words: [bluebird, 'grey heron']
  action: redact
- type: PLANT_CODE
  form: '\P99-9999'
  needs_context: true
  context: {en: [plant, factory]}
"""


def test_own_definitions_are_looked_for(tmp_path_factory, parrot):
    own = tmp_path_factory.mktemp("own") / "own.yaml"
    own.write_text(OWN)
    text = "EMP-12345 leads bluebird in plant P12-3456; " + MAIL + "\n\n\nand part P98-7654"
    with gateway(tmp_path_factory, parrot, extra=f"inspect: {{definitions: '{own}'}}") as gw:
        answer = ask(gw, text).choices[0].message.content
        body = sent(parrot)
        assert not [hidden for hidden in ("EMP-12345", "bluebird", "P12-3456", MAIL) if hidden in body]
        assert "P98-7654" in body
        assert "EMP-12345" in answer and "P12-3456" in answer
        assert "bluebird" not in answer  # what was redacted does not come back


def test_a_definition_that_is_none_is_refused(tmp_path_factory, parrot):
    own = tmp_path_factory.mktemp("own") / "own.yaml"
    own.write_text("- type: BROKEN\n  pattern: '(['\n")
    gw = gateway(tmp_path_factory, parrot, extra=f"inspect: {{definitions: '{own}'}}", start=False)
    out = gw.run("check", check=False)
    assert out.returncode != 0
    assert "expression" in out.stdout + out.stderr


def test_a_long_text_lets_others_pass(gw):
    """Seconds of work for the only front; a short question asked meanwhile is answered first."""
    digits = "".join(f"{i * 7919 % 10**9:09d} {i % 97:02d}-" for i in range(250_000))
    order, failed = [], []

    def long():
        try:
            ask(gw, digits + f" and {MAIL}")
        except openai.APIStatusError as error:  # too many findings is an answer, too
            failed.append(error.status_code)
        order.append("long")

    thread = threading.Thread(target=long)
    thread.start()
    while thread.is_alive() and order.count("short") < 3:
        assert ask(gw, "hello").choices[0].message.content == "hello"
        order.append("short")
    thread.join()
    assert order.count("short") >= 3 and order[-1] == "long", order
    assert failed in ([], [403]), failed


def test_the_same_is_found_in_a_long_text(gw, parrot):
    """Longer than what is looked at in one go, with values near its cuts and a policy's second look."""
    filler = "The river rose above the old bridge again that spring. "
    text = ""
    while len(text) < 400_000:
        text += filler * 37 + TEXT + " "
    answer = ask(gw, text)
    assert answer.choices[0].message.content == text
    assert MAIL not in sent(parrot) and CARD not in sent(parrot)
