"""Jobs of a Ray cluster that is not ours to start.

Usage: python -m cli.cluster hosts    create the named hosts on the cluster at RAY_ADDRESS, or find them; they
outlive this job
"""

from __future__ import annotations

import argparse

from actors import runtime
from cli.errors import CliError
from hub.settings import get_settings


def main() -> None:
    """Run one job. Raises CliError without RAY_ADDRESS."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=["hosts"])
    parser.parse_args()
    settings = get_settings()
    if not settings.ray_address:
        raise CliError("RAY_ADDRESS is not set: this job needs a running cluster")
    runtime.connect(settings)
    try:
        runtime.start_hosts(settings)
    finally:
        runtime.shutdown()


if __name__ == "__main__":
    main()
