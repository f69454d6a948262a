"""The files for containers: their shape follows the Compose Specification, and what they run exists in this
repository.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]

# Written from the Compose Specification's text, closed: a misspelt key is an error here as it is there.
TEXT_MAP = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
COMMAND = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
DURATION = {"type": "string", "pattern": r"^(\d+(us|ms|s|m|h))+$"}
HEALTH = {
    "type": "object",
    "required": ["test"],
    "additionalProperties": False,
    "properties": {
        "test": {
            "type": "array",
            "minItems": 2,
            "items": {"type": "string"},
            "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}],
        },
        "interval": DURATION,
        "timeout": DURATION,
        "start_period": DURATION,
        "retries": {"type": "integer", "minimum": 1},
    },
}
DEPENDS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["condition"],
        "additionalProperties": False,
        "properties": {
            "condition": {"enum": ["service_started", "service_healthy", "service_completed_successfully"]}
        },
    },
}
SERVICE = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "image": {"type": "string", "pattern": r"^[a-z0-9./_-]+:[A-Za-z0-9._-]+$"},
        "build": {
            "type": "object",
            "required": ["context"],
            "additionalProperties": False,
            "properties": {"context": {"type": "string"}, "dockerfile": {"type": "string"}},
        },
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "environment": TEXT_MAP,
        "entrypoint": COMMAND,
        "command": COMMAND,
        "shm_size": {"type": "string", "pattern": r"^\d+(kb|mb|gb)$"},
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:\d+:\d+$"}},
        "volumes": {"type": "array", "items": {"type": "string", "pattern": r"^[a-z]+:/[a-z/]+$"}},
        "depends_on": DEPENDS,
        "healthcheck": HEALTH,
        "deploy": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"replicas": {"type": "integer", "minimum": 1}},
        },
    },
}
COMPOSE = {
    "type": "object",
    "required": ["name", "services"],
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": {"type": "object", "minProperties": 1, "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": ["object", "null"]}},
    },
}
PUBLIC_IMAGES = {"postgres:18", "valkey/valkey:8", "parley-hub:local"}
BASE_IMAGES = {"python:3.11-slim-bookworm", "node:22-bookworm-slim"}


def program(name: str) -> str:
    """Where a program lies that comes with our dependencies."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or ""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def services(compose: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from compose["services"].items()


def test_the_file_follows_the_specification(compose: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(COMPOSE)
    jsonschema.validate(compose, COMPOSE, cls=jsonschema.Draft202012Validator)


def test_the_check_itself_finds_mistakes(compose: dict[str, Any]) -> None:
    for wrong in (
        {"helthcheck": {}},
        {"restart": "often"},
        {"depends_on": {"redis": {"condition": "healthy"}}},
    ):
        broken = {**compose, "services": {"one": {"image": "a:1", **wrong}}}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, COMPOSE, cls=jsonschema.Draft202012Validator)


def test_every_part_of_the_issue_is_a_service(compose: dict[str, Any]) -> None:
    assert {"postgres", "redis", "migrate", "ray-head", "ray-worker", "gateway", "carrier"} <= set(
        compose["services"]
    )


def test_what_is_waited_for_exists_and_can_tell(compose: dict[str, Any]) -> None:
    for name, service in services(compose):
        for other, how in service.get("depends_on", {}).items():
            target = compose["services"][other]
            match how["condition"]:
                case "service_healthy":
                    assert "healthcheck" in target, f"{name} waits for the health of {other}"
                case "service_completed_successfully":
                    assert target["restart"] == "no", f"{name} waits for the end of {other}"


def test_nothing_waits_in_a_circle(compose: dict[str, Any]) -> None:
    waits = {name: set(service.get("depends_on", {})) for name, service in services(compose)}
    while waits:
        free = {name for name, others in waits.items() if not others & set(waits)}
        assert free, f"a circle among {sorted(waits)}"
        waits = {name: others for name, others in waits.items() if name not in free}


def test_lasting_services_have_a_health_check(compose: dict[str, Any]) -> None:
    assert [
        name
        for name, service in services(compose)
        if service["restart"] != "no" and "healthcheck" not in service
    ] == []


def test_named_volumes_are_declared(compose: dict[str, Any]) -> None:
    used = {volume.split(":")[0] for _, service in services(compose) for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_images_are_the_ones_we_know(compose: dict[str, Any]) -> None:
    assert {service["image"] for _, service in services(compose)} == PUBLIC_IMAGES
    docker = (ROOT / "deploy" / "Dockerfile").read_text()
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", docker, re.MULTILINE))
    assert set(re.findall(r"^FROM (\S+)", docker, re.MULTILINE)) - stages == BASE_IMAGES


def test_every_command_exists_in_this_repository(compose: dict[str, Any]) -> None:
    seen = set()
    for name, service in services(compose):
        command = service.get("command", [])
        if service["image"] != "parley-hub:local":
            continue
        if command[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(command[2]) is not None, f"{name}: no module {command[2]}"
            seen.add(command[2])
        else:
            assert program(command[0]), f"{name}: no program {command[0]}"
    assert {"cli.main", "cli.cluster", "carrier", "uvicorn"} <= seen


def test_options_of_our_commands_exist(compose: dict[str, Any]) -> None:
    from carrier import __main__ as carrier

    said = Path(carrier.__file__ or "").read_text()
    for option in (word for word in compose["services"]["carrier"]["command"] if word.startswith("--")):
        assert f'"{option}"' in said
    for role in ("ray-head", "ray-worker"):
        command = compose["services"][role]["command"]
        known = subprocess.run(
            [program(command[0]), command[1], "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert [
            word for word in command[2:] if word.startswith("--") and word.split("=")[0] not in known
        ] == []


def test_what_the_image_copies_exists() -> None:
    docker = (ROOT / "deploy" / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", docker, re.MULTILINE):
        *wanted, _ = line.split()
        assert [name for name in wanted if not (ROOT / name).exists()] == []
    declared = ast.literal_eval(
        re.search(r"^packages = (\[.*\])$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    )  # type: ignore[index]
    assert [package for package in declared if f"COPY {package} {package}\n" not in docker] == []


def test_health_checks_ask_addresses_that_the_programs_have(compose: dict[str, Any]) -> None:
    import carrier.control

    asked = {
        name: " ".join(service.get("healthcheck", {}).get("test", [])) for name, service in services(compose)
    }
    assert "/healthz" in asked["gateway"]
    assert any('"/healthz"' in path.read_text() for path in (ROOT / "api").rglob("*.py"))
    assert "/carrier/health" in asked["carrier"]
    assert '("GET", "/carrier/health")' in Path(carrier.control.__file__).read_text()


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,
    reason="no docker compose here",
)
def test_docker_itself_reads_the_file() -> None:
    env = {
        "HUB_POSTGRES_PASSWORD": "x",
        "HUB_REDIS_PASSWORD": "x",
        "HUB_SECRET_KEY": "x",
        "CARRIER_TOKEN": "x",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
