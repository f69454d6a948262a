"""What the commands print: people read the terminal, machines read one JSON object on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(content: Any) -> None:
    """One JSON document on standard output, nothing else."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")
    sys.stdout.flush()


def fault(text: str) -> None:
    """One line on standard error."""
    err.print(f"[red]hub:[/red] {plain(' '.join(text.split()))}", soft_wrap=True)


def plain(text: str) -> str:
    """`text` with nothing in it that the terminal library takes for markup."""
    return text.replace("[", r"\[")
