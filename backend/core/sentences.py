"""
An explanation in plain words, for who has a bill in his hands.

Each rule of `intervals.RULES` has its sentence in `HEADLINES`, each without an energy what would be
needed in `NEEDED`, each reason of `registers.Rule` its clause in `SET_ASIDE` or `BREAKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from fractions import Fraction

from backend.core import days
from backend.core.explain import (
    MOST,
    Break,
    ConnectorPart,
    Delivered,
    Evidence,
    Explanation,
)
from backend.core.intervals import rounded_fraction_kwh
from backend.core.leniency import Leniency
from backend.core.masking import masked
from backend.core.readings import BEGIN, END, Reading
from backend.core.registers import Rule

_LEAST_DECIMALS = 3
_EXACT = Context(prec=60)
_WH = {"Wh": Decimal(1), "kWh": Decimal(1000), "MWh": Decimal(1_000_000)}


def title(explanation: Explanation) -> str:
    """Name the interval: whose, from when to when, on which day."""
    day = day_of(explanation)
    start, end = explanation.interval.start, explanation.interval.end
    whose = ", ".join(filter(None, (explanation.station, explanation.code)))
    return (
        f"{whose}: {days.to_clock(start, day)} to {days.to_clock(end, day)}"
        f" on {days.to_day_label(day)}"
    )


def sentences(explanation: Explanation) -> list[str]:
    """Tell why an interval is what it is; the first says it in one line."""
    teller = _Teller(explanation)
    return list(teller.tell())


COLUMNS = ("Measured", "Connector", "Register", "Said", "Context", "Frame", "Use")


def rows(explanation: Explanation) -> list[tuple[str, ...]]:
    """Give the readings that were looked at, as rows under `COLUMNS`, in the order of time."""
    day = day_of(explanation)
    found = [
        (part.connector, shown, one)
        for part in explanation.connectors
        for one in (*part.used, *part.set_aside)
        if (shown := one.shown) is not None
    ]
    found.sort(key=lambda each: (each[0], each[1].instant))
    return [
        (
            days.to_clock(shown.instant, day),
            str(connector),
            kwh(shown.wh),
            " + ".join(_verbatim(each) for each in one.readings) or "the settings",
            shown.context,
            ", ".join(str(each.frame) for each in one.said),
            one.rule or "used",
        )
        for connector, shown, one in found
    ]


def _verbatim(one: Reading) -> str:
    return f"{masked(one.raw_value)} {one.raw_unit or ''}".strip()


def day_of(explanation: Explanation) -> date:
    """Give the local day of the interval."""
    return days.local_day_of(explanation.interval.start)


@dataclass(frozen=True, slots=True)
class _Teller:
    explanation: Explanation

    def tell(self) -> Iterator[str]:
        """Say all of it, what matters most first."""
        found = self.explanation
        interval = found.interval
        headline = self._when(found.connectors[0]) + HEADLINES[interval.rule](
            self, found.connectors[0]
        )
        what = energy_words(interval.energy_kwh, interval.status)
        yield f"{what}: {headline} (rule {interval.rule})"
        if interval.rule in NEEDED:
            yield f"Needed: {NEEDED[interval.rule]}."
        if len(found.connectors) > 1:
            yield from (self._share(part) for part in found.connectors)
        yield from self._presence()
        for part in found.connectors:
            yield from self._of(part)
        for one in found.unread:
            yield f"Could not be used: {self._reading(one)}."
        yield from self._leniencies()
        yield from self._delivered()

    def _when(self, part: ConnectorPart) -> str:
        """Say of which part of the interval the rule is, where it is not of all of it."""
        whole = self.explanation.interval
        if part.decided == (whole.start, whole.end) or whole.rule not in _OF_A_PART:
            return ""
        return f"{self._span(*part.decided)} "

    # ------------------------------------------------------------ parts

    def _share(self, part: ConnectorPart) -> str:
        mine = part.interval
        return (
            f"Connector {part.connector}: {energy_words(mine.energy_kwh, mine.status)}"
            f" (rule {mine.rule})."
        )

    def _presence(self) -> Iterator[str]:
        for start, end in self.explanation.offline:
            yield f"The charger was offline {self._span(start, end)}."
        for begun, ended in self.explanation.sessions:
            yield f"A session was open {self._span(begun, ended)}."

    def _span(self, start: datetime | None, end: datetime | None) -> str:
        if start is None:
            return "all the time" if end is None else f"before {self.time(end)}"
        return f"from {self.time(start)} " + ("on" if end is None else f"to {self.time(end)}")

    def _of(self, part: ConnectorPart) -> Iterator[str]:
        which = f" of connector {part.connector}" if len(self.explanation.connectors) > 1 else ""
        if part.start.wh is not None and part.end.wh is not None:
            yield (
                f"The register{which} was {self.at_boundary(part.start.wh)} at"
                f" {self.time(part.start.instant)} and {self.at_boundary(part.end.wh)} at"
                f" {self.time(part.end.instant)}."
            )
        for found in part.breaks:
            yield f"{_BREAK_NAMES[found.rule]}: {BREAKS[found.rule](self, found)}."
        for one in part.contradictions:
            yield (
                f"Contradicted: {self._span(one.start, one.end)} the power makes at least"
                f" {self.about(one.by_power_wh)}, and the register rose by {kwh(one.rise_wh)}."
            )
        between = part.more_used
        for index, each in enumerate(part.used):
            made_of = self._made_of(each)
            if 0 < index < len(part.used) - 1 and not made_of and each.readings:
                between += 1
            else:
                yield f"Used: {self._reading(each)}{made_of}."
        if between:
            yield f"And {between} reading{'s' if between > 1 else ''} between these."
        for each in part.set_aside:
            reason = SET_ASIDE[Rule(each.rule)]
            yield f"Set aside: {self._reading(each)}, {reason}. (rule {each.rule})"
        if part.more_set_aside:
            yield f"{_and_more(part.more_set_aside)} set aside."

    def _leniencies(self) -> Iterator[str]:
        found: dict[tuple[int, str, str], list[Leniency]] = {}
        messages = {said.frame: said for one in self.explanation.evidence for said in one.said}
        for said in messages.values():
            for each in said.leniencies:
                found.setdefault((said.frame, each.rule, each.said), []).append(each)
        for (frame, rule, what), alike in list(found.items())[:MOST]:
            times = f", {len(alike)} times" if len(alike) > 1 else ""
            yield (
                f"Read leniently in frame {frame}{times}: {masked(alike[0].where)} said"
                f" {masked(what)}, {alike[0].meaning}. ({rule})"
            )
        if len(found) > MOST:
            yield f"{_and_more(len(found) - MOST)} read leniently."

    def _delivered(self) -> Iterator[str]:
        files = self.explanation.delivered
        if not files:
            yield "Not delivered yet."
        elif len(files) > MOST:
            yield f"Delivered in {len(files)} files; these are the last {MOST}."
        before: Delivered | None = None
        for one in files[-MOST:]:
            yield self._file(one, before)
            before = one
        if self.explanation.needs_correction:
            yield "A correction is due: what is known now is not what was delivered last."

    def _file(self, one: Delivered, before: Delivered | None) -> str:
        made = f"made on {_on(one.made_at)}"
        came = f"arrived on {_on(one.arrived_at)}" if one.arrived_at else "not yet arrived"
        how = "Delivered as"
        if before is not None:
            same = (one.energy_kwh, one.status) == (before.energy_kwh, before.status)
            how = "Delivered again as" if same else "Corrected to"
        what = energy_words(one.energy_kwh, one.status)
        what = what[0].lower() + what[1:]
        return f"{how} {what} (rule {one.rule}) in {one.file_name}, {made}, {came}."

    # ------------------------------------------------------------ words

    def time(self, instant: datetime) -> str:
        """Write an instant as a time of the interval's day."""
        return days.to_clock(instant, day_of(self.explanation))

    def at_boundary(self, wh: Fraction) -> str:
        decimals = max(_LEAST_DECIMALS, self.explanation.decimals)
        return f"{rounded_fraction_kwh(wh, decimals):f} kWh"

    def about(self, wh: Decimal) -> str:
        """Write watt hours as kilowatt hours, rounded."""
        return self.at_boundary(Fraction(wh))

    def point(self, one: Evidence) -> str:
        """Write what a register showed, and when."""
        shown = one.shown
        return f"{kwh(shown.wh)} at {self.time(shown.instant)}" if shown else "nothing"

    def _reading(self, one: Evidence) -> str:
        """Write a reading as the charger said it, and where."""
        if not one.readings:
            return f"{self.point(one)}, stated in the settings"
        said = " and ".join(self._raw(each) for each in one.readings)
        first = one.readings[0]
        text = f"{said} at {self.time(first.instant)} ({first.context})"
        for each in one.said:
            text += f" in frame {each.frame}" + (f", {each.action}" if each.action else "")
        return text

    def _raw(self, one: Reading) -> str:
        unit = one.raw_unit
        if unit is None and one.context in (BEGIN, END) and one.resolution_wh:
            unit = "Wh"
        text = f"{masked(one.raw_value)} {unit or 'without a unit'}"
        if one.phase:
            text = f"{one.phase} {text}"
        if one.measurand != "Energy.Active.Import.Register":
            return f"{one.measurand} {text}"
        if one.value is not None and not _is_plainly(one.raw_value, unit, one.value):
            text += f", read as {kwh(one.value)},"
        return text

    def _made_of(self, one: Evidence) -> str:
        """Say what was made of a reading before it was used."""
        shown = one.shown
        if shown is None or not one.readings:
            return ""
        made = []
        if len(one.readings) > 1:
            made.append(f"added up to {kwh(shown.wh)}")
        elif one.readings[0].value != shown.wh:
            made.append(f"taken as {kwh(shown.wh)}, as a finer reading beside it says")
        if shown.stamped is not None:
            made.append(f"put on the grid at {self.time(shown.instant)}")
        if shown.by_reception:
            made.append("it stands where it was received")
        return "".join(f"; {each}" for each in made)


def _is_plainly(raw: str, unit: str | None, wh: Decimal) -> bool:
    """Tell whether a person reads the same out of what was said."""
    try:
        return _EXACT.multiply(Decimal(raw), _WH[unit or ""]) == wh
    except (ArithmeticError, ValueError, KeyError):
        return False


def _and_more(count: int) -> str:
    return f"And {count} more {'were' if count > 1 else 'was'}"


def _on(instant: datetime) -> str:
    day = days.local_day_of(instant)
    return f"{days.to_day_label(day)} at {days.to_clock(instant, day)}"


def kwh(wh: Decimal) -> str:
    """Write watt hours as kilowatt hours, with every digit and at least three decimals."""
    text = f"{wh.scaleb(-3, context=_EXACT):f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<{_LEAST_DECIMALS}} kWh"


def energy_words(energy_kwh: Decimal | None, status: str) -> str:
    """Write an energy and its status."""
    return f"{'No energy' if energy_kwh is None else f'{energy_kwh:f} kWh'}, {status}"


# ---------------------------------------------------------------- the rules


Headline = Callable[[_Teller, ConnectorPart], str]


def _measured(teller: _Teller, part: ConnectorPart) -> str:
    start, end = part.start, part.end
    if start.wh is None or end.wh is None or part.breaks:
        return "the readings around are not further apart than the interval."
    if start.wh == end.wh:
        return f"the register stood at {teller.at_boundary(start.wh)}."
    return (
        f"the register rose from {teller.at_boundary(start.wh)} at {teller.time(start.instant)}"
        f" to {teller.at_boundary(end.wh)} at {teller.time(end.instant)}."
    )


def _around(words: str, then: str) -> Headline:
    """Make a headline of the two readings around."""

    def say(teller: _Teller, part: ConnectorPart) -> str:
        if part.around is None:
            return f"{words}; {then}."
        first, second = (teller.point(one) for one in part.around)
        return f"{words}, {first} and {second}; {then}."

    return say


def _plain(words: str) -> Headline:
    return lambda teller, part: f"{words}."


def _across_reset(teller: _Teller, part: ConnectorPart) -> str:
    for found in part.breaks:
        before, after = found.before.shown, found.after.shown
        if found.rule is Rule.RESET and before and after:
            between = f"{teller.time(before.instant)} and {teller.time(after.instant)}"
            return f"the register began anew between {between}, and nothing is counted across."
    return "the register began anew, and nothing is counted across."


def _impossible(teller: _Teller, part: ConnectorPart) -> str:
    power = teller.explanation.profile.max_power_w.scaleb(-3).normalize()
    return f"the register rose faster than the model can charge, which is {power:f} kW."


HEADLINES: Mapping[str, Headline] = {
    "no-session": _plain("the card was in no session"),
    "idle-online": _plain("the charger was online and reported nothing, so nothing was charged"),
    "measured": _measured,
    "idle-proven": _around(
        "the register was the same before and after an outage",
        "so nothing was charged then, though the charger did not say so at the time",
    ),
    "interpolated": _around(
        "the readings around are further apart than the interval",
        "the energy between them is spread evenly over the time",
    ),
    "divided": _plain("a session began or ended between two readings, and its share is estimated"),
    "reception-time": _plain(
        "the charger's clock was wrong, so a reading stands where it was received"
    ),
    "contested": _plain("the register told two courses, and the higher one counts"),
    "late-update": _around(
        "the register stood still and then rose at once, faster than the model can charge",
        "the energy is known, but not when it was charged",
    ),
    "meter-exchange": _plain("the meter was exchanged, and its readings then are the settings'"),
    "across-exchange": _plain(
        "the meter was exchanged, and its readings then are not known: nothing is counted across"
    ),
    "across-reset": _across_reset,
    "session-open": _plain("a session is open and its next reading has not come"),
    "unread": _plain("the charger told of energy in a way that cannot be used"),
    "impossible-rise": _impossible,
    "contradicted": _plain(
        "the power says a hundred times more than the register,"
        " so one of the two has the wrong unit"
    ),
    "offline": _plain("the charger was offline and no later reading bridges the gap"),
    "not-read": _plain("the register has not been read yet"),
    "future": _plain("the interval has not ended yet"),
}
"""Why an interval is what it is, by the rule that made it."""

_OF_A_PART = ("idle-proven", "interpolated", "session-open", "unread", "offline")
"""Rules whose sentence says of which part of an interval they are, where that is not all of it."""

NEEDED: Mapping[str, str] = {
    "session-open": "the next reading of the session, or its end",
    "unread": "a reading of the register that can be used, or what the model means, in its profile",
    "impossible-rise": (
        "the true power of the model in its profile (max_power_w), or the exchange of the meter in"
        " the settings ([[station.meter_exchange]])"
    ),
    "contradicted": "the unit that the model means, in its profile (energy_unit_always)",
    "offline": (
        "a reading of the register from after the outage; the energy is then made of the difference"
    ),
    "not-read": "a first reading of the register",
    "future": "nothing but time",
}
"""What an interval without energy would need, by its rule."""

SET_ASIDE: Mapping[Rule, str] = {
    Rule.DUPLICATE: "as the same was said of this instant already",
    Rule.NEGATIVE: "as a register counts from 0",
    Rule.FINER: "as a finer reading of this instant is believed",
    Rule.OTHER_VALUE: "as another reading of this instant is believed",
    Rule.SPIKE: (
        "as a peak that the model cannot have charged: the readings after it go on from before"
    ),
    Rule.DIP: "as a dip: the readings after it go on from before",
    Rule.NOT_STATED: "as the readings contradict what is stated",
}
"""Why a reading was set aside."""


def _beside(teller: _Teller, found: Break) -> str:
    return f"from {teller.point(found.before)} to {teller.point(found.after)}"


def _exchange(teller: _Teller, found: Break) -> str:
    stated = found.exchange
    if stated is None:
        return _beside(teller, found)
    known = [
        f"the {which} one at {kwh(wh)}"
        for which, wh in (("old", stated.old_end_wh), ("new", stated.new_start_wh))
        if wh is not None
    ]
    what = " and ".join(known) if len(known) == 2 else ", ".join((_beside(teller, found), *known))
    return f"on {_on(stated.at)}, by the settings, {what}"


def _rollover(teller: _Teller, found: Break) -> str:
    before = found.before.shown
    turns = sorted(teller.explanation.profile.rollovers_wh)
    at_wh = next((each for each in turns if before and each >= before.wh), None)
    where = "" if at_wh is None else f" at {kwh(at_wh)}"
    return (
        f"behind {teller.point(found.before)} the register began again at 0,"
        f" as the model does{where}, and showed {teller.point(found.after)}"
    )


BREAKS: Mapping[Rule, Callable[[_Teller, Break], str]] = {
    Rule.RESET: lambda teller, found: f"the register fell {_beside(teller, found)}",
    Rule.JUMP: lambda teller, found: f"the register leapt {_beside(teller, found)}",
    Rule.ROLLOVER: _rollover,
    Rule.EXCHANGE: _exchange,
}
"""Where a register began anew."""

_BREAK_NAMES = {
    Rule.RESET: "Reset",
    Rule.JUMP: "Jump",
    Rule.ROLLOVER: "Rollover",
    Rule.EXCHANGE: "Meter exchange",
}
