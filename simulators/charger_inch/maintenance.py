"""
What a technician orders from afar: diagnostics, and new firmware.

Document 003: diagnostics are a zip of ASCII files, brought to an ftp or http location; firmware is
a zip. The messages are those of OCPP 1.6 §4.4, §4.5, §5.9 and §5.19. A file is brought or fetched
by whoever drives the charger: he takes the errands (`Maintenance.errands`) and says how each ended.

ASSUMED, as no source says: a firmware's zip holds an ASCII file VERSION whose first line is the new
version; it is installed when no transaction runs, takes INSTALLATION_S, and the connector is out of
service meanwhile; what a power cut interrupts has failed; an http location takes a PUT.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from simulators.charger_inch.habits import InstallationFails
from simulators.charger_inch.memory import Memory
from simulators.charger_inch.outbox import Message
from simulators.charger_inch.quirks import Quirks
from simulators.charger_inch.timers import Timer, Timers

Json = dict[str, Any]

INSTALLATION_S = 30
"""How long an installation takes (ASSUMED)."""

RETRY_INTERVAL_S = 60
"""How long to wait before the next try where the backend does not say (ASSUMED)."""

RETRIES_LIMIT = 20
"""The most tries; a backend that asks for more gets these."""

FIRMWARE_BYTES_LIMIT = 64 * 2**20
"""The largest firmware; a larger one fails to be downloaded."""

VERSION_LIMIT = 50
"""OCPP 1.6 §6.1: firmwareVersion has 50 characters at most."""

SCHEMES = ("ftp", "http")
"""Document 003, get diagnostics: ftp, http."""

FIRMWARE = "firmware"
"""The table of the memory."""


@dataclass(frozen=True, slots=True)
class Errand:
    """
    A file to be brought or fetched.

    Attributes:
        number: to be told with the outcome.
        location: where; it may hold a user and a password, and is not shown.
        name: the file's name, of what is brought.
        content: what is brought; None: something is to be fetched.
    """

    number: int
    location: str = field(repr=False)
    name: str = ""
    content: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Order:
    """What was ordered, and how often it may still be tried."""

    location: str
    retries: int
    interval_s: int
    number: int = 0
    start: datetime | None = None
    stop: datetime | None = None


class Maintenance:
    """
    Diagnostics and firmware of one charger.

    Parameters:
        identity: gives the charger's, which is part of the diagnostics' file name.
        timers: where it waits.
        memory: where the firmware's version outlives a power cut.
        quirks: what is not ideal about it.
        report: gives the ASCII files of the diagnostics, for a span of the journal.
        say: queues a message.
        may_install: whether no transaction runs.
        install: takes the connector out of service, or puts it back.
        restart: boots the charger.
    """

    def __init__(
        self,
        identity: Callable[[], str],
        timers: Timers,
        memory: Memory,
        quirks: Quirks,
        *,
        report: Callable[[datetime | None, datetime | None], Mapping[str, str]],
        say: Callable[[Message], None],
        may_install: Callable[[], bool],
        install: Callable[[bool, datetime], None],
        restart: Callable[[datetime], None],
    ) -> None:
        self._identity = identity
        self._timers = timers
        self._memory = memory
        self._quirks = quirks
        self._report = report
        self._say = say
        self._may_install = may_install
        self._set_installing = install
        self._restart = restart
        self._errands: list[Errand] = []
        self._numbers = 0
        self._diagnostics: _Order | None = None
        self._firmware: _Order | None = None
        self._archive: bytes | None = None
        self.is_installing = False
        self.diagnostics_status = "Idle"
        self.firmware_status = "Idle"
        timers.on(Timer.DIAGNOSTICS, self._upload)
        timers.on(Timer.FIRMWARE, self._on_firmware_due)

    # ------------------------------------------------------------------ its life

    def version(self, factory: str) -> str:
        """Give the firmware's version: what was installed last, or the factory's."""
        return str(self._memory.get(FIRMWARE, "version") or factory)

    def power_off(self) -> None:
        """Forget what was under way; what it was is told after the next boot."""
        self._errands.clear()
        self._diagnostics = self._firmware = self._archive = None
        self.is_installing = False
        self.diagnostics_status = self.firmware_status = "Idle"

    def booted(self) -> None:
        """Tell the backend, which has accepted the boot, what became of an update."""
        if (outcome := self._memory.get(FIRMWARE, "outcome")) is not None:
            self._memory.forget(FIRMWARE, "outcome")
            self._tell_firmware(outcome)
            self.firmware_status = "Idle"

    def errands(self) -> list[Errand]:
        """Give the files that are to be brought or fetched now, each once."""
        errands, self._errands = self._errands, []
        return errands

    def done(self, number: int, content: bytes | None, problem: str, now: datetime) -> None:
        """
        Take the outcome of an errand; one that nobody waits for is ignored.

        Parameters:
            number: of the errand.
            content: what was fetched.
            problem: what went wrong; empty: nothing.
        """
        if self._diagnostics is not None and self._diagnostics.number == number:
            self._uploaded(self._diagnostics, problem, now)
        elif self._firmware is not None and self._firmware.number == number:
            self._downloaded(self._firmware, content, problem, now)

    # ------------------------------------------------------------------ diagnostics

    def get_diagnostics(self, payload: Json, now: datetime) -> Json:
        """Answer GetDiagnostics; while one upload is under way there is no other (ASSUMED)."""
        if self._diagnostics is not None:
            return {}
        order = _order(payload)
        order.start, order.stop = _instant(payload, "startTime"), _instant(payload, "stopTime")
        self._diagnostics = order
        self._timers.set(Timer.DIAGNOSTICS, now)
        return {"fileName": self._file_name(now)}

    def _file_name(self, now: datetime) -> str:
        safe = "".join(
            sign if sign.isalnum() and sign.isascii() else "-" for sign in self._identity()
        )
        return f"diagnostics_{safe}_{now:%Y%m%dT%H%M%SZ}.zip"[-255:]

    def _upload(self, now: datetime) -> None:
        order = self._diagnostics
        if order is None:
            return
        if self.diagnostics_status != "Uploading":
            self._tell_diagnostics("Uploading")
        content = archive(self._report(order.start, order.stop), now)
        order.number = self._next_number()
        self._errands.append(Errand(order.number, order.location, self._file_name(now), content))

    def _uploaded(self, order: _Order, problem: str, now: datetime) -> None:
        if not problem:
            self._diagnostics = None
            self._tell_diagnostics("Uploaded")
        elif order.retries > 0:
            order.retries -= 1
            order.number = 0
            self._timers.set(Timer.DIAGNOSTICS, now + timedelta(seconds=order.interval_s))
        else:
            self._diagnostics = None
            self._tell_diagnostics("UploadFailed")
        if self._diagnostics is None:
            self.diagnostics_status = "Idle"

    def _tell_diagnostics(self, status: str) -> None:
        self.diagnostics_status = status
        self._say(Message("DiagnosticsStatusNotification", {"status": status}))

    # ------------------------------------------------------------------ firmware

    def update_firmware(self, payload: Json, now: datetime) -> Json:
        """Answer UpdateFirmware; an order that comes while another is kept replaces it."""
        if self.is_installing:
            return {}
        self._firmware, self._archive = _order(payload), None
        due = _instant(payload, "retrieveDate")
        self._timers.set(Timer.FIRMWARE, now if due is None else max(due, now))
        return {}

    def _on_firmware_due(self, now: datetime) -> None:
        if self._archive is None:
            self._download(now)
        elif not self.is_installing:
            self.try_to_install(now)
        else:
            self._install(now)

    def _download(self, now: datetime) -> None:
        order = self._firmware
        if order is None:
            return
        if self.firmware_status != "Downloading":
            self._tell_firmware("Downloading")
            self._memory.put(FIRMWARE, "outcome", "DownloadFailed")
        order.number = self._next_number()
        self._errands.append(Errand(order.number, order.location))

    def _downloaded(
        self, order: _Order, content: bytes | None, problem: str, now: datetime
    ) -> None:
        if not problem and content is not None:
            order.number = 0
            self._archive = content
            self._tell_firmware("Downloaded")
            self._memory.put(FIRMWARE, "outcome", "InstallationFailed")
            self.try_to_install(now)
        elif order.retries > 0:
            order.retries -= 1
            order.number = 0
            self._timers.set(Timer.FIRMWARE, now + timedelta(seconds=order.interval_s))
        else:
            self._end_firmware("DownloadFailed")

    def try_to_install(self, now: datetime) -> None:
        """Begin to install what was downloaded, if nobody charges; else later."""
        if self._archive is None or self.is_installing or not self._may_install():
            return
        self.is_installing = True
        self._set_installing(True, now)
        self._tell_firmware("Installing")
        self._timers.set(Timer.FIRMWARE, now + timedelta(seconds=INSTALLATION_S))

    def _install(self, now: datetime) -> None:
        version = version_in(self._archive or b"")
        self.is_installing = False
        if version is None or self._quirks.active(InstallationFails) is not None:
            self._end_firmware("InstallationFailed")
            self._set_installing(False, now)
            return
        self._firmware = self._archive = None
        self._memory.put(FIRMWARE, "version", version)
        self._memory.put(FIRMWARE, "outcome", "Installed")
        self._restart(now)

    def _end_firmware(self, status: str) -> None:
        self._firmware = self._archive = None
        self._memory.forget(FIRMWARE, "outcome")
        self._tell_firmware(status)
        self.firmware_status = "Idle"

    def _tell_firmware(self, status: str) -> None:
        self.firmware_status = status
        self._say(Message("FirmwareStatusNotification", {"status": status}))

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers


def archive(files: Mapping[str, str], now: datetime) -> bytes:
    """Pack ASCII files into a zip; the same files at the same instant give the same bytes."""
    packed = io.BytesIO()
    when = now.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, text in files.items():
            folder.writestr(
                zipfile.ZipInfo(name, (when[0], when[1], when[2], when[3], when[4], when[5])),
                text.encode("ascii", "backslashreplace"),
                zipfile.ZIP_DEFLATED,
            )
    return packed.getvalue()


def firmware(version: str) -> bytes:
    """Make a firmware that the charger installs: a zip with a file VERSION (ASSUMED)."""
    return archive({"VERSION": f"{version}\n"}, datetime(2020, 1, 1, tzinfo=UTC))


def version_in(content: bytes) -> str | None:
    """Give the version of a firmware; None for what is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as folder, folder.open("VERSION") as file:
            text = file.read(4 * VERSION_LIMIT).decode("ascii")
    except (zipfile.BadZipFile, zlib.error, KeyError, UnicodeDecodeError, OSError, RuntimeError):
        return None  # RuntimeError: encrypted, or packed in a way that is not known
    version = text.partition("\n")[0].strip()
    return version if 0 < len(version) <= VERSION_LIMIT and version.isprintable() else None


def _order(payload: Json) -> _Order:
    retries = min(max(0, payload.get("retries", 0)), RETRIES_LIMIT)
    if scheme_of(payload["location"]) not in SCHEMES:
        retries = 0  # no further try will bring another protocol
    interval_s = max(0, payload.get("retryInterval", RETRY_INTERVAL_S))
    return _Order(payload["location"], retries, interval_s)


def scheme_of(location: str) -> str:
    """Give the protocol that a location names; empty where it is no location."""
    try:
        return urlsplit(location).scheme
    except ValueError:
        return ""


def _instant(payload: Json, name: str) -> datetime | None:
    """Read an instant; one that is none is passed over, one without a zone is UTC."""
    try:
        instant = datetime.fromisoformat(payload.get(name, ""))
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
