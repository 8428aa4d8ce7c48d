"""Packet captures of WebSockets, written byte by byte: every layer from the file to the frame."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

FIN, SYN, RST, ACK = 1, 2, 4, 16
ETHERNET, COOKED, COOKED_2, NULL, LOOP, RAW = 1, 113, 276, 0, 108, 101


@dataclass(frozen=True)
class Packet:
    """A segment on its way: when, from which end, and the bytes of TCP and above."""

    at: datetime
    from_client: bool
    tcp: bytes


@dataclass
class Talk:
    """
    What two ends said over TCP, as segments in the order of sending.

    Parameters:
        now: the time of what is said next; to be set between.
        client, server: address and port of the ends.
        sequences: where their sequence numbers begin.
    """

    now: datetime
    client: tuple[str, int] = ("192.168.1.20", 51000)
    server: tuple[str, int] = ("192.168.1.2", 9000)
    sequences: tuple[int, int] = (1000, 4_294_967_000)
    packets: list[Packet] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to count."""
        self._next = {True: self.sequences[0], False: self.sequences[1]}

    def open(self) -> None:
        """Shake hands."""
        self._segment(True, SYN, b"")
        self._segment(False, SYN | ACK, b"")
        self._segment(True, ACK, b"")

    def say(self, from_client: bool, data: bytes, *, each: int = 1400) -> None:
        """Send bytes, cut into segments."""
        for begin in range(0, len(data), each):
            self._segment(from_client, ACK, data[begin : begin + each])

    def close(self) -> None:
        """End both directions."""
        self._segment(True, FIN | ACK, b"")
        self._segment(False, FIN | ACK, b"")

    def _segment(self, from_client: bool, flags: int, data: bytes) -> None:
        ports = (self.client[1], self.server[1])
        ports = ports if from_client else ports[::-1]
        head = struct.pack(
            ">2H2I2B3H",
            *ports,
            self._next[from_client],
            self._next[not from_client],
            8 << 4,
            flags,
            65535,
            0,
            0,
        )
        # Twelve bytes of options, as time stamps take.
        self.packets.append(Packet(self.now, from_client, head + b"\x01" * 12 + data))
        step = len(data) + bool(flags & (SYN | FIN))
        self._next[from_client] = (self._next[from_client] + step) % 2**32


class Socket:
    """A WebSocket over a talk: real bytes of both ends, by the core of `websockets`."""

    def __init__(
        self,
        talk: Talk,
        path: str = "/WB-1",
        *,
        compressed: bool = False,
        subprotocols: Sequence[str] = ("ocpp1.6",),
    ) -> None:
        self.talk = talk
        names = [Subprotocol(name) for name in subprotocols]
        self.client = ClientProtocol(
            parse_uri(f"ws://backend{path}"),
            subprotocols=names or None,
            extensions=[ClientPerMessageDeflateFactory()] if compressed else None,
        )
        self.server = ServerProtocol(
            subprotocols=names or None,
            extensions=[ServerPerMessageDeflateFactory()] if compressed else None,
        )

    def open(self, *, lets_in: bool = True) -> None:
        """Shake hands of TCP, then of the WebSocket."""
        self.talk.open()
        self.client.send_request(self.client.connect())
        self.flush(True)
        (request,) = self.server.events_received()
        assert isinstance(request, Request)
        response = self.server.accept(request) if lets_in else self.server.reject(401, "no\n")
        self.server.send_response(response)
        self.flush(False)

    def say(
        self, from_client: bool, text: str | bytes, *, parts: int = 1, each: int = 1400
    ) -> None:
        """Send a message, in so many fragments."""
        side = self.client if from_client else self.server
        data = text.encode() if isinstance(text, str) else text
        size = -(-len(data) // parts)
        for number in range(parts):
            piece = data[number * size : (number + 1) * size]
            is_last = number == parts - 1
            if number:
                side.send_continuation(piece, fin=is_last)
            elif isinstance(text, str):
                side.send_text(piece, fin=is_last)
            else:
                side.send_binary(piece, fin=is_last)
        self.flush(from_client, each=each)

    def ping(self) -> None:
        """Ping and be answered."""
        self.client.send_ping(b"?")
        self.flush(True)
        self.flush(False)

    def close(self) -> None:
        """Close the WebSocket, then TCP."""
        self.client.send_close(1000, "done")
        self.flush(True)
        self.flush(False)
        self.talk.close()

    def flush(self, from_client: bool, *, each: int = 1400) -> None:
        """Put on the wire what one end has to send, and give it to the other."""
        side, other = (self.client, self.server) if from_client else (self.server, self.client)
        for data in side.data_to_send():
            if data:
                self.talk.say(from_client, data, each=each)
                other.receive_data(data)


# ---------------------------------------------------------------------- below TCP


def ip_packet(talk: Talk, packet: Packet) -> bytes:
    """Put IP below a segment, of the version of the talk's addresses."""
    ends = [ipaddress.ip_address(end[0]) for end in (talk.client, talk.server)]
    source, target = ends if packet.from_client else ends[::-1]
    length = len(packet.tcp)
    if source.version == 4:
        head = struct.pack(">2B3H2BH", 0x45, 0, 20 + length, 1, 0x4000, 64, 6, 0)
        return head + source.packed + target.packed + packet.tcp
    # With a hop-by-hop header, as multicast listeners have.
    extension = bytes([6, 0]) + b"\x01\x04" + bytes(4)
    head = struct.pack(">IH2B", 6 << 28, 8 + length, 0, 64)
    return head + source.packed + target.packed + extension + packet.tcp


def on_link(link: int, ip: bytes, *, tags: Sequence[int] = ()) -> bytes:
    """Put a link below a packet of IP, with VLAN tags of these kinds."""
    kind = struct.pack(">H", 0x0800 if ip[0] >> 4 == 4 else 0x86DD)
    tagged = b"".join(struct.pack(">2H", tag, 7) for tag in tags) + kind
    if link == ETHERNET:
        # Short frames are filled up.
        return (bytes(12) + tagged + ip).ljust(60, b"\0")
    if link == COOKED:
        return struct.pack(">3H", 0, 1, 6) + bytes(8) + tagged + ip
    if link == COOKED_2:
        return kind + bytes(18) + ip
    if link in (NULL, LOOP):
        return struct.pack("<I" if link == NULL else ">I", 2 if ip[0] >> 4 == 4 else 24) + ip
    return ip


Written = tuple[datetime, bytes]


def packets_of(
    talks: Iterable[Talk], *, link: int = ETHERNET, tags: Sequence[int] = ()
) -> list[Written]:
    """Give the packets of some talks, in the order of time."""
    found = [
        (packet.at, on_link(link, ip_packet(talk, packet), tags=tags))
        for talk in talks
        for packet in talk.packets
    ]
    return sorted(found, key=lambda one: one[0])


def without(talk: Talk, number: int) -> Talk:
    """Give a talk of which one packet was not captured."""
    return replace(talk, packets=[*talk.packets[:number], *talk.packets[number + 1 :]])


# ---------------------------------------------------------------------- files


def pcap(
    packets: Iterable[Written], *, link: int = ETHERNET, order: str = "<", nano: bool = False
) -> bytes:
    """Write a pcap file."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    content = struct.pack(f"{order}I2HiI2I", magic, 2, 4, 0, 0, 262144, link)
    for at, data in packets:
        micros = at.microsecond * (1000 if nano else 1)
        seconds = int(at.timestamp())
        content += struct.pack(f"{order}4I", seconds, micros, len(data), len(data)) + data
    return content


def block(kind: int, body: bytes, *, order: str = "<") -> bytes:
    """Write a block of pcapng."""
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + length + body + length


def section(*, order: str = "<") -> bytes:
    """Write the head of a section."""
    body = struct.pack(f"{order}I2Hq", 0x1A2B3C4D, 1, 0, -1)
    return block(0x0A0D0D0A, body, order=order)


def interface(link: int, *, order: str = "<", resolution: int | None = None) -> bytes:
    """Describe an interface; ``resolution`` as its option has it."""
    options = b""
    if resolution is not None:
        options = struct.pack(f"{order}2HB3x", 9, 1, resolution) + bytes(4)
    return block(1, struct.pack(f"{order}2HI", link, 0, 0) + options, order=order)


def enhanced(
    at: datetime, data: bytes, *, which: int = 0, order: str = "<", parts: int = 10**6
) -> bytes:
    """Write an enhanced packet; ``parts`` of a second are the unit of its time."""
    stamp = int(at.timestamp()) * parts + at.microsecond * parts // 10**6
    head = struct.pack(f"{order}5I", which, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
    return block(6, head + data, order=order)


def pcapng(packets: Iterable[Written], *, link: int = ETHERNET, order: str = "<") -> bytes:
    """Write a pcapng file with one interface."""
    content = section(order=order) + interface(link, order=order)
    return content + b"".join(enhanced(at, data, order=order) for at, data in packets)


def frame_bytes(data: bytes, *, masked: bool) -> bytes:
    """Give a text frame, to be sent past the core."""
    return Frame(Opcode.TEXT, data).serialize(mask=masked)
