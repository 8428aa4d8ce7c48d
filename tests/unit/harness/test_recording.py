"""Recordings of the bench, and the frames in logs from the field."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import recording
from harness.recording import (
    Form,
    NoFrames,
    NotARecording,
    TooLarge,
    read_frames,
    read_recording,
    recording_text,
    write_recording,
)
from simulators.wiretap import Crossing

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
BOOT = '[2,"a1","BootNotification",{"chargePointVendor":"Lindenlader","chargePointModel":"L3"}]'
HEARTBEAT = '[2,"a2","Heartbeat",{}]'
ANSWER = '[3,"a2",{"currentTime":"2026-03-02T07:00:05Z"}]'


def crossing(second: int, sender: str, receiver: str, text: str, wire: str = "ocpp1.6") -> Crossing:
    """Give a crossing some seconds after the start."""
    return Crossing(START.replace(second=second), wire, sender, receiver, text)


def home_assistant(*lines: str) -> str:
    """Give a log as Home Assistant writes it, from "time what" pieces."""
    parts = (line.split(" ", 1) for line in lines)
    return "\n".join(
        f"2026-03-02 {time} INFO (MainThread) [ocpp] WB Linde: {what}" for time, what in parts
    )


class TestRecording:
    """Our own file."""

    def test_is_the_same_bytes_for_the_same_crossings(self, tmp_path: Path) -> None:
        """A recording written twice is the same file, one header and one line a crossing."""
        crossings = [crossing(1, "WB-1", "backend", BOOT), crossing(2, "backend", "WB-1", "[3]")]

        write_recording(tmp_path / "a", crossings, seed=7, start=START)
        write_recording(tmp_path / "b", iter(crossings), seed=7, start=START)

        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        assert (tmp_path / "a").read_text("ascii").splitlines() == [
            '{"format": "isebench-recording", "version": 2, "seed": 7, '
            '"start": "2026-03-02T07:00:00.000000Z"}',
            '{"at": "2026-03-02T07:00:01.000000Z", "wire": "ocpp1.6", "from": "WB-1", '
            f'"to": "backend", "text": {recording.json.dumps(BOOT)}}}',
            '{"at": "2026-03-02T07:00:02.000000Z", "wire": "ocpp1.6", "from": "backend", '
            '"to": "WB-1", "text": "[3]"}',
        ]

    @given(
        st.lists(
            st.builds(
                Crossing,
                at=st.datetimes(timezones=st.just(UTC)),
                wire=st.sampled_from(["ocpp1.6", "sftp", "hand"]),
                sender=st.text(max_size=40),
                receiver=st.text(max_size=40),
                text=st.text(st.characters()),
            ),
            max_size=12,
        ),
        st.none() | st.integers(),
    )
    def test_is_read_back_as_it_was(self, crossings: list[Crossing], seed: int | None) -> None:
        """Whatever was in the frames, line breaks and half signs too, comes back."""
        text = recording_text(crossings, seed=seed, start=START)

        assert read_recording(text) == recording.Recording(seed, START, tuple(crossings))
        assert text.isascii()

    def test_gives_its_frames_with_direction(self) -> None:
        """Towards the backend is in, from it is out; other wires are named, not lost."""
        text = recording_text(
            [
                crossing(1, "WB-1", "backend", BOOT),
                crossing(1, "backend", "WB-1", "[3, broken"),
                crossing(2, "Anna", "WB-1", '{"verb":"plug in"}', "hand"),
            ],
            seed=None,
            start=START,
        )

        log = read_frames(text + "{cut off")

        assert log.form is Form.RECORDING
        assert [(f.identity, f.direction, f.text) for f in log.frames] == [
            ("WB-1", "in", BOOT),
            ("WB-1", "out", "[3, broken"),
        ]
        assert log.identities == ("WB-1",)
        assert log.counts == (("no OCPP frame: hand", 1), ("this line is no crossing", 1))
        assert [skip.line for skip in log.skipped] == [4, 5]

    def test_tells_when_lines_went_up_and_down(self) -> None:
        """A change of a line is no frame and no skipped line."""
        text = recording_text(
            [
                crossing(0, "WB-1", "backend", "up", "line"),
                crossing(1, "WB-1", "backend", BOOT),
                crossing(2, "WB-1", "backend", "down", "line"),
            ],
            seed=None,
            start=START,
        )

        log = read_frames(text)

        assert [(c.at, c.identity, c.up, c.line) for c in log.changes] == [
            (START, "WB-1", True, 2),
            (START.replace(second=2), "WB-1", False, 4),
        ]
        assert log.counts == ()

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "no header"),
            ("[]", "no header"),
            ('{"format": "isebench-recording", "version": 1, "seed": 1}', "no header"),
            (
                '{"format":"isebench-recording","version":1,"seed":1,"start":"2026-01-01T00:00"}',
                "no header",
            ),
            (
                '{"format":"isebench-recording","version":3,"seed":1,"start":"2026-01-01T00:00Z"}',
                "version 3",
            ),
            (
                '{"format":"isebench-recording","version":1,"seed":"x","start":"2026-01-01T00:00Z"}',
                "the seed is 'x'",
            ),
            (recording.header_line(1, START) + '{"at": 1}', "line 2: this line is no crossing"),
            (
                recording.header_line(1, START)
                + '{"at":"2026-01-01T00:00:00Z","wire":1,"from":"a","to":"b","text":"c"}',
                "line 2: this line is no crossing",
            ),
        ],
    )
    def test_says_what_is_wrong_with_it(self, text: str, said: str) -> None:
        """A file that is no recording is refused with the line and the reason."""
        with pytest.raises(NotARecording, match=said):
            read_recording(text)

    def test_without_frames_is_refused(self) -> None:
        """A recording in which nothing crossed has nothing to replay."""
        with pytest.raises(NoFrames, match="no OCPP frame in a form that is known"):
            read_frames(recording_text([], seed=None, start=START))


class TestHomeAssistant:
    """Logs of mobilityhouse/ocpp as Home Assistant writes them."""

    def test_is_read_with_its_local_times(self) -> None:
        """Stamps without a zone are taken as Zurich time, identities may hold blanks."""
        log = read_frames(
            home_assistant(
                f"08:00:01.250 receive message {BOOT}",
                "08:00:01.300 Connection latency",
                f"08:00:05 receive message {HEARTBEAT}",
                f"08:00:05 send {ANSWER}",
            )
        )

        assert log.form is Form.HOME_ASSISTANT
        assert not log.newest_first
        assert [(f.at, f.identity, f.direction, f.text, f.line) for f in log.frames] == [
            (START.replace(second=1, microsecond=250_000), "WB Linde", "in", BOOT, 1),
            (START.replace(second=5), "WB Linde", "in", HEARTBEAT, 3),
            (START.replace(second=5), "WB Linde", "out", ANSWER, 4),
        ]
        assert log.counts == (("no frame", 1),)
        assert log.skipped[0].line == 2
        assert log.notes == ()

    def test_newest_first_is_turned_round(self) -> None:
        """A log that was copied from a viewer with the newest line on top is turned as a whole."""
        log = read_frames(
            home_assistant(
                f"08:00:05.200 send {ANSWER}",
                f"08:00:05.200 receive message {HEARTBEAT}",
                f"08:00:01.000 receive message {BOOT}",
            )
        )

        assert log.newest_first
        assert [frame.line for frame in log.frames] == [3, 2, 1]

    @pytest.mark.parametrize("turned", [False, True])
    def test_the_order_is_told_by_answers_where_all_stamps_are_equal(self, *, turned: bool) -> None:
        """Nobody answers before being asked."""
        lines = [f"08:00:05 receive message {HEARTBEAT}", f"08:00:05 send {ANSWER}"]

        log = read_frames(home_assistant(*(reversed(lines) if turned else lines)))

        assert log.newest_first is turned
        assert [frame.direction for frame in log.frames] == ["in", "out"]

    def test_the_last_stamp_before_the_frame_counts(self) -> None:
        """A collector's column in front, its zone and colours do not move the frame."""
        line = (
            "2026-03-02T07:59:59.123456789Z\t\x1b[32m2026-03-02 08:00:05.9999999 INFO (MainThread) "
            f"[ocpp] WB: receive message {HEARTBEAT}\x1b[0m\r\n"
        )

        (frame,) = read_frames(line).frames

        assert frame.at == START.replace(second=5, microsecond=999_999)
        assert frame.text == HEARTBEAT

    def test_another_zone_can_be_named(self) -> None:
        """The same stamps in a log from Lisbon lie an hour later."""
        text = home_assistant(f"08:00:05 receive message {HEARTBEAT}")

        (frame,) = read_frames(text, zone=ZoneInfo("Europe/Lisbon")).frames

        assert frame.at == START.replace(hour=8, second=5)

    def test_a_zone_that_cannot_be_is_told(self) -> None:
        """The time in the backend's answer shows that the stamps are not in the zone assumed."""
        text = home_assistant(
            f"07:00:05 receive message {HEARTBEAT}",
            '07:00:05 send [3,"a1",{}]',
            f"07:00:05 send {ANSWER}",
        )

        (note,) = read_frames(text).notes

        assert note.startswith("line 3: the backend tells its charger 07:00 UTC")
        assert "Europe/Zurich, is 06:00 UTC" in note
        assert read_frames(text, zone=UTC).notes == ()

    def test_the_hour_that_october_has_twice_is_told_apart_by_order(self) -> None:
        """The stamps run through 02:00–03:00 twice; small disorder does not put the hour back."""
        stamps = ["01:59:00", "02:30:00.010", "02:30:00.001", "02:59:00", "02:10:00", "03:00:00"]
        text = "\n".join(
            f"2026-10-25 {stamp} INFO (MainThread) [ocpp] WB: receive message {HEARTBEAT}"
            for stamp in stamps
        )

        placed = [frame.at.strftime("%H:%M") for frame in read_frames(text).frames]

        assert placed == ["23:59", "00:30", "00:30", "00:59", "01:10", "02:00"]

    def test_a_time_that_march_leaves_out_is_read_on(self) -> None:
        """02:30 does not exist on the day of the change; it is read as 03:30 summer time."""
        line = f"2026-03-29 02:30:00 INFO (MainThread) [ocpp] WB: receive message {HEARTBEAT}"

        (frame,) = read_frames(line).frames

        assert frame.at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


class TestPythonLog:
    """The same library under Python's own logging."""

    @pytest.mark.parametrize(
        "head",
        [
            "2026-03-02 08:00:05,000 INFO:ocpp:",
            "2026-03-02 08:00:05,000 - ocpp - INFO - ",
            "2026-03-02T07:00:05Z INFO ocpp ",
            "2026-03-02T09:00:05.000+0200 [INFO] ocpp: ",
            "2026-03-02 08:00:05,000 - {ocpp:471} - {INFO:OCPP Client} - ",
        ],
    )
    def test_is_read_in_its_usual_forms(self, head: str) -> None:
        """The identity stands before the colon, a stamp may bear its zone."""
        log = read_frames(f"{head}WB-7: receive message {HEARTBEAT}")

        assert log.form is Form.PYTHON
        assert [(f.at, f.identity) for f in log.frames] == [(START.replace(second=5), "WB-7")]

    def test_written_by_the_charger_has_its_directions_turned(self) -> None:
        """Who sends a Heartbeat is the charger, so what it sends goes in."""
        text = (
            f"2026-03-02 08:00:05,000 INFO:ocpp:WB-7: send {HEARTBEAT}\n"
            f"2026-03-02 08:00:05,100 INFO:ocpp:WB-7: receive message {ANSWER}"
        )

        log = read_frames(text)

        assert log.written_by == "charger"
        assert [frame.direction for frame in log.frames] == ["in", "out"]

    def test_without_times_is_refused(self) -> None:
        """Frames without a time cannot be replayed, and the error says so."""
        with pytest.raises(NoFrames, match="1 × a frame without a time"):
            read_frames(f"INFO:ocpp:WB-7: receive message {HEARTBEAT}")


class TestEvcc:
    """Logs of evcc at TRACE."""

    @pytest.mark.parametrize(
        ("received", "sent"),
        [
            ("received JSON message from", "sent JSON message to"),
            ("recv", "send"),
            ("recv", "sent"),
        ],
    )
    @pytest.mark.parametrize(
        "head", ["", "Mar  2 08:00:05 linde evcc[4711]: [ocpp  ] ", "evcc  | [ocpp  ] "]
    )
    def test_is_read_in_every_spelling(self, head: str, received: str, sent: str) -> None:
        """All spellings of the years, with and without what collects the log."""
        text = (
            f"{head}TRACE 2026/03/02 08:00:05 {received} WB:7: {HEARTBEAT}\n"
            f"{head}TRACE 2026/03/02 08:00:05 completed request 17 for WB:7\n"
            f"{head}TRACE 2026/03/02 08:00:05 {sent} WB:7: {ANSWER}\n"
        )

        log = read_frames(text)

        assert log.form is Form.EVCC
        assert [(f.at, f.identity, f.direction, f.text) for f in log.frames] == [
            (START.replace(second=5), "WB:7", "in", HEARTBEAT),
            (START.replace(second=5), "WB:7", "out", ANSWER),
        ]
        assert log.counts == (("no frame", 1),)


class TestWhatIsNotUnderstood:
    """Lines that give no frame, and files that give none."""

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ('08:00:06 receive message [2,"b","MeterValues",{"conn', "not whole JSON"),
            ("08:00:06 receive message " + "[" * 100_000, "not whole JSON"),
            ("08:00:06 receive message [1,2,3]", "no OCPP-J message"),
            ("08:00:06 receive message [2]", "no OCPP-J message"),
            ("27:00:06 receive message [2,17,[],{}]", "without a time"),
            ("08:00:06 receive message nothing", "no frame"),
        ],
    )
    def test_is_named_and_counted(self, line: str, reason: str) -> None:
        """A line that cannot be used costs itself and no more."""
        log = read_frames(home_assistant(f"08:00:05 receive message {HEARTBEAT}", line))

        assert len(log.frames) == 1
        assert [(skip.line, reason in skip.reason) for skip in log.skipped] == [(2, True)]
        assert len(log.skipped[0].text) <= recording.SKIPPED_CHARS_MAX

    def test_odd_messages_are_frames_all_the_same(self) -> None:
        """A CALL without a proper action and an answer without a proper payload are kept."""
        text = home_assistant(
            "08:00:05 receive message [2,17,[],{}]",
            '08:00:06 send [3,"a",[]]',
            '08:00:07 send [4,"a",{"currentTime":1}]',
            '08:00:07 send [3,"a",{"currentTime":1}]',
        )

        assert len(read_frames(text).frames) == 4

    def test_lines_above_the_limit_are_skipped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A line longer than any frame is not looked at."""
        monkeypatch.setattr(recording, "LINE_CHARS_MAX", 200)
        text = home_assistant(f"08:00:05 receive message {HEARTBEAT}", "08:00:06 send " + "x" * 200)

        assert read_frames(text).counts == (("longer than 200 characters", 1),)

    def test_only_the_first_are_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """All skipped lines are counted, but not all are carried about."""
        monkeypatch.setattr(recording, "SKIPPED_KEPT_MAX", 2)
        text = "a\nb\nc\n" + home_assistant(f"08:00:05 receive message {HEARTBEAT}")

        log = read_frames(text)

        assert log.counts == (("no frame", 3),)
        assert [skip.line for skip in log.skipped] == [1, 2]

    def test_a_log_without_frames_is_one_clear_error(self, tmp_path: Path) -> None:
        """The error names the file, the forms that are known and how the file begins."""
        path = tmp_path / "other.log"
        path.write_text("\n\nnginx: started\n" + "y" * 300 + "\n", encoding="utf-8")

        with pytest.raises(NoFrames) as raised:
            read_frames(path)

        said = str(raised.value)
        assert said.startswith(f"{path}: no OCPP frame in a form that is known (2 × no frame)")
        assert "evcc at TRACE" in said
        assert "'nginx: started'" in said
        assert max(map(len, said.splitlines()[1:])) < 140

    def test_an_empty_log_is_an_error_too(self) -> None:
        """Nothing holds no frames."""
        with pytest.raises(NoFrames, match="begins with: nothing"):
            read_frames("")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
    def test_encodings_with_a_mark_are_read(self, tmp_path: Path, encoding: str) -> None:
        """A log that went through a Windows shell is read as well."""
        text = home_assistant(f"08:00:05 receive message {HEARTBEAT}")
        mark = "\ufeff" if encoding == "utf-16-be" else ""
        (tmp_path / "log").write_bytes((mark + text).encode(encoding))

        assert len(read_frames(tmp_path / "log").frames) == 1

    def test_broken_bytes_cost_their_sign(self, tmp_path: Path) -> None:
        """One byte that is no UTF-8 does not make the log unreadable."""
        text = home_assistant(f"08:00:05 receive message {HEARTBEAT}")
        (tmp_path / "log").write_bytes(b"\xfc caf\xe9\n" + text.encode())

        assert len(read_frames(tmp_path / "log").frames) == 1

    def test_too_large_a_log_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before it is read, with the limit in the sentence."""
        monkeypatch.setattr(recording, "FILE_BYTES_MAX", 10)
        (tmp_path / "log").write_bytes(b"x" * 11)

        with pytest.raises(TooLarge, match="11 bytes; the limit is 10"):
            read_frames(tmp_path / "log")
        with pytest.raises(TooLarge, match="this text: 11 bytes"):
            read_frames("x" * 11)
