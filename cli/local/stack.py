"""A whole hub on one machine, as one object: for `hub up`, for `--start`, for benchmarks and for tests."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from cli.errors import LaunchError
from cli.local.paths import Layout, discard, prepare, temporary_var
from cli.local.ports import HOST, Ports, claim, free_port, listen
from cli.local.postgres import PostgresServer
from cli.local.proc import PidFile, birth, server_account
from cli.local.processes import ChildUnit, RayUnit, Report, ServerUnit, Supervisor
from cli.local.state import HubState, Secrets, folder_lock
from cli.local.valkey import ValkeyServer

Step = Callable[[Mapping[str, str]], None]


def _nothing(_: str) -> None:
    return None


class LocalStack:
    """A hub of its own: own data folder, own ports (0 = any free one), own secrets.

    Used as a context manager; everything it started is stopped at the end, and a folder that it made itself
    is removed.
    `database_url`, `redis_url`, `ray_address`: use these servers instead of starting our own.
    `after_migrate` runs with the environment of the hub as soon as schema and carrier stand, while Ray still
    comes up.
    `after_restart` is called with the name of a unit that had died and was started again.
    Raises LaunchError (PortTaken before anything was started); then nothing is left running.
    """

    def __init__(
        self,
        var_dir: Path | str | None = None,
        *,
        ports: Ports | None = None,
        with_gateway: bool = True,
        with_carrier: bool = True,
        with_ray: bool = True,
        migrate: bool = True,
        database_url: str = "",
        redis_url: str = "",
        ray_address: str = "",
        host: str = HOST,
        reload: bool = False,
        extra_env: Mapping[str, str] | None = None,
        after_migrate: Step | None = None,
        after_restart: Report = _nothing,
        report: Report = _nothing,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._thrown_away = var_dir is None
        self.var_dir = Path(var_dir) if var_dir is not None else Path()
        self.ports = ports or Ports()
        self.with_gateway, self.with_carrier, self.with_ray, self.migrate = (
            with_gateway,
            with_carrier,
            with_ray,
            migrate,
        )
        self.database_url, self.redis_url, self.ray_address = database_url, redis_url, ray_address
        self.public_url = self.carrier_url = self.secret_key = self.ray_token = ""
        self.host, self.reload = host, reload
        self.supervisor = Supervisor(report, after_restart)
        self.started_s = 0.0
        self.layout: Layout
        self._extra_env, self._after_migrate = dict(extra_env or {}), after_migrate
        self._report, self._cancelled = report, cancelled
        self._given_database, self._given_redis, self._given_ray = map(
            bool, (database_url, redis_url, ray_address)
        )
        self._postgres: PostgresServer | None = None
        self._valkey: ValkeyServer | None = None
        self._ray: RayUnit | None = None
        self._gateway: ChildUnit | None = None
        self._carrier: ChildUnit | None = None
        self._socket: socket.socket | None = None
        self._exit = ExitStack()
        self._owns_folder = False

    @property
    def env(self) -> dict[str, str]:
        """The variables that point a process at this hub."""
        known = {
            "HUB_DATABASE_URL": self.database_url,
            "HUB_REDIS_URL": self.redis_url,
            "RAY_ADDRESS": self.ray_address,
            "RAY_AUTH_MODE": "token" if self.ray_token else "",
            "RAY_AUTH_TOKEN": self.ray_token,
            "HUB_SECRET_KEY": self.secret_key,
            "HUB_PUBLIC_URL": self.public_url,
            "HUB_CARRIER_URL": self.carrier_url,
            "HUB_PROVIDER_HOSTS": self._provider_hosts(),
            "HUB_PORT": str(self.ports.gateway),
            "HUB_CARRIER_PORT": str(self.ports.carrier),
            "HUB_CARRIER_SMPP_PORT": str(self.ports.smpp),
            "HUB_VAR_DIR": str(self.layout.var),
        }
        return {name: value for name, value in (self._extra_env | known).items() if value}

    def _provider_hosts(self) -> str:
        """Where accounts may point: what the operator allows, and the carrier of this hub."""
        allowed = [self._extra_env.get("HUB_PROVIDER_HOSTS", "")]
        if self.with_carrier:
            carrier = urlsplit(self.carrier_url)
            allowed += [carrier.netloc, f"{carrier.hostname}:{self.ports.smpp}"]
        return ",".join(filter(None, allowed))

    def pids(self) -> dict[str, int]:
        """Which processes run now, by name: gateway, carrier, ray, valkey, postgres."""
        children = (self._gateway, self._carrier, self._ray)
        found = {u.name: u.proc.pid for u in children if u is not None and u.proc is not None and u.alive()}
        for name, server in (("valkey", self._valkey), ("postgres", self._postgres)):
            if server is not None and (pid := server.pid()) is not None:
                found[name] = pid
        return found

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring everything up; returns when all of it is healthy."""
        began = time.monotonic()
        try:
            self._make_ready()
            self._start_servers()
            self._start_programs()
        except BaseException:
            self.stop()
            raise
        self._write_state()
        self.supervisor.each_round.append(self._follow_ray)
        self.supervisor.begin()
        self.started_s = time.monotonic() - began

    def stop(self) -> None:
        """Gateway, carrier, Ray, Valkey, PostgreSQL, in this order. Safe to call twice."""
        self.supervisor.stop()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._owns_folder:
            self._owns_folder = False
            self.layout.hub_json.unlink(missing_ok=True)
            if self._thrown_away:
                discard(self.layout)
        self._exit.close()

    def _make_ready(self) -> None:
        """Folder, lock, leftovers of a killed predecessor, then every port: before the first server."""
        if self._thrown_away:
            self.var_dir = temporary_var()
        account = server_account()
        layout = self.layout = prepare(self.var_dir, account)
        if layout.servers != layout.var:
            self._report(
                f"PostgreSQL and Valkey keep their data in {layout.servers}: they cannot reach {layout.var}"
            )
        self._exit.enter_context(folder_lock(layout.var, layout.hub_json))
        self._owns_folder = True
        layout.hub_json.unlink(missing_ok=True)
        kept = Secrets.kept_in(layout.secrets_json)
        self.secret_key = self._extra_env.get("HUB_SECRET_KEY") or kept.secret_key
        # Ray listens on every address of the machine: without the token nobody may run code there.
        self.ray_token = "" if self._given_ray else kept.ray
        for name in ("gateway", "carrier", "ray"):
            self._child(name, []).clear_leftover()
        if not self._given_database:
            self._postgres = PostgresServer(
                layout.postgres, self.ports.postgres, kept.postgres, layout.log("postgres"), account
            )
        if not self._given_redis:
            self._valkey = ValkeyServer(
                layout.valkey,
                self.ports.valkey,
                kept.valkey,
                layout.log("valkey"),
                PidFile(layout.run / "valkey.json"),
                account,
            )
        self._claim_ports()

    def _claim_ports(self) -> None:
        gateway, carrier, smpp = self.ports.gateway, self.ports.carrier, self.ports.smpp
        if self.with_gateway:
            self._socket = listen(gateway, "the gateway", "HUB_PORT", self.host)
            gateway = int(self._socket.getsockname()[1])
        if self.with_carrier:
            carrier = claim(carrier, "the carrier", "HUB_CARRIER_PORT")
            smpp = claim(smpp, "the carrier's SMPP", "HUB_CARRIER_SMPP_PORT")
        if self._postgres is not None and self._postgres.pid() is None:
            self._postgres.port = claim(self.ports.postgres, "PostgreSQL", "HUB_POSTGRES_PORT")
        if self._valkey is not None and self._valkey.pid() is None:
            self._valkey.port = claim(self.ports.valkey, "Valkey", "HUB_VALKEY_PORT")
        gateway = gateway or free_port()
        carrier = carrier or free_port()
        self.ports = Ports(gateway, carrier, self.ports.postgres, self.ports.valkey, smpp)
        self.public_url = self._extra_env.get("HUB_PUBLIC_URL") or f"http://{HOST}:{gateway}"
        self.carrier_url = self._extra_env.get("HUB_CARRIER_URL") or f"http://{HOST}:{carrier}"

    def _start_servers(self) -> None:
        """PostgreSQL, Valkey and Ray at the same time. Ray is the slowest, so nobody waits for it yet."""
        units: list[ServerUnit] = []
        for name, server in (("PostgreSQL", self._postgres), ("Valkey", self._valkey)):
            if server is not None:
                units.append(ServerUnit(name, server.start, server.alive, server.stop))
                self.supervisor.watch(units[-1])
        if self._postgres is not None:
            self.database_url = self._postgres.url
        if self._valkey is not None:
            self.redis_url = self._valkey.url
        with ThreadPoolExecutor(max_workers=2) as pool:
            starting = [pool.submit(unit.start) for unit in units]
            if self.with_ray:
                self._launch_ray()
            for one in starting:
                one.result()
        # A server found running may listen on another port than the one asked for.
        if self._postgres is not None:
            self.database_url = self._postgres.url
        if self._valkey is not None:
            self.redis_url = self._valkey.url

    def _launch_ray(self) -> None:
        layout = self.layout
        if not self._given_ray:
            shutil.rmtree(layout.ray, ignore_errors=True)
            layout.ray.mkdir(mode=0o700, parents=True)
        state = layout.run / "ray.state"
        argv = [sys.executable, "-m", "cli.local.ray_head", "--state", str(state)]
        self._ray = RayUnit(
            "ray",
            argv,
            layout.log("ray"),
            PidFile(layout.run / "ray.json"),
            self._ray_env,
            stop_s_max=25.0,
            state_file=state,
        )
        self.supervisor.watch(self._ray)
        self._ray.start()

    def _start_programs(self) -> None:
        """Carrier and schema, then hosts and gateway side by side."""
        if self._cancelled():
            raise LaunchError("stopped")
        if self.with_carrier:
            ports = ["--port", str(self.ports.carrier), "--smpp-port", str(self.ports.smpp)]
            carrier = self._carrier = self._child("carrier", ["-m", "carrier", *ports])
            carrier.health_url = f"http://{HOST}:{self.ports.carrier}/carrier/health"
            self.supervisor.watch(carrier)
            carrier.start()
        if self.migrate:
            self._migrate()
        if self._carrier is not None:
            self._carrier.wait_ready(self._cancelled)
        if self._after_migrate is not None:
            self._after_migrate(self.env)
        if self._ray is not None:
            self._ray.wait_ready(self._cancelled)
            if not self._given_ray:
                self.ray_address = self._ray.told()[0]
            self._ray.make_hosts()
        if self.with_gateway and self._socket is not None:
            self._launch_gateway(self._socket)
        for unit in (self._ray, self._gateway):
            if unit is not None:
                unit.wait_ready(self._cancelled)

    def _launch_gateway(self, sock: socket.socket) -> None:
        """The gateway accepts on a socket that stays ours: see `ports.listen`."""
        arguments = ["-m", "cli.local.serve", "--fd", str(sock.fileno())]
        gateway = self._gateway = self._child("gateway", arguments + ["--reload"] * self.reload)
        gateway.pass_fds = (sock.fileno(),)
        gateway.health_url = f"http://{HOST}:{self.ports.gateway}/healthz"
        self.supervisor.watch(gateway)
        gateway.start()

    def _migrate(self) -> None:
        """Imported here: a stack without a schema (tests of the launcher) needs no SQLAlchemy."""
        from models.migrate import upgrade

        upgrade(self.database_url, self.secret_key)

    def _child(self, name: str, arguments: list[str]) -> ChildUnit:
        run = self.layout.run
        return ChildUnit(
            name,
            [sys.executable, *arguments],
            self.layout.log(name),
            PidFile(run / f"{name}.json"),
            self._child_env,
        )

    def _child_env(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        return inherited | self.env | {"PYTHONUNBUFFERED": "1"}

    def _ray_env(self) -> dict[str, str]:
        """A local Ray is told no address, else it would look for itself; and a short folder of its own."""
        env = self._child_env()
        if not self._given_ray:
            env.pop("RAY_ADDRESS", None)
            env["RAY_TMPDIR"] = str(self.layout.ray)
        return env | {"RAY_USAGE_STATS_ENABLED": "0"}

    def _follow_ray(self) -> None:
        """A Ray that was started again has another address: tell the gateway, and those who read hub.json."""
        if self._ray is None or self._given_ray:
            return
        address = self._ray.told()[0]
        if address and address != self.ray_address:
            self.ray_address = address
            self._write_state()
            if self._gateway is not None:
                self.supervisor.restart(self._gateway)

    def _write_state(self) -> None:
        pid = os.getpid()
        HubState(
            pid=pid,
            birth=birth(pid) or "",
            database_url=self.database_url,
            redis_url=self.redis_url,
            ray_address=self.ray_address,
            ray_auth_token=self.ray_token,
            public_url=self.public_url,
            carrier_url=self.carrier_url,
            secret_key=self.secret_key,
            port=self.ports.gateway,
            carrier_port=self.ports.carrier,
            carrier_smpp_port=self.ports.smpp,
        ).save(self.layout.hub_json)
