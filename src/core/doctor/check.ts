import { reasonOf, UserError } from '../errors.ts';

/** What a check found. */
interface Finding {
  readonly ok: boolean;
  readonly detail: string;
  /** What to do when it is not ok. */
  readonly hint?: string;
}

/** One thing of the machine to look at; `find` may throw, which is not ok. */
export interface Check {
  readonly name: string;
  /** Whether the tool cannot work without it; otherwise it is only worth knowing. */
  readonly required: boolean;
  /** What to do when `find` throws. */
  readonly hint: string;
  readonly find: () => Promise<Finding> | Finding;
}

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly required: boolean;
  readonly detail: string;
  /** Empty when it is ok. */
  readonly hint: string;
}

/** Runs the checks one after the other; none stops the others. */
export async function runChecks(checks: readonly Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, required, hint, find } of checks) {
    const finding = await Promise.resolve()
      .then(find)
      .catch(
        (error: unknown): Finding => ({ ok: false, detail: reasonOf(error), hint: (error instanceof UserError && error.hint) || hint }),
      );
    results.push({ name, ok: finding.ok, required, detail: finding.detail, hint: finding.ok ? '' : (finding.hint ?? hint) });
  }
  return results;
}

/** Whether a dotted version is at least another: "20.19.0" and "20.19" are equal. */
export function isAtLeast(version: string, minimum: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, least] of minimum.split('.').map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
