import classes from './ui.module.css';

const TONES = ['neutral', 'info', 'progress', 'success', 'read', 'warning', 'human'] as const;

const initials = (name: string): string => {
  const words = name.split(/\s+/).filter((word) => /\p{L}/u.test(word));
  return words.length === 0 ? '#' : ([...(words[0] ?? '')][0] ?? '') + (words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '');
};

/** First letters on a quiet tone that stays the same for the same id. */
export function Avatar({ name, id, size = 32 }: { name: string; id: string; size?: number }) {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) | 0;
  const tone = TONES[Math.abs(hash) % TONES.length] ?? 'neutral';
  return (
    <span
      aria-hidden
      className={classes.avatar}
      data-letters={initials(name).toUpperCase()}
      style={{ width: size, height: size, fontSize: Math.round(size * 0.38), background: `var(--tone-${tone}-bg)`, color: `var(--tone-${tone})` }}
    />
  );
}
