/** A label of the classifier as people read it: `card_arrival` → `card arrival`. */
export const intentName = (label: string): string => label.replaceAll(/[_-]+/g, ' ').trim();

/** The server's words as a sentence of their own: the first letter is a capital, unless it is quoted. */
export const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
