/** How a CSV file may be written: those people meet. The server knows more, and shows what it found. */
export const ENCODINGS = ['utf-8', 'utf-8-sig', 'utf-16', 'cp1252', 'cp1250', 'cp1251', 'cp1253', 'cp1254', 'cp1255', 'cp1256', 'iso8859-1', 'iso8859-2', 'iso8859-15', 'koi8-r', 'shift_jis', 'euc-jp', 'gb18030', 'big5', 'euc-kr', 'mac-roman'] as const;
export const DELIMITERS = [',', ';', '\t', '|'] as const;
export const QUOTES = ['"', "'"] as const;
