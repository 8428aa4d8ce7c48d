"""
Whether the tables fit together, once each is right by itself.

Every name that is used must be defined, and what a task takes must be able to stand in its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from backend.core.days import MINUTES_OF_DAY
from backend.core.exports import DAILY
from backend.core.formats.forms import check_obis, keys_of, takes_virtual_tariffs
from backend.core.formats.row import Values, name_by
from backend.core.id_tags import reversed_bytes
from backend.core.obis import Obis
from backend.errors import BackendError, SettingsError
from backend.settings.cards import CardSettings
from backend.settings.gateways import ASKED_BY_ADDRESS
from backend.settings.sources import kind_of
from backend.settings.tasks import NOW, TASK_SOURCES, VIRTUAL_TARIFFS, TaskSettings

if TYPE_CHECKING:
    from backend.settings.whole import Settings


def check(settings: Settings, where: str) -> None:
    """
    Check all of the settings.

    Parameters:
        settings: the tables, each of them read.
        where: how errors name the whole.

    Raises:
        SettingsError: If they hold a mistake; the first one is told.
    """
    _check_doubles(settings, where)
    _check_references(settings, where)
    _check_gateways(settings, where)
    _check_upstream(settings, where)
    _check_codes(settings, where)
    _check_metering_points(settings, where)
    _check_days(settings, where)
    _check_numbers(settings, where)
    _check_tariffs(settings, where)


def _check_doubles(settings: Settings, where: str) -> None:
    _once(where, "account", "name", ((one.name,) for one in settings.accounts))
    _once(where, "station", "identity", ((one.identity,) for one in settings.stations))
    _once(where, "group", "name", ((one.account, one.name) for one in settings.groups))
    # A meter is addressed by its name alone.
    _once(where, "meter", "name", ((one.name,) for one in settings.meters))
    _once(where, "gateway", "name", ((one.account, one.name) for one in settings.gateways))
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


def _check_references(settings: Settings, where: str) -> None:
    accounts = {one.name for one in settings.accounts}
    owned: tuple[tuple[str, Sequence[Any], str], ...] = (
        ("station", settings.stations, "identity"),
        ("group", settings.groups, "name"),
        ("meter", settings.meters, "name"),
        ("gateway", settings.gateways, "name"),
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
        for key in TASK_SOURCES:
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


def _check_gateways(settings: Settings, where: str) -> None:
    """See that each meter is read at a gateway of its account, and each place by one meter."""
    ways = {(one.account, one.name): one.gateway.way for one in settings.gateways}
    seen: set[tuple[str, str, str | int]] = set()
    for meter in settings.meters:
        if meter.place is None:
            continue
        place = f"{where}, [[meter]] {meter.name!r}, [gateway]"
        known = {one.name for one in settings.gateways if one.account == meter.account}
        _refer(place, "name", meter.place.gateway, known, "[[gateway]] of the account")
        gateway = meter.account, meter.place.gateway
        names: dict[str, str | int] = {"serial": meter.place.serial}
        if ways[gateway] in ASKED_BY_ADDRESS:
            # Two of one address could answer for each other.
            names["address"] = meter.place.address
        for key, value in names.items():
            if (*gateway, value) in seen:
                what = f"{value!r} is read for another meter already"
                raise SettingsError(what, f"{place}, key {key!r}", "let one meter have it")
            seen.add((*gateway, value))


def _names_in(settings: Settings, account: str) -> dict[str, set[str]]:
    """Give the names of what a task of an account can take."""
    return {
        "stations": {one.identity for one in settings.stations if one.account == account},
        "groups": {one.name for one in settings.groups if one.account == account},
        "meters": {one.name for one in settings.meters if one.account == account},
        "folders": {one.name for one in settings.folders if one.account == account},
        "cards": {one.id_tag for one in settings.cards if one.account == account},
    }


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
            code, name = activation.metering_code, f"{kind_of(source)} {activation.station!r}"
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
            what = f"{kind_of(source)} {activation.station!r}"
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
                what = f"{kind_of(source)} {activation.station!r}"
                try:
                    name_by(key, activation.metering_code, activation.numbers)
                except BackendError as error:
                    mend = f"add {key} to its [{kind_of(source)}.ise]"
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
        others = [key for key in TASK_SOURCES if key != "folders" and getattr(task, key) != ()]
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
