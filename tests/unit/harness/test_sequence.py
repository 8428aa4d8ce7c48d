"""Sequence diagrams of what crossed the wires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from harness.sequence import Arrow, Kind, Said, parties_of, said_of, sequence_svg
from simulators.wiretap import Crossing

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def crossing(minute: int, sender: str, receiver: str, text: str, wire: str = "ocpp1.6") -> Crossing:
    """Give a crossing some minutes after the start."""
    return Crossing(START + timedelta(minutes=minute), wire, sender, receiver, text)


FRAMES = (
    crossing(0, "Anna", "WB", '{"did":"show_card","uid":"13B7"}', "hand"),
    crossing(0, "WB", "backend", '[2,"1","Authorize",{"idTag":"13B7"}]'),
    crossing(0, "backend", "WB", '[3,"1",{"idTagInfo":{"status":"Accepted"}}]'),
    crossing(1, "WB", "backend", '[2,"2","Heartbeat",{}]'),
    crossing(1, "backend", "WB", '[4,"2","InternalError","so <b>",{}]'),
    crossing(
        90, "backend", "EW", '{"user":"u","do":"rename","path":"/a.part","to":"/x/a.csv"}', "sftp"
    ),
    crossing(1500, "backend", "EW", '{"do":"stat","path":"/x/b","answer":"no such file"}', "sftp"),
)


def drawn(frames: tuple[Crossing, ...] = FRAMES, **more: object) -> ElementTree.Element:
    """Draw frames, of which the third decided, and read the drawing as XML."""
    arrows = [Arrow(i, frames[i], said, i == 2) for i, said in enumerate(said_of(frames))]
    told = {"name": "q", "link": "s1-", **more}
    return ElementTree.fromstring(sequence_svg(arrows, len(frames), **told))  # type: ignore[arg-type]


def words(svg: ElementTree.Element, kind: str = "") -> list[str]:
    """Give the texts of a kind, from above; all where none is named."""
    return [one.text or "" for one in svg.iter(f"{SVG}text") if kind in ("", one.get("class"))]


class TestWords:
    """What a frame is called."""

    def test_calls_answers_and_errors_are_told_apart(self) -> None:
        """An answer bears what it answers and its status, an error its code."""
        assert [
            Said(Kind.CALL, "show card", '{"uid":"13B7"}'),
            Said(Kind.CALL, "Authorize", '{"idTag":"13B7"}'),
            Said(Kind.ANSWER, "Authorize: Accepted", '{"idTagInfo":{"status":"Accepted"}}'),
            Said(Kind.CALL, "Heartbeat"),
            Said(Kind.ERROR, "Heartbeat: InternalError", "so <b>"),
            Said(Kind.CALL, "rename", "a.csv"),
            Said(Kind.ERROR, "stat: no such file", "b"),
        ] == said_of(FRAMES)

    @pytest.mark.parametrize(
        ("wire", "text", "said"),
        [
            ("line", "down", Said(Kind.CALL, "line down")),
            ("http", "GET /api/x", Said(Kind.CALL, "GET /api/x")),
            ("rest", '200 {"a":1}', Said(Kind.ANSWER, "200", '{"a":1}')),
            ("http", "422 no", Said(Kind.ERROR, "422", "no")),
            (
                "modbus",
                "00010000000621040001000d",
                Said(Kind.CALL, "Modbus 4 input registers", "0001000d"),
            ),
            (
                "modbus",
                "000100000003218402",
                Said(Kind.ERROR, "Modbus exception 02", "000100000003218402"),
            ),
            ("modbus", "xyz", Said(Kind.ERROR, "no frame of Modbus", "xyz")),
            ("mqtt", "a/b {}", Said(Kind.CALL, "a/b", "{}")),
            ("light", "green", Said(Kind.CALL, "light", "green")),
            ("hand", "no JSON", Said(Kind.CALL, "hand", "no JSON")),
            ("ocpp1.6", "[2,", Said(Kind.ERROR, "no message of OCPP", "[2,")),
            ("ocpp1.6", "[7,1,2]", Said(Kind.ERROR, "no message of OCPP", "[7,1,2]")),
            ("ocpp1.6", "7", Said(Kind.ERROR, "no message of OCPP", "7")),
            ("ocpp1.6", "[" * 100_000, Said(Kind.ERROR, "no message of OCPP", "[" * 100_000)),
            ("ocpp1.6", '[3,"9",{}]', Said(Kind.ANSWER, "answer")),
        ],
    )
    def test_of_each_wire(self, wire: str, text: str, said: Said) -> None:
        """What cannot be read is shown as it is, and never stops a report."""
        assert [said] == said_of([crossing(0, "a", "b", text, wire)])


class TestParties:
    """Who stands where."""

    def test_from_people_to_the_utility(self) -> None:
        """Whatever is said first."""
        assert {"Anna": "person", "WB": "charger", "backend": "", "EW": "utility"} == parties_of(
            FRAMES[::-1]
        )
        assert ["Anna", "WB", "backend", "EW"] == list(parties_of(FRAMES[::-1]))

    def test_gateways_stand_before_the_backend(self) -> None:
        """Who asks them stands to their left, or is the backend."""
        frames = (
            crossing(0, "client", "IS000001", "GET /api", "rest"),
            crossing(0, "bench", "IS000001", '{"do":"touch the button"}', "hand"),
            crossing(0, "backend", "IS000001", "00", "modbus"),
        )

        assert ["bench", "client", "IS000001", "backend"] == list(parties_of(frames))


class TestDrawing:
    """The picture."""

    def test_has_arrows_with_names_and_times(self) -> None:
        """The time stands where it changes, the day above, what decided is marked."""
        svg = drawn()

        assert ["07:00:00", "07:01:00", "08:30:00", "08:00:00"] == words(svg, "qt")
        assert ["Monday, 2 March 2026", "Tuesday, 3 March 2026"] == words(svg, "qd")
        assert 1 == len(words(svg, "qm"))
        assert "Heartbeat: InternalError so <b>" in words(svg, "ql")
        assert ["#s1-1", "#s1-2", "#s1-3"] == [one.get("href") for one in svg.iter(f"{SVG}a")][:3]
        assert ["c", "c", "a d", "c", "e", "c", "e"] == [
            one.get("class") for one in svg.iter(f"{SVG}a")
        ]

    def test_is_told_in_words(self) -> None:
        """Who cannot see it is told what it is of, by elements with ids of their own."""
        svg = drawn()

        title, told = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
        assert title is not None
        assert told is not None
        assert ("qt", "qd") == (title.get("id"), told.get("id"))
        assert "qt qd" == svg.get("aria-labelledby")
        assert told.text == (
            "7 of 7 frames between Anna, WB, backend and EW, from above, of which 1 marked ones "
            "decided the verdict."
        )

    def test_counts_what_is_left_out(self) -> None:
        """Between two arrows, before the first and behind the last; long times are told."""
        said = said_of(FRAMES)
        arrows = [Arrow(i, FRAMES[i], said[i], False) for i in (1, 5)]

        svg = ElementTree.fromstring(sequence_svg(arrows, 9, name="q"))

        assert ["1 frame", "3 frames · 1 h 30 min later", "3 frames"] == words(svg, "qf")
        assert not list(svg.iter(f"{SVG}a"))

    def test_who_is_not_on_the_page_is_not_linked(self) -> None:
        """A link that leads nowhere is worse than none."""
        arrow = Arrow(0, FRAMES[0], said_of(FRAMES)[0], decides=False, is_linked=False)

        assert "<a " not in sequence_svg([arrow], 1, name="q", link="s1-")

    def test_fits_many_parties_and_long_names(self) -> None:
        """It grows with the parties; a name or a label that does not fit is cut."""
        frames = tuple(
            crossing(i, f"WB {'x' * 40} {i}", "backend", "[2," + "y" * 999) for i in range(12)
        )

        svg = drawn(frames)

        assert int(svg.get("width", "0")) > 1200
        assert all(len(text) < 320 for text in words(svg))
        places = [
            int(one.get("x", "0")) for one in svg.iter(f"{SVG}text") if one.get("class") == "qh"
        ]
        assert places == sorted(places)
        assert 0 < places[0] < places[-1] < int(svg.get("width", "0"))

    def test_says_nothing_of_nothing(self) -> None:
        """No frames, no drawing."""
        assert "" == sequence_svg([], 0, name="q")

    def test_of_one_party_goes_to_the_side(self) -> None:
        """Who speaks with itself has an arrow all the same."""
        (line, *_) = [
            one.get("d", "")
            for one in drawn((crossing(0, "a", "a", "x", "light"),)).iter(f"{SVG}path")
            if one.get("class") is None
        ]

        assert line.startswith("M154 ")
        assert "H" in line

    def test_signs_that_are_not_seen_are_written_out(self) -> None:
        """What comes from outside cannot turn the reading direction, nor add an element."""
        svg = drawn((crossing(0, "W\u202eB", "backend", "</svg>\x00", "light"),))

        assert not any(sign in text for text in words(svg) for sign in "\u202e\x00")
        assert any("</svg>" in text for text in words(svg))
