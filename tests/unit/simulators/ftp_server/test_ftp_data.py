"""Tests of data connections: how much arrives, and how an end is told from a reset."""

from __future__ import annotations

import ftplib
import io
import socket
from pathlib import Path

import pytest

from simulators.clock import stopwatch
from simulators.faults import Fault
from simulators.ftp_server.faults import (
    CutAfterBytes,
    FullDisk,
    NoAnswer,
    Quota,
    RefusedCommand,
    ShortWrite,
    SlowLine,
)
from simulators.ftp_server.ftp_data import RESET
from tests.unit.simulators.ftp_server.ftp_bench import (
    BROKEN,
    CONTENT,
    LONG_S,
    SHORT_S,
    Bench,
    let_go,
    serve,
    upload,
    wait_for,
)


@pytest.mark.parametrize("with_reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize("third", [0, 1, 2, 3])
def test_a_cut_after_each_third(
    tmp_path: Path, third: int, with_reset: bool, security: str
) -> None:
    """Exactly so many bytes as the fault says are on the disk when the line is cut."""
    limit_bytes = min(len(CONTENT) - 1, third * len(CONTENT) // 3)

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        with pytest.raises(BROKEN):
            upload(client, bench.server.port)
        let_go(client)

    fault = CutAfterBytes(limit_bytes, with_reset=with_reset)
    bench = serve(tmp_path, talk, fault, security=security)

    assert CONTENT[:limit_bytes] == bench.at("in/.a.part")
    assert [f"after {limit_bytes} bytes"] == bench.answers("cut")
    assert ["line lost"] == bench.answers("close")


def test_an_upload_up_to_the_limit_is_not_cut(tmp_path: Path) -> None:
    """The limit counts over the files of a session, and is reached without a cut."""

    def talk(bench: Bench) -> None:
        client = bench.client()
        client.storbinary("STOR a", io.BytesIO(b"12345"))
        with pytest.raises(BROKEN):
            client.storbinary("STOR b", io.BytesIO(b"6"))
        let_go(client)

    bench = serve(tmp_path, talk, CutAfterBytes(5))

    assert (b"12345", b"") == (bench.at("a"), bench.at("b"))


@pytest.mark.parametrize(
    ("fault", "reply", "left"),
    [
        (FullDisk(70_000), "452 /in/a: Insufficient storage space", 70_000),
        (Quota(50_000), "552 /in/a: Exceeded storage allocation", 50_000),
        (FullDisk(), "452", 0),
        (RefusedCommand("write", 552, "No room"), "552 No room", 0),
    ],
)
def test_a_disk_without_room(
    tmp_path: Path, security: str, fault: Fault, reply: str, left: int
) -> None:
    """What does not fit is refused in its words; what fitted stays there."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            with pytest.raises(ftplib.Error, match=reply):
                client.storbinary("STOR in/a", io.BytesIO(CONTENT))
            client.voidcmd("NOOP")

    bench = serve(tmp_path, talk, fault, security=security)

    assert CONTENT[:left] == bench.at("in/a")


@pytest.mark.parametrize("mode", ["none", "explicit"])
def test_a_slow_line(tmp_path: Path, mode: str) -> None:
    """Uploads are read no faster than the fault says, whole all the same."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            client.storbinary("STOR a", io.BytesIO(CONTENT[:30_000]))

    elapsed_s = stopwatch()
    serve(tmp_path, talk, SlowLine(50_000), security=mode)

    assert 0.4 < elapsed_s() < 8
    assert CONTENT[:30_000] == (tmp_path / "home" / "a").read_bytes()


def test_a_slow_line_that_is_lost(tmp_path: Path) -> None:
    """A line that is lost while it is slow is not waited for."""

    def talk(bench: Bench) -> None:
        client = bench.client()
        way = client.transfercmd("STOR a")
        way.sendall(CONTENT)
        client.close()
        way.close()

    bench = serve(tmp_path, talk, SlowLine(1))

    assert ["line lost"] == bench.answers("close")


def test_a_short_upload_is_taken_for_a_whole_one(tmp_path: Path, security: str) -> None:
    """FTP has no lengths: whoever ends the data connection early is told 226."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            way = client.transfercmd("STOR a")
            way.sendall(CONTENT[:5000])
            # Over TLS without its goodbye, which nobody but vsftpd misses.
            way.shutdown(socket.SHUT_WR)
            assert client.voidresp().startswith("226")
            way.close()

    assert CONTENT[:5000] == serve(tmp_path, talk, security=security).at("a")


def test_a_reset_upload(tmp_path: Path, security: str) -> None:
    """A data connection that is reset is told apart: 426, and what had come stays."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            way = client.transfercmd("STOR a")
            way.sendall(CONTENT[:5000])
            wait_for(lambda: (tmp_path / "home" / "a").exists())
            way.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            way.close()
            with pytest.raises(ftplib.error_temp, match="426 Transfer aborted"):
                client.voidresp()

    bench = serve(tmp_path, talk, security=security)

    assert ["data connection reset"] == bench.answers("close")
    assert CONTENT.startswith(bench.at("a") or b"")


def test_a_client_that_dies(tmp_path: Path, security: str) -> None:
    """Who loses the line leaves a partial file, and time goes on."""

    def talk(bench: Bench) -> None:
        client = bench.client()
        way = client.transfercmd("STOR a")
        way.sendall(CONTENT[:5000])
        let_go(client)
        way.detach()

    bench = serve(tmp_path, talk, security=security)

    assert CONTENT.startswith(bench.at("a") or b"")


def test_data_that_comes_before_its_command(tmp_path: Path) -> None:
    """What a client sends early is kept until the command asks for it, and a gone way is told."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            client.voidcmd("TYPE I")
            with socket.create_connection(client.makepasv(), LONG_S) as way:
                way.sendall(b"12345")
                client.voidcmd("NOOP")
            client.voidcmd("NOOP")
            client.sendcmd("STOR a")
            assert client.voidresp().startswith("226")
            way = socket.create_connection(client.makepasv(), LONG_S)
            client.voidcmd("NOOP")
            way.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            way.close()
            # Whether the server has met the reset before the command or after is chance.
            with pytest.raises(ftplib.error_temp, match=r"42[56]"):
                client.sendcmd("STOR b").startswith("150") and client.voidresp()

    assert b"12345" == serve(tmp_path, talk).at("a")


def test_a_download_that_is_broken_off(tmp_path: Path, security: str) -> None:
    """A client that wants no more is told 426."""

    def talk(bench: Bench) -> None:
        bench.put("a", bytes(20_000_000))
        with bench.client() as client:
            way = client.transfercmd("RETR a")
            way.recv(1000)
            way.close()
            with pytest.raises(ftplib.error_temp, match="426"):
                client.voidresp()
            client.voidcmd("NOOP")

    serve(tmp_path, talk, security=security)


def test_a_slow_line_that_is_reset(tmp_path: Path, security: str) -> None:
    """What came before the reset is read all the same, and the end is told as one."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            way = client.transfercmd("STOR a")
            way.sendall(CONTENT[:30_000])
            wait_for(lambda: len(bench.at("a") or b"") > 0 or bool(bench.answers("open")))
            way.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            way.close()
            with pytest.raises(ftplib.error_temp, match="426 Transfer aborted"):
                client.voidresp()

    bench = serve(tmp_path, talk, SlowLine(100_000), security=security)

    assert ["data connection reset"] == bench.answers("close")


def test_a_large_download_to_a_slow_reader(tmp_path: Path, security: str) -> None:
    """What does not fit into the way waits until its client has read, and comes whole."""
    content = CONTENT * 100

    def talk(bench: Bench) -> None:
        bench.put("a", content)
        with bench.client() as client:
            client.voidcmd("TYPE I")
            way = client.transfercmd("RETR a")
            client.putcmd("NOOP")
            assert client.getresp().startswith("200")
            back = b""
            while part := way.recv(1 << 16):
                back += part
            way.close()
            assert client.voidresp().startswith("226")
            assert content == back

    serve(tmp_path, talk, security=security)


def test_data_that_is_no_tls(tmp_path: Path) -> None:
    """What is not TLS, once TLS has begun, ends the transfer as a reset does."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            way = client.transfercmd("STOR a")
            way.sendall(b"12345")
            with socket.socket(fileno=way.detach()) as raw:
                raw.sendall(b"this is no record of TLS\r\n")
                with pytest.raises(ftplib.error_temp, match="426 Transfer aborted"):
                    client.voidresp()

    bench = serve(tmp_path, talk, security="explicit")

    assert b"12345" == bench.at("a")


def test_leaving_in_the_middle(tmp_path: Path, security: str) -> None:
    """A QUIT while a file is on its way is answered, and the file stays as it is."""

    def talk(bench: Bench) -> None:
        client = bench.client()
        way = client.transfercmd("STOR a")
        way.sendall(b"12345")
        assert client.quit().startswith("221")
        way.close()

    bench = serve(tmp_path, talk, security=security)

    assert ["line lost"] == bench.answers("close")


@pytest.mark.parametrize("with_reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize("limit_bytes", [10_000, 40_000, 99_000])
def test_a_data_connection_that_is_cut_alone(
    tmp_path: Path, limit_bytes: int, with_reset: bool, security: str
) -> None:
    """The control connection stays, and tells of it by 426."""

    def talk(bench: Bench) -> None:
        client = bench.client()
        with pytest.raises((*BROKEN, ftplib.error_temp)) as told:
            client.storbinary("STOR in/a", io.BytesIO(CONTENT))
        if not isinstance(told.value, ftplib.error_temp):
            with pytest.raises(ftplib.error_temp, match="426 Transfer aborted"):
                client.getresp()
        client.quit()

    fault = CutAfterBytes(limit_bytes, with_reset=with_reset, data_alone=True)
    bench = serve(tmp_path, talk, fault, security=security)

    assert CONTENT[:limit_bytes] == bench.at("in/a")
    assert ["data connection reset"] == bench.answers("close")
    assert [f"after {limit_bytes} bytes, the data connection alone"] == bench.answers("cut")


@pytest.mark.parametrize("kept_bytes", [0, 40_000, 98_000])
def test_a_write_that_is_short(tmp_path: Path, kept_bytes: int, security: str) -> None:
    """Bytes are lost, and the server says that all is complete."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            reply = client.storbinary("STOR in/a", io.BytesIO(CONTENT))
            assert "226 Transfer complete." == reply

    bench = serve(tmp_path, talk, ShortWrite(kept_bytes), security=security)

    assert CONTENT[:kept_bytes] == bench.at("in/a")
    assert {"ok"} == {*bench.answers("write")}


def test_a_silence_within_the_data(tmp_path: Path, security: str) -> None:
    """A server that freezes at the second block has taken the first."""

    def talk(bench: Bench) -> None:
        client = bench.client(SHORT_S)
        with pytest.raises((TimeoutError, *BROKEN)):
            client.storbinary("STOR in/a", io.BytesIO(CONTENT))
        let_go(client)

    bench = serve(tmp_path, talk, NoAnswer("write", nth=2), security=security)

    assert CONTENT[:32_768] == (bench.at("in/a") or b"")[:32_768]
    assert ["ok"] == bench.answers("write")[:1]
