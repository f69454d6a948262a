"""The wallet of the acting tenant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request

from api.deps import Actors, Db, require
from api.idempotency import source_id
from api.requests import HubRoute
from api.schemas import wallet as schemas
from api.schemas.common import PAGE_DEFAULT, Limit, TransactionId
from hub.billing import service
from hub.billing.store import LedgerEntry, WalletState
from hub.errors import Invalid
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/wallet", tags=["wallet"], route_class=HubRoute)

Reader = Annotated[Caller, require("wallet:read")]
Payer = Annotated[Caller, require("wallet:top_up")]


@router.get("", operation_id="get_wallet")
async def wallet(db: Db, caller: Reader) -> schemas.Wallet:
    """Balance, what open holds have set aside, and what is left to spend."""
    return _wallet(await service.wallet_view(db, caller.tenant_id))


@router.post(
    "/top-ups", status_code=201, operation_id="top_up_wallet", openapi_extra={"x-idempotency": "required"}
)
async def top_up(
    body: schemas.TopUp, request: Request, db: Db, caller: Payer, hub: Actors
) -> schemas.TopUpResult:
    """Pay into the wallet. The same Idempotency-Key never pays twice."""
    if body.amount <= 0:
        raise Invalid("a top-up is more than nothing", "/amount")
    known = await service.wallet_view(db, caller.tenant_id)
    if body.currency != known.currency:
        raise Invalid(f"the wallet is kept in {known.currency}", "/currency")
    transaction_id = source_id(request, caller)
    await hub.top_up(caller.tenant_id, transaction_id, body.amount, body.currency, body.reference)
    paid = await service.wallet_view(
        db, caller.tenant_id
    )  # a new statement sees what the wallet's host committed
    return schemas.TopUpResult(transaction_id=transaction_id, wallet=_wallet(paid))


@router.get("/transactions", operation_id="list_wallet_transactions")
async def transactions(
    db: Db, caller: Reader, limit: Limit = PAGE_DEFAULT, starting_after: TransactionId | None = None
) -> schemas.LedgerPage:
    """The journal, newest first."""
    page = await service.list_transactions(db, caller.tenant_id, limit, starting_after)
    return schemas.LedgerPage(items=[_entry(entry) for entry in page.items], has_more=page.has_more)


def _wallet(state: WalletState) -> schemas.Wallet:
    return schemas.Wallet(
        balance=state.balance_micros,
        held=state.held_micros,
        available=state.available_micros,
        credit_limit=state.credit_limit_micros,
        currency=state.currency,
        overdrawn=state.overdrawn,
    )


def _entry(entry: LedgerEntry) -> schemas.LedgerEntry:
    return schemas.LedgerEntry(
        id=entry.id,
        transaction_id=entry.transaction_id,
        kind=entry.kind,
        source_type=entry.source_type,
        debit_account=entry.debit_account,
        credit_account=entry.credit_account,
        amount=entry.amount_micros,
        currency=entry.currency,
        note=entry.note,
        created_at=entry.created_at,
    )
