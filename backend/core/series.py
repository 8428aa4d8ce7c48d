"""
The energies of one metering point, compactly: whole numbers beside a grid that many share.

A day of ten thousand points is a million intervals. As objects with two instants, a `Decimal`
and two words each they would take ten times the file that they become.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Context, Decimal

from backend.core.exports import Activation
from backend.core.intervals import RULES, Interval, Status

_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Series:
    """
    The energies of one metering point, in order of time, without a gap.

    Attributes:
        activation: whose they are, and what they are called in files.
        grid: boundaries in UTC; n + 1 of them make n intervals. Series of one period share it.
        decimals: of kWh.
        energies: in whole steps of 10^-decimals kWh; None where one is missing.
        rules: why each is what it is, a key of `RULES`; one text where it is the same for all.
    """

    activation: Activation
    grid: Sequence[datetime]
    decimals: int
    energies: Sequence[int | None]
    rules: str | Sequence[str]

    @classmethod
    def of(
        cls,
        activation: Activation,
        grid: Sequence[datetime],
        intervals: Sequence[Interval],
        decimals: int,
    ) -> Series:
        """Make one of the intervals of a grid."""
        rules = [one.rule for one in intervals]
        return cls(
            activation,
            grid,
            decimals,
            [_steps(one.energy_kwh, decimals) for one in intervals],
            rules[0] if len(set(rules)) == 1 else rules,
        )

    def __len__(self) -> int:
        return len(self.energies)

    @property
    def code(self) -> str:
        """The metering code."""
        return self.activation.metering_code

    @property
    def intervals(self) -> list[Interval]:
        """The same as intervals, made anew each time that they are asked for."""
        rules = [self.rules] * len(self) if isinstance(self.rules, str) else self.rules
        return [
            Interval(start, end, self._kwh(energy), RULES[rule][0], rule)
            for start, end, energy, rule in zip(
                self.grid, self.grid[1:], self.energies, rules, strict=False
            )
        ]

    def statuses(self) -> Status | list[Status]:
        """Give how each energy is known; one where it is the same for all."""
        if isinstance(self.rules, str):
            return RULES[self.rules][0]
        return [RULES[rule][0] for rule in self.rules]

    @property
    def lacks_any(self) -> bool:
        """Whether any energy is missing."""
        return None in self.energies

    def ended_by(self, now: datetime) -> Series:
        """Give what has ended by an instant; what has not has no energy, nor a status."""
        if self.grid[-1] <= now:
            return self
        count = max(sum(boundary <= now for boundary in self.grid) - 1, 0)
        rules = self.rules if isinstance(self.rules, str) else self.rules[:count]
        return replace(
            self, grid=self.grid[: count + 1], energies=self.energies[:count], rules=rules
        )

    def _kwh(self, energy: int | None) -> Decimal | None:
        if energy is None:
            return None
        return Decimal(energy).scaleb(-self.decimals, context=_EXACT)


def _steps(energy_kwh: Decimal | None, decimals: int) -> int | None:
    return None if energy_kwh is None else int(energy_kwh.scaleb(decimals, context=_EXACT))
