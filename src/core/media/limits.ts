/** Media are untrusted: nothing larger than this is decoded. */
export const MEDIA_LIMITS = {
  /** Seconds all the work on one medium may take: a video's decoding, its seeks, and the reading of text. */
  mediumSeconds: 40 * 60,
  /** Bytes of a picture file; a 100-megapixel camera's JPEG is about half of it. */
  imageBytes: 100 * 2 ** 20,
  /** Pixels of a picture or a frame, about the largest camera sensor on sale; 300 MB once decoded, two at a time. */
  imagePixels: 100_000_000,
  /** Seconds to decode one picture; the largest allowed takes about five. */
  imageDecodeSeconds: 60,
  /** Bytes of a video file; two hours at 4.5 Mbit/s. */
  videoBytes: 4 * 2 ** 30,
  /** Length of a video in seconds; ads are cut from posts, not from films. */
  videoSeconds: 2 * 60 * 60,
  /** Frames of a video: two hours at 60 a second, of each of which a kilobyte is kept. */
  videoFrames: 2 * 60 * 60 * 60,
  /** Seconds one ffmpeg process may run; two hours of 1080p decode in about half of it on one core. */
  videoDecodeSeconds: 30 * 60,
} as const;
