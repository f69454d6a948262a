"""One connection of a tenant to the SMSC: bind, requests, and answers."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from carrier import smpp_wire as wire
from carrier.accounts import Account
from carrier.smpp_wire import BadPdu

if TYPE_CHECKING:
    from carrier.smpp import Smsc

BAD_LENGTH, BAD_COMMAND, BAD_STATE, BOUND_ALREADY = 0x02, 0x03, 0x04, 0x05


class Bind(asyncio.Protocol):
    """One connection of a tenant."""

    _numbers = itertools.count(1)

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        self.number = next(self._numbers)
        self.system_id = ""
        self.account: Account
        self.receives = self.sends = False
        self._buffer = bytearray()
        self._transport: asyncio.Transport
        self._sequence = 0
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        if self.system_id:
            self._smsc.left(self)

    def drop(self) -> None:
        """Cut the connection without a word."""
        self._out.clear()
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            for command, status, sequence, body in wire.take(self._buffer):
                self._handle(command, status, sequence, body)
        except BadPdu:
            self._write(wire.pdu(wire.NACK, 0, status=BAD_LENGTH))
            self._transport.close()

    def _handle(self, command: int, status: int, sequence: int, body: bytes) -> None:
        if command == wire.SUBMIT and self.sends:
            try:
                sm = wire.read_sm(body)
            except BadPdu:
                self.answer(command, sequence, status=BAD_LENGTH)
                return
            self._smsc.submit(self, sequence, sm)
        elif command == wire.DELIVER | wire.RESPONSE:
            self._smsc.answered(self.system_id, (self.number, sequence), status)
        elif command in (wire.BIND_RX, wire.BIND_TX, wire.BIND_TRX):
            self._bind(command, sequence, body)
        elif command == wire.ENQUIRE:
            self.answer(command, sequence)
        elif command == wire.UNBIND:
            self.answer(command, sequence)
            self._flush()
            self._transport.close()
        elif command == wire.QUERY and self.system_id:
            self._smsc.query(self, sequence, body)
        elif command in (wire.SUBMIT, wire.QUERY):
            self.answer(command, sequence, status=BAD_STATE)
        elif not command & wire.RESPONSE:
            self._write(wire.pdu(wire.NACK, sequence, status=BAD_COMMAND))

    def _bind(self, command: int, sequence: int, body: bytes) -> None:
        system_id, at = wire.c_string(body, 0)
        password, _ = wire.c_string(body, at)
        status, account = self._smsc.check(system_id, password)
        if self.system_id:
            status, account = BOUND_ALREADY, None
        if account is None:
            self.answer(command, sequence, status=status)
            return
        self.system_id, self.account = system_id, account
        self.receives, self.sends = command != wire.BIND_TX, command != wire.BIND_RX
        self.answer(command, sequence, b"carrier\0" + bytes.fromhex("0210000134"))
        self._smsc.joined(self)

    def deliver(self, body: bytes) -> int:
        """Send a deliver_sm; returns its sequence_number."""
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        self._write(wire.pdu(wire.DELIVER, self._sequence, body))
        return self._sequence

    def answer(self, command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
        """Send the response of a request."""
        self._write(wire.pdu(command | wire.RESPONSE, sequence, body, status))

    def _write(self, octets: bytes) -> None:
        """What is written in one round of the loop leaves together."""
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(octets)

    def _flush(self) -> None:
        if self._out and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()
