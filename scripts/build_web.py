"""Builds the web app into api/_ui/, and does nothing when what it is made of is unchanged.

The pages' API types come from the API itself: its OpenAPI document is written to web/openapi.json first. The
quick hash (all sources, Python's too) spares even that; the exact one (web sources, document) spares the build.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
OUTPUT = ROOT / "api" / "_ui"
STAMP = OUTPUT / ".built.json"
DOCUMENT = WEB / "openapi.json"
LOCK_STAMP = WEB / "node_modules" / ".lock.sha256"
GENERATED = {DOCUMENT, WEB / "src" / "api" / "schema.d.ts"}
SKIPPED_FOLDERS = {"node_modules", "dist", "coverage", ".vite", "__pycache__"}


def sources(folder: Path, *endings: str) -> list[Path]:
    """Every file below `folder` that a build depends on."""
    found: list[Path] = []
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        found += [Path(path) / name for name in names if not endings or name.endswith(endings)]
    return sorted(path for path in found if path not in GENERATED)


def digest(paths: Iterable[Path]) -> str:
    """One hash over names and contents."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(
            str(path.relative_to(ROOT)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest()
        )
    return whole.hexdigest()


def npm(*arguments: str) -> None:
    """Run npm in web/; its output is shown only when it fails."""
    found = shutil.which("npm")
    if found is None:
        sys.exit("web: no npm found: make setup installs one")
    done = subprocess.run([found, *arguments], cwd=WEB, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        sys.exit(f"web: npm {' '.join(arguments)} failed")


def install() -> None:
    """`npm ci`, when the lock file is another than the one installed last."""
    lock = digest([WEB / "package-lock.json"])
    if LOCK_STAMP.exists() and LOCK_STAMP.read_text() == lock:
        return
    print("web: npm ci", flush=True)
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    LOCK_STAMP.write_text(lock)


def write_document() -> None:
    """The OpenAPI document of the application, without starting it."""
    code = (
        "import json; from api.app import app; print(json.dumps(app.openapi(), indent=1, ensure_ascii=False))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        sys.exit("web: the API's OpenAPI document cannot be made")
    DOCUMENT.write_text(done.stdout)


def built() -> dict[str, str]:
    """The hashes of the build that lies in api/_ui, or nothing."""
    try:
        kept = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) and (OUTPUT / "index.html").exists() else {}


def main() -> None:
    """Build what is out of date."""
    if not (WEB / "package.json").exists():
        return
    quick = digest(sources(WEB) + sources(ROOT / "api", ".py") + sources(ROOT / "hub", ".py"))
    kept = built()
    installed = LOCK_STAMP.exists()
    if kept.get("quick") == quick and installed:
        return
    install()
    write_document()
    exact = digest([*sources(WEB), DOCUMENT])
    if kept.get("exact") != exact:
        print("web: building", flush=True)
        npm("run", "generate")
        npm("run", "build")
    STAMP.write_text(json.dumps({"quick": quick, "exact": exact}))


if __name__ == "__main__":
    main()
