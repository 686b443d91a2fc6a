import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/ids.ts';
import { hashFile, resolveMediaFile } from '../../../src/core/media/media_file.ts';
import { temporaryFolder } from './made_media.ts';

function noteFolder(): { root: string; outside: string } {
  const folder = temporaryFolder();
  const root = join(folder, 'note');
  mkdirSync(root);
  const outside = join(folder, 'secret.jpg');
  writeFileSync(outside, 'secret');
  writeFileSync(join(root, 'a.jpg'), 'inside');
  return { root, outside };
}

describe('a media file', () => {
  it('is found inside its root', async () => {
    const { root } = noteFolder();
    expect(await resolveMediaFile({ path: join(root, 'a.jpg'), root, kind: 'image' })).toBe(join(root, 'a.jpg'));
  });

  it('may be a link to a file inside the root', async () => {
    const { root } = noteFolder();
    symlinkSync(join(root, 'a.jpg'), join(root, 'b.jpg'));
    expect(await resolveMediaFile({ path: join(root, 'b.jpg'), root, kind: 'image' })).toBe(join(root, 'a.jpg'));
  });

  it.each(['../secret.jpg', 'link.jpg', 'folder/secret.jpg'])('is refused when %s leads outside the root', async (name) => {
    const { root, outside } = noteFolder();
    symlinkSync(outside, join(root, 'link.jpg'));
    symlinkSync(join(root, '..'), join(root, 'folder'));
    await expect(resolveMediaFile({ path: join(root, name), root, kind: 'image' })).rejects.toThrow(
      /Expected a file inside .* but it lies at/,
    );
  });

  it('may have a name that begins with two dots', async () => {
    const { root } = noteFolder();
    writeFileSync(join(root, '..photo.jpg'), 'x');
    await expect(resolveMediaFile({ path: join(root, '..photo.jpg'), root, kind: 'image' })).resolves.toContain('..photo.jpg');
  });

  it('is refused when missing, empty, a folder, or too large', async () => {
    const { root } = noteFolder();
    writeFileSync(join(root, 'empty.jpg'), '');
    writeFileSync(join(root, 'huge.jpg'), '');
    truncateSync(join(root, 'huge.jpg'), 101 * 2 ** 20);
    const refusal = (name: string): Promise<string> => resolveMediaFile({ path: join(root, name), root, kind: 'image' });
    await expect(refusal('none.jpg')).rejects.toThrow(`Expected a file at ${join(root, 'none.jpg')} but there is none`);
    await expect(refusal('empty.jpg')).rejects.toThrow('Expected a picture or video but the file is empty');
    await expect(refusal('.')).rejects.toThrow('something else');
    await expect(refusal('huge.jpg')).rejects.toThrow('at most 100 MB but it has 101 MB');
  });

  it('has the SHA-256 of its content', async () => {
    const { root } = noteFolder();
    expect(await hashFile(join(root, 'a.jpg'))).toBe(sha256('inside'));
  });
});
