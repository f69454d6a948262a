/** Names of fields and values as people read them. */
import type { TFunction } from 'i18next';

const plain = (name: string): string => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export const fieldName = (t: TFunction, name: string): string => t(`flows:field.${name}`, plain(name));
export const valueName = (t: TFunction, name: string): string => t(`flows:value.${name}`, plain(name));
