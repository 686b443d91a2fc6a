import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { UserError } from '../core/errors.ts';
import { type Constraints, parseConstraints, unknownInConstraints } from '../core/models/generator/constraints.ts';
import type { Store } from '../core/store/open.ts';

/**
 * The constraints of `--constraints FILE`, none without it, and messages about the ids in it that the store does not know.
 * @throws UserError for a file that cannot be read or is no constraints
 */
export async function readConstraints(
  store: Store,
  file: string | undefined,
): Promise<{ readonly constraints: Constraints; readonly unknown: readonly string[] }> {
  const { readElementContents } = await import('../core/store/creative_content.ts');
  const { readAds } = await import('../core/store/creatives.ts');
  const constraints = parseConstraints(file === undefined ? {} : readYaml(file), file ?? '');
  const rules = [constraints.all, ...constraints.ads.values()];
  const named = rules.flatMap(({ forbid, require, atMost }) => [...forbid.flat(), ...require, ...atMost.keys()]);
  const known = {
    elementIds: new Set(readElementContents(store, named).keys()),
    adIds: new Set(readAds(store, [...constraints.ads.keys()]).map(({ adId }) => adId)),
  };
  return { constraints, unknown: unknownInConstraints(constraints, known) };
}

function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new UserError(`Expected --constraints to name a YAML file but ${file} cannot be read.`, 'Check its path.');
  }
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new UserError(`Expected YAML in ${file} but received: ${error.message.split('\n')[0]}`, 'Mend that line.');
  }
}
