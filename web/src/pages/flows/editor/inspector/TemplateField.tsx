import { ActionIcon, Menu, Textarea } from '@mantine/core';
import { IconBraces } from '@tabler/icons-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useForm, type ControlProps } from './context';
import { errorAt } from './errors';
import classes from './inspector.module.css';
import { present } from './schema';
import { fieldName } from './words';

/** A text in which values of the contact and of the flow can stand: `{{ first_name }}`. */
export function TemplateField({ name, schema, value, place, onChange, lines }: ControlProps & { lines: boolean }) {
  const { t } = useTranslation('flows');
  const { root, errors, readOnly, values } = useForm();
  const field = useRef<HTMLTextAreaElement>(null);
  const { schema: own, nullable } = present(schema, root);
  const text = typeof value === 'string' ? value : '';
  const insert = (what: string): void => {
    const at = field.current?.selectionStart ?? text.length;
    const to = field.current?.selectionEnd ?? at;
    const mark = `{{ ${what} }}`;
    onChange(text.slice(0, at) + mark + text.slice(to));
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(at + mark.length, at + mark.length);
    });
  };
  const label = fieldName(t, name);
  return (
    <div className={classes.template} data-place={place}>
      <Textarea ref={field} label={label} description={own.description} autosize minRows={lines ? 3 : 1} maxRows={12} dir="auto" value={text} disabled={readOnly} error={errorAt(errors, place)} onChange={(event) => onChange(event.currentTarget.value === '' && nullable ? undefined : event.currentTarget.value, place)} />
      {!readOnly && (
        <Menu position="bottom-end" width={240}>
          <Menu.Target><ActionIcon className={classes.insert} variant="subtle" color="gray" size={26} aria-label={t('form.insert', { name: label })}><IconBraces size={16} aria-hidden /></ActionIcon></Menu.Target>
          <Menu.Dropdown mah={280} style={{ overflow: 'auto' }}>{values.map((one) => <Menu.Item key={one} onClick={() => insert(one)}>{`{{ ${one} }}`}</Menu.Item>)}</Menu.Dropdown>
        </Menu>
      )}
    </div>
  );
}
