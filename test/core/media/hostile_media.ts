import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { makePicture, makeVideo, packagedFfmpeg } from './made_media.ts';

/** A file somebody might put into a note. */
export interface HostileFile {
  /** Relative to the note's folder. */
  readonly name: string;
  /** What its refusal must say; null where it may be taken, because it does no harm. */
  readonly reason: RegExp | null;
}

const REPLACE = 'Put the picture or video itself there';
const SECOND = 'testsrc2=s=96x64:r=10:d=1';
/** Names that break what joins them into commands, patterns, lists or lines. */
const ODD_NAMES = [
  `it's "quoted" \`x\``,
  'new\nline',
  '-rf',
  '--help',
  '%05d%s%n',
  '图片 ✓ é',
  '..two dots',
  '$(touch x);&|*?[a]{b}',
  'escape \x1b[2J',
  'a=b,c:d@e#f\\g',
];

/** Writes all hostile files into the folder of a note; `outside` is a folder the note has no business in. */
export async function writeHostileFiles(folder: string, outside: string): Promise<HostileFile[]> {
  return [
    ...(await writeHostileVideos(folder)),
    ...(await writeHostilePictures(folder)),
    ...writeOtherContents(folder),
    ...writeOtherFiles(folder, outside),
    ...(await writeOddNames(folder)),
  ];
}

async function writeHostileVideos(folder: string): Promise<HostileFile[]> {
  const at = (name: string): string => join(folder, name);
  const whole = readFileSync(await makeVideo(at('second.mp4'), SECOND));
  const moovFirst = readFileSync(await makeVideo(at('moov-first.mp4'), SECOND, ['-movflags', '+faststart']));
  const motionJpeg = readFileSync(await makeVideo(at('mjpeg.mov'), SECOND, ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p']));
  writeFileSync(at('no-moov.mp4'), whole.subarray(0, whole.indexOf('moov') - 4));
  writeFileSync(at('cut-data.mp4'), moovFirst.subarray(0, Math.round(moovFirst.length * 0.7)));
  writeFileSync(at('elsewhere.mov'), referTo(whole, at('gone.mp4')));
  writeFileSync(at('wide.mov'), enlargeFrames(motionJpeg, 16_384));
  writeFileSync(at('thousand-hours.mp4'), claimSeconds(whole, 3_600_000));
  await makeVideo(at('one-frame.mp4'), SECOND, ['-frames:v', '1']);
  const sound = ['-v', 'error', '-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac', at('sound.mp4')];
  await promisify(execFile)(await packagedFfmpeg(), sound);
  return [
    { name: 'second.mp4', reason: null },
    { name: 'no-moov.mp4', reason: /Expected a whole video but its index \(moov\) is missing: it was cut. Copy it again/ },
    { name: 'cut-data.mp4', reason: /Expected a whole video but the file ends [\d,]+ bytes early. Copy it again/ },
    // Were the reference followed, there would be nothing to read.
    { name: 'elsewhere.mov', reason: null },
    { name: 'wide.mov', reason: /Expected a video but|Expected at most/ },
    { name: 'thousand-hours.mp4', reason: /Expected a video of at most .* but it lasts 3600000 s/ },
    { name: 'one-frame.mp4', reason: null },
    { name: 'sound.mp4', reason: /Expected a video but/ },
  ];
}

async function writeHostilePictures(folder: string): Promise<HostileFile[]> {
  const at = (name: string): string => join(folder, name);
  const png = await makePicture(2, 320, 200);
  const jpeg = await sharp(png).jpeg().toBuffer();
  writeFileSync(at('bomb.png'), hugePng(30_000));
  writeFileSync(at('cut.jpg'), jpeg.subarray(0, Math.round(jpeg.length / 2)));
  writeFileSync(at('cut.png'), png.subarray(0, Math.round(png.length / 2)));
  writeFileSync(at('frames.gif'), repeatFrame(await sharp(png).resize(64, 48).gif({ colours: 4 }).toBuffer(), 10_000));
  writeFileSync(
    at('animated.webp'),
    await sharp(repeatFrame(await sharp(png).gif().toBuffer(), 3), { animated: true })
      .webp()
      .toBuffer(),
  );
  writeFileSync(at('orientation-99.jpg'), insert(jpeg, 2, exifOrientation(99)));
  writeFileSync(at('broken-profile.png'), insert(png, 33, pngChunk('iCCP', Buffer.from('x\0\0no profile', 'latin1'))));
  return [
    { name: 'bomb.png', reason: /Expected at most 100 megapixels but .*30000 × 30000.*Scale it down/ },
    { name: 'cut.jpg', reason: /Expected .*picture .*but it cannot be decoded/ },
    { name: 'cut.png', reason: /Expected .*picture .*but it cannot be decoded/ },
    { name: 'frames.gif', reason: null },
    { name: 'animated.webp', reason: null },
    { name: 'orientation-99.jpg', reason: null },
    { name: 'broken-profile.png', reason: null },
  ];
}

/** Files of other kinds under the names of pictures and videos; some of them name further files. */
function writeOtherContents(folder: string): HostileFile[] {
  const second = join(folder, 'second.mp4');
  const svg = `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" width="200" height="50"><text y="20">&x;</text></svg>`;
  const contents: readonly (readonly [name: string, found: string, content: string | Buffer])[] = [
    ['text.jpg', 'a picture but the file holds text', 'no picture\n'],
    ['text.mp4', 'a video but the file holds text', 'no video\n'],
    ['page.png', 'a picture but the file holds a web page \\(HTML\\)', '\n<!DOCTYPE html><html><body>404</body></html>'],
    ['drawing.png', 'a picture but the file holds a drawing \\(SVG\\)', svg],
    ['compressed.png', 'a picture but the file holds a gzip archive', gzipSync(svg)],
    ['passwd.mp4', 'a video but the file holds a playlist \\(M3U\\)', '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'],
    ['list.mp4', 'a video but the file holds a playlist \\(ffconcat\\)', `ffconcat version 1.0\nfile '${second}'\n`],
    [
      'session.mp4',
      'a video but the file holds a session description \\(SDP\\)',
      'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 5004 RTP/AVP 96\r\n',
    ],
    ['dash.mp4', 'a video but the file holds a playlist \\(DASH\\)', `<?xml version="1.0"?><MPD><BaseURL>${second}</BaseURL></MPD>`],
    ['paper.jpg', 'a picture but the file holds a PDF document', '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n'],
    ['archive.png', 'a picture but the file holds a zip archive', Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1')],
  ];
  for (const [name, , content] of contents) writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, 'video.jpg'), readFileSync(second));
  writeFileSync(join(folder, 'picture.mp4'), hugePng(10));
  return [
    ...contents.map(([name, found]) => ({ name, reason: new RegExp(`^Expected ${found}\\. ${REPLACE}`) })),
    { name: 'video.jpg', reason: /Expected a picture but the file holds an MP4 or QuickTime video. Name it .mp4/ },
    { name: 'picture.mp4', reason: /Expected a video but the file holds a PNG picture. Name it .jpg or .png/ },
  ];
}

/** Things of the file system that are no files of the note. */
function writeOtherFiles(folder: string, outside: string): HostileFile[] {
  const at = (name: string): string => join(folder, name);
  writeFileSync(join(outside, 'secret.jpg'), hugePng(10));
  writeFileSync(at('empty.jpg'), '');
  writeFileSync(at('empty.mp4'), '');
  writeFileSync(at('large.jpg'), '\xff\xd8\xff');
  truncateSync(at('large.jpg'), 101 * 2 ** 20);
  mkdirSync(at('folder.jpg'));
  for (const name of ['pipe.jpg', 'pipe.mp4']) makePipe(at(name));
  symlinkSync(join(outside, 'secret.jpg'), at('link.jpg'));
  symlinkSync(outside, at('linked'));
  symlinkSync('/dev/zero', at('zero.jpg'));
  symlinkSync(at('loop-b.jpg'), at('loop-a.jpg'));
  symlinkSync(at('loop-a.jpg'), at('loop-b.jpg'));
  symlinkSync(at('gone.jpg'), at('dangling.jpg'));
  const outsideReason = /Expected a file inside .* but it lies at .*\. Copy it into that folder/;
  return [
    { name: 'empty.jpg', reason: /Expected a picture but the file is empty/ },
    { name: 'empty.mp4', reason: /Expected a video but the file is empty/ },
    { name: 'large.jpg', reason: /Expected a file of at most 100 MB but it has 101 MB. Make it smaller/ },
    { name: 'folder.jpg', reason: /Expected a file but it is a folder/ },
    { name: 'pipe.jpg', reason: /Expected a file but it is a pipe, socket or device/ },
    { name: 'pipe.mp4', reason: /Expected a file but it is a pipe, socket or device/ },
    { name: 'link.jpg', reason: outsideReason },
    { name: 'linked/secret.jpg', reason: outsideReason },
    { name: 'linked/../secret.jpg', reason: /but there is none/ },
    { name: '../../../../../../../../../etc/passwd', reason: outsideReason },
    { name: '/etc/passwd', reason: outsideReason },
    { name: 'zero.jpg', reason: outsideReason },
    { name: 'loop-a.jpg', reason: /its links lead in a circle/ },
    { name: 'dangling.jpg', reason: /but there is none. Put it back/ },
    { name: `${'long'.repeat(100)}.jpg`, reason: /longer than any name can be. Shorten it/ },
  ];
}

async function writeOddNames(folder: string): Promise<HostileFile[]> {
  const picture = await makePicture(3, 160, 120);
  const video = readFileSync(join(folder, 'one-frame.mp4'));
  return ODD_NAMES.flatMap((name) => {
    writeFileSync(join(folder, `${name}.png`), picture);
    writeFileSync(join(folder, `${name}.mp4`), video);
    return [
      { name: `${name}.png`, reason: null },
      { name: `${name}.mp4`, reason: null },
    ];
  });
}

/** A named pipe: who opens it to read waits for somebody to write. */
export function makePipe(path: string): void {
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', path]);
}

/** A PNG of a few bytes that claims to be a square of this side. */
export function hugePng(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.alloc(1000))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), typed, uint32(crc32(typed))]);
}

/** A GIF whose one frame comes again and again. */
function repeatFrame(gif: Buffer, times: number): Buffer {
  const flags = gif[10] as number;
  const head = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const frame = gif.subarray(head, -1);
  return Buffer.concat([gif.subarray(0, head), ...Array.from({ length: times }, () => frame), Buffer.from([0x3b])]);
}

function exifOrientation(orientation: number): Buffer {
  const data = Buffer.from(
    `Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0${String.fromCharCode(orientation)}\0\0\0\0\0\0\0`,
    'latin1',
  );
  const marker = Buffer.from([0xff, 0xe1, 0, 0]);
  marker.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([marker, data]);
}

function insert(bytes: Buffer, at: number, more: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The same frames of Motion JPEG, each claiming to be a square of this side. */
function enlargeFrames(video: Buffer, side: number): Buffer {
  const enlarged = Buffer.from(video);
  const frameHeader = Buffer.from([0xff, 0xc0, 0x00, 0x11]);
  for (let at = enlarged.indexOf(frameHeader); at >= 0; at = enlarged.indexOf(frameHeader, at + 1)) {
    enlarged.writeUInt16BE(side, at + 5);
    enlarged.writeUInt16BE(side, at + 7);
  }
  return enlarged;
}

/** The same MP4, whose headers claim another length. */
function claimSeconds(video: Buffer, seconds: number): Buffer {
  const claiming = Buffer.from(video);
  for (const box of ['mvhd', 'mdhd']) {
    const at = claiming.indexOf(box);
    // After the type: version, creation and modification time, units a second, length.
    claiming.writeUInt32BE(1, at + 16);
    claiming.writeUInt32BE(seconds, at + 20);
  }
  return claiming;
}

/** The same MP4 (index at its end), whose index says that the frames lie in another file. */
function referTo(video: Buffer, path: string): Buffer {
  const name = Buffer.from(path);
  const padded = Buffer.concat([name, Buffer.alloc(name.length % 2)]);
  const absolutePath = Buffer.concat([Buffer.from([0, 18]), uint32(name.length).subarray(2), padded]);
  // A Macintosh alias: 150 bytes of volume, folder and file, then named parts, of which 18 is the path.
  const alias = Buffer.concat([Buffer.alloc(150), absolutePath, Buffer.from([0xff, 0xff, 0, 0])]);
  const reference = Buffer.concat([uint32(alias.length + 12), Buffer.from('alis\0\0\0\0', 'latin1'), alias]);
  const old = Buffer.from('\0\0\0\x0curl \0\0\0\x01', 'latin1');
  const at = video.indexOf(old);
  const referring = Buffer.concat([video.subarray(0, at), reference, video.subarray(at + old.length)]);
  for (const box of ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref']) {
    const start = referring.lastIndexOf(box, at) - 4;
    referring.writeUInt32BE(referring.readUInt32BE(start) + reference.length - old.length, start);
  }
  return referring;
}
