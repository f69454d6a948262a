"""Our own rules about the source, as tests: where things may stand, how long they may be, what must not be in
a file.
"""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import models

ROOT = Path(__file__).parents[1]
PACKAGES = ("hub", "models", "api", "actors", "training", "carrier", "bench", "cli")
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
GENERATED = (
    "models/migrations/versions/",
    "web/src/api/schema.d.ts",
    "web/package-lock.json",
    "web/openapi.json",
)

# Who may import whom, by first name. What is not listed may import everything.
ALLOWED = {
    "models": {"models"},
    "hub": {"hub", "models"},
    "actors": {"actors", "hub", "models"},
    "api": {"api", "actors", "hub", "models"},
    "training": {"training", "hub", "models"},
    "carrier": {"carrier"},
}
# Places that only one machine has: a package host, somebody's home, a session's folder.
FORBIDDEN = re.compile(
    r"registry\.npmjs\.org|registry\.yarnpkg\.com|files\.pythonhosted\.org|pypi\.org/simple|download\.pytorch\.org|"
    r"(?<![\w.$~}])/(?:work|Users|root)/|(?<![\w.$~}])/home/(?!parley)"
)
THIS = Path(__file__).resolve()


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(
        sorted(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())
    )


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(*packages: str) -> Iterator[tuple[str, Path]]:
    for path in files():
        name = name_of(path)
        if path.suffix == ".py" and name.split("/")[0] in packages and not name.startswith(GENERATED):
            yield name, path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, full name) of every import, at whatever depth."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def test_commits_only_in_one_place() -> None:
    found = [name for name, path in python_files(*PACKAGES) if re.search(r"\.commit\(", path.read_text())]
    assert [name for name in found if name != "models/db.py" and not name.startswith("bench/")] == []


def test_ray_is_imported_in_one_place() -> None:
    found = {
        name
        for name, path in python_files(*PACKAGES)
        for _, what in imports(path)
        if what.split(".")[0] == "ray"
    }
    assert found <= {"actors/runtime.py"} | {name for name in found if name.startswith("bench/")}


def test_no_web_framework_in_the_product_s_core() -> None:
    web = {"fastapi", "starlette", "uvicorn"}
    found = [
        f"{name}:{line}"
        for name, path in python_files("hub", "models")
        for line, what in imports(path)
        if what.split(".")[0] in web
    ]
    assert found == []


def test_imports_point_one_way() -> None:
    wrong = [
        f"{name}:{line} imports {what}"
        for name, path in python_files(*ALLOWED)
        for line, what in imports(path)
        if (first := what.split(".")[0]) in PACKAGES and first not in ALLOWED[name.split("/")[0]]
    ]
    assert wrong == []


def test_nobody_imports_the_carrier() -> None:
    packages = [package for package in PACKAGES if package not in ("carrier", "bench", "cli")]
    found = [
        f"{name}:{line}"
        for name, path in python_files(*packages)
        for line, what in imports(path)
        if what.split(".")[0] == "carrier"
    ]
    assert found == []


def test_every_table_belongs_to_a_tenant_first() -> None:
    """So that it can be distributed by tenant, and row-level security has something to hold on to."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"models.{module.name}")
    from models.base import metadata

    tree_itself = {"tenants", "tenant_closure"}
    keys = {name: [column.name for column in table.primary_key] for name, table in metadata.tables.items()}
    assert [name for name, key in keys.items() if name not in tree_itself and key[:1] != ["tenant_id"]] == []


def test_functions_are_short() -> None:
    long = [
        f"{name}:{node.lineno} {node.name} has {length} lines"
        for name, path in python_files(*PACKAGES, "scripts")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_files_are_short() -> None:
    code = (".py", ".ts", ".tsx", ".mjs")
    long = [
        f"{name} has {lines} lines"
        for path in files()
        if path.suffix in code and not (name := name_of(path)).startswith((*GENERATED, "tests/"))
        if (lines := len(path.read_text().splitlines())) > FILE_LINES_MAX
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    mute = [
        name
        for name, path in python_files(*PACKAGES, "scripts")
        if path.stat().st_size and not ast.get_docstring(tree(path))
    ]
    assert mute == []


def test_unfinished_work_is_not_left_in_the_code() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        name
        for name, path in python_files(*PACKAGES, "scripts", "tests")
        if path != THIS and marks.search(path.read_text())
    ]
    assert found == []


def test_no_place_of_one_machine_in_any_file() -> None:
    found = []
    for path in files():
        if path.resolve() == THIS:
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{name_of(path)}: {hit.group()}" for hit in FORBIDDEN.finditer(text)]
    assert found == []


def test_the_lock_file_names_no_host() -> None:
    lock = ROOT / "web" / "package-lock.json"
    packages = json.loads(lock.read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_constraints_are_plain_pins() -> None:
    lines = [
        line
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line)] == []


@pytest.mark.parametrize(
    "name", ["LICENSE", "README.md", "CHANGELOG.md", "docker-compose.yml", "constraints.txt"]
)
def test_what_a_visitor_looks_for_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0
