/** One colour in, a readable palette out. Colours are `#rrggbb`; OKLCH after Björn Ottosson, https://bottosson.github.io/posts/oklab/. */

type Rgb = [number, number, number]; // linear light, 0..1
interface Oklch { l: number; c: number; h: number }

const HEX = /^#?([0-9a-f]{6})$/i;

const toLinear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const toGamma = (v: number): number => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);

function parse(hex: string): Rgb {
  const digits = HEX.exec(hex)?.[1];
  if (!digits) throw new RangeError(`not a #rrggbb colour: ${hex}`);
  const channel = (at: number): number => toLinear(Number.parseInt(digits.slice(at, at + 2), 16) / 255);
  return [channel(0), channel(2), channel(4)];
}

function format(rgb: Rgb): string {
  const hex = (v: number): string => Math.round(Math.min(1, Math.max(0, toGamma(Math.max(0, v)))) * 255).toString(16).padStart(2, '0');
  return `#${hex(rgb[0])}${hex(rgb[1])}${hex(rgb[2])}`;
}

function toOklch([r, g, b]: Rgb): Oklch {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const bb = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return { l: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, c: Math.hypot(a, bb), h: Math.atan2(bb, a) };
}

function fromOklch({ l, c, h }: Oklch): Rgb {
  const a = c * Math.cos(h);
  const b = c * Math.sin(h);
  const l3 = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m3 = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s3 = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3,
    -1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3,
    -0.0041960863 * l3 - 0.7034186147 * m3 + 1.707614701 * s3,
  ];
}

const inGamut = (rgb: Rgb): boolean => rgb.every((v) => v >= -0.0005 && v <= 1.0005);

/** The colour of that lightness and hue with the most of the wanted chroma that a screen can show. */
function fit(color: Oklch): string {
  let chroma = color.c;
  while (chroma > 0.002 && !inGamut(fromOklch({ ...color, c: chroma }))) chroma *= 0.94;
  return format(fromOklch({ ...color, c: chroma }));
}

/** WCAG relative luminance, 0..1. */
export function luminance(hex: string): number {
  const [r, g, b] = parse(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG contrast ratio of two colours, 1..21. */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].toSorted((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const STEPS = [0.975, 0.945, 0.895, 0.835, 0.765, 0.695, 0.63, 0.56, 0.49, 0.42];

/** Ten colours from light to dark of the hue of `hex`; index 7 is `hex` itself. */
export function ramp(hex: string): string[] {
  const base = toOklch(parse(hex));
  const colors = STEPS.map((l) => fit({ l, c: base.c * (l > 0.9 ? 0.35 : l > 0.8 ? 0.6 : 1), h: base.h }));
  colors[7] = hex.toLowerCase();
  colors[8] = fit({ ...base, l: base.l * 0.9 }); // hover of the filled button: always a shade darker than the brand
  colors[9] = fit({ ...base, l: base.l * 0.8 });
  return colors;
}

/** `hex` with its lightness moved until it reaches `ratio` on `background`. */
export function readable(hex: string, background: string, ratio: number): string {
  const base = toOklch(parse(hex));
  const step = luminance(background) > 0.179 ? -0.01 : 0.01;
  for (let l = base.l; l >= 0 && l <= 1; l += step) {
    const color = l === base.l ? hex.toLowerCase() : fit({ ...base, l });
    if (contrast(color, background) >= ratio) return color;
  }
  return step < 0 ? '#000000' : '#ffffff';
}
