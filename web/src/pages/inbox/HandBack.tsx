import { Button, Popover, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconRoute } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../api/types';
import { wrapUpsQuery } from '../../api/wrapUps';
import classes from './thread.module.css';
import type { ConversationActions } from './useActions';

const OUTCOME_CHARS_MAX = 80;

interface HandBackProps { row: Conversation; actions: ConversationActions; opened: boolean; onChange: (opened: boolean) => void }

/** The journeys that wait for the people to be done, and the way back into them. */
export default function HandBack({ row, actions, opened, onChange }: HandBackProps) {
  const { t } = useTranslation('inbox');
  const { data } = useQuery(wrapUpsQuery);
  const [outcome, setOutcome] = useState('');
  const codes = useId();
  return (
    <div className={classes.handedOn} role="note" aria-label={t('back.label')} data-testid="hand-back">
      <IconRoute size={15} aria-hidden />
      <span className={classes.backText}>{t('back.waits', { count: row.waiting_flows.length, flows: row.waiting_flows.map((flow) => flow.name).join(', ') })}</span>
      <Popover opened={opened} onChange={onChange} position="top-end" trapFocus returnFocus withinPortal>
        <Popover.Target>
          <Button variant="default" size="compact-sm" onClick={() => onChange(!opened)} title={t('back.key')}>{t('back.do')}</Button>
        </Popover.Target>
        <Popover.Dropdown>
          <form
            className={classes.backForm}
            onSubmit={(event) => {
              event.preventDefault();
              onChange(false);
              actions.handBack(row, outcome.trim());
            }}
          >
            <TextInput
              data-autofocus
              label={t('back.outcome')}
              description={t('back.hint')}
              maxLength={OUTCOME_CHARS_MAX}
              list={codes}
              value={outcome}
              onChange={(event) => setOutcome(event.currentTarget.value)}
            />
            <datalist id={codes}>{(data?.codes ?? []).map((code) => <option key={code} value={code}>{code}</option>)}</datalist>
            <Button type="submit" size="sm">{t('back.do')}</Button>
          </form>
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}
