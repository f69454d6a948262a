import { describe, expect, test } from 'vitest';
import { contrast, luminance, ramp, readable } from './color';

const NAMED = ['#7048e8', '#ffd43b', '#000000', '#ffffff', '#e03131', '#2f9e44', '#1c7ed6', '#ff6b6b', '#00ff00', '#0000ff', '#808080', '#c2255c'];
const random = (seed: number): string => `#${((seed * 2654435761) % 0x1000000).toString(16).padStart(6, '0')}`;
const COLORS = [...NAMED, ...Array.from({ length: 300 }, (_, i) => random(i + 1))];

describe('color', () => {
  test('contrast of black on white is 21', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(luminance('#ffffff')).toBeCloseTo(1, 5);
  });

  test('ramp has ten colours, the brand at index 7', () => {
    for (const color of COLORS) {
      const colors = ramp(color);
      expect(colors).toHaveLength(10);
      expect(colors[7]).toBe(color);
      for (const shade of colors) expect(shade).toMatch(/^#[0-9a-f]{6}$/);
    }
  });

  test('a readable colour passes its ratio on light and on dark', () => {
    for (const color of COLORS) {
      for (const background of ['#ffffff', '#eef0f3', '#17181a', '#1f2023']) {
        expect(contrast(readable(color, background, 4.6), background)).toBeGreaterThanOrEqual(4.6);
        expect(contrast(readable(color, background, 3.1), background)).toBeGreaterThanOrEqual(3.1);
      }
    }
  });

  test('black or white reads on every colour at 4.5', () => {
    for (const color of COLORS) {
      const label = luminance(color) > 0.179 ? '#000000' : '#ffffff';
      expect(contrast(label, color)).toBeGreaterThanOrEqual(4.5);
    }
  });

  test('a colour that is none is refused', () => {
    expect(() => ramp('red')).toThrow(RangeError);
  });
});
