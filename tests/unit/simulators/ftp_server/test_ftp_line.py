"""Tests of a line that fails: at each step cut, reset, frozen, refused, its answer lost."""

from __future__ import annotations

import ftplib
import io
import socket
from pathlib import Path

import pytest

from simulators.clock import stopwatch
from simulators.ftp_server.faults import (
    ClosedPassivePorts,
    CutAtCommand,
    CutBeforeAnswer,
    NoAnswer,
    RefusedCommand,
    SlowAnswer,
)
from simulators.ftp_server.ftp_data import RESET
from simulators.ftp_server.ftp_line import ControlLine
from tests.unit.simulators.ftp_server.ftp_bench import (
    BROKEN,
    CONTENT,
    LONG_S,
    SHORT_S,
    Bench,
    download,
    let_go,
    serve,
    upload,
)

UPLOAD_STEPS = (
    ("connect", False),
    ("secure", False),
    ("user", False),
    ("login", False),
    ("buffer", False),
    ("protect", False),
    ("type", False),
    ("passive", False),
    ("open", False),
    ("write", False),
    ("close", True),
    ("stat", True),
    ("rename-from", True),
    ("rename", True),
    ("quit", True),
)
"""The steps of an upload over FTPS, and whether all bytes have arrived by then."""


@pytest.mark.parametrize("with_reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize(("step", "complete"), UPLOAD_STEPS)
def test_a_cut_at_every_step(tmp_path: Path, step: str, complete: bool, with_reset: bool) -> None:
    """A line that is cut when a command arrives breaks, and nothing was done about it."""

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        with pytest.raises(BROKEN):
            upload(client, bench.server.port)
        let_go(client)

    fault = CutAtCommand(step, with_reset=with_reset)
    bench = serve(tmp_path, talk, fault, security="explicit")

    assert (("cut", "", f"at the command {step}")) in bench.did()
    assert ("ok" not in bench.answers(step)) or step in ("type", "stat")
    partial = CONTENT if complete else b"" if step == "write" else None
    renamed = step == "quit"
    assert (None if renamed else partial) == bench.at("in/.a.part")
    assert (CONTENT if renamed else None) == bench.at("in/a.csv")


@pytest.mark.parametrize("with_reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize(("step", "complete"), UPLOAD_STEPS)
def test_a_lost_answer_at_every_step(
    tmp_path: Path, step: str, complete: bool, with_reset: bool
) -> None:
    """A line that is cut before an answer breaks, and the command was done."""

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        with pytest.raises(BROKEN):
            upload(client, bench.server.port)
        let_go(client)

    fault = CutBeforeAnswer(step, with_reset=with_reset)
    bench = serve(tmp_path, talk, fault, security="explicit")

    actions = [action for action, _, _ in bench.did()]
    assert ["ok"] == bench.answers(step)[:1]
    assert actions.index(step) < actions.index("cut")
    assert f"before the answer of {step}" in bench.answers("cut")
    partial = {"open": b"", "write": CONTENT[:32_768]}.get(step, CONTENT if complete else None)
    renamed = step in ("rename", "quit")
    assert (None if renamed else partial) == bench.at("in/.a.part")
    assert (CONTENT if renamed else None) == bench.at("in/a.csv")


@pytest.mark.parametrize(("step", "complete"), UPLOAD_STEPS)
def test_silence_at_every_step(tmp_path: Path, step: str, complete: bool) -> None:
    """A server that freezes answers nothing more, keeps the line, and does nothing."""

    def talk(bench: Bench) -> None:
        client = bench.unconnected(SHORT_S)
        with pytest.raises(TimeoutError):
            upload(client, bench.server.port)
        if bench.clock.held_by:
            let_go(client)

    bench = serve(tmp_path, talk, NoAnswer(step), security="explicit")

    assert ("ok" not in bench.answers(step)) or step in ("type", "stat")
    assert [] == bench.answers("cut")
    assert ["line lost"] == bench.answers("close") or step not in ("write", "close")
    assert complete is (bench.at("in/.a.part") == CONTENT or bench.at("in/a.csv") == CONTENT)


@pytest.mark.parametrize(("step", "complete"), UPLOAD_STEPS)
def test_a_refusal_at_every_step(tmp_path: Path, step: str, complete: bool) -> None:
    """A command that is refused is answered so, in the words of the fault, and is not done."""

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        with pytest.raises(ftplib.error_temp, match="451 Not today"):
            upload(client, bench.server.port)
        let_go(client)

    fault = RefusedCommand(step, 451, "Not today")
    bench = serve(tmp_path, talk, fault, security="explicit")

    if step == "close":
        assert ["ok"] == bench.answers("close")
    else:
        assert "451 Not today" in bench.answers(step)[:1]
    assert complete is (bench.at("in/.a.part") == CONTENT or bench.at("in/a.csv") == CONTENT)


@pytest.mark.parametrize("step", ["connect", "passive", "open", "read", "close"])
def test_downloads_are_cut_too(tmp_path: Path, step: str) -> None:
    """A download breaks at each of its steps, and ends in no good answer."""

    def talk(bench: Bench) -> None:
        bench.put("a", CONTENT)
        for fault in (CutAtCommand(step), CutBeforeAnswer(step)):
            bench.switch(fault)
            client = bench.unconnected()
            with pytest.raises(BROKEN):
                download(client, bench.server.port)
            let_go(client)
            bench.end(type(fault))
        bench.switch(NoAnswer(step))
        client = bench.unconnected(SHORT_S)
        with pytest.raises(TimeoutError):
            download(client, bench.server.port)
        let_go(client)

    bench = serve(tmp_path, talk)

    assert 2 == len(bench.answers("cut"))


def test_implicit_servers_are_cut_before_tls(tmp_path: Path) -> None:
    """Where TLS comes first, the line is cut and frozen before it, or before the greeting."""

    def talk(bench: Bench) -> None:
        for fault in (CutAtCommand("connect"), CutBeforeAnswer("connect")):
            bench.switch(fault)
            client = bench.unconnected()
            with pytest.raises(BROKEN):
                client.connect("localhost", bench.server.port)
            let_go(client)
            bench.end(type(fault))
        bench.switch(NoAnswer("connect"))
        with pytest.raises(TimeoutError):
            bench.unconnected(SHORT_S).connect("localhost", bench.server.port)

    bench = serve(tmp_path, talk, security="implicit")

    assert ["at the command connect", "before the answer of connect"] == bench.answers("cut")


@pytest.mark.parametrize(("with_reset", "error"), [(False, EOFError), (True, ConnectionResetError)])
def test_an_end_and_a_reset_are_told_apart(
    tmp_path: Path, with_reset: bool, error: type[Exception]
) -> None:
    """TCP says how a line was cut: by its end, or by a reset."""

    def talk(bench: Bench) -> None:
        client = bench.client()
        with pytest.raises(error):
            client.sendcmd("PWD")
        let_go(client)

    serve(tmp_path, talk, CutAtCommand("resolve", with_reset=with_reset))


@pytest.mark.parametrize("command", ["EPSV", "PASV"])
def test_closed_passive_ports(tmp_path: Path, command: str) -> None:
    """A port is named on which nobody listens; the line itself goes on."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            for _ in range(2):
                reply = client.sendcmd(command)
                if command == "EPSV":
                    _, port = ftplib.parse229(reply, ("127.0.0.1", 0))
                else:
                    host, port = ftplib.parse227(reply)
                    assert "127.0.0.1" == host
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port), LONG_S)
            bench.end(ClosedPassivePorts)
            client.storbinary("STOR a", io.BytesIO(b"1"))

    assert b"1" == serve(tmp_path, talk, ClosedPassivePorts()).at("a")


def test_a_frozen_server_does_not_thaw(tmp_path: Path) -> None:
    """What is sent to it later is not answered, more data are not read, nor their end."""

    def talk(bench: Bench) -> None:
        client = bench.client(SHORT_S)
        way = client.transfercmd("STOR a")
        way.sendall(CONTENT)
        with pytest.raises(TimeoutError):
            client.voidcmd("PWD")
        bench.end(NoAnswer)
        client.putcmd("DELE a")
        with pytest.raises(TimeoutError):
            way.sendall(CONTENT * 200)
        way.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        way.close()
        let_go(client)

    bench = serve(tmp_path, talk, NoAnswer("resolve"))

    assert [] == bench.answers("resolve") + bench.answers("remove")
    assert ["line lost"] == bench.answers("close")


@pytest.mark.parametrize("security", ["none", "explicit", "implicit"])
@pytest.mark.parametrize("step", ["connect", "login", "open", "close", "rename", "quit"])
def test_a_slow_answer(tmp_path: Path, security: str, step: str) -> None:
    """What is answered late is done all the same, and all that follows it."""

    def talk(bench: Bench) -> None:
        upload(bench.unconnected(), bench.server.port)

    elapsed_s = stopwatch()
    bench = serve(tmp_path, talk, SlowAnswer(step, delay_ms=60), security=security)

    assert 0.06 < elapsed_s()
    assert CONTENT == bench.at("in/a.csv")


def test_an_answer_that_is_too_late(tmp_path: Path) -> None:
    """Who does not wait for the answer finds that all was done."""

    def talk(bench: Bench) -> None:
        client = bench.unconnected(SHORT_S)
        with pytest.raises(TimeoutError):
            upload(client, bench.server.port)
        let_go(client)

    bench = serve(tmp_path, talk, SlowAnswer("rename", delay_ms=60_000))

    assert ["ok"] == bench.answers("rename")
    assert CONTENT == bench.at("in/a.csv")


def test_a_late_answer_that_cannot_be_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of the server in a late answer closes the line, as any other does."""
    told: list[object] = []
    monkeypatch.setattr(ControlLine, "_let_go", lambda *_: 1 / 0)
    monkeypatch.setattr(ControlLine, "log_exception", lambda *_: told.append("a bug"))

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        with pytest.raises(BROKEN):
            client.connect("localhost", bench.server.port)
        let_go(client)

    serve(tmp_path, talk, SlowAnswer("connect", delay_ms=1))

    assert ["a bug"] == told


def test_a_fault_at_the_second_of_two(tmp_path: Path) -> None:
    """The first command of an action is done, and the second meets the fault."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            client.storbinary("STOR in/a", io.BytesIO(b"1"))
            client.voidcmd("TYPE I")
            assert 1 == client.size("in/a")
            with pytest.raises(ftplib.error_perm, match="550 Requested action not taken"):
                client.size("in/a")
            assert 1 == client.size("in/a")

    serve(tmp_path, talk, RefusedCommand("stat", nth=2))


@pytest.mark.parametrize("fault", [CutAtCommand("secure"), CutBeforeAnswer("secure")])
def test_implicit_tls_that_is_cut(tmp_path: Path, fault: CutAtCommand | CutBeforeAnswer) -> None:
    """A line whose TLS comes first is cut before the handshake, or behind it."""

    def talk(bench: Bench) -> None:
        client = bench.unconnected()
        with pytest.raises(BROKEN):
            client.connect("localhost", bench.server.port)
        let_go(client)

    bench = serve(tmp_path, talk, fault, security="implicit")

    done = [] if isinstance(fault, CutAtCommand) else ["ok"]
    assert done == bench.answers("secure")
    assert ["ok"] == bench.answers("connect")[:1]
    assert [] == bench.answers("user")
