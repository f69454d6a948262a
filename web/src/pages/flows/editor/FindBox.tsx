import { ActionIcon, TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconX } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { inReadingOrder } from './canvas/neighbour';
import { NOTHING } from './document';
import { useDocument, useEditor } from './editor';
import classes from './editor.module.css';
import { useNodeTypes } from './nodeTypes';
import { found } from './find';

/** Finds steps by what they are called and by every word in them. */
export function FindBox({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const types = useNodeTypes();
  const document = useDocument();
  const [search, setSearch] = useState('');
  const [at, setAt] = useState(0);
  const hits = useMemo(() => found(inReadingOrder(document.nodes), types, search), [document, types, search]);
  const go = (to: number, list = hits): void => {
    const nth = list.length === 0 ? 0 : (to + list.length) % list.length;
    const hit = list[nth];
    setAt(nth);
    if (!hit) return;
    editor.select({ ...NOTHING, nodes: [hit] });
    editor.canvas.current?.center(hit);
  };
  return (
    <div className={classes.find} role="search">
      <TextInput autoFocus aria-label={t('find.label')} placeholder={t('find.label')} value={search} onChange={(event) => {
        const next = event.currentTarget.value;
        setSearch(next);
        go(0, found(inReadingOrder(document.nodes), types, next));
      }} onKeyDown={(event) => {
        if (event.key === 'Enter') go(event.shiftKey ? at - 1 : at + 1);
        else if (event.key === 'Escape') onClose();
      }} />
      <span className={classes.quiet} aria-live="polite">{search.trim() === '' ? '' : hits.length === 0 ? t('picker.none') : t('find.place', { place: at + 1, count: hits.length })}</span>
      <ActionIcon variant="subtle" color="gray" size={28} disabled={hits.length === 0} aria-label={t('find.previous')} onClick={() => go(at - 1)}><IconChevronUp size={16} aria-hidden /></ActionIcon>
      <ActionIcon variant="subtle" color="gray" size={28} disabled={hits.length === 0} aria-label={t('find.next')} onClick={() => go(at + 1)}><IconChevronDown size={16} aria-hidden /></ActionIcon>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('common:action.close')} onClick={onClose}><IconX size={16} aria-hidden /></ActionIcon>
    </div>
  );
}
