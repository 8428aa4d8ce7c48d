"""
The clock in a gateway and in its meters: right, or wrong in a known way (document 004 §4.1.2.1).

Rule 1: what it shows is a straight line over the true time, until somebody sets it or its drift
changes; then another line begins. Whole microseconds only.
Rule 2: what the device does at a quarter hour or at midnight it does when *its* clock shows it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MICROSECOND = timedelta(microseconds=1)
MILLION = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DRIFT_LIMIT_PPM = 100_000


class LocalClock:
    """
    A clock.

    Parameters:
        at: the instant from which on it runs.
        offset: how far ahead of the true time it is then.
        drift_ppm: by how many millionths it is too fast; below zero where it is too slow.

    Attributes:
        was_set: whether somebody has set it.

    Raises:
        ValueError: If it would be off by more than a tenth.
    """

    def __init__(self, at: datetime, offset: timedelta = timedelta(0), drift_ppm: int = 0) -> None:
        self._from = at
        self._shown = at + offset
        self._drift_ppm = _checked(drift_ppm)
        self.was_set = False

    @property
    def drift_ppm(self) -> int:
        """By how many millionths it is too fast."""
        return self._drift_ppm

    @property
    def line(self) -> tuple[datetime, datetime, int]:
        """What it runs by: another one whenever it is set, or drifts otherwise."""
        return self._from, self._shown, self._drift_ppm

    def shows(self, at: datetime) -> datetime:
        """Tell what it shows, in UTC."""
        passed_us = (at - self._from) // MICROSECOND
        return self._shown + (passed_us + passed_us * self._drift_ppm // MILLION) * MICROSECOND

    def set_to(self, shown: datetime, at: datetime) -> None:
        """Set it; it drifts on as before."""
        self._from, self._shown = at, shown
        self.was_set = True

    def drift(self, drift_ppm: int, at: datetime) -> None:
        """
        Have it drift otherwise from ``at`` on.

        Raises:
            ValueError: If it would be off by more than a tenth.
        """
        drift_ppm = _checked(drift_ppm)
        self._from, self._shown = at, self.shows(at)
        self._drift_ppm = drift_ppm

    def when(self, shown: datetime) -> datetime:
        """Tell the first true instant, since it was set, at which it shows no less than that."""
        wanted_us = (shown - self._shown) // MICROSECOND
        passed_us = wanted_us * MILLION // (MILLION + self._drift_ppm)
        at = self._from + passed_us * MICROSECOND
        while self.shows(at) < shown:
            at += MICROSECOND
        return at

    def next_mark(self, after: datetime, step: timedelta) -> datetime:
        """Tell when, later than ``after``, it shows the next multiple of a step since 1970."""
        shown = self.shows(after)
        return self.when(shown + step - (shown - EPOCH) % step)


def _checked(drift_ppm: int) -> int:
    if not -DRIFT_LIMIT_PPM <= drift_ppm <= DRIFT_LIMIT_PPM:
        raise ValueError(f"a clock drifts by ±{DRIFT_LIMIT_PPM} ppm at most, not by {drift_ppm}")
    return drift_ppm
