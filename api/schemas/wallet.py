"""The wallet and its journal."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.common import Amount, In, Instant, Money, Out, Page, TransactionId


class Wallet(Out):
    balance: Money
    held: Money
    available: Money
    credit_limit: Money
    currency: str
    overdrawn: bool


class TopUp(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "50.00", "currency": "EUR", "reference": "invoice 17"}]}
    )

    amount: Amount
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    reference: Annotated[str, Field(max_length=200)] = ""


class TopUpResult(Out):
    transaction_id: TransactionId
    wallet: Wallet


class LedgerEntry(Out):
    """One row of the journal: an amount moved from the debit to the credit account."""

    id: TransactionId
    transaction_id: TransactionId
    kind: str
    source_type: str
    debit_account: str
    credit_account: str
    amount: Money
    currency: str
    note: str
    created_at: Instant


class LedgerPage(Page[LedgerEntry]):
    pass
