import { createHash } from 'node:crypto';

const ID_DIGITS = 20; // 80 bits: a collision among a billion elements has probability 4e-7

/** SHA-256 of bytes or of a UTF-8 string, in hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Content-addressed element id: kind and content decide it, so the same title is the same element in every ad.
 * `content` is the text of a text element, or the SHA-256 of an image file.
 */
export function elementId(kind: string, content: string): string {
  return `${kind}_${sha256(`${kind}\0${content}`).slice(0, ID_DIGITS)}`;
}

/** Content-addressed id of a composed creative: its ad and its elements, whatever the order of kinds. */
export function creativeId(adId: string, elements: Readonly<Record<string, string>>): string {
  const parts = Object.entries(elements)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([kind, id]) => `${kind}=${id}`);
  return `c_${sha256([adId, ...parts].join('\0')).slice(0, ID_DIGITS)}`;
}
