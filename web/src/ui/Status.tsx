/** A state as icon, word and tone: never by colour alone. */
import type { ReactNode } from 'react';
import classes from './ui.module.css';

export type Tone = 'neutral' | 'info' | 'progress' | 'success' | 'read' | 'warning' | 'danger' | 'human';

export function Status({ tone, icon, children, title }: { tone: Tone; icon?: ReactNode; children: ReactNode; title?: string }) {
  return (
    <span className={classes.status} data-tone={tone} title={title}>
      {icon}
      {children}
    </span>
  );
}
