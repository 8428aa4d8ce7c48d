"""Metering codes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.metering_code import MeteringPoint, check_metering_code
from backend.errors import MeteringCodeError

LONGEST = 60
GOOD = "CH98765012345AAAAAAAAAAAAAAA00001"
FEW = settings(max_examples=100, deadline=None, derandomize=True)


class TestGoodCodes:
    """33 characters as VSE Metering Code §3.2.3 has them."""

    @pytest.mark.parametrize("code", [GOOD, "CH10088012345AXL-000000000000113X", "CH" + "0" * 31])
    def test_a_good_code(self, code: str) -> None:
        """It comes back as it is."""
        assert code == check_metering_code(code, "here")

    def test_its_parts(self) -> None:
        """Network, reserved digits, and what the operator gave."""
        point = MeteringPoint.parse(GOOD)
        assert (GOOD, "987650", "12345", "AAAAAAAAAAAAAAA00001") == (
            point.code,
            point.network,
            point.reserved,
            point.own,
        )

    @FEW
    @given(st.from_regex(r"CH[0-9]{11}[A-Z0-9-]{20}", fullmatch=True))
    def test_any_good_code(self, code: str) -> None:
        """Whatever has the form is accepted; there is no check digit."""
        assert code == check_metering_code(code, "here")


class TestBadCodes:
    """FMT-10: refused with the place and the character."""

    @pytest.mark.parametrize(
        ("code", "complaint"),
        [
            ("CH987650123450000000000000000001", "32 characters"),
            ("CH98765012345000000000000000000001", "34 characters"),
            ("", "0 characters"),
            ("DE98765012345AAAAAAAAAAAAAAA00001", "position 1: 'D' is not 'C'"),
            ("Ch98765012345AAAAAAAAAAAAAAA00001", "position 2: 'h' is not 'H'"),
            ("CH98765O12345AAAAAAAAAAAAAAA00001", "position 8: 'O' is not a digit"),
            ("CH98765012345AAAAAAAAAaAAAAA00001", "position 23: 'a' is not one of A-Z, 0-9 and -"),
            ("CH9876501234AAAAAAAAAAAAAAAA00001", "position 13: 'A' is not a digit"),
            ("CH98765012345aAAAAAAAAAAAAAA00001", "position 14: 'a' is not one of A-Z, 0-9 and -"),
            ("CH98765012345AAAAAAAA;AAAAAA00001", "position 22: ';'"),
            ("CH٩8765012345AAAAAAAAAAAAAAA00001", "position 3: '٩'"),
        ],
    )
    def test_a_bad_code(self, code: str, complaint: str) -> None:
        """The error names the place in the settings too."""
        with pytest.raises(MeteringCodeError, match="station 'WB-1'") as caught:
            check_metering_code(code, "station 'WB-1'")
        assert complaint in str(caught.value)

    def test_where_it_stands(self) -> None:
        """A code that is taken apart is refused in its place, or as what it is."""
        with pytest.raises(MeteringCodeError, match=r"^row 7: "):
            MeteringPoint.parse("x", "row 7")
        with pytest.raises(MeteringCodeError, match=r"^metering code: "):
            MeteringPoint.parse("x")

    def test_all_that_is_said(self) -> None:
        """What, where and what to do; a long text is shortened behind its sixtieth sign."""
        said = []
        for text in ("x", "C" * LONGEST, "C" * (LONGEST + 1), "x" * 33):
            with pytest.raises(MeteringCodeError) as caught:
                check_metering_code(text, "row 7")
            said.append(str(caught.value))
        remedy = said[0].partition("; ")[2]
        assert [
            f"row 7: 'x' has 1 characters instead of 33; {remedy}",
            f"row 7: '{'C' * LONGEST}' has {LONGEST} characters instead of 33; {remedy}",
            f"row 7: '{'C' * LONGEST}…' has {LONGEST + 1} characters instead of 33; {remedy}",
            f"row 7: position 1: 'x' is not 'C'; {remedy}",
        ] == said
        assert remedy.startswith("write CH, 11 digits and 20 characters")

    def test_a_very_long_one(self) -> None:
        """The error does not repeat all of it."""
        with pytest.raises(MeteringCodeError) as caught:
            MeteringPoint.parse("C" * 10_000)
        assert len(str(caught.value)) < 300

    @FEW
    @given(st.text(max_size=40))
    def test_any_text(self, text: str) -> None:
        """Nothing but a MeteringCodeError comes of what is no code."""
        with pytest.raises(MeteringCodeError):
            check_metering_code(text + "ö", "here")
