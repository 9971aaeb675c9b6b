"""How a value travels: one list of fields → text with the places of the values.

A field is (key, label, value, type or None). Every carrier returns (text, [(type, start, end)]) in code points.
"""
import json


class Builder:
    def __init__(self):
        self.parts, self.at, self.gold = [], 0, []

    def add(self, text):
        self.parts.append(text)
        self.at += len(text)
        return self

    def value(self, text, kind):
        if kind:
            self.gold.append((kind, self.at, self.at + len(text)))
        return self.add(text)

    def done(self):
        return "".join(self.parts), self.gold


def mapped(text, gold, escape):
    """Escapes every character and moves the places along."""
    out, where = [], [0]
    for c in text:
        e = escape(c)
        out.append(e)
        where.append(where[-1] + len(e))
    return "".join(out), [(k, where[s], where[e]) for k, s, e in gold]


def json_char(c):
    return json.dumps(c, ensure_ascii=False)[1:-1]


def xml_char(c):
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}.get(c, c)


def url_char(c):
    return c if c.isascii() and (c.isalnum() or c in "-._~@:") else "+" if c == " " else "".join(f"%{b:02X}" for b in c.encode())


def lines(fields, head, form, tail, escape=None):
    b = Builder().add(head)
    before, between, after = form
    for key, label, value, kind in fields:
        text = "".join(map(escape, value)) if escape else value
        b.add(before.format(k=key, l=label)).value(text, kind).add(after.format(k=key, l=label))
    return b.add(tail).done()


def camel(key):
    first, *rest = key.split("_")
    return first + "".join(w.capitalize() for w in rest)


def json_flat(r, fields):
    b = Builder().add("{")
    for i, (key, _, value, kind) in enumerate(fields):
        key = key if r.random() < .6 else camel(key)
        b.add(("" if i == 0 else ", ") + json.dumps(key) + ": \"").value(json_char_text(value), kind).add('"')
    return b.add("}").done()


def json_nested(r, fields):
    b = Builder().add('{\n  "id": %d,\n  "type": "record",\n  "data": {\n    "attributes": {\n' % r.randint(1, 9999))
    for i, (key, _, value, kind) in enumerate(fields):
        b.add("      " + json.dumps(key) + ": \"").value(json_char_text(value), kind).add('"' + ("," if i + 1 < len(fields) else "") + "\n")
    return b.add("    },\n    \"active\": true\n  }\n}\n").done()


def json_in_json(r, fields):
    inner, gold = json_flat(r, fields)
    text, gold = mapped(inner, gold, json_char)
    head = '{"role":"assistant","tool_calls":[{"id":"call_1","type":"function","function":{"name":"save_record","arguments":"'
    return head + text + '"}}]}', [(k, s + len(head), e + len(head)) for k, s, e in gold]


def sse(r, fields):
    b = Builder()
    for key, label, value, kind in fields:
        b.add('data: {"choices":[{"index":0,"delta":{"content":"' + json_char_text(f"{label}: ")).value(json_char_text(value), kind).add('\\n"}}]}\n\n')
    return b.add("data: [DONE]\n\n").done()


def json_char_text(text):
    return "".join(map(json_char, text))


def csv(r, fields):
    sep = r.choice(",;\t")
    b = Builder().add(sep.join(["no"] + [f[0] for f in fields] + ["status"]) + "\n" + str(r.randint(1, 99)))
    for _, _, value, kind in fields:
        b.add(sep)
        quoted = sep in value
        b.add('"' if quoted else "").value(value, kind).add('"' if quoted else "")
    return b.add(sep + "open\n").done()


def yaml(r, fields):
    return lines(fields, "record:\n", ("  {k}: \"", "", "\"\n"), "  enabled: true\n")


def env(r, fields):
    return lines([(k.upper(), lab, v, t) for k, lab, v, t in fields], "# defaults of the import job\n", ("{k}=\"", "", "\"\n"), "RETRIES=3\n")


def ini(r, fields):
    return lines(fields, "[customer]\n", ("{k} = ", "", "\n"), "retries = 3\n")


def xml(r, fields):
    return lines(fields, "<?xml version=\"1.0\"?>\n<customer>\n", ("  <{k}>", "", "</{k}>\n"), "</customer>\n", xml_char)


def html(r, fields):
    return lines(fields, "<table>\n", ("<tr><th>{l}</th><td>", "", "</td></tr>\n"), "</table>\n", xml_char)


def markdown(r, fields):
    return lines(fields, "| field | value |\n|---|---|\n", ("| {l} | ", "", " |\n"), "")


def url(r, fields):
    b = Builder().add("GET /api/v2/customers?page=2")
    for key, _, value, kind in fields:
        b.add("&" + key + "=").value("".join(map(url_char, value)), kind)
    return b.add(" HTTP/1.1\n").done()


def sql(r, fields):
    b = Builder().add("INSERT INTO customers (" + ", ".join(f[0] for f in fields) + ")\nVALUES (")
    for i, (_, _, value, kind) in enumerate(fields):
        b.add(", '" if i else "'").value(value.replace("'", "''"), kind).add("'")
    return b.add(");\n").done()


def log(r, fields):
    b = Builder().add(f"2026-03-{r.randint(1, 28):02d}T0{r.randint(0, 9)}:1{r.randint(0, 9)}:42.{r.randint(100, 999)}Z INFO  [worker-{r.randint(1, 9)}] customer updated")
    for key, _, value, kind in fields:
        b.add(f" {key}=")
        quoted = " " in value
        b.add('"' if quoted else "").value(value, kind).add('"' if quoted else "")
    return b.add(f" took={r.randint(1, 99)}ms\n").done()


CODE = {
    "python": ("def test_customer():\n    c = Customer()\n", ("    c.{k} = \"", "", "\"\n"), "    assert c.save()\n"),
    "java": ("Customer c = new Customer();\n", ("c.set{c}(\"", "", "\");\n"), "repository.save(c);\n"),
    "javascript": ("const customer = {\n", ("  {m}: '", "", "',\n"), "};\nawait save(customer);\n"),
    "go": ("c := Customer{\n", ("\t{c}: \"", "", "\",\n"), "}\n"),
    "php": ("<?php\n$c = [\n", ("    '{k}' => '", "", "',\n"), "];\n"),
    "c": ("static const struct customer sample = {\n", ("    .{k} = \"", "", "\",\n"), "};\n"),
    "ruby": ("Customer.create!(\n", ("  {k}: \"", "", "\",\n"), ")\n"),
    "csharp": ("var c = new Customer {\n", ("    {c} = \"", "", "\",\n"), "};\n"),
}


def code(r, fields):
    head, (before, _, after), tail = CODE[r.choice(list(CODE))]
    b = Builder().add(head)
    for key, _, value, kind in fields:
        name = {"k": key, "m": camel(key), "c": camel(key)[0].upper() + camel(key)[1:]}
        b.add(before.format(**name)).value(value, kind).add(after)
    return b.add(tail).done()


def form(r, fields):
    return lines(fields, "REGISTRATION FORM\n=================\n", ("{l} ......... ", "", "\n"), "Signature: ________\n")


STRUCTURED = {"json": json_flat, "json-nested": json_nested, "json-in-json": json_in_json, "sse": sse, "csv": csv, "yaml": yaml, "env": env, "ini": ini, "xml": xml,
              "html": html, "markdown": markdown, "url": url, "sql": sql, "log": log, "code": code, "form": form}
