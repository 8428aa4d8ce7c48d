"""Tests of FTPS: certificates, sessions that are resumed, and what is refused in clear."""

from __future__ import annotations

import contextlib
import ftplib
import io
import socket
import ssl
from pathlib import Path

import pytest

from simulators.ftp_server.faults import (
    ExpiredCertificate,
    SessionReuseDemanded,
)
from simulators.ftp_server.tls import make_certificate
from tests.unit.simulators.ftp_server.ftp_bench import (
    CONTENT,
    LONG_S,
    Bench,
    Client,
    let_go,
    serve,
)


def test_three_transfers_in_a_row_resume_the_session(tmp_path: Path) -> None:
    """A server that demands resumed sessions takes a client that resumes, again and again."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            for number in range(3):
                client.storbinary(f"STOR {number}", io.BytesIO(CONTENT))
            back = io.BytesIO()
            client.retrbinary("RETR 2", back.write)
            assert CONTENT == back.getvalue()
            assert ["0", "1", "2", "in"] == client.nlst()

    serve(tmp_path, talk, security="explicit", demands_session_reuse=True)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_that_are_not_resumed(tmp_path: Path, newest: ssl.TLSVersion) -> None:
    """A client that resumes nothing is refused after the handshake, and an empty file is left."""

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        assert isinstance(client, Client)
        client.resumes = False
        client.context.maximum_version = newest
        client.connect("localhost", bench.server.port)
        client.login("ise", "geheim")
        client.prot_p()
        with pytest.raises(ftplib.error_perm, match="522 SSL connection failed: session reuse"):
            client.storbinary("STOR a.csv", io.BytesIO(CONTENT))
        with pytest.raises(ftplib.error_perm, match="522 SSL connection failed: session reuse"):
            client.nlst()
        bench.end(SessionReuseDemanded)
        client.storbinary("STOR b.csv", io.BytesIO(CONTENT))
        client.quit()

    bench = serve(tmp_path, talk, SessionReuseDemanded(), security="explicit")

    assert (b"", CONTENT) == (bench.at("a.csv"), bench.at("b.csv"))


def test_what_is_refused_in_clear(tmp_path: Path) -> None:
    """A server that demands TLS takes neither a login nor data in clear."""

    def talk(bench: Bench) -> None:
        with ftplib.FTP(timeout=LONG_S) as client:
            client.connect("localhost", bench.server.port)
            for command in ("USER ise", "PASS geheim"):
                with pytest.raises(ftplib.error_perm, match="550 SSL/TLS required on the control"):
                    client.sendcmd(command)
            for command in ("PBSZ 0", "PROT P"):
                with pytest.raises(ftplib.error_perm, match="503"):
                    client.sendcmd(command)
            with pytest.raises(ftplib.error_perm, match="504 AUTH understands TLS alone"):
                client.sendcmd("AUTH KERBEROS")
        with bench.client() as client:
            assert isinstance(client, Client)
            with pytest.raises(ftplib.error_perm, match="503 Already using TLS"):
                client.sendcmd("AUTH TLS")
            client.prot_c()
            with pytest.raises(ftplib.error_perm, match="522 SSL/TLS required on the data channel"):
                client.storbinary("STOR a", io.BytesIO(b"1"))

    bench = serve(tmp_path, talk, security="explicit")

    assert bench.at("a") is None
    assert "550 SSL/TLS required on the control channel." == bench.answers("user")[0]


def test_optional_security_takes_both(tmp_path: Path) -> None:
    """Where TLS is offered and not demanded, a client may do without."""

    def talk(bench: Bench) -> None:
        with ftplib.FTP(timeout=LONG_S) as client:
            client.connect("localhost", bench.server.port)
            client.login("ise", "geheim")
            client.storbinary("STOR a", io.BytesIO(b"1"))

    assert b"1" == serve(tmp_path, talk, security="optional").at("a")


@pytest.mark.parametrize("mode", ["explicit", "implicit"])
def test_an_expired_certificate(tmp_path: Path, mode: str) -> None:
    """While the fault is on a client that looks at dates goes away, and that is recorded."""

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        with pytest.raises(ssl.SSLCertVerificationError):
            bench.log_in(client)
        let_go(client)
        bench.switch(ExpiredCertificate())
        expired = bench.unconnected()
        with pytest.raises(ssl.SSLCertVerificationError):
            bench.log_in(expired)
        let_go(expired)
        bench.end(ExpiredCertificate)
        bench.client().quit()

    bench = serve(tmp_path, talk, ExpiredCertificate(), security=mode)

    assert 2 == bench.answers("secure").count("tls handshake failed")
    assert ["ok"] == bench.answers("login")


def test_an_expired_certificate_says_so(tmp_path: Path) -> None:
    """Who trusts the expired certificate itself still sees that it has expired."""
    certificate = make_certificate(expired=True)

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
            bench.log_in(client)
        let_go(client)

    serve(tmp_path, talk, security="explicit", certificate=certificate)


def test_a_client_that_leaves_in_the_handshake(tmp_path: Path) -> None:
    """A client that goes, or speaks no TLS, leaves no line behind; data ends with 522."""

    def talk(bench: Bench) -> None:
        for last_words in (b"", b"GET / HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", bench.server.port), LONG_S) as raw:
                raw.recv(100)
                raw.sendall(b"AUTH TLS\r\n")
                raw.recv(100)
                raw.sendall(last_words)
                if last_words:
                    with contextlib.suppress(ConnectionResetError):
                        assert raw.recv(100)[:1] in (b"", b"\x15")
        with bench.client() as client:
            for last_words in (b"", b"1;2;3\r\n"):
                way, _ = ftplib.FTP.ntransfercmd(client, "STOR a")
                way.sendall(last_words)
                way.close()
                with pytest.raises(ftplib.error_perm, match="522 SSL handshake failed"):
                    client.voidresp()
            way, _ = ftplib.FTP.ntransfercmd(client, "LIST")
            way.close()
            with pytest.raises(ftplib.error_perm, match="522 SSL handshake failed"):
                client.voidresp()

    bench = serve(tmp_path, talk, security="explicit")

    assert 2 == bench.answers("secure").count("tls handshake failed")
    assert b"" == bench.at("a")


def test_a_certificate_of_ones_own(tmp_path: Path) -> None:
    """A given certificate is shown, and what is none is refused when the server is made."""
    certificate = make_certificate()

    bench = serve(tmp_path, lambda bench: bench.client().quit(), security="implicit")
    own = serve(
        tmp_path, lambda bench: bench.client().quit(), security="implicit", certificate=certificate
    )

    assert certificate.certificate_pem == own.server.certificate_pem
    assert certificate.certificate_pem != bench.server.certificate_pem
    assert certificate.key_pem not in repr(certificate)
