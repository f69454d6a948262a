"""Exit 0 when this environment's pip knows dependency groups (25.1 or newer)."""

from __future__ import annotations

import sys
from importlib.metadata import version

sys.exit(tuple(int(part) for part in version("pip").split(".")[:2]) < (25, 1))
