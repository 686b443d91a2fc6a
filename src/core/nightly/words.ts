/**
 * A command line as its words: split at blanks, except between single or double quotes. A backslash is a plain
 * character, as in a Windows path.
 * @returns undefined when a quote is not closed
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const character of line) {
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return quote === undefined ? words : undefined;
}

/** The text with `${name}` replaced by the variable's value; `missing` is told every name without one. */
export function substitute(text: string, variables: ReadonlyMap<string, string>, missing: (name: string) => never): string {
  return text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => variables.get(name) ?? missing(name));
}
