"""Integer micros (10⁻⁶ of the main unit) and the rounding of docs: HALF_UP on the absolute value."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

from hub.errors import Invalid

MICROS = 1_000_000
MICROS_MAX = 2**63 - 1
CONTEXT = Context(prec=50)
_DECIMAL = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,9})?")


def parse_micros(text: str, pointer: str = "") -> int:
    """`"12.345678"` to 12345678. Raises Invalid for exponents, NaN, floats or more than 6 decimals."""
    if not _DECIMAL.fullmatch(text):
        raise Invalid("an amount is a decimal string such as 12.50", pointer)
    micros = CONTEXT.multiply(Decimal(text), Decimal(MICROS))
    if micros != micros.to_integral_value():
        raise Invalid("an amount has at most 6 decimals", pointer)
    if abs(micros) > MICROS_MAX:
        raise Invalid("the amount is too large", pointer)
    return int(micros)


def format_micros(micros: int) -> str:
    """12345678 to `"12.345678"`; always six decimals, so that nothing is hidden."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS)
    return f"{sign}{whole}.{rest:06d}"


def round_micros(amount: Decimal) -> int:
    """Main units to micros, HALF_UP on the absolute value (rule R1)."""
    scaled = CONTEXT.multiply(amount, Decimal(MICROS))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=CONTEXT))
