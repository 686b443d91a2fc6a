import { basename } from 'node:path';
import { compare, distinctElements, elementOf, type PublishedCreative, type PublishedElement } from './creative_set.ts';
import type { PlatformProfile, ProfileColumn } from './profile.ts';

export const ASSETS_FOLDER = 'assets';
const IMAGE_KIND = 'image';
const ELEMENT_PREFIX = 'element.';

export type Cell = string | number | null;

/** A table of an export: its header, and rows of as many cells. */
export interface Sheet {
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** The profile's columns, and one for every other kind the creatives have, in the order of kinds. */
export function columnsOf(profile: PlatformProfile, creatives: readonly PublishedCreative[]): ProfileColumn[] {
  const named = new Set(profile.columns.map((column) => ('kind' in column ? column.kind : '')));
  const others = new Set(
    creatives.flatMap((creative) => creative.elements.map((element) => element.kind)).filter((kind) => !named.has(kind)),
  );
  return [...profile.columns, ...[...others].sort(compare).map((kind) => ({ header: ELEMENT_PREFIX + kind, kind }))];
}

/** `creatives.csv`: one row per creative, in the given order. */
export function creativesSheet(profile: PlatformProfile, creatives: readonly PublishedCreative[]): Sheet {
  const columns = columnsOf(profile, creatives);
  return {
    header: columns.map((column) => column.header),
    rows: creatives.map((creative) => columns.map((column) => cellOf(creative, column, profile))),
  };
}

/** The value of one cell; null where the creative has nothing of the kind. */
export function cellOf(creative: PublishedCreative, column: ProfileColumn, profile: PlatformProfile): Cell {
  if ('kind' in column) {
    const element = elementOf(creative, column.kind);
    return element ? contentOf(element) : null;
  }
  if (column.field === 'status') return profile.status;
  if (column.field === 'imageWidth') return elementOf(creative, IMAGE_KIND)?.width ?? null;
  if (column.field === 'imageHeight') return elementOf(creative, IMAGE_KIND)?.height ?? null;
  return creative[column.field];
}

/** `elements.csv`: one row per element, and how many ads, creatives and notes of this export use it. */
export function elementsSheet(creatives: readonly PublishedCreative[]): Sheet {
  const users = new Map<string, PublishedCreative[]>();
  for (const creative of creatives) {
    for (const { elementId } of creative.elements) {
      const known = users.get(elementId);
      if (known) known.push(creative);
      else users.set(elementId, [creative]);
    }
  }
  const rows = distinctElements(creatives).map((element): Cell[] => {
    const { elementId, kind, text, file, width, height } = element;
    const used = users.get(elementId) ?? [];
    const ads = new Set(used.map((creative) => creative.adId));
    const notes = new Set(used.flatMap((creative) => creative.noteId ?? []));
    return [elementId, kind, text, file && assetName(file), width, height, ads.size, used.length, notes.size];
  });
  return { header: ['element_id', 'kind', 'text', 'file', 'width', 'height', 'ads', 'creatives', 'notes'], rows };
}

function contentOf(element: PublishedElement): string | null {
  return element.file === null ? element.text : assetName(element.file);
}

/** Where a picture lies inside the export; always with "/", as the sheets are read on any system. */
export function assetName(file: string): string {
  return `${ASSETS_FOLDER}/${basename(file)}`;
}
