"""
Packet captures, as tcpdump and Wireshark write them, to TCP segments.

No I/O of its own: bytes of a file in, segments out, in the order of the file. What is not known
is counted by its reason (`Reasons`), never fatal: a capture has much that is not ours.

Two containers are read: pcap (of either byte order, with micro- or nanoseconds) and pcapng (any
number of sections and interfaces, each with its own link type and resolution of time). Below TCP:
Ethernet with VLAN tags, Linux "cooked" (both), loopback of BSD, raw IP; IPv4, and IPv6 with its
extension headers. Numbers and layouts: https://www.tcpdump.org/linktypes.html,
draft-ietf-opsawg-pcapng, RFC 791, 8200, 9293.

ASSUMED: who wrote no time to a packet (a "simple packet" of pcapng) wrote it at the time of the
packet before.
"""

from __future__ import annotations

import ipaddress
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

NULL, ETHERNET, RAW, LOOP, COOKED, IP4_LINK, IP6_LINK, COOKED_2 = 0, 1, 101, 108, 113, 228, 229, 276
RAW_ELSEWHERE = (12, 14)
"""What some systems write for `RAW`."""
IP4, IP6 = 0x0800, 0x86DD
TAGS = (0x8100, 0x88A8, 0x9100)
"""EtherTypes of VLAN tags: IEEE 802.1Q, 802.1ad, and what stood for it before."""
TCP = 6
EXTENSIONS = {0: 8, 43: 8, 60: 8, 51: 4}
"""Extension headers of IPv6 that TCP may stand behind, and the unit of their length, in bytes."""
FRAGMENT = 44
FIN, SYN, RST, ACK = 1, 2, 4, 16
BLOCK_LIMIT_BYTES = 64 * 1024 * 1024

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Packet:
    """
    One packet of a capture.

    Attributes:
        number: from 1, as Wireshark counts.
        at: when it was seen, in UTC; fractions of a microsecond are cut.
        link: the link type, by its number.
        data: its bytes.
        missing_bytes: how many of its bytes were not written down.
    """

    number: int
    at: datetime
    link: int
    data: bytes
    missing_bytes: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment: between which ends, from which sequence number on, with which flags."""

    number: int
    at: datetime
    source: Address
    target: Address
    sequence: int
    flags: int
    data: bytes


class Reasons:
    """What was left out of a capture: how much for each reason, and where first."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, tuple[int, str]] = {}

    def add(self, number: int, reason: str, what: str = "") -> None:
        """Count a packet or a line that is left out."""
        self.counts[reason] += 1
        self.first.setdefault(reason, (number, what))


class NoCapture(Exception):
    """The bytes are no capture: what is wrong with them."""


# ---------------------------------------------------------------------- containers


def packets(content: bytes, reasons: Reasons) -> Iterator[Packet]:
    """
    Give the packets of a capture, in the order of the file.

    Raises:
        NoCapture: If it does not begin like one. A file that is cut off gives what is whole.
    """
    if content[:4] == b"\x0a\x0d\x0d\x0a":
        yield from _of_pcapng(content, reasons)
    else:
        yield from _of_pcap(content, reasons)


_PCAP = {
    b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\xd4\xc3\xb2\xa1": ("<", 10**6),
    b"\xa1\xb2\x3c\x4d": (">", 10**9),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9),
}
_FILE_HEADER, _RECORD_HEADER = 24, 16


def _of_pcap(content: bytes, reasons: Reasons) -> Iterator[Packet]:
    if content[:4] not in _PCAP or len(content) < _FILE_HEADER:
        raise NoCapture("it does not begin like a capture")
    order, parts = _PCAP[content[:4]]
    (link,) = struct.unpack_from(f"{order}I", content, 20)
    place, number = _FILE_HEADER, 0
    while place < len(content):
        number += 1
        if place + _RECORD_HEADER > len(content):
            reasons.add(number, "a packet that the end of the file cuts off")
            return
        seconds, fraction, kept, whole = struct.unpack_from(f"{order}4I", content, place)
        place += _RECORD_HEADER
        data = content[place : place + kept]
        if len(data) < kept:
            reasons.add(number, "a packet that the end of the file cuts off")
            return
        place += kept
        at = _instant(Fraction(fraction, parts) + seconds)
        yield Packet(number, at, link & 0xFFFF, data, max(whole - kept, 0))


_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_RESOLUTION, _OFFSET = 9, 14
"""Options of an interface: the unit of its times, and what is to be added to them."""


@dataclass(slots=True)
class _Interface:
    link: int
    unit_s: Fraction = Fraction(1, 10**6)
    offset_s: int = 0

    def at(self, high: int, low: int) -> datetime:
        return _instant(((high << 32) | low) * self.unit_s + self.offset_s)


def _of_pcapng(content: bytes, reasons: Reasons) -> Iterator[Packet]:
    interfaces: list[_Interface] = []
    order, number, at = "<", 0, _instant(Fraction(0))
    for order, kind, body in _blocks(content, reasons):
        if kind == _SECTION:
            interfaces = []
        elif kind == _INTERFACE:
            interfaces.append(_interface(order, body))
        elif kind in (_OLD_PACKET, _SIMPLE, _ENHANCED):
            number += 1
            found = _packet_of(order, kind, body, interfaces)
            if found is None:
                reasons.add(number, "a packet that is not written as pcapng says")
                continue
            interface, stamp, whole, data = found
            try:
                at = interface.at(*stamp) if stamp is not None else at
            except OverflowError:
                reasons.add(number, "a packet of a time that there is not")
                continue
            yield Packet(number, at, interface.link, data, max(whole - len(data), 0))


def _blocks(content: bytes, reasons: Reasons) -> Iterator[tuple[str, int, bytes]]:
    """Give byte order, kind and body of each block."""
    order, place = "<", 0
    while place + 12 <= len(content):
        if content[place : place + 4] == b"\x0a\x0d\x0d\x0a":
            order = ">" if content[place + 8 : place + 12] == b"\x1a\x2b\x3c\x4d" else "<"
        kind, length = struct.unpack_from(f"{order}2I", content, place)
        if length % 4 or not 12 <= length <= BLOCK_LIMIT_BYTES:
            raise NoCapture(f"the block at byte {place} says that it is {length} bytes long")
        if place + length > len(content):
            break
        yield order, kind, content[place + 8 : place + length - 4]
        place += length
    if place < len(content):
        reasons.add(0, "a block that the end of the file cuts off")


def _interface(order: str, body: bytes) -> _Interface:
    if len(body) < 8:
        raise NoCapture("an interface is not described as pcapng says")
    (link,) = struct.unpack_from(f"{order}H", body)
    found, place = _Interface(link), 8
    while place + 4 <= len(body):
        code, length = struct.unpack_from(f"{order}2H", body, place)
        value = body[place + 4 : place + 4 + length]
        if code == _RESOLUTION and value:
            base = 2 if value[0] & 0x80 else 10
            found.unit_s = Fraction(1, base ** (value[0] & 0x7F))
        elif code == _OFFSET and len(value) == 8:
            (found.offset_s,) = struct.unpack(f"{order}q", value)
        place += 4 + (length + 3) // 4 * 4
    return found


_Found = tuple[_Interface, tuple[int, int] | None, int, bytes]


def _packet_of(order: str, kind: int, body: bytes, interfaces: list[_Interface]) -> _Found | None:
    """Give the interface, the time, the length on the wire and the bytes of a packet."""
    try:
        if kind == _SIMPLE:
            (whole,) = struct.unpack_from(f"{order}I", body)
            return interfaces[0], None, whole, body[4 : 4 + whole]
        head = f"{order}5I" if kind == _ENHANCED else f"{order}2H4I"
        which, *others = struct.unpack_from(head, body)
        high, low, kept, whole = others[-4:]
        return interfaces[which], (high, low), whole, body[20 : 20 + kept]
    except (struct.error, IndexError):
        return None


def _instant(seconds: Fraction) -> datetime:
    micros = seconds.numerator * 10**6 // seconds.denominator
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


# ---------------------------------------------------------------------- packets to segments


def segments(content: bytes, reasons: Reasons) -> Iterator[Segment]:
    """
    Give the TCP segments of a capture, in the order of the file.

    Raises:
        NoCapture: See `packets`.
    """
    for packet in packets(content, reasons):
        try:
            found = _segment(packet)
        except (struct.error, IndexError, ValueError):
            reasons.add(packet.number, "a packet that is too short for what it says it is")
            continue
        if isinstance(found, str):
            reasons.add(packet.number, found)
        else:
            yield found


def _segment(packet: Packet) -> Segment | str:
    network = _network(packet)
    if isinstance(network, str):
        return network
    ip = _ip4(network) if network[0] >> 4 == 4 else _ip6(network)
    if isinstance(ip, str):
        return ip
    source, target, length, body = ip
    if length > len(body):
        return "a packet of which a part was not written down: capture whole packets (tcpdump -s 0)"
    from_port, to_port, sequence, _, offset, flags = struct.unpack_from(">2H2I2B", body)
    data = body[(offset >> 4) * 4 : length]
    ends = (source, from_port), (target, to_port)
    return Segment(packet.number, packet.at, *ends, sequence, flags, data)


def _network(packet: Packet) -> bytes | str:
    """Give what stands above the link: a packet of IP, or why there is none."""
    link, data = packet.link, packet.data
    if link == ETHERNET:
        place = 12
        while (kind := _short(data, place)) in TAGS:
            place += 4
        body = data[place + 2 :]
    elif link in (COOKED, COOKED_2):
        kind, body = (_short(data, 14), data[16:]) if link == COOKED else (_short(data), data[20:])
        while kind in TAGS:
            kind, body = _short(body, 2), body[4:]
    elif link in (NULL, LOOP):
        # Its four bytes are a family that each system numbers otherwise; IP tells its own version.
        kind, body = 0, data[4:]
    elif link in (RAW, IP4_LINK, IP6_LINK, *RAW_ELSEWHERE):
        kind, body = 0, data
    else:
        return f"a packet of link type {link}, which is not read here"
    if kind not in (0, IP4, IP6) or not body or body[0] >> 4 not in (4, 6):
        return "no IP"
    return body


_Ip = tuple[str, str, int, bytes]


def _ip4(data: bytes) -> _Ip | str:
    """Give the two ends, the length of what IP bears, and as much of it as there is."""
    head, length, fragment = (data[0] & 0x0F) * 4, _short(data, 2), _short(data, 6)
    if data[9] != TCP:
        return "IP, but no TCP"
    if fragment & 0x3FFF:
        return "a fragment of IP"
    ends = (str(ipaddress.IPv4Address(data[at : at + 4])) for at in (12, 16))
    # A network card that cuts packets itself is given those that bear no length.
    length = length - head if length else len(data) - head
    return *ends, length, data[head:]  # type: ignore[return-value]  # two ends


def _ip6(data: bytes) -> _Ip | str:
    length, kind, place = _short(data, 4), data[6], 40
    while kind in EXTENSIONS or kind == FRAGMENT:
        following, size = data[place], data[place + 1]
        if kind == FRAGMENT:
            if _short(data, place + 2) & 0xFFF9:
                return "a fragment of IP"
            place += 8
        else:
            unit = EXTENSIONS[kind]
            place += (size + (1 if unit == 8 else 2)) * unit
        kind = following
    if kind != TCP:
        return "IP, but no TCP"
    ends = (str(ipaddress.IPv6Address(data[at : at + 16])) for at in (8, 24))
    length = length - (place - 40) if length else len(data) - place
    return *ends, length, data[place:]  # type: ignore[return-value]  # two ends


def _short(data: bytes, place: int = 0) -> int:
    return int(struct.unpack_from(">H", data, place)[0])
