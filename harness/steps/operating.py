"""Sentences about the operator of the central system, who has commands sent."""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.errors import Disagreement, UsageError
from harness.said import span
from harness.steps import records
from harness.steps.compliance import tool_of
from harness.target import CENTRAL_SYSTEM
from harness.tool import stamp

Table = list[list[str]]


@given(parsers.re(r"the operator sends (?P<action>[A-Z]\w+)"))
@when(parsers.re(r"the operator sends (?P<action>[A-Z]\w+)"))
def operator_sends(bench: Bench, action: str) -> None:
    """Have a command sent that needs no fields."""
    tool_of(bench).ask(action)


@given(parsers.re(r"the operator sends (?P<action>[A-Z]\w+) with (?P<fields>.+)"))
@when(parsers.re(r"the operator sends (?P<action>[A-Z]\w+) with (?P<fields>.+)"))
def operator_sends_with(bench: Bench, action: str, fields: str) -> None:
    """Have a command sent with some fields."""
    tool_of(bench).ask(action, fields)


@given("the operator sends")
@when("the operator sends")
def operator_sends_all(bench: Bench, datatable: Table) -> None:
    """Have commands sent, one after the other."""
    for row in records(datatable, "command", "with"):
        tool_of(bench).ask(row["command"], row["with"])


@given("the operator sets the charging profiles")
@when("the operator sets the charging profiles")
def operator_sets_profiles(bench: Bench, datatable: Table) -> None:
    """Have SetChargingProfile sent for each row: limits in amperes, by the time that they begin."""
    tool = tool_of(bench)
    tool.begin()
    for row in records(datatable, "id", "connector", "purpose", "level", "lasts", "limits"):
        profile = _profile(bench, row)
        if row["purpose"] == "TxProfile":
            profile["transactionId"] = int(tool.word("the transaction"))
        payload = {"connectorId": int(row["connector"]), "csChargingProfiles": profile}
        tool.send("SetChargingProfile", payload)


@when(parsers.parse("the operator starts a transaction of {person} with the charging profile"))
def operator_starts_with_profile(bench: Bench, person: str, datatable: Table) -> None:
    """Have RemoteStartTransaction sent with a profile that begins with the transaction."""
    tool = tool_of(bench)
    tool.begin()
    (row,) = records(datatable, "id", "connector", "purpose", "level", "lasts", "limits")
    profile = _profile(bench, row) | {"chargingProfileKind": "Relative"}
    del profile["chargingSchedule"]["startSchedule"]
    del profile["validFrom"], profile["validTo"]
    payload = {
        "connectorId": int(row["connector"]),
        "idTag": tool.word(f"{person}'s card"),
        "chargingProfile": profile,
    }
    tool.send("RemoteStartTransaction", payload)


def _profile(bench: Bench, row: dict[str, str]) -> dict[str, Any]:
    now, lasts = bench.clock.now(), span(row["lasts"])
    return {
        "chargingProfileId": int(row["id"]),
        "stackLevel": int(row["level"]),
        "chargingProfilePurpose": row["purpose"],
        "chargingProfileKind": "Absolute",
        "validFrom": stamp(now),
        "validTo": stamp(now + lasts),
        "chargingSchedule": {
            "duration": int(lasts.total_seconds()),
            "startSchedule": stamp(now),
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [period(part) for part in row["limits"].split(", ")],
        },
    }


def period(text: str) -> dict[str, Any]:
    """Read a period of a schedule: ``60 s: 8 A``."""
    start, _, limit = text.partition(": ")
    if not limit.endswith(" A"):
        raise UsageError(f'"{text}" is no limit; write it like "60 s: 8 A"')
    return {
        "startPeriod": int(span(start).total_seconds()),
        "limit": int(limit.removesuffix(" A")),
        "numberPhases": 3,
    }


@when("the operator asks for as many configuration keys at once as the charger allows")
def operator_asks_for_keys(bench: Bench) -> None:
    """Have GetConfiguration sent with keys that the charger has named, up to its own limit."""
    tool = tool_of(bench)
    named, limit = [], 0
    for message in tool.all_said(tool.under_test):
        if message.name == "GetConfiguration.conf":
            for entry in message.payload.get("configurationKey", []):
                named.append(entry["key"])
                if entry["key"] == "GetConfigurationMaxKeys":
                    limit = int(entry["value"])
    tool.send("GetConfiguration", {"key": list(dict.fromkeys(named))[:limit]})


@then(parsers.parse("the operator was told {words}"))
def operator_was_told(bench: Bench, words: str) -> None:
    """Compare what came back to the operator of the last commands with what was answered."""
    tool, wanted = tool_of(bench), words.split(", then ")
    tool.must_be(CENTRAL_SYSTEM)
    answers = [m for m in tool.all_said(tool.other) if m.name.endswith(".conf")]
    bench.decide(message.crossing for message in answers[-len(wanted) :])
    told = tool.told[-len(wanted) :]
    if told != wanted:
        raise Disagreement(f"the operator was told {', then '.join(told) or 'nothing'}")
