"""Type-directed random cases for the Cedar engine: policies that mostly validate against one schema,
entities, requests. Everything follows from the seed."""
import json
import random

SCHEMA = """
type Rec = { n: Long, s?: String, deep: { b: Bool, c?: Long } };
entity Group in [Group];
entity User in [Group] = {
    age: Long, name: String, admin: Bool, boss?: User, langs: Set<String>, nums: Set<Long>, friends: Set<User>,
    net: ipaddr, rec: Rec, born: datetime, score: decimal, quota?: duration, "odd key"?: Long
} tags String;
entity Folder in [Folder] = { owner?: User };
entity Doc in [Folder] = { owner: User, size: Long, labels: Set<String>, public?: Bool, meta: Rec, home: Folder } tags Set<Long>;
action all;
action read in [all] appliesTo { principal: [User], resource: [Doc, Folder], context: Ctx };
action write in [all] appliesTo { principal: [User], resource: [Doc], context: Ctx };
action list appliesTo { principal: [User], resource: [Folder], context: Ctx };
type Ctx = {
    addr: ipaddr, now: datetime, mfa: Bool, n: Long, note?: String, amounts: Set<Long>, who: User, spend: decimal,
    ttl?: duration, rec: Rec, words: Set<String>
};
"""

REC = {"n": ("Long", True), "s": ("String", False), "deep": ("Deep", True)}
DEEP = {"b": ("Bool", True), "c": ("Long", False)}
ATTRS = {
    "User": {"age": ("Long", True), "name": ("String", True), "admin": ("Bool", True), "boss": ("User", False),
             "langs": ("Set<String>", True), "nums": ("Set<Long>", True), "friends": ("Set<User>", True),
             "net": ("ip", True), "rec": ("Rec", True), "born": ("datetime", True), "score": ("decimal", True),
             "quota": ("duration", False), "odd key": ("Long", False)},
    "Folder": {"owner": ("User", False)},
    "Doc": {"owner": ("User", True), "size": ("Long", True), "labels": ("Set<String>", True),
            "public": ("Bool", False), "meta": ("Rec", True), "home": ("Folder", True)},
    "Rec": REC, "Deep": DEEP,
    "Ctx": {"addr": ("ip", True), "now": ("datetime", True), "mfa": ("Bool", True), "n": ("Long", True),
            "note": ("String", False), "amounts": ("Set<Long>", True), "who": ("User", True),
            "spend": ("decimal", True), "ttl": ("duration", False), "rec": ("Rec", True),
            "words": ("Set<String>", True)},
    "Group": {},
}
STRINGS = ["", "a", "ab", "abc", "a*b", "*", "x y", "é", "日本", "\u0000", "\"q\"", "\\", "\n\t", "role", "admin",
           "hello world", "aXbXc", "👍"]
IPS = ["10.0.0.1", "10.0.0.0/8", "10.1.2.3/16", "127.0.0.1", "192.168.0.0/31", "::1", "fe80::1/64", "ff02::1", "::/0",
       "0.0.0.0/0", "224.0.0.1/4", "2001:db8::/32"]
DECIMALS = ["0.0", "1.5", "-1.5", "12.3456", "922337203685477.5807", "-922337203685477.5808", "0.0001", "3.10"]
DATETIMES = ["1970-01-01", "2024-02-29", "2024-10-15T11:35:00Z", "2024-10-15T11:35:00.123Z", "9999-12-31T23:59:59.999Z",
             "0000-01-01", "1969-12-31T23:00:00.001-0130", "2024-10-15T11:35:00+0545"]
DURATIONS = ["0ms", "1d", "-1d", "1h30m", "-2h3ms", "36h", "9223372036854775807ms", "-9223372036854775808ms", "59s", "90m"]
LONGS = [0, 1, 2, 3, 5, 10, -1, -7, 100, 2**53, 2**63 - 1, -(2**63), 2**62, -(2**62)]
BAD = {"ip": ["1.2.3", "::1::", "10.0.0.1/33"], "decimal": ["1", "1.23456", "x"], "datetime": ["2023-02-29", "now"],
       "duration": ["1x", "", "1h1d"]}
EXT = {"ip": IPS, "decimal": DECIMALS, "datetime": DATETIMES, "duration": DURATIONS}
ALL_TYPES = ["Bool", "Long", "String", "User", "Doc", "Folder", "Set<Long>", "Set<String>", "Set<User>", "ip", "decimal",
             "datetime", "duration", "Rec", "Deep"]


def quote(s):
    out = ['"']
    for ch in s:
        if ch in '"\\':
            out.append("\\" + ch)
        elif ch in "\n\t\0":
            out.append({"\n": "\\n", "\t": "\\t", "\0": "\\0"}[ch])
        elif ord(ch) < 0x20:
            out.append("\\u{%x}" % ord(ch))
        else:
            out.append(ch)
    return "".join(out) + '"'


class Gen:
    def __init__(self, seed, wrong):
        self.r = random.Random(seed)
        self.wrong = wrong  # chance that a subexpression has a type of its own choice

    def pick(self, xs):
        return self.r.choice(xs)

    def chance(self, p):
        return self.r.random() < p

    # --- expressions ---------------------------------------------------------------------------

    def policy(self):
        r = self.r
        self.resource = None
        effect = "permit" if self.chance(0.85) else "forbid"
        principal = self.pick(["principal", "principal", "principal", "principal is User", "principal == " + self.uid("User"),
                               "principal in " + self.uid("Group"), "principal is User in " + self.uid("Group"),
                               "principal in " + self.uid("User")])
        action, doc, folder = self.pick([
            ("action", True, True), ('action == Action::"read"', True, True), ('action in Action::"all"', True, True),
            ('action in [Action::"read", Action::"write"]', True, True), ('action == Action::"write"', True, False),
            ('action in [Action::"list", Action::"all"]', True, True), ('action == Action::"list"', False, True)])
        choices = [("resource", "Doc" if not folder else "Folder" if not doc else None)]
        if doc:
            choices += [("resource is Doc", "Doc"), ("resource is Doc in " + self.uid("Folder"), "Doc"),
                        ("resource == " + self.uid("Doc"), "Doc"), ("resource is Doc", "Doc")]
        if folder:
            choices += [("resource is Folder", "Folder"), ("resource in " + self.uid("Folder"), None if doc else "Folder")]
        resource, self.resource = self.pick(choices)
        text = "%s(%s, %s, %s)" % (effect, principal, action, resource)
        for _ in range(r.choice([0, 1, 1, 1, 2])):
            text += "\n%s { %s }" % ("when" if self.chance(0.8) else "unless", self.expr("Bool", r.choice([1, 2, 3, 4])))
        return text + ";"

    def uid(self, t):
        return "%s::%s" % (t, quote(self.pick(IDS[t])))

    def expr(self, t, depth, known=()):
        if self.chance(self.wrong):
            t = self.pick(ALL_TYPES)
        if depth <= 0 or self.chance(0.1):
            return self.leaf(t, known)
        if self.chance(0.06):
            return "(if %s then %s else %s)" % (self.expr("Bool", depth - 1, known), self.expr(t, depth - 1, known),
                                                self.expr(t, depth - 1, known))
        if t == "Bool":
            return self.boolean(depth - 1, known)
        if t == "Long":
            k = self.r.randrange(6)
            if k < 3:
                return "(%s %s %s)" % (self.expr("Long", depth - 1, known), self.pick("+-*"), self.expr("Long", depth - 1, known))
            if k == 3:
                return "-(%s)" % self.expr("Long", depth - 1, known)
            if k == 4:
                return "%s.%s()" % (self.expr("duration", depth - 1, known),
                                    self.pick(["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"]))
        if t == "datetime" and self.chance(0.5):
            return self.pick(["%s.offset(%s)" % (self.expr("datetime", depth - 1, known), self.expr("duration", depth - 1, known)),
                              "%s.toDate()" % self.expr("datetime", depth - 1, known)])
        if t == "duration" and self.chance(0.5):
            return self.pick(["%s.durationSince(%s)" % (self.expr("datetime", depth - 1, known), self.expr("datetime", depth - 1, known)),
                              "%s.toTime()" % self.expr("datetime", depth - 1, known)])
        if t.startswith("Set<") and self.chance(0.5):
            inner = t[4:-1]
            return "[%s]" % ", ".join(self.expr(inner, depth - 1, known) for _ in range(self.r.randrange(1, 4)))
        if t == "Deep" and self.chance(0.5):
            return '{b: %s, "c": %s}' % (self.expr("Bool", depth - 1, known), self.expr("Long", depth - 1, known))
        if t == "Rec" and self.chance(0.3):
            return "{n: %s, s: %s, deep: %s}" % (self.expr("Long", depth - 1, known), self.expr("String", depth - 1, known),
                                                 self.expr("Deep", depth - 1, known))
        return self.leaf(t, known)

    def boolean(self, depth, known):
        r = self.r
        k = r.randrange(20)
        e = lambda t: self.expr(t, depth, known)
        if k < 3:
            return "(%s && %s)" % (e("Bool"), e("Bool"))
        if k < 5:
            return "(%s || %s)" % (e("Bool"), e("Bool"))
        if k == 5:
            return "!(%s)" % e("Bool")
        if k < 8:
            t = self.pick(ALL_TYPES)
            return "(%s %s %s)" % (e(t), self.pick(["==", "!="]), e(t))
        if k < 10:
            t = self.pick(["Long", "Long", "datetime", "duration"])
            return "(%s %s %s)" % (e(t), self.pick(["<", "<=", ">", ">="]), e(t))
        if k == 10:
            return "%s.%s(%s)" % (e("decimal"), self.pick(["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"]), e("decimal"))
        if k == 11:
            return "%s.%s()" % (e("ip"), self.pick(["isIpv4", "isIpv6", "isLoopback", "isMulticast"]))
        if k == 12:
            return "%s.isInRange(%s)" % (e("ip"), e("ip"))
        if k == 13:
            inner = self.pick(["Long", "String", "User"])
            s = "Set<%s>" % inner
            return self.pick(["%s.contains(%s)" % (e(s), e(inner)), "%s.containsAll(%s)" % (e(s), e(s)),
                              "%s.containsAny(%s)" % (e(s), e(s)), "%s.isEmpty()" % e(s)])
        if k == 14:
            return "(%s like %s)" % (e("String"), self.pick(['"*"', '"a*"', '"*b*"', '"a\\*b"', '"*é"', '"a*X*c"', '""', '"ab*b"', '"**"']))
        if k == 15:
            left = self.pick(["principal", "context.who", self.uid("User")])
            right = self.pick([self.uid("Group"), self.uid("User"), "[%s, %s]" % (self.uid("Group"), self.uid("Group")), e("User")])
            return "(%s in %s)" % (left, right)
        if k == 16:
            if self.resource == "Doc":
                return "(resource in %s)" % self.pick([self.uid("Folder"), "resource.home", "[%s]" % self.uid("Folder")])
            return '(action in [Action::"read", Action::"all"])'
        if k == 17:
            return "(%s is %s)" % (e(self.pick(["User", "Folder"])), self.pick(["User", "Folder", "Group", "User in " + self.uid("Group")]))
        if k == 18:
            return self.tagged(depth, known)
        return self.guarded(depth, known)

    def tagged(self, depth, known):
        who = self.pick(["principal", "context.who"])
        key = quote(self.pick(["role", "a", "x y"]))
        if self.chance(0.15):
            return "(%s.getTag(%s) == %s)" % (who, key, self.expr("String", depth, known))
        if self.chance(0.3):
            return "%s.hasTag(%s)" % (who, self.expr("String", depth, known))
        return "(%s.hasTag(%s) && %s.getTag(%s) == %s)" % (who, key, who, key, self.expr("String", depth, known))

    def guarded(self, depth, known):
        """x has a && (something with x.a): sometimes the guard is forgotten, or nested."""
        owners = [("principal", "User"), ("context", "Ctx"), ("context.who", "User"), ("principal.rec", "Rec"), ("context.rec.deep", "Deep")]
        if self.resource:
            owners.append(("resource", self.resource))
        owner, t = self.pick(owners)
        optional = [(k, v[0]) for k, v in ATTRS[t].items() if not v[1]]
        if not optional:
            return "(%s has n)" % owner
        attr, at = self.pick(optional)
        access = "%s.%s" % (owner, attr) if attr.isidentifier() else "%s[%s]" % (owner, quote(attr))
        guard = "%s has %s" % (owner, attr if attr.isidentifier() else quote(attr))
        if at == "User" and self.chance(0.4):
            return "(%s has %s.%s && %s.rec.n > %s)" % (owner, attr, self.pick(["age", "boss", "rec.deep.c"]), access, self.expr("Long", depth, known))
        body = self.expr("Bool", depth, known + ((access, at),))
        use = "(%s == %s)" % (access, self.expr(at, depth, known))
        if self.chance(0.1):
            return use
        return "(%s && %s)" % (guard, self.pick([use, body, "(%s || %s)" % (use, body)]))

    def leaf(self, t, known):
        hits = [a for a, at in known if at == t]
        if hits and self.chance(0.6):
            return self.pick(hits)
        paths = []
        if self.chance(0.6):
            roots = [("principal", "User"), ("context", "Ctx"), ("context.who", "User")]
            if self.resource:
                roots.append(("resource", self.resource))
            for root, rt in roots:
                for a, (at, required) in ATTRS[rt].items():
                    if required and at == t:
                        paths.append("%s.%s" % (root, a))
                    if required and at in ("Rec",):
                        paths += ["%s.%s.%s" % (root, a, b) for b, (bt, need) in REC.items() if need and bt == t]
                        paths += ["%s.%s.deep.%s" % (root, a, b) for b, (bt, need) in DEEP.items() if need and bt == t]
            if t == "User":
                paths.append("principal")
            if t == self.resource:
                paths.append("resource")
        if paths:
            return self.pick(paths)
        if t == "Bool":
            return self.pick(["true", "false"])
        if t == "Long":
            v = self.pick(LONGS if self.chance(0.3) else LONGS[:9])
            return str(v) if v >= 0 else "(%d)" % v
        if t == "String":
            return quote(self.pick(STRINGS))
        if t in EXT:
            bad = self.chance(0.02)
            return "%s(%s)" % (t, quote(self.pick(BAD[t] if bad else EXT[t])))
        if t.startswith("Set<"):
            return "[%s]" % ", ".join(self.leaf(t[4:-1], ()) for _ in range(self.r.randrange(1, 4)))
        if t == "Deep":
            return "{b: %s, c: 1}" % self.pick(["true", "false"])
        if t == "Rec":
            return '{n: %d, s: "a", deep: {b: true, c: 2}}' % self.pick([1, 2])
        return self.uid(t)

    # --- values --------------------------------------------------------------------------------

    def value(self, t):
        if t == "Bool":
            return self.chance(0.5)
        if t == "Long":
            return self.pick(LONGS if self.chance(0.3) else LONGS[:9])
        if t == "String":
            return self.pick(STRINGS)
        if t in EXT:
            return {"__extn": {"fn": t, "arg": self.pick(EXT[t])}}
        if t.startswith("Set<"):
            return [self.value(t[4:-1]) for _ in range(self.r.randrange(0, 4))]
        if t in ("Rec", "Deep", "Ctx"):
            return self.record(t)
        return {"__entity": {"type": t, "id": self.pick(IDS[t])}}

    def record(self, t):
        return {a: self.value(at) for a, (at, required) in ATTRS[t].items() if required or self.chance(0.5)}

    def entities(self):
        out = []
        parents = {"User": "Group", "Group": "Group", "Doc": "Folder", "Folder": "Folder"}
        for t in ("Group", "User", "Folder", "Doc"):
            for i, name in enumerate(IDS[t][:-1]):  # the last of each has no entity
                e = {"uid": {"type": t, "id": name}, "attrs": self.record(t), "parents": []}
                pool = IDS[parents[t]][i + 1:] if parents[t] == t else IDS[parents[t]]
                e["parents"] = [{"type": parents[t], "id": p} for p in pool if self.chance(0.35)]
                if t == "User":
                    e["tags"] = {k: self.pick(STRINGS) for k in ("role", "a") if self.chance(0.5)}
                out.append(e)
        for a in ("read", "write"):
            out.append({"uid": {"type": "Action", "id": a}, "attrs": {}, "parents": [{"type": "Action", "id": "all"}]})
        for a in ("all", "list"):
            out.append({"uid": {"type": "Action", "id": a}, "attrs": {}, "parents": []})
        return out

    def request(self):
        action = self.pick(["read", "read", "write", "list"])
        kinds = {"read": ["Doc", "Doc", "Folder"], "write": ["Doc"], "list": ["Folder"]}[action]
        t = self.pick(kinds)
        return {"principal": {"type": "User", "id": self.pick(IDS["User"])}, "action": {"type": "Action", "id": action},
                "resource": {"type": t, "id": self.pick(IDS[t])}, "context": self.record("Ctx"), "validateRequest": True}


IDS = {"User": ["alice", "bob", "é\u0000", "ghost"], "Group": ["g1", "g2", "g3", "nowhere"], "Doc": ["d1", "d 2", "none"],
       "Folder": ["f1", "f2", "f3", "lost"]}


def case(seed):
    g = Gen(seed, 0.0 if seed % 4 else 0.06)
    policies = [g.policy() for _ in range(g.r.randrange(1, 6))]
    return {"policies": "\n".join(policies), "entities": g.entities(), "requests": [g.request() for _ in range(8)]}


if __name__ == "__main__":
    import sys
    print(json.dumps(case(int(sys.argv[1])), indent=1, ensure_ascii=False))
