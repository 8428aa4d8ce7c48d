"""
The backend's SFTP delivery against the simulated server: every error, every fault, every crash.

The promise under test: whatever happens and whenever, a later try ends with exactly the right
file under the final name and nothing beside it; and at no moment stands another content there.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import asyncssh
import pytest

from backend.adapters.drop_sftp import SftpDrop
from backend.adapters.sftp_requests import SftpRequests
from backend.adapters.upload import PROBE_NAME, STEPS
from backend.errors import (
    DeliveryError,
    Denied,
    FolderMissing,
    HostKeyChanged,
    Incomplete,
    LineBroken,
    LoginRefused,
    NameTaken,
    NoSpace,
    RenameRefused,
    TooSlow,
    Unreachable,
)
from backend.ports import Arrival, Destination
from simulators.clock import VirtualClock
from simulators.faults import Fault
from simulators.ftp_server import Collector, Layout, SftpServer, User
from simulators.ftp_server.faults import (
    ChangedHostKey,
    CutAfterBytes,
    CutAtCommand,
    CutBeforeAnswer,
    DeniedWriting,
    FullDisk,
    NoAnswer,
    RefusedLogin,
    RefusedRename,
    ServerAway,
    SilentQuota,
)
from simulators.wiretap import Crossing, Wiretap

START = datetime(2025, 6, 4, 0, 30, tzinfo=UTC)
NAME = "ISE_Tagesexport_20250603_20250603_20250604003000_1.csv"
CONTENT = b"Messpunkt;OBIS\r\n" * 5000  # 80 000 bytes: three blocks
SECRET = "sehr-geheim"

ACTIONS = ("login", "stat", "remove", "open", "write", "sync", "close", "rename")
"""What a delivery asks of a server, in the order of the first asking."""

Result = TypeVar("Result")


@dataclass
class Road:
    """A server, the way to it, and the clock that both hold."""

    server: SftpServer
    drop: SftpDrop
    destination: Destination
    clock: VirtualClock
    tap: Wiretap

    async def deliver(self, content: bytes = CONTENT, name: str = NAME) -> Arrival:
        """Deliver, and wait until nobody holds the clock any more."""
        try:
            return await self.drop.deliver(self.destination, name, content)
        finally:
            await self.clock.settle()

    async def fails(self, kind: type[DeliveryError]) -> str:
        """Deliver, expect exactly this kind of error, and give its sentence."""
        with pytest.raises(DeliveryError) as caught:
            await self.deliver()
        assert kind is type(caught.value), caught.value
        sentence = str(caught.value)
        assert SECRET not in repr(caught.value) + sentence
        assert sentence.startswith("SFTP server 'EW Seedorf' (127.0.0.1:")
        return sentence

    def standing(self) -> dict[str, int]:
        """Give what stands in the folder now."""
        return self.server.drop.visible_at(self.clock.now(), "in")

    def contents_shown(self) -> set[str | None]:
        """Give the hash of everything that ever stood under the final name."""
        versions = self.server.drop.history.of(f"in/{NAME}")
        return {version.sha256 for version in versions if version.size_bytes is not None}


@asynccontextmanager
async def road(
    root: Path, on_crossing: Callable[[Crossing], None] | None = None
) -> AsyncIterator[Road]:
    """Lay a road to a fresh server with a folder ``in``."""
    clock = VirtualClock(START)
    tap = Wiretap(clock)
    if on_crossing is not None:
        tap.listen(on_crossing)
    users = [User("ise", SECRET)]
    async with SftpServer(
        "EW Seedorf", clock, tap, users=users, root=root, folders=("in",)
    ) as server:
        destination = Destination(
            "EW Seedorf",
            "sftp",
            "127.0.0.1",
            server.port,
            "ise",
            SECRET,
            "in",
            server.host_key_line,
            time_limit_s=20.0,
        )
        yield Road(server, SftpDrop(clock), destination, clock, tap)
        await clock.settle()


def on_road(root: Path, drive: Callable[[Road], Awaitable[Result]]) -> Result:
    """Drive on a fresh road."""

    async def run() -> Result:
        async with road(root) as laid:
            return await drive(laid)

    return asyncio.run(run())


RIGHT = {NAME: len(CONTENT)}
RIGHT_HASH = hashlib.sha256(CONTENT).hexdigest()


class TestDelivery:
    """A delivery that nothing disturbs."""

    def test_a_file_arrives(self, tmp_path: Path) -> None:
        """The file stands there with its bytes, and nothing beside it."""

        async def drive(road: Road) -> None:
            assert Arrival(NAME, len(CONTENT), already_there=False) == await road.deliver()
            assert RIGHT == road.standing()
            assert {RIGHT_HASH} == road.contents_shown()

        on_road(tmp_path, drive)

    def test_the_order_of_steps_is_the_promise(self, tmp_path: Path) -> None:
        """Temporary name, upload, sync, size check, rename, look again; in this order."""

        async def drive(road: Road) -> None:
            await road.deliver()
            steps = [(one.action, one.path) for one in road.server.drop.events]
            part = f"/in/.{NAME}.part"
            assert [
                ("login", ""),
                ("stat", "/in"),
                ("remove", part),
                ("stat", f"/in/{NAME}"),
                ("open", part),
                *[("write", part)] * 3,
                ("sync", part),
                ("close", part),
                ("stat", part),
                ("rename", part),
                ("stat", f"/in/{NAME}"),
            ] == steps

        on_road(tmp_path, drive)

    @pytest.mark.parametrize("size_bytes", [0, 1, 32768, 32769])
    def test_any_size(self, tmp_path: Path, size_bytes: int) -> None:
        """Empty files and files around a block's end arrive whole."""

        async def drive(road: Road) -> None:
            await road.deliver(b"x" * size_bytes)
            assert {NAME: size_bytes} == road.standing()

        on_road(tmp_path, drive)

    def test_a_second_delivery_changes_nothing(self, tmp_path: Path) -> None:
        """The same file again is found to be there, and not uploaded."""

        async def drive(road: Road) -> None:
            await road.deliver()
            assert Arrival(NAME, len(CONTENT), already_there=True) == await road.deliver()
            assert 1 == [one.action for one in road.server.drop.events].count("rename")

        on_road(tmp_path, drive)

    def test_two_runs_leave_the_same_record(self, tmp_path: Path) -> None:
        """Ports, keys and the machine's time are not in the record."""

        async def drive(road: Road) -> list[Crossing]:
            await road.server.faults.switch_on(CutAfterBytes(40000))
            await road.fails(LineBroken)
            await road.server.faults.switch_off(CutAfterBytes)
            await road.deliver()
            return road.tap.crossings

        roots = [tmp_path / "a", tmp_path / "b"]
        for root in roots:
            root.mkdir()
        first, second = (on_road(root, drive) for root in roots)

        assert first == second

    def test_the_home_as_folder(self, tmp_path: Path) -> None:
        """An empty folder means the login's home; an absolute one is taken as it is."""

        async def drive(road: Road) -> None:
            for folder, name in (("", "a.csv"), ("/in", "b.csv")):
                road.destination = replace(road.destination, folder=folder)
                await road.deliver(b"1", name)
            assert {"a.csv": 1, "in/b.csv": 1} == road.server.drop.visible_at(road.clock.now())

        on_road(tmp_path, drive)

    @pytest.mark.parametrize("name", ["", "a/b.csv", "../b.csv", ".b.csv", "a\nb.csv"])
    def test_names_with_a_path_or_controls_are_refused(self, tmp_path: Path, name: str) -> None:
        """A name that is more than a name never leaves the house."""

        async def drive(road: Road) -> None:
            with pytest.raises(ValueError, match="no plain file name"):
                await road.deliver(b"1", name)
            assert [] == road.server.drop.events

        on_road(tmp_path, drive)

    def test_a_receiver_that_takes_files_at_once(self, tmp_path: Path) -> None:
        """A file that is gone right after its rename counts as delivered."""

        async def drive(road: Road) -> None:
            Collector(road.server.drop, Layout(), folder="in").collect_at_once()
            assert Arrival(NAME, None, already_there=False) == await road.deliver()
            assert {} == road.standing()

        on_road(tmp_path, drive)

    def test_nothing_of_the_login_is_logged(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A delivery leaves no word in the log at INFO and above."""
        with caplog.at_level(logging.INFO):
            on_road(tmp_path, Road.deliver)

        assert [] == [record.getMessage() for record in caplog.records]


class TestNoConnection:
    """Each way of not getting in is told apart."""

    def test_nothing_listens(self, tmp_path: Path) -> None:
        """A server that is away is unreachable, and comes back on the same port."""

        async def drive(road: Road) -> None:
            await road.server.faults.switch_on(ServerAway())
            assert "nothing listens there" in await road.fails(Unreachable)
            await road.server.faults.switch_off(ServerAway)
            await road.deliver()
            assert RIGHT == road.standing()

        on_road(tmp_path, drive)

    def test_unknown_host(self, tmp_path: Path) -> None:
        """A name that nobody knows is told as such."""

        async def drive(road: Road) -> None:
            road.destination = replace(road.destination, host="no-such-host.invalid")
            with pytest.raises(Unreachable, match=r"'no-such-host\.invalid' is not known"):
                await road.deliver()

        on_road(tmp_path, drive)

    def test_a_host_that_does_not_answer(self, tmp_path: Path) -> None:
        """A host that takes the connection and says nothing is unreachable after its limit."""

        async def drive(road: Road) -> None:
            with socket.create_server(("127.0.0.1", 0)) as silent:
                road.destination = replace(road.destination, port=silent.getsockname()[1])
                road.drop = SftpDrop(road.clock, login_limit_s=0.2)
                assert "no answer within 0.2 s" in await road.fails(Unreachable)

        on_road(tmp_path, drive)

    def test_the_login_is_never_answered(self, tmp_path: Path) -> None:
        """A server that stops in the middle of the login is unreachable, too."""

        async def drive(road: Road) -> None:
            await road.server.faults.switch_on(NoAnswer("login"))
            road.destination = replace(road.destination, time_limit_s=0.5)
            assert "no answer within 0.25 s" in await road.fails(Unreachable)

        on_road(tmp_path, drive)

    @pytest.mark.parametrize("greeting", [b"220 FTP ready\r\n", b""], ids=["ftp", "closed"])
    def test_something_else_listens(self, tmp_path: Path, greeting: bytes) -> None:
        """A port with another protocol, or one that hangs up, is no SSH server."""

        async def drive(road: Road) -> None:
            async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(greeting)
                await writer.drain()
                writer.close()
                await writer.wait_closed()

            async with await asyncio.start_server(greet, "127.0.0.1", 0) as other:
                port = other.sockets[0].getsockname()[1]
                road.destination = replace(road.destination, port=port)
                assert "it hung up before the login" in await road.fails(Unreachable)

        on_road(tmp_path, drive)

    @pytest.mark.parametrize("wrong", [{"secret": "falsch"}, {"user": "niemand"}], ids=str)
    def test_wrong_login(self, tmp_path: Path, wrong: dict[str, str]) -> None:
        """A wrong password and an unknown user are refused logins, asked once only."""

        async def drive(road: Road) -> None:
            road.destination = replace(road.destination, **wrong)  # type: ignore[arg-type]
            assert "refused user" in await road.fails(LoginRefused)
            assert ["login"] == [event.action for event in road.server.drop.events]

        on_road(tmp_path, drive)

    def test_refused_login(self, tmp_path: Path) -> None:
        """A server that refuses a right login is told as a login, and taken up again later."""

        async def drive(road: Road) -> None:
            await road.server.faults.switch_on(RefusedLogin())
            await road.fails(LoginRefused)
            await road.server.faults.switch_off(RefusedLogin)
            await road.deliver()

        on_road(tmp_path, drive)


class TestHostKey:
    """A host key is pinned; another one is a hard stop."""

    def test_a_changed_key_shows_both_fingerprints(self, tmp_path: Path) -> None:
        """The error shows pinned and shown fingerprint, and no password was sent."""

        async def drive(road: Road) -> None:
            await road.server.faults.switch_on(ChangedHostKey())
            sentence = await road.fails(HostKeyChanged)
            pinned = asyncssh.import_public_key(road.destination.host_key).get_fingerprint()
            assert f"pinned is ssh-ed25519 {pinned}" in sentence
            assert 2 == sentence.count("SHA256:")
            assert [] == road.server.drop.events

            await road.server.faults.switch_off(ChangedHostKey)
            await road.deliver()

        on_road(tmp_path, drive)

    def test_another_kind_of_key(self, tmp_path: Path) -> None:
        """A server that shows another kind of key than the pinned one is stopped alike."""

        async def drive(road: Road) -> None:
            other = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
            line = other.export_public_key("openssh").decode()
            road.destination = replace(road.destination, host_key=line)
            assert "pinned is ecdsa-sha2-nistp256 SHA256:" in await road.fails(HostKeyChanged)

        on_road(tmp_path, drive)

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("", "no host key is pinned; the server shows ssh-ed25519 SHA256:"),
            ("ssh-ed25519 nonsense", "no readable host key is pinned"),
        ],
        ids=["none", "nonsense"],
    )
    def test_without_a_pin_nothing_is_sent(self, tmp_path: Path, line: str, told: str) -> None:
        """No key or an unreadable one is never taken for "any key will do"."""

        async def drive(road: Road) -> None:
            own = road.destination.host_key
            road.destination = replace(road.destination, host_key=line)
            sentence = await road.fails(HostKeyChanged)
            assert told in sentence
            assert bool(line) != (own in sentence)

        on_road(tmp_path, drive)

    def test_a_given_key_is_shown(self, tmp_path: Path) -> None:
        """A server can be started with a key of one's choice."""
        key = asyncssh.generate_private_key("ssh-ed25519")
        clock = VirtualClock(START)
        server = SftpServer("S", clock, Wiretap(clock), users=[], root=tmp_path, host_key=key)

        assert key.export_public_key("openssh").decode().strip() == server.host_key_line


class TestRefusals:
    """What the server does not want is told apart, and mended by the next try."""

    CASES = (
        pytest.param(FullDisk(2000), NoSpace, "no room left", id="full-disk"),
        pytest.param(FullDisk(0), NoSpace, "no room left", id="no-byte-free"),
        pytest.param(SilentQuota(100), Incomplete, "then had no file", id="silent-quota"),
        pytest.param(DeniedWriting(), Denied, "permission denied", id="denied"),
        pytest.param(RefusedRename(), RenameRefused, "permission denied", id="rename-denied"),
        pytest.param(
            RefusedRename(with_reason=False), RenameRefused, "refused its final", id="rename-fails"
        ),
    )

    @pytest.mark.parametrize(("fault", "kind", "words"), CASES)
    def test_told_apart_tidied_and_mended(
        self, tmp_path: Path, fault: Fault, kind: type[DeliveryError], words: str
    ) -> None:
        """The error is of its kind, nothing is left lying, and the next try succeeds."""

        async def drive(road: Road) -> None:
            await road.server.faults.switch_on(fault)
            assert words in await road.fails(kind)
            assert {} == road.standing()
            await road.server.faults.switch_off(fault)
            await road.deliver()
            assert RIGHT == road.standing()
            assert {RIGHT_HASH} == road.contents_shown()

        on_road(tmp_path, drive)

    def test_a_missing_folder(self, tmp_path: Path) -> None:
        """A folder that is not there is named."""

        async def drive(road: Road) -> None:
            road.destination = replace(road.destination, folder="/eingang")
            assert "there is no folder '/eingang'" in await road.fails(FolderMissing)

        on_road(tmp_path, drive)

    def test_a_file_where_the_folder_should_be(self, tmp_path: Path) -> None:
        """A folder that is a file is no folder."""

        async def drive(road: Road) -> None:
            road.server.drop.put("eingang", b"a file")
            road.destination = replace(road.destination, folder="eingang")
            await road.fails(FolderMissing)

        on_road(tmp_path, drive)

    @pytest.mark.parametrize("there", [b"another file", b"x" * len(CONTENT)], ids=["size", "bytes"])
    def test_another_file_has_the_name(self, tmp_path: Path, there: bytes) -> None:
        """A foreign file under the final name is an error, and is left as it is."""

        async def drive(road: Road) -> None:
            road.server.drop.put(f"in/{NAME}", there)
            assert "was left as it is" in await road.fails(NameTaken)
            assert there == (road.server.drop.root / "in" / NAME).read_bytes()
            assert {NAME: len(there)} == road.standing()

        on_road(tmp_path, drive)

    def test_a_file_that_comes_between(self, tmp_path: Path) -> None:
        """A file that takes the name during the upload is not overwritten."""

        def at_close(crossing: Crossing) -> None:
            if '"do":"close"' in crossing.text:
                (tmp_path / "in" / NAME).write_bytes(b"between")

        async def drive() -> None:
            async with road(tmp_path, at_close) as laid:
                await laid.fails(NameTaken)
                assert [NAME] == [path.name for path in (tmp_path / "in").iterdir()]
                assert b"between" == (tmp_path / "in" / NAME).read_bytes()

        asyncio.run(drive())

    def test_our_own_file_comes_between(self, tmp_path: Path) -> None:
        """If the very same file turns up during the upload, it is delivered and tidied."""

        def at_close(crossing: Crossing) -> None:
            if '"do":"close"' in crossing.text:
                (tmp_path / "in" / NAME).write_bytes(CONTENT)

        async def drive() -> None:
            async with road(tmp_path, at_close) as laid:
                assert Arrival(NAME, len(CONTENT), already_there=True) == await laid.deliver()
                assert [NAME] == [path.name for path in (tmp_path / "in").iterdir()]

        asyncio.run(drive())

    def test_another_leftover_is_not_ours(self, tmp_path: Path) -> None:
        """Only the leftover of this very file is removed."""

        async def drive(road: Road) -> None:
            road.server.drop.put(f"in/.{NAME}.part", b"ours")
            road.server.drop.put("in/.other.csv.part", b"not ours")
            await road.deliver()
            assert RIGHT | {".other.csv.part": 8} == road.standing()

        on_road(tmp_path, drive)


class TestLine:
    """A line can break anywhere; a later try ends right."""

    FAULTS = (
        *(pytest.param(CutAtCommand(action), id=f"at-{action}") for action in ACTIONS),
        *(pytest.param(CutBeforeAnswer(action), id=f"after-{action}") for action in ACTIONS),
        *(
            pytest.param(CutAfterBytes(count), id=f"after-{count}-bytes")
            for count in (0, 1, 32768, 40000, len(CONTENT) - 1)
        ),
    )

    @pytest.mark.parametrize("fault", FAULTS)
    def test_cut_and_tried_again(self, tmp_path: Path, fault: Fault) -> None:
        """After a cut at any step the next try leaves exactly the right file."""

        async def drive(road: Road) -> None:
            await road.server.faults.switch_on(fault)
            at_login = getattr(fault, "action", "") == "login"
            await road.fails(Unreachable if at_login else LineBroken)
            await road.server.faults.switch_off(fault)
            await road.deliver()
            assert RIGHT == road.standing()
            assert {RIGHT_HASH} == road.contents_shown()
            names = {event.to for event in road.server.drop.events if event.to}
            assert {f"/in/{NAME}"} == names

        on_road(tmp_path, drive)

    def test_a_lost_answer_of_the_rename_is_no_second_delivery(self, tmp_path: Path) -> None:
        """After a rename whose answer was lost the file is recognised as ours."""

        async def drive(road: Road) -> None:
            await road.server.faults.switch_on(CutBeforeAnswer("rename"))
            await road.fails(LineBroken)
            assert RIGHT == road.standing()
            # The fault is still on: a second rename would be cut again.
            assert Arrival(NAME, len(CONTENT), already_there=True) == await road.deliver()

        on_road(tmp_path, drive)

    @pytest.mark.parametrize("action", ["stat", "write", "close", "rename"])
    def test_a_server_that_freezes(self, tmp_path: Path, action: str) -> None:
        """A server that never answers a step is given up at the limit, and tried again."""

        async def drive(road: Road) -> None:
            await road.server.faults.switch_on(NoAnswer(action))
            patient, road.destination = (
                road.destination,
                replace(road.destination, time_limit_s=0.8),
            )
            assert "was not done after 0.8 s" in await road.fails(TooSlow)
            await road.server.faults.switch_off(NoAnswer)
            road.destination = patient
            await road.deliver()
            assert RIGHT == road.standing()

        on_road(tmp_path, drive)

    def test_faults_come_and_go_by_the_clock(self, tmp_path: Path) -> None:
        """A server that is away until 04:30 takes the file after 04:30."""

        async def drive(road: Road) -> None:
            back = START + timedelta(hours=4)
            road.server.faults.schedule(ServerAway(), START, back)
            arrivals = []

            async def attempt() -> None:
                try:
                    await road.drop.deliver(road.destination, NAME, CONTENT)
                    arrivals.append(road.clock.now())
                except Unreachable:
                    road.clock.call_at(road.clock.now() + timedelta(hours=1), attempt)

            road.clock.call_at(START + timedelta(minutes=30), attempt)
            await road.clock.advance_to(START + timedelta(hours=12))
            assert [START + timedelta(hours=4, minutes=30)] == arrivals
            assert {} == road.server.drop.visible_at(back, "in")
            assert RIGHT == road.standing()

        on_road(tmp_path, drive)


class TestConnectionTest:
    """A test says which step failed and why, and leaves nothing behind (ISE-13)."""

    def test_each_step(self, tmp_path: Path) -> None:
        """All that a delivery needs is tried; no importer sees the file."""

        async def run() -> None:
            async with road(tmp_path) as way:
                collector = Collector(way.server.drop, Layout(), "in")
                collector.collect_at_once()
                steps = await way.drop.test(way.destination)
                assert list(STEPS) == [step.name for step in steps]
                assert {True} == {step.is_done for step in steps}
                assert all(step.words for step in steps)
                assert {} == way.standing()
                assert [] == collector.pickups

        asyncio.run(run())

    @pytest.mark.parametrize("action", ["login", "stat", "remove", "open", "list", "rename"])
    @pytest.mark.parametrize("kind", [CutAtCommand, NoAnswer])
    def test_a_line_that_breaks_or_freezes(
        self, tmp_path: Path, kind: type[CutAtCommand] | type[NoAnswer], action: str
    ) -> None:
        """The step is named, those behind it are not tried, and the next test is whole."""

        async def run() -> None:
            async with road(tmp_path) as way:
                await way.server.faults.switch_on(kind(action))
                short = replace(way.destination, time_limit_s=1.0)
                steps = await way.drop.test(short)
                place = list(STEPS).index(FAILS_AT[action])
                told = [True] * place + [False] + [None] * (len(STEPS) - place - 1)
                assert told == [step.is_done for step in steps]
                assert steps[place].words.startswith("SFTP server 'EW Seedorf' (127.0.0.1:")
                assert SECRET not in repr(steps)
                await way.server.faults.switch_off(kind)
                await way.clock.settle()
                assert {True} == {step.is_done for step in await way.drop.test(way.destination)}
                assert {} == way.standing()

        asyncio.run(run())

    def test_what_an_earlier_test_left(self, tmp_path: Path) -> None:
        """It is taken away, under both of its names."""

        async def run() -> None:
            async with road(tmp_path) as way:
                for name in (f".{PROBE_NAME}.part", f".{PROBE_NAME}.renamed.part"):
                    way.server.drop.put(f"in/{name}", b"old", who="an earlier test")
                assert {True} == {step.is_done for step in await way.drop.test(way.destination)}
                assert {} == way.standing()

        asyncio.run(run())

    def test_a_list_that_hides_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that does not list what was written is told of; a dot may be hidden."""

        async def nothing(_: object, path: str) -> list[str]:
            return [".", ".."]

        async def run() -> None:
            async with road(tmp_path) as way:
                monkeypatch.setattr(SftpRequests, "names", nothing)
                steps = await way.drop.test(replace(way.destination, temporary="{name}.tmp"))
                assert [True, True, True, True, False, None, None] == [
                    step.is_done for step in steps
                ]
                assert "is not in the list of its folder; ask the utility" in steps[4].words
                steps = await way.drop.test(way.destination)
                assert {True} == {step.is_done for step in steps}
                assert "0 names; its own begins with a dot" in steps[4].words
                assert {} == way.standing()

        asyncio.run(run())


FAILS_AT = {
    "login": "connect",
    "stat": "folder",
    "remove": "write",
    "open": "write",
    "list": "list",
    "rename": "rename",
}
"""At which step of a test an operation of the server is first asked for."""


class TestCrash:
    """The backend dies between any two steps."""

    STEPS = 13
    """How many commands an undisturbed delivery sends."""

    @pytest.mark.parametrize("step", range(STEPS))
    def test_killed_and_started_again(self, tmp_path: Path, step: int) -> None:
        """Killed when the server has just done the n-th command, it ends right on the next try."""
        seen: list[Crossing] = []
        killed: list[asyncio.Task[Arrival]] = []

        def kill(crossing: Crossing) -> None:
            seen.append(crossing)
            if len(seen) == step + 1:
                killed[0].cancel()

        async def drive() -> None:
            async with road(tmp_path, kill) as laid:
                killed.append(asyncio.ensure_future(laid.deliver()))
                with pytest.raises(asyncio.CancelledError):
                    await killed[0]
                await laid.clock.settle()
                await laid.deliver()
                assert RIGHT == laid.standing()
                assert {RIGHT_HASH} == laid.contents_shown()

        asyncio.run(drive())

    def test_these_are_all_steps(self, tmp_path: Path) -> None:
        """No command of a delivery is left out above."""

        async def drive(road: Road) -> None:
            await road.deliver()
            assert self.STEPS == len(road.tap.crossings)

        on_road(tmp_path, drive)

    def test_killed_before_anything_was_sent(self, tmp_path: Path) -> None:
        """A delivery that is killed at its first breath leaves nothing and holds nothing."""

        async def drive(road: Road) -> None:
            task = asyncio.ensure_future(road.deliver())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await road.clock.settle()
            assert {} == road.standing()

        on_road(tmp_path, drive)


class TestClock:
    """Time stands while a file is on its way, and moves when it is not."""

    def test_the_clock_is_held_meanwhile(self, tmp_path: Path) -> None:
        """Both ends hold the clock during a delivery and let it go afterwards."""
        held: list[tuple[str, ...]] = []
        clocks: list[VirtualClock] = []

        def look(_: Crossing) -> None:
            held.append(clocks[0].held_by)

        async def drive() -> None:
            async with road(tmp_path, look) as laid:
                clocks.append(laid.clock)
                await laid.deliver()
                assert () == laid.clock.held_by

        asyncio.run(drive())
        reasons = (f"delivery of {NAME} to EW Seedorf", "a connection at EW Seedorf")
        assert {reasons} == set(held)

    def test_stopping_cuts_what_is_open(self, tmp_path: Path) -> None:
        """A server that is stopped cuts its lines and holds nothing afterwards."""
        opened = asyncio.Event()

        def look(crossing: Crossing) -> None:
            if '"do":"open"' in crossing.text:
                opened.set()

        async def drive() -> None:
            async with road(tmp_path, look) as laid:
                await laid.server.faults.switch_on(NoAnswer("write"))
                task = asyncio.ensure_future(laid.deliver())
                await opened.wait()
                await laid.server.stop()
                with pytest.raises(LineBroken):
                    await task
                assert () == laid.clock.held_by

        asyncio.run(drive())


class Odd(asyncssh.SFTPServer):
    """A server of another make, with one habit that ours does not have."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], home: Path) -> None:
        super().__init__(channel, chroot=str(home).encode())


class ShortWriter(Odd):
    """Answers OK to a write that lost its last byte, as asyncssh's own does on a full disk."""

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write all but one byte."""
        super().write(file_obj, offset, data[:-1])
        return len(data)


class Silent(Odd):
    """Says FAILURE to every write, and nothing about space."""

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Refuse."""
        raise asyncssh.SFTPFailure("Failure")

    def statvfs(self, path: bytes) -> asyncssh.SFTPVFSAttrs:
        """Refuse."""
        raise asyncssh.SFTPOpUnsupported("no")


class Roomy(Silent):
    """Says FAILURE to every write although there is room."""

    def statvfs(self, path: bytes) -> asyncssh.SFTPVFSAttrs:
        """Tell of a gigabyte."""
        return asyncssh.SFTPVFSAttrs(bsize=4096, frsize=0, bavail=262144)


class WriteOnly(Odd):
    """Lets files be written and looked at, but not read."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Refuse reading."""
        if not pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        return super().open(path, pflags, attrs)


class Rewriter(Odd):
    """Changes files when they get their name."""

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename and add a line."""
        super().rename(oldpath, newpath)
        with Path(os.fsdecode(self.map_path(newpath))).open("ab") as file:
            file.write(b"checked\n")


class Clumsy(Odd):
    """Knows neither fsync nor what to say."""

    def fsync(self, file_obj: object) -> None:
        """Refuse."""
        raise asyncssh.SFTPOpUnsupported("no")

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Refuse with many words and signs."""
        raise asyncssh.SFTPError(99, "no\n\x1b[31m" + "!" * 500)


class Impatient(asyncssh.SSHServer):
    """Hangs up at the first wrong password, as OpenSSH does at the last that it allows."""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Keep the line."""
        self._line = conn

    def begin_auth(self, username: str) -> bool:
        """Ask for a password."""
        return True

    def password_auth_supported(self) -> bool:
        """Say yes."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Hang up, unless it is right."""
        if password != SECRET:
            self._line.disconnect(2, "Too many authentication failures")
        return password == SECRET


def with_odd(home: Path, kind: type[Odd], secret: str = SECRET) -> Arrival:
    """Deliver to a server of this kind."""

    async def run() -> Arrival:
        key = asyncssh.generate_private_key("ssh-ed25519")
        server = await asyncssh.listen(
            "127.0.0.1",
            config=None,
            server_factory=Impatient,
            server_host_keys=[key],
            sftp_factory=lambda channel: kind(channel, home),
        )
        line = key.export_public_key("openssh").decode()
        port = server.get_port()
        destination = Destination("odd", "sftp", "127.0.0.1", port, "ise", secret, "", line)
        try:
            return await SftpDrop(VirtualClock(START)).deliver(destination, NAME, CONTENT)
        finally:
            server.close()
            await server.wait_closed()

    return asyncio.run(run())


class TestOddServers:
    """Servers of other makes have habits of their own."""

    @pytest.mark.parametrize(
        ("habit", "kind", "words"),
        [
            (ShortWriter, Incomplete, "the server holds 79999 of 80000 bytes"),
            (Silent, NoSpace, "the server does not tell how much is free"),
            (Roomy, DeliveryError, "it reports 1073741824 bytes free"),
            (Rewriter, Incomplete, "has 80008 instead of 80000 bytes after its rename"),
            (Clumsy, RenameRefused, "said only 'no  [31m!!!"),
        ],
    )
    def test_told_apart(
        self, tmp_path: Path, habit: type[Odd], kind: type[DeliveryError], words: str
    ) -> None:
        """Each habit ends in the error that says what is known, and leaves no leftover."""
        with pytest.raises(kind) as caught:
            with_odd(tmp_path, habit)

        assert words in str(caught.value)
        assert [] == [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]

    def test_a_folder_that_cannot_be_read(self, tmp_path: Path) -> None:
        """Where reading back is denied, name and size tell that our file is there."""
        arrivals = [with_odd(tmp_path, WriteOnly) for _ in range(2)]

        size = len(CONTENT)
        assert [Arrival(NAME, size, False), Arrival(NAME, size, True)] == arrivals

    def test_too_many_failures(self, tmp_path: Path) -> None:
        """A server that hangs up over the password refuses the login."""
        with pytest.raises(LoginRefused):
            with_odd(tmp_path, Odd, secret="falsch")
