/** Pixels as interleaved 8-bit sRGB, row by row. */
export interface RgbPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}
