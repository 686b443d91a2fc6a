import type { PlatformProfile } from '../profile.ts';

/** For systems that have no sheet of their own. */
export const GENERIC: PlatformProfile = {
  name: 'generic',
  columns: [
    { header: 'creative_id', field: 'creativeId' },
    { header: 'ad_id', field: 'adId' },
    { header: 'note_id', field: 'noteId' },
    { header: 'title', kind: 'title' },
    { header: 'highlight', kind: 'highlight' },
    { header: 'image', kind: 'image' },
    { header: 'width', field: 'imageWidth' },
    { header: 'height', field: 'imageHeight' },
    { header: 'score', field: 'score' },
    { header: 'share', field: 'share' },
    { header: 'status', field: 'status' },
  ],
  newline: '\n',
  unit: 'characters',
  limits: { title: 100, highlight: 200 },
  status: 'paused',
};
