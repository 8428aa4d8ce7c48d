"""The charger's own page on real HTTP, beside a real line to a backend of a few lines."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.page_site import LittleBackend, Site, a_site

from simulators.charger_inch import Setup
from simulators.charger_inch.web_io import LISTENERS_LIMIT, STATIC, WebPage
from simulators.clock import VirtualClock
from simulators.errors import NotAccepted, NotPossible

Json = dict[str, Any]


def on_site(live: Callable[[Site], Awaitable[None]], **how: Any) -> None:
    """Live through something at a site."""

    async def run() -> None:
        async with a_site(**how) as site:
            await live(site)

    asyncio.run(run())


async def after(site: Site, **span: float) -> None:
    """Let virtual time pass."""
    assert isinstance(site.clock, VirtualClock)
    await site.clock.advance_to(site.clock.now() + timedelta(**span))


class TestServed:
    """What a browser gets."""

    @pytest.mark.parametrize("path", STATIC)
    def test_the_page_and_what_belongs_to_it(self, path: str) -> None:
        """Each file comes with its type and under a policy that lets nothing else in."""

        async def live(site: Site) -> None:
            async with site.session.get(site.page.address + path.lstrip("/")) as answer:
                assert (200, STATIC[path][1]) == (answer.status, answer.content_type)
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "nosniff" == answer.headers["X-Content-Type-Options"]
                text = await answer.text()
            assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
            assert "https://" not in text
            assert "style=" not in text

        on_site(live)

    @pytest.mark.parametrize(
        ("method", "path", "status", "sentence"),
        [
            ("GET", "lamp", 404, "there is nothing at /lamp; the page is at /"),
            ("GET", "../memory.py", 404, "the page is at /"),
            ("POST", "verbs/fly", 404, "nobody can fly here; use one of plug_in, "),
            ("GET", "verbs/plug_in", 405, "/verbs/plug_in takes no GET; use POST"),
            ("POST", "state", 405, "/state takes no POST; use GET or HEAD"),
        ],
    )
    def test_nothing_else(self, method: str, path: str, status: int, sentence: str) -> None:
        """What is not there is said in a sentence."""

        async def live(site: Site) -> None:
            answered, told = await (site.get(path) if method == "GET" else site.post(path))
            assert status == answered
            assert sentence in told["error"]

        on_site(live)

    def test_on_one_address_only(self) -> None:
        """A port that is taken gives one sentence, and the page can be given up after it."""

        async def live(site: Site) -> None:
            page = WebPage(site.charger, site.clock)
            for port in (site.page.port, 99_999):
                with pytest.raises(NotPossible, match=r"cannot be listened on.*another port$"):
                    await page.start("127.0.0.1", port)
            await page.stop()

        on_site(live)

    @pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
    def test_on_an_address_of_this_machine_only(self, host: str) -> None:
        """Another one is said to be wrong, not the port."""

        async def live(site: Site) -> None:
            page = WebPage(site.charger, site.clock)
            with pytest.raises(NotPossible, match="name an address of this machine") as caught:
                await page.start(host, 0)
            assert "another port" not in str(caught.value)

        on_site(live)

    @pytest.mark.skipif(not socket.has_ipv6, reason="this machine speaks no IPv6")
    def test_on_an_address_of_the_newer_kind(self) -> None:
        """Its address stands in brackets, as a browser wants it."""

        async def live(site: Site) -> None:
            page = WebPage(site.charger, site.clock)
            assert 0 == page.port
            await WebPage(site.charger, site.clock).stop()
            try:
                await page.start("::1")
            except NotPossible:
                pytest.skip("this machine has no ::1")
            async with site.session.get(f"{page.address}state") as answer:
                assert 200 == answer.status
            assert f"http://[::1]:{page.port}/" == page.address
            await page.stop()

        on_site(live)


class TestHands:
    """What a person does on the page."""

    def test_happens_at_the_charger(self) -> None:
        """Plug in, show a card, unplug: each is told to the backend, and the answer shows it."""

        async def live(site: Site) -> None:
            status, told = await site.post("verbs/plug_in", {"phases": 1, "max_current_a": 16})
            assert (200, "Preparing") == (status, told["state"]["status"]["word"])

            await site.post("verbs/show_card", {"uid": "77FD2AFA"})
            await site.settle()
            assert "Charging" == (await site.state())["status"]["word"]

            await after(site, minutes=5)
            await site.post("verbs/unplug")
            await site.settle()
            assert "Available" == (await site.state())["status"]["word"]
            stops = [one[2] for one in site.backend.calls if one[1] == "StopTransaction"]
            assert ["EVDisconnected"] == [stop["reason"] for stop in stops]

        on_site(live)

    def test_cut_and_restore_line_and_power(self) -> None:
        """The line is gone and comes back; so is the power, and the charger boots."""

        async def live(site: Site) -> None:
            for verb, up in (("cut_line", False), ("restore_line", True), ("cut_power", False)):
                await site.post(f"verbs/{verb}")
                assert up == (await site.state())["line"]["is_up"]
            await site.post("verbs/restore_power")
            await after(site, seconds=20)

            assert (await site.state())["line"]["is_up"]
            assert 2 == site.backend.actions_of("WB-1").count("BootNotification")

        on_site(live)

    def test_what_cannot_be_done_is_a_conflict(self) -> None:
        """409 with the charger's sentence, and with what is the case."""

        async def live(site: Site) -> None:
            status, told = await site.post("verbs/unplug")

            assert 409 == status
            assert "cannot unplug: no car is plugged in; plug one in first" in told["error"]
            assert "no car is plugged in" == told["state"]["obstacles"]["unplug"]

        on_site(live)

    @pytest.mark.parametrize("before", [("restore_line",), ("mend",), ("cut_line", "cut_line")])
    def test_what_would_do_nothing_is_a_conflict(self, before: tuple[str, ...]) -> None:
        """A line that is whole, one that is cut already, and a charger that is not broken."""

        async def live(site: Site) -> None:
            *first, verb = before
            for one in first:
                assert 200 == (await site.post(f"verbs/{one}"))[0]
            status, sentence = await site.refused(f"verbs/{verb}")
            assert (409, True) == (status, "there is nothing to do" in sentence)

        on_site(live)

    def test_what_has_another_form_is_a_bad_request(self) -> None:
        """400 with the field that is meant."""

        async def live(site: Site) -> None:
            status, told = await site.post("verbs/show_card", {"uid": "12"})

            assert (400, "card") == (status, told["field"])

        on_site(live)


class TestSettings:
    """What is configured on the page."""

    def test_an_interval(self) -> None:
        """Sampled values come at the new interval."""

        async def live(site: Site) -> None:
            key = {"key": "MeterValueSampleInterval", "value": "300"}
            assert 200 == (await site.post("configuration", key))[0]
            await site.post("verbs/plug_in")
            await site.post("verbs/show_card", {"uid": "77FD2AFA"})
            await after(site, minutes=21)

            assert 4 == site.backend.actions_of("WB-1").count("MeterValues")

        on_site(live)

    def test_a_habit(self) -> None:
        """It is on from then on."""

        async def live(site: Site) -> None:
            status, told = await site.post("faults", {"name": "lock-fails", "on": True})

            assert 200 == status
            assert {"lock-fails": True}.items() <= {
                one["name"]: one["on"] for one in told["state"]["faults"]
            }.items()

        on_site(live)

    def test_another_backend(self, tmp_path: Path) -> None:
        """The charger boots there, also when it is started anew as it was started before."""
        memory = tmp_path / "memory.sqlite"

        async def run() -> None:
            other = LittleBackend()
            await other.start()
            async with a_site(memory=memory) as site:
                first = site.backend.address
                status, _ = await site.post("settings", {"backend": f"{other.address}/"})
                await site.settle()
                assert 200 == status
                assert "BootNotification" == other.actions_of("WB-1")[0]
                assert other.address == (await site.state())["line"]["endpoint"]
            async with a_site(memory=memory) as site:
                # The backend of this site is another one than the first: who says so decides.
                assert first != site.backend.address == site.charger.backend_endpoint
            await other.stop()

        asyncio.run(run())

    def test_another_backend_while_the_first_is_dialled(self) -> None:
        """A line to the first that comes up late is not taken for one to the second."""

        async def live(site: Site) -> None:
            other = LittleBackend()
            await other.start()
            await site.post("verbs/cut_line")
            site.backend.is_called.clear()
            site.backend.may_open.clear()
            restoring = asyncio.create_task(site.post("verbs/restore_line"))
            await site.backend.is_called.wait()
            moving = asyncio.create_task(site.post("settings", {"backend": other.address}))
            while (await site.state())["line"]["endpoint"] != other.address:
                pass
            site.backend.may_open.set()
            await asyncio.gather(restoring, moving)
            await site.settle()

            assert "BootNotification" == other.actions_of("WB-1")[0]
            assert site.charger.line_is_up
            await other.stop()

        on_site(live)

    @pytest.mark.parametrize(
        ("deed", "fields"),
        [
            ("settings", {"backend": "ws://127.0.0.1:9/ocpp"}),
            ("verbs/cut_line", {}),
        ],
    )
    def test_a_line_that_is_not_there(self, deed: str, fields: Json) -> None:
        """The page says why, as long as the charger tries."""

        async def live(site: Site) -> None:
            await site.post(deed, fields)
            line = (await site.state())["line"]

            assert not line["is_up"]
            assert ("nobody answers at ws://127.0.0.1:9" in line["problem"]) == bool(fields)
            assert bool(fields) == line["is_whole"]

        on_site(live)


class TestIdentity:
    """Another identity is a restart."""

    def test_what_runs_is_ended_under_the_old_one(self) -> None:
        """Then the charger boots under the new one, with its meter, its number and its car."""

        async def live(site: Site) -> None:
            await site.post("verbs/plug_in")
            await site.post("verbs/show_card", {"uid": "77FD2AFA"})
            await after(site, minutes=10)
            counted = site.charger.register_wh
            status, _ = await site.post("settings", {"identity": "Dorf/7"})
            assert 200 == status
            await after(site, seconds=30)

            assert "StopTransaction" in site.backend.actions_of("WB-1")
            (stop,) = (one[2] for one in site.backend.calls if one[1] == "StopTransaction")
            assert "Reboot" == stop["reason"]
            (boot,) = (one[2] for one in site.backend.calls if one[:2] == ("Dorf/7", _BOOT))
            assert "WB-1" == boot["chargePointSerialNumber"]
            state = await site.state()
            assert ("Dorf/7", "WB-1") == tuple(
                state["charger"][name] for name in ("identity", "serial")
            )
            assert state["line"]["url"].endswith("/Dorf%2F7")
            assert counted == site.charger.register_wh
            assert site.charger.car is not None

        on_site(live)

    def test_what_waits_goes_to_the_new_one(self) -> None:
        """A charger that is offline does not wait for good; nothing is lost."""

        async def live(site: Site) -> None:
            await site.post("verbs/cut_line")
            await site.charger.configure("AllowOfflineTxForUnknownId", "true")
            await site.post("verbs/plug_in")
            await site.post("verbs/show_card", {"uid": "77FD2AFA"})
            await site.post("settings", {"identity": "Dorfplatz"})
            await after(site, seconds=60)
            await site.post("verbs/restore_line")
            await site.settle()

            said = site.backend.actions_of("Dorfplatz")
            assert [_BOOT, "StartTransaction", "StopTransaction"] == [
                one for one in said if one in (_BOOT, "StartTransaction", "StopTransaction")
            ]

        on_site(live)

    def test_it_outlives_the_process(self, tmp_path: Path) -> None:
        """Started as before, the charger bears the new name; started as another, that one."""
        memory = tmp_path / "memory.sqlite"

        async def run() -> None:
            async with a_site(memory=memory) as site:
                await site.post("settings", {"big_endian_cards": True})
                await site.post("settings", {"identity": "Dorfplatz"})
            async with a_site(memory=memory) as site:
                assert ("Dorfplatz", True) == (site.charger.identity, site.charger.big_endian_cards)
                assert "WB-1" == site.charger.serial
                assert _BOOT in site.backend.actions_of("Dorfplatz")

        asyncio.run(run())

    def test_what_is_refused(self) -> None:
        """The same name, and none while the charger is going off."""

        async def live(site: Site) -> None:
            assert (409, "charger WB-1: cannot take another identity: it is WB-1 already") == (
                await site.refused("settings", {"identity": "WB-1"})
            )
            await site.post("verbs/cut_line")
            await site.charger.configure("AllowOfflineTxForUnknownId", "true")
            await site.post("verbs/plug_in")
            await site.post("verbs/show_card", {"uid": "77FD2AFA"})
            await site.post("settings", {"identity": "A"})
            status, sentence = await site.refused("settings", {"identity": "B"})
            assert (409, True) == (status, "it is going off; let it come back" in sentence)
            with pytest.raises(NotAccepted):
                await site.charger.rename("")

        on_site(live)

    def test_faults_are_noted_under_the_new_one(self) -> None:
        """The wiretap names the charger as it is called now."""

        async def live(site: Site) -> None:
            await site.post("settings", {"identity": "Dorfplatz"})
            await after(site, seconds=20)
            await site.post("faults", {"name": "lock-fails", "on": True})

            note = site.charger._tap.crossings[-1]
            assert ("hand", "Dorfplatz") == (note.wire, note.receiver)

        on_site(live)


_BOOT = "BootNotification"


def as_a_kill_leaves_it(memory: Path, copy: Path) -> None:
    """Copy a memory with what SQLite has written beside it."""
    for name in ("", "-wal"):
        Path(f"{copy}{name}").write_bytes(Path(f"{memory}{name}").read_bytes())


class TestMemory:
    """What the page has confirmed is on the disk."""

    def test_a_setting_is_written_at_once(self, tmp_path: Path) -> None:
        """Not only before the charger's next word."""
        memory = tmp_path / "memory.sqlite"

        async def live(site: Site) -> None:
            await site.post("settings", {"big_endian_cards": True})
            (row,) = site.charger._file._connection.execute(
                "SELECT value FROM memory WHERE section = 'installation'"
            ).fetchall()
            assert {"given": False, "is": True} == json.loads(row[0])

        on_site(live, memory=memory)

    def test_the_meter_does_not_go_back(self, tmp_path: Path) -> None:
        """After the process was killed in a session, the register is the last that was told."""
        memory, copy = tmp_path / "memory.sqlite", tmp_path / "copy.sqlite"

        async def run() -> None:
            async with a_site(memory=memory) as site:
                await site.post("verbs/plug_in")
                await site.post("verbs/show_card", {"uid": "77FD2AFA"})
                await after(site, minutes=10)
                told = site.charger.register_kwh_text
                await after(site, seconds=30)
                as_a_kill_leaves_it(memory, copy)
            async with a_site(memory=copy) as site:
                assert told == site.charger.register_kwh_text

        asyncio.run(run())


class TestWhoMayAsk:
    """Requests from elsewhere."""

    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:80", "", "[::1", "127.0.0.1.evil.example"]
    )
    def test_a_name_that_is_not_ours(self, host: str) -> None:
        """A name that somebody has pointed at this address is refused."""

        async def live(site: Site) -> None:
            status, told = await site.get("state", Host=host)
            assert 403 == status
            assert f"open it by its number, {site.page.address}" in told["error"]

        on_site(live)

    @pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:80", "LOCALHOST"])
    def test_names_that_are_ours(self, host: str) -> None:
        """Numbers and the machine's own names are good, whatever the port."""

        async def live(site: Site) -> None:
            assert 200 == (await site.get("state", Host=host))[0]

        on_site(live)

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
    def test_a_page_of_somebody_else(self, origin: str) -> None:
        """It cannot use the charger through a browser that may."""

        async def live(site: Site) -> None:
            status, told = await site.post("verbs/plug_in", {}, Origin=origin)
            assert (403, True) == (status, "cannot use this charger" in told["error"])
            assert site.charger.car is None

        on_site(live)

    def test_its_own_page(self) -> None:
        """The origin that is the page's own is good."""

        async def live(site: Site) -> None:
            origin = site.page.address.rstrip("/")
            assert 200 == (await site.post("verbs/plug_in", {}, Origin=origin))[0]

        on_site(live)

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
    def test_a_form_of_somebody_else(self, kind: str) -> None:
        """What a browser sends anywhere without asking is not taken."""

        async def live(site: Site) -> None:
            status, told = await site.post("verbs/plug_in", {}, **{"Content-Type": kind})
            assert (415, f"the body is {kind}; send JSON as application/json") == (
                status,
                told["error"],
            )

        on_site(live)

    @pytest.mark.parametrize(
        ("body", "status", "sentence"),
        [
            ("{", 400, "the body is no JSON"),
            ("[" * 10_000, 400, "the body is no JSON"),
            ("\udcff".encode("utf-8", "surrogateescape"), 400, "the body is no JSON"),
            ("1", 400, "request 1: send a JSON object"),
            (" " * 20_000, 413, "the body is longer than 16384 bytes"),
        ],
    )
    def test_a_body_that_is_none(self, body: str | bytes, status: int, sentence: str) -> None:
        """The sentence says what is wrong with it."""

        async def live(site: Site) -> None:
            url, kind = site.page.address + "verbs/plug_in", {"Content-Type": "application/json"}
            async with site.session.post(url, data=body, headers=kind) as answer:
                assert status == answer.status
                assert sentence in (await answer.json())["error"]

        on_site(live)

    def test_a_verb_without_a_body(self) -> None:
        """Nothing at all is as good as an empty object."""

        async def live(site: Site) -> None:
            url, kind = site.page.address + "verbs/plug_in", {"Content-Type": "application/json"}
            async with site.session.post(url, headers=kind) as answer:
                assert 200 == answer.status

        on_site(live)


async def told(listener: aiohttp.ClientResponse) -> Json:
    """Read the next event of a stream."""
    async with asyncio.timeout(5):
        async for line in listener.content:
            if line.startswith(b"data: "):
                return dict(json.loads(line[6:]))
    raise AssertionError("the stream has ended")


class TestChanges:
    """The stream of changes."""

    def test_begins_with_everything_and_goes_on_with_what_changes(self) -> None:
        """A section that stays as it is is not told again."""

        async def live(site: Site) -> None:
            async with site.session.get(site.page.address + "changes") as listener:
                assert "text/event-stream" == listener.content_type
                assert (await site.state()).keys() == (await told(listener)).keys()

                await site.charger.plug_in()
                changed = await told(listener)
                while "connector" not in changed:
                    changed = await told(listener)
                assert changed["connector"]["car"]["phases"] == 3
                assert "configuration" not in changed

        on_site(live, real=True)

    def test_is_told_by_the_chargers_clock(self) -> None:
        """In virtual time nothing is told while time stands, and nothing wakes unheard."""

        async def live(site: Site) -> None:
            async with site.session.get(site.page.address + "changes") as listener:
                await told(listener)
                await after(site, seconds=1)
                assert {"time": "2025-06-03T06:00:01.000Z"} == await told(listener)

        on_site(live, push_every_s=1)

    def test_ends_with_the_page(self) -> None:
        """Who listens is told good-bye."""

        async def live(site: Site) -> None:
            async with site.session.get(site.page.address + "changes") as listener:
                await told(listener)
                await site.page.stop()
                assert b"" == (await listener.content.read()).strip()

        on_site(live, real=True)

    def test_has_a_limit(self) -> None:
        """One page too many is refused; who has left makes room again."""

        async def live(site: Site) -> None:
            listeners = [
                await site.session.get(site.page.address + "changes")
                for _ in range(LISTENERS_LIMIT)
            ]
            for listener in listeners:
                await told(listener)
            status, refusal = await site.get("changes")
            assert (503, True) == (status, "close one of them" in refusal["error"])

            for listener in listeners:
                listener.close()
            async with asyncio.timeout(5):
                while True:
                    async with site.session.get(site.page.address + "changes") as again:
                        if again.status == 200:
                            break
                    await asyncio.sleep(0.05)

        on_site(live, real=True, push_every_s=0.05, setup=Setup())
