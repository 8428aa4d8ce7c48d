"""EDIFACT as segments, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.formats import edifact
from backend.core.formats.edifact import UNA, segment, segments
from backend.errors import UnreadableFile

TEXTS = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=8
)


def read(text: str) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
    """Give tags and elements of a file."""
    return [(one.tag, one.elements) for one in segments(text.encode("latin-1"))]


class TestWriting:
    """A segment is its tag, its elements and their components."""

    @pytest.mark.parametrize(
        ("elements", "written"),
        [
            ((), "ABC'"),
            (("a", ("b", "c")), "ABC+a+b:c'"),
            (("a", "", ("", "")), "ABC+a'"),
            (("", "a"), "ABC++a'"),
            ((("a", "", "b", ""),), "ABC+a::b'"),
            (("1-1:1.29.0", "+02", "what?", "it's"), "ABC+1-1?:1.29.0+?+02+what??+it?'s'"),
            (("x+",), "ABC+x?+'"),
        ],
    )
    def test_signs(self, elements: tuple[str | tuple[str, ...], ...], written: str) -> None:
        """Signs that part it are released, and nothing stands at its end that says nothing."""
        assert written == segment("ABC", *elements)


class TestReading:
    """What stands in a file, as it was meant."""

    def test_a_file(self) -> None:
        """Each segment has its elements, and its place."""
        found = list(segments(b"UNB+UNOC:3+a'\r\nBGM+7++9'\n"))
        assert [("UNB", 1), ("BGM", 2)] == [(one.tag, one.number) for one in found]
        assert ["UNOC", "3", "a", "", ""] == [
            found[0].part(*place) for place in ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0))
        ]

    def test_other_signs(self) -> None:
        """A service string advice says which signs part what follows, up to the next one."""
        text = "UNA.*,!|~ABC*a.b!*c~UNA:+.? 'ABC+a.b+c:d'".replace("|~", " ~")
        assert [
            ("ABC", (("a", "b*c"),)),
            ("ABC", (("a.b",), ("c", "d"))),
        ] == read(text)

    def test_nothing_releases(self) -> None:
        """With a blank for the sign of release a question mark is one."""
        assert [("ABC", (("a? c", "b"),))] == read("UNA:+.  'ABC+a? c:b'")

    def test_lines_within_a_text(self) -> None:
        """They stay, whether or not the text has signs that are released."""
        assert [("ABC", (("it's\nso",), ("a\nb",)))] == read("ABC+it?'s\nso+a\nb'")

    def test_characters(self) -> None:
        """UNOC is Latin-1, UNOY is UTF-8; a byte order mark is passed over."""
        assert "ü" == next(segments("UNB+UNOC:3+ü'".encode("latin-1"))).part(1)
        assert "ü" == next(segments("\ufeffUNB+UNOY:4+ü'".encode())).part(1)
        with pytest.raises(UnreadableFile) as caught:
            list(segments(b"UNB+UNOY:4+\xfc'"))
        assert (
            "file: byte 12 is not utf-8, which its UNB promises; "
            "write it in the characters of its UNB"
        ) == str(caught.value)

    @pytest.mark.parametrize(("blanks", "shown"), [(188, "ü"), (189, "Ã¼")])
    def test_where_the_characters_are_looked_for(self, blanks: int, shown: str) -> None:
        """In the first two hundred bytes: further behind such signs are a text."""
        content = " " * blanks + "FTX'UNB+UNOY:4+ü'"
        assert shown == list(segments(content.encode()))[1].part(1)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "segment 1: is empty; deliver it whole"),
            (" \n", "segment 1: is empty; deliver it whole"),
            ("UNB+a'BGM+7", "segment 2: 'BGM+7' is not closed by \"'\"; deliver it whole"),
            ("UNB+a?'", 'segment 1: "UNB+a?\'" is not closed by "\'"; deliver it whole'),
            (
                "Messpunkt;OBIS'",
                "segment 1: 'Messpunkt;OBIS' begins with no tag of three capital letters; "
                "look at what stands before it",
            ),
        ],
    )
    def test_what_is_none(self, text: str, sentence: str) -> None:
        """It says what stands where, and what to do."""
        with pytest.raises(UnreadableFile) as caught:
            read(text)
        assert sentence == str(caught.value)

    def test_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is too large is refused before anything is read."""
        monkeypatch.setattr(edifact, "MAX_BYTES", 5)
        assert [("ABC", ())] == read("ABC'\n")
        with pytest.raises(UnreadableFile) as caught:
            read("ABC+a'")
        assert "file: has 6 bytes; give 5 bytes or fewer at once" == str(caught.value)


@given(st.lists(st.lists(st.lists(TEXTS, min_size=1, max_size=3), max_size=4), min_size=1))
def test_what_is_written_reads_back(many: list[list[list[str]]]) -> None:
    """Any elements come back, but for empty ones at the end."""

    def shown(elements: list[list[str]]) -> list[tuple[str, ...]]:
        kept = [tuple(_without_end(one)) or ("",) for one in elements]
        while kept and kept[-1] == ("",):
            kept.pop()
        return kept

    def _without_end(components: list[str]) -> list[str]:
        kept = list(components)
        while kept and not kept[-1]:
            kept.pop()
        return kept

    text = UNA + "".join(segment("ABC", *elements) for elements in many)
    assert [("ABC", tuple(shown(elements))) for elements in many] == read(text)
