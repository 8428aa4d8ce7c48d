"""
The bench of a case whose charger is elsewhere, and its tool: what differs in real time.

Nothing is built here, so a sentence about how the charger is built is held against its profile.
Time passes by itself, and things that happen at one instant of a scenario take a while; so
`Moments` keeps which real time each instant of the scenario stood for, and a time is judged against
that, give or take what the profile allows (`timing_s`).

Rule 1: after every act of which something may come, the charger has `settle_s` to say all of it;
only then the case goes on, and what is said to be missing, or not there, is judged after it.
Rule 2: that wait is part of the span that a scenario lets pass next, not before it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from harness import charger_rules
from harness.bench import Bench
from harness.central import CardVerdict, Central
from harness.certify.acts import PARTS, HandsElsewhere
from harness.certify.known_state import KnownState
from harness.certify.site import Site
from harness.depot import Depot
from harness.errors import Disagreement, UsageError
from harness.ocpp_rules import Breach
from harness.operator import NO_ANSWER, OperatorOfTool
from harness.report import Outcome
from harness.said import Message, span
from harness.target import CHARGE_POINT
from harness.targets.target_file import Target
from harness.tool import AGO, DEPOT, PHASES, Tool, stamp
from simulators.clock import RealClock
from simulators.errors import NotPossible
from simulators.wiretap import Wiretap

T = TypeVar("T")

ONLY_ANSWERED = frozenset(
    {
        "ChangeConfiguration",
        "ClearCache",
        "ClearChargingProfile",
        "DataTransfer",
        "GetCompositeSchedule",
        "GetConfiguration",
        "GetLocalListVersion",
        "SendLocalList",
        "SetChargingProfile",
    }
)
"""Commands of which nothing comes but their answer; nobody waits for more."""


@dataclass(slots=True)
class Moment:
    """
    An instant of a scenario, and the real time for which it stood.

    Attributes:
        offset: how much of the scenario's time had passed.
        since, acted: when it began, and when the last act in it was done.
    """

    offset: timedelta
    since: datetime
    acted: datetime


class Moments:
    """
    The instants of a scenario, in order.

    Parameters:
        now: when it begins.
        settle, slack: how long it may take until all has come of an act, and how far off times are.
    """

    def __init__(self, now: datetime, settle: timedelta, slack: timedelta) -> None:
        self._all = [Moment(timedelta(0), now, now)]
        self._settle = settle
        self._slack = slack

    @property
    def last(self) -> Moment:
        """The present instant."""
        return self._all[-1]

    def acts(self, now: datetime) -> None:
        """Take that something was done."""
        self.last.acted = now

    def passes(self, how_long: timedelta) -> datetime:
        """Begin the instant after a span, and give when that is."""
        last = self.last
        until = last.acted + how_long
        self._all.append(Moment(last.offset + how_long, until, until))
        return until

    def around(self, offset: timedelta) -> tuple[datetime, datetime]:
        """Give between which times lies what happened at an instant, or came of it."""
        first, last = self._bounds(offset)
        return first - self._slack, last + self._slack

    def surely_after(self, offset: timedelta) -> datetime:
        """Give when an instant, and what comes of it at once, has passed for certain."""
        moment = self._at(offset)
        acted = moment.acted if moment else self._bounds(offset)[1]
        return acted + self._slack

    def surely_before(self, offset: timedelta) -> datetime:
        """Give until when an instant has not come yet for certain."""
        return self._bounds(offset)[0] - self._slack

    def _at(self, offset: timedelta) -> Moment | None:
        return next((one for one in self._all if one.offset == offset), None)

    def _bounds(self, offset: timedelta) -> tuple[datetime, datetime]:
        moment = self._at(offset)
        if moment is not None:
            return moment.since, moment.acted + self._settle
        before = [one for one in self._all if one.offset < offset]
        start = before[-1] if before else self._all[0]
        at = start.acted + (offset - start.offset)
        return at, at


class FieldBench(Bench):
    """
    The bench of one case before a charger elsewhere.

    Parameters:
        site: where the charger is.
        state: how it is brought to where the case begins.
    """

    def __init__(
        self,
        seed: int,
        folder: Path,
        target: Target | None = None,
        *,
        site: Site,
        state: KnownState,
    ) -> None:
        super().__init__(seed, folder, target)
        self.site = site
        self._state = state
        self._begin = site.clock.now()
        self.in_real_time = True

    @property
    def start(self) -> datetime:
        """When the case began, after the charger was brought to its beginning."""
        return self._begin

    @property
    def clock(self) -> RealClock:
        """The machine's clock."""
        return self.site.clock

    @property
    def central(self) -> Central:
        """The central system of the run."""
        return self.site.central

    def new_tool(self, side: str) -> Tool:
        """Give the tool of a case of the charge-point side."""
        if side != CHARGE_POINT:
            raise UsageError("only a charger can be under test here")
        return FieldTool(self)

    def build(self, name: str, **how: Any) -> None:
        """See whether the charger is built so; where it is not, the case does not apply."""
        charger = self.site.profile.charger
        has = self.site.profile.has
        found = {
            "fixed_cable": "fixed cable" in has,
            "backup_power": charger.backup_power,
            "accepts_reservations": "reservation" in has,
        }
        for part, wanted in how.items():
            if part not in found:
                raise UsageError(
                    f"no profile says {part} of a charger; it cannot be asked for here"
                )
            if found[part] != wanted:
                told = part.replace("_", " ")
                pytest.skip(f"{Outcome.NOT_APPLICABLE}: the profile says {told}: {found[part]}")

    def judge_card_of(self, person: str, verdict: CardVerdict) -> None:
        """Say what the central system shall say of a person's card, from now on."""
        self.card_verdicts[person] = verdict
        if self.going:
            self._tell_card(person, verdict)

    def _tell_card(self, person: str, verdict: CardVerdict) -> None:
        self.central.cards[self.site.profile.cards[person].upper()] = verdict

    def run(self, work: Any) -> Any:
        """Do something in the loop of the run, and wait for its end."""
        return self.site.run(work)

    async def _go(self) -> None:
        await self._state.bring()
        self._tap = Wiretap(self.clock)
        self._begin = self.clock.now()
        self.site.tap.listen(self._tap.crossings.append)
        self.going = True
        for person, verdict in self.card_verdicts.items():
            self._tell_card(person, verdict)
        if isinstance(self.tool, FieldTool):
            self.tool.begins()
            self.tool.prepare(self.central)

    async def _close(self) -> None:
        if self._tap is not None:
            self.site.tap.unlisten(self._tap.crossings.append)
        if self.tool is not None:
            await self.tool.close()

    def close(self) -> None:
        """Take down what the case had of its own; the charger stays where it is."""
        self.site.run(self._close())
        self._runner.close()


class OperatorElsewhere(OperatorOfTool):
    """Operates the bench's central system; a charger that does not answer is what was seen."""

    async def send(self, action: str, payload: Mapping[str, Any]) -> str:
        """Send a command."""
        try:
            told = await super().send(action, payload)
        except NotPossible as error:
            raise Disagreement(str(error)) from None
        if told == NO_ANSWER:
            raise Disagreement(f"the charger has not answered {action} in time")
        return told


class FieldTool(Tool):
    """The tool of one case before a charger elsewhere."""

    def __init__(self, bench: FieldBench) -> None:
        super().__init__(bench, CHARGE_POINT)
        self._field = bench
        self._site = bench.site
        self._moments = self._new_moments()
        self._first_when = timedelta(0)
        self._settles = True
        self._may_be_late = False
        self._earlier: frozenset[int] = frozenset()
        firmware = self._site.profile.firmware
        if firmware is not None:
            self.words["1.13"] = firmware[1]

    def _new_moments(self) -> Moments:
        limits = self._site.limits
        return Moments(
            self._site.clock.now(),
            timedelta(seconds=limits.settle_s),
            timedelta(seconds=limits.timing_s),
        )

    @property
    def charger_name(self) -> str:
        """The identity of the charger."""
        return self._site.identity

    @property
    def slack(self) -> timedelta:
        """How far from its instant a thing may happen."""
        return timedelta(seconds=self._site.limits.timing_s)

    @property
    def most_a(self) -> Decimal:
        """What flows on each phase where nothing limits it."""
        return self._site.profile.charger.most_a

    @property
    def phases(self) -> frozenset[str]:
        """The phases on which the car draws."""
        return frozenset(sorted(PHASES)[: self._site.profile.charger.phases])

    @property
    def hands(self) -> HandsElsewhere:
        """The hands at the charger."""
        return self._site.hands

    @property
    def operator(self) -> OperatorElsewhere:
        """Who operates the central system of the bench."""
        return OperatorElsewhere(self._site.central, self.charger_name)

    def must_support(self, what: str) -> None:
        """End the case where the profile says that the charger does not do something."""
        if (why := self._site.profile.lacks(what)) is not None:
            pytest.skip(f"{Outcome.NOT_APPLICABLE}: {why}")

    def fail(self, part: str) -> None:
        """Have a part of the charger fail."""
        self.do(lambda: self.hands.do(PARTS[part]))

    # ------------------------------------------------------------------ time

    def begins(self) -> None:
        """Take that the case begins now."""
        self._earlier = frozenset(self._site.watch.numbered)
        self._moments = self._new_moments()

    def begin(self) -> None:
        """Set the bench going; from the first When on, what is said is judged."""
        had_begun = self._from is not None
        super().begin()
        if self._from is not None and not had_begun:
            self._first_when = self._moments.last.offset

    def count_from_the_start(self) -> None:
        """Switch the charger off and on, and judge all that it says from then on."""
        self._bench.go()
        self._from = len(self._bench.tap.crossings)
        self._bench.run(self._switch_on())
        self._moments = self._new_moments()
        self.happened_at = self._site.clock.now()

    async def _switch_on(self) -> None:
        site = self._site
        await self.hands.cut_power()
        await site.wait_for(
            "waits for the end of the line",
            site.limits.answer_s,
            lambda: not site.central.is_up(site.identity),
        )
        self._from = len(self._bench.tap.crossings)
        site.watch.registration = "waits for its boot"
        await self.hands.restore_power()
        is_back = await site.wait_for(
            "waits for the boot",
            site.limits.come_s,
            lambda: site.watch.registration != "waits for its boot",
        )
        if not is_back:
            raise Disagreement(f"the charger has not booted within {site.limits.come_s:g} s")

    async def _settled(self, work: Callable[[], Awaitable[T]]) -> T:
        result = await work()
        self._may_be_late = not self._settles and self._may_be_late
        self._moments.acts(self._site.clock.now())
        if self._settles:
            await self._site.pause("lets the charger say all", self._site.limits.settle_s)
        return result

    def send(self, action: str, payload: Mapping[str, Any]) -> None:
        """Let the operator have a command sent, and wait for all that may come of it."""
        self._settles = action not in ONLY_ANSWERED
        try:
            super().send(action, payload)
        finally:
            self._settles = True

    def pass_time(self, how_long: timedelta) -> None:
        """Let time pass; what is late is waited for before anything is judged."""
        self.begin()
        until = self._moments.passes(how_long)
        left_s = (until - self._site.clock.now()).total_seconds()
        self._bench.run(self._site.pause(f"lets {_told(how_long)} pass", left_s))
        self._may_be_late = True

    def window(self, begin: timedelta, end: timedelta) -> tuple[datetime, datetime]:
        """Give the times that lie between two instants for certain."""
        first, last = self._first_when + begin, self._first_when + end
        return self._moments.surely_after(first), self._moments.surely_before(last)

    # ------------------------------------------------------------------ words

    def id_tag_of(self, person: str) -> str:
        """Give the idTag of a person's card."""
        return self._site.profile.cards[person]

    def word(self, text: str) -> str:
        """Give what a word stands for where a message is made."""
        if found := DEPOT.fullmatch(text):
            wires = self._site.profile.declared.declared.diagnostics_protocols
            wire = "http" if wires and found[1] not in wires and "http" in wires else found[1]
            return self._bench.run(self.open_depot()).url(wire, found[2] or "")
        return super().word(text)

    def meant(self, text: str) -> str:
        """Give what a word stands for where a message is judged: a time is a span of times."""
        if text == "now":
            return _interval(self._moments.around(self._moments.last.offset))
        if found := AGO.fullmatch(text):
            return _interval(self._moments.around(self._moments.last.offset - span(found[1])))
        return self.word(text)

    async def open_depot(self) -> Depot:
        """Give the depot; the first call starts it, where the charger can reach it."""
        if self.depot is None:
            listen = self._site.profile.listen
            folder = self._bench.folder / "depot"
            self.depot = Depot(folder, listen.address, listen.reached_as)
            await self.depot.start()
        return self.depot

    def firmware(self, version: str) -> bytes:
        """Give the firmware that the profile names, which stands for any version."""
        found = self._site.profile.firmware
        if found is None:
            pytest.skip(f"{Outcome.NOT_APPLICABLE}: the profile names no firmware ([firmware])")
        return found[0].read_bytes()

    # ------------------------------------------------------------------ what was said

    def said(self) -> list[Message]:
        """Give what the charger has said since the first When, once all of it can have come."""
        if self._may_be_late:
            self._may_be_late = False
            pause = self._site.pause("lets come what is late", self.slack.total_seconds())
            self._bench.run(pause)
        return super().said()

    def all_said(self, sender: str) -> list[Message]:
        """Give what one of the two has said, but of connectors that are not under test."""
        return [one for one in super().all_said(sender) if not _is_of_another(one)]

    def _broken_charger_rules(self) -> list[Breach]:
        return charger_rules.breaches(
            self._bench.tap.crossings,
            self.under_test,
            self.other,
            self._bench.start,
            is_registered=True,
            ahead=max(charger_rules.AHEAD, self.slack),
            earlier=self._earlier,
        )


def _is_of_another(message: Message) -> bool:
    """Tell whether a charger speaks of its second connector, or of one further on."""
    told = message.payload.get("connectorId") if isinstance(message.payload, dict) else None
    is_told = message.name in ("StatusNotification.req", "MeterValues.req")
    return is_told and isinstance(told, int) and told > 1


def _interval(times: tuple[datetime, datetime]) -> str:
    return "/".join(stamp(one) for one in times)


def _told(how_long: timedelta) -> str:
    seconds = int(how_long.total_seconds())
    return f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"
