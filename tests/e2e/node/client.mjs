// The official `openai` package for Node, unmodified but for the base URL. Each check prints one line
// of JSON; the Python side says what it must be.
import OpenAI from 'openai';

const client = new OpenAI({baseURL: process.env.POSTERN_URL + '/v1', apiKey: process.env.POSTERN_KEY, maxRetries: 0});
const ask = (text, more = {}) => ({model: 'demo', messages: [{role: 'user', content: text}], ...more});
const tool = (name) => ({type: 'function', function: {name, description: 'a tool', parameters: {type: 'object', properties: {}}}});

const failure = async (work) => {
  try {
    await work();
    return {error: null};
  } catch (e) {
    return {error: e.constructor.name, status: e.status, code: e.code, type: e.type, id: e.requestID};
  }
};

const checks = {
  async answer() {
    const {data, request_id} = await client.chat.completions.create(ask('Hello')).withResponse();
    return {text: data.choices[0].message.content, finish: data.choices[0].finish_reason, id: request_id};
  },
  async stream() {
    let text = '', finish = null;
    for await (const chunk of await client.chat.completions.create(ask('Hello', {stream: true}))) {
      text += chunk.choices[0]?.delta?.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    return {text, finish};
  },
  async tool() {
    const answer = await client.chat.completions.create(ask('demo:tool=get_weather', {tools: [tool('get_weather')]}));
    const call = answer.choices[0].message.tool_calls[0].function;
    return {name: call.name, arguments: typeof JSON.parse(call.arguments), finish: answer.choices[0].finish_reason};
  },
  async toolStream() {
    const runner = client.chat.completions.stream(ask('demo:tools=2', {tools: [tool('get_weather'), tool('get_time')]}));
    const final = await runner.finalChatCompletion();
    return {names: final.choices[0].message.tool_calls.map((c) => c.function.name)};
  },
  async toolDenied() {
    const answer = await client.chat.completions.create(ask('demo:tool=delete_all', {tools: [tool('delete_all')]}));
    return {finish: answer.choices[0].finish_reason, calls: answer.choices[0].message.tool_calls?.length ?? 0};
  },
  async models() {
    const names = [];
    for await (const m of client.models.list()) names.push(m.id);
    return {names: names.sort(), one: (await client.models.retrieve('demo')).id};
  },
  denied: () => failure(() => client.chat.completions.create(ask('Hello', {model: 'restricted'}))),
  unknown: () => failure(() => client.chat.completions.create(ask('Hello', {model: 'nothing'}))),
  nobody: () => failure(() => client.withOptions({apiKey: 'sk-nothing'}).chat.completions.create(ask('Hello'))),
  limited: () => failure(() => client.chat.completions.create(ask('demo:error-429'))),
  broken: () => failure(() => client.chat.completions.create(ask('demo:error-500', {stream: true}))),
  async cutOff() {
    return failure(async () => {
      for await (const _ of await client.chat.completions.create(ask('demo:truncate', {stream: true})));
    });
  },
  async abort() {
    const stream = await client.chat.completions.create(ask('Hello', {model: 'rec', stream: true}));
    let n = 0;
    for await (const _ of stream) if (++n === 3) stream.controller.abort();
    return {n};
  },
};

const results = {};
for (const [name, run] of Object.entries(checks)) {
  try {
    results[name] = await run();
  } catch (e) {
    results[name] = {threw: String(e)};
  }
}
console.log(JSON.stringify(results));
