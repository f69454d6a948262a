import { Button, Popover } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconTag, IconUserCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { correctIntent, intentLabelsQuery, takeBackIntent } from '../../api/replies';
import type { Message } from '../../api/types';
import { putCorrection } from '../../app/liveCache';
import { useMe } from '../../app/session';
import { ChoiceList } from '../../ui/ChoicePopover';
import { toastProblem, toastUndo } from '../../ui/toast';
import { intentName } from '../../ui/words';
import classes from './thread.module.css';

const percent = (value: number): string => `${Math.round(value * 100)} %`;

function Facts({ message }: { message: Message }) {
  const { t } = useTranslation('inbox');
  const why = message.routing?.reason;
  return (
    <dl className={classes.facts}>
      {message.corrected_intent && <dt>{t('intent.corrected')}</dt>}
      {message.corrected_intent && <dd>{intentName(message.corrected_intent)}</dd>}
      {message.intent && <dt>{t(message.corrected_intent ? 'intent.was' : 'intent.label')}</dt>}
      {message.intent && <dd>{intentName(message.intent)}</dd>}
      {message.confidence !== null && <dt>{t('intent.confidence')}</dt>}
      {message.confidence !== null && <dd>{percent(message.confidence ?? 0)}</dd>}
      {typeof why === 'string' && <dt>{t('intent.why')}</dt>}
      {typeof why === 'string' && <dd>{why}</dd>}
    </dl>
  );
}

/** Says at once what is chosen, and takes it back when the API refuses. */
function useCorrecting(message: Message): (intent: string | null) => void {
  const { t } = useTranslation('inbox');
  const client = useQueryClient();
  const say = async (intent: string | null, before: string | null): Promise<void> => {
    putCorrection(client, message.id, intent);
    try {
      await (intent === null ? takeBackIntent(message.id) : correctIntent(message.id, intent));
    } catch (error) {
      putCorrection(client, message.id, before);
      toastProblem(t, t('intent.notSaved'), error);
    }
  };
  return (intent) => {
    const before = message.corrected_intent;
    void say(intent, before);
    toastUndo(intent === null ? t('intent.takenBack') : t('intent.saved', { intent: intentName(intent) }), () => void say(before, intent));
  };
}

/** What the classifier read, and why the message went where it went; one click says what it should have read. */
export function IntentChip({ message }: { message: Message }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const mayWrite = can(me, 'writeInbox');
  const [opened, setOpened] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const correct = useCorrecting(message);
  const shown = message.corrected_intent ?? message.intent;
  const labels = useQuery({ ...intentLabelsQuery, enabled: mayWrite && (opened || !shown) });
  const named = (labels.data?.labels.length ?? 0) > 0;
  if (!shown && !named && typeof message.routing?.reason !== 'string') return null;
  const show = (open: boolean): void => {
    setOpened(open);
    setChoosing(false);
  };
  const Glyph = message.corrected_intent ? IconUserCheck : IconTag;
  return (
    <Popover opened={opened} onChange={show} position="bottom-start" width={300} withArrow trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={classes.intent} data-intent={shown ?? ''} data-corrected={message.corrected_intent ? true : undefined} title={t('intent.open')} aria-label={shown ? undefined : t('intent.unknown')} aria-expanded={opened} onClick={() => show(!opened)}>
          <Glyph size={12} aria-hidden />
          {shown && intentName(shown)}
          {shown && !message.corrected_intent && message.confidence !== null && <span>{percent(message.confidence ?? 0)}</span>}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        {choosing ? (
          <ChoiceList label={t('intent.choose')} choices={(labels.data?.labels ?? []).map((label) => ({ value: label, label: intentName(label) }))} chosen={shown ?? undefined} none={t('intent.none')} onPick={(label) => {
            show(false);
            if (label !== message.corrected_intent) correct(label);
          }} />
        ) : (
          <>
            <Facts message={message} />
            {mayWrite && (
              <div className={classes.correct}>
                {named && <Button size="xs" variant="default" onClick={() => setChoosing(true)}>{t(shown ? 'intent.correct' : 'intent.say')}</Button>}
                {message.corrected_intent && <Button size="xs" variant="subtle" onClick={() => {
                  show(false);
                  correct(null);
                }}>{t('intent.takeBack')}</Button>}
              </div>
            )}
          </>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
