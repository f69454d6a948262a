/** Where a person asks for a saved reply: the word after a slash at the end of what they type. */

const SLASH = /(^|\s)\/([\p{L}\p{N}_-]*)$/u;

/** What follows the slash (also nothing yet), or null when none is being typed. */
export const slashWord = (text: string): string | null => SLASH.exec(text)?.[2] ?? null;

/** `text` with the slash and its word replaced. */
export const withReply = (text: string, reply: string): string => text.replace(SLASH, (_, before: string) => before + reply);
