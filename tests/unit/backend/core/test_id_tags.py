"""Cards: what an idTag is looked up by."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.id_tags import CardHit, canonical, find_card, reversed_bytes

FEW = settings(max_examples=100, deadline=None, derandomize=True)


class TestCanonical:
    """One form for every spelling of a card."""

    @pytest.mark.parametrize(
        "raw",
        [
            "FA2AFD77",
            "fa2afd77",
            "FA:2A:FD:77",
            " fa 2a fd 77",
            "fa-2a-fd-77",
            "\x10FA2A\x0eFD77\0",
        ],
    )
    def test_spellings_of_a_uid(self, raw: str) -> None:
        """Upper-case hex without delimiters and control bytes."""
        assert "FA2AFD77" == canonical(raw)

    @pytest.mark.parametrize(
        ("raw", "form"),
        [("Gast-1", "GAST-1"), (" free vending ", "FREE VENDING"), ("", ""), (" :- ", ":-")],
    )
    def test_what_is_no_uid(self, raw: str, form: str) -> None:
        """It keeps its signs and is compared without case."""
        assert form == canonical(raw)

    @FEW
    @given(st.text(max_size=24))
    def test_once_is_enough(self, raw: str) -> None:
        """The form of a form is the form."""
        assert canonical(canonical(raw)) == canonical(raw)


class TestByteOrder:
    """A UID may come in either order."""

    def test_of_document_003(self) -> None:
        """FA2AFD77 is the card 77FD2AFA, and the other way round."""
        assert "77FD2AFA" == reversed_bytes("FA2AFD77")
        assert "FA2AFD77" == reversed_bytes("77FD2AFA")

    @pytest.mark.parametrize("tag", ["", "FA2A", "FA2AFD7", "GAST0001"])
    def test_what_has_no_bytes(self, tag: str) -> None:
        """Too short, half a byte, or no hex."""
        assert reversed_bytes(tag) is None


class TestFinding:
    """A card is found as it came, else with its bytes turned, and never by a part of it."""

    @pytest.mark.parametrize(
        ("raw", "known", "hit"),
        [
            ("fa:2a:fd:77", {"FA2AFD77"}, CardHit("FA2AFD77", bytes_reversed=False)),
            ("77FD2AFA", {"FA2AFD77"}, CardHit("FA2AFD77", bytes_reversed=True)),
            ("77FD2AFA", {"FA2AFD77", "77FD2AFA"}, CardHit("77FD2AFA", bytes_reversed=False)),
            ("gast", {"GAST"}, CardHit("GAST", bytes_reversed=False)),
            ("04656B82EB2C", {"04656B82EB2CDD"}, None),
            ("04656B82EB2CDD", {"04656B82EB2C"}, None),
            ("unknown", {"GAST"}, None),
            ("\0", {""}, None),
        ],
    )
    def test_a_card(self, raw: str, known: set[str], hit: CardHit | None) -> None:
        """The hit says in which order it was."""
        assert hit == find_card(raw, known)
