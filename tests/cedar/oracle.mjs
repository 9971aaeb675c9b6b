// Answers of @cedar-policy/cedar-wasm: one policy set a line in, its requests' answers a line out.
// CEDAR_WASM names the folder that holds node_modules.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import path from 'node:path';

const root = process.env.CEDAR_WASM ?? process.cwd();
const cedar = createRequire(path.join(root, 'x.js'))('@cedar-policy/cedar-wasm/nodejs');

for await (const line of createInterface({ input: process.stdin })) {
  if (line === '') continue;
  const set = JSON.parse(line);
  const answers = set.requests.map((r) => {
    const a = cedar.isAuthorized({
      principal: r.principal, action: r.action, resource: r.resource, context: r.context,
      policies: { staticPolicies: set.policies }, entities: set.entities,
    });
    if (a.type !== 'success') throw new Error(JSON.stringify(a));
    return {
      decision: a.response.decision,
      reason: a.response.diagnostics.reason,
      errors: a.response.diagnostics.errors.map((e) => e.policyId),
    };
  });
  console.log(JSON.stringify(answers));
}
