/** Bytes from a file's start that tell its kind: three packets of an MPEG transport stream, and the top of a text. */
export const HEAD_BYTES = 4096;

/** What a file's first bytes say it holds. */
export interface FileKind {
  /** With its article where it has one: "a JPEG picture", "text". */
  readonly name: string;
  /** What it may be read as; nothing when no decoder shall see it. */
  readonly readAs: readonly ('image' | 'video')[];
  /** What can be done about a file that is read as nothing. */
  readonly remedy: string;
}

/** Bytes, as characters, by their place in the file. */
type Signature = Readonly<Record<number, string>>;
type SignatureTable = readonly (readonly [name: string, ...signatures: readonly Signature[]])[];

const PICTURES: SignatureTable = [
  ['a JPEG picture', { 0: '\xff\xd8\xff' }],
  ['a PNG picture', { 0: '\x89PNG\r\n\x1a\n' }],
  ['a WebP picture', { 0: 'RIFF', 8: 'WEBP' }],
  ['a TIFF picture', { 0: 'II*\0' }, { 0: 'MM\0*' }, { 0: 'II+\0' }, { 0: 'MM\0+' }],
  ['an AVIF picture', { 4: 'ftypavif' }, { 4: 'ftypavis' }],
  ['a HEIC picture', { 4: 'ftyphei' }, { 4: 'ftyphev' }, { 4: 'ftypmif1' }, { 4: 'ftypmiaf' }, { 4: 'ftypmsf1' }],
];

const ANIMATIONS: SignatureTable = [['a GIF picture', { 0: 'GIF87a' }, { 0: 'GIF89a' }]];

export const MP4_VIDEO = 'an MP4 or QuickTime video';

const VIDEOS: SignatureTable = [
  [MP4_VIDEO, { 4: 'ftyp' }, { 4: 'moov' }, { 4: 'mdat' }, { 4: 'wide' }, { 4: 'pnot' }, { 4: 'free' }, { 4: 'skip' }],
  ['a Matroska or WebM video', { 0: '\x1aE\xdf\xa3' }],
  ['an AVI video', { 0: 'RIFF', 8: 'AVI ' }],
  ['a Flash video', { 0: 'FLV\x01' }],
  ['a Windows Media video', { 0: '0&\xb2u\x8ef\xcf\x11' }],
  ['an Ogg video', { 0: 'OggS' }],
  ['an MPEG video', { 0: '\0\0\x01\xba' }],
  ['an MPEG transport stream', { 0: 'G', 188: 'G', 376: 'G' }, { 4: 'G', 196: 'G', 388: 'G' }],
];

/** Pictures of other programs, which the decoders here do not know. */
const FOREIGN_PICTURES: SignatureTable = [
  ['a BMP picture', { 0: 'BM', 6: '\0\0\0\0' }],
  ['a Photoshop document', { 0: '8BPS\0' }],
  ['a JPEG XL picture', { 0: '\xff\x0a' }, { 0: '\0\0\0\x0cJXL ' }],
  ['a JPEG 2000 picture', { 0: '\0\0\0\x0cjP  ' }],
  ['an icon', { 0: '\0\0\x01\0', 5: '\0' }],
];

const OTHER_FILES: SignatureTable = [
  ['a PDF document', { 0: '%PDF-' }],
  ['a zip archive', { 0: 'PK\x03\x04' }, { 0: 'PK\x05\x06' }],
  // A compressed drawing (SVGZ) is one too.
  ['a gzip archive', { 0: '\x1f\x8b' }],
  ['an archive', { 0: 'Rar!\x1a\x07' }, { 0: '7z\xbc\xaf\x27\x1c' }],
  ['sound', { 0: 'ID3\x03' }, { 0: 'ID3\x04' }, { 0: 'fLaC\0' }, { 0: 'RIFF', 8: 'WAVE' }],
  ['a program', { 0: '\x7fELF' }],
  ['text', { 0: '\xff\xfe' }, { 0: '\xfe\xff' }],
];

const TEXTS: readonly (readonly [name: string, start: RegExp])[] = [
  ['a playlist (M3U)', /^#EXTM3U/],
  ['a playlist (ffconcat)', /^ffconcat /],
  ['a playlist (PLS)', /^\[playlist\]/i],
  ['a session description (SDP)', /^v=0\r?\n/],
  ['a web page (HTML)', /^<!doctype html|<html[\s>]/i],
  ['a playlist (DASH)', /<MPD[\s>]/],
  ['a playlist (SMIL)', /<smil[\s>]/i],
  ['a drawing (SVG)', /<svg[\s>]/i],
  ['an XML text', /^<\?xml/],
];

const SAVE_AGAIN = 'Save it as JPEG or PNG.';
const REPLACE = 'Put the picture or video itself there.';
const ESCAPE = 0x1b;
const DELETE = 0x7f;

/**
 * The kind of a file from its first {@link HEAD_BYTES} bytes (all of them where it has fewer); undefined when they say
 * nothing, as those of a raw H.264 stream do: then a decoder has to look.
 */
export function fileKind(head: Uint8Array): FileKind | undefined {
  const bytes = Buffer.from(head).toString('latin1');
  return (
    known(bytes, PICTURES, ['image'], SAVE_AGAIN) ??
    known(bytes, ANIMATIONS, ['image', 'video'], SAVE_AGAIN) ??
    known(bytes, VIDEOS, ['video'], REPLACE) ??
    known(bytes, FOREIGN_PICTURES, [], SAVE_AGAIN) ??
    known(bytes, OTHER_FILES, [], REPLACE) ??
    (isText(head) ? { name: textName(bytes), readAs: [], remedy: REPLACE } : undefined)
  );
}

function known(bytes: string, table: SignatureTable, readAs: FileKind['readAs'], remedy: string): FileKind | undefined {
  const matches = (signature: Signature): boolean =>
    Object.entries(signature).every(([place, expected]) => bytes.startsWith(expected, Number(place)));
  const row = table.find(([, ...signatures]) => signatures.some(matches));
  return row && { name: row[0], readAs, remedy };
}

/** Whether there are no control characters but those of text: in any encoding, while a few hundred bytes of a picture hold some. */
function isText(head: Uint8Array): boolean {
  return head.every((byte) => (byte >= 0x20 && byte !== DELETE) || (byte >= 0x09 && byte <= 0x0d) || byte === ESCAPE);
}

function textName(bytes: string): string {
  const text = bytes.replace(/^\xef\xbb\xbf/, '').trimStart();
  return TEXTS.find(([, start]) => start.test(text))?.[0] ?? 'text';
}
