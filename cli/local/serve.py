"""Runs the gateway on a listening socket that the supervisor holds open.

While a killed gateway is being started again its callers wait in the socket's queue: nobody is refused.
Usage: python -m cli.local.serve --fd N
"""

from __future__ import annotations

import argparse
import socket

import uvicorn
from uvicorn.supervisors import ChangeReload

GRACE_S = 3  # open event streams never end by themselves


def main() -> None:
    """Serve `api.app:app` on an inherited socket until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--app", default="api.app:app")
    parser.add_argument(
        "--reload", action="store_true", help="start again when a source file changes (for developers)"
    )
    asked = parser.parse_args()
    config = uvicorn.Config(
        asked.app, access_log=False, timeout_graceful_shutdown=GRACE_S, lifespan="on", reload=asked.reload
    )
    server, sockets = uvicorn.Server(config), [socket.socket(fileno=asked.fd)]
    if asked.reload:
        ChangeReload(config, target=server.run, sockets=sockets).run()
    else:
        server.run(sockets=sockets)


if __name__ == "__main__":
    main()
