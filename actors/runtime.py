"""The only file that imports ray: start, names, lookup, calls with their errors unwrapped."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
# Hosts answer people: by default Ray runs its workers at niceness 15, behind everything else on the machine.
os.environ.setdefault("RAY_worker_niceness", "0")
# Workers that have sent a batch stay for the next: by default Ray ends one after an idle second wherever there are more
# actors than processors, and a new one needs a second and a half of processor time before it sends anything.
os.environ.setdefault("RAY_num_workers_soft_limit", "16")

import ray
import structlog
from ray.exceptions import GetTimeoutError, RayActorError, RayError, RayTaskError

from actors.host import host_names
from actors.line import Address, Line, LineLost, LineRefused, Listener
from actors.shell import calm_collector
from hub.errors import Unavailable
from hub.settings import Settings

START_TIMEOUT_S = 90.0
WHERE_S = 5.0  # a host that was killed is back within a few seconds
NO_LINE_S = 5.0  # how long calls go through Ray before a direct line is tried again

log = structlog.get_logger()


def _init(settings: Settings, **options: Any) -> Any:
    return ray.init(
        namespace=settings.ray_namespace,
        log_to_driver=False,
        logging_level=logging.ERROR,
        configure_logging=False,
        **options,
    )


def start_local(settings: Settings) -> str:
    """Start a Ray of this machine inside this process; returns its address. Ends with `shutdown`.

    Keep RAY_TMPDIR short: Ray's socket paths are limited to 107 bytes."""
    context = _init(
        settings,
        include_dashboard=False,
        num_cpus=os.cpu_count() or 2,
        object_store_memory=settings.ray_object_store_bytes,
        _node_ip_address="127.0.0.1",
    )
    return str(context.address_info["gcs_address"])


def connect(settings: Settings) -> None:
    """Join the Ray cluster at `settings.ray_address` as a client process of it."""
    if not ray.is_initialized():
        _init(
            settings,
            address=settings.ray_address,
            _node_ip_address="127.0.0.1" if _is_local(settings) else None,
        )


def _is_local(settings: Settings) -> bool:
    return settings.ray_address.startswith("127.0.0.1:")


def shutdown() -> None:
    """Leave the cluster; ends it when this process started it."""
    ray.shutdown()


KINDS: dict[str, tuple[str, str]] = {
    "wallet": ("actors.wallet", "WalletHost"),
    "classifier": ("actors.classifier", "ClassifierHost"),
    "conversation": ("actors.conversation", "ConversationHost"),
    "router": ("actors.router", "RouterHost"),
    "sender": ("actors.sender", "SenderHost"),
    "campaign": ("actors.campaign", "CampaignHost"),
    "timers": ("actors.timers", "TimersHost"),
    "jobs": ("actors.jobs", "JobsHost"),
    "trunk": ("actors.trunks", "TrunkHost"),
    "bind": ("actors.binds", "BindHost"),
}


def counts(settings: Settings) -> dict[str, int]:
    """How many hosts of each kind these settings ask for."""
    return {
        "wallet": settings.wallet_hosts,
        "classifier": settings.classifiers,
        "conversation": settings.conversation_hosts,
        "router": settings.router_hosts,
        "sender": settings.senders,
        "campaign": settings.campaign_hosts,
        "timers": 1,
        "jobs": 1,
        "bind": settings.bind_hosts,
        "trunk": 1 if settings.sip_listen else 0,  # the SIP stack has one port
    }


def _node_address() -> str:
    address: str = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
    return address


def _passed_on(method: str) -> Any:
    async def call(self: Any, *arguments: Any) -> Any:
        return await getattr(self.host, method)(*arguments)

    call.__name__ = call.__qualname__ = method
    return call


def _hosted(cls: Any) -> Any:
    """The actor around a host: its public methods, and a direct line to them.

    The host's background work begins by itself, also after Ray has restarted the actor. Ray wraps every method of an
    actor's class; the host inside is left alone, for its own calls are thousands a second.
    """

    def begin(self: Any, name: str, settings: Settings) -> None:
        self.host = cls(name, settings)
        calm_collector()
        self.listener = Listener(self.host, settings.secret_key.get_secret_value())
        self.beginning = asyncio.get_running_loop().create_task(self.host.ping())

    async def line(self: Any) -> Address:
        address: Address = await self.listener.open(_node_address())
        return address

    public = {
        name: _passed_on(name)
        for name in dir(cls)
        if not name.startswith("_") and asyncio.iscoroutinefunction(getattr(cls, name))
    }
    return type(cls.__name__, (), {**public, "__init__": begin, "line": line})


def start_hosts(settings: Settings) -> list[str]:
    """Create the named, detached hosts that are missing and wait until each answers. Returns all names.

    A host is restarted by Ray for ever; whoever called it in between sees Unavailable and falls back.
    """
    handles = {}
    for kind, count in counts(settings).items():
        module, name = KINDS[kind]
        cls = _hosted(getattr(__import__(module, fromlist=[name]), name))
        for host in host_names(kind, count):
            remote = ray.remote(cls).options(
                name=host,
                namespace=settings.ray_namespace,
                lifetime="detached",
                get_if_exists=True,
                max_restarts=-1,
                max_task_retries=0,
                max_concurrency=1000,
                num_cpus=0,
                scheduling_strategy="SPREAD",
            )
            handles[host] = remote.remote(host, settings)
    try:
        ray.get([handle.ping.remote() for handle in handles.values()], timeout=START_TIMEOUT_S)
    except RayTaskError as error:
        raise error.cause from None
    except (RayActorError, GetTimeoutError) as error:
        raise Unavailable(f"the hosts did not start: {str(error).splitlines()[0]}") from None
    return list(handles)


def ping_hosts(settings: Settings, timeout_s: float = 5.0) -> tuple[list[str], list[str]]:
    """(alive, missing) names of the hosts. Raises Unavailable when the cluster cannot be reached; disconnects again."""
    was_connected = ray.is_initialized()
    try:
        connect(settings)
    except (ConnectionError, RuntimeError, RayError) as error:
        raise Unavailable(f"Ray at {settings.ray_address} does not answer ({type(error).__name__})") from None
    alive, missing = [], []
    try:
        for kind, count in counts(settings).items():
            for name in host_names(kind, count):
                try:
                    handle: Any = ray.get_actor(name, settings.ray_namespace)
                    ray.get(handle.ping.remote(), timeout=timeout_s)
                    alive.append(name)
                except (RayError, ValueError):
                    missing.append(name)
    finally:
        if not was_connected:
            ray.shutdown()
    return alive, missing


class Peer:
    """A named host seen from another process. Looks the actor up once and again after it failed.

    Ray says where the host is; calls go over a direct line to it, or through Ray while there is none.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._namespace = settings.ray_namespace
        self._secret_key = settings.secret_key.get_secret_value()
        self._handle: Any = None
        self._line: Line | None = None
        self._no_line_before = 0.0  # monotonic
        self._connecting = asyncio.Lock()

    async def call(self, method: str, *arguments: Any, timeout_s: float | None = None) -> Any:
        """Call a method of the host. Raises its own error, or Unavailable when the host does not answer.

        After Unavailable nobody knows whether the call ran: callers repeat it under the same ids or fall back.
        """
        if timeout_s is None:
            return await self._call(method, arguments)
        try:
            return await asyncio.wait_for(self._call(method, arguments), timeout_s)
        except TimeoutError as error:
            raise self._away(error) from None

    async def _call(self, method: str, arguments: tuple[Any, ...]) -> Any:
        line = self._line
        if line is None or line.lost:
            line = await self._connect()
        if line is None:
            return await self._through_ray(method, arguments)
        try:
            return await line.ask(method, arguments)
        except LineLost as error:
            raise self._away(error) from None

    async def _through_ray(self, method: str, arguments: tuple[Any, ...]) -> Any:
        try:
            return await getattr(self._handle, method).remote(*arguments)
        except RayTaskError as error:
            raise error.cause from None
        except (RayError, ValueError) as error:
            raise self._away(error) from None

    def _away(self, error: Exception) -> Unavailable:
        self._handle = None  # look it up again
        return Unavailable(f"{self.name} does not answer ({type(error).__name__})")

    async def _connect(self) -> Line | None:
        """A line to the host as it is now, or None: then `_handle` is to be called. Raises Unavailable."""
        async with self._connecting:
            if self._line is not None and not self._line.lost:
                return self._line  # somebody else was first
            self._line = None
            try:
                if self._handle is None:
                    self._handle = await asyncio.to_thread(ray.get_actor, self.name, self._namespace)
                if time.monotonic() < self._no_line_before:
                    return None
                address = await asyncio.wait_for(self._handle.line.remote(), WHERE_S)
                self._line = await Line.connect(address, self._secret_key)
            except LineRefused as error:
                log.warning("no_direct_line", host=self.name, error=str(error))
                self._no_line_before = time.monotonic() + NO_LINE_S
            except RayTaskError as error:
                raise error.cause from None
            except (RayError, ValueError, TimeoutError) as error:
                raise self._away(error) from None
            return self._line


def peers(kind: str, settings: Settings) -> dict[str, Peer]:
    """The hosts of one kind by name."""
    return {name: Peer(name, settings) for name in host_names(kind, counts(settings)[kind])}


def submit(
    function: Callable[..., Any], *arguments: Any, cpus: float = 0.5, retries: int = 3
) -> Awaitable[Any]:
    """Run a function as a Ray task somewhere in the cluster; awaiting raises its own error."""
    reference = ray.remote(function).options(num_cpus=cpus, max_retries=retries).remote(*arguments)

    async def wait() -> Any:
        try:
            return await reference
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            raise Unavailable(f"the task did not finish ({type(error).__name__})") from None

    return wait()
