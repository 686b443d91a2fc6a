import { lengthOf } from '../text/length.ts';
import type { PublishedCreative } from './creative_set.ts';
import type { PlatformProfile } from './profile.ts';
import { cellOf, columnsOf } from './sheets.ts';

const IMAGE_KIND = 'image';
/** A line break is one too; U+2028 and U+2029 break lines but are no control characters. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
/** A spreadsheet runs a cell that begins so. */
const FORMULA = /^[=+\-@\t]/;

/** A cell the platform would refuse. */
export interface Violation {
  readonly creative_id: string;
  readonly ad_id: string;
  /** The cell's column. */
  readonly field: string;
  readonly value: string;
  readonly expected: string;
  /** Greatest length, where the text is too long. */
  readonly limit: number | null;
}

/**
 * What a platform would refuse in the creatives' cells, in the order of creatives and columns.
 * @param fileExists whether the store still has a picture's file
 */
export function findViolations(
  profile: PlatformProfile,
  creatives: readonly PublishedCreative[],
  fileExists: (file: string) => boolean,
): Violation[] {
  const columns = columnsOf(profile, creatives);
  return creatives.flatMap((creative) => {
    const found: Violation[] = [];
    for (const column of columns) {
      const value = cellOf(creative, column, profile);
      const kind = 'kind' in column ? column.kind : undefined;
      const element = creative.elements.find((candidate) => candidate.kind === kind);
      const problem =
        typeof element?.file === 'string'
          ? fileProblem(element.file, fileExists)
          : typeof value === 'string'
            ? (pictureProblem(kind) ?? textProblem(value, kind, profile))
            : undefined;
      if (problem) {
        const shown = element?.file ?? String(value);
        found.push({ creative_id: creative.creativeId, ad_id: creative.adId, field: column.header, value: shown, limit: null, ...problem });
      }
    }
    return found;
  });
}

type Problem = Pick<Violation, 'expected'> & Partial<Pick<Violation, 'limit'>>;

function fileProblem(file: string, fileExists: (file: string) => boolean): Problem | undefined {
  return fileExists(file) ? undefined : { expected: 'a file of the store, but it is gone: extract or import it again' };
}

/** An imported image may be an id of another system, which is a text here. */
function pictureProblem(kind: string | undefined): Problem | undefined {
  return kind === IMAGE_KIND ? { expected: 'a picture, but the creative was imported with its name only' } : undefined;
}

function textProblem(text: string, kind: string | undefined, profile: PlatformProfile): Problem | undefined {
  if (text.trim() === '') return { expected: 'a text that is not empty' };
  if (FORMULA.test(text)) return { expected: 'a text that does not begin with =, +, -, @ or a tab, which spreadsheets run' };
  if (CONTROL.test(text)) return { expected: 'one line without control characters' };
  const limit = kind === undefined ? undefined : profile.limits[kind];
  const length = limit === undefined ? 0 : lengthOf(text, profile.unit);
  return limit !== undefined && length > limit ? { expected: `at most ${limit} ${profile.unit} but it has ${length}`, limit } : undefined;
}
