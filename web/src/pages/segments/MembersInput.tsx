import { Button, FileButton, Textarea } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LinkButton } from '../../ui/LinkButton';
import { formatCount } from '../../ui/numbers';
import { NUMBERS_MAX } from './findMembers';
import { readMembers, type MemberLines } from './memberLines';
import classes from './segments.module.css';

const WRONG_SHOWN = 5;
const FILE_BYTES_MAX = 20_000_000;

export interface MemberText { text: string; lines: MemberLines; tooLarge: boolean; onText: (text: string) => void; onTooLarge: () => void }

/** What was typed or read from a file, and what it says. */
export function useMemberLines(): MemberText {
  const [text, setText] = useState('');
  const [tooLarge, setTooLarge] = useState(false);
  const lines = useMemo(() => readMembers(text), [text]);
  return {
    text,
    lines,
    tooLarge,
    onText: (next) => {
      setTooLarge(false);
      setText(next);
    },
    onTooLarge: () => setTooLarge(true),
  };
}

/** Ids or numbers, typed, pasted or from a file: what they are is told at once. */
export function MembersInput({ text, lines, tooLarge, onText, onTooLarge }: MemberText) {
  const { t } = useTranslation('segments');
  const load = async (file: File | null): Promise<void> => {
    if (!file) return;
    if (file.size > FILE_BYTES_MAX) onTooLarge();
    else onText(await file.text());
  };
  return (
    <div className={classes.members}>
      <Textarea
        label={t('members.label')}
        description={t('members.hint')}
        placeholder={t('members.placeholder')}
        autosize
        minRows={6}
        maxRows={12}
        dir="ltr"
        spellCheck={false}
        value={text}
        error={tooLarge ? t('members.tooLarge') : undefined}
        onChange={(event) => onText(event.currentTarget.value)}
      />
      <div className={classes.membersBar}>
        <FileButton onChange={(file) => void load(file)} accept=".csv,.txt,text/csv,text/plain" inputProps={{ 'aria-label': t('members.file') }}>
          {(props) => <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={14} aria-hidden />}>{t('members.file')}</Button>}
        </FileButton>
        <span className={classes.note} role="status">
          {t('members.found', { ids: t('members.ids', { count: lines.ids.length }), numbers: t('members.numbers', { count: lines.numbers.length }) })}
        </span>
      </div>
      {lines.numbers.length > NUMBERS_MAX && (
        <div className={classes.wrongLines}>
          <p>{t('members.many', { most: formatCount(NUMBERS_MAX) })}</p>
          <LinkButton to="/imports/$importId" params={{ importId: 'new' }} size="xs" variant="default">{t('members.import')}</LinkButton>
        </div>
      )}
      {lines.wrong.length > 0 && (
        <div className={classes.wrongLines}>
          <p>{t('members.wrong', { count: lines.wrong.length })}</p>
          <ul>
            {lines.wrong.slice(0, WRONG_SHOWN).map((one) => <li key={one.line}>{t('members.line', { line: one.line })} <code>{one.text}</code></li>)}
          </ul>
          {lines.wrong.length > WRONG_SHOWN && <p>{t('members.moreWrong', { count: lines.wrong.length - WRONG_SHOWN })}</p>}
        </div>
      )}
    </div>
  );
}
