/**
 * What a JSON value must look like: a type by name ("number?" may be null, "list" may be empty), a list of one shape, an object with at least
 * these keys, or, under "*", an object whose values all have one shape.
 */
export type Shape = 'list' | 'string' | 'number' | 'boolean' | 'string?' | 'number?' | readonly [Shape] | { readonly [key: string]: Shape };

/** Where a value differs from its shape; an empty list differs, because it would hide the keys of its items. */
export function differences(value: unknown, shape: Shape, path = '$'): string[] {
  if (shape === 'list') return Array.isArray(value) ? [] : [`${path}: expected a list but received ${JSON.stringify(value)}`];
  if (typeof shape === 'string') {
    const type = shape.replace('?', '');
    if (value === null && shape.endsWith('?')) return [];
    return typeof value === type && !Number.isNaN(value) ? [] : [`${path}: expected ${shape} but received ${JSON.stringify(value)}`];
  }
  if (isList(shape)) {
    if (!Array.isArray(value) || value.length === 0) return [`${path}: expected a list with items but received ${JSON.stringify(value)}`];
    return value.flatMap((item, index) => differences(item, shape[0], `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${path}: expected an object but received ${JSON.stringify(value)}`];
  const fields = value as Readonly<Record<string, unknown>>;
  const every = shape['*'];
  if (every !== undefined) return Object.entries(fields).flatMap(([key, item]) => differences(item, every, `${path}.${key}`));
  return Object.entries(shape).flatMap(([key, item]) => differences(fields[key], item, `${path}.${key}`));
}

function isList(shape: readonly [Shape] | { readonly [key: string]: Shape }): shape is readonly [Shape] {
  return Array.isArray(shape);
}
