"""
What the backend needs from outside, as Protocols; the adapters fill them.

Nothing in the backend sleeps or asks the machine for the time: it leaves alarms with a
`Clock`. On a bench that clock is virtual and shared with the simulators, so the shape is
the same on both sides, but neither imports the other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from asyncssh import SSHKey

Wake = Callable[[], Awaitable[None]]


class Alarm(Protocol):
    """Something to be done at an instant, as long as nobody cancels it."""

    def cancel(self) -> None:
        """Take the alarm back; one that has rung or was cancelled is left alone."""


class Hold(AbstractContextManager["Hold"], Protocol):
    """A piece of work that must end before simulated time moves on."""

    def release(self) -> None:
        """Say that the work has ended; a second release does nothing."""


class Clock(Protocol):
    """The time. Instants are aware datetimes in UTC."""

    def now(self) -> datetime:
        """Tell the present instant."""

    def call_at(self, instant: datetime, wake: Wake) -> Alarm:
        """Run ``wake()`` once ``instant`` has come."""

    def hold(self, reason: str) -> Hold:
        """Say that work is under way; real time does not care, a bench waits for its end."""


@dataclass(frozen=True, slots=True)
class Destination:
    """
    A server that takes files.

    Attributes:
        name: what people call it.
        kind: ``sftp``, ``ftps`` or ``ftp``.
        host, port: where it listens.
        user: who logs in.
        secret: the password; never stored, never logged. Empty where ``key`` is all there is.
        folder: the remote folder, absolute or relative to the login's home.
        host_key: of SFTP, the pinned key as one OpenSSH line ("ssh-ed25519 AAAA…").
        time_limit_s: how long one delivery may take in all, in real seconds.
        is_direct: whether files are uploaded under their own names, as the server forbids
            renaming.
        temporary: the name under which a file grows, ``{name}`` being its own.
        is_implicit: of FTPS, whether TLS begins with the first byte.
        authority: of FTPS, the certificates of who signs the server's, as PEM; empty for those
            that this machine trusts.
        certificate_sha256: of FTPS, the pinned certificate, 64 hexadecimal digits; empty for
            none.
        tls_min: of FTPS, the oldest version of TLS that will do, "1.2".
        key: the private key that the user logs in with, before the password; None for none.
        at_once: how many files may be on their way at once: over one line of SFTP, over a line
            each of FTP.
    """

    name: str
    kind: str
    host: str
    port: int
    user: str
    secret: str
    folder: str
    host_key: str = ""
    time_limit_s: float = 60.0
    is_direct: bool = False
    temporary: str = ".{name}.part"
    is_implicit: bool = False
    authority: str = ""
    certificate_sha256: str = ""
    tls_min: str = "1.2"
    key: SSHKey | None = None
    at_once: int = 1

    def __repr__(self) -> str:
        return f"<destination {self.name!r}: {self.kind}://{self.user}@{self.host}:{self.port}>"


@dataclass(frozen=True, slots=True)
class GatewayMeter:
    """
    A meter behind a smart gateway.

    Attributes:
        name: of the meter, in its account.
        account: whose it is.
        serial: its serial number: who answers with another one is not read.
        address: its Modbus address, as the gateway knows it.
    """

    account: str
    name: str
    serial: str
    address: int


@dataclass(frozen=True, slots=True)
class Mqtt:
    """
    The broker at which a gateway and the backend meet.

    Attributes:
        root, subscribe, publish: the gateway's topics; it takes commands under
            ``<root>/<subscribe>`` and answers under ``<root>/<publish>``.
        user, secret: who logs in at the broker; no user, no login.
        tls: whether the line is secured.
        authority: who signs the broker's certificate, as PEM; empty for those that this machine
            trusts.
        certificate_file, key_file: with which the backend shows who it is; empty for none.
    """

    root: str
    subscribe: str = "cmd"
    publish: str = "publish"
    user: str = ""
    secret: str = field(default="", repr=False)
    tls: bool = False
    authority: str = ""
    certificate_file: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Gateway:
    """
    A smart gateway, and how its meters are read.

    Attributes:
        name: what people call it.
        way: ``rest``, ``modbus``, ``mqtt``, or ``push``, where it sends of its own accord.
        serial: the gateway's own serial number.
        host, port: where it answers; of ``mqtt`` the broker, of ``push`` where it is listened for.
        user, secret: of its web page; no user, no login.
        web_port: of its web page, from which gaps are filled; 0 where they are not.
        web_host: of its web page.
        every: how often it is asked.
        mqtt: the broker's other settings.
        time_limit_s: how long one meter may take, in real seconds.
    """

    name: str
    way: str
    serial: str
    host: str
    port: int
    meters: tuple[GatewayMeter, ...]
    user: str = ""
    secret: str = field(default="", repr=False)
    web_host: str = ""
    web_port: int = 0
    every: timedelta = timedelta(minutes=5)
    mqtt: Mqtt | None = None
    time_limit_s: float = 10.0

    def where(self, meter: GatewayMeter | None = None) -> str:
        """Say which gateway, or which meter behind it, is meant."""
        here = f"gateway {self.name!r}"
        return here if meter is None else f"{here}, meter {meter.name!r} ({meter.serial})"


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    What a delivery ended in.

    Attributes:
        name: the final name on the server.
        size_bytes: how large the server says the file is there; None where the server
            took it away at once.
        already_there: True where an earlier try had succeeded and only its answer was lost.
    """

    name: str
    size_bytes: int | None
    already_there: bool


@dataclass(frozen=True, slots=True)
class Step:
    """
    A step of a connection test.

    Attributes:
        name: connect, log in, folder, write, list, rename or remove.
        is_done: False where it failed, None where it was not tried.
        words: what came of it, in plain words; empty where it was not tried.
    """

    name: str
    is_done: bool | None
    words: str = ""


class Drop(Protocol):
    """The way to a utility's server."""

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """
        Put ``content`` under ``name`` on the server, whole or not at all.

        Raises:
            DeliveryError: One of its kinds, by cause; nothing stands under the final name,
                or the very file does.
        """

    async def rest(self) -> None:
        """Give back what was kept for the next delivery, as there is none for now."""
