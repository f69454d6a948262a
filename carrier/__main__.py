"""`python -m carrier`: run the local carrier until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path

import orjson
import uvicorn
import uvloop

from carrier.accounts import Directory
from carrier.app import Carrier, create_app
from carrier.behaviours import Behaviours
from carrier.config import Config


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and serve. Returns the exit status: 0 stopped, 2 could not start."""
    parser = argparse.ArgumentParser(
        prog="carrier", description="A local carrier: SMS and WhatsApp on one machine."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100, help="0 picks a free one")
    parser.add_argument("--smpp-port", type=int, help="serve SMPP there, too; 0 picks a free one")
    parser.add_argument("--token", default=os.environ.get("CARRIER_TOKEN") or None, help="guards /carrier/…")
    parser.add_argument("--config", type=Path, help="JSON file: accounts, behaviours, limits")
    options = parser.parse_args(argv)
    try:
        config = load_config(options.config, options.token)
        config.smpp_host = options.host
        config.smpp_port = config.smpp_port if options.smpp_port is None else options.smpp_port
        listener = socket.socket(socket.AF_INET6 if ":" in options.host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
    except (OSError, ValueError, OverflowError) as error:
        print(f"carrier: cannot start on {options.host}:{options.port}: {error}", file=sys.stderr)
        return 2
    # The log of messages is large and long-lived: few full collections, or each would stop the world for it.
    gc.set_threshold(50_000, 50, 100)
    return uvloop.run(serve(create_app(config), listener))


def load_config(path: Path | None, token: str | None) -> Config:
    """Settings from a JSON file, with the token of the command line on top. Raises ValueError, OSError."""
    data = orjson.loads(path.read_bytes()) if path else {}
    if not isinstance(data, dict):
        raise ValueError(f"{path}: a JSON object is needed")
    if token:
        data["token"] = token
    config = Config.from_json(data)
    Directory().put(config.accounts)
    Behaviours().put(config.behaviours)
    return config


def server_config(app: Carrier) -> uvicorn.Config:
    """uvicorn as the carrier runs it: httptools, no access log, no headers of its own."""
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=4096,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


class _Server(uvicorn.Server):
    """Says when it is ready, and lets the open streams go when it is told to stop."""

    def __init__(self, app: Carrier) -> None:
        super().__init__(server_config(app))
        self._carrier = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            smpp = self._carrier.network.smsc.port
            if smpp:
                print(f"carrier speaks SMPP on {host}:{smpp}", flush=True)
            print(f"carrier ready on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to serve(): uvicorn's own way raises them again, and a clean stop ends with 0."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._carrier.close_streams()
        await super().shutdown(sockets)


async def serve(app: Carrier, listener: socket.socket) -> int:
    """Run until a signal. Returns the exit status."""
    server = _Server(app)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, setattr, server, "should_exit", True)
    await server.serve(sockets=[listener])
    return 0 if server.started else 2


if __name__ == "__main__":
    sys.exit(main())
