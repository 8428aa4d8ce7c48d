"""
The profile of a charger to be certified: who it is, what its vendor declares, how it is run.

One TOML file. Each key is known, has a type, and is refused by its name where it is wrong. What the
vendor declares is a declaration as everywhere (`backend.core.device_profile`): the profile of a
model that is known, or the same tables in the file. From it follows what a case needs
(`Profile.has`); what no declaration says stands under ``[charger]``.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from backend.core.device_profile import DeviceProfile, derived_profile
from backend.errors import SettingsError
from harness.catalogue import Case, load_cases
from harness.certify.acts import ACTS, Way, read_way
from harness.errors import UsageError
from harness.target import CHARGE_POINT

SOCKET, FIXED = "socket", "fixed"
PEOPLE = ("Anna", "Bert", "Carla", "Dora")
"""Whose cards the cases need."""
ID_TAG_CHARS_MAX = 20
"""How long an idTag may be (OCPP 1.6 §7.28)."""
IDENTITY_CHARS_MAX = 48

SECURITY = "this bench cannot show security profiles of a charger elsewhere yet"
"""Why the cases of the security profiles are not asked, though the charger has one."""
NO_FIRMWARE = "the profile names no firmware that could be installed ([firmware])"
NO_SECURITY = "the profile says that the charger has no security profile"
_SECURITY_NEEDS = frozenset(
    {
        "a security profile",
        "security profile 1 or 2",
        "security profile 2 or 3",
        "security profile 3",
    }
)
_BY_MESSAGE = {
    "cache": "ClearCache",
    "firmware management": "UpdateFirmware",
    "local list": "SendLocalList",
    "remote trigger": "TriggerMessage",
    "reservation": "ReserveNow",
    "smart charging": "SetChargingProfile",
    "GetCompositeSchedule": "GetCompositeSchedule",
    "GetLocalListVersion": "GetLocalListVersion",
}
"""What a charger has that answers a request."""

NAMES_CONNECTOR_2 = frozenset({"TC_031_CS", "TC_055_CS"})
"""Cases in which connector 2 is one that is not there."""


@dataclass(frozen=True, slots=True)
class Listen:
    """
    Where the bench is a central system.

    Attributes:
        address, port: 0 takes a free port.
        path: what stands before the identity.
        reached_as: what the charger calls this machine, for files that it brings and fetches.
        certificate, key: PEM files; with them chargers come over wss.
    """

    address: str = "127.0.0.1"
    port: int = 9000
    path: str = "/ocpp"
    reached_as: str = ""
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How long things may take, in seconds.

    Attributes:
        come_s: until the charger connects: in the beginning, after a reset, after an outage.
        answer_s: until it has answered a command, or has become what it was told to.
        settle_s: until it has said all that comes of an act; so long a case waits after each.
        hands_s: until a person has done what is asked for.
        timing_s: how far from its time a message, a timestamp or a value may be.
    """

    come_s: float = 300
    answer_s: float = 10
    settle_s: float = 10
    hands_s: float = 120
    timing_s: float = 3


@dataclass(frozen=True, slots=True)
class Charger:
    """
    Who the charger is, and how it is built.

    Attributes:
        identity: its name at a central system.
        vendor, model, serial, firmware: as they are written on it.
        cable: ``socket`` or ``fixed``.
        phases: on which the car that is at hand draws; most_a: what, where nothing limits it.
        connectors: how many it has; connector 1 is under test.
        backup_power: whether it can speak after its power was cut.
        offline_transactions: whether one can begin while the line is cut.
        list_can_be_off: whether its local list can be switched off with LocalAuthListEnabled.
        reserves_connector_0: whether the charger as a whole can be reserved.
        security_profile: the highest of OCPP's security profiles that it has; 0: none.
    """

    identity: str
    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    cable: str = SOCKET
    phases: int = 3
    most_a: Decimal = Decimal(32)
    connectors: int = 1
    backup_power: bool = False
    offline_transactions: bool = True
    list_can_be_off: bool = True
    reserves_connector_0: bool = True
    security_profile: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """
    A profile, read and checked.

    Attributes:
        path, sha256: of its file.
        operator: who runs it: name, organisation, place, as far as they are told.
        cards: the idTag of each person's card.
        declared: what the vendor declares.
        selected: ids of cases, or their beginnings; none: all.
        scope: why cases do not apply, by ids or beginnings.
        hands: how acts are done without a person.
        firmware: a file that can be installed, and the version that it brings.
        tables: the file's keys and values, of which the ways of hands are left out: commands and
            URLs may bear secrets, and this is part of what is stated.
    """

    path: Path
    sha256: str
    charger: Charger
    operator: Mapping[str, str]
    listen: Listen
    cards: Mapping[str, str]
    declared: DeviceProfile
    limits: Limits
    selected: tuple[str, ...] = ()
    scope: Mapping[str, str] = field(default_factory=dict)
    hands: Mapping[str, Way] = field(default_factory=dict)
    firmware: tuple[Path, str] | None = None
    tables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has(self) -> frozenset[str]:
        """What the charger is and can do, in the words of the cases' needs."""
        charger = self.charger
        answers = self.declared.answers
        # Where nothing at all is declared, everything is asked.
        found = {
            need
            for need, action in _BY_MESSAGE.items()
            if action in answers or not (answers or self.declared.refuses)
        }
        found.add("socket" if charger.cable == SOCKET else "fixed cable")
        found.add("back-up power" if charger.backup_power else "no back-up power")
        if charger.offline_transactions:
            found.add("offline transactions")
        if "local list" not in found or charger.list_can_be_off:
            found.add("no local list")
        if "reservation" not in found:
            found.add("no reservation")
        elif charger.reserves_connector_0:
            found.add("reservation of connector 0")
        return frozenset(found)

    def lacks(self, need: str) -> str | None:
        """Give why something that a case needs is not there; None where it is."""
        if need in _SECURITY_NEEDS:
            return SECURITY if self.charger.security_profile else NO_SECURITY
        if need in self.has:
            return None
        if need in _BY_MESSAGE:
            return f"{need}: {_BY_MESSAGE[need]} is not declared to be answered"
        return f'the case is for chargers with "{need}", and by its profile this is none'

    def left_out(self, case: Case) -> str | None:
        """Give why a case does not apply to this charger; None where it does."""
        told = [why for id, why in self.scope.items() if _begins(case.id, id)]
        if told:
            return told[-1]
        for need in case.needs:
            if (why := self.lacks(need)) is not None:
                return why
        if case.id in NAMES_CONNECTOR_2 and self.charger.connectors > 1:
            return "it is about a connector that is not there, and this charger has a second one"
        if case.id == "TC_044_1_CS" and self.firmware is None:
            return NO_FIRMWARE
        return None

    def is_scoped(self, case: Case) -> bool:
        """Tell whether the profile's scope leaves a case out, whatever is declared."""
        return any(_begins(case.id, id) for id in self.scope)

    def is_beyond(self, case: Case) -> bool:
        """Tell whether a case would apply, and this bench cannot show it yet."""
        return not self.is_scoped(case) and self.left_out(case) in (SECURITY, NO_FIRMWARE)

    def is_selected(self, case: Case) -> bool:
        """Tell whether a case is asked for."""
        return not self.selected or any(_begins(case.id, id) for id in self.selected)


def _begins(case: str, text: str) -> bool:
    """Tell whether a text is a case's id, or a beginning of it that ends at one of its parts."""
    return case == text or case.startswith(f"{text}_")


def cases_of_charge_points() -> list[Case]:
    """Give all cases of the charge-point side, in the order of their ids."""
    return [case for case in load_cases() if case.side == CHARGE_POINT]


# ---------------------------------------------------------------- reading


class Table:
    """
    One table of the file.

    Parameters:
        path: of the file.
        name: of the table, as an error tells it; empty for the file as a whole.
        values: what stands in it.
        known: its keys.

    Raises:
        UsageError: If it is no table, or has another key.
    """

    def __init__(self, path: Path, name: str, values: object, known: Collection[str]) -> None:
        self._where = f"{path}, [{name}]" if name else str(path)
        if not isinstance(values, dict):
            raise UsageError(f"{self._where}: is no table; write its keys below [{name}]")
        for key in values:
            if key not in known:
                raise UsageError(
                    f"{self._where}: {key!r} is no key there; use {', '.join(sorted(known))}"
                )
        self._values: dict[str, Any] = values

    def wrong(self, key: str, what: str) -> UsageError:
        """Give the error about a key: what it must be instead."""
        told = repr(self._values.get(key))
        return UsageError(f"{self._where}: {key} is {told[:80]}; it must be {what}")

    def text(self, key: str, default: str | None = None, most: int = 200) -> str:
        """Give a text; one without a default must be there."""
        value = self._values.get(key, default)
        if not isinstance(value, str) or len(value) > most or (default is None and not value):
            raise self.wrong(key, f"a text in quotes, of 1 to {most} signs")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Give true or false."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Give a whole number."""
        value = self._values.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.wrong(key, f"a whole number from {low} to {high}")
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Give a number."""
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, f"a number from {low:g} to {high:g}")
        if not low <= value <= high:
            raise self.wrong(key, f"a number from {low:g} to {high:g}")
        return float(value)

    def file(self, key: str, folder: Path) -> Path | None:
        """Give a file that is there, named from the profile's folder; None where none is named."""
        if key not in self._values:
            return None
        path = folder / self.text(key)
        if not path.is_file():
            raise self.wrong(key, f"a file that is there, seen from {folder.resolve()}")
        return path


TABLES = (
    "charger",
    "operator",
    "listen",
    "cards",
    "declaration",
    "limits",
    "cases",
    "scope",
    "hands",
    "firmware",
)


def load(path: Path) -> Profile:
    """
    Read a profile.

    Raises:
        UsageError: What is wrong with it, at which key, and what to write instead.
    """
    try:
        content = path.read_bytes()
        told = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a profile") from error
    except ValueError as error:
        raise UsageError(f"{path}: is no TOML ({error}); mend it there") from error
    Table(path, "", told, TABLES)
    if "charger" not in told:
        raise UsageError(f"{path}: names no charger; begin with [charger] and its identity")
    folder = path.parent
    charger = _charger(path, told["charger"])
    return Profile(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        charger=charger,
        operator=_operator(path, told.get("operator", {})),
        listen=_listen(path, told.get("listen", {}), folder),
        cards=_cards(path, told.get("cards", {})),
        declared=_declaration(path, told.get("declaration", {}), charger),
        limits=_limits(path, told.get("limits", {})),
        selected=_selected(path, told.get("cases", {})),
        scope=_scope(path, told.get("scope", {})),
        hands=_hands(path, told.get("hands", {})),
        firmware=_firmware(path, told.get("firmware"), folder),
        tables={**told, **({"hands": sorted(told["hands"])} if "hands" in told else {})},
    )


def _charger(path: Path, values: object) -> Charger:
    table = Table(path, "charger", values, Charger.__dataclass_fields__)
    identity = table.text("identity", most=IDENTITY_CHARS_MAX)
    if "/" in identity or not identity.isprintable():
        raise table.wrong("identity", "the charger's name in its address, without a slash")
    cable = table.text("cable", SOCKET)
    if cable not in (SOCKET, FIXED):
        raise table.wrong("cable", f'"{SOCKET}" or "{FIXED}"')
    return Charger(
        identity=identity,
        vendor=table.text("vendor", ""),
        model=table.text("model", ""),
        serial=table.text("serial", ""),
        firmware=table.text("firmware", ""),
        cable=cable,
        phases=table.whole("phases", 3, 1, 3),
        most_a=Decimal(table.whole("most_a", 32, 6, 80)),
        connectors=table.whole("connectors", 1, 1, 99),
        backup_power=table.flag("backup_power", False),
        offline_transactions=table.flag("offline_transactions", True),
        list_can_be_off=table.flag("list_can_be_off", True),
        reserves_connector_0=table.flag("reserves_connector_0", True),
        security_profile=table.whole("security_profile", 0, 0, 3),
    )


def _operator(path: Path, values: object) -> dict[str, str]:
    keys = ("name", "organisation", "place")
    table = Table(path, "operator", values, keys)
    told = {key: table.text(key, "") for key in keys}
    return {key: value for key, value in told.items() if value}


def _listen(path: Path, values: object, folder: Path) -> Listen:
    table = Table(path, "listen", values, Listen.__dataclass_fields__)
    usual = Listen()
    where = table.text("path", usual.path)
    if not where.startswith("/") or where.endswith("/"):
        raise table.wrong("path", 'a path such as "/ocpp", to which the identity is appended')
    certificate, key = table.file("certificate", folder), table.file("key", folder)
    if (certificate is None) != (key is None):
        raise table.wrong("key", "named with the certificate; wss needs both, ws neither")
    address = table.text("address", usual.address)
    reached_as = table.text("reached_as", "")
    if not reached_as:
        if address in ("0.0.0.0", "::"):
            raise table.wrong(
                "reached_as", f"what the charger calls this machine ({address} is all)"
            )
        reached_as = address
    port = table.whole("port", usual.port, 0, 65535)
    return Listen(address, port, where, reached_as, certificate, key)


def _cards(path: Path, values: object) -> dict[str, str]:
    table = Table(path, "cards", values, PEOPLE)
    usual = {"Anna": "04A1B2C3", "Bert": "04B1C2D3", "Carla": "04C1D2E3", "Dora": "04D1E2F3"}
    cards = {one: table.text(one, usual[one], ID_TAG_CHARS_MAX) for one in PEOPLE}
    if len({tag.upper() for tag in cards.values()}) < len(cards):
        raise UsageError(f"{path}, [cards]: two cards have one idTag; give each person another")
    return cards


def _declaration(path: Path, values: object, charger: Charger) -> DeviceProfile:
    if not isinstance(values, dict):
        raise UsageError(f"{path}, [declaration]: is no table; name a profile, or its tables")
    told = dict(values)
    base = told.pop("profile", "generic")
    if not isinstance(base, str):
        raise UsageError(f"{path}, [declaration]: profile must be the name of a model's profile")
    name = f"{charger.vendor} {charger.model}".strip() or charger.identity
    try:
        return derived_profile(name, base, told)
    except SettingsError as error:
        raise UsageError(f"{path}, [declaration]: {error}") from error


def _limits(path: Path, values: object) -> Limits:
    table = Table(path, "limits", values, Limits.__dataclass_fields__)
    usual = Limits()
    return Limits(
        come_s=table.number("come_s", usual.come_s, 1, 86_400),
        answer_s=table.number("answer_s", usual.answer_s, 0.2, 600),
        settle_s=table.number("settle_s", usual.settle_s, 0.2, 600),
        hands_s=table.number("hands_s", usual.hands_s, 1, 86_400),
        timing_s=table.number("timing_s", usual.timing_s, 0.1, 60),
    )


def _selected(path: Path, values: object) -> tuple[str, ...]:
    table = Table(path, "cases", values, ("run",))
    told = values.get("run", []) if isinstance(values, dict) else []
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise table.wrong("run", 'a list of ids or their beginnings: ["TC_003", "TC_040"]')
    return tuple(_known(f"{path}, [cases]", one) for one in told)


def _scope(path: Path, values: object) -> dict[str, str]:
    if not isinstance(values, dict):
        raise UsageError(f'{path}, [scope]: is no table; write TC_045 = "the reason"')
    found = {}
    for id, why in values.items():
        if not isinstance(why, str) or not why.strip():
            raise UsageError(f'{path}, [scope]: {id} has no reason; write {id} = "the reason"')
        found[_known(f"{path}, [scope]", id)] = why
    return found


def _known(where: str, id: str) -> str:
    """Give the id, or the beginning of some, that a text names."""
    wanted = id.upper().rstrip("_")
    if not any(_begins(case.id, wanted) for case in cases_of_charge_points()):
        raise UsageError(
            f"{where}: {id!r} is no case of a charge point, nor the beginning of one; "
            "`isebench list` shows them"
        )
    return wanted


def _hands(path: Path, values: object) -> dict[str, Way]:
    Table(path, "hands", values, ACTS)
    told: Mapping[str, object] = values if isinstance(values, dict) else {}
    return {act: read_way(f"{path}, [hands]", act, way) for act, way in told.items()}


def _firmware(path: Path, values: object, folder: Path) -> tuple[Path, str] | None:
    if values is None:
        return None
    table = Table(path, "firmware", values, ("file", "version"))
    file = table.file("file", folder)
    if file is None:
        raise table.wrong("file", "a firmware that the charger takes, beside the profile")
    return file, table.text("version", most=50)


def ordered(cases: Sequence[Case], ids: Collection[str]) -> list[Case]:
    """Give the cases with some ids, in their own order."""
    return [case for case in cases if case.id in ids]
