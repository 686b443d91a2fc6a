/** Columns of sRGB's matrix to XYZ under D50 (IEC 61966-2-1, ICC's own rounding). */
const PRIMARIES = {
  rXYZ: [0.4361, 0.2225, 0.0139],
  gXYZ: [0.3851, 0.7169, 0.0971],
  bXYZ: [0.1431, 0.0606, 0.7141],
} as const;
const PRIMARY_TOLERANCE = 0.002;
/** Light that sRGB gives to half of the signal; a plain gamma of 2.2 gives 0.2176. */
const HALF_SIGNAL = 0.214;
const CURVE_TOLERANCE = 0.002;
/** Where no byte can be read: a view refuses it. */
const ABSENT = Number.POSITIVE_INFINITY;
const HEADER_BYTES = 128;
const TAG_BYTES = 12;

/**
 * Whether a profile describes sRGB itself, under whatever name: then pixels need no conversion. Compared are the primaries
 * and the curves' middle; a profile with tables instead of a matrix, or a damaged one, is not sRGB.
 */
export function isSrgbProfile(profile: Uint8Array): boolean {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  try {
    const tags = readTags(view);
    if (tags.has('A2B0')) return false;
    const primariesMatch = Object.entries(PRIMARIES).every(([tag, expected]) =>
      expected.every((value, row) => Math.abs(fixed(view, (tags.get(tag) ?? ABSENT) + 8 + 4 * row) - value) <= PRIMARY_TOLERANCE),
    );
    return primariesMatch && ['rTRC', 'gTRC', 'bTRC'].every((tag) => isSrgbCurve(view, tags.get(tag) ?? ABSENT));
  } catch (error) {
    // A tag that points outside.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Where each tag's data begin. */
function readTags(view: DataView): Map<string, number> {
  const tags = new Map<string, number>();
  const count = view.getUint32(HEADER_BYTES);
  for (let at = HEADER_BYTES + 4, end = at + count * TAG_BYTES; at < end; at += TAG_BYTES) tags.set(text(view, at), view.getUint32(at + 4));
  return tags;
}

function isSrgbCurve(view: DataView, at: number): boolean {
  const type = text(view, at);
  const half = type === 'para' ? parametricHalf(view, at) : type === 'curv' ? sampledHalf(view, at) : Number.NaN;
  return Math.abs(half - HALF_SIGNAL) <= CURVE_TOLERANCE;
}

/** `(a x + b)^g + e` at x = 1/2, above every kink in use; e and the place of b depend on the kind of function. */
function parametricHalf(view: DataView, at: number): number {
  const kind = view.getUint16(at + 8);
  const parameter = (index: number): number => fixed(view, at + 12 + 4 * index);
  const g = parameter(0);
  if (kind === 0) return 0.5 ** g;
  const offset = kind === 2 ? parameter(3) : kind === 4 ? parameter(5) : 0;
  return (parameter(1) / 2 + parameter(2)) ** g + offset;
}

/** A curve of samples at equal distances; one number is its gamma, none means a straight line. */
function sampledHalf(view: DataView, at: number): number {
  const count = view.getUint32(at + 8);
  if (count < 2) return 0.5 ** (count === 1 ? view.getUint16(at + 12) / 256 : 1);
  const sample = (index: number): number => view.getUint16(at + 12 + 2 * index) / 65535;
  return (sample(Math.floor((count - 1) / 2)) + sample(Math.ceil((count - 1) / 2))) / 2;
}

/** A number of 16 bits before the point and 16 behind. */
function fixed(view: DataView, at: number): number {
  return view.getInt32(at) / 65536;
}

function text(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
}
