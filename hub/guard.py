"""Who calls an address that somebody else wrote must not be led inside the house.

A name is resolved once, checked, and that very address is connected to, so that it cannot change its mind in between.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

_NAT64 = IPv6Network("64:ff9b::/96")  # leads to any IPv4 address, ours among them


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, not of this house's.

    >>> [is_public(one) for one in ("8.8.8.8", "10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "::127.0.0.1", "fec0::1")]
    [True, False, False, False, False, False]
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found in _NAT64 or found.is_reserved or found.is_site_local:
            return False
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        found = inside or found
    return found.is_global and not found.is_multicast


class PublicResolver(AbstractResolver):
    """Gives out public addresses only."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family
        )
        public = [item for item in found if is_public(str(item[4][0]))]
        if not public:
            raise OSError("not a public address")
        return [
            ResolveResult(
                hostname=host,
                host=str(item[4][0]),
                port=port,
                family=item[0],
                proto=item[2],
                flags=socket.AI_NUMERICHOST,
            )
            for item in public
        ]

    async def close(self) -> None:
        return
