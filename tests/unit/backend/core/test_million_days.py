"""
A million days of meters, at random: what comes of each is the truth, to the last decimal.

The generator is `support.meter_days`, the truth `support.meter_truth`; a day is named by its seed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.meter_days import any_day
from support.meter_telling import Wrong, is_wrong, portion, same_again, shortest
from support.unmeasured import unmeasured

MANY = 1_000_000
AT_ONCE = 250
"""So many days are one portion of a process; the first that is wrong ends it."""
ENOUGH = 20
"""So many wrong days are looked for; an hour's run is not lost by the first."""


@contextmanager
def processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Give some processes; what waits for one is given up with the first error or Ctrl-C."""
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _tell(capfd: pytest.CaptureFixture[str], note: str) -> None:
    """Tell who waits how far it is, although pytest keeps what tests print."""
    with capfd.disabled():
        sys.stderr.write(note)
        sys.stderr.flush()


@unmeasured
def test_some_days() -> None:
    """Of a thousand days each is delivered to the last decimal, whatever was told of it."""
    assert {23, 24, 25} == portion(0, 1_000)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_a_million_days(capfd: pytest.CaptureFixture[str]) -> None:
    """The same for a million days; ISEBENCH_DAYS and ISEBENCH_FIRST_DAY ask for others."""
    count = int(os.environ.get("ISEBENCH_DAYS", MANY))
    first = int(os.environ.get("ISEBENCH_FIRST_DAY", "0"))
    begin, done = time.monotonic(), 0
    lengths: set[int] = set()
    wrong: list[str] = []
    with processes(os.cpu_count() or 1) as pool:
        portions = range(first, first + count, AT_ONCE)
        for each in [pool.submit(portion, one, AT_ONCE) for one in portions]:
            try:
                lengths |= each.result()
            except Wrong as one:
                wrong.append(str(one))
                _tell(capfd, f"\n{one}\n")
                assert len(wrong) < ENOUGH, "\n".join(wrong)
            done += AT_ONCE
            if done % 10_000 < AT_ONCE:
                took = time.monotonic() - begin
                left = took / done * (count - done)
                note = f"\r{done:,} of {count:,} days, {took:.0f} s, {left / 60:.0f} min to go "
                _tell(capfd, note)

    assert [] == wrong
    assert done >= count
    assert {23, 24, 25} == lengths


@unmeasured
def test_the_same_seed_is_the_same_file() -> None:
    """What a seed makes, it makes again, to the byte."""
    files = [same_again(seed) for seed in range(40)]

    assert files == [same_again(seed) for seed in range(40)]
    assert 40 == len(set(files))


@unmeasured
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(2**40, 2**60))
def test_any_seed(seed: int) -> None:
    """Seeds that nobody has thought of are no worse."""
    assert same_again(seed).count(b"\r\n") > 23


@unmeasured
def test_a_fault_of_the_core_is_found_and_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the core forgot a rule, some day would show it, and little of it is left to read."""
    monkeypatch.setattr("backend.core.registers.PLAUSIBLE", 1_000)
    found = next(day for day in map(any_day, map(Random, range(3_000))) if is_wrong(day))

    short = shortest(found)

    assert is_wrong(short)
    assert len(short.said) <= 4
