// Writes .gz and .br beside each text asset, then holds the size budgets (kB gz): home JS ≤ 220, any page JS ≤ 350, any page CSS ≤ 45.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const OUT = new URL('../../api/_ui/', import.meta.url).pathname;
const KB = 1000;
const gzBytes = new Map();

for (const name of readdirSync(OUT, { recursive: true })) {
  const path = join(OUT, name);
  if (!statSync(path).isFile() || !/\.(js|css|svg|json)$/.test(name)) continue;
  const raw = readFileSync(path);
  const gz = gzipSync(raw, { level: 9 });
  gzBytes.set(name.replaceAll('\\', '/'), gz.length);
  if (!name.startsWith('assets')) continue;
  writeFileSync(`${path}.gz`, gz);
  writeFileSync(`${path}.br`, brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
}

const manifest = JSON.parse(readFileSync(join(OUT, '.vite/manifest.json'), 'utf8'));
const files = (key, seen = new Set()) => {
  const entry = manifest[key];
  if (!entry || seen.has(key)) return seen;
  seen.add(key);
  for (const next of entry.imports ?? []) files(next, seen);
  return seen;
};
const kb = (keys) => [...keys].reduce((sum, key) => sum + (gzBytes.get(manifest[key].file) ?? 0), 0) / KB;
const css = (keys) => [...new Set([...keys].flatMap((key) => manifest[key].css ?? []))].reduce((sum, name) => sum + (gzBytes.get(name) ?? 0), 0) / KB;

const budgets = [];
for (const [key, entry] of Object.entries(manifest)) {
  if (!entry.isDynamicEntry || !key.includes('/pages/')) continue;
  const max = key.includes('/pages/home/') ? 220 : 350;
  const page = key.replace('src/pages/', '');
  const loaded = files(key, files('index.html'));
  budgets.push({ what: page, kB: kb(loaded), max }, { what: `${page} CSS`, kB: css(loaded), max: 45 });
}
let broken = false;
for (const { what, kB, max } of budgets) {
  const over = kB > max;
  broken ||= over;
  process.stdout.write(`${over ? 'OVER ' : 'ok   '} ${what.padEnd(32)} ${kB.toFixed(1).padStart(7)} kB gz of ${max}\n`);
}
rmSync(join(OUT, '.vite'), { recursive: true });
process.exit(broken ? 1 : 0);
