"""Ports: which are asked for, which are free, and a listening socket that outlives the server behind it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from random import SystemRandom

from cli.errors import PortTaken

HOST = "127.0.0.1"
BACKLOG = 2048
GIVEN = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152), above those of Ray's workers."""
TRIES = 200
_dice = SystemRandom()


@dataclass(frozen=True, slots=True)
class Ports:
    """The five ports of a local hub. 0 asks for any free one."""

    gateway: int = 0
    carrier: int = 0
    postgres: int = 0
    valkey: int = 0
    smpp: int = 0


def free_port() -> int:
    """A port that nobody listens on at this moment, and that no connection of anybody's takes before we do. Raises PortTaken."""
    for port in _dice.sample(GIVEN, TRIES):
        if is_free(port):
            return port
    raise PortTaken(GIVEN[0], "any server", "HUB_PORT")


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on `port` now.

    A closed connection still lingering there does not count.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def claim(port: int, what: str, setting: str) -> int:
    """`port` itself when it is free, any free one for 0. Raises PortTaken."""
    if port == 0:
        return free_port()
    if not is_free(port):
        raise PortTaken(port, what, setting)
    return port


def listen(port: int, what: str, setting: str, host: str = HOST) -> socket.socket:
    """A listening socket for a child to accept on.

    We keep it open ourselves: while a killed gateway is started again, callers wait in the queue of the
    socket
    instead of being refused. Raises PortTaken.
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise PortTaken(port, what, setting) from None
    return sock
