import classes from './tray.module.css';

const PERCENT = 100;

/** A bar for long work; `share` 0..1, null while the whole is not known. */
export function ProgressBar({ share, label }: { share: number | null; label: string }) {
  const percent = share === null ? undefined : Math.floor(share * PERCENT);
  return (
    <div className={classes.bar} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={PERCENT} aria-valuenow={percent}>
      <div className={classes.fill} data-unknown={share === null || undefined} style={percent === undefined ? undefined : { width: `${percent}%` }} />
    </div>
  );
}
