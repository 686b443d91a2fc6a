import type { LengthUnit } from '../text/length.ts';

/** What a cell of `creatives.csv` holds: a field of the creative, or its element of a kind. */
export type ProfileColumn =
  | {
      readonly header: string;
      readonly field: 'creativeId' | 'adId' | 'noteId' | 'score' | 'share' | 'status' | 'imageWidth' | 'imageHeight';
    }
  | { readonly header: string; readonly kind: string };

/** What a platform takes: data only, one file per platform. */
export interface PlatformProfile {
  readonly name: string;
  /** In the platform's order; element kinds that have no column here follow as `element.KIND`. */
  readonly columns: readonly ProfileColumn[];
  readonly newline: '\n' | '\r\n';
  /** How the platform counts the length of a text. */
  readonly unit: LengthUnit;
  /** Greatest length by kind, in `unit`; kinds that are not named have none. */
  readonly limits: Readonly<Record<string, number>>;
  /** State in which the platform takes the ads in. */
  readonly status: string;
}
