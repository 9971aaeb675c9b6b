// Node's own HTTP/1.1 parser (llhttp, every leniency off) over the connections on standard input: what it
// understood of each, in the form of h1-verdicts. With the argument "answers" they are of an upstream.
import { readFileSync, writeSync } from 'node:fs';

process.removeAllListeners('warning');
process.on('warning', () => {});
const { HTTPParser, methods, allMethods } = process.binding('http_parser');
const input = readFileSync(0);
const b64 = (text) => Buffer.from(text, 'latin1').toString('base64');
const kind = process.argv[2] === 'answers' ? HTTPParser.RESPONSE : HTTPParser.REQUEST;
const lines = [];

for (let at = 0; at < input.length;) {
  const n = input.readUInt32LE(at);
  const bytes = Buffer.from(input.subarray(at + 4, at + 4 + n));
  at += 4 + n;
  const messages = [];
  let now = null, extra = [], url = '';
  const parser = new HTTPParser();
  parser.initialize(kind, {}, 65536, 0);
  // a head of many lines comes in several calls
  const complete = (major, minor, headers, method, target, upgrade, keep, status) => {
    if (status >= 100 && status < 200 && status !== 101) { extra = []; now = null; return 0; }
    headers = extra.concat(headers || []);
    now = { status: status ?? 0, method: kind === HTTPParser.RESPONSE ? '' : b64((allMethods ?? methods)[method] ?? String(method)), target: b64(url + (target || '')), minor, keep: keep ? 1 : 0, headers: [], body: [], whole: false, upgrade };
    for (let i = 0; i < headers.length; i += 2) now.headers.push([b64(headers[i].toLowerCase()), b64(headers[i + 1])]);
    extra = [];
    url = '';
    messages.push(now);
    return upgrade ? 2 : 0;
  };
  parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, headers, method, target, status, text, upgrade, keep) =>
    complete(major, minor, headers, method, target, upgrade, keep, status);
  parser[HTTPParser.kOnHeaders | 0] = (headers, target) => {
    extra = extra.concat(headers);
    url += target || '';
  };
  parser[HTTPParser.kOnBody | 0] = (chunk, offset, length) => {
    now?.body.push(offset === undefined ? Buffer.from(chunk) : Buffer.from(chunk.subarray(offset, offset + length)));
  };
  parser[HTTPParser.kOnMessageComplete | 0] = () => { if (now) now.whole = true; };
  let end = 'end';
  const result = parser.execute(bytes, 0, bytes.length);
  if (result instanceof Error) {
    end = result.code;
  } else {
    const last = parser.finish();
    if (last instanceof Error) end = last.code;
    else if (messages.some((m) => m.upgrade)) end = 'upgrade';
  }
  for (const m of messages) { m.body = Buffer.concat(m.body).toString('base64'); }
  lines.push(JSON.stringify({ messages, end }));
  parser.free?.();
}
const out = Buffer.from(lines.join('\n') + (lines.length ? '\n' : ''));
for (let at = 0; at < out.length;) at += writeSync(1, out, at);
