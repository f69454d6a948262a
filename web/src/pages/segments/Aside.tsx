import { Tabs } from '@mantine/core';
import '@mantine/core/styles/Tabs.layer.css';
import { IconHelpCircle, IconHistory, IconLink, IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Segment } from '../../api/types';
import type { PlainGroup } from '../../ui/ConditionBuilder/condition';
import type { Field } from '../../ui/ConditionBuilder/fields';
import type { PickedPerson } from '../../ui/PersonPicker';
import { Samples } from './Samples';
import classes from './segments.module.css';
import { UsedBy } from './UsedBy';
import { Versions } from './Versions';
import { Why } from './Why';

interface AsideProps { segment: Segment | null; condition: PlainGroup; fields: readonly Field[]; dirty: boolean; writable: boolean; onRestored: (segment: Segment) => void }

/** Beside the rules: who is in, why somebody is in or out, what the rules were, what uses them. */
export function Aside({ segment, condition, fields, dirty, writable, onRestored }: AsideProps) {
  const { t } = useTranslation('segments');
  const [tab, setTab] = useState<string | null>('samples');
  const [person, setPerson] = useState<PickedPerson | null>(null);
  return (
    <aside className={`surface ${classes.aside}`} aria-label={t('aside.label')}>
      <Tabs value={tab} onChange={setTab} keepMounted={false} classNames={{ tab: classes.tab, list: classes.tabList, panel: classes.tabPanel }}>
        <Tabs.List aria-label={t('aside.label')}>
          <Tabs.Tab value="samples" leftSection={<IconUsers size={15} aria-hidden />}>{t('aside.samples')}</Tabs.Tab>
          <Tabs.Tab value="why" leftSection={<IconHelpCircle size={15} aria-hidden />}>{t('aside.why')}</Tabs.Tab>
          {segment && <Tabs.Tab value="versions" leftSection={<IconHistory size={15} aria-hidden />}>{t('aside.versions')}</Tabs.Tab>}
          {segment && <Tabs.Tab value="usedBy" leftSection={<IconLink size={15} aria-hidden />}>{t('aside.usedBy')}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="samples">
          <Samples
            condition={condition}
            onWhy={(who) => {
              setPerson(who);
              setTab('why');
            }}
          />
        </Tabs.Panel>
        <Tabs.Panel value="why"><Why condition={condition} person={person} onPick={setPerson} /></Tabs.Panel>
        {segment && <Tabs.Panel value="versions"><Versions segment={segment} fields={fields} dirty={dirty} writable={writable} onRestored={onRestored} /></Tabs.Panel>}
        {segment && <Tabs.Panel value="usedBy"><UsedBy segmentId={segment.id} /></Tabs.Panel>}
      </Tabs>
    </aside>
  );
}
