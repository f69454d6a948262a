import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { detailQuery, patchContact } from '../../../api/contacts';
import type { ContactDetail } from '../../../api/contactTypes';
import { keys } from '../../../api/keys';
import { asProblem } from '../../../api/problem';
import { toastProblem } from '../../../ui/toast';
import { changeOf, differs, readField, type FieldChange } from './edits';

/** Two people changed the same field: what was there, what each wants. */
export interface Conflict { change: FieldChange; label: string; theirs: ContactDetail; by: string; at: string }

export interface Edit {
  save: (base: ContactDetail, change: FieldChange, label: string) => Promise<boolean>;
  conflict: Conflict | null;
  keepMine: () => void;
  takeTheirs: () => void;
  put: (fresh: ContactDetail) => void;
}

/**
 * Saves one field under the ETag of what the writer saw. When somebody else changed another field meanwhile, it is
 * saved on top; when they changed the same one, the writer decides.
 */
export function useEdit(id: string): Edit {
  const client = useQueryClient();
  const { t } = useTranslation('contacts');
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const settle = useRef<(saved: boolean) => void>(() => undefined);
  const put = useCallback((fresh: ContactDetail) => {
    client.setQueryData<ContactDetail>(keys.contact(id), (old) => (old && old.version > fresh.version ? old : fresh));
    void client.invalidateQueries({ queryKey: keys.timelines(id) });
    void client.invalidateQueries({ queryKey: keys.contactAllRows, refetchType: 'none' });
  }, [client, id]);
  const attempt = async (base: ContactDetail, change: FieldChange, label: string): Promise<boolean> => {
    try {
      put(await patchContact(id, base.version, changeOf(change)));
      return true;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status !== 412) {
        toastProblem(t, t('edit.failed', { name: label }), error);
        return false;
      }
      const theirs = await client.fetchQuery({ ...detailQuery(id), staleTime: 0 });
      if (!differs(readField(base, change.field), readField(theirs, change.field))) return attempt(theirs, change, label);
      if (!differs(readField(theirs, change.field), change.value)) return true;
      const { changed_by, changed_at } = problem.members;
      setConflict({ change, label, theirs, by: typeof changed_by === 'string' ? changed_by : '', at: typeof changed_at === 'string' && changed_at ? changed_at : theirs.updated_at });
      return new Promise((resolve) => {
        settle.current = resolve;
      });
    }
  };
  const close = (saved: boolean): void => {
    setConflict(null);
    settle.current(saved);
  };
  return {
    save: attempt,
    conflict,
    keepMine: () => {
      if (!conflict) return;
      const { theirs, change, label } = conflict;
      setConflict(null);
      void attempt(theirs, change, label).then((saved) => settle.current(saved));
    },
    takeTheirs: () => close(true),
    put,
  };
}
