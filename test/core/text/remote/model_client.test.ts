import { afterEach, describe, expect, it } from 'vitest';
import { Interrupted } from '../../../../src/core/errors.ts';
import { AskFailed, AskingStopped } from '../../../../src/core/text/remote/failures.ts';
import { ModelClient, type ModelSettings, PATIENCE, type ReplyCache } from '../../../../src/core/text/remote/model_client.ts';
import { REPLY_FORMS, type Reply, type ReplyForm } from '../../../../src/core/text/remote/replies.ts';
import type { Question } from '../../../../src/core/text/remote/transport.ts';
import { type Behaviour, fastClock, type ModelServer, type SeenRequest, startModelServer } from './model_server.ts';

const TOKEN = 'hf_secret+0123456789/abc=';
const QUESTION: Question = { system: 'Do this.', user: 'With that.', maxTokens: 64, outputs: 1, round: 0 };

const open: ModelServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(...behaviours: readonly (Behaviour | ((request: SeenRequest) => Behaviour))[]): Promise<ModelServer> {
  const server = await startModelServer((request) => {
    const next = behaviours[Math.min(request.index, behaviours.length - 1)] ?? { status: 500 };
    return typeof next === 'function' ? next(request) : next;
  });
  open.push(server);
  return server;
}

function memory(): ReplyCache & { readonly kept: Map<string, Reply> } {
  const kept = new Map<string, Reply>();
  return { kept, get: (key) => kept.get(key), set: (key, reply) => void kept.set(key, reply) };
}

function clientOf(
  endpoint: string | null,
  settings: Partial<ModelSettings> = {},
  world: { cache?: ReplyCache; seed?: number; signal?: AbortSignal; fetch?: typeof fetch } = {},
) {
  const clock = fastClock(50);
  const cache = world.cache ?? memory();
  const client = new ModelClient(
    {
      form: 'chat',
      model: 'small',
      endpoint,
      token: TOKEN,
      temperature: 0.8,
      budget: { calls: null, tokens: null },
      ...PATIENCE,
      connections: 16,
      patienceMs: 60_000,
      timeoutMs: 600_000,
      ...settings,
    },
    { fetch, clock, cache, seed: 1, signal: new AbortController().signal, ...world },
  );
  return { client, clock, cache };
}

/** Everything a thrown thing says, however deep. */
async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Error);
  return thrown as Error;
}

describe('a model client', () => {
  it.each([
    ['chat', '/v1/chat/completions'],
    ['completion', '/v1/completions'],
    ['text2text', '/'],
  ] as const)('asks in the form %s and reads the answer', async (form, path) => {
    const server = await serve({ say: 'Soup for cold evenings' });
    const { client } = clientOf(server.url, { form });
    expect(await client.ask(QUESTION)).toMatchObject({ text: 'Soup for cold evenings', cut: false });
    const [seen] = server.requests;
    expect(seen).toMatchObject({ method: 'POST', path, authorization: `Bearer ${TOKEN}` });
    expect(seen?.prompt).toBe('Do this.\n\nWith that.');
    expect(form === 'text2text' ? seen?.body.parameters : seen?.body).toMatchObject(
      form === 'text2text'
        ? { max_new_tokens: 64, num_return_sequences: 1 }
        : { model: 'small', max_tokens: 64, temperature: 0.8, seed: 1 },
    );
  });

  it('takes an address with or without /v1', async () => {
    const server = await serve({ say: 'A' });
    for (const ending of ['', '/', '/v1', '/v1/']) await clientOf(`${server.url}${ending}`).client.ask(QUESTION);
    expect(server.requests.map(({ path }) => path)).toEqual(Array(4).fill('/v1/chat/completions'));
    await clientOf(`${server.url}/api/v3`).client.ask({ ...QUESTION, round: 1 });
    expect(server.requests.at(-1)?.path).toBe('/api/v3/chat/completions');
  });

  it('reads several outputs of a text2text model as lines, under each of their names', async () => {
    const server = await serve(
      { say: ['One', 'Two'] },
      { status: 200, body: '[[{"summary_text":"Three"},{"summary_text":"Four"}]]' },
      {
        status: 200,
        body: '{"translation_text":"Five"}',
      },
    );
    const { client } = clientOf(server.url, { form: 'text2text' });
    const texts: string[] = [];
    for (const round of [0, 1, 2]) texts.push((await client.ask({ ...QUESTION, round })).text);
    expect(texts).toEqual(['One\nTwo', 'Three\nFour', 'Five']);
  });

  it('counts the tokens the server says, and estimates where it does not', async () => {
    const server = await serve({ say: 'abcd'.repeat(10) }, { say: '番茄汤', usage: false });
    const { client } = clientOf(server.url);
    await client.ask(QUESTION);
    expect(client.spent).toMatchObject({ calls: 1, promptTokens: 100, completionTokens: 20, estimatedTokens: 0 });
    const estimated = await client.ask({ ...QUESTION, round: 1 });
    expect(estimated).toMatchObject({ completionTokens: 3, estimated: true });
    expect(client.spent).toMatchObject({ completionTokens: 23, estimatedTokens: estimated.promptTokens + 3 });
  });

  it('gives an empty text for an empty choice, in every form', async () => {
    const server = await serve({ fault: 'empty' });
    for (const form of REPLY_FORMS) expect((await clientOf(server.url, { form }).client.ask(QUESTION)).text).toBe('');
    const none = await serve({ status: 200, body: '{"choices": []}' });
    for (const form of ['chat', 'completion'] as const) expect((await clientOf(none.url, { form }).client.ask(QUESTION)).text).toBe('');
  });

  it.each<[string, Behaviour]>([
    ['500', { status: 500 }],
    ['503 with a web page', { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>busy</html>' }],
    ['429', { status: 429 }],
    ['half a JSON', { fault: 'half' }],
    ['a body that breaks off', { fault: 'broken-off' }],
    ['a reset connection', { fault: 'reset' }],
    ['JSON of another shape', { fault: 'other-shape' }],
  ])('asks again after %s', async (_, fault) => {
    for (const form of REPLY_FORMS) {
      const server = await serve(fault, fault, { say: 'At last' });
      const { client, clock } = clientOf(server.url, { form });
      expect((await client.ask(QUESTION)).text).toBe('At last');
      expect(client.spent).toMatchObject({ calls: 3, retries: 2 });
      const waits = clock.waits.filter((ms) => ms < 600_000);
      expect(waits).toHaveLength(2);
      // Half to all of 500 ms, then of 1000 ms.
      expect(waits[0]).toBeGreaterThanOrEqual(250);
      expect(waits[0]).toBeLessThanOrEqual(500);
      expect(waits[1]).toBeGreaterThanOrEqual(500);
      expect(waits[1]).toBeLessThanOrEqual(1000);
    }
  });

  it('ends a request that hangs, and asks again', async () => {
    const server = await serve({ fault: 'hang' }, { say: 'At last' });
    const { client } = clientOf(server.url, { timeoutMs: 50_000 });
    expect((await client.ask(QUESTION)).text).toBe('At last');
    const hanging = await serve({ fault: 'hang' });
    const failure = await failureOf(clientOf(hanging.url, { timeoutMs: 50_000, retries: 1 }).client.ask(QUESTION));
    expect(failure).toBeInstanceOf(AskFailed);
    expect(failure.message).toBe('no answer within 50 s, also after 1 retry');
    expect(hanging.requests).toHaveLength(2);
  });

  it('gives up after the retries, for this question only', async () => {
    const server = await serve(...Array<Behaviour>(3).fill({ status: 500, body: '{"error":"out of memory"}' }), { say: 'Fine' });
    const { client } = clientOf(server.url, { retries: 2 });
    const failure = await failureOf(client.ask(QUESTION));
    expect(failure).toBeInstanceOf(AskFailed);
    expect(failure.message).toBe('the server failed (HTTP 500): out of memory, also after 2 retries');
    expect((await client.ask(QUESTION)).text).toBe('Fine');
  });

  it('waits for what is under way before it calls a budget used up', async () => {
    const server = await serve(() => ({ say: 'Fine' }));
    // A question may take some 500 tokens and takes 120.
    const { client } = clientOf(server.url, { connections: 8, budget: { calls: null, tokens: 1400 } });
    const asked = await Promise.all(Array.from({ length: 8 }, (_, round) => client.ask({ ...QUESTION, maxTokens: 500, round })));
    expect(asked).toHaveLength(8);
    expect(client.spent.promptTokens + client.spent.completionTokens).toBe(8 * 120);
    expect((await failureOf(client.ask({ ...QUESTION, maxTokens: 500, round: 8 }))).message).toBe('the budget of 1400 tokens is used up');
  });

  it('does not repeat a question the server calls wrong, and goes on with others', async () => {
    const server = await serve({ status: 400, body: '{"error":{"message":"too long"}}' }, { say: 'Fine' });
    const { client } = clientOf(server.url);
    expect((await failureOf(client.ask(QUESTION))).message).toBe('the server refused the question (HTTP 400): too long');
    expect((await client.ask({ ...QUESTION, user: 'Less.' })).text).toBe('Fine');
    expect(client.spent).toMatchObject({ calls: 2, retries: 0 });
  });

  it('waits as long as the server asks, in seconds and with all connections', async () => {
    const server = await serve({ status: 429, headers: { 'retry-after': '10' } }, { say: 'Fine' });
    const { client, clock } = clientOf(server.url);
    const first = client.ask(QUESTION);
    const isPausing = (): boolean => clock.waits.some((ms) => ms > 8_000 && ms <= 10_000);
    while (!isPausing()) await new Promise((resolve) => setTimeout(resolve, 1));
    await Promise.all([first, client.ask({ ...QUESTION, round: 1 })]);
    const [limited, ...later] = server.requests;
    expect(later).toHaveLength(2);
    // The clock runs 50 times as fast; timers may fire a millisecond early.
    for (const { at } of later) expect((at - (limited?.at ?? 0)) * 50).toBeGreaterThanOrEqual(9_900);
  });

  it('waits until the date the server asks for', async () => {
    let now = (): number => 0;
    const server = await serve(() => ({ status: 503, headers: { 'retry-after': new Date(now() + 20_000).toUTCString() } }), {
      say: 'Fine',
    });
    const { client, clock } = clientOf(server.url);
    now = clock.now;
    const before = clock.now();
    expect((await client.ask(QUESTION)).text).toBe('Fine');
    // HTTP dates have whole seconds.
    expect(clock.now() - before).toBeGreaterThanOrEqual(18_900);
  });

  it('stops for good where the server asks for a longer pause than is allowed', async () => {
    const server = await serve({ status: 429, headers: { 'retry-after': '7200' } });
    const { client } = clientOf(server.url);
    const failure = await failureOf(client.ask(QUESTION));
    expect(failure).toBeInstanceOf(AskingStopped);
    expect(failure.message).toBe('the server asks to wait 7200 s, and the longest wait is 3600 s');
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, Behaviour, RegExp]>([
    ['401', { status: 401 }, /does not accept the token \(HTTP 401\)/],
    ['402', { status: 402 }, /may not spend more/],
    ['403', { status: 403 }, /no right to use this model/],
    [
      '404',
      { status: 404, body: '{"error":"model small not found"}' },
      /does not know this model or address \(HTTP 404\): model small not found/,
    ],
    ['a web page', { fault: 'web-page' }, /a web page, not of a model/],
    ['a redirect', { status: 307, headers: { location: 'https://elsewhere.example/' } }, /sends elsewhere/],
  ])('stops for good after %s: ten thousand questions send one request', async (_, behaviour, reason) => {
    const server = await serve(behaviour);
    const { client } = clientOf(server.url);
    const failures: Error[] = [];
    for (let round = 0; round < 10_000; round += 1) failures.push(await failureOf(client.ask({ ...QUESTION, round })));
    expect(server.requests).toHaveLength(1);
    expect(client.spent).toMatchObject({ calls: 1, retries: 0 });
    expect(client.stopped).toMatch(reason);
    for (const failure of failures) if (!(failure instanceof AskingStopped) || failure.message !== client.stopped) throw failure;
  });

  it('stops for good where nothing is at the address, without asking twice', async () => {
    const server = await startModelServer(() => ({ status: 500 }));
    await server.close();
    const { client, clock } = clientOf(server.url);
    const failure = await failureOf(client.ask(QUESTION));
    expect(failure).toBeInstanceOf(AskingStopped);
    expect(failure.message).toBe('nothing answers at the address (ECONNREFUSED)');
    expect(clock.waits.filter((ms) => ms < 600_000)).toEqual([]);
  });

  it('holds a server that went away after an answer to be coming back', async () => {
    const server = await serve({ say: 'Fine' });
    const { client } = clientOf(server.url, { retries: 1 });
    await client.ask(QUESTION);
    await open.pop()?.close();
    const failure = await failureOf(client.ask({ ...QUESTION, round: 1 }));
    expect(failure).toBeInstanceOf(AskFailed);
    expect(client.spent).toMatchObject({ calls: 3, retries: 1 });
  });

  it('stops for good after twenty failed questions in a row', async () => {
    const server = await serve({ status: 422, body: '{"detail":"no such parameter"}' });
    const { client } = clientOf(server.url);
    for (let round = 0; round < 30; round += 1) await failureOf(client.ask({ ...QUESTION, round }));
    expect(server.requests).toHaveLength(20);
    expect(client.stopped).toBe(
      'the last 20 questions failed, the last of them because the server refused the question (HTTP 422): no such parameter',
    );
  });

  it('loses nothing of a server that asks to wait and answers others meanwhile', async () => {
    const server = await serve(({ index }) => (index % 4 === 0 ? { say: 'Fine' } : { status: 429, headers: { 'retry-after': '1' } }));
    const { client } = clientOf(server.url, { retries: 6 });
    const answers = await Promise.all(Array.from({ length: 24 }, (_, round) => client.ask({ ...QUESTION, round })));
    expect(answers).toHaveLength(24);
    expect(server.requests.length).toBeGreaterThan(24);
  });

  it('waits out a server that answers nobody, and no longer than it has patience', async () => {
    const server = await serve(({ index }) => (index > 3 && index < 40 ? { status: 503 } : { say: 'Fine' }));
    const { client } = clientOf(server.url, { retries: 1, patienceMs: 3_600_000 });
    const ask = (round: number) => client.ask({ ...QUESTION, round });
    expect(await Promise.all(Array.from({ length: 12 }, (_, round) => ask(round)))).toHaveLength(12);

    const away = await serve({ status: 503 });
    const { client: impatient } = clientOf(away.url, { retries: 1, patienceMs: 10_000 });
    const failures = await Promise.all(Array.from({ length: 6 }, (_, round) => failureOf(impatient.ask({ ...QUESTION, round }))));
    for (const failure of failures) expect(failure).toBeInstanceOf(AskingStopped);
    expect(impatient.stopped).toMatch(/^the server has answered nothing for \d+ s, last because the server failed \(HTTP 503\)/);
  });

  it('goes on where questions fail now and then', async () => {
    const server = await serve(({ index }) => (index % 3 === 0 ? { say: 'Fine' } : { status: 400 }));
    const { client } = clientOf(server.url);
    for (let round = 0; round < 60; round += 1) await client.ask({ ...QUESTION, round }).catch(() => undefined);
    expect(server.requests).toHaveLength(60);
    expect(client.stopped).toBeUndefined();
  });

  it('never spends more than its budget of calls, however many ask at once', async () => {
    const server = await serve({ status: 500 }, { say: 'Fine', delayMs: 5 });
    const { client } = clientOf(server.url, { budget: { calls: 7, tokens: null } });
    const results = await Promise.allSettled(Array.from({ length: 40 }, (_, round) => client.ask({ ...QUESTION, round })));
    expect(server.requests).toHaveLength(7);
    expect(client.spent.calls).toBe(7);
    expect(client.stopped).toBe('the budget of 7 calls is used up');
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
  });

  it('never spends more than its budget of tokens', async () => {
    const server = await serve({ say: 'Fine' });
    const { client } = clientOf(server.url, { budget: { calls: null, tokens: 1000 } });
    for (let round = 0; round < 20; round += 1) await client.ask({ ...QUESTION, round }).catch(() => undefined);
    // 120 tokens each, and none is begun that could need more than is left: 8 · 120 = 960.
    expect(client.spent.promptTokens + client.spent.completionTokens).toBe(960);
    expect(client.stopped).toBe('the budget of 1000 tokens is used up');
  });

  it('asks nothing twice: not in another run, not at the same time, and not with a used-up budget', async () => {
    const server = await serve({ say: 'Fine', delayMs: 10 });
    const cache = memory();
    const { client } = clientOf(server.url, {}, { cache });
    const [one, two] = await Promise.all([client.ask(QUESTION), client.ask(QUESTION)]);
    expect(one).toEqual(two);
    const later = clientOf(server.url, { budget: { calls: 0, tokens: 0 } }, { cache }).client;
    expect(await later.ask(QUESTION)).toEqual(one);
    expect(later.spent).toMatchObject({ calls: 0, cached: 1, promptTokens: 0 });
    expect(client.spent).toMatchObject({ calls: 1, cached: 1 });
    expect(server.requests).toHaveLength(1);
  });

  it('asks again where anything the answer depends on is different', async () => {
    const server = await serve({ say: 'Fine' });
    const cache = memory();
    const ask = (settings: Partial<ModelSettings>, question: Partial<Question>, seed = 1) =>
      clientOf(settings.endpoint ?? server.url, settings, { cache, seed }).client.ask({ ...QUESTION, ...question });
    await ask({}, {});
    await ask({ form: 'completion' }, {});
    await ask({ model: 'large' }, {});
    await ask({ endpoint: `${server.url}/v1` }, {});
    await ask({ temperature: 0 }, {});
    for (const change of [{ system: 'x' }, { user: 'x' }, { maxTokens: 65 }, { outputs: 2 }, { round: 1 }]) await ask({}, change);
    await ask({}, {}, 2);
    expect(cache.kept.size).toBe(11);
    await ask({ token: 'hf_other', timeoutMs: 1000, retries: 0 }, {});
    expect(server.requests).toHaveLength(11);
  });

  it('has no more requests under way than connections', async () => {
    const server = await serve({ say: 'Fine', delayMs: 10 });
    const { client } = clientOf(server.url, { connections: 3 });
    await Promise.all(Array.from({ length: 20 }, (_, round) => client.ask({ ...QUESTION, round })));
    expect(server.requests).toHaveLength(20);
    expect(server.mostAtOnce).toBe(3);
  });

  it('stops at once when interrupted, during a request and during a wait', async () => {
    for (const behaviour of [{ fault: 'hang' }, { status: 429, headers: { 'retry-after': '200' } }] as const) {
      const server = await serve(behaviour);
      const abort = new AbortController();
      const { client } = clientOf(server.url, {}, { signal: abort.signal });
      const asked = failureOf(client.ask(QUESTION));
      while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, 10));
      const before = Date.now();
      abort.abort();
      expect(await asked).toBeInstanceOf(Interrupted);
      expect(Date.now() - before).toBeLessThan(5_000);
      expect(await failureOf(client.ask({ ...QUESTION, round: 5 }))).toBeInstanceOf(Interrupted);
      expect(server.requests).toHaveLength(1);
    }
  });

  it('sends nothing of what waits for a connection when it is interrupted', async () => {
    const server = await serve({ fault: 'hang' });
    const abort = new AbortController();
    const { client } = clientOf(server.url, { connections: 2 }, { signal: abort.signal });
    const asked = Array.from({ length: 30 }, (_, round) => failureOf(client.ask({ ...QUESTION, round })));
    while (server.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    abort.abort();
    for (const failure of await Promise.all(asked)) expect(failure).toBeInstanceOf(Interrupted);
    expect(server.requests).toHaveLength(2);
    expect(client.spent.calls).toBe(2);
  });

  it('waits the same for the same seed, and otherwise for another', async () => {
    const waitsFor = async (seed: number): Promise<number[]> => {
      const server = await serve({ status: 500 }, { status: 500 }, { say: 'Fine' });
      // The address is part of the key, so the waits are compared for one that is the same: a name the fetch resolves.
      const toServer: typeof fetch = (url, init) => fetch(String(url).replace('http://model.test', server.url), init);
      const { client, clock } = clientOf('http://model.test', {}, { seed, fetch: toServer });
      await client.ask(QUESTION);
      return clock.waits.filter((ms) => ms < 600_000);
    };
    expect(await waitsFor(1)).toEqual(await waitsFor(1));
    expect(await waitsFor(2)).not.toEqual(await waitsFor(1));
  });
});

describe('the token', () => {
  it.each<[string, Behaviour | ((request: SeenRequest) => Behaviour)]>([
    ['401 that repeats it', (request) => ({ status: 401, body: JSON.stringify({ error: `bad key: ${request.authorization}` }) })],
    [
      '400 that repeats it',
      (request) => ({ status: 400, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: String(request.authorization) }),
    ],
    ['500 that repeats it encoded', () => ({ status: 500, body: JSON.stringify({ message: encodeURIComponent(TOKEN) }) })],
    ['JSON of another shape that repeats it', (request) => ({ status: 200, body: JSON.stringify({ echo: request.authorization }) })],
  ])('is in no error after %s', async (_, behaviour) => {
    for (const form of REPLY_FORMS) {
      const server = await serve(behaviour);
      const { client } = clientOf(server.url, { form, retries: 0 });
      const failure = await failureOf(client.ask(QUESTION));
      const everything = JSON.stringify([
        failure.message,
        failure.stack,
        String(failure.cause),
        { ...failure },
        client.stopped,
        client.spent,
      ]);
      expect(everything).toContain('[token]');
      expect(everything).not.toContain('secret');
    }
  });

  it('is in no answer and in nothing that is kept', async () => {
    const server = await serve((request) => ({ say: `Use ${request.authorization} now` }));
    const { client, cache } = clientOf(server.url);
    expect((await client.ask(QUESTION)).text).toBe('Use Bearer [token] now');
    expect(JSON.stringify([...(cache as ReturnType<typeof memory>).kept])).not.toContain('secret');
  });

  it('is in no error of the network or the library', async () => {
    const failing: typeof fetch = () => Promise.reject(new TypeError(`fetch failed for ${TOKEN}`, { cause: new Error(`with ${TOKEN}`) }));
    const { client } = clientOf('http://127.0.0.1:9', {}, { fetch: failing });
    const failure = await failureOf(client.ask(QUESTION));
    expect(failure.message).toContain('[token]');
    expect(JSON.stringify([failure.message, failure.stack])).not.toContain('secret');
  });

  it('is refused without being repeated where it cannot be one', () => {
    for (const token of ['hf_secret\n', 'hf_sec ret', 'hf_sécret', '']) {
      expect(() => clientOf('http://127.0.0.1:9', { token })).toThrow(/^Expected a token of visible ASCII characters/);
    }
  });
});

describe('an address', () => {
  it.each([
    ['nothing', { model: null, endpoint: null }, /a model or an endpoint/],
    ['a model of the hub without a token', { token: null, endpoint: null }, /a token for the hub/],
    ['no address', { endpoint: 'my-server' }, /http or https address/],
    ['another protocol', { endpoint: 'file:///etc/passwd' }, /http or https address/],
    ['a password', { endpoint: 'https://me:pass@host.example/v1' }, /without user name, password/],
    ['a key', { endpoint: 'https://host.example/v1?key=abc' }, /without user name, password/],
  ])('that is %s is refused', (_, settings, message) => {
    const error = (() => {
      try {
        clientOf('http://127.0.0.1:9', settings as Partial<ModelSettings>);
      } catch (thrown) {
        return thrown as Error;
      }
      return new Error('nothing was thrown');
    })();
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/pass@|abc/);
  });

  it('of the hub is the router’s for chats, with the model’s name', async () => {
    const seen: [string, RequestInit | undefined][] = [];
    const router: typeof fetch = (url, init) => {
      seen.push([String(url), init]);
      return Promise.resolve(
        Response.json({ id: 'a', created: 1, model: 'm', usage: {}, choices: [{ message: { content: 'Fine' }, finish_reason: 'stop' }] }),
      );
    };
    const { client } = clientOf(null, { model: 'org/model' }, { fetch: router });
    expect((await client.ask(QUESTION)).text).toBe('Fine');
    expect(seen[0]?.[0]).toBe('https://router.huggingface.co/v1/chat/completions');
    expect(JSON.parse(String(seen[0]?.[1]?.body))).toMatchObject({ model: 'org/model' });
    expect(client.modelName).toBe('org/model');
  });

  it.each<ReplyForm>(['completion', 'text2text'])('of the hub is asked for first in the form %s', async (form) => {
    const task = form === 'completion' ? 'text-generation' : 'summarization';
    const hub: typeof fetch = (url, init) =>
      Promise.resolve(
        init?.method === 'POST'
          ? Response.json(form === 'completion' ? { choices: [{ text: 'Fine' }] } : [{ generated_text: 'Fine' }])
          : Response.json({
              inferenceProviderMapping: { 'hf-inference': { providerId: 'org/x', status: 'live', task } },
              url: String(url),
            }),
      );
    const { client } = clientOf(null, { form, model: `org/${form}` }, { fetch: hub });
    expect((await client.ask(QUESTION)).text).toBe('Fine');
    expect(client.spent.calls).toBe(1);
  });

  it('names what it serves by its host where no model is named', () => {
    expect(clientOf('https://models.example:8443/v1', { model: null }).client.modelName).toBe('models.example:8443');
  });
});
