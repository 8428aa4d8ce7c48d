"""
The settings as a whole: read from a file, a text or a mapping, and asked by name.

Each kind of table is read by a module of its own; `checks` says whether they fit together.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.core.day_values import VirtualTariff
from backend.core.device_profile import DeviceProfile
from backend.core.exports import Activation
from backend.errors import SettingsError
from backend.ports import Destination, Gateway, GatewayMeter
from backend.settings.accounts import AccountSettings, read_account
from backend.settings.cards import CardSettings, read_card
from backend.settings.checks import check
from backend.settings.destinations import DestinationSettings, read_destination
from backend.settings.formats import FormatSettings, read_format
from backend.settings.gateways import GatewaySettings, read_gateway
from backend.settings.listening import BackendSettings, WebSettings, read_backend, read_web
from backend.settings.meters import FolderSettings, MeterSettings, read_folder, read_meter
from backend.settings.secrets import Surroundings
from backend.settings.section import Section, read_all
from backend.settings.sources import SourceSettings
from backend.settings.stations import (
    GroupSettings,
    StationSettings,
    read_group,
    read_profiles,
    read_station,
)
from backend.settings.tasks import TaskSettings, read_task


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
    gateways: tuple[GatewaySettings, ...] = ()
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
        surroundings = Surroundings(os.environ if environment is None else environment, folder)
        top = Section(mapping, where)
        profiles = read_profiles(top)
        settings = cls(
            backend=read_backend(top.table("backend"), surroundings),
            web=read_web(top, surroundings),
            profiles=tuple(profiles.values()),
            accounts=read_all(top, "account", "name", read_account),
            stations=read_all(top, "station", "identity", lambda s: read_station(s, profiles)),
            groups=read_all(top, "group", "name", read_group),
            meters=read_all(top, "meter", "name", read_meter),
            gateways=read_all(top, "gateway", "name", lambda s: read_gateway(s, surroundings)),
            folders=read_all(top, "folder", "name", read_folder),
            cards=read_all(top, "card", "id_tag", read_card),
            formats=read_all(top, "format", "name", read_format),
            destinations=read_all(
                top, "destination", "name", lambda s: read_destination(s, surroundings)
            ),
            tasks=read_all(top, "task", "name", read_task),
        )
        top.finish()
        check(settings, where)
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

    def read_gateways(self) -> list[Gateway]:
        """Give the gateways that read meters, each with its meters."""
        found = []
        for one in self.gateways:
            meters = [
                GatewayMeter(meter.account, meter.name, place.serial, place.address)
                for meter in self.meters
                if (place := meter.place) is not None
                and (meter.account, place.gateway) == (one.account, one.name)
            ]
            if meters:
                found.append(one.with_meters(meters))
        return found

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
