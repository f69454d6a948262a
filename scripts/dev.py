"""For developers: the hub with a gateway that reloads, and the web app with instant reload at port 5173,
until Ctrl-C.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run both, end both."""
    ended = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal ended
        ended = True

    npm = shutil.which("npm")
    if npm is None:
        sys.exit("dev: no npm found: make setup installs one")
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    commands = (
        ([sys.executable, "-m", "cli.main", "up", "--reload", *sys.argv[1:]], ROOT),
        ([npm, "run", "dev"], ROOT / "web"),
    )
    running = [subprocess.Popen(argv, cwd=cwd, start_new_session=True) for argv, cwd in commands]
    while not ended and all(proc.poll() is None for proc in running):
        time.sleep(0.2)
    for proc in reversed(running):
        if proc.poll() is None:
            proc.terminate()
    for proc in running:
        proc.wait()


if __name__ == "__main__":
    main()
