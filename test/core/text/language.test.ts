import { describe, expect, it } from 'vitest';
import { detectLanguage, languageOf } from '../../../src/core/text/language.ts';

describe('the language of a note', () => {
  it('is its tag where it has one', () => {
    expect(languageOf('zh-CN', 'Hello')).toBe('zh');
    expect(languageOf('EN_us', '你好')).toBe('en');
    expect(languageOf('de', 'Hallo Welt')).toBe('other');
    expect(languageOf('eng', '你好')).toBe('en');
    expect(languageOf('English', '你好')).toBe('en');
    expect(languageOf('中文', 'Hello')).toBe('zh');
    expect(languageOf('unknown', 'Hello there')).toBe('en');
  });

  it('shows in the share of Han letters otherwise', () => {
    expect(languageOf('', '用 AirFryer 做鸡翅，180 度 20 分钟')).toBe('zh');
    expect(languageOf('', 'Mapo Tofu (麻婆豆腐) is a Sichuan dish of soft tofu in a spicy sauce')).toBe('en');
  });

  it('is neither for kana, Cyrillic and bare figures', () => {
    expect(detectLanguage('今日はラーメンを食べました')).toBe('other');
    expect(detectLanguage('Борщ с говядиной')).toBe('other');
    expect(detectLanguage('12 : 30')).toBe('other');
  });
});
