"""All of the settings: one table after the other, and whether they fit together."""

from __future__ import annotations

import base64
import binascii
import difflib
import os
import re
import ssl
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from backend.core.corrections import CHANGED, EXTENTS, OFF
from backend.core.day_values import WEEKDAYS, VirtualTariff, overlap
from backend.core.days import MINUTES_OF_DAY
from backend.core.device_profile import (
    METER,
    DeviceProfile,
    derived_profile,
    load_profile,
    profile_names,
)
from backend.core.exports import DAILY, SCHEDULES, Activation, Plan, Trigger, spread
from backend.core.file_names import check_name
from backend.core.formats.forms import (
    KINDS,
    Form,
    check_obis,
    form_of,
    keys_of,
    takes_virtual_tariffs,
)
from backend.core.formats.row import Numbers, Values, name_by
from backend.core.id_tags import canonical, reversed_bytes
from backend.core.meter_difference import DifferenceLimit
from backend.core.meter_registers import REGISTERS, register_of
from backend.core.metering_code import check_metering_code
from backend.core.obis import Obis, check_energy_obis, check_interval_obis
from backend.core.obis_tables import TARIFFS_MOST
from backend.core.readings import MAX_CONNECTOR
from backend.core.registers import Exchange
from backend.errors import BackendError, ObisError, SettingsError
from backend.ports import Destination

if TYPE_CHECKING:
    from asyncssh import SSHKey

T = TypeVar("T")

#: The intervals that a charger may be read in, minutes (document 000, "Setting options").
INTERVALS_MINUTES = (1, 5, 10, 15, 30, 60)
#: What a card may be answered with (OCPP 1.6 §7.2); ``ConcurrentTx`` is a moment, no setting.
CARD_STATUSES = ("Accepted", "Blocked", "Expired", "Invalid")
#: Which of a charger and the meter in front of it counts (COL-07), as a setting's words.
CHARGER, METER_IN_FRONT = "charger", "meter"
#: How a charger's BootNotification may be answered (OCPP 1.6 §4.2), as a setting's words.
REGISTRATIONS = ("accept", "pending", "reject")
HOST_KEY_KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
)
#: The schedule of a task that only a person starts.
NOW = "now"
#: What of its sources a task exports (document 002 "Measured values to be exported").
MEASURED, VIRTUAL_TARIFFS = "measured", "virtual tariffs"
#: Of days that can be exported: nobody has readings from before OCPP.
YEARS = (2000, 2099)
_PREFIX = "ISEBENCH_"
_DEFAULT_OBIS = "1-1:1.29.0*255"
#: Shorter tokens can be guessed by who may try often.
_TOKEN_SIGNS_MIN = 16
#: The longest number of a meter.
_NUMBER_SIGNS = 48
#: So many exchanges of meters a station may have.
_EXCHANGES_MOST = 100


@dataclass(frozen=True, slots=True)
class BackendSettings:
    """
    Where the backend listens and what it keeps to.

    Attributes:
        host, port: where chargers connect; port 0 takes a free one.
        database: the SQLite file.
        frame_limit_bytes: the longest frame a charger may send; a longer one ends the
            connection with code 1009.
        heartbeat_s: the interval given in BootNotification.conf. Its heartbeats bound how much
            of a charger's presence a crash can make unknown.
        answer_limit_s: real seconds that a charger may take to answer a command.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    database: Path = Path("isebench.sqlite")
    frame_limit_bytes: int = 16_777_216
    heartbeat_s: int = 900
    answer_limit_s: float = 15.0


@dataclass(frozen=True, slots=True)
class WebSettings:
    """
    Where people and programs reach the backend over HTTP.

    Attributes:
        host, port: where it listens; port 0 takes a free one.
        token: who has it may do everything; never stored, never logged.
        behind_https: whether a proxy in front speaks HTTPS; then cookies are sent over it only.
    """

    host: str
    port: int
    token: str
    behind_https: bool = False

    def __repr__(self) -> str:
        return f"<web {self.host}:{self.port}>"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """A customer; ``ise`` says whether an operator has activated the interface (ISE-11)."""

    name: str
    ise: bool


@dataclass(frozen=True, slots=True)
class UpstreamMeter:
    """
    The meter in front of a charger (COL-07).

    Attributes:
        meter: its name.
        counts: whose energies the files have: ``charger`` or ``meter``.
        limit: from when on a difference between the two is one to look after.
    """

    meter: str
    counts: str
    limit: DifferenceLimit


@dataclass(frozen=True, slots=True)
class StationSettings:
    """
    A charging station.

    Attributes:
        account: whose it is.
        identity: what it calls itself in its address (OCPP-J 1.6 §3.1.1).
        name: what people call it.
        profile: what is particular about its model.
        activation: metering code, OBIS code and interval (ISE-15); without it the station is
            in no file.
        configuration: configuration keys that the backend sets (OCPP 1.6 §9).
        registration: how its BootNotification is answered: ``accept``, ``pending``: it is
            configured but must not charge yet, or ``reject`` (OCPP 1.6 §4.2).
        exchanges: when its meters were exchanged, and what they showed then.
        upstream: the meter in front of it, which feeds the same metering point.
    """

    account: str
    identity: str
    name: str
    profile: DeviceProfile
    activation: Activation | None
    # Not shown: the value of a key may be a secret.
    configuration: Mapping[str, str] = field(repr=False)
    registration: str = "accept"
    exchanges: tuple[Exchange, ...] = ()
    upstream: UpstreamMeter | None = None


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """A station group of an account: the identities of its stations."""

    account: str
    name: str
    stations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeterSettings:
    """
    A meter, whose readings are brought over the API.

    Attributes:
        activation: as of a station; without it the meter itself is in no file.
        profile: how far its register is believed.
        exchanges: when it was exchanged, and what the two showed then.
    """

    account: str
    name: str
    activation: Activation | None
    profile: DeviceProfile = METER
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """A folder of an account: the names of its meters, and its virtual tariffs."""

    account: str
    name: str
    meters: tuple[str, ...]
    tariffs: tuple[VirtualTariff, ...] = ()


@dataclass(frozen=True, slots=True)
class CardSettings:
    """
    An RFID card.

    Attributes:
        id_tag: its number, in canonical form.
        status: what it is answered with.
        parent_id_tag: its group, in canonical form; empty where it has none.
        expires: from when on it is Expired; None: never.
        as_printed: whether ``id_tag`` is its UID as printed, and not as chargers send it.
        activation: what its consumption is called in files (ISE-21); without it, it is in none.
    """

    account: str
    id_tag: str
    status: str
    parent_id_tag: str = ""
    expires: datetime | None = None
    as_printed: bool = False
    activation: Activation | None = None


SourceSettings = StationSettings | MeterSettings | CardSettings
"""What the energies of a metering point can come from."""


@dataclass(frozen=True, slots=True)
class FormatSettings:
    """A named file layout of an account (ISE-07)."""

    account: str
    name: str
    kind: str
    form: Form
    knobs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DestinationSettings:
    """A named server of an account (ISE-08)."""

    account: str
    destination: Destination

    @property
    def name(self) -> str:
        """What people call it."""
        return self.destination.name


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """
    What is sent where, and when (ISE-09).

    Attributes:
        stations: identities, or None for all stations of the account.
        schedule: one of `exports.SCHEDULES`, or ``now`` for one that only a person starts.
        plan: what is delivered when; None for ``now``.
        start: the first local day that it delivers by itself; None for the day on which it
            could first do so.
        corrections: what is delivered again when late readings change it, one of
            `corrections.EXTENTS`.
        groups, meters, folders, cards: by name, cards by idTag in canonical form; None for all
            of the account.
        values: ``measured``, or the ``virtual tariffs`` of its folders.
    """

    account: str
    name: str
    stations: tuple[str, ...] | None
    format: str
    destination: str
    schedule: str
    plan: Plan | None
    start: date | None = None
    corrections: str = CHANGED
    groups: tuple[str, ...] | None = ()
    meters: tuple[str, ...] | None = ()
    folders: tuple[str, ...] | None = ()
    cards: tuple[str, ...] | None = ()
    values: str = MEASURED


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked: every name that is used is defined, every identity is there once."""

    backend: BackendSettings = field(default_factory=BackendSettings)
    web: WebSettings | None = None
    profiles: tuple[DeviceProfile, ...] = ()
    accounts: tuple[AccountSettings, ...] = ()
    stations: tuple[StationSettings, ...] = ()
    groups: tuple[GroupSettings, ...] = ()
    meters: tuple[MeterSettings, ...] = ()
    folders: tuple[FolderSettings, ...] = ()
    cards: tuple[CardSettings, ...] = ()
    formats: tuple[FormatSettings, ...] = ()
    destinations: tuple[DestinationSettings, ...] = ()
    tasks: tuple[TaskSettings, ...] = ()

    @classmethod
    def from_file(cls, path: Path, environment: Mapping[str, str] | None = None) -> Settings:
        """
        Read a TOML file; relative paths in it start at its folder.

        Raises:
            SettingsError: If the file cannot be read, is no TOML, or holds a mistake.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")  # editors on Windows mark it
        except OSError as error:
            why = error.strerror or str(error)
            raise SettingsError(
                f"cannot be read ({why})", str(path), "name a file that exists and is readable"
            ) from error
        except UnicodeDecodeError as error:
            raise SettingsError(
                f"is not UTF-8 at byte {error.start}", str(path), "save it as UTF-8"
            ) from error
        return cls.from_toml(text, environment, where=str(path), folder=path.parent)

    @classmethod
    def from_toml(
        cls,
        text: str,
        environment: Mapping[str, str] | None = None,
        *,
        where: str = "settings",
        folder: Path = Path(),
    ) -> Settings:
        """
        Read TOML text.

        Raises:
            SettingsError: If it is no TOML or holds a mistake.
        """
        try:
            mapping = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(
                f"is no TOML: {error}", where, "mend the line named here"
            ) from error
        return cls.from_mapping(mapping, environment, where=where, folder=folder)

    @classmethod
    def from_mapping(
        cls,
        mapping: Mapping[str, Any],
        environment: Mapping[str, str] | None = None,
        *,
        where: str = "settings",
        folder: Path = Path(),
    ) -> Settings:
        """
        Read what a TOML file would hold.

        Parameters:
            mapping: tables and arrays of tables, as `tomllib` gives them.
            environment: the environment; the process's own where left out.
            where: how errors name the whole.
            folder: where relative paths start.

        Raises:
            SettingsError: If it holds a mistake; the first one is told.
        """
        source = _Source(os.environ if environment is None else environment, folder)
        top = _Section(mapping, where)
        profiles = _profiles(top)
        settings = cls(
            backend=_backend(top.table("backend"), source),
            web=_web(top, source),
            profiles=tuple(profiles.values()),
            accounts=_all(top, "account", "name", _account),
            stations=_all(top, "station", "identity", lambda s: _station(s, profiles)),
            groups=_all(top, "group", "name", _group),
            meters=_all(top, "meter", "name", _meter),
            folders=_all(top, "folder", "name", _folder),
            cards=_all(top, "card", "id_tag", _card),
            formats=_all(top, "format", "name", _format),
            destinations=_all(top, "destination", "name", lambda s: _destination(s, source)),
            tasks=_all(top, "task", "name", _task),
        )
        top.finish()
        _check_doubles(settings, where)
        _check_references(settings, where)
        _check_upstream(settings, where)
        _check_codes(settings, where)
        _check_metering_points(settings, where)
        _check_days(settings, where)
        _check_numbers(settings, where)
        _check_tariffs(settings, where)
        return settings

    def find_station(self, identity: str) -> StationSettings | None:
        """Find the station of an identity; None where there is none."""
        return next((one for one in self.stations if one.identity == identity), None)

    def station(self, identity: str) -> StationSettings:
        """
        Find the station of an identity.

        Raises:
            SettingsError: If there is none of that identity.
        """
        found = self.find_station(identity)
        if found is None:
            known = ", ".join(repr(one.identity) for one in self.stations) or "none"
            raise SettingsError(
                "is no station", f"station {identity!r}", f"name one of the settings: {known}"
            )
        return found

    def account(self, name: str) -> AccountSettings:
        """Find an account; it is there, as all names were checked."""
        return next(one for one in self.accounts if one.name == name)

    def task(self, name: str) -> TaskSettings:
        """
        Find a task.

        Raises:
            SettingsError: If there is none of that name.
        """
        for one in self.tasks:
            if one.name == name:
                return one
        known = ", ".join(repr(one.name) for one in self.tasks) or "none"
        raise SettingsError("is no task", f"task {name!r}", f"name one of the settings: {known}")

    def format_of(self, task: TaskSettings) -> FormatSettings:
        """Find the format of a task."""
        wanted = (task.account, task.format)
        return next(one for one in self.formats if (one.account, one.name) == wanted)

    def destination_of(self, task: TaskSettings) -> Destination:
        """Find the destination of a task, with its secret."""
        wanted = (task.account, task.destination)
        return next(
            one.destination for one in self.destinations if (one.account, one.name) == wanted
        )

    def destination(self, account: str, name: str) -> Destination:
        """
        Find a destination, with its secret.

        Raises:
            SettingsError: If the account has none of that name.
        """
        for one in self.destinations:
            if (one.account, one.name) == (account, name):
                return one.destination
        known = ", ".join(repr(one.name) for one in self.destinations if one.account == account)
        raise SettingsError(
            f"the account {account!r} has no destination {name!r}",
            "[[destination]]",
            f"name one of {known}" if known else "add one",
        )

    def meter(self, name: str) -> MeterSettings:
        """
        Find a meter.

        Raises:
            SettingsError: If there is none of that name.
        """
        for one in self.meters:
            if one.name == name:
                return one
        known = ", ".join(repr(one.name) for one in self.meters) or "none"
        raise SettingsError("is no meter", f"meter {name!r}", f"name one of the settings: {known}")

    def activations_of(self, task: TaskSettings) -> tuple[tuple[SourceSettings, Activation], ...]:
        """
        Give the sources of a task that are activated (ISE-09, ISE-15), each once.

        Stations come first, then meters, then cards, each by name.
        """
        sources: list[SourceSettings] = [*self._stations_of(task), *self._meters_of(task)]
        sources += self._cards_of(task)
        return tuple((one, one.activation) for one in sources if one.activation is not None)

    def tariffs_of(
        self, task: TaskSettings
    ) -> tuple[tuple[MeterSettings, Activation, VirtualTariff], ...]:
        """Give the virtual tariffs of a task's folders, of each of their meters (AEX-21)."""
        return tuple(
            (meter, meter.activation, tariff)
            for folder in self._folders_of(task)
            for meter in self.meters
            if meter.name in folder.meters and meter.activation is not None
            for tariff in folder.tariffs
        )

    def _folders_of(self, task: TaskSettings) -> list[FolderSettings]:
        mine = (one for one in self.folders if one.account == task.account)
        return [one for one in mine if task.folders is None or one.name in task.folders]

    def _stations_of(self, task: TaskSettings) -> list[StationSettings]:
        mine = [one for one in self.stations if one.account == task.account]
        wanted = {one.identity for one in mine} if task.stations is None else set(task.stations)
        for group in self.groups:
            if group.account == task.account and (task.groups is None or group.name in task.groups):
                wanted.update(group.stations)
        chosen = (one for one in mine if one.identity in wanted)
        return sorted(chosen, key=lambda one: one.identity)

    def _meters_of(self, task: TaskSettings) -> list[MeterSettings]:
        mine = [one for one in self.meters if one.account == task.account]
        wanted = {one.name for one in mine} if task.meters is None else set(task.meters)
        for one in self._folders_of(task):
            wanted.update(one.meters)
        return sorted((one for one in mine if one.name in wanted), key=lambda one: one.name)

    def _cards_of(self, task: TaskSettings) -> list[CardSettings]:
        mine = [one for one in self.cards if one.account == task.account]
        chosen = (one for one in mine if task.cards is None or one.id_tag in task.cards)
        return sorted(chosen, key=lambda one: one.id_tag)


# ---------------------------------------------------------------- reading one table


@dataclass(frozen=True, slots=True)
class _Source:
    environment: Mapping[str, str]
    folder: Path


class _Section:
    """One table of the settings: gives its values, checked, and knows which were asked for."""

    def __init__(self, mapping: Mapping[str, Any], where: str) -> None:
        self.mapping = mapping
        self.where = where
        self._known: dict[str, None] = {}

    def error(self, key: str, what: str, remedy: str) -> SettingsError:
        return SettingsError(what, f"{self.where}, key {key!r}", remedy)

    def take(self, key: str) -> Any | None:
        self._known[key] = None
        return self.mapping.get(key)

    def _typed(self, key: str, kind: type[T], kind_name: str, default: T | None) -> T:
        value = self.take(key)
        if value is None:
            if default is None:
                raise self.error(key, "is missing", f"add {key} = {kind_name}")
            return default
        # A bool is an int in Python, but 'true' is no port.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"is {value!r}", f"write {kind_name}")
        return value

    def text(self, key: str, default: str | None = None, example: str = "a text in quotes") -> str:
        value = self._typed(key, str, example, default)
        if not value.strip() and default is None:
            raise self.error(key, "is empty", f"write {example}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        return self._typed(key, bool, "true or false", default)

    def number(self, key: str, least: int, most: int, default: int | None = None) -> int:
        wanted = f"a whole number from {least} to {most}"
        value = self._typed(key, int, wanted, default)
        if not least <= value <= most:
            raise self.error(key, f"is {value}", f"write {wanted}")
        return value

    def amount(self, key: str, most: int, default: str) -> Decimal:
        """Take a quantity; TOML writes what may have decimals as a number or as a text."""
        value = self.take(key)
        try:
            if not isinstance(value, bool | int | float | str | None):
                raise ValueError("of another type")
            amount = Decimal(default if value is None else str(value))
            if amount.is_finite() and 0 <= amount <= most:
                return amount
        except (InvalidOperation, ValueError):
            pass  # told below, together with what is too large
        raise self.error(key, f"is {value!r}", f"write a number from 0 to {most}")

    def names(self, key: str, thing: str, *, may_be_all: bool = True) -> tuple[str, ...] | None:
        """Take a list of names; None for ``"all"``."""
        value = self.take(key)
        if value == "all" and may_be_all:
            return None
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not texts or not value:
            what = "is missing" if value is None else f"is {value!r}"
            every = ', or "all" for all' if may_be_all else ""
            raise self.error(key, what, f"write a list of {thing}{every}")
        return tuple(value)

    def choice(self, key: str, choices: Sequence[Any], default: Any | None = None) -> Any:
        value = self.take(key)
        value = default if value is None else value
        if isinstance(value, bool) or value not in choices:
            what = "is missing" if value is None else f"is {value!r}"
            raise self.error(key, what, "write one of " + ", ".join(map(repr, choices)))
        return value

    def table(self, key: str) -> _Section:
        value = self.take(key)
        value = {} if value is None else value
        if not isinstance(value, Mapping):
            raise self.error(key, f"is {value!r}", f"write a table: [{key}]")
        return _Section(value, f"{self.where}, [{key}]")

    def tables(self, key: str, naming: str) -> Iterable[_Section]:
        value = self.take(key)
        value = [] if value is None else value
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            raise self.error(key, f"is {value!r}", f"write tables: [[{key}]]")
        for number, one in enumerate(value, 1):
            name = f"{one[naming]!r}" if isinstance(one.get(naming), str) else f"number {number}"
            yield _Section(one, f"{self.where}, [[{key}]] {name}")

    def rest(self) -> dict[str, Any]:
        """Give the keys that nobody has asked for, for whoever checks them."""
        left = {key: value for key, value in self.mapping.items() if key not in self._known}
        self._known.update(dict.fromkeys(left))
        return left

    def finish(self) -> None:
        for key in self.mapping:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, 1)
                remedy = f"did you mean {near[0]!r}?" if near else "take it out"
                known = ", ".join(self._known)
                raise self.error(key, "is not a key of this table", f"{remedy} Known: {known}")


def _all(top: _Section, key: str, naming: str, read: Callable[[_Section], T]) -> tuple[T, ...]:
    found = []
    for section in top.tables(key, naming):
        found.append(read(section))
        section.finish()
    return tuple(found)


# ---------------------------------------------------------------- the tables


def _backend(section: _Section, source: _Source) -> BackendSettings:
    section = _Section(_with_environment(section, source), section.where)
    standard = BackendSettings()
    database = section.text("database", str(standard.database), "the path of a file")
    if not database or database.startswith(":"):
        raise section.error(
            "database", f"is {database!r}", "name a file: what is confirmed must be on disk"
        )
    settings = BackendSettings(
        host=section.text("host", standard.host),
        port=section.number("port", 0, 65_535, standard.port),
        database=source.folder / database,
        frame_limit_bytes=section.number(
            "frame_limit_bytes", 1_024, 67_108_864, standard.frame_limit_bytes
        ),
        heartbeat_s=section.number("heartbeat_s", 10, 86_400, standard.heartbeat_s),
        answer_limit_s=section.number("answer_limit_s", 1, 600, int(standard.answer_limit_s)),
    )
    section.finish()
    return settings


def _with_environment(section: _Section, source: _Source) -> dict[str, Any]:
    mapping = dict(section.mapping)
    for key in ("host", "database"):
        if (value := source.environment.get(_PREFIX + key.upper())) is not None:
            mapping[key] = value
    for key in ("port", "frame_limit_bytes", "heartbeat_s", "answer_limit_s"):
        name = _PREFIX + key.upper()
        if (value := source.environment.get(name)) is not None:
            if not (value.isascii() and value.isdigit() and len(value) < 10):
                raise SettingsError(f"is {value!r}", f"environment, {name}", "write a whole number")
            mapping[key] = int(value)
    return mapping


def _web(top: _Section, source: _Source) -> WebSettings | None:
    if top.mapping.get("web") is None:
        top.take("web")
        return None
    section = top.table("web")
    settings = WebSettings(
        host=section.text("host", "127.0.0.1"),
        port=section.number("port", 0, 65_535, 9080),
        token=_secret(section, source, "token"),
        behind_https=section.flag("behind_https", False),
    )
    if len(settings.token) < _TOKEN_SIGNS_MIN or not settings.token.isascii():
        raise section.error(
            "token",
            f"is shorter than {_TOKEN_SIGNS_MIN} signs, or holds others than ASCII",
            "draw one at random, for example with: openssl rand -hex 24",
        )
    section.finish()
    return settings


def _profiles(top: _Section) -> dict[str, DeviceProfile]:
    """Read the models that the operator describes himself, each on top of a bundled one."""
    found: dict[str, DeviceProfile] = {}
    for section in top.tables("profile", "name"):
        name = section.text("name")
        if name in profile_names() or name in found:
            raise section.error("name", f"{name!r} is there already", "take another name")
        base = section.text("base", "generic")
        keys = section.rest()
        found[name] = _placed(section, "base", lambda: derived_profile(name, base, keys))  # noqa: B023 - run at once
    return found


def _account(section: _Section) -> AccountSettings:
    return AccountSettings(section.text("name"), section.flag("ise", False))


def _station(section: _Section, profiles: Mapping[str, DeviceProfile]) -> StationSettings:
    identity = _name(
        section, "identity", "write the identity as the charger sends it in its address"
    )
    activation, upstream = _activation(section, identity)
    profile = _profile(section, profiles)
    return StationSettings(
        account=section.text("account"),
        identity=identity,
        name=section.text("name", identity),
        profile=profile,
        activation=activation,
        configuration=_configuration(section.table("configuration")),
        registration=section.choice("registration", REGISTRATIONS, "accept"),
        exchanges=_exchanges(section, profile.connectors or MAX_CONNECTOR),
        upstream=upstream,
    )


def _name(section: _Section, key: str, remedy: str) -> str:
    name = section.text(key)
    if not name.isprintable() or len(name) > 48 or name != name.strip():
        raise section.error(
            key,
            "is longer than 48 signs, has blanks at an end or signs that cannot be printed",
            remedy,
        )
    return name


def _profile(section: _Section, profiles: Mapping[str, DeviceProfile]) -> DeviceProfile:
    name = section.text("profile", "generic")
    return _placed(section, "profile", lambda: profiles.get(name) or load_profile(name))


def _activation(
    section: _Section, identity: str, *, is_station: bool = True
) -> tuple[Activation | None, UpstreamMeter | None]:
    """Read what a station or a meter is called in files, and the meter in front of a station."""
    if section.mapping.get("ise") is None:
        section.take("ise")
        return None, None
    ise = section.table("ise")
    code = ise.text("metering_code", example="33 signs, beginning with CH")
    activation = Activation(
        station=identity,
        metering_code=check_metering_code(code, f"{ise.where}, key 'metering_code'"),
        numbers=_numbers(ise),
        **_obis_and_interval(ise, is_meter=not is_station),
    )
    upstream = _upstream(ise) if is_station else None
    ise.finish()
    return activation, upstream


def _obis_and_interval(ise: _Section, *, is_meter: bool = False) -> dict[str, Any]:
    obis, where = ise.text("obis", _DEFAULT_OBIS), f"{ise.where}, key 'obis'"
    return {
        "obis": _meter_obis(obis, where) if is_meter else check_interval_obis(obis, where),
        "interval_minutes": ise.choice("interval", INTERVALS_MINUTES, 15),
    }


def _meter_obis(text: str, where: str) -> str:
    """Check a code for the energies of any register that a meter can have."""
    obis = Obis.parse(check_energy_obis(text, where), where)
    if register_of(obis) is None:
        codes = ", ".join(one.code for one in REGISTERS)
        what = f"{text!r} ({obis.meaning}) is of no register that a meter has here"
        raise ObisError(what, where, f"use D = 29 or 9 of one of these: {codes}")
    return text


def _numbers(ise: _Section) -> Numbers:
    """Read what else a meter is called by (document 001)."""
    found = {}
    for one in fields(Numbers):
        text = ise.text(one.name, "")
        if len(text) > _NUMBER_SIGNS or not text.isprintable() or text != text.strip():
            what = f"is longer than {_NUMBER_SIGNS} signs, or has some that cannot be printed"
            raise ise.error(one.name, what, "write it as the utility has it")
        found[one.name] = text
    return Numbers(**found)


def _upstream(ise: _Section) -> UpstreamMeter | None:
    if ise.mapping.get("upstream_meter") is None:
        ise.take("upstream_meter")
        for key in ("counts", "difference_limit_percent", "difference_limit_kwh"):
            if ise.take(key) is not None:
                raise ise.error(key, "has no meaning without upstream_meter", "add that one")
        return None
    standard = DifferenceLimit()
    return UpstreamMeter(
        meter=ise.text("upstream_meter"),
        counts=ise.choice("counts", (CHARGER, METER_IN_FRONT), CHARGER),
        limit=DifferenceLimit(
            percent=ise.amount("difference_limit_percent", 100, str(standard.percent)),
            kwh=ise.amount("difference_limit_kwh", 1_000_000, str(standard.kwh)),
        ),
    )


def _group(section: _Section) -> GroupSettings:
    stations = section.names("stations", "identities of stations", may_be_all=False) or ()
    return GroupSettings(section.text("account"), section.text("name"), stations)


def _meter(section: _Section) -> MeterSettings:
    name = _name(section, "name", "give it a shorter name, without those signs")
    most_w = section.number("max_power_w", 1, 1_000_000_000, int(METER.max_power_w))
    activation, _ = _activation(section, name, is_station=False)
    profile = replace(METER, max_power_w=Decimal(most_w))
    return MeterSettings(section.text("account"), name, activation, profile, _exchanges(section))


def _folder(section: _Section) -> FolderSettings:
    meters = section.names("meters", "names of meters", may_be_all=False) or ()
    tariffs: dict[int, VirtualTariff] = {}
    for one in section.tables("virtual_tariff", "name"):
        tariff = _virtual_tariff(one)
        if tariffs.setdefault(tariff.number, tariff) is not tariff:
            raise one.error("number", f"{tariff.number} is there twice", "take another")
        if (both := overlap(tariffs.values())) is not None:
            what = f"{both} counts in more than one of the folder's hours"
            raise one.error("hours", what, "let each hour count once")
        one.finish()
    return FolderSettings(
        section.text("account"), section.text("name"), meters, tuple(tariffs.values())
    )


def _virtual_tariff(section: _Section) -> VirtualTariff:
    number = section.number("number", 1, TARIFFS_MOST)
    since = _day(section, "since", section.take("since"))
    said = section.names("hours", "hours")
    # From midnight to midnight is the whole day.
    hours = ((time(), time()),) if said is None else tuple(_hours(section, one) for one in said)
    names = section.names("weekdays", "weekdays") if "weekdays" in section.mapping else None
    section.take("weekdays")
    for one in names or ():
        if one not in WEEKDAYS:
            raise section.error("weekdays", f"has {one!r}", f"write of {', '.join(WEEKDAYS)}")
    weekdays = frozenset(WEEKDAYS.index(one) for one in names or WEEKDAYS)
    return VirtualTariff(number, section.text("name", f"tariff {number}"), since, hours, weekdays)


def _hours(section: _Section, text: str) -> tuple[time, time]:
    found = re.fullmatch(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", text)
    try:
        if found is not None:
            begin = time.fromisoformat(found[1])
            return begin, time.fromisoformat("00:00" if found[2] == "24:00" else found[2])
    except ValueError:
        pass  # told below, together with what has another form
    raise section.error("hours", f"has {text!r}", 'write local times as "HH:MM-HH:MM"')


def _exchanges(section: _Section, connectors: int = 1) -> tuple[Exchange, ...]:
    found: dict[tuple[datetime, int], Exchange] = {}
    for one in section.tables("meter_exchange", "at"):
        exchange = Exchange(
            at=_exchanged_at(one),
            old_end_wh=_register(one, "old_end_wh"),
            new_start_wh=_register(one, "new_start_wh"),
            connector=one.number("connector", 1, connectors, 1),
        )
        key = (exchange.at, exchange.connector)
        if key in found:
            raise one.error("at", "is there twice for this connector", "take one out")
        found[key] = exchange
        one.finish()
    if len(found) > _EXCHANGES_MOST:
        what = f"is there {len(found)} times"
        raise section.error("meter_exchange", what, f"keep it to {_EXCHANGES_MOST} a station")
    return tuple(found[key] for key in sorted(found))


def _exchanged_at(section: _Section) -> datetime:
    value = section.take("at")
    instant = _instant(value)
    if instant is None:
        what = "is missing" if value is None else f"is {value!r}"
        remedy = "write an instant with its zone: 2026-03-25T14:20:00+01:00"
        raise section.error("at", what, remedy)
    return instant


def _register(section: _Section, key: str) -> Decimal | None:
    """Read what a register showed; a number in quotes has every digit that was typed."""
    value = section.take(key)
    if value is None:
        return None
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,12})?", text) is None:
        raise section.error(
            key, f"is {value!r}", 'write Wh, as a whole number or in quotes: "12345678.9"'
        )
    return Decimal(text)


def _configuration(section: _Section) -> dict[str, str]:
    wanted = {}
    for key in section.mapping:
        # A list of measurands may be empty (OCPP 1.6 §9.1): then the charger chooses.
        value = section.text(key, "", example='the value as text, for example "900"')
        if len(key) > 50 or len(value) > 500:
            raise section.error(
                key, "is too long", "keep a key within 50 and a value within 500 signs"
            )
        wanted[key] = value
    return wanted


def _card(section: _Section) -> CardSettings:
    card = CardSettings(
        account=section.text("account"),
        id_tag=_tag(section, "id_tag", section.text("id_tag")),
        status=section.choice("status", CARD_STATUSES, "Accepted"),
        parent_id_tag=_parent(section),
        expires=_expires(section),
        as_printed=section.choice("written", ("sent", "printed"), "sent") == "printed",
        activation=_card_activation(section),
    )
    if card.as_printed and reversed_bytes(card.id_tag) is None:
        raise section.error(
            "id_tag",
            f"is {card.id_tag!r}, which is no UID",
            'write 8, 14 or 20 hexadecimal digits as they are printed, or written = "sent"',
        )
    return card


def _card_activation(section: _Section) -> Activation | None:
    """Read what a card is called in files: its number as it is written, or a free name."""
    if section.mapping.get("ise") is None:
        section.take("ise")
        return None
    ise, number = section.table("ise"), section.text("id_tag")
    where = f"{ise.where}, key 'metering_code'"
    name = ise.text("metering_code", number)
    try:
        check_name(name, where)
    except BackendError as error:
        what = error.what if name != number else f"is not set, and the number {name!r} is no name"
        remedy = "write a metering code, or a name of letters, digits, '-', '_' and '.'"
        raise SettingsError(what, where, remedy) from error
    activation = Activation(
        station=canonical(number), metering_code=name, **_obis_and_interval(ise)
    )
    ise.finish()
    return activation


def _parent(section: _Section) -> str:
    said = section.text("parent_id_tag", "")
    return _tag(section, "parent_id_tag", said) if said else ""


def _tag(section: _Section, key: str, said: str) -> str:
    if not said.isprintable():
        raise section.error(
            key, f"is {said!r}, with a sign that cannot be printed", "type it, without that sign"
        )
    tag = canonical(said)
    if not tag or len(tag) > 20:
        raise section.error(key, f"is {said!r}", "write 1 to 20 signs, as the card shows")
    return tag


def _expires(section: _Section) -> datetime | None:
    """Read until when a card holds; TOML has a form for instants."""
    value = section.take("expires")
    if value is None:
        return None
    instant = _instant(value)
    if instant is None:
        raise section.error(
            "expires", f"is {value!r}", "write an instant with its zone: 2027-01-01T00:00:00+01:00"
        )
    return instant


def _instant(value: object) -> datetime | None:
    """Read an instant with its zone; None where it is none."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(instant, datetime) and instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # told by who asked, together with what is of another kind
    return None


def _format(section: _Section) -> FormatSettings:
    account, name = section.text("account"), section.text("name")
    kind = section.choice("kind", tuple(KINDS), "ise-timeseries-csv")
    knobs = section.rest()
    return FormatSettings(account, name, kind, form_of(kind, knobs, section.where), knobs)


def _destination(section: _Section, source: _Source) -> DestinationSettings:
    account = section.text("account")
    kind = section.choice("kind", tuple(_PORTS), "sftp")
    host, port = _address(section, _PORTS[kind])
    secret = _password(section, source) if kind == "sftp" else _secret(section, source)
    destination = Destination(
        name=section.text("name"),
        kind=kind,
        host=host,
        port=port,
        user=_plain(section, section.text("user"), "user"),
        secret=_plain(section, secret, "secret"),
        folder=_plain(section, section.text("folder", "."), "folder"),
        time_limit_s=float(section.number("time_limit_s", 1, 3_600, 60)),
        is_direct=section.choice("upload", ("rename", "direct"), "rename") == "direct",
        temporary=_temporary(section),
        host_key=_host_key(section) if kind == "sftp" else "",
        key=_login_key(section, source) if kind == "sftp" else None,
        at_once=section.number("at_once", 1, 64, _AT_ONCE[kind]),
        **(_security(section, source, port) if kind == "ftps" else {}),
    )
    return DestinationSettings(account, destination)


#: Where servers listen, as long as nothing else is said (AEX-02).
_PORTS = {"sftp": 22, "ftps": 21, "ftp": 21}
#: How many files are on their way at once; those of FTP want a line each.
_AT_ONCE = {"sftp": 16, "ftps": 4, "ftp": 4}
_IMPLICIT_PORT = 990
_ADDRESS = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<name>[^:]+))(?::(?P<port>\d{1,5}))?")


def _address(section: _Section, usual_port: int) -> tuple[str, int]:
    """Read host and port; the host may carry the port (AEX-02), an IPv6 address in brackets."""
    example = "a host name or address"
    host = section.text("host", example=example)
    if re.search(r"[/@\s]|://", host):
        remedy = f"write {example}; user, port and folder have keys of their own"
        raise section.error("host", f"is {host!r}", remedy)
    parts = _ADDRESS.fullmatch(host)
    if parts is None:  # an IPv6 address as it is
        return host, section.number("port", 1, 65_535, usual_port)
    if parts["port"] is None:
        return parts["six"] or parts["name"], section.number("port", 1, 65_535, usual_port)
    port = int(parts["port"])
    if not 1 <= port <= 65_535:
        raise section.error("host", f"is {host!r}", "write a port from 1 to 65535 behind it")
    if section.number("port", 1, 65_535, port) != port:
        raise section.error("port", f"is not the one of host, {host!r}", "leave one of them out")
    return parts["six"] or parts["name"], port


def _plain(section: _Section, text: str, key: str) -> str:
    """Refuse what would end a command of FTP, and no server could take (FMT-11)."""
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in text):
        raise section.error(key, "holds a control character", "leave it out")
    return text


def _temporary(section: _Section) -> str:
    pattern = section.text("temporary", ".{name}.part")
    if pattern.count("{name}") != 1 or pattern == "{name}" or "/" in pattern:
        example = '"{name}.part"'
        raise section.error(
            "temporary", f"is {pattern!r}", f"write {{name}} with something around it: {example}"
        )
    return _plain(section, pattern, "temporary")


def _security(section: _Section, source: _Source, port: int) -> dict[str, Any]:
    """Read how an FTPS server is known."""
    pinned = section.text("certificate_sha256", "").replace(":", "").lower()
    if pinned and not re.fullmatch(r"[0-9a-f]{64}", pinned):
        raise section.error(
            "certificate_sha256",
            f"is {pinned[:70]!r}",
            "write the 64 hexadecimal digits of its SHA-256, as "
            "'openssl x509 -noout -fingerprint -sha256 -in FILE' shows them",
        )
    return {
        "is_implicit": section.flag("implicit", port == _IMPLICIT_PORT),
        "authority": _authority(section, source),
        "certificate_sha256": pinned,
        "tls_min": section.choice("tls_min", ("1.0", "1.2", "1.3"), "1.2"),
    }


def _authority(section: _Section, source: _Source) -> str:
    named = section.text("authority_file", "")
    if not named:
        return ""
    try:
        text = (source.folder / named).read_text(encoding="ascii")
        if not text.strip():
            raise ValueError("empty")  # for which OpenSSL would take this machine's own
        ssl.create_default_context(cadata=text)
    except (OSError, UnicodeDecodeError, ValueError) as error:  # an SSLError is an OSError
        raise section.error(
            "authority_file",
            f"names {named!r}, which holds no certificate that can be read",
            "name a file with certificates as PEM: -----BEGIN CERTIFICATE-----",
        ) from error
    return text


def _password(section: _Section, source: _Source) -> str:
    """Take the password, which who logs in with a key may leave out."""
    if section.mapping.get("key_file") is None or _ways_given(section, "secret"):
        return _secret(section, source)
    return ""


def _login_key(section: _Section, source: _Source) -> SSHKey | None:
    """Read the key file now, so that what is wrong with it is told now and not at midnight."""
    named = section.take("key_file")
    protected = _ways_given(section, "key_passphrase")
    if named is None and not protected:
        return None
    path = section.text("key_file", example="the path of a private key")
    passphrase = _secret(section, source, "key_passphrase") if protected else ""
    # It takes a tenth of a second to import, which who has no key file does not wait for.
    from backend.adapters.private_keys import SIZE_LIMIT_BYTES, load_private_key

    try:
        with (source.folder / path).open("rb") as file:
            content = file.read(SIZE_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise section.error(
            "key_file", f"names {path!r}, which cannot be read ({why})", "name a readable file"
        ) from error
    return load_private_key(content, passphrase, f"{section.where}, key 'key_file', file {path!r}")


def _ways(key: str) -> tuple[str, str, str, str]:
    return key, f"{key}_env", f"{key}_file", f"{key}_sealed"


def _opened(section: _Section, source: _Source, key: str, sealed: str) -> str:
    """Open what is sealed; who has nothing sealed does not wait for the library."""
    from backend.adapters.sealing import Keys, place_of

    where = f"{section.where}, key '{key}_sealed'"
    keys = Keys.found(source.environment, source.folder)
    account, name = (str(section.mapping.get(one, "")) for one in ("account", "name"))
    return keys.open(sealed, place_of(account, name, key), where)


def _ways_given(section: _Section, key: str) -> list[str]:
    """Give the keys by which a secret is given; each of them is one of the table."""
    return [way for way in _ways(key) if section.take(way) is not None]


def _secret(section: _Section, source: _Source, key: str = "secret") -> str:
    ways = _ways(key)
    given = _ways_given(section, key)
    if len(given) != 1:
        what = "is missing" if not given else "is given more than once: " + ", ".join(given)
        may_be_key = key == "secret" and section.mapping.get("kind", "sftp") == "sftp"
        other = ", or key_file (a private key)" if may_be_key and not given else ""
        raise section.error(
            key,
            what,
            f"give one of {ways[0]}, {ways[1]} (a variable), {ways[2]} (a path), {ways[3]} (by "
            f"'isebench seal'){other}",
        )
    named = section.text(given[0])
    if given[0] == ways[3]:
        return _opened(section, source, key, named)
    if given[0] == ways[1]:
        if named not in source.environment:
            raise section.error(
                ways[1],
                f"names {named!r}, which is not set",
                f"set {named} in the environment",
            )
        return source.environment[named]
    if given[0] == ways[2]:
        try:
            return (source.folder / named).read_text(encoding="utf-8-sig").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise section.error(
                ways[2], f"names {named!r}, which cannot be read", "name a readable file"
            ) from error
    return named


def _host_key(section: _Section) -> str:
    example = "the server's key as one OpenSSH line: ssh-ed25519 AAAA…"
    line = section.text("host_key", "")
    if not line:  # a connection test shows it; until it is pinned nothing is delivered
        return ""
    parts = line.split()
    if "\n" in line.strip() or len(parts) < 2 or parts[0] not in HOST_KEY_KINDS:
        kinds = ", ".join(HOST_KEY_KINDS)
        raise section.error("host_key", f"is {line[:40]!r}", f"write {example} (kinds: {kinds})")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise section.error("host_key", f"is no base64 ({error})", f"write {example}") from error
    kind = parts[0].encode()
    if len(blob) < 32 or not blob.startswith(len(kind).to_bytes(4, "big") + kind):
        raise section.error("host_key", f"holds no {parts[0]} key", "copy the whole line")
    return f"{parts[0]} {parts[1]}"


def _task(section: _Section) -> TaskSettings:
    name = check_name(section.text("name"), f"{section.where}, key 'name'")
    schedule = section.choice("schedule", (*SCHEDULES, NOW), DAILY)
    plan = _plan(section, name, schedule)
    sources = _task_sources(section)
    return TaskSettings(
        account=section.text("account"),
        name=name,
        stations=sources.pop("stations"),
        format=section.text("format"),
        destination=section.text("destination"),
        schedule=schedule,
        plan=plan,
        start=_start(section, plan),
        corrections=section.choice("corrections", EXTENTS, OFF if plan is None else CHANGED),
        values=section.choice("values", (MEASURED, VIRTUAL_TARIFFS), MEASURED),
        **sources,
    )


def _plan(section: _Section, name: str, schedule: str) -> Plan | None:
    at = section.take("at")
    if schedule == NOW:
        for key in ("at", "trigger"):
            if section.take(key) is not None:
                raise section.error(key, f"has no meaning with schedule {NOW!r}", "take it out")
        return None
    trigger = Trigger(section.choice("trigger", [each.value for each in Trigger], Trigger.TIME))
    if at is not None and (schedule != DAILY or trigger is not Trigger.TIME):
        raise section.error(
            "at",
            f"has no meaning with schedule {schedule!r} and trigger {trigger.value!r}",
            "take it out",
        )
    minutes = SCHEDULES[schedule]
    at = None if at is None else _time(section, at)
    return Plan(minutes, trigger, at, spread(name, minutes))


def _start(section: _Section, plan: Plan | None) -> date | None:
    """Read the first day that a task exports; TOML has a form for days."""
    value = section.take("start")
    if value is None:
        return None
    if plan is None:
        raise section.error("start", f"has no meaning with schedule {NOW!r}", "take it out")
    return _day(section, "start", value)


def _day(section: _Section, key: str, value: object) -> date:
    if value is None:
        raise section.error(key, "is missing", "write a day: 2026-01-01")
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise section.error(key, f"is {value}", "write a day: 2026-01-01")
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise section.error(key, f"is {day}", f"write a day from {YEARS[0]} to {YEARS[1]}")
    return day


#: What a task can take, and how each is named.
_SOURCES = {
    "stations": "identities",
    "groups": "names of station groups",
    "meters": "names of meters",
    "folders": "names of folders",
    "cards": "numbers of cards, as their tables have them",
}


def _task_sources(section: _Section) -> dict[str, tuple[str, ...] | None]:
    """Read what a task takes; one that says nothing of it takes all stations."""
    given = [key for key in _SOURCES if section.mapping.get(key) is not None] or ["stations"]
    found: dict[str, tuple[str, ...] | None] = {}
    for key, thing in _SOURCES.items():
        if key in given and section.mapping.get(key) is not None:
            found[key] = section.names(key, thing)
        else:
            section.take(key)
            found[key] = None if key in given else ()
    cards = found["cards"]
    found["cards"] = None if cards is None else tuple(canonical(one) for one in cards)
    return found


def _time(section: _Section, value: object) -> time:
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    try:
        if isinstance(value, str) and len(value) == 5:
            return time.fromisoformat(value)
    except ValueError:
        pass  # told below, together with what has another length or type
    raise section.error("at", f"is {value!r}", 'write a local time as "HH:MM"')


def _placed(section: _Section, key: str, read: Callable[[], T]) -> T:
    """Run ``read``; what the core finds wrong gets the place in the settings in front."""
    try:
        return read()
    except BackendError as error:
        place = f"{section.where}, key {key!r}"
        what = error.what if error.where == key else f"{error.where}: {error.what}"
        raise type(error)(what, place, error.remedy) from error


# ---------------------------------------------------------------- the whole


def _check_references(settings: Settings, where: str) -> None:
    accounts = {one.name for one in settings.accounts}
    owned: tuple[tuple[str, Sequence[Any], str], ...] = (
        ("station", settings.stations, "identity"),
        ("group", settings.groups, "name"),
        ("meter", settings.meters, "name"),
        ("folder", settings.folders, "name"),
        ("card", settings.cards, "id_tag"),
        ("format", settings.formats, "name"),
        ("destination", settings.destinations, "name"),
        ("task", settings.tasks, "name"),
    )
    for table, rows, naming in owned:
        for row in rows:
            place = f"{where}, [[{table}]] {getattr(row, naming)!r}"
            _refer(place, "account", row.account, accounts, "[[account]]")
    for task in settings.tasks:
        place = f"{where}, [[task]] {task.name!r}"
        formats = {one.name for one in settings.formats if one.account == task.account}
        _refer(place, "format", task.format, formats, "[[format]] of the account")
        servers = {one.name for one in settings.destinations if one.account == task.account}
        _refer(place, "destination", task.destination, servers, "[[destination]] of the account")
        known = _names_in(settings, task.account)
        for key in _SOURCES:
            for name in getattr(task, key) or ():
                _refer(place, key, name, known[key], f"[[{key[:-1]}]] of the account")
        _check_lengths(settings, task, place)
    for group in settings.groups:
        place = f"{where}, [[group]] {group.name!r}"
        stations = _names_in(settings, group.account)["stations"]
        for name in group.stations:
            _refer(place, "stations", name, stations, "[[station]] of the account")
    for folder in settings.folders:
        place = f"{where}, [[folder]] {folder.name!r}"
        meters = _names_in(settings, folder.account)["meters"]
        for name in folder.meters:
            _refer(place, "meters", name, meters, "[[meter]] of the account")


def _names_in(settings: Settings, account: str) -> dict[str, set[str]]:
    """Give the names of what a task of an account can take."""
    return {
        "stations": {one.identity for one in settings.stations if one.account == account},
        "groups": {one.name for one in settings.groups if one.account == account},
        "meters": {one.name for one in settings.meters if one.account == account},
        "folders": {one.name for one in settings.folders if one.account == account},
        "cards": {one.id_tag for one in settings.cards if one.account == account},
    }


def _check_upstream(settings: Settings, where: str) -> None:
    """Check that a meter stands in front of one station only: its sums are held against one."""
    behind: dict[str, str] = {}
    for one in settings.stations:
        if one.upstream is None:
            continue
        place = f"{where}, [[station]] {one.identity!r}, [ise]"
        meters = _names_in(settings, one.account)["meters"]
        _refer(place, "upstream_meter", one.upstream.meter, meters, "[[meter]] of the account")
        if (other := behind.setdefault(one.upstream.meter, one.identity)) != one.identity:
            raise SettingsError(
                f"names {one.upstream.meter!r}, which stands in front of {other!r} already",
                f"{place}, key 'upstream_meter'",
                "name the meter that measures this station alone, or take the key out",
            )


def _check_metering_points(settings: Settings, where: str) -> None:
    """Check that no two sources of a task are one metering point: which one would count?"""
    for task in settings.tasks:
        fed: dict[tuple[str, str], str] = {}
        for source, activation in settings.activations_of(task):
            code, name = activation.metering_code, f"{_kind_of(source)} {activation.station!r}"
            key = (code, Obis.parse(activation.obis).normalised)
            if (other := fed.setdefault(key, name)) != name:
                raise SettingsError(
                    f"the metering point {code!r} is fed by {other} and by {name}",
                    f"{where}, [[task]] {task.name!r}",
                    "give one of them another code, or take one out; a charger and the meter in "
                    "front of it are one source: upstream_meter in [station.ise]",
                )


def _check_codes(settings: Settings, where: str) -> None:
    """Check that the format of each task lists the OBIS codes of its sources (FMT-07)."""
    for task in settings.tasks:
        named = settings.format_of(task)
        for source, activation in settings.activations_of(task):
            what = f"{_kind_of(source)} {activation.station!r}"
            place = f"{where}, [[task]] {task.name!r} with [[format]] {named.name!r}, {what}, obis"
            check_obis(activation.obis, named.form, place)


def _check_days(settings: Settings, where: str) -> None:
    """Check that what has one value a day is asked for by the day, of what has a register."""
    for task in settings.tasks:
        named = settings.format_of(task)
        if named.form.values is Values.ENERGIES:
            continue
        place = f"{where}, [[task]] {task.name!r} with [[format]] {named.name!r}"
        if task.plan is not None and task.plan.minutes != MINUTES_OF_DAY:
            what = f"is {task.schedule!r}, and the format has one value a day"
            raise SettingsError(what, f"{place}, key 'schedule'", f"write {DAILY!r} or {NOW!r}")
        for source, activation in settings.activations_of(task):
            if named.form.values is Values.READINGS and isinstance(source, CardSettings):
                what = f"the card {activation.station!r} has no register"
                remedy = "send its energies, as a load profile or as a feed (ise-feed-csv)"
                raise SettingsError(what, place, remedy)


def _check_numbers(settings: Settings, where: str) -> None:
    """Check that each source of a task has what the format calls meters by (document 001)."""
    for task in settings.tasks:
        named = settings.format_of(task)
        for key in keys_of(named.form):
            for source, activation in settings.activations_of(task):
                what = f"{_kind_of(source)} {activation.station!r}"
                try:
                    name_by(key, activation.metering_code, activation.numbers)
                except BackendError as error:
                    mend = f"add {key} to its [{_kind_of(source)}.ise]"
                    if isinstance(source, CardSettings):
                        mend = "take the card out"
                    raise SettingsError(
                        f"{what} has no {key}, by which the format {named.name!r} calls meters",
                        f"{where}, [[task]] {task.name!r}",
                        f"{mend}, or turn another key of the format",
                    ) from error


def _check_tariffs(settings: Settings, where: str) -> None:
    """Check what a task says of virtual tariffs (AEX-21)."""
    for task in settings.tasks:
        if task.values != VIRTUAL_TARIFFS:
            continue
        named, place = settings.format_of(task), f"{where}, [[task]] {task.name!r}"
        if not takes_virtual_tariffs(named.form):
            what = "virtual tariffs are exported in the format IS-E only"
            remedy = "take a format of kind ise-readings-csv, ise-readings-xml or ise-feed-csv"
            raise SettingsError(what, f"{place} with [[format]] {named.name!r}", remedy)
        others = [key for key in _SOURCES if key != "folders" and getattr(task, key) != ()]
        if others or task.folders == ():
            what = "virtual tariffs are those of folders"
            remedy = "name folders, and no " + " or ".join(others or ["stations"])
            raise SettingsError(what, place, remedy)
        seen: set[tuple[str, int]] = set()
        for meter, _, tariff in settings.tariffs_of(task):
            if (meter.name, tariff.number) in seen:
                what = f"the meter {meter.name!r} has the virtual tariff {tariff.number} twice"
                raise SettingsError(what, place, "take it out of one of the folders")
            seen.add((meter.name, tariff.number))
        if not seen:
            what = "its folders have no virtual tariff, or no meter that is activated"
            raise SettingsError(what, place, "add [[folder.virtual_tariff]]")


def _kind_of(source: SourceSettings) -> str:
    if isinstance(source, StationSettings):
        return "station"
    return "meter" if isinstance(source, MeterSettings) else "card"


def _check_lengths(settings: Settings, task: TaskSettings, place: str) -> None:
    """See that each interval of a task ends within one of its periods."""
    for _, activation in settings.activations_of(task):
        if task.plan is not None and task.plan.minutes < activation.interval_minutes:
            raise SettingsError(
                f"is shorter than the interval of {activation.station!r},"
                f" {activation.interval_minutes} min",
                f"{place}, key 'schedule'",
                "take a longer one, or give that source a task of its own",
            )


def _refer(place: str, key: str, name: str, known: set[str], table: str) -> None:
    if name not in known:
        names = ", ".join(repr(one) for one in sorted(known)) or "there is none yet"
        raise SettingsError(
            f"names {name!r}, which no {table} defines",
            f"{place}, key {key!r}",
            f"add it, or write one that is there: {names}",
        )


def _check_doubles(settings: Settings, where: str) -> None:
    _once(where, "account", "name", ((one.name,) for one in settings.accounts))
    _once(where, "station", "identity", ((one.identity,) for one in settings.stations))
    _once(where, "group", "name", ((one.account, one.name) for one in settings.groups))
    # A meter is addressed by its name alone.
    _once(where, "meter", "name", ((one.name,) for one in settings.meters))
    _once(where, "folder", "name", ((one.account, one.name) for one in settings.folders))
    _once(where, "card", "id_tag", ((one.account, one.id_tag) for one in settings.cards))
    # A model that sends UIDs turned round must not take one card for another.
    turned = (
        (one.account, (reversed_bytes(one.id_tag) or one.id_tag) if one.as_printed else one.id_tag)
        for one in settings.cards
    )
    _once(where, "card", "id_tag, little-endian", turned)
    _once(where, "format", "name", ((one.account, one.name) for one in settings.formats))
    _once(where, "destination", "name", ((one.account, one.name) for one in settings.destinations))
    # A task is asked for by its name alone, and its name is in the file's.
    _once(where, "task", "name", ((one.name,) for one in settings.tasks))
    activations = [one.activation for one in settings.stations if one.activation is not None]
    _once(
        where,
        "station",
        "ise.metering_code with ise.obis",
        ((one.metering_code, one.obis) for one in activations),
    )


def _once(where: str, table: str, key: str, names: Iterable[tuple[str, ...]]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            shown = " / ".join(name)
            raise SettingsError(
                f"{shown!r} is there twice", f"{where}, [[{table}]], {key}", "take one out"
            )
        seen.add(name)
