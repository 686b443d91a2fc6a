import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server got it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  /** All that the model is told, in whichever form. */
  readonly prompt: string;
  /** From 0. */
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What the server does with one request. */
export type Behaviour =
  /** An answer in the form of the path; a list is said as a JSON array, or as several outputs of a text2text model. */
  | { readonly say: string | readonly string[]; readonly cut?: boolean; readonly usage?: boolean; readonly delayMs?: number }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly fault: 'hang' | 'reset' | 'half' | 'broken-off' | 'empty' | 'web-page' | 'other-shape' };

export interface ModelServer {
  /** Base address, without /v1. */
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** Requests that were under way at once, at most. */
  readonly mostAtOnce: number;
  close(): Promise<void>;
}

/** A model behind a real HTTP server on a free port: it speaks `/v1/chat/completions`, `/v1/completions` and `{inputs}`, and behaves as told. */
export async function startModelServer(behave: (request: SeenRequest) => Behaviour): Promise<ModelServer> {
  const requests: SeenRequest[] = [];
  let underWay = 0;
  let mostAtOnce = 0;
  const server = createServer((incoming, response) => {
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    response.on('close', () => {
      underWay -= 1;
    });
    void readRequest(incoming, requests.length).then((request) => {
      requests.push(request);
      behaveLike(behave({ ...request, index: requests.length - 1 }), request.path, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get mostAtOnce() {
      return mostAtOnce;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readRequest(incoming: IncomingMessage, index: number): Promise<SeenRequest> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString('utf8');
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  const messages = (body.messages ?? []) as readonly { readonly content: string }[];
  const prompt = [...messages.map(({ content }) => content), body.prompt, body.inputs]
    .filter((part) => typeof part === 'string')
    .join('\n\n');
  const { method = '', url = '', headers } = incoming;
  return { method, path: url, authorization: headers.authorization, body, prompt, index, at: Date.now() };
}

function behaveLike(behaviour: Behaviour, path: string, response: ServerResponse): void {
  if ('status' in behaviour) {
    response.writeHead(behaviour.status, { 'content-type': 'application/json', ...behaviour.headers });
    response.end(behaviour.body ?? JSON.stringify({ error: { message: `status ${behaviour.status}` } }));
    return;
  }
  if ('fault' in behaviour) {
    misbehave(behaviour.fault, path, response);
    return;
  }
  const { say, cut = false, usage = true, delayMs = 0 } = behaviour;
  const send = (): void => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answerOf(path, say, cut, usage)));
  };
  if (delayMs > 0) setTimeout(send, delayMs);
  else send();
}

function misbehave(fault: Extract<Behaviour, { readonly fault: string }>['fault'], path: string, response: ServerResponse): void {
  const whole = JSON.stringify(answerOf(path, 'never heard', false, true));
  if (fault === 'hang') return;
  if (fault === 'reset') {
    response.socket?.destroy();
  } else if (fault === 'half') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(whole.slice(0, whole.length / 2));
  } else if (fault === 'broken-off') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(whole)) });
    response.write(whole.slice(0, whole.length / 2), () => response.socket?.destroy());
  } else if (fault === 'web-page') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><title>Welcome</title>');
  } else {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(fault === 'empty' ? JSON.stringify(answerOf(path, '', false, true)) : '{"hello": "world"}');
  }
}

function answerOf(path: string, say: string | readonly string[], cut: boolean, usage: boolean): unknown {
  const text = typeof say === 'string' ? say : JSON.stringify(say);
  const head = {
    id: 'a',
    created: 1,
    model: 'served',
    ...(usage ? { usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 } } : {}),
  };
  const finish_reason = cut ? 'length' : 'stop';
  if (path.endsWith('/chat/completions'))
    return { ...head, choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason }] };
  if (path === '/v1/completions') return { ...head, choices: [{ index: 0, text, finish_reason }] };
  return (typeof say === 'string' ? [say] : say).map((output) => ({ generated_text: output }));
}

/** A clock that runs `times` as fast as the machine's, and remembers what it was asked to wait for. */
export function fastClock(times: number) {
  const start = Date.now();
  const waits: number[] = [];
  return {
    waits,
    now: (): number => start + (Date.now() - start) * times,
    sleep: (ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        waits.push(ms);
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms / times);
        signal.addEventListener('abort', end, { once: true });
      }),
  };
}
