"""Sentences about compliance cases: which side is under test, and what the tool on the other is."""

from __future__ import annotations

from datetime import timedelta

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.central import CardVerdict, Opening
from harness.depot import firmware, is_whole
from harness.errors import Disagreement, NothingArrived, UsageError
from harness.recording import LINE_WIRE
from harness.said import span
from harness.steps import must_be_done, records, show
from harness.target import CENTRAL_SYSTEM, CHARGE_POINT
from harness.tool import CHARGER, Tool

Table = list[list[str]]

# ---------------------------------------------------------------------- what is declared


@given("a charger under test")
def charger_under_test(bench: Bench) -> None:
    """Put an emulated INCH before a central system that the bench plays."""
    bench.tool = Tool(bench, CHARGE_POINT)
    bench.declare_central()
    bench.declare_station(CHARGER, ise=False)


@given("a central system under test")
def central_system_under_test(bench: Bench) -> None:
    """Put the bundled backend before a charger that the bench plays; nobody waits for files."""
    bench.tool = Tool(bench, CENTRAL_SYSTEM)
    bench.leave_out_utility()
    station = bench.declare_station(CHARGER, ise=False)
    station.puppet, station.is_configured = True, False


@given(parsers.parse("{what} is supported"))
def is_supported(bench: Bench, what: str) -> None:
    """End here where it is declared that this is not done, or not yet covered."""
    must_be_done(bench, what, tool_of(bench).side)


@given("the charger has a fixed cable")
def has_fixed_cable(bench: Bench) -> None:
    """Let the cable hang at the charger for good."""
    bench.build(CHARGER, fixed_cable=True)


@given("the charger has back-up power")
def has_backup_power(bench: Bench) -> None:
    """Let the charger tell of a power cut before it goes down."""
    bench.build(CHARGER, backup_power=True)


@given("the charger has no back-up power")
def has_no_backup_power(bench: Bench) -> None:
    """Let a power cut come over the charger without a word."""
    bench.build(CHARGER, backup_power=False)


@given("the charger takes no reservations")
def takes_no_reservations(bench: Bench) -> None:
    """Let the charger reject reservations."""
    bench.build(CHARGER, accepts_reservations=False)


@given(parsers.re(r"(?P<person>\w+)'s card is (?P<status>Accepted|Blocked|Expired|Invalid)"))
def card_is(bench: Bench, person: str, status: str) -> None:
    """Let the central system say this of a person's card, from now on."""
    bench.judge_card_of(person, CardVerdict(status))


@given(parsers.parse("the cards of {one} and {other} have the parentIdTag {tag}"))
def cards_have_parent(bench: Bench, one: str, other: str, tag: str) -> None:
    """Let the central system put two people's cards into one group, both accepted."""
    for person in (one, other):
        bench.judge_card_of(person, CardVerdict("Accepted", tag))


@given(parsers.parse("the central system answers the next {action} with {fields}"))
def central_answers_next(bench: Bench, action: str, fields: str) -> None:
    """Let the bench's central system answer so, once; with ``nothing``, the line breaks instead."""
    tool_of(bench).answer_next(action, fields)


@given(parsers.parse("the charger answers {action} with {fields}"))
@when(parsers.parse("the charger answers {action} with {fields}"))
def charger_answers(bench: Bench, action: str, fields: str) -> None:
    """Let the bench's charger answer so from now on."""
    tool_of(bench).answer(action, fields)


@given(parsers.parse("the charger has the password {password}"))
def charger_has_password(bench: Bench, password: str) -> None:
    """Let the bench's charger give its identity and this password whenever it dials."""
    tool = tool_of(bench)
    tool.must_be(CENTRAL_SYSTEM)
    tool.password = password


@given(parsers.parse("the depot holds the firmware {version} as {name}"))
def depot_holds_firmware(bench: Bench, version: str, name: str) -> None:
    """Lay a firmware down at the depot: a zip with its version."""
    depot = bench.run(tool_of(bench).open_depot())
    depot.lay_down(name, firmware(version))


@given(parsers.parse("the depot holds the file {name}, which is no firmware"))
def depot_holds_no_firmware(bench: Bench, name: str) -> None:
    """Lay a text down at the depot, under the name of a firmware."""
    depot = bench.run(tool_of(bench).open_depot())
    depot.lay_down(name, b"this is no firmware\n")


# ---------------------------------------------------------------------- what has happened before


@given("a transaction is running")
def transaction_is_running(bench: Bench) -> None:
    """Let Anna charge: plugged in and started from afar, or as the charger on strings tells it."""
    tool = tool_of(bench)
    tool.begin()
    if tool.side == CHARGE_POINT:
        tool.do(tool.hands.plug_in)
        tool.ask("RemoteStartTransaction", "connectorId=1, idTag=Anna's card")
    else:
        tool.say("Authorize.req", "idTag=Anna's card")
        tool.say("StatusNotification.req", "status=Preparing")
        tool.say("StartTransaction.req", "idTag=Anna's card")
        tool.say("StatusNotification.req", "status=Charging")
    tool.word("the transaction")  # there is one, or this says that there is none


@given(parsers.parse("{person} has charged before"))
def has_charged_before(bench: Bench, person: str) -> None:
    """Let a person charge from beginning to end, so that the charger has seen the card."""
    tool = tool_of(bench)
    tool.begin()
    card = bench.card_of(person)
    tool.do(tool.hands.plug_in)
    tool.do(lambda: tool.hands.show_card(card))
    tool.do(lambda: tool.hands.show_card(card))
    tool.do(tool.hands.unplug)
    tool.word("the transaction")


@given("the charger is configured with")
def charger_is_configured(bench: Bench, datatable: Table) -> None:
    """Let the operator set configuration keys; one that is optional may be missing."""
    tool = tool_of(bench)
    tool.begin()
    for row in records(datatable, "key", "value"):
        tool.send("ChangeConfiguration", row)
        answer = tool.all_said(tool.under_test)[-1]
        status = answer.payload.get("status")
        missing = status == "NotSupported" and row["key"] in OPTIONAL
        if status not in ("Accepted", "RebootRequired") and not missing:
            raise Disagreement(f"{row['key']} = {row['value']} was answered with {status}")


@given(parsers.parse("its currents are told every {seconds:d} s"))
def currents_are_told(bench: Bench, seconds: int) -> None:
    """Let the operator have the charger sample the current of each phase."""
    tool = tool_of(bench)
    tool.begin()
    for key, value in (
        ("MeterValuesSampledData", "Current.Import"),
        ("MeterValueSampleInterval", str(seconds)),
        ("ClockAlignedDataInterval", "0"),
    ):
        tool.send("ChangeConfiguration", {"key": key, "value": value})


OPTIONAL = frozenset(
    {
        "AllowOfflineTxForUnknownId",
        "AuthorizationCacheEnabled",
        "LocalAuthListEnabled",
        "MaxEnergyOnInvalidId",
        "MinimumStatusDuration",
        "StopTransactionOnEVSideDisconnect",
    }
)
"""Keys that a charger need not have."""


@given("the charger has started up")
def has_started_up(bench: Bench) -> None:
    """Let the charger on strings boot and tell its status."""
    tool = tool_of(bench)
    tool.begin()
    tool.say("BootNotification.req")
    tool.say("StatusNotification.req", "connectorId=0, status=Available")
    tool.say("StatusNotification.req", "connectorId=1, status=Available")


# ---------------------------------------------------------------------- what happens


@when("the charger is switched on")
def is_switched_on(bench: Bench) -> None:
    """Set the bench going, and judge what the charger says from its first word on."""
    tool_of(bench).count_from_the_start()


@given("the charger says")
@when("the charger says")
def charger_says(bench: Bench, datatable: Table) -> None:
    """Let the charger on strings say messages, one after the other."""
    for row in records(datatable, "message", "with"):
        tool_of(bench).say(row["message"], row["with"])


@given(parsers.parse("{how_long} pass"))
@when(parsers.parse("{how_long} pass"))
def time_passes(bench: Bench, how_long: str) -> None:
    """Let time pass: ``90 s``, ``10 min``."""
    tool_of(bench).pass_time(span(how_long))


@when("the interval that it was told passes")
def interval_passes(bench: Bench) -> None:
    """Let the heartbeat interval of the last BootNotification.conf pass."""
    tool = tool_of(bench)
    tool.pass_time(timedelta(seconds=int(tool.word("the interval"))))


@when(parsers.parse("the charger dials {how}"))
def charger_dials(bench: Bench, how: str) -> None:
    """Let the charger on strings dial as nobody must be let in; a line that comes up is closed."""
    tool = tool_of(bench)
    tool.begin()
    tool.dial(how)


@when("the charger takes up the password that it was sent")
def takes_up_password(bench: Bench) -> None:
    """Let the charger on strings give the AuthorizationKey of the last ChangeConfiguration."""
    tool_of(bench).take_up_password()


@when("the charger brings its diagnostics to where it was told")
def brings_diagnostics(bench: Bench) -> None:
    """Let the charger on strings upload a file to the location of the last GetDiagnostics."""
    tool_of(bench).bring_diagnostics()


# ---------------------------------------------------------------------- what is seen


@then("no line came up that was dialled so")
def no_line_came_up(bench: Bench) -> None:
    """See that each line that must not be let in was refused; there must have been one."""
    tool = tool_of(bench)
    bench.decide(one for one in bench.tap.crossings if one.wire == LINE_WIRE)
    if not tool.let_in:
        raise NothingArrived("the charger has dialled in no way that is to be refused")
    if found := [how for how, is_up in tool.let_in.items() if is_up]:
        raise Disagreement(f"it was let in {show(found)}")


@then("the line is encrypted with TLS 1.2 or newer")
def line_is_encrypted(bench: Bench) -> None:
    """Ask the charger's end of the line how it is encrypted."""
    version = tool_of(bench).puppet.tls_version
    bench.decide(one for one in bench.tap.crossings if one.wire == LINE_WIRE)
    if version not in ("TLSv1.2", "TLSv1.3"):
        raise Disagreement(f"the line is encrypted with {version or 'nothing'}")


@then("the depot holds the diagnostics")
def depot_holds_diagnostics(bench: Bench) -> None:
    """Look for the file whose name the charger has given; it must hold something, a zip files."""
    tool = tool_of(bench)
    names = [
        str(message.payload.get("fileName"))
        for message in tool.all_said(CHARGER)
        if message.name == "GetDiagnostics.conf"
    ]
    lying = tool.depot.files() if tool.depot is not None else {}
    bench.decide(m.crossing for m in tool.all_said(CHARGER) if m.name == "GetDiagnostics.conf")
    if not names or names[-1] not in lying:
        raise Disagreement(f"the depot holds {sorted(lying) or 'nothing'}, not {names}")
    if not is_whole(names[-1], content := lying[names[-1]]):
        raise Disagreement(f"{names[-1]} is not whole: {len(content)} bytes, {content[:40]!r}")


@then("the charger has come to the depot once")
def came_to_depot_once(bench: Bench) -> None:
    """Count who has come to bring or to fetch, whatever came of it."""
    depot = tool_of(bench).depot
    visits = 0 if depot is None else depot.visits
    if visits != 1:
        raise Disagreement(f"the charger has come to the depot {visits} times, not once")


KEY_BYTES = range(16, 21)
"""How long an AuthorizationKey may be."""
TLS = ("TLSv1.2", "TLSv1.3")


@then("it has named itself and its AuthorizationKey")
def has_named_itself(bench: Bench) -> None:
    """Compare the handshake of its last line with its name and the key that it was last given."""
    password = _opening(bench).password_of(CHARGER)
    keys = [
        message.payload["value"]
        for message in tool_of(bench).all_said(tool_of(bench).other)
        if message.name == "ChangeConfiguration.req"
        and message.payload["key"] == "AuthorizationKey"
    ]
    if password is None:
        raise Disagreement("it has opened its line without its name and a key")
    if len(password) not in KEY_BYTES:
        raise Disagreement(f"its key has {len(password)} bytes, not 16 to 20")
    if keys and password != bytes.fromhex(keys[-1]):
        raise Disagreement("its key is not the one that it was given last")


@then("it has named itself by its AuthorizationKey or a certificate")
def has_named_itself_somehow(bench: Bench) -> None:
    """Look for one of the two in the handshake of its last line."""
    if not _opening(bench).has_certificate:
        has_named_itself(bench)


@then("it has shown a certificate of its own")
def has_shown_certificate(bench: Bench) -> None:
    """Look for it in the handshake of its last line."""
    if not _opening(bench).has_certificate:
        raise Disagreement("it has opened its line without a certificate")


@then("its line speaks TLS 1.2 or later")
def line_speaks_tls(bench: Bench) -> None:
    """Look at the version that its last line speaks."""
    version = _opening(bench).tls
    if version not in TLS:
        raise Disagreement(f"its line speaks {version or 'in the clear'}")


def _opening(bench: Bench) -> Opening:
    opening = bench.central.opened.get(CHARGER)
    if opening is None:
        raise NothingArrived("no line of the charger came up")
    return opening


def tool_of(bench: Bench) -> Tool:
    """
    Give the tool.

    Raises:
        UsageError: If no Given has named the side under test.
    """
    if bench.tool is None:
        raise UsageError("begin with which side is under test: Given a charger under test")
    return bench.tool
