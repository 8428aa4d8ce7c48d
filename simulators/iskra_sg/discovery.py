"""
UDP discovery: the answer to a scan of the network (document 004 §3.3.4, §4.1.2.1).

The form is what public clients read: 204 bytes, big-endian. What they do not read is zero.
"""

from __future__ import annotations

import ipaddress

from simulators.iskra_sg.device import Gateway

PORT = 33_333
REQUEST = bytes.fromhex("0000001A")
REPLY = bytes.fromhex("0000001B")
REPLY_BYTES = 204


def answer(request: bytes, gateway: Gateway, ip: str) -> bytes | None:
    """
    Answer a scan.

    Parameters:
        request: what came.
        ip: under which IPv4 address the gateway was reached.

    Returns:
        The reply; None to what is no scan, or where discovery is switched off.
    """
    if not request.startswith(REQUEST) or not gateway.settings.features.udp_discovery:
        return None
    identity, settings = gateway.identity, gateway.settings
    fields = {
        0: REPLY,
        4: ipaddress.IPv4Address(ip).packed,
        20: bytes.fromhex(identity.mac.replace(":", "")),
        26: settings.features.modbus_port.to_bytes(2),
        28: _text(identity.model, 15),
        43: _text(identity.serial, 8),
        51: identity.software_e2.to_bytes(2),
        53: ord(identity.hardware).to_bytes(2),
        55: _text(settings.description, 40),
        95: _text(settings.location, 40),
        135: settings.modbus_address.to_bytes(2),
    }
    reply = bytearray(REPLY_BYTES)
    for offset, field in fields.items():
        reply[offset : offset + len(field)] = field
    return bytes(reply)


def _text(text: str, size: int) -> bytes:
    """Give as much of a text as there is room for, never half a sign."""
    return text.encode()[:size].decode(errors="ignore").encode()
