import { describe, expect, it } from 'vitest';
import { createTalkReader } from '../../../src/core/media/ffmpeg_talk.ts';

/** What a reader hears in some lines. */
function heard(lines: readonly string[]): unknown[] {
  const events: unknown[] = [];
  const read = createTalkReader({
    onSize: (from, to) => events.push({ from, to }),
    onDuration: (seconds) => events.push({ seconds }),
    onColourSpace: (space) => events.push({ space }),
    onFrame: (time, codedKey) => events.push({ time, codedKey }),
    onDamage: () => events.push('damage'),
  });
  for (const line of lines) read(line);
  return events;
}

describe("ffmpeg's talk", () => {
  it('tells sizes, times, coded key frames and colours as ffmpeg of 2018 says it', () => {
    const lines = [
      '  Duration: 01:02:03.50, start: 0.000000, bitrate: 217 kb/s',
      "[Parsed_scale_0 @ 0xdf57f00] w:clip(2,16,512) h:clip(2,16,512) flags:'area' interl:0",
      '[Parsed_scale_0 @ 0xdf57f00] w:360 h:640 fmt:yuv420p sar:4/3 -> w:74 h:130 fmt:yuv420p sar:585/592 flags:0x20',
      '[Parsed_showinfo_1 @ 0xdf58a40] config in time_base: 1/12288, frame_rate: 24/1',
      '[Parsed_showinfo_1 @ 0xdf58a40] config out time_base: 0/0, frame_rate: 0/0',
      '[Parsed_showinfo_1 @ 0xdf58a40] n:   0 pts:      0 pts_time:0       pos:     5128 fmt:yuv420p sar:585/592 s:74x130 i:P iskey:1 type:I checksum:7EFFE6D1',
      '[Parsed_showinfo_1 @ 0xdf58a40] color_range:tv color_space:bt709 color_primaries:unknown color_trc:unknown',
      '[Parsed_showinfo_1 @ 0xdf58a40] n:   1 pts:    512 pts_time:0.0416667 pos:    24969 fmt:yuv420p sar:585/592 s:74x130 i:P iskey:0 type:B checksum:686FF9B5',
    ];
    expect(heard(lines)).toEqual([
      { seconds: 3723.5 },
      { from: { width: 360, height: 640, pixelAspect: 4 / 3 }, to: { width: 74, height: 130, pixelAspect: 585 / 592 } },
      { time: 0, codedKey: true },
      { space: 'bt709' },
      { time: 0.041667, codedKey: false },
    ]);
  });

  it('tells them as ffmpeg 9 says it', () => {
    const lines = [
      '[Parsed_scale_0 @ 0x7f0e78001e00] w:360 h:640 fmt:yuv420p csp:unknown range:unknown sar:0/1 -> w:74 h:130 fmt:yuv420p csp:unknown range:unknown sar:585/592 flags:0x00000020',
      '[Parsed_showinfo_1 @ 0x7f0e7800f580] config in time_base: 1/12288, frame_rate: 24/1',
      '[Parsed_showinfo_1 @ 0x7f0e7800f580] n:   0 pts:    512 pts_time:0.0416667 duration:    512 duration_time:0.0416667 fmt:yuv420p cl:unspecified sar:585/592 s:74x130 i:P iskey:1 type:I checksum:7EFFE6D1',
    ];
    expect(heard(lines)).toEqual([
      { from: { width: 360, height: 640, pixelAspect: 1 }, to: { width: 74, height: 130, pixelAspect: 585 / 592 } },
      { time: 0.041667, codedKey: true },
    ]);
  });

  it('gives a frame without a time that of the one before', () => {
    const frame = (pts: string): string => `[Parsed_showinfo_1 @ 0x1] n:   0 pts: ${pts} pts_time:0 pos: 1 s:74x130 i:P iskey:0 type:B`;
    expect(
      heard(['[Parsed_showinfo_1 @ 0x1] config in time_base: 1/10, frame_rate: 24/1', frame('NOPTS'), frame('15'), frame('NOPTS')]),
    ).toEqual([
      { time: 0, codedKey: false },
      { time: 1.5, codedKey: false },
      { time: 1.5, codedKey: false },
    ]);
  });

  it.each([
    '[mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] stream 0, offset 0x1e9de4: partial file',
    'trunc.mp4: corrupt input packet in stream 0',
    '[in#0/matroska,webm @ 0x1] File ended prematurely',
  ])('tells that bytes are missing: %s', (line) => {
    expect(heard([line])).toEqual(['damage']);
  });
});
