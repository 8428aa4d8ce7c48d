"""Deviations: what a charger said otherwise than OCPP 1.6 wants, by name."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from backend.core.device_profile import GENERIC
from backend.core.leniency import (
    MAX_LENIENCIES,
    RULES,
    Leniency,
    Message,
    read_word,
    shortened,
    storable,
    verbatim,
    within,
)

RECEIVED = datetime(2025, 6, 3, 12, 15, 1, tzinfo=UTC)


def a_message() -> Message:
    """Make a message in which nothing is noted yet."""
    return Message(GENERIC, RECEIVED)


def noted(message: Message) -> list[tuple[str, str, str]]:
    """Give rule, place and what stood there, of each deviation."""
    return [(one.rule, one.where, one.said) for one in message.leniencies]


class TestNoting:
    """Each deviation is kept with what it means."""

    def test_a_deviation(self) -> None:
        """Its rule, its place, what stood there, and how that was read."""
        message = a_message()

        message.note("value-missing", "meterValue[0].value", None)

        meaning = "read as no value"
        assert (Leniency("value-missing", "meterValue[0].value", "null", meaning),) == (
            message.leniencies
        )

    @pytest.mark.parametrize(
        ("more", "last"),
        [
            (0, ("value-missing", "99", "null")),
            (1, ("more-deviations", "", "1")),
            (2, ("more-deviations", "", "2")),
        ],
    )
    def test_there_is_an_end(self, more: int, last: tuple[str, str, str]) -> None:
        """Beyond a hundred only their number is kept."""
        message = a_message()
        for number in range(MAX_LENIENCIES + more):
            message.note("value-missing", str(number), None)

        assert last == noted(message)[-1]
        assert MAX_LENIENCIES + bool(more) == len(message.leniencies)
        assert RULES[last[0]] == message.leniencies[-1].meaning

    def test_how_it_is_read(self) -> None:
        """It carries the profile to whoever reads on."""
        assert GENERIC is a_message().profile

    def test_reception_is_in_utc(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Wherever the backend runs."""
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            received = Message(GENERIC, RECEIVED.astimezone()).received
        finally:
            monkeypatch.undo()
            time.tzset()
        assert (RECEIVED, UTC) == (received, received.tzinfo)


class TestFields:
    """An object's fields."""

    def test_of_an_object(self) -> None:
        """All are given; those that nobody knows are noted, with a name that is not too long."""
        message = a_message()
        said = {"value": "1", "mood": "good", "x" * 81: 7}

        assert said == message.fields_of(said, "a[0]", {"value"})
        assert [
            ("unknown-field", "a[0].mood", "good"),
            ("unknown-field", "a[0]." + "x" * 79 + "…", "7"),
        ] == noted(message)

    @pytest.mark.parametrize(("said", "shown"), [([1, 2], "a list of 2"), ("x", "x"), (7, "7")])
    def test_of_anything_else(self, said: object, shown: str) -> None:
        """There are none."""
        message = a_message()

        assert {} == message.fields_of(said, "a[0]", {"value"})
        assert [("not-an-object", "a[0]", shown)] == noted(message)

    def test_places(self) -> None:
        """A field of the message itself is named alone."""
        assert "a[0].b" == within("a[0]", "b")
        assert "b" == within("", "b")


class TestShowing:
    """What a charger said, as a person may read it and a database keep it."""

    @pytest.mark.parametrize(
        ("said", "shown"),
        [
            ("as it is ü", "as it is ü"),
            ("\ud800!", "\\ud800!"),
            (True, "true"),
            (False, "false"),
            (None, "null"),
            (0, "0"),
            (1.5, "1.5"),
            (2**192 - 1, str(2**192 - 1)),
            (2**192, "an integer of 193 bits"),
            ([], "a list of 0"),
            ({"a": [1]}, "an object of 1"),
        ],
    )
    def test_verbatim(self, said: object, shown: str) -> None:
        """A text as it is, another value as JSON has it, and of what is large only its size."""
        assert shown == verbatim(said)

    def test_halves_of_surrogates(self) -> None:
        """They become their escape; anything else stays."""
        assert "a\\udfffü\U0001f50c" == storable("a\udfffü\U0001f50c")

    @pytest.mark.parametrize(
        ("said", "shown"), [("x" * 80, "x" * 80), ("x" * 81, "x" * 79 + "…"), (None, "null")]
    )
    def test_shortened(self, said: object, shown: str) -> None:
        """There are 80 signs at most."""
        assert shown == shortened(said)


class TestWords:
    """One word of an enumeration."""

    @pytest.mark.parametrize(
        ("said", "word", "note"),
        [
            (None, "Outlet", []),
            ("Inlet", "Inlet", []),
            ("Cellar", "Cellar", [("unknown-location", "a[0].location", "Cellar")]),
            (" Inlet ", "Inlet", [("unknown-location", "a[0].location", " Inlet ")]),
            ("  ", "Outlet", [("location-unusable", "a[0].location", "  ")]),
            (7, "Outlet", [("location-unusable", "a[0].location", "7")]),
            ("x" * 81, "x" * 79 + "…", [("unknown-location", "a[0].location", "x" * 79 + "…")]),
        ],
    )
    def test_a_word(self, said: object, word: str, note: list[tuple[str, str, str]]) -> None:
        """One that is known or not, or the default where there is none."""
        message, known = a_message(), ("Inlet", "Outlet")

        assert word == read_word(message, {"location": said}, "location", "a[0]", known, "Outlet")
        assert note == noted(message)

    def test_a_missing_word(self) -> None:
        """It is the default, and nothing odd."""
        message = a_message()

        assert "Outlet" == read_word(message, {}, "location", "a[0]", ("Inlet",), "Outlet")
        assert [] == noted(message)
