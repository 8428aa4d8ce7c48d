"""Tests of the FTP servers as a whole: modes, the record, the clock, coming and going."""

from __future__ import annotations

import asyncio
import ftplib
import io
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from simulators.clock import VirtualClock
from simulators.ftp_server import FtpServer, User
from simulators.ftp_server.faults import (
    ServerAway,
)
from simulators.ftp_server.ftp_data import RESET
from simulators.ftp_server.session import Session
from simulators.ftp_server.tls import make_certificate
from simulators.wiretap import Wiretap
from tests.unit.simulators.ftp_server.conftest import START
from tests.unit.simulators.ftp_server.ftp_bench import (
    BROKEN,
    CONTENT,
    LONG_S,
    Bench,
    let_go,
    serve,
    upload,
    wait_for,
)


def test_a_careful_upload(tmp_path: Path, security: str) -> None:
    """A file goes there under a temporary name, is measured and gets its name, in every mode."""
    bench = serve(
        tmp_path,
        lambda bench: upload(bench.unconnected(), bench.server.port),
        security=security,
        demands_session_reuse=security != "none",
    )

    assert CONTENT == bench.at("in/a.csv")
    assert bench.at("in/.a.part") is None


def test_two_clients_at_once(tmp_path: Path, security: str) -> None:
    """What two clients send at the same time is kept apart."""

    def talk(bench: Bench) -> None:
        both = threading.Barrier(2)

        def send(name: str) -> None:
            with bench.client() as client:
                both.wait(5)
                for number in range(5):
                    content = io.BytesIO(name.encode() * 40_000)
                    client.storbinary(f"STOR {name}{number}", content)

        threads = [threading.Thread(target=send, args=(name,)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    bench = serve(tmp_path, talk, security=security)

    for name in ("a", "b"):
        assert {name.encode() * 40_000} == {bench.at(f"{name}{number}") for number in range(5)}


def test_every_command_is_recorded_and_tapped(tmp_path: Path) -> None:
    """Each step of an upload is one event, in order, and one line in the wiretap."""
    bench = serve(
        tmp_path,
        lambda bench: upload(bench.unconnected(), bench.server.port),
        security="explicit",
    )

    part = "/in/.a.part"
    assert [
        ("connect", "", "ok"),
        ("secure", "TLS", "ok"),
        ("user", "", "ok"),
        ("login", "", "ok"),
        ("buffer", "0", "ok"),
        ("protect", "P", "ok"),
        ("type", "I", "ok"),
        ("passive", "PASV", "ok"),
        ("open", part, "ok"),
        *[("write", part, "ok")] * 4,
        ("close", part, "ok"),
        ("stat", part, "ok"),
        ("rename-from", part, "ok"),
        ("rename", part, "ok"),
        ("quit", "", "ok"),
    ] == bench.did()
    assert {"ftps"} == {one.wire for one in bench.tap.crossings}
    assert ["unknown"] * 2 + ["backend"] * 16 == [one.sender for one in bench.tap.crossings]
    assert [0, 32_768, 65_536, 98_304] == [
        event.offset_bytes for event in bench.server.drop.events if event.action == "write"
    ]
    assert [len(CONTENT)] == [
        event.size_bytes for event in bench.server.drop.events if event.action == "close"
    ]


def test_the_same_upload_leaves_the_same_record(tmp_path: Path, security: str) -> None:
    """No ports, keys or sizes of packets are in the record."""

    def record(root: Path) -> list[str]:
        root.mkdir()
        bench = serve(
            root,
            lambda bench: upload(bench.unconnected(), bench.server.port),
            security=security,
        )
        return [one.text for one in bench.tap.crossings]

    assert record(tmp_path / "a") == record(tmp_path / "b")


def test_the_clock_is_held_while_a_line_is_up(tmp_path: Path) -> None:
    """Time stands still from accept to loss, also through a login that failed."""

    def talk(bench: Bench) -> None:
        client = bench.client()
        assert ("a connection at S",) == bench.clock.held_by
        client.quit()
        wait_for(lambda: bench.clock.held_by == ())

    serve(tmp_path, talk)


def test_clients_that_are_gone_at_once(tmp_path: Path, security: str) -> None:
    """A connection that is reset before it is greeted leaves nothing behind."""

    def talk(bench: Bench) -> None:
        for _ in range(20):
            raw = socket.create_connection(("127.0.0.1", bench.server.port), LONG_S)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            raw.close()
        bench.client().quit()

    serve(tmp_path, talk, security=security)


def test_stopping_with_a_client_connected(tmp_path: Path, security: str) -> None:
    """A server that stops cuts its lines, and lets the clock go."""

    async def run() -> None:
        clock = VirtualClock(START)
        users = [User("ise", "geheim", "home")]
        tap = Wiretap(clock)
        server = FtpServer("S", clock, tap, users=users, root=tmp_path, security=security)
        bench = Bench(server, clock, tap, asyncio.get_running_loop(), tmp_path)
        await server.start()
        client = await asyncio.to_thread(bench.client)
        way = await asyncio.to_thread(client.transfercmd, "STOR a") if security == "none" else None
        await server.stop()
        assert () == clock.held_by
        with pytest.raises(BROKEN):
            await asyncio.to_thread(client.voidcmd, "NOOP")
        if way is not None:
            way.close()
        let_go(client)
        await server.start(server.port)
        await asyncio.to_thread(lambda: bench.client().quit())
        await server.stop()

    asyncio.run(run())


def test_a_port_of_choice_that_is_taken(tmp_path: Path) -> None:
    """A port that somebody else has is an error at the start, and stopping is harmless."""

    async def run() -> None:
        clock = VirtualClock(START)
        async with FtpServer("A", clock, Wiretap(clock), users=[], root=tmp_path) as first:
            second = FtpServer("B", clock, Wiretap(clock), users=[], root=tmp_path)
            with pytest.raises(OSError, match="Address already in use"):
                await second.start(first.port)
            await second.stop()

    asyncio.run(run())


def test_a_server_that_goes_away_and_comes_back(tmp_path: Path, security: str) -> None:
    """Its lines are cut, nobody listens, and then it is back on its port."""

    def talk(bench: Bench) -> None:
        client = bench.client()
        way = client.transfercmd("STOR a")
        way.sendall(b"12345")
        bench.switch(ServerAway())
        with pytest.raises(BROKEN):
            client.voidcmd("NOOP")
        way.close()
        let_go(client)
        with pytest.raises(ConnectionRefusedError):
            bench.unconnected().connect("localhost", bench.server.port)
        bench.end(ServerAway)
        bench.client().quit()

    bench = serve(tmp_path, talk, security=security)

    assert ["server away"] == bench.answers("cut")
    assert ["line lost"] == bench.answers("close")


def test_away_from_the_start(tmp_path: Path) -> None:
    """A server that is away when it starts listens once it is back."""

    async def run() -> None:
        clock = VirtualClock(START)
        server = FtpServer("S", clock, Wiretap(clock), users=[], root=tmp_path)
        await server.faults.switch_on(ServerAway())
        async with server:
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", server.port)
            await server.faults.switch_off(ServerAway)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            assert b"220 FTP server ready.\r\n" == await reader.readline()
            writer.close()
            await clock.settle()
        await server.stop()

    asyncio.run(run())


def test_a_bug_of_the_server_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error nobody foresaw reaches the loop, and the client is not left waiting."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    async def run() -> list[object]:
        told: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        clock = VirtualClock(START)
        tap = Wiretap(clock)
        users = [User("ise", "geheim", "home")]
        async with FtpServer("S", clock, tap, users=users, root=tmp_path) as server:
            bench = Bench(server, clock, tap, loop, tmp_path)

            def talk() -> None:
                client = bench.client()
                monkeypatch.setattr(Session, "write", fail)
                with pytest.raises(ftplib.error_temp, match="451 Local error"):
                    client.storbinary("STOR a", io.BytesIO(b"1"))
                monkeypatch.setattr(Session, "resolve", fail)
                with pytest.raises(BROKEN):
                    client.pwd()
                let_go(client)

            await asyncio.to_thread(talk)
            await clock.settle()
        return told

    told = asyncio.run(run())

    assert [ZeroDivisionError, ZeroDivisionError] == [type(one) for one in told]


def test_settings_that_make_no_server(tmp_path: Path) -> None:
    """A security that does not exist is refused, and so is a key of another kind."""
    key = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    clock = VirtualClock(START)

    with pytest.raises(ValueError, match="security is 'some'; it can be one of"):
        FtpServer("S", clock, Wiretap(clock), users=[], root=tmp_path, security="some")
    with pytest.raises(ValueError, match="neither of RSA nor of an elliptic curve"):
        make_certificate(key.decode())


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_curl_uploads(tmp_path: Path, security: str) -> None:
    """curl, with its own TLS and its own order of commands, uploads and reads back."""
    (tmp_path / "out.csv").write_bytes(CONTENT)
    root = tmp_path / "root"
    root.mkdir()

    def talk(bench: Bench) -> None:
        (tmp_path / "ca.pem").write_text(bench.server.certificate_pem)
        scheme = "ftps" if security == "implicit" else "ftp"
        url = f"{scheme}://localhost:{bench.server.port}/in/a%20b.csv"
        common = ["curl", "-sS", "--max-time", "10", "--user", "ise:geheim", "-4"]
        if security != "none":
            common += ["--cacert", str(tmp_path / "ca.pem"), "--ssl-reqd"]
        subprocess.run([*common, "-T", str(tmp_path / "out.csv"), url], check=True)
        back = subprocess.run([*common, url], check=True, capture_output=True)
        assert CONTENT == back.stdout

    bench = serve(root, talk, security=security, demands_session_reuse=security != "none")

    assert CONTENT == bench.at("in/a b.csv")
    assert ("passive", "EPSV", "ok") in bench.did()
