import { ActionIcon } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCopy, IconPointer, IconTrash } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { attributesQuery } from '../../../../api/contacts';
import { flowNodesQuery } from '../../../../api/flows';
import { can } from '../../../../api/permissions';
import { useMe } from '../../../../app/session';
import { useStore } from '../../../../app/store';
import { loadArea } from '../../../../i18n';
import { EmptyState } from '../../../../ui/EmptyState';
import { stepOf, type Step } from '../document';
import { setData } from '../edits';
import { useDocument, useEditor } from '../editor';
import { looksOf } from '../looks';
import { useNodeTypes } from '../nodeTypes';
import { useActions } from '../useActions';
import { variablesOf } from '../variables';
import { Form, type FormContext } from './context';
import { errorsOf, troublesOf } from './errors';
import classes from './inspector.module.css';
import { NextSteps } from './NextSteps';
import { ObjectFields } from './ObjectFields';
import { firstSentence, type Schema } from './schema';

const OWN_VALUES = ['first_name', 'last_name', 'name', 'phone', 'language', 'reply.text'];
const EMPTY: Schema = {};

const Beside = lazy(async () => {
  await loadArea('flowpeek');
  return { default: (await import('../../peek/Beside')).Beside };
});

/** What templates can name here: the contact's values, its attributes, the flow's variables. */
function useValues(): string[] {
  const me = useMe();
  const document = useDocument();
  const { data } = useQuery({ ...attributesQuery, enabled: can(me, 'readContacts') });
  return useMemo(() => [...new Set([...OWN_VALUES, ...variablesOf(document).keys(), ...(data?.items ?? []).map((one) => one.key)])], [document, data]);
}

function StepForm({ step }: { step: Step }) {
  const editor = useEditor();
  const types = useNodeTypes();
  const { data } = useQuery(flowNodesQuery);
  const look = useStore(editor.look);
  const wanted = useStore(editor.wanted);
  const values = useValues();
  const box = useRef<HTMLDivElement>(null);
  const type = types.get(step.type);
  const root = (type?.data_schema ?? EMPTY) as Schema;
  const content = (data?.content_schema ?? EMPTY) as Schema;
  const errors = useMemo(() => errorsOf(step, type, content, troublesOf(look)), [step, type, content, look]);
  const form = useMemo<FormContext>(() => ({ root, content, errors, readOnly: !editor.writable, values, wanted }), [root, content, errors, editor.writable, values, wanted]);
  useEffect(() => {
    if (wanted === null) return;
    const [first] = [...(box.current?.querySelectorAll<HTMLElement>('[data-place]') ?? [])].filter((one) => wanted === one.dataset.place || wanted.startsWith(`${one.dataset.place ?? ''}/`)).toSorted((one, other) => (other.dataset.place ?? '').length - (one.dataset.place ?? '').length);
    const field = first?.matches('input,textarea,button') ? first : first?.querySelector<HTMLElement>('input,textarea,button');
    field?.focus();
    field?.scrollIntoView({ block: 'nearest' });
    editor.wanted.set(null);
  }, [wanted, editor]);
  return (
    <Form value={form}>
      <div ref={box}>
        <ObjectFields key={step.id} schema={root} value={step.data} place="" onChange={(next, mark) => editor.edit((old) => setData(old, step.id, next, types), mark === undefined ? '' : `${step.id}${mark}`)} />
      </div>
    </Form>
  );
}

/** The chosen step: what it is, its fields, what follows. */
export function InspectorPanel() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const types = useNodeTypes();
  const actions = useActions();
  const selection = useStore(editor.selection);
  const shown = useStore(editor.shown);
  const document = useDocument();
  const [id] = selection.nodes;
  const step = selection.nodes.length === 1 && id !== undefined ? stepOf(document, id) : undefined;
  if (shown) return <EmptyState icon={IconPointer} title={shown.title} text={t('inspector.shown')} />;
  if (!step) return <EmptyState icon={IconPointer} title={t('inspector.none')} text={t('inspector.noneText')} />;
  const type = types.get(step.type);
  const about = firstSentence(type?.description ?? '');
  const { icon: Glyph, color } = looksOf(step.type);
  return (
    <div className={classes.inspector}>
      <header className={classes.head}>
        <span className={classes.icon} style={{ background: color }}><Glyph size={16} aria-hidden /></span>
        <h2>{type?.title ?? step.type}</h2>
        {editor.writable && <ActionIcon variant="subtle" color="gray" size={30} aria-label={t('action.duplicate')} title={t('action.duplicate')} onClick={actions.duplicate}><IconCopy size={16} aria-hidden /></ActionIcon>}
        {editor.writable && <ActionIcon variant="subtle" color="gray" size={30} aria-label={t('action.remove')} title={t('action.remove')} onClick={actions.remove}><IconTrash size={16} aria-hidden /></ActionIcon>}
      </header>
      {about !== `${type?.title}.` && <p className={classes.note}>{about}</p>}
      <StepForm step={step} />
      {/^(start|sub_flow)$/.test(step.type) && <Suspense><Beside step={step} /></Suspense>}
      <NextSteps step={step} />
      <p className={classes.note}>{t('inspector.id', { id: step.id })}</p>
    </div>
  );
}
