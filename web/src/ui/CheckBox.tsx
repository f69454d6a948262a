import { useEffect, useRef, type ChangeEvent, type ReactNode } from 'react';
import classes from './checkBox.module.css';

interface BoxProps { label: string; checked: boolean | 'some'; disabled?: boolean; onChange: (event: ChangeEvent<HTMLInputElement>) => void }

/** A box alone, for rows and heads of tables: its label is for screen readers. */
export function BareBox({ label, checked, disabled, onChange }: BoxProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = checked === 'some';
  }, [checked]);
  return <input ref={box} type="checkbox" className={classes.box} aria-label={label} checked={checked === true} disabled={disabled} onChange={onChange} />;
}

/** A box with its label. */
export function CheckBox({ children, checked, disabled, onChange }: { children: ReactNode; checked: boolean; disabled?: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label className={classes.label}>
      <input type="checkbox" className={classes.box} checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      {children}
    </label>
  );
}
