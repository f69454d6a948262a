/** What every control of the inspector's form needs. */
import { createContext, use } from 'react';
import type { Errors } from './errors';
import type { Schema } from './schema';

export interface FormContext {
  /** Where `$ref`s are looked up. */
  root: Schema;
  content: Schema;
  errors: Errors;
  readOnly: boolean;
  /** What templates of this flow can name. */
  values: readonly string[];
  wanted: string | null;
}

export const Form = createContext<FormContext | null>(null);

export function useForm(): FormContext {
  const form = use(Form);
  if (!form) throw new Error('outside a form');
  return form;
}

export interface ControlProps { name: string; schema: Schema; value: unknown; place: string; onChange: (value: unknown, mark?: string) => void; siblings?: Readonly<Record<string, unknown>> }
