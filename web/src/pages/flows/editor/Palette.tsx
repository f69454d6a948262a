import { CloseButton, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { memo, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { DRAGGED } from './canvas/FlowCanvas';
import type { NodeType } from './document';
import classes from './editor.module.css';
import { firstSentence } from './inspector/schema';
import { looksOf } from './looks';
import { useNodeTypes } from './nodeTypes';
import { useActions } from './useActions';

function groups(types: Iterable<NodeType>, search: string): [string, NodeType[]][] {
  const found = new Map<string, NodeType[]>();
  const wanted = search.trim().toLocaleLowerCase();
  for (const type of types) {
    if (wanted !== '' && !`${type.title} ${type.group} ${type.description}`.toLocaleLowerCase().includes(wanted)) continue;
    found.set(type.group, [...(found.get(type.group) ?? []), type]);
  }
  return [...found];
}

/** The step that Enter adds: one whose title begins with what was typed before one that only holds it somewhere. */
function bestOf(types: NodeType[], search: string): NodeType | undefined {
  const wanted = search.trim().toLocaleLowerCase();
  const rank = ({ title }: NodeType): number => (title.toLocaleLowerCase().startsWith(wanted) ? 0 : title.toLocaleLowerCase().includes(wanted) ? 1 : 2);
  return types.toSorted((one, other) => rank(one) - rank(other))[0];
}

/** The kinds of steps, to drag onto the canvas or a way, or to add with a click or Enter. */
export const Palette = memo(function Palette({ field }: { field: RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation('flows');
  const types = useNodeTypes();
  const actions = useActions();
  const [search, setSearch] = useState('');
  const found = groups(types.values(), search);
  const first = bestOf(found.flatMap(([, all]) => all), search);
  return (
    <section className={classes.palette} aria-label={t('palette.label')}>
      <TextInput ref={field} size="sm" aria-label={t('palette.search')} placeholder={t('palette.search')} leftSection={<IconSearch size={15} aria-hidden />} rightSection={search && <CloseButton size={24} aria-label={t('common:action.clear')} onClick={() => setSearch('')} />} value={search} onChange={(event) => setSearch(event.currentTarget.value)} onKeyDown={(event) => {
        if (event.key === 'Enter' && first && search !== '') actions.add(first.type);
        else if (event.key === 'Escape') event.currentTarget.blur();
      }} />
      <div className={classes.paletteList}>
        {found.map(([group, all]) => (
          <div key={group} role="group" aria-label={group}>
            <div className={classes.paletteGroup}>{group}</div>
            {all.map((type) => {
              const { icon: Glyph, color } = looksOf(type.type);
              return (
                <button key={type.type} type="button" className={classes.paletteStep} title={firstSentence(type.description)} draggable onDragStart={(event) => {
                  event.dataTransfer.setData(DRAGGED, type.type);
                  event.dataTransfer.effectAllowed = 'copy';
                }} onClick={() => actions.add(type.type)}>
                  <span className={classes.paletteIcon} style={{ background: color }}><Glyph size={14} aria-hidden /></span>
                  {type.title}
                </button>
              );
            })}
          </div>
        ))}
        {found.length === 0 && <p className={classes.quiet}>{t('picker.none')}</p>}
      </div>
    </section>
  );
});
