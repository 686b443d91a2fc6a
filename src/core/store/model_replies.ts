import type { Store } from './open.ts';
import { statement } from './statements.ts';

/** What a model answered to the question of this key; undefined when it was not asked. */
export function readModelReply(store: Store, key: string): unknown {
  const reply = statement(store, 'SELECT reply FROM model_replies WHERE key = ?').pluck().get(key) as string | undefined;
  return reply === undefined ? undefined : JSON.parse(reply);
}

/** Keeps a model's answer. It is committed at once: a run that is killed a moment later does not ask again. */
export function saveModelReply(store: Store, key: string, model: string, reply: object, runId: number): void {
  statement(
    store,
    'INSERT INTO model_replies (key, model, reply, run_id) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET reply = excluded.reply',
  ).run(key, model, JSON.stringify(reply), runId);
}
