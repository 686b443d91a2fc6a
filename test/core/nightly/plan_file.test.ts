import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { parsePlan } from '../../../src/core/nightly/plan_file.ts';

const plan = (text: string) => parsePlan(text, 'night.yaml');

/** The message of the UserError that a plan is refused with. */
function refusal(text: string): string {
  try {
    plan(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  throw new Error('The plan was taken.');
}

describe('parsePlan', () => {
  it('reads store, seed and steps, written as a line or as a list of words', () => {
    expect(
      plan(`
store: out/night.db
seed: 7
steps:
  - name: read
    say: The notes are in.
    run: import notes "my notes"
  - run: [compose, --per-ad, 8, --ads, 007]
`),
    ).toEqual({
      store: 'out/night.db',
      seed: 7,
      steps: [
        { name: 'read', say: 'The notes are in.', command: ['import', 'notes', 'my notes'], isOptional: false },
        { name: 'compose --per-ad 8 --ads 007', say: '', command: ['compose', '--per-ad', '8', '--ads', '007'], isOptional: false },
      ],
    });
  });

  it('leaves store and seed open when the plan does not name them', () => {
    expect(plan('steps: [{run: extract}]')).toEqual({
      store: undefined,
      seed: undefined,
      steps: [{ name: 'extract', say: '', command: ['extract'], isOptional: false }],
    });
  });

  it('puts variables into every text, and a value with blanks stays one word', () => {
    const { store, steps } = plan(`
variables: {out: out/my demo, k: 4}
store: \${out}/a.db
steps:
  - {name: "to \${out}", say: "see \${out}", run: "export --out \${out}/set --per \${k}"}
  - run: [ecoi, --csv, "\${out}/e.csv"]
`);
    expect(store).toBe('out/my demo/a.db');
    expect(steps).toEqual([
      { name: 'to out/my demo', say: 'see out/my demo', command: ['export', '--out', 'out/my demo/set', '--per', '4'], isOptional: false },
      { name: 'ecoi --csv out/my demo/e.csv', say: '', command: ['ecoi', '--csv', 'out/my demo/e.csv'], isOptional: false },
    ]);
  });

  it('reads which steps the night can do without', () => {
    const { steps } = plan('steps:\n  - {run: score, optional: true}\n  - {run: select, optional: false}\n  - run: extract\n');
    expect(steps.map(({ isOptional }) => isOptional)).toEqual([true, false, false]);
  });

  it('follows an alias', () => {
    expect(plan('steps:\n  - &one {run: extract}\n  - *one\n').steps).toHaveLength(2);
  });

  it.each([
    [`steps:\n  - run: "import \${nowhere}"`, `night.yaml:2:10: Expected no variable, as the plan has none, but received \${nowhere}.`],
    [
      `variables: {out: a}\nsteps:\n  - {name: x, run: [a, "\${in}"]}`,
      `night.yaml:3:24: Expected one of the variables out but received \${in}.`,
    ],
    ['steps:\n  - run: import "notes', 'night.yaml:2:10: Expected a closing quote in run.'],
    ['steps:\n  - run: ""', 'night.yaml:2:10: Expected a command such as "import notes fixtures/notes" but received "".'],
    ['steps:\n  - name: only a name', 'night.yaml:2:5: Expected a step with run but it has none.'],
    ['steps:\n  - extract', 'night.yaml:2:5: Expected a step with name, say, run, optional but received "extract".'],
    ['steps:\n  - run: extract\n    retry: 3', 'night.yaml:3:5: Expected a step with name, say, run, optional but received "retry".'],
    ['stpes: []', 'night.yaml:1:1: Expected a plan with store, seed, variables, steps but received "stpes".'],
    ['steps: []', 'night.yaml:1:8: Expected steps, a list of one or more, but received a list.'],
    ['store: a.db', 'night.yaml:1:1: Expected steps, a list of one or more, but received a mapping.'],
    ['', 'night.yaml:1:1: Expected a plan with store, seed, variables, steps but received nothing.'],
    ['seed: 1.5\nsteps: [{run: extract}]', 'night.yaml:1:7: Expected a whole number but received 1.5.'],
    ['variables: [a]\nsteps: [{run: extract}]', 'night.yaml:1:12: Expected names and values but received a list.'],
    ['variables: {a: [b]}\nsteps: [{run: extract}]', 'night.yaml:1:16: Expected a text but received a list.'],
    ['steps:\n  - run: [extract, {a: b}]', 'night.yaml:2:20: Expected a word but received a mapping.'],
    ['steps:\n  - {run: score, optional: sometimes}', 'night.yaml:2:28: Expected true or false but received "sometimes".'],
    ['steps:\n  - run: nightly --plan night.yaml', 'night.yaml:2:10: Expected a command other than nightly as a step.'],
  ])('refuses %j, saying where', (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  it('refuses what is not YAML with its line and column', () => {
    expect(refusal('steps:\n  - run: [a')).toMatch(/^night\.yaml:\d+:\d+: Expected YAML but /);
    expect(refusal('seed: 1\nseed: 2\nsteps: [{run: extract}]')).toMatch(/^night\.yaml:2:1: .*unique/);
  });

  it('takes the plan that comes along, whose every step says where to look', () => {
    const { steps, store } = parsePlan(readFileSync('fixtures/nightly.yaml', 'utf8'), 'fixtures/nightly.yaml');
    expect(store).toBe('out/demo/demo.db');
    expect(steps.filter((step) => step.say === '')).toEqual([]);
  });
});
