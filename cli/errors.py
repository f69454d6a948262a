"""What the command line says when something cannot be done: one line, no traceback."""

from __future__ import annotations


class CliError(Exception):
    """A fault that the person at the keyboard can mend.

    Its text is one line and names the remedy. Exit code 1.
    """


class LaunchError(CliError):
    """A local server could not be started, or did not become ready in time."""


class PortTaken(LaunchError):
    """A port that the hub needs is held by another program."""

    def __init__(self, port: int, what: str, setting: str) -> None:
        super().__init__(f"port {port} is taken, and {what} needs it: set {setting} to a free port")
        self.port = port
        self.setting = setting
