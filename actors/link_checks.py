"""Looks at accounts that are spoken to over a kept connection: the actor that keeps it is asked.

A provider joins by one row in `_KEEPERS`: its name and the question to its host, which answers "" or what is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from actors.bind_calls import bind_host
from actors.trunk_calls import trunk_host
from hub.channels.base import Account
from hub.channels.checks import Check
from hub.errors import HubError, Unavailable
from hub.settings import Settings

CHECK_S = 20.0


async def _trunk(settings: Settings, account: Account) -> str:
    answer: str = await trunk_host(settings).call("check", account.id, timeout_s=CHECK_S)
    return answer


async def _bind(settings: Settings, account: Account) -> str:
    answer: str = await bind_host(settings, account.id).call("check", account.id, timeout_s=CHECK_S)
    return answer


_KEEPERS: Mapping[str, tuple[Callable[[Settings, Account], Awaitable[str]], str]] = {
    "sip": (_trunk, "The trunk is open; where it wants a registration, it accepted it."),
    "smpp": (_bind, "The SMSC took the password, and the bind is open."),
}


async def check_link(settings: Settings, account: Account) -> Check:
    """Ask the keeper of the account's connection. Never raises for what is wrong with the account."""
    keeper = _KEEPERS.get(account.provider)
    if keeper is None:
        return Check(False, "not-checked", f"an account of {account.provider} cannot be checked from here")
    ask, well = keeper
    began = time.monotonic()
    try:
        wrong = await ask(settings, account)
    except Unavailable as error:
        return Check(False, "connection", str(error), None, _since(began))
    except HubError as error:
        wrong = str(error)
    return Check(not wrong, "refused" if wrong else "ok", wrong or well, None, _since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
