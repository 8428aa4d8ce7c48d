"""What is said on a WebSocket, from the bytes that pass."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.capture_writer import Socket, Talk, frame_bytes

from harness.overheard import (
    HEAD_LIMIT_BYTES,
    Closed,
    Control,
    Event,
    Message,
    Opened,
    Overheard,
    Refused,
    Unreadable,
    read_head,
)

REQUEST = b"GET /ocpp/WB%C3%A4 HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"


def opened(more: bytes = b"") -> Overheard:
    """Give an ear at a line that is open."""
    ear = Overheard()
    assert [] == ear.heard(REQUEST, from_charger=True)
    answer = ANSWER[:-2] + more + b"\r\n"
    assert isinstance(ear.heard(answer, from_charger=False)[0], Opened)
    return ear


def said(talk: Talk, ear: Overheard, each: int) -> list[Event]:
    """Let an ear hear a talk, so many bytes at a time."""
    found = []
    for packet in talk.packets:
        data = packet.tcp[32:]
        for begin in range(0, len(data), each):
            piece = data[begin : begin + each]
            found += ear.heard(piece, from_charger=packet.from_client)
    return found


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(
        st.tuples(st.booleans(), st.text(max_size=300) | st.binary(max_size=300)), max_size=6
    ),
    parts=st.integers(1, 4),
    each=st.integers(1, 400),
    compressed=st.booleans(),
)
def test_hears_what_was_said_however_it_is_cut(
    texts: list[tuple[bool, str | bytes]], parts: int, each: int, compressed: bool
) -> None:
    """Any messages, in any fragments and pieces, compressed or not, are told as they were."""
    socket = Socket(Talk(datetime(2025, 6, 3, tzinfo=UTC)), "/WB", compressed=compressed)
    socket.open()
    for from_charger, text in texts:
        socket.say(from_charger, text, parts=parts)
    first, *found = said(socket.talk, Overheard(), each)

    assert Opened("/WB", "ocpp1.6", compressed) == first
    assert [Message(*text) for text in texts] == found


def test_names_the_charger_and_the_end() -> None:
    """The identity stands in the path; pings, pongs and closings are told."""
    ear = Overheard()
    ear.heard(REQUEST, from_charger=True)
    (event,) = ear.heard(ANSWER, from_charger=False)

    assert isinstance(event, Opened)
    assert "WBä" == event.identity
    heard = ear.heard(b"\x89\x01p\x8a\x00\x88\x02\x0f\xa1\x88\x00", from_charger=False)
    assert [
        Control(False, "ping", b"p"),
        Control(False, "pong", b""),
        Closed(False, 4001, ""),
        Closed(False, 1005, ""),
    ] == heard


def test_bytes_right_behind_the_request_wait() -> None:
    """A charger that does not wait for the answer is heard once it has been let in."""
    ear = Overheard()
    assert [] == ear.heard(REQUEST + frame_bytes(b"hi", masked=True), from_charger=True)
    events = ear.heard(ANSWER + frame_bytes(b"ho", masked=False), from_charger=False)

    assert [Message(True, "hi"), Message(False, "ho")] == events[1:]


def test_text_that_is_none() -> None:
    """A text frame whose bytes are no UTF-8 is told as bytes."""
    assert [Message(False, b"\xff")] == opened().heard(b"\x81\x01\xff", from_charger=False)


@pytest.mark.parametrize(
    ("request_", "answer", "event"),
    [
        (REQUEST, b"HTTP/1.1 404 Not Found\r\n\r\n", Refused("/ocpp/WB%C3%A4", 404, "Not Found")),
        (REQUEST, b"HTTP/1.1 403\r\n\r\n", Refused("/ocpp/WB%C3%A4", 403, "")),
        (
            b"POST /x HTTP/1.1\r\n\r\n",
            b"",
            Unreadable(True, "POST of HTTP, which is no WebSocket"),
        ),
        (
            b"hello\r\n\r\n",
            b"",
            Unreadable(True, "no handshake of a WebSocket: 'hello' begins no message of HTTP"),
        ),
        (
            b"GET / HTTP/1.1\r\nno field\r\n\r\n",
            b"",
            Unreadable(True, "no handshake of a WebSocket: 'no field' is no field of a head"),
        ),
        (
            REQUEST,
            ANSWER[:-2] + b"Sec-WebSocket-Extensions: x-odd\r\n\r\n",
            Unreadable(
                False,
                "no handshake of a WebSocket: the extension 'x-odd' was agreed on, which is not "
                "known here",
            ),
        ),
        (
            REQUEST,
            ANSWER[:-2]
            + b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99\r\n\r\n",
            Unreadable(
                False,
                "no handshake of a WebSocket: a window of 99 bits was agreed on, which there is "
                "not",
            ),
        ),
        (b"x" * (HEAD_LIMIT_BYTES + 1), b"", Unreadable(True, "the head of HTTP has no end")),
    ],
)
def test_lines_that_do_not_open(request_: bytes, answer: bytes, event: Event) -> None:
    """Why is told once, and nothing after it."""
    ear = Overheard()
    events = ear.heard(request_, from_charger=True) + ear.heard(answer, from_charger=False)

    assert [event] == events
    assert [] == ear.heard(b"more", from_charger=True) + ear.heard(b"more", from_charger=False)


@pytest.mark.parametrize(
    "data",
    [b"\x83\x00", b"\xf1\x00", b"\x09\x00", b"\xc1\x03abc", b"\x81\x7f" + b"\xff" * 8],
)
def test_frames_that_cannot_be_read(data: bytes) -> None:
    """One direction is given up, with the reason; the other is heard further."""
    ear = opened(b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
    (event,) = ear.heard(data, from_charger=False)

    assert isinstance(event, Unreadable)
    assert "no frame of a WebSocket" in event.why
    assert [] == ear.heard(b"\x81\x00", from_charger=False)
    assert [Message(True, "hi")] == ear.heard(frame_bytes(b"hi", masked=True), from_charger=True)


def test_window_of_the_compressor_is_as_agreed() -> None:
    """A smaller window and one that is given up after each message are respected."""
    more = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9; "
    ear = opened(more + b"server_no_context_takeover\r\n")
    # "Hello" twice, each compressed alone: RFC 7692 §7.2.3.1.
    hello = bytes.fromhex("c107f248cdc9c90700")

    assert [Message(False, "Hello")] * 2 == ear.heard(hello * 2, from_charger=False)


def test_head_keeps_all_values() -> None:
    """Fields that come twice, or hold several values, are told in order."""
    head = read_head(b"HTTP/1.1 101 x\r\nA: 1, 2\r\na:3\r\nB: ")

    assert ["1", "2", "3"] == head.values("a")
    assert [] == head.values("b")


@settings(max_examples=200, deadline=None)
@given(data=st.data(), compressed=st.booleans())
def test_any_bytes_are_survived(data: st.DataObject, compressed: bool) -> None:
    """Whatever passes is told or given up, and disturbs nobody."""
    socket = Socket(Talk(datetime(2025, 6, 3, tzinfo=UTC)), "/WB", compressed=compressed)
    socket.open()
    for text in ("ä" * 40, b"\x00\xff" * 40):
        socket.say(True, text, parts=2)
        socket.say(False, text)
    socket.close()
    ear = Overheard()
    for packet in socket.talk.packets:
        content = bytearray(packet.tcp[32:])
        if content:
            for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
                content[place] = data.draw(st.integers(0, 255))
        for event in ear.heard(bytes(content), from_charger=packet.from_client):
            assert isinstance(event, Event)
