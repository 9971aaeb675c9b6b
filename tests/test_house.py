"""The helper itself: a request goes through, and its evidence is there."""


def test_one_request(gateway, upstream):
    answer = gateway.chat()
    assert answer.status == 200, answer
    assert answer.json["choices"][0]["message"]["content"] == "hello"
    assert len(upstream.requests()) == 1
    record = gateway.wait_record(kind="outcome", request=answer.request_id)
    assert record and record["status"] == 200
    stream = gateway.chat({"stream": True})
    assert stream.status == 200 and stream.events[-1] == "[DONE]", stream
    assert gateway.pids().keys() == {("keys", 0), ("warden", 0), ("audit", 0), ("control", 0),
                                     ("dial", 0), ("egress", 0), ("front", 0), ("front", 1),
                                     ("front", 2)}
    assert gateway.verify()
