"""
The charging profiles of the charger, and the limit they give at an instant (OCPP 1.6 §3.13).

Rule 1: a profile is read once, when it arrives. What does not fit is rejected as a whole and leaves
everything as it was; after that nothing can go wrong.
Rule 2: what holds at an instant depends on the installed profiles, the instant and the transaction
alone. So a late question gets the same answer as one in time.
Rule 3: whole numbers only. Limits are kept in tenths of their unit, as OCPP has them (§7.14).
Rule 4: instants are UTC and days have 24 hours (errata 3.78): a schedule knows no summer time.

What OCPP leaves open is decided here, once (all ASSUMED):

* Where no TxProfile covers an instant, the TxDefaultProfile does, even while a TxProfile is
  installed. §3.13.1 can be read otherwise, but then a gap would lift the limits of the site.
* A TxDefaultProfile of connector 1 hides the one of connector 0 on the same stack level while it is
  installed, in its gaps, too: "replaced only for that specific connector" (§3.13.1).
* Without a transaction only the ChargePointMaxProfile limits: the other two are about transactions.
* A schedule without startSchedule, and every Relative one, begins with the transaction (§7.13).
  For a ChargePointMaxProfile it begins when the profile becomes valid: on arrival or at validFrom.
  A Relative profile's startSchedule is not looked at, nor is a recurrencyKind without Recurring.
* A Recurring schedule does not run before its first startSchedule.
* validFrom belongs to the time of validity, validTo no longer does.
* Where the limit is below the minChargingRate of a profile that holds, nothing is offered. It is
  the car's minimum (§7.13), and with one connector there is nothing else to share the rest with.
* A transactionId with another purpose than TxProfile is rejected: it would outlive its transaction.
* A profile given with RemoteStartTransaction takes its place when the transaction begins; until
  then it counts as installed, and what bears its id replaces it.
* An instant without an offset is rejected, as nobody knows when it is; more than one decimal, too.
"""

from __future__ import annotations

import reprlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from simulators.charger_inch.electric import UNLIMITED, Allowance

Json = dict[str, Any]

ACCEPTED = "Accepted"
REJECTED = "Rejected"
UNKNOWN = "Unknown"

CURRENT = "A"
POWER = "W"

RATE_MAX = 10**9
"""The highest limit that is taken, in A or W: nobody means more than that (ASSUMED)."""

SECONDS_MAX = 2**31 - 1
"""The longest schedule that is taken, 68 years: whole seconds of OCPP are 32 bits (ASSUMED)."""

_NUMBER_MAX = 2**63 - 1
_INSTANT_CHARACTERS_MAX = 40
_SECOND = timedelta(seconds=1)
_EVERY_S = {"Daily": 86_400, "Weekly": 7 * 86_400}
_KINDS = ("Absolute", "Recurring", "Relative")

# What a tenth is: of an ampere in mA, of a watt in nW.
_TENTH_A_MA = 100
_TENTH_W_NW = 10**8


class Purpose(StrEnum):
    """What a profile is for (ChargingProfilePurposeType, OCPP 1.6 §7.10)."""

    CHARGE_POINT_MAX = "ChargePointMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


_CONNECTORS = {
    Purpose.CHARGE_POINT_MAX: (0,),
    Purpose.TX_DEFAULT: (0, 1),
    Purpose.TX: (1,),
}


class RunningTransaction(Protocol):
    """What a profile must know of a transaction: when it began, and its transactionId if known."""

    @property
    def started(self) -> datetime:
        """When it began."""
        ...

    @property
    def number(self) -> int | None:
        """Its transactionId, or None while it is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Abilities:
    """
    What the charger takes: its answers to the keys of OCPP 1.6 §9.4; the values are ASSUMED.

    Attributes:
        stack_level_max: ChargeProfileMaxStackLevel.
        periods_max: ChargingScheduleMaxPeriods.
        profiles_max: MaxChargingProfilesInstalled.
        units: ChargingScheduleAllowedChargingRateUnit, as ``A`` for Current and ``W`` for Power.
    """

    stack_level_max: int = 8
    periods_max: int = 96
    profiles_max: int = 16
    units: tuple[str, ...] = (CURRENT, POWER)


class _Unfit(ValueError):
    """A profile that cannot be taken, with the place in it and what would fit."""


@dataclass(frozen=True, slots=True)
class _Period:
    """From ``start_s`` of the schedule on, so many tenths on so many phases."""

    start_s: int
    tenths: int
    phases: int


@dataclass(frozen=True, slots=True)
class _Profile:
    """
    A profile as it is understood.

    Attributes:
        start: when the schedule begins; None: with the transaction.
        every_s: after how long it begins again, or None.
        duration_s: how long it lasts, or None: until it begins again, or for good.
        least_tenths: minChargingRate.
    """

    number: int
    connector: int
    purpose: Purpose
    level: int
    unit: str
    periods: tuple[_Period, ...]
    start: datetime | None
    every_s: int | None
    duration_s: int | None
    valid_from: datetime | None
    valid_to: datetime | None
    least_tenths: int

    def __post_init__(self) -> None:
        if self.connector not in (allowed := _CONNECTORS[self.purpose]):
            raise self._unfit(f"a {self.purpose} belongs to {allowed}, not to {self.connector}")
        starts = [period.start_s for period in self.periods]
        if starts[:1] != [0] or starts != sorted(set(starts)):
            raise self._unfit(f"the periods begin at 0 and ascend, not {_shown(starts)}")
        if self.start is None and (self.every_s or self.purpose is Purpose.CHARGE_POINT_MAX):
            raise self._unfit("what does not begin with a transaction needs a startSchedule")
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            raise self._unfit(f"it is never valid from {self.valid_from} to {self.valid_to}")

    def _unfit(self, why: str) -> _Unfit:
        return _Unfit(f"profile {self.number} for connector {self.connector}: {why}")

    @property
    def place(self) -> tuple[Purpose, int, int]:
        """Where only one profile can be (§3.13.2)."""
        return self.purpose, self.level, self.connector

    @property
    def ends_s(self) -> int | None:
        """When in the schedule nothing comes any more; nothing outlasts a recurrence (§5.16.4)."""
        ends = [end for end in (self.duration_s, self.every_s) if end is not None]
        return min(ends, default=None)

    def allowance_at(self, instant: datetime, began: datetime | None) -> Allowance | None:
        """Tell what it lets through, or None where it does not cover the instant."""
        start = self.start or began
        if start is None or not self._is_valid(instant):
            return None
        position_s = (instant - start) // _SECOND
        if position_s < 0:
            return None
        if self.every_s is not None:
            position_s %= self.every_s
        if self.ends_s is not None and position_s >= self.ends_s:
            return None
        period = self.periods[bisect_right(self.periods, position_s, key=_start_s) - 1]
        if self.unit == CURRENT:
            return Allowance(
                current_ma=period.tenths * _TENTH_A_MA,
                phases=period.phases,
                least_current_ma=self.least_tenths * _TENTH_A_MA,
            )
        return Allowance(
            power_nw=period.tenths * _TENTH_W_NW,
            phases=period.phases,
            least_power_nw=self.least_tenths * _TENTH_W_NW,
        )

    def next_change(self, after: datetime, began: datetime | None) -> datetime | None:
        """Give the next instant at which it may let through something else, or None."""
        start = self.start or began
        if start is None or (self.valid_to is not None and after >= self.valid_to):
            return None
        if self.valid_from is not None and after < self.valid_from:
            return self.valid_from
        change = start if after < start else self._next_edge(start, after)
        changes = [instant for instant in (change, self.valid_to) if instant is not None]
        return min(changes, default=None)

    def _next_edge(self, start: datetime, after: datetime) -> datetime | None:
        position_s = (after - start) // _SECOND
        lap_s = 0 if self.every_s is None else position_s // self.every_s * self.every_s
        position_s -= lap_s
        ends_s, following = self.ends_s, bisect_right(self.periods, position_s, key=_start_s)
        edges = [end for end in (ends_s, self.every_s) if end is not None and end > position_s]
        if following < len(self.periods) and (ends_s is None or position_s < ends_s):
            edges.append(self.periods[following].start_s)
        return _later(start, lap_s + min(edges)) if edges else None

    def _is_valid(self, instant: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= instant) and (
            self.valid_to is None or instant < self.valid_to
        )


class Profiles:
    """
    The charging profiles of a charger with one connector.

    Parameters:
        abilities: what the charger takes.

    Attributes:
        refusal: why the last profile was rejected, for whoever wonders; None if it was accepted.
    """

    def __init__(self, abilities: Abilities | None = None) -> None:
        self.refusal: str | None = None
        self._abilities = abilities or Abilities()
        self._installed: dict[tuple[Purpose, int, int], _Profile] = {}
        self._awaiting: _Profile | None = None

    # ------------------------------------------------------------------ what the backend wants

    def install(
        self, connector: int, profile: object, now: datetime, transaction: RunningTransaction | None
    ) -> str:
        """
        Take a profile of SetChargingProfile.req and give the status of the answer (§5.16).

        It replaces what has the same id, and what is on the same stack level of the same purpose
        and connector.

        Parameters:
            connector: of the request.
            profile: its csChargingProfiles, as the JSON has it.
            now: when it arrives.
            transaction: the one that runs, or None.
        """
        try:
            read = _read_profile(profile, connector, now, self._abilities)
            _check_transaction(profile, read.purpose, transaction)
            self._check_room(read, self._awaiting)
        except _Unfit as unfit:
            return self._reject(unfit)
        self._put(read)
        self.refusal = None
        return ACCEPTED

    def install_with_remote_start(self, profile: object, now: datetime) -> str:
        """
        Take a profile of RemoteStartTransaction.req for the transaction to come (§5.16.2).

        Its transactionId is not looked at; it should not be there (errata 3.41).
        """
        try:
            read = _read_profile(profile, 1, now, self._abilities)
            if read.purpose is not Purpose.TX:
                raise _Unfit(f"a remote start brings a {Purpose.TX}, not a {read.purpose}")
            self._check_room(read, None)
        except _Unfit as unfit:
            return self._reject(unfit)
        self._awaiting = read
        self.refusal = None
        return ACCEPTED

    def clear(self, criteria: Mapping[str, object]) -> str:
        """
        Remove what fits ClearChargingProfile.req and give the status of the answer (§5.5).

        Where an id is given nothing else counts, otherwise all that is given does (errata 3.25,
        3.26).
        """
        gone = [place for place, one in self._installed.items() if _fits(one, criteria)]
        for place in gone:
            del self._installed[place]
        if self._awaiting is not None and _fits(self._awaiting, criteria):
            self._awaiting = None
            return ACCEPTED
        return ACCEPTED if gone else UNKNOWN

    # ------------------------------------------------------------------ what happens

    def begin_transaction(self, *, remotely: bool) -> None:
        """Note that a transaction begins; a remotely started one gets the profile given for it."""
        if remotely and self._awaiting is not None:
            self._put(self._awaiting)
        self._awaiting = None

    def withdraw_remote_start(self) -> None:
        """Note that nothing comes of a remote start."""
        self._awaiting = None

    def end_transaction(self) -> None:
        """Note that the transaction is over, and with it all TxProfiles (§3.13.1)."""
        self._installed = {
            place: one for place, one in self._installed.items() if one.purpose is not Purpose.TX
        }

    # ------------------------------------------------------------------ what holds

    def limit_at(self, instant: datetime, transaction: RunningTransaction | None) -> Allowance:
        """Tell what may flow at an instant: the composite of all profiles (§3.13.3)."""
        limit = self._prevailing(Purpose.CHARGE_POINT_MAX, instant, None) or UNLIMITED
        if transaction is None:
            return limit
        for purpose in (Purpose.TX, Purpose.TX_DEFAULT):
            own = self._prevailing(purpose, instant, transaction.started)
            if own is not None:
                return limit.within(own)
        return limit

    def next_change(
        self, after: datetime, transaction: RunningTransaction | None
    ) -> datetime | None:
        """
        Give the next instant at which the composite may be another one, or None.

        Until then `limit_at` gives what it gives at ``after``, if no profile comes or goes.
        """
        began = None if transaction is None else transaction.started
        purposes = [Purpose.CHARGE_POINT_MAX] if transaction is None else list(Purpose)
        changes = [
            change
            for purpose in purposes
            for one in self._stack(purpose)
            if (change := one.next_change(after, began)) is not None
        ]
        return min(changes, default=None)

    def _prevailing(
        self, purpose: Purpose, instant: datetime, began: datetime | None
    ) -> Allowance | None:
        """Tell what the highest profile lets through that covers the instant (§3.13.2)."""
        for profile in self._stack(purpose):
            allowance = profile.allowance_at(instant, began)
            if allowance is not None:
                return allowance
        return None

    def _stack(self, purpose: Purpose) -> list[_Profile]:
        """Give the profiles of a purpose, the highest first."""
        own = [one for one in self._installed.values() if one.purpose is purpose]
        # The connector's own come last and hide those of connector 0.
        by_level = {one.level: one for one in sorted(own, key=_connector)}
        return [by_level[level] for level in sorted(by_level, reverse=True)]

    # ------------------------------------------------------------------ what outlives a power cut

    def to_json(self) -> list[Json]:
        """Give what survives a power cut: all but the TxProfiles (errata 3.37)."""
        return [
            _write_stored(one) for one in self._installed.values() if one.purpose is not Purpose.TX
        ]

    @classmethod
    def from_json(cls, stored: object, abilities: Abilities | None = None) -> Profiles:
        """
        Take up what `to_json` gave.

        Raises:
            ValueError: If it gave nothing like that.
        """
        profiles = cls(abilities)
        most = profiles._abilities.profiles_max
        for number, one in enumerate(_list_of(stored, "the stored profiles", most)):
            read = _read_stored(one, f"stored profile {number}", profiles._abilities)
            if read.purpose is Purpose.TX:
                raise _Unfit(f"stored profile {number}: a {Purpose.TX} ends with its transaction")
            if len(profiles._without(read)) < number:
                raise _Unfit(f"stored profile {number}: its id or place was there before")
            profiles._put(read)
        return profiles

    # ------------------------------------------------------------------ keeping

    def _reject(self, unfit: _Unfit) -> str:
        self.refusal = str(unfit)
        return REJECTED

    def _check_room(self, profile: _Profile, awaiting: _Profile | None) -> None:
        staying = len(self._without(profile))
        if awaiting is not None and awaiting.number != profile.number:
            staying += 1
        if staying >= (most := self._abilities.profiles_max):
            raise _Unfit(f"{most} profiles are installed; clear some first")

    def _put(self, profile: _Profile) -> None:
        self._installed = self._without(profile) | {profile.place: profile}
        if self._awaiting is not None and self._awaiting.number == profile.number:
            self._awaiting = None

    def _without(self, profile: _Profile) -> dict[tuple[Purpose, int, int], _Profile]:
        """Give what stays when a profile is put in its place."""
        return {
            place: one
            for place, one in self._installed.items()
            if place != profile.place and one.number != profile.number
        }


class _Fields:
    """
    The fields of a JSON object, each read with what it may be.

    Parameters:
        json: the object.
        where: what it is, for errors.

    Raises:
        _Unfit: If it is no object, or a field is not what it may be.
    """

    def __init__(self, json: object, where: str) -> None:
        if not isinstance(json, Mapping):
            raise _Unfit(f"{where} is an object, not {_shown(json)}")
        self._json = json
        self._where = where

    def get(self, name: str) -> object:
        """Give a field as it is; None where it is missing."""
        value: object = self._json.get(name)
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        """Read a whole number."""
        value = self.get(name)
        if type(value) is not int or not low <= value <= high:
            raise self._unfit(name, f"a whole number from {low} to {high}")
        return value

    def whole_or_none(self, name: str, low: int, high: int) -> int | None:
        """Read a whole number that may be missing."""
        return None if self.get(name) is None else self.whole(name, low, high)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Read one of some words."""
        value = self.get(name)
        if not isinstance(value, str) or value not in choices:
            raise self._unfit(name, f"one of {', '.join(choices)}")
        return value

    def instant_or_none(self, name: str) -> datetime | None:
        """Read an instant that may be missing, in UTC."""
        value = self.get(name)
        if value is None:
            return None
        instant = _instant(value)
        if instant is None:
            raise self._unfit(name, "an ISO 8601 time with its offset")
        return instant

    def tenths(self, name: str) -> int:
        """Read a rate with at most one decimal, as tenths (§7.14: "at most one digit fraction")."""
        tenths = _tenths(self.get(name))
        if tenths is None:
            raise self._unfit(name, f"a number from 0 to {RATE_MAX} with at most one decimal")
        return tenths

    def many(self, name: str, most: int) -> Sequence[object]:
        """Read a list."""
        return _list_of(self.get(name), f"{self._where}: {name}", most)

    def _unfit(self, name: str, wanted: str) -> _Unfit:
        return _Unfit(f"{self._where}: {name} is {wanted}, not {_shown(self.get(name))}")


def _read_profile(json: object, connector: int, now: datetime, abilities: Abilities) -> _Profile:
    """Read a profile of OCPP 1.6 §7.8."""
    fields = _Fields(json, "chargingProfile")
    schedule = _Fields(fields.get("chargingSchedule"), "chargingSchedule")
    purpose = Purpose(fields.choice("chargingProfilePurpose", tuple(Purpose)))
    kind = fields.choice("chargingProfileKind", _KINDS)
    valid_from = fields.instant_or_none("validFrom")
    start = schedule.instant_or_none("startSchedule")
    every_s = None
    if kind == "Recurring":
        every_s = _EVERY_S[fields.choice("recurrencyKind", tuple(_EVERY_S))]
    elif kind == "Relative":
        start = None
    if start is None and every_s is None and purpose is Purpose.CHARGE_POINT_MAX:
        start = now if valid_from is None else max(now, valid_from)
    return _Profile(
        number=fields.whole("chargingProfileId", -_NUMBER_MAX, _NUMBER_MAX),
        connector=connector,
        purpose=purpose,
        level=fields.whole("stackLevel", 0, abilities.stack_level_max),
        unit=schedule.choice("chargingRateUnit", abilities.units),
        periods=tuple(
            _read_period(_Fields(one, f"chargingSchedulePeriod {number}"))
            for number, one in enumerate(
                schedule.many("chargingSchedulePeriod", abilities.periods_max)
            )
        ),
        start=start,
        every_s=every_s,
        duration_s=schedule.whole_or_none("duration", 0, SECONDS_MAX),
        valid_from=valid_from,
        valid_to=fields.instant_or_none("validTo"),
        least_tenths=(
            0 if schedule.get("minChargingRate") is None else schedule.tenths("minChargingRate")
        ),
    )


def _read_period(fields: _Fields) -> _Period:
    phases = fields.whole_or_none("numberPhases", 1, 3)
    return _Period(
        fields.whole("startPeriod", 0, SECONDS_MAX),
        fields.tenths("limit"),
        # §7.14: "numberPhases=3 will be assumed unless another number is given".
        3 if phases is None else phases,
    )


def _check_transaction(
    json: object, purpose: Purpose, transaction: RunningTransaction | None
) -> None:
    """Refuse a profile of a transaction that does not run (§3.13.1, §5.16.4)."""
    wanted = _Fields(json, "chargingProfile").whole_or_none(
        "transactionId", -_NUMBER_MAX, _NUMBER_MAX
    )
    if purpose is not Purpose.TX:
        if wanted is not None:
            raise _Unfit(f"a {purpose} is not for one transaction, so not for {wanted} alone")
    elif transaction is None:
        raise _Unfit(f"a {purpose} needs a running transaction")
    elif wanted is not None and wanted != transaction.number:
        raise _Unfit(f"transaction {transaction.number} is running, not {wanted}")


def _fits(profile: _Profile, criteria: Mapping[str, object]) -> bool:
    if (number := criteria.get("id")) is not None:
        return profile.number == number
    asked = {
        "connectorId": profile.connector,
        "chargingProfilePurpose": profile.purpose.value,
        "stackLevel": profile.level,
    }
    return all(criteria.get(name) in (None, value) for name, value in asked.items())


def _write_stored(profile: _Profile) -> Json:
    """Write a profile without what it has not."""
    written = {
        "number": profile.number,
        "connector": profile.connector,
        "purpose": profile.purpose.value,
        "level": profile.level,
        "unit": profile.unit,
        "periods": [[one.start_s, one.tenths, one.phases] for one in profile.periods],
        "start": profile.start and profile.start.isoformat(),
        "every_s": profile.every_s,
        "duration_s": profile.duration_s,
        "valid_from": profile.valid_from and profile.valid_from.isoformat(),
        "valid_to": profile.valid_to and profile.valid_to.isoformat(),
        "least_tenths": profile.least_tenths or None,
    }
    return {name: value for name, value in written.items() if value is not None}


def _read_stored(json: object, where: str, abilities: Abilities) -> _Profile:
    fields = _Fields(json, where)
    return _Profile(
        number=fields.whole("number", -_NUMBER_MAX, _NUMBER_MAX),
        connector=fields.whole("connector", 0, 1),
        purpose=Purpose(fields.choice("purpose", tuple(Purpose))),
        level=fields.whole("level", 0, abilities.stack_level_max),
        unit=fields.choice("unit", abilities.units),
        periods=tuple(
            _read_stored_period(one, f"{where}: period {number}")
            for number, one in enumerate(fields.many("periods", abilities.periods_max))
        ),
        start=fields.instant_or_none("start"),
        every_s=fields.whole_or_none("every_s", 1, SECONDS_MAX),
        duration_s=fields.whole_or_none("duration_s", 0, SECONDS_MAX),
        valid_from=fields.instant_or_none("valid_from"),
        valid_to=fields.instant_or_none("valid_to"),
        least_tenths=fields.whole_or_none("least_tenths", 0, 10 * RATE_MAX) or 0,
    )


def _read_stored_period(json: object, where: str) -> _Period:
    numbers = dict(zip(("start_s", "tenths", "phases"), _list_of(json, where, 3), strict=False))
    fields = _Fields(numbers, where)
    return _Period(
        fields.whole("start_s", 0, SECONDS_MAX),
        fields.whole("tenths", 0, 10 * RATE_MAX),
        fields.whole("phases", 1, 3),
    )


def _list_of(json: object, where: str, most: int) -> Sequence[object]:
    if not isinstance(json, list | tuple) or len(json) > most:
        raise _Unfit(f"{where} is a list of at most {most}, not {_shown(json)}")
    return json


def _tenths(value: object) -> int | None:
    """Give a number as tenths, or None for what is no rate of OCPP."""
    if isinstance(value, float):
        # The shortest text that is this float is what stood in the JSON: 8.1, not 8.0999….
        value = Decimal(repr(value))
    if type(value) is int and 0 <= value <= RATE_MAX:
        return value * 10
    if isinstance(value, Decimal) and value.is_finite() and 0 <= value <= RATE_MAX:
        tenths = value.quantize(Decimal("0.1"))
        return int(tenths * 10) if tenths == value else None
    return None


def _instant(value: object) -> datetime | None:
    """Give a text as an instant in UTC, or None for what is no instant: a time needs an offset."""
    if not isinstance(value, str) or len(value) > _INSTANT_CHARACTERS_MAX:
        return None
    try:
        instant = datetime.fromisoformat(value)
        return None if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _shown(value: object) -> str:
    """Write what was got, in a line."""
    try:
        return reprlib.repr(value)
    except ValueError:  # some Pythons write no whole number of more than 4,300 digits
        return "a number that is too long to write"


def _later(start: datetime, seconds: int) -> datetime | None:
    """Add seconds; None where the calendar ends before."""
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _start_s(period: _Period) -> int:
    return period.start_s


def _connector(profile: _Profile) -> int:
    return profile.connector
