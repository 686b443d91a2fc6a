const KIND_NAMES = ['title', 'image', 'highlight', 'sticker', 'button', 'background'] as const;

// The lengths share no divisor, so as many phrases differ as the product of the lengths says.
const OPENINGS = [
  'Quick',
  'Quiet',
  'Bright',
  'Simple',
  'Cosy',
  'Honest',
  'Little',
  'Slow',
  'Fresh',
  'Warm',
  'Clever',
  'Gentle',
  'Bold',
  'Light',
  'Sunny',
  'Wild',
] as const;
const THINGS = [
  'soups',
  'walks',
  'lamps',
  'coats',
  'trips',
  'cakes',
  'gardens',
  'shelves',
  'candles',
  'bags',
  'shoes',
  'teas',
  'desks',
  'markets',
  'balconies',
] as const;
const ENDINGS = [
  'for rainy days',
  'on a budget',
  'for two',
  'worth the queue',
  'after work',
  'for small flats',
  'without fuss',
  'before breakfast',
  'for slow weekends',
  'that last',
  'your friends will ask about',
  'in an hour',
  'to come home to',
] as const;
const PHRASES = OPENINGS.length * THINGS.length * ENDINGS.length;

/** The elements of one kind: texts, or ids where the kind is image. All ads may use them. */
export interface ElementKind {
  readonly kind: string;
  readonly elements: readonly string[];
}

/** Name of the i-th kind where the kinds are only counted. */
export function kindName(i: number): string {
  return KIND_NAMES[i] ?? `kind${i + 1}`;
}

/** Kinds with so many elements each, no two elements with the same name, whatever their kinds. */
export function nameElements(sizes: ReadonlyMap<string, number>): ElementKind[] {
  let phrases = 0;
  return [...sizes].map(([kind, size]) => {
    const digits = String(size).length;
    const nameAt = (i: number): string => (kind === 'image' ? `image-${String(i + 1).padStart(digits, '0')}` : phrase(phrases++));
    return { kind, elements: Array.from({ length: size }, (_, i) => nameAt(i)) };
  });
}

function phrase(i: number): string {
  const text = `${OPENINGS[i % OPENINGS.length]} ${THINGS[i % THINGS.length]} ${ENDINGS[i % ENDINGS.length]}`;
  return i < PHRASES ? text : `${text}, part ${1 + Math.floor(i / PHRASES)}`;
}
