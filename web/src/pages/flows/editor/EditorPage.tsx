import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { flowDraftQuery, flowQuery, saveFlowDraft, type Flow, type FlowDraft } from '../../../api/flows';
import { can } from '../../../api/permissions';
import { draftKey, readDraft, writeDraft } from '../../../app/drafts';
import { Denied } from '../../../app/Fallbacks';
import { useMe } from '../../../app/session';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { documentOf, sameDocument, type FlowDocument } from './document';
import { EditorContext, makeEditor, startHistory, type Editor } from './editor';
import classes from './editor.module.css';
import { keep, unkeep } from './kept';
import { DraftSaver } from './saving';
import { SaverContext } from './saverContext';
import { Workbench } from './Workbench';

interface Begun { editor: Editor; saver: DraftSaver }

/** The editor of a draft, with what was kept of its history in this browser. */
function begin(flow: Flow, draft: FlowDraft, document: FlowDocument, writable: boolean, key: string): Begun {
  const found = writable ? unkeep(readDraft(key)) : null;
  // A save whose answer was lost to a reload has arrived all the same.
  const arrived = found !== null && !found.saved && sameDocument(found.history.present, document);
  const kept = arrived ? { ...found, saved: true, draft: draft.version } : found;
  // What was saved here is what the server has, as long as its number is the same; what was not is saved over what it came from.
  const use = kept && (kept.draft === draft.version || !kept.saved) ? kept : null;
  const editor = makeEditor(flow.id, flow.name, writable, use?.history ?? startHistory(document), use?.draft ?? draft.version, draft.version > 0 ? draft.updated_at : null);
  const saver = new DraftSaver(editor, {
    save: (version, next) => saveFlowDraft(flow.id, version, { ...next }),
    keep: (saved) => writeDraft(key, keep(editor.history.get(), editor.draft.get(), saved)),
  }, use !== null && !use.saved);
  return { editor, saver };
}

function Loaded({ flow, draft, document }: { flow: Flow; draft: FlowDraft; document: FlowDocument }) {
  const me = useMe();
  const writable = can(me, 'writeCampaigns') && flow.archived_at === null;
  const [{ editor, saver }] = useState(() => begin(flow, draft, document, writable, draftKey(me.tenant.id, me.user?.id ?? '', flow.id)));
  useEffect(() => saver.follow(), [saver]);
  return (
    <EditorContext value={editor}>
      <SaverContext value={saver}>
        <Workbench flow={flow} />
      </SaverContext>
    </EditorContext>
  );
}

function Opened({ flowId }: { flowId: string }) {
  const { t } = useTranslation('flows');
  const flow = useQuery(flowQuery(flowId));
  const draft = useQuery({ ...flowDraftQuery(flowId), refetchOnWindowFocus: false, refetchOnReconnect: false });
  const error = flow.error ?? draft.error;
  if (error && !(flow.data && draft.data)) return <div className={classes.alone}><ProblemAlert error={error} onRetry={() => void Promise.all([flow.refetch(), draft.refetch()])} /></div>;
  if (!flow.data || !draft.data) return <div className={classes.loading} aria-busy><div className="skeleton" /><div className="skeleton" /><div className="skeleton" /></div>;
  const document = documentOf(draft.data.document);
  if (!document) return <div className={classes.alone}><p role="alert">{t('editor.unreadable')}</p></div>;
  return <Loaded key={flowId} flow={flow.data} draft={draft.data} document={document} />;
}

/** A flow to draw, look at, play and publish. */
export function EditorPage() {
  const me = useMe();
  const { flowId } = useParams({ from: '/app/flows/$flowId' });
  return can(me, 'readCampaigns') ? <Opened key={flowId} flowId={flowId} /> : <Denied />;
}
