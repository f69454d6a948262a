/** What a person does with a call. One thing at a time: a second click waits for the first to be answered, it is not lost. */
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  answerCall, cancelTransfer, completeTransfer, declineCall, endCall, holdCall, listenToCall, muteCall, pressKeys, resumeCall, stopListening, transferCall, type CallTransfer,
} from '../api/calls';
import { keys } from '../api/keys';
import type { DeskCall } from '../api/types';
import { toastProblem } from '../ui/toast';
import { putCall } from './liveCalls';

const DOES = {
  answer: answerCall, decline: declineCall, hold: holdCall, resume: resumeCall, complete: completeTransfer, cancel: cancelTransfer, end: endCall, listen: listenToCall, stop: stopListening,
} as const;
export type Doing = keyof typeof DOES;
const FAILED: Partial<Record<string, string>> = { answer: 'call:notAnswered', decline: 'call:notDeclined', listen: 'call:listenFailed', transfer: 'call:to.failed' };

export interface CallActions {
  busy: string | null;
  act: (what: Doing) => Promise<boolean>;
  mute: (muted: boolean) => Promise<boolean>;
  press: (pressed: string) => Promise<boolean>;
  transfer: (to: CallTransfer) => Promise<boolean>;
}

export function useCall(call: DeskCall): CallActions {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [busy, setBusy] = useState<string | null>(null);
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const run = (name: string, ask: () => Promise<DeskCall>): Promise<boolean> => {
    const mine = last.current.then(async () => {
      setBusy(name);
      try {
        putCall(client, await ask());
        return true;
      } catch (error) {
        toastProblem(t, t(FAILED[name] ?? 'call:failed'), error);
        void client.invalidateQueries({ queryKey: keys.liveCalls });
        return false;
      } finally {
        setBusy(null);
      }
    });
    last.current = mine;
    return mine;
  };
  return {
    busy,
    act: (what) => run(what, () => DOES[what](call.id)),
    mute: (muted) => run('mute', () => muteCall(call.id, muted)),
    press: (pressed) => run('keys', () => pressKeys(call.id, pressed)),
    transfer: (to) => run('transfer', () => transferCall(call.id, to)),
  };
}
