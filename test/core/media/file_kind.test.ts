import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import sharp, { type FormatEnum } from 'sharp';
import { describe, expect, it } from 'vitest';
import { fileKind, HEAD_BYTES } from '../../../src/core/media/file_kind.ts';
import { makePicture, packagedFfmpeg, temporaryFolder } from './made_media.ts';

const CONTAINERS = [
  ['x.mp4', 'an MP4 or QuickTime video', []],
  ['x.mov', 'an MP4 or QuickTime video', []],
  ['x.m4v', 'an MP4 or QuickTime video', []],
  ['x.3gp', 'an MP4 or QuickTime video', ['-s', '176x144']],
  ['x.mkv', 'a Matroska or WebM video', []],
  ['x.webm', 'a Matroska or WebM video', []],
  ['x.avi', 'an AVI video', []],
  ['x.flv', 'a Flash video', []],
  ['x.wmv', 'a Windows Media video', []],
  ['x.ogv', 'an Ogg video', []],
  ['x.mpg', 'an MPEG video', []],
  ['x.ts', 'an MPEG transport stream', []],
  ['x.m2ts', 'an MPEG transport stream', ['-mpegts_m2ts_mode', '1']],
] as const;

function headOf(file: string): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, head);
  closeSync(descriptor);
  return head.subarray(0, length);
}

async function video(name: string, options: readonly string[]): Promise<Uint8Array> {
  const file = join(temporaryFolder(), name);
  const arguments_ = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=25:d=0.4', ...options, file];
  await promisify(execFile)(await packagedFfmpeg(), arguments_);
  return headOf(file);
}

describe('the kind of a file', () => {
  it.each(CONTAINERS)('of %s, as ffmpeg writes it, is %s', async (name, kind, options) => {
    expect(fileKind(await video(name, options))).toMatchObject({ name: kind, readAs: ['video'] });
  });

  it('of a raw H.264 stream is left to the decoder', async () => {
    expect(fileKind(await video('x.h264', []))).toBeUndefined();
  });

  it.each([
    ['jpeg', 'a JPEG picture'],
    ['png', 'a PNG picture'],
    ['webp', 'a WebP picture'],
    ['tiff', 'a TIFF picture'],
    ['avif', 'an AVIF picture'],
  ] as const)('of a %s that sharp writes is %s', async (format, kind) => {
    const bytes = await sharp(await makePicture(1, 64, 48))
      .toFormat(format as keyof FormatEnum)
      .toBuffer();
    expect(fileKind(bytes.subarray(0, HEAD_BYTES))).toMatchObject({ name: kind, readAs: ['image'] });
  });

  it('of a GIF is read both as a picture and as a video', async () => {
    const bytes = await sharp(await makePicture(1, 64, 48))
      .gif()
      .toBuffer();
    expect(fileKind(bytes)).toMatchObject({ name: 'a GIF picture', readAs: ['image', 'video'] });
  });

  it.each([
    ['a HEIC picture', '\0\0\0\x24ftypheic\0\0\0\0', ['image']],
    ['a BMP picture', 'BM\x36\x10\0\0\0\0\0\0\x36\0\0\0', []],
    ['a PDF document', '%PDF-1.4\n', []],
    ['a zip archive', 'PK\x03\x04\x14\0', []],
    ['sound', 'ID3\x03\0\0\0', []],
    ['text', '\xff\xfea\0b\0', []],
    ['text', 'BMW builds cars', []],
    ['text', 'GIF is a format of pictures', []],
    ['a playlist (M3U)', '\xef\xbb\xbf#EXTM3U\n', []],
    ['a playlist (ffconcat)', "ffconcat version 1.0\nfile 'a.mp4'\n", []],
    ['a playlist (PLS)', '[Playlist]\nFile1=a.mp4\n', []],
    ['a playlist (DASH)', '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', []],
    ['a playlist (SMIL)', '<smil><body><video src="a.mp4"/></body></smil>', []],
    ['a session description (SDP)', 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n', []],
    ['a web page (HTML)', '\n <!DOCTYPE HTML><body><svg></svg>', []],
    ['a drawing (SVG)', '<?xml version="1.0"?><!-- made by hand --><svg width="1"/>', []],
    ['an XML text', '<?xml version="1.0"?><rss/>', []],
  ])('is %s for %j', (name, bytes, readAs) => {
    expect(fileKind(Buffer.from(bytes, 'latin1'))).toMatchObject({ name, readAs });
  });

  it('of any text in any language is no picture and no video', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), (text) => {
        const printable = text.replaceAll(/\p{Cc}/gu, ' ');
        expect(fileKind(Buffer.from(printable))?.readAs).toEqual([]);
      }),
    );
  });

  it('of bytes that are none of these is left to the decoder', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 512 }), (bytes) => {
        expect(fileKind(Uint8Array.from([0, 0, 1, 0xb3, ...bytes, 0, 0, 1, 0xb8]))).toBeUndefined();
      }),
    );
  });
});
