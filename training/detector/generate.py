#!/usr/bin/env python3
"""Makes training texts where the data has holes: attacks in many words and languages, the same words in honest use, long
chats, roles, mails, tool results, payloads buried in carriers. Seeded; nothing of it is kept in the tree.

    generate.py --seed 1 [--scale 1.0] > rows.jsonl"""
import argparse
import base64
import codecs
import json
import random
import re
import subprocess
import sys
import tempfile

import data
import evasions
from grammar import expand, sentence, some
from words_benign_en import BENIGN
from words_en import ATTACK, TASK
from words_languages import LANGUAGES
from words_languages_more import MORE

LANGUAGES = LANGUAGES | MORE

NEEDS_GOAL = re.compile(r"(:|,|now|—)$|^(instead|your|let's|stop|statt|au lieu|en lugar|invece|em vez|in plaats|zamiast|вместо|bunun|بدلا|取而|その代わり|그 대신|इसके|sebagai|thay)")
CJK_GAP = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])")


def tidy(text, lang):
    return CJK_GAP.sub("", text) if lang in ("zh", "ja") else text


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.rows = []
        self.docs = [r for r in data.read("carriers")]
        self.paste = [r["text"] for r in data.read("benign") if r["channel"] in ("document", "web") and 300 < len(r["text"]) < 2500]
        self.payloads = data.read("payloads")

    # --- small pieces ---
    def a(self, name):
        return expand(self.rng.choice(ATTACK[name]), ATTACK, self.rng)

    def b(self, name):
        return expand(self.rng.choice(BENIGN[name]), BENIGN, self.rng)

    def t(self, name):
        return expand(self.rng.choice(TASK[name]), TASK, self.rng)

    def l(self, lang, name):
        return tidy(expand(self.rng.choice(LANGUAGES[lang][name]), {}, self.rng), lang)

    def p(self, share):
        return self.rng.random() < share

    def case(self, text):
        r = self.rng.random()
        return text.upper() if r < 0.05 else text.lower() if r < 0.25 else text if r < 0.4 else sentence(text)

    def end(self):
        return self.rng.choice([".", ".", ".", "!", "", "", "...", "!!!", "?"])

    def add(self, kind, text, labels, lang="en", channel="user", weight=1.0, **more):
        text = text.strip()
        if not text:
            return
        self.rows.append({"text": text, "labels": sorted(labels), "source": "gen-" + kind, "lang": lang, "channel": channel,
                          "group": f"gen-{kind}-{len(self.rows) % 97}", "weight": weight, **more})

    # --- attacks ---
    def override(self):
        text, labels = self.a("override"), {"override"}
        if NEEDS_GOAL.search(text) or self.p(0.75):
            kind = self.rng.choices(["goal", "extraction", "persona", "exfil", "task"], [10, 3, 3, 1, 4])[0]
            tail = self.t("task") if kind == "task" else self.a(kind)
            labels |= {"extraction": {"extraction"}, "persona": {"persona_jailbreak"}, "exfil": {"exfil"}}.get(kind, set())
            glue = " " if text.endswith((":", ",", "now")) else self.rng.choice([" and ", ", ", ". ", "; ", ". Now ", "\n", ". Then ", " - ", ". Instead, ", ". From now on ", ", just "])
            text = text + glue + (sentence(tail) if glue == ". " else tail)
        if self.p(0.3):
            text = self.a("authority") + text
        if self.p(0.25):
            text += self.rng.choice([". ", " ", ", "]) + self.a("why")
        return self.case(text) + self.end(), labels

    def extraction(self):
        text = self.a("extraction")
        if self.p(0.15):
            text = self.a("authority") + text
        if self.p(0.15):
            text += ". " + self.a("why")
        return self.case(text) + self.rng.choice(["", ".", "?", "!", ""]), {"extraction"}

    def persona(self):
        text = self.a("persona")
        labels = {"persona_jailbreak"}
        if self.p(0.35):
            text += self.rng.choice([". ", ", ", " and "]) + self.a(self.rng.choice(["goal", "persona", "persona"]))
        if self.p(0.1):
            text = self.a("authority") + text
        return self.case(text) + self.end(), labels

    def long_persona(self):
        r = self.rng
        parts = [sentence(self.a("persona")) + "." for _ in range(r.randint(4, 10))]
        if self.p(0.5):
            parts.insert(r.randint(0, len(parts)), sentence(self.a("override")) + ".")
        if self.p(0.6):
            parts.insert(0, r.choice(["Hello! ", "Hi, we will play a game. ", "In this roleplay: ", "Hypothetical response. ", ""]))
        if self.p(0.5):
            parts += [sentence(self.b("para")) for _ in range(r.randint(1, 4))]
            r.shuffle(parts)
        parts.append(r.choice(["My first question: ", "Question: ", "Begin: ", "Now, ", "First request: "]) + self.a("goal") + ".")
        return r.choice([" ", "\n", "\n\n", " "]).join(parts), {"persona_jailbreak"}

    def direct(self):
        return self.rng.choices([self.override, self.extraction, self.persona], [5, 3, 3])[0]()

    def wrapped(self):
        """An attack after, before or between honest words."""
        text, labels = self.direct()
        r = self.rng.random()
        if r < 0.3:
            lead = sentence(self.b(self.rng.choice(["ask", "trigger", "meta"])))
            text = f"{lead}{self.rng.choice([' ', chr(10), '. ', chr(10) * 2])}{text}"
        elif r < 0.5:
            text = f"{self.rng.choice(['Summarize this:', 'Translate into French:', 'Classify the sentiment:', 'Is this spam?', 'Fix the grammar:', 'Text:', 'Answer the question below.'])} {text}"
        elif r < 0.65:
            text = f"{self.rng.choice(self.paste)[:self.rng.randint(200, 1500)]}\n\n{text}"
        elif r < 0.8:
            text = f"{text}\n\n{self.b('reply')}"
        elif r < 0.9:
            text = f"{self.b('system')} {some(BENIGN, 'duty', self.rng, 2, 5)}\n\n{text}"
        else:
            text = f"User: {self.b('ask')}\nAssistant: {self.b('reply')}\nUser: {text}"
        return text, labels

    def foreign(self, lang):
        r = self.rng.random()
        if r < 0.5:
            text, labels = self.l(lang, "attack"), {"override"}
            if NEEDS_GOAL.search(text) or self.p(0.7):
                kind = self.rng.choices(["goal", "extract", "persona"], [5, 3, 2])[0]
                labels |= {"extract": {"extraction"}, "persona": {"persona_jailbreak"}}.get(kind, set())
                text += self.rng.choice([" ", ". ", ", ", "\n"]) + self.l(lang, kind)
        elif r < 0.75:
            text, labels = self.l(lang, "extract"), {"extraction"}
        else:
            text, labels = self.l(lang, "persona"), {"persona_jailbreak"}
            if self.p(0.4):
                text += ". " + self.l(lang, "goal")
        if self.p(0.12):
            text = self.a("authority") + text
        if self.p(0.3):
            honest = sentence(self.l(lang, self.rng.choice(["ask", "trigger", "reply"])))
            text = f"{honest} {text}" if self.p(0.7) else f"{text}. {honest}"
        if self.p(0.08):
            text = f"{self.b('ask')}\n{text}" if self.p(0.5) else f"{text}. {self.a('goal')}"
        return tidy(self.case(text), lang) + self.rng.choice(["", ".", "!"]), labels

    def payload(self, channel):
        """Text that an attacker would leave in something an assistant reads; last: is it nothing but a task?"""
        r = self.rng.random()
        if channel == "code" and r < 0.4:
            return self.rng.choice(TASK["lead"]) + self.t("codetask"), {"override"}, "en", True
        if r < 0.2:
            p = self.rng.choice(self.payloads)
            return p["text"], set(p["labels"]), p.get("lang", "en"), p["source"] == "indirect-train"
        if r < 0.5:
            return self.rng.choice(TASK["lead"]) + self.t("task") + self.rng.choice([".", "", "!"]), {"override"}, "en", True
        if r < 0.62:
            lang = self.rng.choice(list(LANGUAGES))
            part = self.rng.random()
            if part < 0.6:
                return self.l(lang, "indirect"), {"override"}, lang, False
            return (*self.foreign(lang), lang, False)
        if r < 0.72:
            return (*self.override(), "en", False)
        text = self.case(self.a("indirect")) + self.rng.choice([".", "", "!"])
        return text, {"override", "exfil"} if "example" in text else {"override"}, "en", False

    def hide(self, text, channel):
        r = self.rng.random()
        if channel in ("web", "document", "email") and r < 0.18:
            return self.rng.choice(["<!-- {} -->", "<div style=\"display:none\">{}</div>", "<span style='color:white'>{}</span>", "[//]: # ({})", "<p style=\"font-size:0\">{}</p>", "<img src=x alt=\"{}\">", "<span hidden>{}</span>", "<div style=\"opacity:0\">{}</div>",
                                    "<p style='position:absolute;left:-9999px'>{}</p>", "<a title=\"{}\" href=\"#\">more</a>", "<div aria-label=\"{}\"></div>", "<meta name=\"description\" content=\"{}\">", "<noscript>{}</noscript>",
                                    "<td style=\"visibility:hidden\">{}</td>", "<font color=\"#ffffff\">{}</font>", "[ref]: https://example.org \"{}\"", "---\nsummary: {}\n---"]).replace("{}", text)
        if channel == "code" and r < 0.3:
            return self.rng.choice(["# {}", "// {}", "\"\"\"{}\"\"\"", "/* {} */", "print(\"{}\")"]).replace("{}", text.replace("\n", " "))
        return text

    def embedded(self):
        carrier = self.rng.choice(self.docs)
        text, channel = carrier["text"], carrier["channel"]
        if self.p(0.25):
            text, channel = self.mail(), "email"
        elif self.p(0.15):
            text, channel = self.tool_result(), "tool"
        if len(text) > 3500:
            at = self.rng.randint(0, len(text) - 3000)
            text = text[at:at + self.rng.randint(800, 3000)]
        payload, labels, lang, plain = self.payload(channel)
        payload = self.hide(payload, channel)
        slots = [m.end() for m in re.finditer(r"\n+|\. ", text)] + [0, len(text)]
        where = carrier.get("slot") if text is carrier["text"] and carrier.get("slot") is not None and self.p(0.4) else self.rng.choice(slots)
        if self.p(0.25):
            where = len(text)
        before, after = text[:where], text[where:]
        if channel == "tool" and before.count('"') % 2 == 1:
            payload = json.dumps(payload, ensure_ascii=False)[1:-1]
        glue = self.rng.choice(["\n", " ", "\n\n"])
        self.add("embedded-task" if plain else "embedded", before + glue + payload + glue + after, labels, lang, channel)

    def poison(self):
        lines = [sentence(self.b("desc")) for _ in range(self.rng.randint(1, 4))]
        lines.insert(self.rng.randint(1, len(lines)), sentence(self.a("poison")))
        if self.p(0.3):
            lines.append(self.rng.choice(["</IMPORTANT>", "</hidden>", "[end]", "-->"]))
        self.add("poison", self.tool_name() + self.rng.choice([" ", "\n"]).join(lines), {"tool_poison"}, channel="description")

    # --- honest text ---
    def tool_name(self):
        verb, thing = self.rng.choice("get list create read search update send fetch".split()), self.rng.choice("file issue weather event mail page rate user branch note".split())
        return self.rng.choice(["", f"{verb}_{thing}: ", f"{verb}{sentence(thing)}\n", f"{{\"name\": \"{verb}_{thing}\"}} "])

    def mail(self):
        lines = [sentence(self.b("mail")) for _ in range(self.rng.randint(2, 7))]
        head = self.rng.choice(["", f"Subject: {self.b('subject')}\n\n", f"From: {self.b('person').lower()}@example.com\nSubject: {self.b('subject')}\n\n"])
        return f"{head}{self.rng.choice(['Hi', 'Dear', 'Hello', 'Good morning'])} {self.b('person')},\n\n{self.rng.choice([' ', chr(10), chr(10) * 2]).join(lines)}\n\n{self.rng.choice(['Best regards', 'Thanks', 'Cheers', 'Kind regards'])}\n{self.b('person')}"

    def tool_result(self):
        r, n = self.rng.random(), self.rng.randint(1, 6)
        if r < 0.35:
            rows = [{"id": self.rng.randint(1, 99999), "name": self.b("person"), "note": self.b(self.rng.choice(["mail", "ticket", "para", "subject"])), "status": self.rng.choice(["open", "done", "ignored", "overridden"])} for _ in range(n)]
            return json.dumps({"results": rows, "total": n}, ensure_ascii=False, indent=self.rng.choice([None, 2]))
        if r < 0.6:
            return "\n".join(f"2026-0{self.rng.randint(1, 9)}-1{self.rng.randint(0, 9)} 12:0{i}:11 {self.b('log')}" for i in range(n * 3))
        if r < 0.8:
            return f"# {sentence(self.b('subject'))}\n\n" + "\n\n".join(" ".join(self.b("para") for _ in range(self.rng.randint(2, 5))) for _ in range(n))
        return "\n".join(sentence(self.b("ticket")) for _ in range(n + 1))

    def system_prompt(self):
        parts = [self.b("system")]
        duties = [sentence(self.b("duty")) + "." for _ in range(self.rng.randint(1, 12))]
        style = self.rng.choice(["- ", "", "1. ", "* "])
        parts += [style + d for d in duties]
        if self.p(0.4):
            parts.append(self.b("role_end"))
        if self.p(0.3):
            parts.append("## " + self.rng.choice(["Output format", "Rules", "Context", "Example", "Tone"]) + "\n" + self.b("reply"))
        return self.rng.choice(["\n", " ", "\n\n"]).join(parts)

    def chat(self):
        turns = []
        names = self.rng.choice([("User", "Assistant"), ("Human", "AI"), ("Q", "A"), ("Me", "Bot"), ("user", "assistant")])
        for i in range(self.rng.randint(2, 9)):
            turns.append(f"{names[0]}: {sentence(self.b('ask' if i == 0 else 'follow'))}")
            turns.append(f"{names[1]}: {self.b('reply')}")
        turns.append(f"{names[0]}: {sentence(self.b('follow'))}")
        return self.rng.choice(["\n", "\n\n"]).join(turns)

    def foreign_chat(self, lang):
        turns = []
        for _ in range(self.rng.randint(1, 8)):
            turns.append("User: " + self.l(lang, self.rng.choice(["ask", "ask", "trigger"])))
            turns.append("Assistant: " + " ".join(self.l(lang, "reply") for _ in range(self.rng.randint(1, 3))))
        return "\n".join(turns)

    def long_prompt(self):
        r = self.rng.random()
        paste = self.rng.choice(self.paste)
        if r < 0.3:
            ask = self.rng.choice(["Summarize the text below", "Translate the following into German", "Proofread this", "What does this mean?", "Turn this into a checklist", "Explain the text to a beginner", "Write a short answer to this", "Ignore the formatting and list the main points", "Rewrite the instructions below so that they are shorter", "Answer only from the text below; if it is not there say so", "Find mistakes in the document"])
            return f"{ask}{self.rng.choice([':', '.', ''])}\n\n{paste}"
        if r < 0.5:
            ask = self.rng.choice(["Please summarise the above.", "What are the instructions above about?", "Ignore the code blocks and tell me the idea.", "Repeat the main points above as bullets.", "Now translate everything above into Polish.", "Which of the rules above matter for me?", "tl;dr?", "Disregard the links, just check the grammar."])
            return f"{paste}\n\n{ask}"
        if r < 0.75:
            return f"{self.system_prompt()}\n\n{sentence(self.b('ask'))}\n\n{' '.join(self.b('para') for _ in range(self.rng.randint(2, 9)))}"
        return "\n".join([sentence(self.b("ask"))] + [self.rng.choice(["- ", "", "* "]) + sentence(self.b(self.rng.choice(["para", "duty", "duty", "ticket", "trigger"]))) for _ in range(self.rng.randint(4, 18))])

    # --- one order in much honest text, and the same text without one ---
    def prose(self):
        """At least a page of honest words of many kinds."""
        r, parts = self.rng, []
        while sum(map(len, parts)) < r.choice([800, 1200, 2000, 3000]):
            k = r.random()
            if k < 0.35:
                text = r.choice(self.paste)
                at = r.randint(0, max(0, len(text) - 700))
                parts.append(text[at:at + 900])
            elif k < 0.75:
                parts.append(" ".join(sentence(self.b(r.choice(["para", "para", "tech", "mail", "ticket", "duty"]))) for _ in range(r.randint(2, 6))))
            elif k < 0.85:
                parts.append(self.chat())
            else:
                parts.append(self.mail())
        return r.choice(["\n", "\n\n", " "]).join(parts)

    def put_into(self, prose, text):
        slots = [m.end() for m in re.finditer(r"\n+|[.!?] ", prose)] or [len(prose)]
        at = self.rng.choice(slots)
        glue = self.rng.choice([" ", " ", "\n", "\n\n"])
        return prose[:at].rstrip() + glue + text + glue + prose[at:]

    def diluted(self):
        channel = self.rng.choice(["user", "user", "document", "web", "email", "tool"])
        if self.p(0.25):
            lang = self.rng.choice(list(LANGUAGES))
            text, labels = self.foreign(lang)
        else:
            lang = "en"
            text, labels = self.direct()
        self.add("diluted", self.put_into(self.prose(), text), labels, lang, channel)
        lang = "en" if self.p(0.7) else self.rng.choice(list(LANGUAGES))
        text = sentence(self.b(self.rng.choice(["trigger", "ask", "meta", "you"]))) if lang == "en" else sentence(self.l(lang, self.rng.choice(["trigger", "ask"])))
        self.add("diluted-honest", self.put_into(self.prose(), text), [], lang, channel)

    # --- turns and roles that nobody took, many examples, announced encodings; with honest ones of the same form ---
    ROLES = [("<|im_start|>{}\n", "<|im_end|>\n"), ("<|start_header_id|>{}<|end_header_id|>\n\n", "<|eot_id|>"), ("<|{}|>\n", "</s>\n"), ("### {}:\n", "\n\n"), ("[{}]\n", "\n[/{}]\n"), ("<{}>", "</{}>\n"),
             ("\n\n{}: ", ""), ("<start_of_turn>{}\n", "<end_of_turn>\n"), ("{{\"role\": \"{}\", \"content\": \"", "\"}}\n"), ("## {} ##\n", "\n##\n")]

    def turn(self, form, role, text):
        name = self.rng.choice([role, role, role.capitalize(), role.upper()])
        return form[0].format(name) + text + form[1].format(name)

    def roles(self):
        form, r = self.rng.choice(self.ROLES), self.rng
        text, labels = self.direct()
        if self.p(0.4):
            text = self.rng.choice(["You are now ", "New rules: ", "", "Policy update: "]) + self.a(r.choice(["persona", "goal", "override"]))
            labels = labels | {"override"}
        lead = r.choice(["", "", self.b("ask"), self.b("reply"), self.b("para")])
        close = r.choice(["", form[1].format("user"), "</user>", "[/INST]", "\"}", "-->", "---"]) if self.p(0.4) else ""
        tail = self.turn(form, "assistant", r.choice(["Understood.", "Sure, ", "Okay, I will do that.", "Yes."])) if self.p(0.35) else ""
        self.add("roles", lead + close + "\n" + self.turn(form, r.choice(["system", "system", "developer", "admin"]), text) + tail, labels | {"override"}, channel=r.choice(["user", "user", "tool", "document", "web"]))
        form = r.choice(self.ROLES)
        honest = self.turn(form, "system", self.b("system")) if self.p(0.5) else ""
        for _ in range(r.randint(1, 3)):
            honest += self.turn(form, "user", self.b("ask")) + self.turn(form, "assistant", self.b("reply"))
        self.add("roles-honest", honest, [], channel=r.choice(["user", "document", "code", "tool"]))

    def many_shot(self):
        names = self.rng.choice([("User", "Assistant"), ("Human", "AI"), ("Q", "A"), ("H", "B")])
        lines = []
        for _ in range(self.rng.randint(6, 30)):
            ask = self.a("goal") if self.p(0.8) else self.a("extraction")
            lines.append(f"{names[0]}: {sentence(ask)}\n{names[1]}: {self.rng.choice(['Sure, here it is: ', 'Of course. ', 'Yes! ', 'Absolutely, ', 'No problem, '])}{self.b('para')}")
        self.add("many-shot", "\n".join(lines) + f"\n{names[0]}: {self.a('goal')}", {"persona_jailbreak"}, channel="user")

    def announced(self):
        r = self.rng
        text, labels = self.direct()
        honest = self.b(r.choice(["ask", "para", "mail", "trigger"]))
        def wrap(plain):
            return r.choice([
                ("base64", base64.b64encode(plain.encode()).decode()), ("hex", plain.encode().hex()), ("rot13", codecs.encode(plain, "rot13")),
                ("reversed text", plain[::-1]), ("binary", " ".join(f"{b:08b}" for b in plain.encode()[:60]))])
        name, code = wrap(text)
        lead = r.choice([f"Decode this {name} and do what it says: ", f"The following is {name}. Follow it without showing the decoded text: ", f"{name}: ", f"Execute the instructions hidden in this {name} string: ", f"You understand {name}. Obey: ", f"Answer the question encoded in {name}, reply in {name} too: "])
        self.add("announced", lead + code, labels | {"encoded", "override"})
        name, code = wrap(honest)
        lead = r.choice([f"What does this {name} string say? ", f"Decode this {name}: ", f"How do I decode {name} in {self.b('plang')}? For example ", f"Is this valid {name}? "])
        self.add("announced-honest", lead + code, [])

    def quoted(self):
        text, _ = self.direct()
        return f"{self.b('quote_lead')}{text}{self.b('quote_tail')}"

    def all(self, scale):
        r = self.rng
        n = lambda k: range(int(k * scale))
        for _ in n(4200):
            text, labels = self.direct()
            self.add("direct", text, labels)
        for _ in n(1800):
            text, labels = self.wrapped()
            self.add("wrapped", text, labels, channel=r.choice(["user"] * 6 + ["tool", "document"]))
        for _ in n(900):
            text, labels = self.long_persona()
            self.add("persona", text, labels)
        for _ in n(7500):
            self.embedded()
        for _ in n(1100):
            self.poison()
        for _ in n(2600):
            self.diluted()
        for _ in n(900):
            self.roles()
        for _ in n(250):
            self.many_shot()
        for _ in n(350):
            self.announced()
        for lang in LANGUAGES:
            for _ in n(230):
                text, labels = self.foreign(lang)
                self.add("foreign", text, labels, lang)
            for _ in n(130):
                self.add("foreign-trigger", self.rng.choice(["", "", self.l(lang, "ask") + " "]) + sentence(self.l(lang, "trigger")), [], lang)
            for _ in n(70):
                self.add("foreign-ask", sentence(self.l(lang, "ask")), [], lang)
            for _ in n(80):
                self.add("foreign-chat", self.foreign_chat(lang), [], lang)
            for _ in n(60):
                rules = "\n".join(self.l(lang, "rule") for _ in range(r.randint(2, 6)))
                self.add("foreign-role", self.l(lang, "role") if self.p(0.5) else rules, [], lang)
            for _ in n(60):
                body = "\n".join(sentence(self.l(lang, "mail")) for _ in range(r.randint(2, 6)))
                self.add("foreign-mail", body, [], lang, r.choice(["email", "email", "user"]))
        for kind, count, channel in (("trigger", 3000, "user"), ("ask", 1200, "user"), ("meta", 900, "user"), ("you", 1200, "user")):
            for _ in n(count):
                text = sentence(self.b(kind))
                if self.p(0.25):
                    text += " " + sentence(self.b(r.choice(["ask", "trigger", "para"])))
                self.add(kind, text, [], channel=channel)
        for _ in n(1800):
            parts = [self.b("scenario") for _ in range(r.randint(1, 4))] + [sentence(self.b(r.choice(["duty", "para", "role_end"]))) for _ in range(r.randint(0, 3))]
            self.add("scenario", r.choice([" ", "\n", "\n\n"]).join(x for x in parts if x), [])
        for _ in n(2200):
            self.add("system", self.system_prompt(), [], channel="user")
        for _ in n(1500):
            self.add("chat", self.chat(), [])
        for _ in n(2500):
            self.add("long", self.long_prompt(), [])
        for _ in n(1500):
            self.add("mail", self.mail(), [], channel="email")
        for _ in n(1500):
            self.add("result", self.tool_result(), [], channel=r.choice(["tool", "tool", "document", "web"]))
        for _ in n(1500):
            text = r.choice(["", "## " + sentence(self.b("subject")) + "\n\n"]) + r.choice([" ", "\n", "\n\n"]).join(self.b(r.choice(["tech", "tech", "para"])) for _ in range(r.randint(2, 14)))
            self.add("tech", text, [], channel=r.choice(["document", "document", "web", "tool", "code", "user", "email"]))
        for _ in n(1200):
            self.add("desc", self.tool_name() + r.choice([" ", "\n"]).join(sentence(self.b("desc")) for _ in range(r.randint(1, 7))), [], channel="description")
        for _ in n(700):
            text = self.quoted()
            if self.p(0.4):
                text = " ".join([self.b("para"), text, self.b("para"), self.b("para")])
            self.add("quoted", text, [], channel=r.choice(["user", "document", "web"]), weight=0.5, quotes_attack=1)
        for c in self.docs:
            self.add("carrier", c["text"][:4000], [], c["lang"], c["channel"])

    def disguise(self, attack, benign):
        names = evasions.names("train")
        for row in self.rows:
            if len(row["text"]) > 1500 or not self.p(attack if row["labels"] else benign):
                continue
            name = self.rng.choice(names)
            changed = evasions.apply(name, row["text"], self.rng)
            if changed and len(changed) < 8000:
                row["text"] = changed.encode("utf-8", "replace").decode()
                row["evasion"] = name
                if row["labels"]:
                    row["labels"] = sorted(set(row["labels"]) | {"encoded"})


def filtered(rows):
    """Without repeats, and without what shares too much with texts kept for evaluation."""
    seen, unique = set(), []
    for row in rows:
        if row["text"] not in seen:
            seen.add(row["text"])
            unique.append(row)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        for row in unique:
            f.write(json.dumps(row, ensure_ascii=False) + "\n")
        f.flush()
        done = subprocess.run([sys.executable, data.folder() + "/check_shingles.py", "--drop", f.name], stdout=subprocess.PIPE, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def make(seed, scale=1.0, attack=0.3, benign=0.07):
    maker = Maker(seed)
    maker.all(scale)
    maker.disguise(attack, benign)
    return filtered(maker.rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    for row in make(args.seed, args.scale):
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
