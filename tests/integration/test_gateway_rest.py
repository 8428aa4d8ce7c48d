"""The gateway's REST API and its discovery, asked by the public client and by hand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import jsonschema_rs
import pyiskra.discovery
import pytest
import trustme
from aiohttp import web
from pyiskra.adapters import RestAPI
from pyiskra.devices.BaseDevice import Device
from pyiskra.discovery import Discovery
from pyiskra.exceptions import DeviceConnectionError, NotAuthorised
from support.gateway_web import SITE, START, GatewaySite, a_gateway

from simulators.errors import NotPossible
from simulators.iskra_sg.automation_io import Automations
from simulators.iskra_sg.faults import AbsentDevice, SlowDevice
from simulators.iskra_sg.openapi import OPERATIONS, PROBLEM
from simulators.iskra_sg.rest_io import RestPort
from simulators.iskra_sg.udp_io import UdpPort, own_address
from simulators.iskra_sg.upgrade_io import fetch

LOCKED = {**SITE, "settings": {"authentication": {"enabled": True, "password": "geheim: ä"}}}


def run(work: Callable[[GatewaySite], Awaitable[None]], data: Any = None, **how: Any) -> None:
    """Do something with a gateway."""

    async def main() -> None:
        async with a_gateway(data, **how) as site:
            await work(site)

    asyncio.run(main())


async def client(site: GatewaySite, **login: str) -> Any:
    """Let pyiskra make the gateway, as Home Assistant does."""
    where = site.rest.address.removeprefix("http://").rstrip("/")
    device = await Device.create_device(RestAPI(where, authentication=login or None))
    await device.init()
    return device


def children(device: Any) -> dict[str, Any]:
    """Give the devices that the client found, by serial number."""
    return {one.serial: one for one in device.get_child_devices()}


# ---------------------------------------------------------------- the public client


def test_the_public_client_reads_each_family() -> None:
    """It makes the gateway, finds every meter, and reads what the meters measure and count."""

    async def work(site: GatewaySite) -> None:
        await site.pass_time(START + timedelta(hours=2))
        gateway = await client(site)

        assert ("SG-E1", "IS000122", "2.09") == (gateway.model, gateway.serial, gateway.fw_version)
        assert "Werkhof Nord" == gateway.description
        found = children(gateway)
        # The one Bicom on RS485 is none that it supports; it says so and goes on.
        assert ["W4124940", "I0006494", "W1000001", "MC000001"] == [*found]
        for meter in site.gateway.now.bench.devices:
            if meter.serial not in found:
                continue
            read = found[meter.serial]
            assert (meter.model.name, meter.model.phases) == (read.model, read.phases)
            assert meter.model.phases == len(read.measurements.phases)
            measured = meter.measurements()
            assert measured.total.active_mw == round(
                read.measurements.total.active_power.value * 1e3
            )
            assert 230.0 == read.measurements.phases[0].voltage.value
            assert ("Hz", 50.0) == (
                read.measurements.frequency.units,
                read.measurements.frequency.value,
            )
            for own, theirs in (
                (meter.non_resettable, read.counters.non_resettable),
                (meter.resettable, read.counters.resettable),
            ):
                assert [(one.shown, one.unit.value) for one in own] == [
                    (one.value, one.units) for one in theirs
                ]
        assert 5_005_800 == found["W4124940"].counters.non_resettable[0].value
        assert "Cap" == found["I0006494"].measurements.phases[0].power_factor.units

    run(work)


def test_the_public_client_logs_in() -> None:
    """With the lock on it is let in with the password only, and told so in the way it knows."""

    async def work(site: GatewaySite) -> None:
        with pytest.raises(NotAuthorised):
            await client(site)
        with pytest.raises(NotAuthorised):
            await client(site, username="admin", password="iskra")
        gateway = await client(site, username="admin", password="geheim: ä")

        assert 4 == len(gateway.get_child_devices())

    run(work, LOCKED)


def test_the_public_client_meets_a_silent_meter() -> None:
    """A meter that does not answer is a broken connection to it, not a reading of zero."""

    async def work(site: GatewaySite) -> None:
        meter = children(await client(site))["I0006494"]
        await site.gateway.faults.switch_on(AbsentDevice(35))

        with pytest.raises(DeviceConnectionError):
            await meter.get_measurements()
        status, told = await site.get("api/counter/1")
        assert (409, "the device at RS485 1 does not answer") == (status, told["error"])
        rows = (await site.get("api/devices"))[1]["devices"]
        assert ["Not Detected", ""] == [rows[2]["model"], rows[2]["serial"]]
        assert "0x00000004" == (await site.get("api"))[1]["status"]["error_flags"]

    run(work)


def test_the_public_client_discovers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its scan finds the gateway with all that it reads of the reply."""

    async def work(site: GatewaySite) -> None:
        monkeypatch.setattr(pyiskra.discovery, "UDP_DST_PORT", site.udp.port)
        scan = Discovery()
        with contextlib.closing(scan.sock):
            found = await scan.get_serial(["127.0.0.1"], "is000122")

        assert found.values == {
            "ip_address": "127.0.0.1",
            "port": site.udp.port,
            "ssid": "",
            "mac": "f0:08:d1:00:00:01",
            "tcp": 10_001 >> 8,
            "model": "SG-E1",
            "serial": "IS000122",
            "modbus_address": 34,
            "sw_ver": 2.09,
            "hw_ver": "D",
            "description": "Werkhof Nord",
            "location": "Location",
        }

    run(work)


# ---------------------------------------------------------------- discovery


class Scan(asyncio.DatagramProtocol):
    """A client of the discovery."""

    def __init__(self) -> None:
        self.replies: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Keep what came."""
        self.replies.put_nowait(data)


async def scanned(port: int, *requests: bytes) -> list[bytes]:
    """Send some requests to 127.0.0.1, the last one a scan, and give all that is answered."""
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Scan, remote_addr=("127.0.0.1", port)
    )
    for request in (*requests, b"\0\0\0\x1a"):
        transport.sendto(request)
    replies = [await protocol.replies.get()]
    while not protocol.replies.empty():
        replies.append(protocol.replies.get_nowait())
    transport.close()
    return replies


def test_discovery_answers_scans_only_and_can_be_switched_off() -> None:
    """Anything else is passed over; switched off it lets go of the port, and takes it again."""

    async def work(site: GatewaySite) -> None:
        (reply,) = await scanned(site.udp.port, b"hello", b"\0\0\0\x1b")
        assert (204, b"\0\0\0\x1b\x7f\0\0\1") == (len(reply), reply[:8])
        wires = [one.wire for one in site.gateway.tap.crossings]
        assert ["udp", "udp"] == wires

        await site.post("api/settings", {"features": {"udp_discovery": False}})
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", site.udp.port))
        await site.post("api/settings", {"features": {"udp_discovery": True}})
        assert [204] == [len(one) for one in await scanned(site.udp.port)]

    run(work)


def test_one_that_listens_everywhere_says_where_it_was_reached() -> None:
    """The reply and the status bear the address that the client used."""

    async def work(site: GatewaySite) -> None:
        (reply,) = await scanned(site.udp.port)
        assert bytes((127, 0, 0, 1)) == reply[4:8]
        url = f"http://127.0.0.1:{site.rest.port}/api"
        async with site.session.get(url) as answer:
            assert "127.0.0.1" == (await answer.json())["status"]["ip_address"]

    run(work, host="0.0.0.0")


def test_a_name_and_an_address_that_is_nobodys() -> None:
    """A name is told as it is; without a way to a peer nothing is known; IPv6 has no discovery."""

    async def work(site: GatewaySite) -> None:
        assert "localhost" == (await site.get("api"))[1]["status"]["ip_address"]
        assert "0.0.0.0" == own_address("0.0.0.0", ("255.255.255.255", 9))
        site.gateway.host = "198.51.100.1"
        with pytest.raises(NotPossible, match=r"name an address of this machine"):
            await RestPort(site.gateway, 0).start()
        site.gateway.host = "::1"
        with pytest.raises(NotPossible, match=r"over IPv4 .*udp_discovery to false"):
            await UdpPort(site.gateway, 0).start()

    run(work, host="localhost")


def test_a_port_in_use_is_named() -> None:
    """Neither wire begins on a port that somebody has, and each says what to do."""

    async def work(site: GatewaySite) -> None:
        with pytest.raises(NotPossible, match="choose another port"):
            await RestPort(site.gateway, site.rest.port).start()
        with pytest.raises(NotPossible, match=r"UDP 127\.0\.0\.1"):
            await UdpPort(site.gateway, site.udp.port).start()

    run(work)


# ---------------------------------------------------------------- the table of the manual


def test_each_endpoint_answers_as_it_is_described() -> None:
    """Every GET of the document gives 200 and a body of its schema."""

    async def work(site: GatewaySite) -> None:
        await site.pass_time(START + timedelta(hours=30))
        document = (await site.get("openapi.json"))[1]
        assert {one.path for one in OPERATIONS} == set(document["paths"])
        asked = [
            one
            for one in OPERATIONS
            if one.method == "get" and one.answer is not None and "{name}" not in one.path
        ]
        for one in asked:
            status, told = await site.get(one.path.removeprefix("/").replace("{id}", "1"))
            assert (one.path, 200) == (one.path, status)
            jsonschema_rs.validate(one.answer, told)
        assert 17 == len(asked)

    run(work)


def test_singular_and_plural_and_a_missing_slash_are_the_same() -> None:
    """Paths of the manual and paths of clients give the same."""

    async def work(site: GatewaySite) -> None:
        for one, other in (
            ("measurement/0", "measurements/0"),
            ("counter/1", "counters/1"),
            ("load_profile/0", "load_profile0"),
        ):
            assert await site.get(f"api/{one}") == await site.get(f"api/{other}")

    run(work)


REFUSED: list[tuple[str, object, int, str]] = [
    ("measurement/2", None, 404, "no meter is enabled at RS485 2"),
    ("measurement/16", None, 404, "no meter is enabled at RS485 16"),
    ("counter/17", None, 404, "there is no device 17; the last one is 16, RS485 16"),
    ("load_profilex", None, 404, "there is no 'x'; give a whole number"),
    ("recorder/0", None, 404, "there is no recorder 0; there are 1 to 8"),
    ("recorder/1/csv?scope=hourly", None, 400, "scope 'hourly': take one of daily"),
    ("nothing", None, 404, "there is nothing at /api/nothing; the API"),
    ("bicom", {"id": 0, "val": "on"}, 404, "no Bicom is enabled at Left IR"),
    ("bicom", {"id": 1, "val": "up"}, 400, "val 'up': give one of on, off, toggle"),
    ("bicom", {"id": 1, "val": "on", "x": 1}, 400, "field 'x': there is no such field here"),
    ("bicom", {"id": 18, "val": "on"}, 400, "id 18: give a whole number from 0 to 17"),
    ("bicom", [], 400, "request []: send a JSON object"),
    ("device", {"id": 9, "description": "x"}, 404, "nothing is enabled at RS485 8"),
    ("device", {"id": 0, "description": 5}, 400, "description 5: give a text of at most"),
    ("settings", {"time": {"zone": "Mars"}}, 400, "there is no time zone 'Mars'"),
    ("settings", {"colour": 1}, 400, "colour 1: known here are description, location"),
    ("rs485/set-parameters", {"serial": "nobody"}, 409, "cannot set the parameters of nobody"),
    ("rs485/add-devices", {"serials": ["W1"]}, 400, "serials 'W1': a scan does not find it"),
    ("rs485/add-devices", {"serials": "W1"}, 400, "serials 'W1': give a list of at most 32 texts"),
    ("files", {"name": "../x", "content": ""}, 400, "file name '../x': 1 to 63 letters"),
    ("files", {"name": "x", "content": "\ud800"}, 400, "give a text of Unicode characters"),
    ("upgrade", {"url": "http://host/sg-2.10.bin"}, 400, "give an https URL"),
    ("time", {"utc": "2026-01-01T00:00:00"}, 400, "give an instant of 1970 to 2099"),
    ("auth", {"username": "admin", "password": "wrong"}, 403, "user name or the password is wrong"),
    ("recorder/9/clear", {}, 404, "there is no recorder 9"),
    ("recorder/1/clear", {"x": 1}, 400, "field 'x'"),
]  # fmt: skip


def test_what_cannot_be_is_refused_in_a_sentence() -> None:
    """Each refusal has its status and says what and why, and nothing has happened."""

    async def work(site: GatewaySite) -> None:
        before = site.gateway.now.settings
        for path, fields, status, sentence in REFUSED:
            asked = site.get(f"api/{path}") if fields is None else site.post(f"api/{path}", fields)
            code, told = await asked
            jsonschema_rs.validate(PROBLEM, told)
            assert (path, status) == (path, code)
            assert sentence in told["error"]
        assert before == site.gateway.now.settings

    run(work)


def test_switches_are_moved_and_tell_where_they_stand() -> None:
    """On, off and toggle reach the switch, whose load follows, and a silent one is told."""

    async def work(site: GatewaySite) -> None:
        told = (await site.post("api/bicom", {"id": 1, "val": "on"}))[1]["bicom"]
        assert ("Right IR", "on", 0) == (told["interface"], told["state"], told["address"])
        power = (await site.get("api/measurement/0"))[1]["measurements"]["Total"]["P"]
        assert "4900.0 W" == power
        for verb, state in (("toggle", "on"), ("toggle", "off"), ("off", "off")):
            told = (await site.post("api/bicom", {"id": 3, "val": verb}))[1]["bicom"]
            assert state == told["state"]
        await site.gateway.faults.switch_on(AbsentDevice(31))
        assert 409 == (await site.post("api/bicom", {"id": 3, "val": "on"}))[0]
        bicoms = (await site.get("api/bicoms"))[1]["bicoms"]
        assert ["on", "unknown"] == [one["state"] for one in bicoms]
        assert [1, 3] == [one["id"] for one in bicoms]

    run(work)


def test_rs485_devices_are_scanned_set_and_added() -> None:
    """What is found is added with one touch; one that gets other parameters is no longer heard."""

    async def work(site: GatewaySite) -> None:
        found = (await site.get("api/rs485/scan-devices"))[1]["devices"]
        assert ["MC000002"] == [one["serial"] for one in found]
        asked = {"serial": "MC000002", "address": 40}
        told = (await site.post("api/rs485/set-parameters", asked))[1]["device"]
        assert {**asked, "baud_rate": 115_200, "parity": "none", "stop_bits": 1} == told
        await site.post("api/rs485/add-devices", {"serials": ["MC000002"]})
        rows = (await site.get("api/devices"))[1]["devices"]
        assert ("MC350", 40) == (rows[6]["model"], rows[6]["address"])

        await site.post("api/rs485/set-parameters", {"serial": "MC000002", "parity": "even"})
        rows = (await site.get("api/devices"))[1]["devices"]
        assert "Not Detected" == rows[6]["model"]

    run(work)


def test_a_device_is_described() -> None:
    """A description is written into the device itself."""

    async def work(site: GatewaySite) -> None:
        told = await site.post("api/device", {"id": 2, "description": "Halle", "location": "Süd"})
        assert ("Halle", "Süd") == (told[1]["device"]["description"], told[1]["device"]["location"])
        assert 200 == (await site.post("api/device", {"id": 2}))[0]
        assert "Halle" == site.gateway.now.bench.bus[0].description
        await site.gateway.faults.switch_on(AbsentDevice(35))
        assert 409 == (await site.post("api/device", {"id": 2, "description": "x"}))[0]

    run(work)


# ---------------------------------------------------------------- settings, login, who may ask


def test_settings_are_read_and_changed_without_showing_passwords() -> None:
    """What is read can be sent back; a mask leaves a password as it is."""

    async def work(site: GatewaySite) -> None:
        await site.post("api/settings", {"link_1": {"password": "topf"}, "location": "Kranj"})
        shown = (await site.get("api/settings"))[1]
        assert ("********", "") == (
            shown["settings"]["link_1"]["password"],
            shown["settings"]["link_2"]["password"],
        )
        before = site.gateway.now.settings
        assert (200, shown) == await site.post("api/settings", shown)
        assert before == site.gateway.now.settings
        assert "topf" == before.link_1.password
        text = "".join(one.text for one in site.gateway.tap.crossings if one.sender != "client")
        assert "topf" not in text

    run(work)


def test_a_login_sets_the_cookie_that_lets_one_in() -> None:
    """Without it everything but the login is 403; with it the browser may go on."""

    async def work(site: GatewaySite) -> None:
        for path in ("api", "api/devices", "api/nothing"):
            assert 403 == (await site.get(path))[0]
        assert 200 == (await site.get("openapi.json"))[0]
        wrong = {"username": "admin", "password": "iskra"}
        assert 403 == (await site.post("api/auth", wrong))[0]
        right = {"username": "admin", "password": "geheim: ä"}
        url = site.rest.address + "api/auth"
        async with site.session.post(url, json=right) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("Authorization=Basic YWRt")
        assert "HttpOnly; SameSite=Strict" in cookie
        sent = f"theme=dark; {cookie.partition(';')[0]}"
        site.session.cookie_jar.clear()
        assert 200 == (await site.get("api", Cookie=sent))[0]
        assert 403 == (await site.get("api", Cookie="Authorization=Basic \xff"))[0]
        async with site.session.post(
            site.rest.address + "api/logout", json={}, headers={"Cookie": sent}
        ) as answer:
            assert answer.headers["Set-Cookie"].startswith("Authorization=; Path=/; Max-Age=0")
        assert not any("geheim" in one.text for one in site.gateway.tap.crossings)

    run(work, LOCKED)


def test_other_pages_cannot_use_it() -> None:
    """What changes something comes as JSON, from its own page, under a name of its own."""

    async def work(site: GatewaySite) -> None:
        host = site.rest.address.removeprefix("http://").rstrip("/")
        path, bicom = "api/bicom", {"id": 1, "val": "on"}
        assert 403 == (await site.post(path, bicom, Host="evil.example"))[0]
        assert 403 == (await site.post(path, bicom, Host="[evil"))[0]
        assert 403 == (await site.post(path, bicom, Origin="http://evil.example"))[0]
        assert 415 == (await site.post(path, bicom, **{"Content-Type": "text/plain"}))[0]
        assert 200 == (await site.post(path, bicom, Origin=f"http://{host}"))[0]
        assert 200 == (await site.post(path, bicom, Host="is000122.local"))[0]
        assert 200 == (await site.get("api", Host="evil.example"))[0]
        async with site.session.get(site.rest.address) as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    run(work)


def test_wrong_methods_and_bodies_are_told() -> None:
    """A method that is none of its, a body that is no JSON or too long: each has its sentence."""

    async def work(site: GatewaySite) -> None:
        async with site.session.put(site.rest.address + "api/settings") as answer:
            assert 405 == answer.status
            assert {"GET", "HEAD", "POST"} == set(answer.headers["Allow"].split(","))
            assert "takes no PUT; use GET or HEAD or POST" in (await answer.json())["error"]
        url, kind = site.rest.address + "api/settings", {"Content-Type": "application/json"}
        async with site.session.post(url, data=b"{", headers=kind) as answer:
            assert (400, True) == (answer.status, "no JSON" in (await answer.json())["error"])
        for size in (400_000, 900_000):
            async with site.session.post(url, data=b" " * size, headers=kind) as answer:
                assert (413, True) == (answer.status, "send less" in (await answer.json())["error"])

    run(work)


# ---------------------------------------------------------------- files, recorders, time, the LED


def test_files_are_added_listed_and_deleted() -> None:
    """The file manager keeps what it is given, and tariffs.json is the calendar at once."""

    async def work(site: GatewaySite) -> None:
        season = {"name": "all", "start": "2024-01-01", "workday": True, "weekend": True}
        season |= {"holiday": True, "schedule": [{"hour": 0, "tariff": 2}]}
        names = [{"name": "low", "price": 0.16}, {"name": "high", "price": 0.23}]
        text = json.dumps({"tariffs": names, "seasons": [season], "holidays": []})
        await site.post("api/files", {"name": "tariffs.json", "content": text})
        listed = (await site.get("api/files"))[1]["files"]
        assert [{"name": "tariffs.json", "type": "file", "size": len(text)}] == listed
        assert 2 == (await site.get("api"))[1]["other"]["active_tariff"]
        assert 400 == (await site.post("api/files", {"name": "tariffs.json", "content": "{"}))[0]
        kept = {"name": "tariffs.json", "content": text}
        assert (200, kept) == await site.get("api/files/tariffs.json")
        assert 404 == (await site.get("api/files/ghost"))[0]

        url = site.rest.address + "api/files/tariffs.json"
        for status in (200, 404):
            async with site.session.delete(url) as answer:
                assert status == answer.status
        assert 1 == (await site.get("api"))[1]["other"]["active_tariff"]

    run(work)


def test_recorders_are_told_exported_and_cleared() -> None:
    """Days are differences between midnights, as JSON and as CSV, until somebody clears them."""

    async def work(site: GatewaySite) -> None:
        await site.pass_time(START + timedelta(hours=64))
        told = (await site.get("api/recorder/1"))[1]["recorder"]
        assert [(2, 69_600), (3, 69_600), (4, None)][:2] == [
            (int(one["begin"][-2:]), one["consumption"]) for one in told["daily"][:2]
        ]
        async with site.session.get(site.rest.address + "api/recorder/1/csv") as answer:
            assert "text/csv" == answer.content_type
            assert (
                'filename="IS000122-recorder-1-daily.csv"' in answer.headers["Content-Disposition"]
            )
            rows = (await answer.text()).split("\r\n")
        assert [
            "begin,counter [Wh],consumption [Wh],complete",
            "2026-06-02,5046400,69600,yes",
        ] == rows[:2]
        cleared = (await site.post("api/recorder/1/clear"))[1]["recorder"]
        assert ([], []) == (cleared["daily"], cleared["yearly"])

    run(work)


def test_a_load_profile_outlives_its_meter() -> None:
    """What the gateway recorded is there while the meter is silent, and says where it is from."""

    async def work(site: GatewaySite) -> None:
        await site.pass_time(START + timedelta(hours=1))
        await site.post("bench/meter", {"serial": "I0006494", "has_power": False})
        told = (await site.get("api/load_profile/1"))[1]["load_profile"]
        assert (False, "Not Detected") == (told["answers"], told["model"])
        assert ["gateway"] * 4 == [one["source"] for one in told["values"]]
        assert "2026-06-01T06:15:00Z" == told["values"][0]["end"]
        cleared = (await site.post("api/load_profile/1/clear"))[1]["load_profile"]
        assert [] == cleared["values"]
        assert 404 == (await site.post("api/load_profile/9/clear"))[0]

    run(work)


def test_the_clock_is_set_and_the_led_blinks() -> None:
    """A set clock is what the status shows; blinking ends by itself."""

    async def work(site: GatewaySite) -> None:
        told = await site.post("api/time", {"utc": "2026-06-01T12:00:00+02:00"})
        assert (200, {"local_time": "01.06.2026 12:00:00"}) == told
        assert (200, {"blinks_s": 30}) == await site.get("api/blink")
        assert "fast" == (await site.get("bench"))[1]["led"]["rhythm"]
        await site.pass_time(START + timedelta(seconds=31))
        assert "slow" == (await site.get("bench"))[1]["led"]["rhythm"]

    run(work)


def test_a_slow_meter_takes_its_time() -> None:
    """The answer comes, later; the others are as quick as ever."""

    async def work(site: GatewaySite) -> None:
        await site.gateway.faults.switch_on(SlowDevice(35, delay_ms=200))
        slow = asyncio.ensure_future(site.get("api/measurement/1"))
        assert 200 == (await site.get("api/measurement/0"))[0]
        assert not slow.done()
        assert 200 == (await slow)[0]

    run(work)


def test_what_crosses_is_noted() -> None:
    """Requests and answers are in the tap as they were sent; static files are not."""

    async def work(site: GatewaySite) -> None:
        await site.post("api/bicom", {"id": 1, "val": "on"})
        async with site.session.get(site.rest.address) as answer:
            assert 200 == answer.status
        noted = [(one.wire, one.sender, one.text) for one in site.gateway.tap.crossings]
        assert 2 == len(noted)
        assert ("rest", "client", 'POST /api/bicom {"id": 1, "val": "on"}') == noted[0]
        assert noted[1][2].startswith('200 {"bicom": {"id": 1')

    run(work)


AUTOMATION = {
    "description": "Boiler",
    "enabled": True,
    "mode": "on_change",
    "condition": {
        "gate": "and",
        "of": [
            {
                "equation": [
                    {
                        "sign": "+",
                        "input": {
                            "property": "meter",
                            "interface": "left_ir",
                            "address": 33,
                            "quantity": "active_power",
                            "phase": "total",
                        },
                    }
                ],
                "operator": ">",
                "value": 1000,
                "hysteresis": 0,
            }
        ],
    },
    "on_true": [],
    "on_false": [],
}


def test_automations_are_set_and_shown_live() -> None:
    """What is sent is kept as automation.json, and each block says what it is at."""

    async def work(site: GatewaySite) -> None:
        site.gateway.wires.append(Automations(site.gateway, {}))
        await site.gateway.wires[-1].start()
        assert (200, {"enabled": False, "automations": []}) == await site.get("api/automation")
        status, told = await site.post("api/automation", {"automations": [AUTOMATION]})
        unknown = {"value": None, "unit": "W"}
        block: dict[str, Any] = {"state": None, "value": None, "inputs": [unknown]}
        gate = {"gate": "and", "state": None, "of": [block]}
        live = {"state": None, "executed": None, "condition": gate}
        assert (200, {**AUTOMATION, "live": live}) == (status, told["automations"][0])
        await site.post("api/settings", {"features": {"automation": True}})
        await site.pass_time(START + timedelta(seconds=3))
        (seen,) = (await site.get("api/automation"))[1]["automations"]
        block = {"state": True, "value": "2900", "inputs": [{"value": "2900", "unit": "W"}]}
        gate = {"gate": "and", "state": True, "of": [block]}
        assert {"state": True, "executed": "on_true", "condition": gate} == seen["live"]
        assert "automation.json" == (await site.get("api/files"))[1]["files"][0]["name"]
        status, told = await site.post("api/automation", {"automations": [{}]})
        assert (400, "automations[0].mode") == (status, told["field"])

    run(work)


def test_firmware_is_fetched_over_https() -> None:
    """From a server whose certificate is among the files; another one, or none, is refused."""

    async def work(site: GatewaySite) -> None:
        site.gateway.fetch = fetch
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        async with served(context) as port:
            for pem, name, status in (
                ("", "sg-2.10.bin", "Failed: "),
                (
                    authority.cert_pem.bytes().decode(),
                    "none-2.10.bin",
                    "Failed: the server answers",
                ),
                (
                    authority.cert_pem.bytes().decode(),
                    "empty-2.10.bin",
                    "Failed: the file is empty",
                ),
                (
                    authority.cert_pem.bytes().decode(),
                    "large-2.10.bin",
                    "Failed: the file has more",
                ),
                (authority.cert_pem.bytes().decode(), "sg-2.10.bin", "Installing"),
            ):
                if pem:
                    await site.post("api/files", {"name": "ota.pem", "content": pem})
                url = f"https://127.0.0.1:{port}/{name}"
                assert 200 == (await site.post("api/upgrade", {"url": url}))[0]
                await site.pass_time(site.clock.now() + timedelta(seconds=1))
                assert status in (await site.get("api"))[1]["status"]["upgrade_status"]
            assert 409 == (await site.post("api/upgrade", {"url": url}))[0]

    run(work)


@contextlib.asynccontextmanager
async def served(context: ssl.SSLContext) -> AsyncIterator[int]:
    """Serve a firmware, an empty one and one that is too large."""
    sizes = {"/sg-2.10.bin": 70_000, "/empty-2.10.bin": 0, "/large-2.10.bin": 5_000_000}

    async def give(request: web.BaseRequest) -> web.Response:
        size = sizes.get(request.path)
        return web.Response(status=404) if size is None else web.Response(body=bytes(size))

    runner = web.ServerRunner(web.Server(give), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


def test_it_restarts_and_comes_back_at_its_port() -> None:
    """While it is away nobody answers; afterwards it is where it was."""

    async def work(site: GatewaySite) -> None:
        site.gateway.reboot()
        await site.pass_time(START + timedelta(seconds=1))
        with pytest.raises(aiohttp.ClientConnectionError):
            await site.get("api")
        await site.pass_time(START + timedelta(seconds=6))
        assert "0d 00:00:01" == (await site.get("api"))[1]["other"]["uptime"]
        assert 1 == len(await scanned(site.udp.port))

    run(work)


def test_the_bench_is_open_and_says_what_it_has() -> None:
    """Also where the lock is on; a verb that it has not is told."""

    async def work(site: GatewaySite) -> None:
        status, told = await site.post("bench/feed", {"load": "charger", "power_w": [1, 2, 3]})
        assert (200, [1, 2, 3]) == (status, told["loads"][2]["power_w"])
        status, told = await site.post("bench/fly")
        assert (404, True) == (status, "it has fault, feed" in told["error"])

    run(work, LOCKED)
