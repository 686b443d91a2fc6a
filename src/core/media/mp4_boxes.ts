import type { FileHandle } from 'node:fs/promises';

/** A hostile file may have one for every eight bytes; a recording of hours in fragments has fewer. */
const BOXES_MAX = 10_000;
const HEADER_BYTES = 16;
const TO_THE_END = 0;
const LONG = 1;

/**
 * Refuses an MP4 or QuickTime file that was cut: one that ends inside its frames (`mdat`) or has no index (`moov`). A
 * decoder would take the frames there are for the whole video. Reads only the headers of the outermost boxes.
 * @throws Error when the file is not whole
 */
export async function requireWholeMp4(file: FileHandle, size: number): Promise<void> {
  let indexed = false;
  const header = Buffer.alloc(HEADER_BYTES);
  for (let at = 0, boxes = 0; at + 8 <= size; boxes++) {
    if (boxes === BOXES_MAX) return;
    await file.read(header, 0, HEADER_BYTES, at);
    const type = header.toString('latin1', 4, 8);
    const short = header.readUInt32BE(0);
    const length = short === LONG ? Number(header.readBigUInt64BE(8)) : short === TO_THE_END ? size - at : short;
    indexed ||= type === 'moov';
    if (type === 'mdat' && at + length > size) {
      throw new Error(
        `Expected a whole video but the file ends ${(at + length - size).toLocaleString('en-US')} bytes early. Copy it again.`,
      );
    }
    if (length < 8) break;
    at += length;
  }
  if (!indexed) throw new Error('Expected a whole video but its index (moov) is missing: it was cut. Copy it again.');
}
