import { notifications } from '@mantine/notifications';
import i18next, { type TFunction } from 'i18next';
import { createElement, type ReactNode } from 'react';
import { asProblem } from '../api/problem';
import { problemWords } from './problemWords';
import { UndoToast } from './UndoToast';

const look = () => ({ withBorder: true, closeButtonProps: { 'aria-label': i18next.t('common:action.close') } });

export function toast(message: ReactNode, options: { id?: string; ms?: number } = {}): string {
  return notifications.show({ id: options.id, message, autoClose: options.ms ?? 4_000, ...look() });
}

export const closeToast = (id: string): void => {
  notifications.hide(id);
};

/** Says what went wrong with something the person just did. */
export function toastProblem(t: TFunction, what: string, error: unknown): void {
  const problem = asProblem(error);
  if (problem.status === 401) return; // the page already asks to sign in again
  const { title, text } = problemWords(t, problem);
  notifications.show({ title: what, message: [title, text].filter(Boolean).join(' '), color: 'red', autoClose: 8_000, ...look() });
}

const UNDO_MS = 8_000;

let lastUndo: string | null = null;

/** What was done before cannot be taken back any more: something else is done now that may hang on it. */
export function endUndo(): void {
  if (lastUndo !== null) closeToast(lastUndo);
  lastUndo = null;
}

/** Says what was done, and lets it be taken back for eight seconds, or until something else can be. */
export function toastUndo(text: string, undo: () => void): void {
  const id = `undo ${Date.now()}`;
  endUndo();
  lastUndo = id;
  toast(createElement(UndoToast, { text, onUndo: () => {
    closeToast(id);
    undo();
  } }), { id, ms: UNDO_MS });
}
