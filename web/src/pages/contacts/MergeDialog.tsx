import { Button, Modal } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowsExchange } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { detailQuery, duplicatesQuery, merge, undoMerge, type Choices } from '../../api/contacts';
import type { Contact, ContactDetail, MergeField, MergePreview, Scalar } from '../../api/contactTypes';
import { keys } from '../../api/keys';
import { Avatar } from '../../ui/Avatar';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toastProblem, toastUndo } from '../../ui/toast';
import { When } from '../../ui/When';
import { ContactPicker } from './ContactPicker';
import classes from './dialogs.module.css';
import { languageName, titleOf, valueWords } from './words';

/** What a merge or its undoing changes: everything about both, and the lists. */
export function useContactsAgain(): (...ids: string[]) => void {
  const client = useQueryClient();
  return (...ids) => {
    for (const id of ids) {
      void client.invalidateQueries({ queryKey: keys.contact(id) });
      void client.invalidateQueries({ queryKey: keys.timelines(id) });
      void client.invalidateQueries({ queryKey: keys.duplicates(id) });
    }
    for (const queryKey of [keys.contactAllRows, keys.contactCounts, keys.tags]) void client.invalidateQueries({ queryKey });
  };
}

function Person({ contact, role }: { contact: ContactDetail | undefined; role: string }) {
  const { t } = useTranslation('contacts');
  return (
    <div className={classes.side}>
      <small>{role}</small>
      {contact ? (
        <div className={classes.sideWho}>
          <Avatar name={contact.name} id={contact.id} size={32} />
          <div>
            <strong><bdi>{titleOf(contact)}</bdi></strong>
            <span dir="ltr">{contact.phone}</span>
            <span>{t('merge.since')} <When at={contact.created_at} /></span>
          </div>
        </div>
      ) : <div className="skeleton" style={{ height: 48 }} />}
    </div>
  );
}

function Value({ field, value }: { field: string; value: unknown }) {
  const { t } = useTranslation('contacts');
  if (value === null || value === undefined || value === '') return <span className={classes.dim}>{t('merge.empty')}</span>;
  const text = field === 'language' ? languageName(String(value)) : Array.isArray(value) ? value.join(', ') : valueWords(value as Scalar, undefined, { yes: t('value.yes'), no: t('value.no') });
  return <span dir="auto">{text}</span>;
}

interface FieldsProps { preview: MergePreview; choices: Choices; onChoose: (field: string, side: 'winner' | 'loser') => void }

/** Field by field, what each has; where they differ, which one stays. */
function Fields({ preview, choices, onChoose }: FieldsProps) {
  const { t } = useTranslation('contacts');
  const same = (field: MergeField): boolean => JSON.stringify(field.winner) === JSON.stringify(field.loser);
  const differing = preview.fields.filter((field) => !same(field));
  if (differing.length === 0) return <p className={classes.dim}>{t('merge.same')}</p>;
  return (
    <table className={classes.fields}>
      <thead><tr><th scope="col">{t('merge.field')}</th><th scope="col">{t('merge.winner')}</th><th scope="col">{t('merge.loser')}</th></tr></thead>
      <tbody>
        {differing.map((field) => {
          const kept = choices[field.field] ?? (JSON.stringify(field.result) === JSON.stringify(field.loser) ? 'loser' : 'winner');
          return (
            <tr key={field.field}>
              <th scope="row">{t(`column.${field.field}`, field.label)}</th>
              {(['winner', 'loser'] as const).map((side) => (
                <td key={side} data-kept={kept === side || undefined}>
                  <label>
                    <input type="radio" name={`merge ${field.field}`} checked={kept === side} onChange={() => onChoose(field.field, side)} />
                    <Value field={field.field} value={field[side]} />
                  </label>
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Moves({ moves, name }: { moves: Record<string, number>; name: string }) {
  const { t } = useTranslation('contacts');
  const parts = Object.entries(moves).filter(([, count]) => count > 0).map(([what, count]) => t(`merge.moves.${what}`, { count, defaultValue: `${count} ${what}` }));
  const list = new Intl.ListFormat(document.documentElement.lang || 'en').format(parts);
  return <p className={classes.moves}>{parts.length === 0 ? t('merge.nothingMoves') : t('merge.move', { list, name })}</p>;
}

interface PairProps { winnerId: string; loserId: string; onSwap: () => void; onClose: () => void; onDone: () => void }

function usePair(winnerId: string, loserId: string) {
  const winner = useQuery(detailQuery(winnerId));
  const loser = useQuery(detailQuery(loserId));
  return { winner: winner.data, loser: loser.data, error: winner.error ?? loser.error };
}

function Pair({ winnerId, loserId, onSwap, onClose, onDone }: PairProps) {
  const { t } = useTranslation('contacts');
  const navigate = useNavigate();
  const again = useContactsAgain();
  const { winner, loser, error } = usePair(winnerId, loserId);
  const [choices, setChoices] = useState<Choices>({});
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const preview = useQuery({ queryKey: ['contacts', 'merge', winnerId, loserId, choices], queryFn: () => merge(winnerId, loserId, choices, true), gcTime: 0, retry: false, placeholderData: keepPreviousData });
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      const { merge_id } = await merge(winnerId, loserId, choices, false);
      again(winnerId, loserId);
      onDone();
      onClose();
      await navigate({ to: '/contacts/$contactId', params: { contactId: winnerId } });
      const undo = (): void => void undoMerge(merge_id ?? '').then(() => again(winnerId, loserId), (problem: unknown) => toastProblem(t, t('merge.notUndone'), problem));
      toastUndo(t('merge.done', { winner: winner ? titleOf(winner) : '', loser: loser ? titleOf(loser) : '' }), undo);
    } catch (problem) {
      setFailed(problem);
      setBusy(false);
    }
  };
  const problem = failed ?? preview.error ?? error;
  return (
    <>
      <div className={classes.pair}>
        <Person contact={winner} role={t('merge.winner')} />
        <button type="button" className={classes.swap} aria-label={t('merge.swap')} title={t('merge.swap')} onClick={() => {
          setChoices({});
          onSwap();
        }}><IconArrowsExchange size={18} aria-hidden /></button>
        <Person contact={loser} role={t('merge.loser')} />
      </div>
      {problem && <ProblemAlert error={problem} />}
      {preview.data ? (
        <>
          <Fields preview={preview.data} choices={choices} onChoose={(field, side) => setChoices((old) => ({ ...old, [field]: side }))} />
          <Moves moves={preview.data.moves} name={winner ? titleOf(winner) : ''} />
        </>
      ) : !problem && <div aria-busy><div className="skeleton" style={{ height: 140 }} /></div>}
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
        <Button loading={busy} disabled={!preview.data || preview.isPlaceholderData} onClick={() => void run()}>{t('merge.run')}</Button>
      </div>
    </>
  );
}

/** Two contacts become one. Nothing happens before the preview was seen, and all of it can be undone. */
export function MergeDialog({ winnerId, loserId, onClose, onDone }: { winnerId: string; loserId?: string | undefined; onClose: () => void; onDone?: () => void }) {
  const { t } = useTranslation('contacts');
  const [pair, setPair] = useState<[string, string | undefined]>([winnerId, loserId]);
  const { data: hints } = useQuery({ ...duplicatesQuery(winnerId), enabled: !loserId, retry: false });
  const [first, second] = pair;
  const offered: Contact[] = (hints?.items ?? []).map((hint) => hint.contact);
  return (
    <Modal opened onClose={onClose} title={t('merge.title')} size={second ? 'xl' : 'md'} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      {second === undefined ? (
        <ContactPicker label={t('merge.pick')} first={offered} without={winnerId} onPick={(contact) => setPair([winnerId, contact.id])} />
      ) : (
        <div className={classes.stack}>
          <Pair key={first} winnerId={first} loserId={second} onSwap={() => setPair([second, first])} onClose={onClose} onDone={() => onDone?.()} />
        </div>
      )}
    </Modal>
  );
}
