"""Hosts and who vouches for them: what every table that names a server has."""

from __future__ import annotations

import re
import ssl

from backend.settings.secrets import Surroundings
from backend.settings.section import Section

_ADDRESS = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<name>[^:]+))(?::(?P<port>\d{1,5}))?")


def read_address(section: Section, usual_port: int) -> tuple[str, int]:
    """Read host and port; the host may carry the port (AEX-02), an IPv6 address in brackets."""
    example = "a host name or address"
    host = section.text("host", example=example)
    if re.search(r"[/@\s]|://", host):
        remedy = f"write {example}; user, port and folder have keys of their own"
        raise section.error("host", f"is {host!r}", remedy)
    parts = _ADDRESS.fullmatch(host)
    if parts is None:  # an IPv6 address as it is
        return host, section.number("port", 1, 65_535, usual_port)
    if parts["port"] is None:
        return parts["six"] or parts["name"], section.number("port", 1, 65_535, usual_port)
    port = int(parts["port"])
    if not 1 <= port <= 65_535:
        raise section.error("host", f"is {host!r}", "write a port from 1 to 65535 behind it")
    if section.number("port", 1, 65_535, port) != port:
        raise section.error("port", f"is not the one of host, {host!r}", "leave one of them out")
    return parts["six"] or parts["name"], port


def read_authority(section: Section, surroundings: Surroundings) -> str:
    """Read certificates of who signs a server's, as PEM; empty for those this machine trusts."""
    named = section.text("authority_file", "")
    if not named:
        return ""
    try:
        text = (surroundings.folder / named).read_text(encoding="ascii")
        if not text.strip():
            raise ValueError("empty")  # for which OpenSSL would take this machine's own
        ssl.create_default_context(cadata=text)
    except (OSError, UnicodeDecodeError, ValueError) as error:  # an SSLError is an OSError
        raise section.error(
            "authority_file",
            f"names {named!r}, which holds no certificate that can be read",
            "name a file with certificates as PEM: -----BEGIN CERTIFICATE-----",
        ) from error
    return text
