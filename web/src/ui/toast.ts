import { notifications } from '@mantine/notifications';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { asProblem } from '../api/problem';
import { problemWords } from './problemWords';

export function toast(message: ReactNode, options: { id?: string; ms?: number } = {}): string {
  return notifications.show({ id: options.id, message, autoClose: options.ms ?? 4_000, withBorder: true });
}

export const closeToast = (id: string): void => {
  notifications.hide(id);
};

/** Says what went wrong with something the person just did. */
export function toastProblem(t: TFunction, what: string, error: unknown): void {
  const { title, text } = problemWords(t, asProblem(error));
  notifications.show({ title: what, message: [title, text].filter(Boolean).join(' '), color: 'red', autoClose: 8_000, withBorder: true });
}
