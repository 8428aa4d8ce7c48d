"""The bench of a case before a charger elsewhere: its times, its words, its beginning."""

from __future__ import annotations

import io
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from harness.central import CardVerdict, Opening
from harness.certify.acts import ACTS, CannotBeDone
from harness.certify.field_bench import FieldBench, FieldTool, Moments
from harness.certify.known_state import KnownState
from harness.certify.profile import load
from harness.certify.site import Site
from harness.certify.terminal import Terminal
from harness.certify.watch import Watch
from harness.errors import Disagreement, UsageError
from harness.said import span
from harness.target import CENTRAL_SYSTEM, CHARGE_POINT
from simulators.charger_inch import Card, ChargerInch, device, ocpp_json_io
from simulators.clock import RealClock
from simulators.wiretap import Wiretap

START = datetime(2026, 11, 28, 12, tzinfo=UTC)
PROFILE = """
[charger]
identity = "WB-1"
phases = 1
most_a = 16
[listen]
port = 0
[cards]
Anna = "04A1B2C3"
[declaration]
profile = "etrel_inch"
[limits]
answer_s = 20
settle_s = 0.2
hands_s = 20
come_s = 20
timing_s = 0.1
"""
Act = Callable[[], Awaitable[None]]


class Hand(Terminal):
    """A person who stands at an emulated charger, and does what is asked."""

    def __init__(self, clock: RealClock) -> None:
        self.output = io.StringIO()
        super().__init__(clock, self.output, -1, is_terminal=False)
        self.acts: dict[str, Act] = {}
        self.did: list[str] = []

    async def ask(self, sentence: str, limit_s: float) -> str:
        """Do it, if it can be done."""
        for name, told in ACTS.items():
            if sentence == told.replace("{error}", "InternalError").replace(
                "{person}", "Anna"
            ).replace("{card}", "04A1B2C3"):
                self.did.append(name)
                if name not in self.acts:
                    return "cannot it has no such thing"
                await self.acts[name]()
                return "done"
        return f"cannot {sentence}"


class Stage:
    """A site and an emulated charger before it, in one loop."""

    def __init__(self, folder: Path) -> None:
        path = folder / "profile.toml"
        path.write_text(PROFILE, encoding="utf-8")
        self.folder = folder
        self.clock = RealClock()
        self.hand = Hand(self.clock)
        self.site = Site(load(path), {}, self.hand, self.clock)
        self.state = KnownState(self.site)
        tap = Wiretap(self.clock, keeps=False)
        self.inch = ChargerInch("WB-1", self.clock, tap, random.Random(1))
        card = Card(bytes.fromhex("C3B2A104"), "Anna")
        self.hand.acts = {
            "plug in": self.inch.plug_in,
            "unplug": self.inch.unplug,
            "show card": lambda: self.inch.show_card(card),
            "cut power": self.inch.cut_power,
            "restore power": self.inch.restore_power,
            "break down": lambda: self.inch.break_down("InternalError"),
            "mend": self.inch.mend,
        }
        self.site.run(self._begin())

    async def _begin(self) -> None:
        await self.site.start()
        await self.inch.connect(self.site.central.address)
        await self.site.come()

    def bench(self) -> tuple[FieldBench, FieldTool]:
        """Give the bench of a case, and its tool."""
        bench = FieldBench(1, self.folder, site=self.site, state=self.state)
        tool = bench.new_tool(CHARGE_POINT)
        assert isinstance(tool, FieldTool)
        bench.tool = tool
        bench.declare_central()
        bench.declare_station(tool.charger_name, ise=False)
        return bench, tool

    def becomes(self, is_so: Callable[[], bool]) -> bool:
        """Wait until something is so."""
        return self.site.run(self.site.wait_for("waits", 20, is_so))

    def close(self) -> None:
        """Leave nothing running."""
        self.site.run(self.inch.close())
        self.site.close()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Give a stage whose charger comes back soon."""
    monkeypatch.setattr(device, "RESTART_S", 0.1)
    monkeypatch.setattr(ocpp_json_io, "RECONNECT_FIRST_S", 0.1)
    made = Stage(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_a_transaction_is_ended_before_the_next_case(stage: Stage) -> None:
    """What runs is stopped, the cable comes out, what was set is set back; none of it is judged."""
    bench, tool = stage.bench()
    tool.is_happening = True
    tool.send("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "77"})
    tool.do(tool.hands.plug_in)
    tool.ask("RemoteStartTransaction", "connectorId=1, idTag=Anna's card")
    assert stage.becomes(lambda: bool(stage.site.watch.transactions))
    assert "StartTransaction.req" in [one.name for one in tool.said()]
    assert tool.word("the transaction") == str(next(iter(stage.site.watch.transactions)))
    bench.close()

    after, then = stage.bench()
    after.go()

    assert stage.site.watch.is_free()
    assert ["plug in", "unplug"] == stage.hand.did
    assert [] == then.all_said("WB-1")
    assert ["MeterValueSampleInterval", "60"] in [
        [one["key"], one["value"]] for one in stage.inch.configuration()
    ]
    after.close()


def test_what_was_reserved_broken_and_out_of_service_is_put_right(stage: Stage) -> None:
    """A reservation is cancelled, a fault mended, a connector made operative."""
    bench, tool = stage.bench()
    tool.ask(
        "ReserveNow", "connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min"
    )
    assert stage.becomes(lambda: stage.site.watch.statuses.get(1) == "Reserved")
    bench.close()
    bench, tool = stage.bench()
    bench.go()
    assert stage.site.watch.is_free()
    tool.do(lambda: tool.hands.break_down("InternalError"))
    assert stage.becomes(lambda: stage.site.watch.statuses.get(1) == "Faulted")
    assert "InternalError" == stage.site.watch.error
    bench.close()
    bench, tool = stage.bench()
    tool.ask("ChangeAvailability", "connectorId=0, type=Inoperative")
    assert stage.becomes(lambda: "Unavailable" in stage.site.watch.statuses.values())
    bench.close()
    bench, _ = stage.bench()
    bench.go()

    assert stage.site.watch.is_free()
    assert ["break down", "mend"] == stage.hand.did
    bench.close()


def test_a_reset_helps_where_nothing_else_does(stage: Stage) -> None:
    """A card that was shown keeps the connector; nobody can unplug anything, and it boots anew."""
    del stage.hand.acts["unplug"]
    stage.site.run(stage.hand.acts["show card"]())
    assert stage.becomes(lambda: stage.site.watch.statuses.get(1) == "Preparing")
    object.__setattr__(stage.site.limits, "answer_s", 1.5)
    bench, _ = stage.bench()
    bench.go()

    assert stage.site.watch.is_free()
    assert "connector 1 is Preparing; the bench resets the charger" in stage.hand.output.getvalue()
    bench.close()


def test_a_charger_that_stays_broken_cannot_begin(stage: Stage) -> None:
    """Nothing is judged of a charger that cannot be brought to where a case begins."""
    del stage.hand.acts["mend"]
    stage.site.run(stage.inch.break_down("InternalError"))
    assert stage.becomes(lambda: stage.site.watch.statuses.get(1) == "Faulted")
    object.__setattr__(stage.site.limits, "answer_s", 0.3)
    bench, _ = stage.bench()

    with pytest.raises(CannotBeDone, match="does not become free: connector 1 is Faulted"):
        bench.go()
    assert not bench.going
    bench.close()


def test_a_charger_is_switched_on_with_what_it_is_answered(stage: Stage) -> None:
    """Its power is cut and restored, and its first word after that is the first that is judged."""
    bench, tool = stage.bench()
    tool.answer_next("BootNotification", "interval=77")
    tool.count_from_the_start()

    names = [one.name for one in tool.said()]
    assert "BootNotification.req" == names[0]
    assert "77" == tool.word("the interval")
    assert ["cut power", "restore power"] == stage.hand.did
    bench.close()


def test_the_line_is_cut_by_the_bench(stage: Stage) -> None:
    """Nobody is asked; the charger comes back once it may."""
    bench, tool = stage.bench()
    tool.is_happening = True
    tool.do(tool.charger.cut_line)
    assert not stage.site.central.is_up("WB-1")
    tool.do(tool.charger.restore_line)

    assert ["down", "up"] == [one.text for one in bench.tap.crossings if one.wire == "line"]
    assert [] == stage.hand.did
    bench.close()


def test_a_charger_that_does_not_answer_fails(stage: Stage) -> None:
    """Silence, and a line that is away, are what was seen."""
    bench, tool = stage.bench()
    bench.go()
    object.__setattr__(stage.site.limits, "answer_s", 0.3)
    stage.site.central._answer_limit_s = 0.0  # of the next line
    stage.site.central._lines["WB-1"].answer_limit_s = 0.0
    with pytest.raises(Disagreement, match="has not answered GetConfiguration in time"):
        tool.ask("GetConfiguration")
    stage.site.run(tool.charger.cut_line())
    with pytest.raises(Disagreement, match="it is not connected"):
        tool.ask("GetConfiguration")
    stage.site.central.mend()
    bench.close()


def test_times_are_spans(stage: Stage) -> None:
    """A time is judged against the real time for which its instant stood."""
    bench, tool = stage.bench()
    tool.is_happening = True
    tool.send("GetConfiguration", {})
    before = stage.clock.now()
    tool.pass_time(timedelta(seconds=0.3))
    first, _, last = tool.meant("now").partition("/")

    assert stage.clock.now() - before >= timedelta(seconds=0.2)
    assert datetime.fromisoformat(first) < datetime.fromisoformat(last)
    assert tool.meant("1 s ago").count("/") == 1
    assert "1 min" != tool.meant("in 1 min")
    assert "04A1B2C3" == tool.meant("Anna's card")
    assert timedelta(seconds=0.1) == tool.slack
    assert ({"L1"}, Decimal(16)) == (set(tool.phases), tool.most_a)
    assert tool.said() == tool.said() != []
    bench.close()


def test_what_the_profile_says_otherwise_does_not_apply(stage: Stage) -> None:
    """How it is built, and what it supports, is not made but looked up."""
    bench, tool = stage.bench()
    bench.build("WB-1", backup_power=False, accepts_reservations=True)
    tool.must_support("smart charging")

    with pytest.raises(pytest.skip.Exception, match="the profile says fixed cable: False"):
        bench.build("WB-1", fixed_cable=True)
    with pytest.raises(pytest.skip.Exception, match="GetLocalListVersion is not declared"):
        tool.must_support("GetLocalListVersion")
    with pytest.raises(pytest.skip.Exception, match="names no firmware"):
        tool.firmware("1.13")
    with pytest.raises(UsageError, match="no profile says colour"):
        bench.build("WB-1", colour="red")
    with pytest.raises(UsageError, match="only a charger"):
        bench.new_tool(CENTRAL_SYSTEM)
    with pytest.raises(CannotBeDone, match="it has no such thing"):
        tool.fail("lock")
    bench.close()


def test_cards_are_judged_as_the_case_says(stage: Stage) -> None:
    """Before and after the case has begun; the next case begins without."""
    bench, _ = stage.bench()
    bench.judge_card_of("Anna", CardVerdict("Invalid"))
    bench.go()
    assert {"04A1B2C3": CardVerdict("Invalid")} == stage.site.central.cards
    bench.judge_card_of("Anna", CardVerdict("Blocked"))
    assert {"04A1B2C3": CardVerdict("Blocked")} == stage.site.central.cards
    bench.close()
    bench, _ = stage.bench()
    bench.go()
    assert {} == stage.site.central.cards
    assert stage.site.central.opened["WB-1"] == Opening()
    bench.close()


def test_a_charger_that_never_comes_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """It cannot be shown; who comes under another name is told of, and sent away."""
    path = tmp_path / "profile.toml"
    path.write_text(PROFILE.replace("come_s = 20", "come_s = 1"), encoding="utf-8")
    clock = RealClock()
    hand = Hand(clock)
    site = Site(load(path), {}, hand, clock)
    stranger = ChargerInch("OTHER", clock, Wiretap(clock, keeps=False), random.Random(1))

    async def live() -> None:
        await site.start()
        await stranger.connect(site.central.address, patiently=True)
        other = [Subprotocol("ocpp2.0.1")]
        async with connect(f"{site.central.address}/WB-1", subprotocols=other, proxy=None) as line:
            await line.wait_closed()
        with pytest.raises(CannotBeDone, match="has not come within 1 s"):
            await site.come()
        await stranger.close()

    site.run(live())
    site.close()

    assert "was sent away: /ocpp/OTHER, not /ocpp/WB-1" in hand.output.getvalue()
    assert "of sub-protocols it offers ocpp2.0.1, not ocpp1.6" in hand.output.getvalue()


def test_a_place_that_is_taken_is_named(stage: Stage, tmp_path: Path) -> None:
    """Two runs cannot listen on one port."""
    port = stage.site.central.address.rpartition(":")[2].partition("/")[0]
    path = tmp_path / "second.toml"
    path.write_text(PROFILE.replace("port = 0", f"port = {port}"), encoding="utf-8")
    second = Site(load(path), {}, stage.hand, stage.clock)

    with pytest.raises(UsageError, match=r"cannot be listened on .* choose another"):
        second.run(second.start())
    second.close()


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    """It is told before anybody is waited for."""
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).write_text("x", encoding="ascii")
    path = tmp_path / "profile.toml"
    secured = 'port = 0\ncertificate = "c.pem"\nkey = "k.pem"'
    path.write_text(PROFILE.replace("port = 0", secured), encoding="utf-8")

    with pytest.raises(UsageError, match=r"c\.pem: does not go with"):
        Site(load(path), {}, Hand(RealClock()), RealClock())


# ---------------------------------------------------------------------- moments


def at(text: str) -> datetime:
    """Give an instant, by the time since the beginning."""
    return START + span(text)


def test_moments_stand_for_real_time() -> None:
    """A person takes 20 s to plug in, the charger 5 s to say all; then 90 s pass."""
    moments = Moments(START, timedelta(seconds=5), timedelta(seconds=2))
    moments.acts(at("20 s"))
    assert at("110 s") == moments.passes(timedelta(seconds=90))
    moments.acts(at("130 s"))

    assert (START - timedelta(seconds=2), at("27 s")) == moments.around(timedelta(0))
    assert (at("108 s"), at("137 s")) == moments.around(timedelta(seconds=90))
    assert (at("48 s"), at("52 s")) == moments.around(timedelta(seconds=30))
    assert at("22 s") == moments.surely_after(timedelta(0))
    assert at("52 s") == moments.surely_after(timedelta(seconds=30))
    assert at("108 s") == moments.surely_before(timedelta(seconds=90))
    assert at("30 s") == moments.around(timedelta(seconds=-10))[0] + timedelta(seconds=22)


# ---------------------------------------------------------------------- what is known


def watched(*frames: tuple[bool, Any]) -> Watch:
    """Give a watch that has seen some frames."""
    watch = Watch()
    for incoming, text in frames:
        watch.take(incoming, text)
    return watch


def test_what_is_no_message_is_passed_over() -> None:
    """A charger may send anything; what it does not say is not known."""
    watch = watched(
        (True, "no json"), (True, "{}"), (True, "[2]"), (True, '[3,"x",{}]'), (True, "[" * 9_999)
    )

    assert watch.is_free()
    assert not watch.is_silent


def test_fields_of_another_type_are_passed_over() -> None:
    """Whoever stumbled here would hang up, and the charger would be blamed for it."""
    watch = watched(
        (True, '[2,"1","StopTransaction",{"transactionId":[1]}]'),
        (False, '[3,"1",{}]'),
        (True, '[2,"2","StatusNotification",{"connectorId":[],"status":{}}]'),
        (False, '[2,"3","GetConfiguration",{}]'),
        (True, '[3,"3",{"configurationKey":[1,null,{"key":7},{"key":"K","value":5}]}]'),
        (False, '[2,"4","GetConfiguration",{}]'),
        (True, '[3,"4",{"configurationKey":5}]'),
    )

    assert {"K": ("5", False)} == watch.keys
    assert watch.is_free()


def test_a_line_that_ends_takes_its_questions_along() -> None:
    """An answer on the next line is to nothing that was asked on this."""
    watch = watched((True, '[2,"1","StartTransaction",{}]'))
    watch.line_changes()
    watch.take(False, '[3,"1",{"transactionId":7}]')

    assert set() == watch.transactions
    assert watch.is_silent is True


def test_traces_of_commands_are_remembered() -> None:
    """Lists, profiles, cards, keys and reservations have to be cleared."""
    watch = watched(
        (False, '[2,"1","SendLocalList",{}]'),
        (False, '[2,"2","RemoteStartTransaction",{"chargingProfile":{}}]'),
        (True, '[2,"3","Authorize",{}]'),
        (False, '[2,"4","ChangeConfiguration",{"key":"K","value":"1"}]'),
        (False, '[2,"5","ReserveNow",{"reservationId":7}]'),
        (True, '[3,"5",{"status":"Accepted"}]'),
        (False, '[2,"6","GetConfiguration",{}]'),
        (True, '[3,"6",{"configurationKey":[{"key":"K","value":"0","readonly":false}]}]'),
    )

    assert {"SendLocalList", "SetChargingProfile", "card"} == watch.used
    assert ({"K"}, {7}) == (watch.changed, watch.reservations)
    assert {"K": ("0", False)} == watch.keys
    watch.take(False, '[2,"7","CancelReservation",{"reservationId":7}]')
    watch.take(True, '[3,"7",{"status":"Rejected"}]')
    assert set() == watch.reservations
