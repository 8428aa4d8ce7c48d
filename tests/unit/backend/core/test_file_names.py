"""Names of files: what a person typed never becomes a path."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.file_names import check_name, check_pattern, file_name
from backend.errors import LayoutError

PATTERN = "ISE_{task}_{from}_{to}_{created}_{revision}.csv"
DAY = date(2025, 6, 3)
CREATED = datetime(2025, 6, 3, 22, 30, tzinfo=UTC)
CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
USE = "use letters A-Z and a-z, digits, dot, underscore and hyphen"
FEW = settings(max_examples=150, deadline=None, derandomize=True)


class TestNames:
    """A name of a task or a file."""

    @pytest.mark.parametrize("name", ["Tagesexport", "a.b-c_1", "0"])
    def test_good(self, name: str) -> None:
        """It comes back as it is."""
        assert name == check_name(name, "task")

    @pytest.mark.parametrize(
        ("name", "complaint"),
        [
            ("a;b", "position 2: ';'"),
            ('a"b', "position 2: '\"'"),
            ("a\r\nb", r"position 2: '\r'"),
            ("@SUM(A1)", "position 1: '@'"),
            ("../../etc/x", "position 3: '/'"),
            ("a/b", "position 2: '/'"),
            ("a\\b", "position 2: '\\\\'"),
            ("Größe", "position 3: 'ö'"),
            ("a b", "position 2: ' '"),
            (".hidden", "begins with '.'"),
            ("-rf", "begins with '-'"),
            ("a..b", "means something else"),
            ("nul", "means something else"),
            ("COM1.csv", "means something else"),
            ("", "1 to 120 characters"),
            ("a" * 121, "1 to 120 characters"),
        ],
    )
    def test_bad(self, name: str, complaint: str) -> None:
        """FMT-11: refused with the position and the character."""
        with pytest.raises(LayoutError, match="task 'x'") as caught:
            check_name(name, "task 'x'")
        assert complaint in str(caught.value)

    @pytest.mark.parametrize("first", "XZaz09_")
    def test_the_first_character(self, first: str) -> None:
        """Neither a dot nor a hyphen; any other will do."""
        assert first == check_name(first, "task")

    def test_the_longest(self) -> None:
        """It may have 120 characters."""
        assert "a" * 120 == check_name("a" * 120, "task")

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("a;b", f"task: position 2: ';' cannot stand in a file's name; {USE}"),
            ("a" * 121, f"task: a name has 1 to 120 characters, not 121; {USE}"),
            (".x", "task: '.x' begins with '.'; begin with a letter or digit"),
            ("a..b", f"task: 'a..b' means something else to some servers; {USE}"),
        ],
    )
    def test_the_whole_sentence(self, name: str, sentence: str) -> None:
        """It says where, what, and what to do."""
        with pytest.raises(LayoutError) as caught:
            check_name(name, "task")
        assert sentence == str(caught.value)


class TestPatterns:
    """A pattern is checked when it is set, not when the file is due."""

    @pytest.mark.parametrize(
        "pattern", [PATTERN, "{created}", "{from}-{task}-{created}", "{meter}.{created}"]
    )
    def test_good(self, pattern: str) -> None:
        """It comes back as it is."""
        assert pattern == check_pattern(pattern, "format")

    @pytest.mark.parametrize(
        ("pattern", "complaint"),
        [
            ("{task}.csv", "{created} is missing"),
            ("{created}_{station}.csv", "no field {station}"),
            ("{created}_{task.__class__}", "no field"),
            ("{created}/x.csv", "'/' cannot stand"),
            ("{created}{", "'{' cannot stand"),
            (".{created}", "begins with '.'"),
        ],
    )
    def test_bad(self, pattern: str, complaint: str) -> None:
        """The error names what is wrong with it."""
        with pytest.raises(LayoutError) as caught:
            check_pattern(pattern, "format")
        assert complaint in str(caught.value)

    @pytest.mark.parametrize(
        ("pattern", "sentence"),
        [
            (
                "{created}_{station}",
                "format: there is no field {station};"
                " use {task}, {from}, {to}, {created}, {revision}, {meter}",
            ),
            (
                "{task}.csv",
                "format: {created} is missing; the receiver tells newer files from older by it",
            ),
            (
                "{created}/{task}",
                f"format: position 2: '/' cannot stand in a file's name; {USE}",
            ),
        ],
    )
    def test_the_whole_sentence(self, pattern: str, sentence: str) -> None:
        """It says where, what, and what to do; a field counts as one character."""
        with pytest.raises(LayoutError) as caught:
            check_pattern(pattern, "format")
        assert sentence == str(caught.value)


class TestMaking:
    """A file's name from its pattern."""

    def test_the_default(self) -> None:
        """Task, days, time of making in UTC, revision."""
        assert "ISE_Tagesexport_20250603_20250603_20250603223000_1.csv" == file_name(
            PATTERN, "Tagesexport", DAY, DAY, CREATED, 1
        )

    def test_names_sort_by_their_making_in_october(self) -> None:
        """A file of the second two o'clock has a later name than one of the first."""
        first, second = (
            file_name(PATTERN, "t", DAY, DAY, datetime(2025, 10, 26, hour, minute, tzinfo=UTC), 1)
            for hour, minute in ((0, 50), (1, 10))
        )
        assert first < second

    def test_parts_of_a_day(self) -> None:
        """An edge within a day is told with its time, in UTC, whatever zone it came in."""
        start, end = (CREATED.replace(hour=hour) for hour in (10, 11))
        new_york = start.astimezone(ZoneInfo("America/New_York"))
        assert "20250603T1030Z-20250603T1130Z-20250603223000" == file_name(
            "{from}-{to}-{created}", "t", new_york, end, CREATED, 1
        )

    def test_another_pattern(self) -> None:
        """Only what it asks for."""
        assert "20250603-Tagesexport-20250603223000" == file_name(
            "{from}-{task}-{created}", "Tagesexport", DAY, DAY, CREATED, 1
        )

    @pytest.mark.parametrize(
        ("pattern", "name"),
        [
            ("{meter}_{created}.csv", f"{CODE}_20250603223000.csv"),
            ("{created}.csv", f"20250603223000_{CODE}.csv"),
            ("{created}", f"20250603223000_{CODE}"),
        ],
    )
    def test_one_file_a_meter(self, pattern: str, name: str) -> None:
        """The meter stands in the name even if the pattern forgot it."""
        assert name == file_name(pattern, "t", DAY, DAY, CREATED, 2, CODE)

    def test_a_meter_field_in_a_file_of_the_whole_task(self) -> None:
        """It stays empty."""
        assert "x20250603223000" == file_name("x{meter}{created}", "t", DAY, DAY, CREATED, 1)

    @pytest.mark.parametrize(("task", "meter"), [("a/b", ""), ("..", ""), ("t", "a/b"), ("", "")])
    def test_a_bad_part(self, task: str, meter: str) -> None:
        """Task and meter are checked before they meet the pattern."""
        with pytest.raises(LayoutError):
            file_name("{created}", task, DAY, DAY, CREATED, 1, meter)

    @FEW
    @given(st.text(max_size=20), st.text(max_size=20))
    def test_nothing_typed_becomes_a_path(self, task: str, meter: str) -> None:
        """Whatever it was, the name is safe or there is none."""
        try:
            name = file_name(PATTERN, task, DAY, DAY, CREATED, 1, meter)
        except LayoutError:
            return
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name)
        assert ".." not in name


class TestErrors:
    """Each says what is wrong, where, and what to do."""

    @pytest.mark.parametrize(
        ("pattern", "task", "meter", "where"),
        [
            ("{created}", "a/b", "", "file name, task: "),
            ("{created}", "a", "b/c", "file name, meter: "),
            ("x", "a", "", "file name: "),
            ("{created}{task}", "a." + "b" * 200, "", "file name"),
            ("{task}.{created}", ".", "", "file name, task: "),
        ],
    )
    def test_where(self, pattern: str, task: str, meter: str, where: str) -> None:
        """It names the part that is wrong."""
        with pytest.raises(LayoutError) as caught:
            file_name(pattern, task, DAY, DAY, CREATED, 0, meter)
        assert str(caught.value).startswith(where)

    def test_what_it_makes_together(self) -> None:
        """Parts that are good alone may make a name that is not."""
        with pytest.raises(LayoutError, match=r"^file name: .* means something else"):
            file_name("{task}.{created}", "a.", DAY, DAY, CREATED, 0)

    def test_a_pattern_of_several_dots(self) -> None:
        """The meter goes before the last of them."""
        name = file_name("a.b_{created}.csv", "t", DAY, DAY, CREATED, 0, "M1")
        assert "a.b_20250603223000_M1.csv" == name

    def test_an_instant_of_another_zone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is written in UTC, wherever the backend runs."""
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            created = CREATED.astimezone(ZoneInfo("America/New_York"))
            name = file_name("{from}_{created}.csv", "t", created, DAY, created, 0)
        finally:
            monkeypatch.undo()
            time.tzset()
        assert "20250603T2230Z_20250603223000.csv" == name
