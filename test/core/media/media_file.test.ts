import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../../src/core/ids.ts';
import { hashFile, resolveMediaFile } from '../../../src/core/media/media_file.ts';
import { hugePng, makePipe } from './hostile_media.ts';
import { makeVideo, temporaryFolder } from './made_media.ts';

function noteFolder(): { root: string; outside: string } {
  const folder = temporaryFolder();
  const root = join(folder, 'note');
  mkdirSync(root);
  const outside = join(folder, 'secret.jpg');
  writeFileSync(outside, hugePng(1));
  writeFileSync(join(root, 'a.jpg'), hugePng(2));
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
    writeFileSync(join(root, '..photo.jpg'), hugePng(1));
    await expect(resolveMediaFile({ path: join(root, '..photo.jpg'), root, kind: 'image' })).resolves.toContain('..photo.jpg');
  });

  it('is refused when missing, empty, too large, or no file', async () => {
    const { root } = noteFolder();
    writeFileSync(join(root, 'empty.jpg'), '');
    writeFileSync(join(root, 'huge.jpg'), hugePng(1));
    truncateSync(join(root, 'huge.jpg'), 101 * 2 ** 20);
    symlinkSync(join(root, 'loop.jpg'), join(root, 'loop.jpg'));
    const refusal = (name: string): Promise<string> => resolveMediaFile({ path: join(root, name), root, kind: 'image' });
    await expect(refusal('none.jpg')).rejects.toThrow(`Expected a file at ${join(root, 'none.jpg')} but there is none`);
    await expect(refusal('a.jpg/b.jpg')).rejects.toThrow('but there is none');
    await expect(refusal('empty.jpg')).rejects.toThrow('Expected a picture but the file is empty');
    await expect(refusal('.')).rejects.toThrow('Expected a file but it is a folder');
    await expect(refusal('huge.jpg')).rejects.toThrow('at most 100 MB but it has 101 MB');
    await expect(refusal('loop.jpg')).rejects.toThrow('its links lead in a circle');
    await expect(refusal('a\0.jpg')).rejects.toThrow('Expected a file but it cannot be read');
  });

  it('is refused without waiting when it is a pipe or a socket', async () => {
    const { root } = noteFolder();
    makePipe(join(root, 'pipe.jpg'));
    const server = createServer().listen(join(root, 'socket.jpg'));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    for (const name of ['pipe.jpg', 'socket.jpg']) {
      const opened = resolveMediaFile({ path: join(root, name), root, kind: 'image' });
      await expect(opened).rejects.toThrow('Expected a file but it is a pipe, socket or device');
    }
  });

  it('is refused when it holds something else than its name says', async () => {
    const { root } = noteFolder();
    writeFileSync(join(root, 'text.mp4'), '#EXTM3U\n/etc/passwd\n');
    const refusal = (name: string, kind: 'image' | 'video'): Promise<string> => resolveMediaFile({ path: join(root, name), root, kind });
    await expect(refusal('text.mp4', 'video')).rejects.toThrow(
      'Expected a video but the file holds a playlist (M3U). Put the picture or video',
    );
    await expect(refusal('a.jpg', 'video')).rejects.toThrow('Expected a video but the file holds a PNG picture. Name it .jpg or .png and');
  });

  it.each([
    ['before its index', [], 'moov', -4, 'its index (moov) is missing'],
    ['in its frames, which the index follows', [], 'mdat', 50, 'bytes early'],
    ['in its frames, which follow the index', ['-movflags', '+faststart'], 'mdat', 50, 'bytes early'],
    ['in a later fragment', ['-movflags', '+frag_keyframe+empty_moov', '-g', '3'], 'mdat', 10, 'bytes early'],
  ] as const)('is refused when it is an MP4 that was cut %s', async (_, options, box, offset, reason) => {
    const { root } = noteFolder();
    const path = await makeVideo(join(root, 'v.mp4'), 'testsrc2=s=96x64:r=10:d=1', options);
    const opened = (): Promise<string> => resolveMediaFile({ path, root, kind: 'video' });
    expect(await opened()).toBe(path);
    truncateSync(path, readFileSync(path).lastIndexOf(box) + offset);
    await expect(opened()).rejects.toThrow(`Expected a whole video but `);
    await expect(opened()).rejects.toThrow(reason);
  });

  it('has the SHA-256 of its content', async () => {
    const { root } = noteFolder();
    expect(await hashFile(join(root, 'a.jpg'))).toBe(sha256(hugePng(2)));
  });
});
