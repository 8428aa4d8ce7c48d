"""Frames out of packet captures, whatever lies between them and the file."""

from __future__ import annotations

import contextlib
import random
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import capture_writer as writer
from support.capture_writer import Packet, Socket, Talk

from harness.capture import Reasons, packets
from harness.captured_frames import LATE, REMEDIES, TLS
from harness.recording import (
    FieldLog,
    Form,
    NoFrames,
    NotARecording,
    RecordingError,
    TooLarge,
    crossings_of,
    is_capture,
    read_frames,
    recording_text,
)

START = datetime(2025, 6, 3, 5, 0, 0, 123456, tzinfo=UTC)
CALL, ANSWER = '[2,"1","Heartbeat",{}]', '[3,"1",{"currentTime":"2025-06-03T05:00:00Z"}]'
LONG = f'[2,"2","DataTransfer",{{"vendorId":"x","data":"{"Zähler " * 400}"}}]'


def talk(number: int = 0, **more: object) -> Talk:
    """Give a talk of the n-th charger."""
    return Talk(START, client=("192.168.1.20", 51000 + number), **more)  # type: ignore[arg-type]


def whole(number: int = 0, *, compressed: bool = False, **more: object) -> Socket:
    """Give a line on which a charger says two things, one of them long and in fragments."""
    socket = Socket(talk(number, **more), f"/ocpp/WB-{number}", compressed=compressed)
    socket.open()
    socket.talk.now += timedelta(seconds=1)
    socket.say(True, CALL)
    socket.say(False, ANSWER)
    socket.ping()
    socket.say(True, LONG, parts=3, each=500)
    socket.close()
    return socket


def read(folder: Path, content: bytes) -> FieldLog:
    """Read the frames of a capture."""
    path = folder / "capture"
    path.write_bytes(content)
    return read_frames(path)


def said(log: FieldLog) -> list[tuple[str, str, str]]:
    """Give who said what."""
    return [(one.identity, one.direction, one.text) for one in log.frames]


WHOLE = [("WB-0", "in", CALL), ("WB-0", "out", ANSWER), ("WB-0", "in", LONG)]


class TestLayers:
    """Each container, link and version of IP gives the same frames."""

    @pytest.mark.parametrize(
        ("link", "tags"),
        [
            (writer.ETHERNET, ()),
            (writer.ETHERNET, (0x8100,)),
            (writer.ETHERNET, (0x88A8, 0x8100)),
            (writer.COOKED, ()),
            (writer.COOKED, (0x8100,)),
            (writer.COOKED_2, ()),
            (writer.NULL, ()),
            (writer.LOOP, ()),
            (writer.RAW, ()),
            (12, ()),
            (228, ()),
        ],
    )
    @pytest.mark.parametrize("version", [4, 6])
    def test_links_and_versions(
        self, tmp_path: Path, link: int, tags: tuple[int, ...], version: int
    ) -> None:
        """Whatever is below TCP is taken off."""
        more = {} if version == 4 else {"server": ("2001:db8::2", 9000)}
        socket = whole(**more)
        if version == 6:
            socket.talk.client = ("2001:db8::1", socket.talk.client[1])
        content = writer.pcap(writer.packets_of([socket.talk], link=link, tags=tags), link=link)

        assert WHOLE == said(read(tmp_path, content))

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("kind", ["pcap", "nano", "pcapng"])
    def test_containers(self, tmp_path: Path, order: str, kind: str) -> None:
        """Both byte orders, micro- and nanoseconds: the frames with their times."""
        found = writer.packets_of([whole().talk])
        if kind == "pcapng":
            content = writer.pcapng(found, order=order)
        else:
            content = writer.pcap(found, order=order, nano=kind == "nano")
        log = read(tmp_path, content)

        assert WHOLE == said(log)
        assert Form.CAPTURE is log.form
        assert [START + timedelta(seconds=1)] * 3 == [one.at for one in log.frames]
        assert [("WB-0", True, START), ("WB-0", False, START + timedelta(seconds=1))] == [
            (one.identity, one.up, one.at) for one in log.changes
        ]

    def test_interfaces_of_their_own_kind(self, tmp_path: Path) -> None:
        """Each packet is read by the link and the clock of its interface, in each section."""
        one, other = whole(0).talk, whole(1).talk
        nanos = writer.section() + writer.interface(writer.ETHERNET)
        nanos += writer.interface(writer.RAW, resolution=9)
        for packet in one.packets:
            data = writer.on_link(writer.RAW, writer.ip_packet(one, packet))
            nanos += writer.enhanced(packet.at, data, which=1, parts=10**9)
        binary = writer.section(order=">") + writer.interface(
            writer.COOKED, order=">", resolution=0x80 | 20
        )
        for packet in other.packets:
            data = writer.on_link(writer.COOKED, writer.ip_packet(other, packet))
            binary += writer.enhanced(packet.at, data, order=">", parts=2**20)
        statistics = writer.block(5, bytes(12))
        log = read(tmp_path, nanos + statistics + binary)

        assert ("WB-0", "WB-1") == log.identities
        first, last = log.frames[0], log.frames[-1]
        assert START + timedelta(seconds=1) == first.at
        assert abs(last.at - START - timedelta(seconds=1)) <= timedelta(microseconds=2)

    def test_simple_and_old_packets(self) -> None:
        """Packets of pcapng without a time bear that of the one before."""
        old = struct.pack("<2H4I", 0, 0, 0, 7_000_000, 3, 3) + b"abc"
        simple = struct.pack("<I", 3) + b"xyz"
        content = writer.section() + writer.interface(1) + writer.block(2, old)
        found = list(packets(content + writer.block(3, simple), Reasons()))

        assert [(1, b"abc"), (2, b"xyz")] == [(one.number, one.data) for one in found]
        assert found[0].at == found[1].at == datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)

    def test_offset_of_times_and_whole_fragments(self, tmp_path: Path) -> None:
        """Seconds that an interface adds, and an IPv6 fragment that is the whole packet."""
        socket = whole(server=("2001:db8::2", 9000))
        socket.talk.client = ("2001:db8::1", 51000)
        options = struct.pack("<2Hq", 14, 8, 3600) + bytes(4)
        content = writer.section() + writer.block(
            1, struct.pack("<2HI", writer.RAW, 0, 0) + options
        )
        for packet in socket.talk.packets:
            ip = writer.ip_packet(socket.talk, packet)
            fragment = bytes([ip[40], 0, 0, 0]) + bytes(4)
            length = struct.pack(">H", struct.unpack_from(">H", ip, 4)[0])
            whole_one = ip[:4] + length + bytes([44]) + ip[7:40] + fragment + ip[48:]
            content += writer.enhanced(packet.at, whole_one)
        log = read(tmp_path, content)

        assert WHOLE == said(log)
        assert START + timedelta(hours=1, seconds=1) == log.frames[0].at

    def test_compressed_messages(self, tmp_path: Path) -> None:
        """What was agreed on in the handshake is undone, over several messages."""
        assert WHOLE == said(
            read(tmp_path, writer.pcap(writer.packets_of([whole(compressed=True).talk])))
        )


class TestStreams:
    """Segments that do not come as they were sent."""

    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(seed=st.integers(0, 2**32), window=st.integers(1, 8))
    def test_any_order_and_any_repetition(self, tmp_path: Path, seed: int, window: int) -> None:
        """Late, doubled and overlapping segments give what was sent, once."""
        chance = random.Random(seed)
        socket = whole(sequences=(chance.randrange(2**32), chance.randrange(2**32)))
        mixed: list[Packet] = []
        for begin in range(3, len(socket.talk.packets), window):
            batch = socket.talk.packets[begin : begin + window]
            batch += chance.sample(batch, chance.randrange(len(batch) + 1))
            mixed += chance.sample(batch, len(batch))
        socket.talk.packets[3:] = [
            Packet(START + timedelta(milliseconds=place), one.from_client, one.tcp)
            for place, one in enumerate(mixed)
        ]
        log = read(tmp_path, writer.pcap(writer.packets_of([socket.talk])))

        # The two ends may be captured in another order; what each said is whole.
        for direction in ("in", "out"):
            assert [one for one in WHOLE if one[1] == direction] == [
                one for one in said(log) if one[1] == direction
            ]

    def test_segments_that_overlap(self, tmp_path: Path) -> None:
        """What is sent again together with more counts once."""
        socket = Socket(talk())
        socket.open()
        data = writer.frame_bytes(CALL.encode(), masked=True)
        head = socket.talk.packets[2].tcp[:32]
        (begin,) = struct.unpack_from(">I", socket.talk.packets[-1].tcp, 8)
        for offset, end in ((0, 5), (2, 9), (0, 9), (7, len(data))):
            tcp = head[:4] + struct.pack(">I", begin + offset) + head[8:] + data[offset:end]
            socket.talk.packets.append(Packet(START, True, tcp))

        log = read(tmp_path, writer.pcap(writer.packets_of([socket.talk])))
        assert [("WB-1", "in", CALL)] == said(log)

    def test_gap_ends_its_direction(self, tmp_path: Path) -> None:
        """Behind missing bytes nothing of that end is believed; the other end is read on."""
        socket = Socket(talk())
        socket.open()
        socket.say(True, CALL)
        socket.say(True, LONG)
        lost = len(socket.talk.packets) - 1
        socket.say(True, '[2,"3","Heartbeat",{}]')
        socket.say(False, ANSWER)
        log = read(tmp_path, writer.pcap(writer.packets_of([writer.without(socket.talk, lost)])))

        assert [("WB-1", "in", CALL), ("WB-1", "out", ANSWER)] == said(log)
        ((reason, count),) = log.counts
        assert (1, True) == (count, "bytes are missing" in reason)
        assert "192.168.1.20:51000 sent" in log.skipped[0].text

    def test_lines_beside_and_after_each_other(self, tmp_path: Path) -> None:
        """Two chargers at once, and one that opens a new line from the same port."""
        again = Socket(talk(0, sequences=(7, 8)), "/WB-0")
        again.talk.now += timedelta(seconds=2)
        again.open()
        again.say(True, CALL)
        found = writer.packets_of([whole(0).talk, whole(1).talk, again.talk])
        log = read(tmp_path, writer.pcap(found))

        assert ("WB-0", "WB-1") == log.identities
        assert 2 == sum(one == ("WB-0", "in", CALL) for one in said(log))
        assert [True, False, True] == [one.up for one in log.changes if one.identity == "WB-0"]

    def test_line_that_is_reset(self, tmp_path: Path) -> None:
        """A reset ends a line, too, once."""
        socket = Socket(talk())
        socket.open()
        socket.say(True, CALL)
        for _ in range(2):
            socket.talk._segment(False, writer.RST, b"")
        log = read(tmp_path, writer.pcap(writer.packets_of([socket.talk])))

        assert [True, False] == [one.up for one in log.changes]


class TestWhatCannotBeRead:
    """It is counted by its reason, and named where nothing else is there."""

    def refused(self, folder: Path, content: bytes) -> str:
        """Give why a capture holds no frame."""
        with pytest.raises(NoFrames) as error:
            read(folder, content)
        return str(error.value)

    def test_tls(self, tmp_path: Path) -> None:
        """It is said to be TLS, with what helps."""
        hidden = talk()
        hidden.open()
        hidden.say(True, b"\x16\x03\x01\x00\x05hello")
        content = writer.pcap(writer.packets_of([hidden]))

        assert f"1 × {TLS}" in self.refused(tmp_path, content)
        assert REMEDIES[TLS] in self.refused(tmp_path, content)
        with_more = writer.pcap(writer.packets_of([hidden, whole(1).talk]))
        assert any(TLS in note for note in read(tmp_path, with_more).notes)

    @pytest.mark.parametrize("data", [b"\x81\x05Hello", b"\x17\x03\x03\x00\x01x"])
    def test_line_that_was_open_before(self, tmp_path: Path, data: bytes) -> None:
        """Who it is of stood in what was not captured."""
        late = talk()
        late.say(True, data)
        reason = TLS if data[0] == 0x17 else LATE
        message = self.refused(tmp_path, writer.pcap(writer.packets_of([late])))

        assert reason in message
        assert REMEDIES[reason] in message

    def test_other_lines(self, tmp_path: Path) -> None:
        """HTTP, SSH, a charger that is refused, another OCPP, bytes: each with its reason."""
        http, ssh = talk(1), talk(2)
        http.open()
        http.say(True, b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
        http.say(False, b"HTTP/1.1 200 OK\r\n\r\n")
        ssh.open()
        ssh.say(True, b"SSH-2.0-x\r\n")
        refused = Socket(talk(3))
        refused.open(lets_in=False)
        newer = Socket(talk(4), subprotocols=["ocpp2.0.1"])
        newer.open()
        newer.say(True, CALL)
        binary = Socket(talk(5))
        binary.open()
        binary.say(True, b"\x00\x01")
        broken = Socket(talk(6))
        broken.open()
        broken.talk.say(False, b"\xff\xff\xff\xff\x00")
        talks = [http, ssh, *(one.talk for one in (refused, newer, binary, broken))]
        message = self.refused(tmp_path, writer.pcap(writer.packets_of(talks)))

        for reason in (
            "GET of HTTP, which is no WebSocket",
            "a line that is no WebSocket",
            "not let in (401 Unauthorized)",
            "a message of ocpp2.0.1",
            "a message that is no text",
            "no frame of a WebSocket",
        ):
            assert reason in message

    def test_line_without_a_subprotocol(self, tmp_path: Path) -> None:
        """A charger that names none is taken for one of OCPP-J 1.6."""
        socket = Socket(talk(), subprotocols=[])
        socket.open()
        socket.say(True, CALL)

        log = read(tmp_path, writer.pcap(writer.packets_of([socket.talk])))
        assert [("WB-1", "in", CALL)] == said(log)

    def test_packets_that_are_none_of_ours(self, tmp_path: Path) -> None:
        """ARP, UDP, fragments, cut and senseless packets are counted, and the rest is read."""
        ip = writer.ip_packet(whole().talk, whole().talk.packets[0])
        udp = ip[:9] + b"\x11" + ip[10:]
        fragment = ip[:6] + b"\x20\x00" + ip[8:]
        ip6 = bytes([0x60, 0, 0, 0, 0, 16, 44, 64]) + bytes(32) + bytes([6, 0, 0, 9]) + bytes(12)
        others = [
            bytes(12) + b"\x08\x06" + bytes(40),
            *(writer.on_link(writer.ETHERNET, one) for one in (udp, fragment, ip6)),
            bytes(12) + b"\x08\x00" + ip[:40],
            bytes(12) + b"\x08\x00" + ip[:4],
            bytes(12) + b"\x08\x00" + ip[:18],
            bytes(5),
        ]
        found = [(START, one) for one in others] + writer.packets_of([whole().talk])
        log = read(tmp_path, writer.pcap(found))

        assert WHOLE == said(log)
        counts = dict(log.counts)
        assert 1 == counts["no IP"]
        assert 1 == counts["IP, but no TCP"]
        assert 2 == counts["a fragment of IP"]
        assert 8 == sum(counts.values())

    def test_time_that_there_is_not(self, tmp_path: Path) -> None:
        """A packet beyond the calendar is counted."""
        late = struct.pack("<5I", 0, 2**32 - 1, 0, 3, 3) + b"abc"
        content = writer.pcapng(writer.packets_of([whole().talk])) + writer.block(6, late)

        assert {"a packet of a time that there is not": 1} == dict(read(tmp_path, content).counts)

    def test_link_that_is_not_known(self, tmp_path: Path) -> None:
        """Its number is named."""
        content = writer.pcap(writer.packets_of([whole().talk]), link=105)

        assert "link type 105" in self.refused(tmp_path, content)

    @pytest.mark.parametrize("kind", ["pcap", "pcapng"])
    def test_file_that_is_cut_off_anywhere(self, tmp_path: Path, kind: str) -> None:
        """What is whole is read, at each length of the file."""
        found = writer.packets_of([whole().talk])
        content = writer.pcap(found) if kind == "pcap" else writer.pcapng(found)
        for length in range(4, len(content), 97):
            try:
                log = read(tmp_path, content[:length])
            except RecordingError:
                continue
            assert WHOLE[: len(log.frames)] == said(log)
        assert WHOLE[:2] == said(read(tmp_path, content[: len(content) - 700]))[:2]

    @pytest.mark.parametrize(
        "content",
        [
            writer.section() + struct.pack("<2I", 6, 7) + bytes(20),
            writer.section() + struct.pack("<2I", 6, 2**31) + bytes(20),
            writer.section() + writer.block(1, b""),
            bytes.fromhex("a1b2c3d4") + bytes(3),
        ],
    )
    def test_file_that_is_damaged(self, tmp_path: Path, content: bytes) -> None:
        """It is refused with the place, or with what is wrong."""
        with pytest.raises(NotARecording, match="the capture cannot be read"):
            read(tmp_path, content)

    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(data=st.data())
    def test_any_damage_is_survived(self, tmp_path: Path, data: st.DataObject) -> None:
        """Bytes that are changed anywhere give frames, or one of our own errors."""
        found = writer.packets_of([whole().talk])
        content = bytearray(data.draw(st.sampled_from([writer.pcap, writer.pcapng]))(found))
        for place in data.draw(st.lists(st.integers(4, len(content) - 1), max_size=8)):
            content[place] = data.draw(st.integers(0, 255))
        with contextlib.suppress(RecordingError):
            read(tmp_path, bytes(content))

    def test_file_that_is_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is refused with how to make it smaller."""
        monkeypatch.setattr("harness.recording.FILE_BYTES_MAX", 100)
        with pytest.raises(TooLarge, match="tcpdump -r"):
            read(tmp_path, writer.pcap(writer.packets_of([whole().talk])))


def test_capture_becomes_a_recording(tmp_path: Path) -> None:
    """Written down as a recording, its frames and lines are the same."""
    log = read(tmp_path, writer.pcap(writer.packets_of([whole(0).talk, whole(1).talk])))
    text = recording_text(crossings_of(log), seed=None, start=START)

    again = read_frames(text)
    assert said(log) == said(again)
    assert [(one.at, one.up) for one in log.changes] == [(one.at, one.up) for one in again.changes]
    assert not is_capture(_written(tmp_path / "r.jsonl", text))


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="ascii")
    return path
