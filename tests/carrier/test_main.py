"""`python -m carrier` as a process: ready line, token, config file, taken port, clean stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import httpx2
import orjson
import pytest

ROOT = Path(__file__).parents[2]


async def start(*arguments: str, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "carrier", *arguments, cwd=ROOT, env=os.environ | (env or {}),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def ready(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("carrier ready on http://127.0.0.1:"), line
    return line.split()[-1]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_stops_cleanly_with_open_streams_and_unanswered_requests(
    stop: signal.Signals, tmp_path: Path
) -> None:
    account = {
        "provider": "twilio",
        "account_sid": "AC1",
        "auth_token": "t",
        "numbers": [{"address": "+15550001111"}],
    }
    config = tmp_path / "carrier.json"
    config.write_bytes(orjson.dumps({"accounts": [account], "behaviours": {"default": {"answer": "hang"}}}))
    process = await start("--port", "0", "--config", str(config), "--token", "s3cret")
    url = await ready(process)
    async with httpx2.AsyncClient(base_url=url, timeout=10) as client:
        headers = {"x-carrier-token": "s3cret"}
        assert (await client.get("/carrier/summary")).status_code == 401
        assert (await client.get("/carrier/health", headers=headers)).json()["accounts"] == 1
        form = {"To": "+15557654321", "From": "+15550001111", "Body": "x"}
        path = "/2010-04-01/Accounts/AC1/Messages.json"
        hanging = asyncio.create_task(client.post(path, data=form, auth=("AC1", "t")))
        query = {"handset": "+15557654321"}
        async with client.stream("GET", "/carrier/stream", params=query, headers=headers) as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            process.send_signal(stop)
            async for _ in lines:
                pass
        with pytest.raises(httpx2.TransportError):
            await hanging
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await start("--port", str(port))
        out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.decode().startswith(f"carrier: cannot start on 127.0.0.1:{port}:")


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"colour": 1}', b'{"coalesce_max": 0}', b'{"accounts": [1]}']
)
async def test_bad_config(data: bytes, tmp_path: Path) -> None:
    config = tmp_path / "carrier.json"
    config.write_bytes(data)
    process = await start("--port", "0", "--config", str(config))
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert b"carrier" in err
    assert b"Traceback" not in err


async def test_token_from_the_environment() -> None:
    process = await start("--port", "0", env={"CARRIER_TOKEN": "from-env"})
    url = await ready(process)
    async with httpx2.AsyncClient(base_url=url) as client:
        assert (await client.get("/carrier/summary")).status_code == 401
        response = await client.get("/carrier/summary", headers={"x-carrier-token": "from-env"})
        assert response.status_code == 200
    process.terminate()
    await process.communicate()
    assert process.returncode == 0
