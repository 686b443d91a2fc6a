import type { PublishedCreative, PublishedElement } from '../../../src/core/publish/creative_set.ts';

export function text(kind: string, content: string): PublishedElement {
  return { elementId: `${kind}_${content}`, kind, text: content, file: null, width: null, height: null };
}

export function picture(file: string): PublishedElement {
  return { elementId: `image_${file}`, kind: 'image', text: null, file, width: 1080, height: 1440 };
}

export function creative(
  creativeId: string,
  elements: readonly PublishedElement[],
  more: Partial<PublishedCreative> = {},
): PublishedCreative {
  return { creativeId, adId: 'ad', noteId: 'note', score: null, share: null, ...more, elements };
}
