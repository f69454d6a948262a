import { ActionIcon, Button } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useForm, type ControlProps } from './context';
import { Control } from './Control';
import classes from './inspector.module.css';
import { ObjectFields } from './ObjectFields';
import { blank, controlOf, isRecord, present, type Control as Kind } from './schema';
import { fieldName } from './words';

interface ListProps extends ControlProps { control: Extract<Kind, { kind: 'list' }> }

const swapped = (items: unknown[], at: number, to: number): unknown[] => items.map((item, nth) => (nth === at ? items[to] : nth === to ? items[at] : item));

/** Items one below the other: add, take away, put into another order. */
export function ListField({ name, schema, value, place, onChange, control }: ListProps) {
  const { t } = useTranslation('flows');
  const { root, errors, readOnly } = useForm();
  const items: unknown[] = Array.isArray(value) ? value : [];
  const label = fieldName(t, name);
  const { description } = present(schema, root).schema;
  const wrong = errors.get(place);
  const set = (nth: number, next: unknown, mark?: string): void => onChange(items.map((item, each) => (each === nth ? next : item)), mark);
  const plain = controlOf(control.items, root);
  return (
    <fieldset className={classes.group} data-place={place}>
      <legend>{label}</legend>
      {description && <p className={classes.hint}>{description}</p>}
      {wrong && <p className={classes.wrong} role="alert">{wrong}</p>}
      <ol className={classes.items}>
        {items.map((item, nth) => (
          <li key={nth} className={classes.item} aria-label={t('form.item', { name: label, place: nth + 1 })}>
            <div className={classes.itemBody}>
              {plain.kind === 'object'
                ? <ObjectFields schema={plain.schema} value={isRecord(item) ? item : {}} place={`${place}/${nth}`} onChange={(next, mark) => set(nth, next, mark)} />
                : <Control name={name} schema={control.items} value={item} place={`${place}/${nth}`} onChange={(next, mark) => set(nth, next, mark)} />}
            </div>
            {!readOnly && (
              <div className={classes.itemActions}>
                <ActionIcon variant="subtle" color="gray" size={26} disabled={nth === 0} aria-label={t('form.up', { name: label, place: nth + 1 })} onClick={() => onChange(swapped(items, nth, nth - 1))}><IconArrowUp size={15} aria-hidden /></ActionIcon>
                <ActionIcon variant="subtle" color="gray" size={26} disabled={nth === items.length - 1} aria-label={t('form.down', { name: label, place: nth + 1 })} onClick={() => onChange(swapped(items, nth, nth + 1))}><IconArrowDown size={15} aria-hidden /></ActionIcon>
                <ActionIcon variant="subtle" color="gray" size={26} disabled={items.length <= control.least} aria-label={t('form.remove', { name: label, place: nth + 1 })} onClick={() => onChange(items.filter((_, each) => each !== nth))}><IconTrash size={15} aria-hidden /></ActionIcon>
              </div>
            )}
          </li>
        ))}
      </ol>
      {!readOnly && <Button className={classes.addItem} variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} disabled={items.length >= control.most} onClick={() => onChange([...items, blank(control.items, root)])}>{t('form.add')}<span className="visually-hidden"> {t('form.addTo', { name: label })}</span></Button>}
    </fieldset>
  );
}
