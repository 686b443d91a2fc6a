import { expect, it } from 'vitest';
import { readModelReply, saveModelReply } from '../../../src/core/store/model_replies.ts';
import { openStore } from '../../../src/core/store/open.ts';
import { NOW, temporaryStore } from './temporary_store.ts';

const REPLY = { text: '“番茄牛腩煲”\n2. A "quoted" line', cut: false, promptTokens: 12, completionTokens: 5, estimated: true };

it('gives an answer back as it was kept, and nothing for a question that was not asked', () => {
  const { store, runId } = temporaryStore();
  saveModelReply(store, 'key', 'small', REPLY, runId);
  expect(readModelReply(store, 'key')).toEqual(REPLY);
  expect(readModelReply(store, 'other')).toBeUndefined();
});

it('is there for another connection at once, without the first being closed', () => {
  const { store, runId } = temporaryStore();
  saveModelReply(store, 'key', 'small', REPLY, runId);
  const other = openStore(store.path, { create: false, now: NOW });
  expect(readModelReply(other, 'key')).toEqual(REPLY);
  other.db.close();
});

it('keeps the newer of two answers to one question', () => {
  const { store, runId } = temporaryStore();
  saveModelReply(store, 'key', 'small', REPLY, runId);
  saveModelReply(store, 'key', 'small', { ...REPLY, text: 'new' }, runId);
  expect(readModelReply(store, 'key')).toMatchObject({ text: 'new' });
});
