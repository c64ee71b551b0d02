/** Fields that many forms have. */
import type { FormField } from '../form.ts';

export const HOST: FormField = { name: 'host', title: 'Address', type: 'text', required: true };
export const USERNAME: FormField = { name: 'username', title: 'User name', type: 'text', required: false };
export const PASSWORD: FormField = { name: 'password', title: 'Password', type: 'password', required: false };
export const PATH: FormField = { name: 'path', title: 'Path', type: 'text', required: false, default: '/' };

/** A port; what is asked for by default needs no entry. */
export const port = (number: number, required = false): FormField => ({
  ...{ name: 'port', title: 'Port', type: 'number', required },
  default: String(number),
});

/** A text of this format alone. */
export const text = (name: string, title: string, rest: Partial<FormField> = {}): FormField => ({
  ...{ name, title, type: 'text', required: false },
  ...rest,
});

/** A choice; the first one is the default. */
export const select = (name: string, title: string, options: readonly string[]): FormField => ({
  ...{ name, title, type: 'select', required: false },
  ...{ options, default: options[0]! },
});
