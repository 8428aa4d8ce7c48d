"""The types of the columns: nothing is lost on the way to the disk and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from backend.adapters.tables import (
    Exact,
    Instant,
    Said,
    digest_of,
    from_microseconds,
    to_microseconds,
)

DIALECT = sqlite.dialect()


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_are_exact(instant: datetime) -> None:
    """Every instant comes back as it was, to the microsecond."""
    assert instant == from_microseconds(to_microseconds(instant))


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_sort_as_numbers(one: datetime, other: datetime) -> None:
    """What is stored stands in the order of time."""
    assert (one < other) == (to_microseconds(one) < to_microseconds(other))


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    """An offset is no part of an instant."""
    local = datetime(2025, 6, 3, 8, 0, tzinfo=timezone(timedelta(hours=2)))

    assert to_microseconds(datetime(2025, 6, 3, 6, 0, tzinfo=UTC)) == to_microseconds(local)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_keep_every_digit(value: Decimal) -> None:
    """A number comes back digit for digit, trailing zeros included."""
    stored = Exact().process_bind_param(value, DIALECT)

    assert isinstance(stored, str)
    assert str(value) == str(Exact().process_result_value(stored, DIALECT))


@given(st.text(st.characters(exclude_categories=[])))
def test_anything_a_device_says_can_be_stored(text: str) -> None:
    """NUL and lone surrogates are kept as escapes; every other text is kept as it is."""
    stored = Said().process_bind_param(text, DIALECT)

    assert stored is not None
    assert "\x00" not in stored
    assert stored == stored.encode().decode()
    if stored != text:
        assert "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text)


def test_nothing_stays_nothing() -> None:
    """None is stored as NULL by each type."""
    for kind in (Instant(), Exact(), Said()):
        assert kind.process_bind_param(None, DIALECT) is None
        assert kind.process_result_value(None, DIALECT) is None


def test_digests_tell_parts_apart() -> None:
    """A digest differs where any part does, and where parts are divided otherwise."""
    digests = {digest_of("a", "b"), digest_of("ab", ""), digest_of("a", None), digest_of("a")}

    assert 4 == len(digests)
    assert digest_of(1, "x") == digest_of(1, "x")
