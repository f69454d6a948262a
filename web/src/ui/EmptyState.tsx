import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './ui.module.css';

/** What this place is, what it gives, and one thing to do. */
export function EmptyState({ icon: Glyph, title, text, action }: { icon: Icon; title: string; text?: string; action?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <Glyph size={40} stroke={1.25} aria-hidden />
      <div className={classes.emptyTitle}>{title}</div>
      {text && <div className={classes.emptyText}>{text}</div>}
      {action && <div className={classes.emptyAction}>{action}</div>}
    </div>
  );
}
