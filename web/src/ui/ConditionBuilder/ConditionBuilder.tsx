import '@mantine/core/styles/Combobox.layer.css';
import '@mantine/core/styles/Pill.layer.css';
import '@mantine/core/styles/PillsInput.layer.css';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './builder.module.css';
import { BuilderContext, type Builder } from './context';
import { GroupView } from './GroupView';

const NOTHING = new Map<string, never>();

export interface ConditionBuilderProps extends Pick<Builder, 'root' | 'fields' | 'change'> {
  counts?: Builder['counts'];
  counting?: boolean;
  errors?: Builder['errors'];
  readOnly?: boolean;
  /** What it means that there are no rules. */
  empty?: string;
  /** What the button says that adds one. */
  addLabel?: string;
}

/** Rules in nested groups: all of, any of, none of. Says what it changes; the page keeps the condition, its history and its counts. */
export function ConditionBuilder({ root, fields, change, counts = null, counting = false, errors = NOTHING, readOnly = false, empty, addLabel }: ConditionBuilderProps) {
  const { t } = useTranslation('conditions');
  const fresh = useRef<string>(undefined);
  const [said, announce] = useState('');
  const builder = useMemo(
    () => ({
      root, fields, change, counts, counting, errors, readOnly, empty, addLabel, announce,
      focusNext: (id: string | undefined) => {
        fresh.current = id;
      },
      takesFocus: (id: string | undefined) => {
        const mine = id !== undefined && fresh.current === id;
        if (mine) fresh.current = undefined;
        return mine;
      },
    }),
    [root, fields, change, counts, counting, errors, readOnly, empty, addLabel],
  );
  return (
    <BuilderContext value={builder}>
      <div className={classes.builder} role="group" aria-label={t('label')}>
        <GroupView group={root} path={ROOT} />
        <p className="visually-hidden" aria-live="polite">{said}</p>
      </div>
    </BuilderContext>
  );
}

const ROOT: number[] = [];
