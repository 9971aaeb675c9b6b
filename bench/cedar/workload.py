"""Workloads for cedar-bench: workload.py SHAPE POLICIES DIR, where SHAPE is tool, github or gdrive.

tool: one policy a tool, roles by tag, arguments in the context. github: repositories in organisations, teams
nested by rank, attributes that name the teams. gdrive: nested folders, groups, owners. All with the
entity store that goes with them, and 200 requests, from a fixed seed.
"""
import json
import pathlib
import random
import sys


def entity(kind, name, attrs=None, parents=(), tags=None):
    e = {"uid": {"type": kind, "id": name}, "attrs": attrs or {}, "parents": [{"type": t, "id": i} for t, i in parents]}
    if tags is not None:
        e["tags"] = tags
    return e


def ref(kind, name):
    return {"__entity": {"type": kind, "id": name}}


def tool(n, r):
    policies = [
        'permit(principal is AgentCore::OAuthUser, action == AgentCore::Action::"Target%d___tool%d", '
        'resource == AgentCore::Gateway::"gw%d") when { principal.hasTag("role") && principal.getTag("role") == "role%d" '
        "&& context.input.amount < %d };" % (i % 50, i, i % 3, i % 7, 100 + i) for i in range(n)]
    policies.append("forbid(principal, action, resource) when { context has blocked && context.blocked };")
    entities = [entity("AgentCore::OAuthUser", "u%d" % u, tags={"role": "role%d" % (u % 7), "username": "user%d" % u}) for u in range(200)]
    entities += [entity("AgentCore::Gateway", "gw%d" % g) for g in range(3)]
    requests = []
    for _ in range(200):
        i = r.randrange(n)
        requests.append({"principal": 'AgentCore::OAuthUser::"u%d"' % r.randrange(200), "action": 'AgentCore::Action::"Target%d___tool%d"' % (i % 50, i),
                         "resource": 'AgentCore::Gateway::"gw%d"' % (i % 3), "context": {"input": {"amount": r.randrange(300)}, "blocked": r.random() < 0.1}})
    return policies, entities, requests


def github(n, r):
    rules = (("pull", "readers"), ("fork", "readers"), ("push", "writers"), ("add_reader", "admins"), ("delete_issue", "maintainers"),
             ("edit_issue", "writers"), ("assign_issue", "triagers"), ("close", "writers"))
    ranks = ("readers", "writers", "admins", "maintainers", "triagers")
    orgs = max(1, n // len(rules))
    policies = ['permit(principal, action == Action::"%s", resource in Org::"o%d") when { principal in resource.%s };' % (a, o, rank)
                for o in range(orgs) for a, rank in rules][:n]
    entities = []
    for o in range(orgs):
        entities.append(entity("Org", "o%d" % o))
        for k in range(2):
            repo = "r%d_%d" % (o, k)
            entities.append(entity("Repo", repo, {x: ref("Team", repo + "_" + x) for x in ranks}, [("Org", "o%d" % o)]))
            entities += [entity("Team", repo + "_" + x, None, [("Team", repo + "_readers")] if x != "readers" else []) for x in ranks]
    for u in range(300):
        entities.append(entity("User", "u%d" % u, None, [("Team", "r%d_%d_%s" % (r.randrange(orgs), r.randrange(2), r.choice(ranks[:3]))) for _ in range(5)]))
    requests = [{"principal": 'User::"u%d"' % r.randrange(300), "action": 'Action::"%s"' % r.choice(["pull", "push", "close", "add_reader"]),
                 "resource": 'Repo::"r%d_%d"' % (r.randrange(orgs), r.randrange(2)), "context": {}} for _ in range(200)]
    return policies, entities, requests


def gdrive(n, r):
    policies = [r.choice([
        'permit(principal == User::"u%d", action in [Action::"read", Action::"write", Action::"share"], resource) when { resource has owner && resource.owner == principal };' % i,
        'permit(principal in Group::"g%d", action == Action::"read", resource in Folder::"f%d");' % (i, i),
        'permit(principal, action == Action::"read", resource) when { resource in Folder::"f%d" && principal in Group::"g%d" && context.mfa };' % (i, i)])
        for i in range(n)]
    policies.append("forbid(principal, action, resource) when { resource.deleted };")
    entities = []
    for i in range(n):
        entities.append(entity("Group", "g%d" % i))
        entities.append(entity("Folder", "f%d" % i, {"deleted": False}, [("Folder", "f%d" % (i // 3))] if i else []))
        entities.append(entity("User", "u%d" % i, None, [("Group", "g%d" % r.randrange(n)) for _ in range(4)]))
        entities.append(entity("Doc", "d%d" % i, {"deleted": r.random() < 0.05, "owner": ref("User", "u%d" % r.randrange(n))}, [("Folder", "f%d" % r.randrange(n))]))
    requests = [{"principal": 'User::"u%d"' % r.randrange(n), "action": 'Action::"%s"' % r.choice(["read", "write"]),
                 "resource": 'Doc::"d%d"' % r.randrange(n), "context": {"mfa": True}} for _ in range(200)]
    return policies, entities, requests


def write(shape, n, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    policies, entities, requests = {"tool": tool, "github": github, "gdrive": gdrive}[shape](n, random.Random(1))
    (folder / "policies.cedar").write_text("\n".join(policies) + "\n", encoding="utf-8")
    (folder / "entities.json").write_text(json.dumps(entities), encoding="utf-8")
    (folder / "requests.json").write_text(json.dumps(requests), encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), sys.argv[3])
