"""
The charger's own page without its wire: what it shows, as JSON, and what it takes.

Rule 1: the page knows the charger by the verbs and properties of `ChargerInch` alone. What it
shows is what they say at this instant; it keeps nothing.
Rule 2: whether a verb can be done is told beforehand (`obstacles`), in the words that stand on the
button; who does it all the same gets the charger's own refusal.
Rule 3: numbers go as texts with the digits that they have on the wire, never as floats.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from simulators.charger_inch import Car, Card, ChargerInch, Status, vendor_data
from simulators.charger_inch.cards import id_tag_of
from simulators.charger_inch.device import MODEL, VENDOR
from simulators.charger_inch.electric import CABLES_A, FJ_PER_WH
from simulators.charger_inch.measurements import decimal_text, rounded, stamp, whole_wh
from simulators.charger_inch.outbox import Transaction
from simulators.charger_inch.registry import QuirkKind, all_quirks, quirk_named
from simulators.errors import NotAccepted, NotPossible

Json = dict[str, Any]

Work = Callable[[], Awaitable[None]]
"""A verb of the charger with all that it needs, not done yet."""

JOURNAL_LINES = 200
"""How many lines of the journal are shown; the diagnostics have them all."""

PERSON_LIMIT = 50
TEXT_LIMIT = 2_000
"""How long the name of a person and any other text may be; a list of measurands fits."""

CURRENT_LIMIT_A = 80
BATTERY_LIMIT_WH = 1_000_000
"""The largest car that comes (ASSUMED)."""

NOBODY = "somebody"

SENTENCES = {
    Status.AVAILABLE: "Free: plug in, or show a card",
    Status.PREPARING: "Somebody is about to charge",
    Status.CHARGING: "Energy flows",
    Status.SUSPENDED_EV: "The car takes nothing",
    Status.SUSPENDED_EVSE: "The charger gives nothing",
    Status.FINISHING: "Finished, the cable is still in",
    Status.RESERVED: "Kept for somebody",
    Status.UNAVAILABLE: "Out of service",
    Status.FAULTED: "Something is broken",
}
"""What each status means to a person."""

INTERVALS = {
    "MeterValueSampleInterval": "Sampled values while charging",
    "ClockAlignedDataInterval": "Values on the grid of the clock",
    "HeartbeatInterval": "Heartbeat",
}
"""The keys that stand among the settings as well, each a number of seconds."""


# ---------------------------------------------------------------- what it shows


def state(charger: ChargerInch, cards: Sequence[Card] = ()) -> Json:
    """
    Give all that the page shows, in sections that change independently.

    Parameters:
        charger: whose page it is.
        cards: which cards lie beside it, to be shown with one touch.
    """
    return {
        "time": stamp(charger.now().replace(microsecond=0)),
        "charger": _charger(charger),
        "status": _status(charger),
        "values": _values(charger),
        "connector": _connector(charger),
        "transaction": _transaction(charger, charger.transaction),
        "line": _line(charger),
        "obstacles": obstacles(charger),
        "cards": [_card(charger, card) for card in cards],
        "errors": [dataclasses.asdict(one) for one in vendor_data.vendor_errors().values()],
        "intervals": INTERVALS,
        "configuration": [
            {**entry, "takes": charger.takes(str(entry["key"]))}
            for entry in charger.configuration()
        ],
        "faults": _faults(charger),
        "journal": charger.journal()[-JOURNAL_LINES:],
    }


def _charger(charger: ChargerInch) -> Json:
    return {
        "identity": charger.identity,
        "vendor": VENDOR,
        "model": MODEL,
        "serial": charger.serial,
        "firmware": charger.firmware,
        "big_endian_cards": charger.big_endian_cards,
        "fixed_cable": charger.setup.fixed_cable,
    }


def _status(charger: ChargerInch) -> Json:
    error = charger.error
    if charger.is_running:
        word, sentence = str(charger.status), SENTENCES[charger.status]
    elif charger.has_power:
        word, sentence = "Starting", "Back in a few seconds"
    else:
        word, sentence = "Off", "No power"
    return {
        "word": word,
        "sentence": sentence,
        "display": charger.shown,
        "has_power": charger.has_power,
        "is_running": charger.is_running,
        "error": None if error is None else dataclasses.asdict(error),
    }


def _values(charger: ChargerInch) -> Json:
    flow, supply = charger.flow, charger.supply
    return {
        "power_kw": decimal_text(rounded(flow.power_nw, 10**9), 3),
        "energy_kwh": charger.register_kwh_text,
        "currents_a": [decimal_text(current_ma, 3) for current_ma in flow.currents_ma],
        "voltages_v": [decimal_text(rounded(one, 10), 2) for one in supply.voltages_mv],
        "frequency_hz": decimal_text(rounded(supply.frequency_mhz, 10), 2),
        "power_factor": decimal_text(supply.power_factor_permille, 3),
        "offered_a": decimal_text(charger.offered_ma, 3),
    }


def _connector(charger: ChargerInch) -> Json:
    car = charger.car
    return {
        "cable_is_in": charger.cable_is_in,
        "is_locked": charger.is_locked,
        "car": None
        if car is None
        else {
            "phases": car.phases,
            "max_current_a": car.max_current_a,
            "cable_a": car.cable_a,
            "battery_wh": car.battery_wh,
            "charge_wh": charger.charge_wh,
            "charge_percent": charger.charge_wh * 100 // max(1, car.battery_wh),
        },
    }


def _transaction(charger: ChargerInch, running: Transaction | None) -> Json | None:
    if running is None:
        return None
    # The same whole Wh as in StopTransaction, so that the page and the bill say the same.
    register_wh = whole_wh(int(charger.register_wh * FJ_PER_WH))
    return {
        "id_tag": running.id_tag,
        "started": stamp(running.started),
        "number": running.number,
        "energy_kwh": decimal_text(register_wh - running.meter_start_wh, 3),
    }


def _line(charger: ChargerInch) -> Json:
    return {
        "is_up": charger.line_is_up,
        "is_whole": charger.line_is_whole,
        "problem": charger.line_problem,
        "endpoint": charger.backend_endpoint,
        "url": charger.backend_url,
        "registration": charger.registration,
        "queued": charger.queued,
        "dropped": charger.dropped,
        "listed_cards": charger.local_list_size,
    }


def _card(charger: ChargerInch, card: Card) -> Json:
    return {
        "uid": card.uid.hex().upper(),
        "id_tag": id_tag_of(card, big_endian=charger.big_endian_cards),
        "holder": card.holder,
    }


def _faults(charger: ChargerInch) -> list[Json]:
    on = {one.name: one for one in charger.faults.on}
    return [
        {
            "name": name,
            "row": kind.row,
            "sentence": kind.symptom,
            "on": name in on,
            "settings": dataclasses.asdict(on[name]) if name in on else kind.defaults,
            "choices": _choices(kind),
        }
        for name, kind in all_quirks().items()
    ]


def _choices(kind: QuirkKind) -> Json:
    """Give what can be chosen for each setting; one that takes any number or text is left out."""
    switches = {one.name: ("true", "false") for one in kind.settings if one.kind == "yes or no"}
    return switches | {one.name: one.choices for one in kind.settings if one.choices}


def obstacles(charger: ChargerInch) -> dict[str, str]:
    """Say of each verb what stands in its way now; nothing where it can be done."""
    off = "" if charger.is_running else "the charger is off or starting"
    car = "" if charger.car is not None else "no car is plugged in"
    return {
        "plug_in": off or ("a car is plugged in" if charger.car is not None else ""),
        "show_card": off or ("the backend is asked about a card" if charger.is_asking else ""),
        "unplug": off or car,
        "unplug_car": off or car,
        "pull_cable": off or _holds_the_cable(charger),
        "cut_line": "" if charger.line_is_whole else "the line is cut",
        "restore_line": "the line is whole" if charger.line_is_whole else "",
        "cut_power": "" if charger.has_power else "it has no power",
        "restore_power": "it has power" if charger.has_power else "",
        "break_down": off,
        "mend": off or ("nothing is broken" if charger.error is None else ""),
        "set": off,
    }


def _holds_the_cable(charger: ChargerInch) -> str:
    if charger.setup.fixed_cable:
        return "the cable is fixed"
    if not charger.cable_is_in:
        return "there is no cable"
    return "the cable is locked" if charger.is_locked else ""


# ---------------------------------------------------------------- what it takes


SETTINGS = ("backend", "identity", "big_endian_cards")
"""What is set at the charger beside its keys."""


class Given:
    """
    The fields of a request, each taken with its form.

    Parameters:
        fields: the request's JSON.

    Raises:
        NotAccepted: If it is no object.
    """

    def __init__(self, fields: object) -> None:
        if not isinstance(fields, dict):
            raise NotAccepted("request", fields, "send a JSON object")
        self._fields: Json = dict(fields)

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """Take a whole number, or its default where it is left out."""
        value = self._fields.pop(name, default)
        if type(value) is not int or not low <= value <= high:
            raise NotAccepted(name, value, f"give a whole number from {low} to {high}")
        return value

    def text(self, name: str, limit: int = TEXT_LIMIT, default: str | None = None) -> str:
        """Take a text; one without a default must be there."""
        value = self._fields.pop(name, default)
        if not isinstance(value, str) or len(value) > limit:
            raise NotAccepted(name, value, f"give a text of at most {limit} signs")
        return value

    def switch(self, name: str) -> bool:
        """Take a true or false."""
        value = self._fields.pop(name, None)
        if not isinstance(value, bool):
            raise NotAccepted(name, value, "give true or false")
        return value

    def fields(self, name: str) -> Json:
        """Take an object of plain values; none where it is left out."""
        value = self._fields.pop(name, {})
        plain = isinstance(value, dict) and all(
            isinstance(one, str | int) for one in value.values()
        )
        if not plain:
            raise NotAccepted(name, value, "give an object of texts and whole numbers")
        return dict(value)

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not taken yet."""
        return name in self._fields

    def one_of(self, names: Sequence[str]) -> None:
        """
        Make sure that just one of several fields is there.

        Raises:
            NotAccepted: If it is none, or more than one.
        """
        found = [name for name in names if name in self._fields]
        if len(found) != 1:
            raise NotAccepted("fields", list(self._fields), f"give just one of {', '.join(names)}")

    def person(self) -> str:
        """Take who does it."""
        return self.text("person", PERSON_LIMIT, NOBODY) or NOBODY

    def no_more(self) -> None:
        """
        Make sure that all was taken.

        Raises:
            NotAccepted: If a field is left, which would else be overlooked.
        """
        if self._fields:
            left = ", ".join(self._fields)
            raise NotAccepted("field", left, "there is no such field here; leave it out")


def _plug_in(charger: ChargerInch, given: Given) -> Work:
    return partial(charger.plug_in, _car(given, charger.setup.car), person=given.person())


def _car(given: Given, usual: Car) -> Car:
    battery_wh = given.whole("battery_wh", 1, BATTERY_LIMIT_WH, usual.battery_wh)
    usual_percent = usual.charge_wh * 100 // max(1, usual.battery_wh)
    percent = given.whole("charge_percent", 0, 100, usual_percent)
    cable_a = given.whole("cable_a", CABLES_A[0], CABLES_A[-1], usual.cable_a)
    if cable_a not in CABLES_A:
        sizes = ", ".join(str(one) for one in CABLES_A)
        raise NotAccepted("cable_a", cable_a, f"a cable carries one of {sizes} A")
    return Car(
        phases=given.whole("phases", 1, 3, usual.phases),
        max_current_a=given.whole("max_current_a", 1, CURRENT_LIMIT_A, usual.max_current_a),
        battery_wh=battery_wh,
        charge_wh=battery_wh * percent // 100,
        taper=usual.taper,
        cable_a=cable_a,
    )


def _show_card(charger: ChargerInch, given: Given) -> Work:
    return partial(charger.show_card, card_of(given.text("uid"), given.person()))


def card_of(uid: str, holder: str = NOBODY) -> Card:
    """
    Give the card with a number, written in hex, with or without colons.

    Raises:
        NotAccepted: If no card has such a number.
    """
    plain = uid.replace(":", "").replace("-", "").replace(" ", "")
    try:
        return Card(bytes.fromhex(plain), holder)
    except ValueError:
        raise NotAccepted(
            "card", uid, "write its number as 8, 14 or 20 hex digits, such as 77:FD:2A:FA"
        ) from None


def _break_down(charger: ChargerInch, given: Given) -> Work:
    return partial(charger.break_down, given.text("error"), person=given.person())


VERBS: dict[str, Callable[[ChargerInch, Given], Work]] = {
    "plug_in": _plug_in,
    "show_card": _show_card,
    "unplug": lambda charger, given: partial(charger.unplug, person=given.person()),
    "unplug_car": lambda charger, given: partial(charger.unplug_car, person=given.person()),
    "pull_cable": lambda charger, given: partial(charger.pull_cable, person=given.person()),
    "cut_line": lambda charger, given: partial(charger.cut_line, person=given.person()),
    "restore_line": lambda charger, given: partial(charger.restore_line, person=given.person()),
    "cut_power": lambda charger, given: partial(charger.cut_power, person=given.person()),
    "restore_power": lambda charger, given: partial(charger.restore_power, person=given.person()),
    "break_down": _break_down,
    "mend": lambda charger, given: partial(charger.mend, person=given.person()),
}
"""What a person can do at the charger, by the last word of its address."""

HARMLESS = ("cut_line", "restore_line", "mend")
"""What the charger takes also where there is nothing to do; a person at the page is told."""


async def do(charger: ChargerInch, verb: str, fields: object) -> None:
    """
    Let a person do one of `VERBS` at the charger.

    Raises:
        NotAccepted: If the fields are not those of the verb.
        NotPossible: If the charger cannot do it now.
    """
    given = Given(fields)
    work = VERBS[verb](charger, given)
    given.no_more()
    if verb in HARMLESS and (why := obstacles(charger)[verb]):
        raise NotPossible(verb, f"charger {charger.identity}", f"{why}; there is nothing to do")
    await work()


async def configure(charger: ChargerInch, fields: object) -> None:
    """
    Set a configuration key.

    Raises:
        NotAccepted: If there is no such key, or it does not take the value.
        NotPossible: If it can only be read, or the charger is off.
    """
    given = Given(fields)
    key, value, person = given.text("key"), given.text("value"), given.person()
    given.no_more()
    _must_run(charger, f"set {key}")
    verdict = await charger.configure(key, value, person=person)
    if verdict == "NotSupported":
        raise NotAccepted("configuration key", key, "there is no such key; look it up in the list")
    if verdict == "Rejected":
        if not (takes := charger.takes(key)):
            where = f"charger {charger.identity}"
            raise NotPossible(f"set {key}", where, "it can only be read on this charger")
        raise NotAccepted(key, value, f"it takes {takes}")


async def set_up(charger: ChargerInch, fields: object) -> None:
    """
    Set one of what is no configuration key: ``backend``, ``identity`` or ``big_endian_cards``.

    Raises:
        NotAccepted: If it is none of them, or does not have their form.
        NotPossible: If the charger is off, or called so already.
    """
    given = Given(fields)
    person = given.person()
    given.one_of(SETTINGS)
    work: Work
    if given.has("backend"):
        work = partial(charger.move, given.text("backend"), person=person)
    elif given.has("identity"):
        work = partial(charger.rename, given.text("identity"), person=person)
    else:
        big_endian = given.switch("big_endian_cards")
        work = partial(charger.read_cards, big_endian=big_endian, person=person)
    given.no_more()
    _must_run(charger, "set it up")
    await work()


async def switch(charger: ChargerInch, fields: object) -> None:
    """
    Switch a habit or a fault on or off.

    Raises:
        NotAccepted: If there is no such thing, or it has no such setting or value.
    """
    given = Given(fields)
    name, on, settings = given.text("name"), given.switch("on"), given.fields("settings")
    given.no_more()
    wanted = quirk_named(name, settings)
    # Once with these settings, however often it was switched on before.
    await charger.switch_off(type(wanted))
    if on:
        await charger.switch_on(wanted)


def _must_run(charger: ChargerInch, what: str) -> None:
    """A charger without power has no page; this one has, so that somebody can give it power."""
    if not charger.is_running:
        raise NotPossible(
            what,
            f"charger {charger.identity}",
            "it is off or starting; restore its power or let some seconds pass",
        )
