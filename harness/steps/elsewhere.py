"""Sentences about a project of somebody's own that uses the bench."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from pytest_bdd import given, then, when

from harness.bench import Bench

LIMIT_S = 100.0
"""How long the tests of another project may take, in real seconds."""

CONFIGURATION = """
[pytest]
filterwarnings = error
markers = mine: a tag of my own
"""

DEVICES = """
import asyncio
import json
from decimal import Decimal
from urllib.request import urlopen

import asyncssh
from websockets.asyncio.server import serve


def test_charges_and_is_delivered(inch, reference_backend, drop):
    inch.connect(reference_backend.address)
    inch.let_pass(until="07:00")
    inch.plug_in()
    inch.show_card()
    inch.let_pass(minutes=30)
    inch.unplug()
    inch.let_pass(until="00:45")

    told = drop.values(reference_backend.metering_code(inch.identity))
    assert 96 == len(told)
    assert 11 == round(sum(value.energy_kwh for value in told)) == round(inch.register_wh / 1000)


def test_reads(smart_gateway):
    smart_gateway.feed("Charger", 6_000)
    smart_gateway.let_pass(minutes=20)

    with urlopen(smart_gateway.rest_address + "/counter/1") as answer:
        counters = json.load(answer)["counters"]["non_resettable"]
    assert 2_000 == counters[0]["value"] == smart_gateway.energy_wh("I0006494")


async def send(told):
    known = asyncssh.import_known_hosts(f"[{told['host']}]:{told['port']} {told['host_key']}")
    async with asyncssh.connect(
        told["host"], told["port"], username=told["user"], password=told["secret"],
        known_hosts=known, client_keys=None, config=None,
    ) as line, line.start_sftp_client() as sftp, sftp.open("/einlesen/mine.csv", "w") as file:
        await file.write("mine")


def test_sends(drop):
    asyncio.run(send(drop.destination("sftp")))

    assert [("mine.csv", b"mine")] == [(file.name, file.content) for file in drop.files()]


def test_lives(bench):
    bench.declare_station("Dorfplatz")
    bench.advance_to(bench.at("0:31"))

    assert [] == bench.arrived()
    assert bench.at("0:31") == bench.charger("Dorfplatz").now()
"""

BILLING = """
async def bill(inch, read_stop):
    bills, started = [], []

    async def talk(line):
        async for text in line:
            _, number, action, said = json.loads(text)
            accepted = {"idTagInfo": {"status": "Accepted"}}
            now = {"currentTime": "2025-06-03T00:00:00Z"}
            answer = {
                "BootNotification": {"status": "Accepted", "interval": 900, **now},
                "Heartbeat": now,
                "Authorize": accepted,
                "StartTransaction": {"transactionId": 1, **accepted},
                "StopTransaction": accepted,
            }.get(action, {})
            if action == "StartTransaction":
                started.append(said["meterStart"])
            if action == "StopTransaction":
                bills.append(read_stop(said) - started[0])
            await line.send(json.dumps([3, number, answer]))

    async with serve(talk, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        await asyncio.to_thread(inch.connect, f"ws://127.0.0.1:{port}")
        await asyncio.to_thread(inch.plug_in)
        await asyncio.to_thread(inch.show_card)
        await asyncio.to_thread(inch.let_pass, minutes=15)
        await asyncio.to_thread(inch.unplug)
    return bills


def test_bills_what_was_charged(inch):
    (bill_wh,) = asyncio.run(bill(inch, lambda said: said["meterStop"]))
    assert abs(bill_wh - inch.register_wh) <= 1


def test_bills_what_was_not_charged(inch):
    (bill_wh,) = asyncio.run(bill(inch, lambda said: said["meterStop"] + 5))
    assert abs(bill_wh - inch.register_wh) <= 1
"""

FEATURE = """
Feature: My own
  @mine
  Scenario Outline: A quarter of an hour
    Given the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 00:05 to 00:20
    When the clock reaches 0:30
    Then 0 files arrive at EW Seedorf
    And I owe at least <least> kWh

    Examples:
      | least |
      | 5     |
      | 50    |
"""

SENTENCE = """
from pytest_bdd import parsers, scenarios, then

scenarios("mine.feature", features_base_dir=".")


@then(parsers.parse("I owe at least {least:d} kWh"))
def owe(bench, least):
    assert bench.charger("Dorfplatz").register_wh / 1000 >= least
"""


def _write(bench: Bench, plugin: str) -> Path:
    project = bench.folder / "own"
    project.mkdir()
    (project / "conftest.py").write_text(f'pytest_plugins = ["{plugin}"]\n', encoding="utf-8")
    (project / "pytest.ini").write_text(CONFIGURATION, encoding="utf-8")
    return project


@given("a project of its own that loads the fixtures")
def project_with_fixtures(bench: Bench) -> None:
    """Write a project that knows of the bench by one line."""
    _write(bench, "harness.fixtures")


@given("its tests charge, read, send and let a day be delivered")
def project_tests_all(bench: Bench) -> None:
    """Write a test with each of the fixtures."""
    (bench.folder / "own" / "test_own.py").write_text(DEVICES, encoding="utf-8")


@given("one of its tests is of a backend that bills what was not charged")
def project_tests_liar(bench: Bench) -> None:
    """Write a backend in the loop of its test, once honest and once not."""
    with (bench.folder / "own" / "test_own.py").open("a", encoding="utf-8") as file:
        file.write(BILLING)


@given("a project of its own that loads the sentences")
def project_with_sentences(bench: Bench) -> None:
    """Write a project that has the sentences and no option of ours."""
    _write(bench, "harness.sentences")


@given("its feature ends with a sentence of its own, once true and once not")
def project_has_feature(bench: Bench) -> None:
    """Write a feature under a tag of its own, and the step for its last sentence."""
    (bench.folder / "own" / "mine.feature").write_text(FEATURE, encoding="utf-8")
    (bench.folder / "own" / "test_mine.py").write_text(SENTENCE, encoding="utf-8")


@when("its tests are run")
def project_is_run(bench: Bench) -> None:
    """Run pytest in the project's folder, with no other plugin that happens to be installed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
    bench.finished = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "pytest", "-q", "--junitxml=junit.xml"),
            *("-p", "pytest_bdd.plugin", "-p", "no:cacheprovider"),
        ],
        cwd=bench.folder / "own",
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )


@then("all of them pass but the one of that backend")
def all_pass_but_one(bench: Bench) -> None:
    """Compare the verdicts of the project's own pytest."""
    assert _verdicts(bench) == {
        "test_charges_and_is_delivered": True,
        "test_reads": True,
        "test_sends": True,
        "test_lives": True,
        "test_bills_what_was_charged": True,
        "test_bills_what_was_not_charged": False,
    }, _said(bench)


@then("that one shows the frames that crossed the wire last")
def failure_shows_frames(bench: Bench) -> None:
    """Look for frames in what the project's pytest has said."""
    said = _said(bench)
    assert "what crossed the wires last" in said
    assert "StopTransaction" in said


@then("the scenario passes where its sentence is true, and fails where it is not")
def own_sentence_decides(bench: Bench) -> None:
    """Compare the verdicts of the project's own pytest."""
    assert list(_verdicts(bench).values()) == [True, False], _said(bench)


def _said(bench: Bench) -> str:
    assert bench.finished is not None
    return bench.finished.stdout + bench.finished.stderr


def _verdicts(bench: Bench) -> dict[str, bool]:
    report = bench.folder / "own" / "junit.xml"
    assert report.exists(), _said(bench)
    cases = ElementTree.parse(report).iter("testcase")
    return {case.attrib["name"]: len(case) == 0 for case in cases}
