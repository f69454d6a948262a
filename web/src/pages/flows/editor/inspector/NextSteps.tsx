import { ActionIcon, Button, Select } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { portsOf, type Step } from '../document';
import { connect, disconnect } from '../edits';
import { useDocument, useEditor } from '../editor';
import { useNodeTypes } from '../nodeTypes';
import { summaryOf } from '../summary';
import classes from './inspector.module.css';

const WORDS_MAX = 40;

/** What follows each way out of a step; joined here without dragging. */
export function NextSteps({ step }: { step: Step }) {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const types = useNodeTypes();
  const document = useDocument();
  const ports = portsOf(types.get(step.type), step.data);
  if (ports.length === 0) return <p className={classes.note}>{t('inspector.last')}</p>;
  const targets = document.nodes.filter((node) => node.type !== 'start').map((node) => {
    const words = summaryOf(node).slice(0, WORDS_MAX);
    return { value: node.id, label: `${types.get(node.type)?.title ?? node.type}${words && `: ${words}`}` };
  });
  return (
    <section className={classes.part} aria-label={t('inspector.next')}>
      <h3>{t('inspector.next')}</h3>
      {ports.map((port) => {
        const name = t(`port.${port}`, port);
        const target = document.edges.find((edge) => edge.source === step.id && edge.port === port)?.target ?? null;
        return (
          <div key={port} className={classes.nextRow}>
            <Select label={t('inspector.after', { port: name })} placeholder={t('inspector.ends')} data={targets} value={target} searchable clearable={false} disabled={!editor.writable} nothingFoundMessage={t('picker.none')} onChange={(to) => to !== null && editor.edit((old) => connect(old, { source: step.id, port, target: to }))} />
            {editor.writable && target === null && <Button variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => editor.canvas.current?.nextStep({ node: step.id, port })}>{t('inspector.add')}<span className="visually-hidden"> {t('inspector.addAfter', { port: name })}</span></Button>}
            {editor.writable && target !== null && <ActionIcon variant="default" size={32} aria-label={t('inspector.cut', { port: name })} onClick={() => editor.edit((old) => disconnect(old, { node: step.id, port }))}><IconX size={16} aria-hidden /></ActionIcon>}
          </div>
        );
      })}
    </section>
  );
}
