"""
What a shorter recording is to show still: the text behind ``--keeps`` of `isebench minimise`.

* ``ISE-18 fails``: a rule of `harness.recording_rules` is broken.
* ``"Dorfplatz" 14:15 is 0.123``, ``"Dorfplatz" 3 June 2025 14:15 is 0.123 E``, ``… is F``: what
  the utility holds of the quarter hour that ends then, in local time; kWh, a status, or both.
* ``StartTransaction is answered CALLERROR FormationViolation``: how an action of a charger is
  answered, as `isebench replay` writes it: a status, ``confirmed``, ``CALLERROR`` and its code,
  or ``no answer``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from harness.catalogue import REQUIREMENT_TAG
from harness.errors import UsageError
from harness.local_time import instant, read_day
from harness.recording_rules import RULES, CannotJudge
from harness.rerun import Rerun

EXAMPLES = (
    "'ISE-18 fails'",
    "'\"Dorfplatz\" 14:15 is 0.123'",
    "'StartTransaction is answered Blocked'",
)
_RULE = re.compile(r"(\S+) fails")
_VALUE = re.compile(
    r'"(?P<name>[^"]+)" (?:(?P<day>\d{1,2} \w+ \d{4}) )?(?P<time>\d{1,2}:\d\d) is '
    r"(?:(?P<kwh>\d+(?:\.\d+)?)(?: (?P<with>[WEF]))?|(?P<status>[WEF]))"
)
_ANSWER = re.compile(r"(?P<action>\w+) is answered (?P<kind>\S.*)")


class Fault(Protocol):
    """Something that a run of a recording shows, or does not."""

    def shown(self, rerun: Rerun) -> str | None:
        """
        Say in a sentence what is shown; None where it is not.

        Raises:
            CannotJudge: If nobody can tell.
            UsageError: If it is about what the recording does not hold.
        """


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule is broken."""

    requirement: str

    def shown(self, rerun: Rerun) -> str | None:
        """Give the first breach."""
        return RULES[self.requirement].breach(rerun)


@dataclass(frozen=True, slots=True)
class Value:
    """A value has arrived; None for what does not matter of it."""

    name: str
    day: date | None
    time: str
    energy_kwh: Decimal | None
    status: str | None

    def shown(self, rerun: Rerun) -> str | None:
        """Compare the value of the interval."""
        if self.name not in rerun.identities:
            named = ", ".join(f'"{one}"' for one in rerun.identities)
            raise CannotJudge(f'no charger "{self.name}" is in the recording, but {named}')
        at = self._at(rerun)
        for one in rerun.held(self.name):
            fits = self.energy_kwh is None or one.energy_kwh == self.energy_kwh
            if one.end == at and fits and self.status in (None, one.status):
                energy = "no energy" if one.energy_kwh is None else f"{one.energy_kwh} kWh"
                return f"{self.name} until {self.time}: {energy} {one.status or ''} arrived"
        return None

    def _at(self, rerun: Rerun) -> datetime:
        if self.day is None and len(rerun.days) > 1:
            raise UsageError(
                f"the recording is of {len(rerun.days)} days; name the day, as in "
                f'"{self.name}" {rerun.days[0]:%-d %B %Y} {self.time} is …'
            )
        return instant(self.day or rerun.days[0], self.time)


@dataclass(frozen=True, slots=True)
class Answer:
    """A call is answered in some way."""

    action: str
    kind: str

    def shown(self, rerun: Rerun) -> str | None:
        """Look for such an answer."""
        for identity in rerun.identities:
            if rerun.answers(identity)[self.action, self.kind]:
                return f"{self.action} of {identity} is answered {self.kind}"
        return None


def fault_of(text: str) -> Fault:
    """
    Read the text of ``--keeps``.

    Raises:
        UsageError: If it says nothing that can be judged.
    """
    if (found := _RULE.fullmatch(text)) is not None:
        return _breach(found[1].upper())
    if (found := _VALUE.fullmatch(text)) is not None:
        instant(date(2025, 1, 1), found["time"])
        return Value(
            found["name"],
            read_day(found["day"]) if found["day"] else None,
            found["time"],
            Decimal(found["kwh"]) if found["kwh"] else None,
            found["status"] or found["with"],
        )
    if (found := _ANSWER.fullmatch(text)) is not None:
        return Answer(found["action"], found["kind"])
    raise UsageError(f"--keeps {text!r} cannot be judged; write {', '.join(EXAMPLES)}")


def _breach(requirement: str) -> Breach:
    if requirement in RULES:
        return Breach(requirement)
    if REQUIREMENT_TAG.fullmatch(requirement):
        raise UsageError(
            f"{requirement} cannot be judged from a recording alone: {', '.join(RULES)} can "
            "(`isebench minimise --list` says how)"
        )
    raise UsageError(f'"{requirement}" is no requirement; `isebench minimise --list` shows some')
