import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { UserError } from '../errors.ts';
import { splitWords, substitute } from './words.ts';

/** One command line of a night. */
export interface PlanStep {
  readonly name: string;
  /** What the step does and where to look afterwards; '' when the plan does not say. */
  readonly say: string;
  /** Subcommand, arguments and flags. */
  readonly command: readonly string[];
  /** The night goes on without what this step cannot do. */
  readonly isOptional: boolean;
}

export interface Plan {
  readonly store: string | undefined;
  readonly seed: number | undefined;
  readonly steps: readonly PlanStep[];
}

const PLAN_KEYS = ['store', 'seed', 'variables', 'steps'] as const;
const STEP_KEYS = ['name', 'say', 'run', 'optional'] as const;

/**
 * Reads a plan in YAML: `store`, `seed`, `variables: {name: text}` and `steps`, each with `run` (a command line, or the list
 * of its words), `name`, `say` and `optional`. `${name}` in a text stands for the variable.
 * @param file the plan's name in messages
 * @throws UserError with line and column, for anything that is not such a plan
 */
export function parsePlan(text: string, file: string): Plan {
  const reader = new PlanReader(text, file);
  const plan = reader.fields(reader.root, 'a plan', PLAN_KEYS);
  const variables = reader.variables(plan.get('variables'));
  const steps = plan.get('steps');
  if (!isSeq(steps) || steps.items.length === 0) throw reader.expected('steps, a list of one or more,', steps ?? reader.root);
  const store = plan.get('store');
  const seed = plan.get('seed');
  return {
    store: store && reader.text(store, 'a path', variables),
    seed: seed && reader.wholeNumber(seed),
    steps: steps.items.map((step) => reader.step(step as Node, variables)),
  };
}

type Variables = ReadonlyMap<string, string>;

/** A YAML document whose nodes are checked as they are read. */
class PlanReader {
  readonly root: Node | null;
  private readonly file: string;
  private readonly lines = new LineCounter();
  private readonly document;

  constructor(text: string, file: string) {
    this.file = file;
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
    const error = this.document.errors[0];
    if (error) throw this.problem(`Expected YAML but it says: ${error.message}`, error.pos[0]);
    this.root = this.document.contents;
  }

  /** The values of a mapping that has no keys but these. */
  fields<Key extends string>(node: Node | null, what: string, keys: readonly Key[]): Map<Key, Node> {
    const expectation = `${what} with ${keys.join(', ')}`;
    const map = this.map(node, expectation);
    const fields = new Map<Key, Node>();
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (!keys.includes(name as Key)) throw this.expected(expectation, key as Node);
      const resolved = this.resolve(value as Node | null);
      if (resolved && !(isScalar(resolved) && resolved.value === null)) fields.set(name as Key, resolved);
    }
    return fields;
  }

  variables(node: Node | undefined): Variables {
    if (!node) return new Map();
    return new Map(
      this.map(node, 'names and values').items.map(({ key, value }) => [String(key), this.textAsWritten(value as Node, 'a text')]),
    );
  }

  step(node: Node, variables: Variables): PlanStep {
    const step = this.fields(this.resolve(node), 'a step', STEP_KEYS);
    const run = step.get('run');
    if (!run) throw this.problem('Expected a step with run but it has none.', node.range?.[0]);
    const command = isSeq(run) ? run.items.map((word) => this.text(word as Node, 'a word', variables)) : this.words(run, variables);
    if (command.length === 0) throw this.expected('a command such as "import notes fixtures/notes"', run);
    // A plan that runs itself would never end.
    if (command[0] === 'nightly') throw this.problem('Expected a command other than nightly as a step.', run.range?.[0]);
    const name = step.get('name');
    const say = step.get('say');
    const optional = step.get('optional');
    return {
      name: name ? this.text(name, 'a text', variables) : command.join(' '),
      say: say ? this.text(say, 'a text', variables) : '',
      command,
      isOptional: optional !== undefined && this.yesOrNo(optional),
    };
  }

  text(node: Node, what: string, variables: Variables): string {
    return this.filled(this.textAsWritten(node, what), node, variables);
  }

  /** A scalar's text; 08 and 1e3 are not read as numbers. */
  private textAsWritten(node: Node | null, what: string): string {
    const scalar = this.resolve(node);
    if (!isScalar(scalar) || scalar.value === null) throw this.expected(what, node);
    return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
  }

  wholeNumber(node: Node): number {
    if (!isScalar(node) || !Number.isSafeInteger(node.value)) throw this.expected('a whole number', node);
    return node.value as number;
  }

  private yesOrNo(node: Node): boolean {
    if (!isScalar(node) || typeof node.value !== 'boolean') throw this.expected('true or false', node);
    return node.value;
  }

  /** Words first, variables second: a value with blanks stays one word. */
  private words(node: Node, variables: Variables): string[] {
    const words = splitWords(this.textAsWritten(node, 'a command line or a list of its words'));
    if (!words) throw this.problem('Expected a closing quote in run.', node.range?.[0]);
    return words.map((word) => this.filled(word, node, variables));
  }

  private filled(text: string, node: Node, variables: Variables): string {
    return substitute(text, variables, (name) => {
      const known = variables.size > 0 ? `one of the variables ${[...variables.keys()].join(', ')}` : 'no variable, as the plan has none,';
      throw this.problem(`Expected ${known} but received \${${name}}.`, node.range?.[0], 'Add it under variables.');
    });
  }

  private map(node: Node | null, what: string): YAMLMap {
    const map = this.resolve(node);
    if (!isMap(map)) throw this.expected(what, node);
    return map;
  }

  private resolve(node: Node | null | undefined): Node | null {
    return (isAlias(node) ? node.resolve(this.document) : node) ?? null;
  }

  /** "plan.yaml:3:5: Expected … but received …". */
  expected(what: string, node: Node | null): UserError {
    const received =
      node === null
        ? 'nothing'
        : isMap(node)
          ? 'a mapping'
          : isSeq(node)
            ? 'a list'
            : JSON.stringify(isScalar(node) ? node.value : String(node));
    return this.problem(`Expected ${what} but received ${received}.`, node?.range?.[0]);
  }

  private problem(message: string, offset: number | undefined, hint?: string): UserError {
    const { line, col } = this.lines.linePos(offset ?? 0);
    return new UserError(`${this.file}:${Math.max(1, line)}:${Math.max(1, col)}: ${message}`, hint);
  }
}
