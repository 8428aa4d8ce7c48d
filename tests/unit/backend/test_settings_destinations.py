"""Destinations in the settings: which road, where to, and how the server is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.ftp_daemons import make_certificate

from backend import Settings
from backend.errors import SettingsError
from backend.ports import Destination

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2hJ4s0Qb0V2rZQZ3k1v7Yk9s0oZl2c1w9Xq8m3T5dE"
PIN = "0f" * 32


def read(*lines: str, kind: str = "ftps", folder: Path = Path()) -> Destination:
    """Read a destination of some lines, and what it needs besides."""
    usual = {"host": "ftp.example", "user": "ise", "secret": "geheim"}
    given = [line.partition(" ")[0] for line in lines]
    rest = [f'{key} = "{value}"' for key, value in usual.items() if key not in given]
    if kind == "sftp":
        rest.append(f'host_key = "{HOST_KEY}"')
    text = "\n".join(
        (
            '[[account]]\nname = "EW"\n[[destination]]\naccount = "EW"\nname = "Drop"',
            f'kind = "{kind}"',
            *lines,
            *rest,
        )
    )
    return Settings.from_toml(text, {}, folder=folder).destinations[0].destination


class TestWhere:
    """Host and port (AEX-02)."""

    @pytest.mark.parametrize(
        ("kind", "host", "name", "port", "is_implicit"),
        [
            ("sftp", "ftp.example", "ftp.example", 22, False),
            ("ftp", "ftp.example", "ftp.example", 21, False),
            ("ftps", "ftp.example", "ftp.example", 21, False),
            ("ftps", "ftp.example:990", "ftp.example", 990, True),
            ("ftps", "ftp.example:2121", "ftp.example", 2121, False),
            ("sftp", "192.0.2.7:2222", "192.0.2.7", 2222, False),
            ("ftp", "[2001:db8::7]:990", "2001:db8::7", 990, False),
            ("sftp", "[2001:db8::7]", "2001:db8::7", 22, False),
            ("sftp", "2001:db8::7", "2001:db8::7", 22, False),
        ],
    )
    def test_the_host_may_carry_the_port(
        self, kind: str, host: str, name: str, port: int, is_implicit: bool
    ) -> None:
        """Without a port it is the usual one of the kind; 990 is implicit FTPS."""
        found = read(f'host = "{host}"', kind=kind)
        assert (name, port, is_implicit) == (found.host, found.port, found.is_implicit)

    def test_a_port_of_its_own(self) -> None:
        """The port may have its own key, and implicit TLS may be said and denied."""
        assert 2121 == read("port = 2121").port
        assert 2121 == read('host = "ftp.example:2121"', "port = 2121").port
        assert read("port = 2121", "implicit = true").is_implicit
        assert not read("port = 990", "implicit = false").is_implicit

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            (('host = "x:0"',), "key 'host': is 'x:0'; write a port from 1 to 65535 behind it"),
            (('host = "x:70000"',), "key 'host': is 'x:70000'; write a port from 1 to 65535"),
            (
                ('host = "x:990"', "port = 21"),
                "key 'port': is not the one of host, 'x:990'; leave one of them out",
            ),
            (('host = "ftp://x"',), "key 'host': is 'ftp://x'; write a host name or address; user"),
        ],
    )
    def test_what_is_wrong(self, lines: tuple[str, ...], told: str) -> None:
        """A port that is none, or another one, is told."""
        with pytest.raises(SettingsError, match="destination") as caught:
            read(*lines)
        assert told in str(caught.value)


class TestHow:
    """What is done there."""

    def test_what_is_usual(self) -> None:
        """Files grow beside their place under a hidden name, and are renamed."""
        found = read()
        assert (False, ".{name}.part") == (found.is_direct, found.temporary)
        assert ("1.2", "", "") == (found.tls_min, found.authority, found.certificate_sha256)

    def test_without_renaming(self) -> None:
        """A server that forbids renaming gets its files directly."""
        assert read('upload = "direct"').is_direct
        assert "{name}.tmp" == read('temporary = "{name}.tmp"').temporary

    def test_a_pin(self) -> None:
        """A pin is written with or without colons, large or small."""
        written = ":".join(PIN.upper()[place : place + 2] for place in range(0, 64, 2))
        assert PIN == read(f'certificate_sha256 = "{written}"').certificate_sha256

    def test_an_authority(self, tmp_path: Path) -> None:
        """The certificates of who signs the server's stand in a file beside the settings."""
        make_certificate(tmp_path / "issuer.pem", tmp_path / "key.pem")
        found = read('authority_file = "issuer.pem"', folder=tmp_path)
        assert (tmp_path / "issuer.pem").read_text() == found.authority

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ('upload = "append"', "key 'upload': is 'append'; write one of 'rename', 'direct'"),
            ('temporary = "{name}"', "write {name} with something around it"),
            ('temporary = "part"', "key 'temporary': is 'part'"),
            ('temporary = "tmp/{name}"', "key 'temporary': is 'tmp/{name}'"),
            ('temporary = "{name}\\r\\nDELE x"', "key 'temporary': holds a control character"),
            ('folder = "in\\r\\nDELE x"', "key 'folder': holds a control character; leave it out"),
            ('user = "a\\nb"', "key 'user': holds a control character"),
            ('secret = "a\\u0000b"', "key 'secret': holds a control character"),
            ('certificate_sha256 = "12ab"', "key 'certificate_sha256': is '12ab'; write the 64"),
            ('tls_min = "1.1"', "key 'tls_min': is '1.1'; write one of '1.0', '1.2', '1.3'"),
            ('authority_file = "no"', "names 'no', which holds no certificate that can be read"),
            (f'host_key = "{HOST_KEY}"', "key 'host_key': is not a key of this table"),
            ('kind_ = "ftp"', "key 'kind_': is not a key of this table; did you mean 'kind'?"),
        ],
    )
    def test_what_is_wrong(self, line: str, told: str, tmp_path: Path) -> None:
        """A mistake is told with its key, and what to write."""
        with pytest.raises(SettingsError) as caught:
            read(line, folder=tmp_path)
        assert told in str(caught.value)
        assert "geheim" not in str(caught.value)

    def test_a_file_that_is_no_certificate(self, tmp_path: Path) -> None:
        """A key instead of a certificate is told."""
        make_certificate(tmp_path / "issuer.pem", tmp_path / "key.pem")
        for name in ("key.pem", "empty"):
            (tmp_path / "empty").touch()
            with pytest.raises(SettingsError, match="holds no certificate that can be read"):
                read(f'authority_file = "{name}"', folder=tmp_path)

    @pytest.mark.parametrize("key", ["implicit = true", 'tls_min = "1.2"'])
    @pytest.mark.parametrize("kind", ["ftp", "sftp"])
    def test_tls_is_for_ftps_alone(self, kind: str, key: str) -> None:
        """What nobody would look at is not accepted in silence."""
        with pytest.raises(SettingsError, match="is not a key of this table"):
            read(key, kind=kind)
