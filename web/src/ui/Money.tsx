const language = (): string => document.documentElement.lang || 'en';

/** A decimal string in its currency: two digits or what the currency has, never through a float. */
export function formatMoney(amount: string, currency: string, digits?: number): string {
  const options: Intl.NumberFormatOptions = { style: 'currency', currency, currencyDisplay: 'code', minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language(), options).format(amount as Intl.StringNumericLiteral);
}

/** Money, exact to the micro on hover. */
export function Money({ amount, currency }: { amount: string; currency: string }) {
  return <span title={formatMoney(amount, currency, 6)}>{formatMoney(amount, currency)}</span>;
}
