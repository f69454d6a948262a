"""SMPP's command_status values. Source: channel reference section 2; SMPP 3.4, 5.1.3, and 5.0, 4.7.6."""

from __future__ import annotations

from collections.abc import Mapping

from hub.channels.codes import Meaning, Retry

AGAIN, SLOWER, NEVER, SUPPRESS, STOP = (
    Retry.AGAIN,
    Retry.SLOWER,
    Retry.NEVER,
    Retry.SUPPRESS,
    Retry.STOP,
)
NO_BIND = -1  # not SMPP's: there was no bind to ask over
FEW = 2  # attempts, where the SMSC gives no reason that would let us hope for more

CODES: Mapping[int, Meaning] = {
    0x01: Meaning("the message's length is not valid", NEVER),
    0x02: Meaning("the command's length is not valid", NEVER),
    0x03: Meaning("the SMSC does not know the command", NEVER),
    0x04: Meaning("the bind is in the wrong state", STOP),
    0x05: Meaning("the account is bound already", STOP),
    0x08: Meaning("the SMSC has a fault", AGAIN),
    0x0A: Meaning("the sender is not valid", STOP),
    0x0B: Meaning("the number is not valid", SUPPRESS),
    0x0C: Meaning("the SMSC does not know the message", NEVER),
    0x0D: Meaning("the bind failed", STOP),
    0x0E: Meaning("the SMSC does not accept the password", STOP),
    0x0F: Meaning("the SMSC does not know the system_id", STOP),
    0x11: Meaning("the message could not be canceled", NEVER),
    0x13: Meaning("the message could not be replaced", NEVER),
    0x14: Meaning("the SMSC's queue is full", SLOWER),
    0x15: Meaning("the service type is not valid", STOP),
    0x43: Meaning("the esm_class is not valid", NEVER),
    0x45: Meaning("the SMSC could not take the message", AGAIN, attempts_max=FEW),
    0x48: Meaning("the sender's TON is not valid", STOP),
    0x49: Meaning("the sender's NPI is not valid", STOP),
    0x50: Meaning("the number's TON is not valid", NEVER),
    0x51: Meaning("the number's NPI is not valid", NEVER),
    0x53: Meaning("the system_type is not valid", STOP),
    0x58: Meaning("the account's rate is reached", SLOWER),
    0x61: Meaning("the delivery time is not valid", NEVER),
    0x62: Meaning("the validity period is not valid", NEVER),
    0x64: Meaning("the receiver cannot take it now", AGAIN),
    0x65: Meaning("the receiver refuses it for good", NEVER),
    0x66: Meaning("the receiver rejects it", NEVER),
    0x67: Meaning("the message could not be looked up", AGAIN),
    0xC0: Meaning("the optional parameters are not valid", NEVER),
    0xC1: Meaning("an optional parameter is not allowed", NEVER),
    0xC2: Meaning("an optional parameter's length is not valid", NEVER),
    0xC3: Meaning("an optional parameter is missing", NEVER),
    0xC4: Meaning("an optional parameter's value is not valid", NEVER),
    0xFE: Meaning("the message could not be delivered", AGAIN, attempts_max=FEW),
    0xFF: Meaning("the SMSC gave no reason", AGAIN, attempts_max=FEW),
    0x100: Meaning("the account may not use this service type", STOP),
    0x101: Meaning("the account may not do this", STOP),
    0x102: Meaning("the service type is not available", STOP),
    0x103: Meaning("the service type is refused", STOP),
    0x104: Meaning("the data coding is not valid", NEVER),
}
_UNKNOWN = Meaning("the SMSC refused the message", NEVER)


def meaning_of(status: int) -> Meaning:
    """The table's row; a code that is in no table (vendors have their own from 0x400) is never sent again."""
    return CODES.get(status, _UNKNOWN)
