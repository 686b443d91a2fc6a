import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { reasonOf, UserError } from '../../errors.ts';
import { sha256 } from '../../ids.ts';
import type { TextKind } from '../controls.ts';
import type { TextLanguage } from '../language.ts';
import type { Paradigm } from '../writer.ts';
import { tellingLines } from './answers.ts';
import { type PromptTemplate, parseTemplate } from './prompt_template.ts';
import type { ReplyForm } from './replies.ts';

/** A prompt and its version: the file's name and the beginning of its content's SHA-256, such as "title.write.zh@1f0c9a2b". */
export interface Prompt {
  readonly version: string;
  readonly template: PromptTemplate;
  /** What an answer that repeats the prompt would hold. */
  readonly telling: readonly string[];
}

/** The prompts of a run: one for Chinese notes, one for all others. */
export interface Prompts {
  readonly zh: Prompt;
  readonly en: Prompt;
}

const FOLDER = new URL('../../../../prompts/', import.meta.url);

/**
 * Loads the prompts of the package for a kind, a paradigm and a form, or one of the user's own for every language.
 * @throws UserError when the user's file cannot be read or is no prompt
 */
export async function loadPrompts(kind: TextKind, paradigm: Paradigm, form: ReplyForm, ownFile: string | undefined): Promise<Prompts> {
  if (ownFile !== undefined) {
    const own = await readPrompt(ownFile, ownFile);
    return { zh: own, en: own };
  }
  const stem = `${kind}.${paradigm}${form === 'text2text' ? '.short' : ''}`;
  const read = (language: string): Promise<Prompt> => readPrompt(new URL(`${stem}.${language}.txt`, FOLDER), `${stem}.${language}.txt`);
  const [zh, en] = await Promise.all([read('zh'), read('en')]);
  return { zh, en };
}

/** The prompt for a note in a language. */
export function promptFor(prompts: Prompts, language: TextLanguage): Prompt {
  return language === 'zh' ? prompts.zh : prompts.en;
}

async function readPrompt(file: URL | string, name: string): Promise<Prompt> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    throw new UserError(`Expected a prompt in ${name} but could not read it: ${reasonOf(thrown)}`, 'Give the path of a text file.');
  }
  const template = parseTemplate(name, text);
  return {
    version: `${basename(name).replace(/\.txt$/, '')}@${sha256(text).slice(0, 8)}`,
    template,
    telling: tellingLines(template.lines),
  };
}
