"""Holds the local Ray: starts it (or joins the one at RAY_ADDRESS), makes the hosts when asked, shuts down at
the end.

Usage: python -m cli.local.ray_head --state FILE
Reads standard input: the line `hosts` asks for the named hosts; the end of input means that the supervisor is
gone.
Writes to FILE, in one step each: {"address": "127.0.0.1:6379", "hosts": false}.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from pathlib import Path
from types import FrameType

from actors import runtime
from cli.local.state import write_private
from hub.settings import Settings

IDLE_S = 0.5


def join(settings: Settings) -> str:
    """Join the cluster that the settings name, else start one of this machine. Returns its address."""
    if settings.ray_address:
        runtime.connect(settings)
        return settings.ray_address
    return runtime.start_local(settings)


def serve(state: Path, settings: Settings) -> None:
    """Until SIGTERM, SIGINT, or the end of standard input."""
    ended = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal ended
        ended = True

    address = join(settings)
    # After joining, for Ray installs handlers of its own.
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    print(f"Ray at {address}", flush=True)
    write_private(state, {"address": address, "hosts": False})
    pending = b""
    while not ended:
        if not select.select([sys.stdin], [], [], IDLE_S)[0]:
            continue
        read = os.read(sys.stdin.fileno(), 4096)
        if not read:
            break
        *lines, pending = (pending + read).split(b"\n")
        if b"hosts" in lines:
            names = runtime.start_hosts(settings)
            print(f"{len(names)} hosts stand", flush=True)
            write_private(state, {"address": address, "hosts": True})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    state = parser.parse_args().state
    try:
        # Not from hub.json: there stands the address of a Ray that has died when this one replaces it.
        serve(state, Settings(ray_address=os.environ.get("RAY_ADDRESS", "")))
    finally:
        runtime.shutdown()


if __name__ == "__main__":
    main()
