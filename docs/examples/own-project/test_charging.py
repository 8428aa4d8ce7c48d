"""Our backend, in a process of its own, before emulated chargers: `inch` and `make_inch`."""

from collections.abc import Callable

import pytest
from conftest import RunningBackend

from harness.fixtures import Inch, Site


def charge(inch: Inch, minutes: int) -> None:
    """Plug in, show the card, let time pass, show it again and unplug."""
    inch.plug_in()
    inch.show_card("FA2AFD77")
    inch.let_pass(minutes=minutes)
    inch.show_card("FA2AFD77")
    inch.unplug()


def test_a_session_is_billed_as_the_meter_counted(inch: Inch, own_backend: RunningBackend) -> None:
    inch.connect(own_backend.address)

    charge(inch, minutes=45)

    bill = own_backend.next_bill()
    assert bill["card"] == "FA2AFD77"
    assert bill["energy_wh"] == pytest.approx(float(inch.register_wh), abs=1)
    assert bill["energy_wh"] > 8_000


@pytest.mark.inch("WB-7", register_wh=20_249_500, habits=["negative-transaction-ids"])
def test_a_meter_that_has_run_before(inch: Inch, own_backend: RunningBackend) -> None:
    inch.connect(own_backend.address)

    charge(inch, minutes=15)

    assert own_backend.next_bill()["energy_wh"] == pytest.approx(
        float(inch.register_wh - 20_249_500), abs=1
    )


def test_what_was_charged_without_a_line_is_billed_later(
    inch: Inch, own_backend: RunningBackend
) -> None:
    inch.connect(own_backend.address)
    inch.plug_in()
    inch.show_card()

    inch.cut_line()
    inch.let_pass(hours=1)
    inch.unplug()
    assert inch.queued > 0
    inch.restore_line()

    assert own_backend.next_bill()["energy_wh"] == pytest.approx(float(inch.register_wh), abs=1)
    assert inch.calls()[-1].action == "StopTransaction"


def test_two_chargers_at_once(
    make_inch: Callable[..., Inch], site: Site, own_backend: RunningBackend
) -> None:
    first, second = make_inch("Dorfplatz"), make_inch("Bahnhof")
    for inch in (first, second):
        inch.connect(own_backend.address)
        inch.plug_in()
    first.show_card("FA2AFD77")
    second.show_card("0A0B0C0D")

    site.let_pass(minutes=30)
    first.unplug()
    second.unplug()

    bills = [own_backend.next_bill() for _ in range(2)]
    assert {bill["card"]: bill["energy_wh"] for bill in bills} == {
        "FA2AFD77": pytest.approx(float(first.register_wh), abs=1),
        "0A0B0C0D": pytest.approx(float(second.register_wh), abs=1),
    }


@pytest.mark.site(time="real")
def test_in_real_time(inch: Inch, own_backend: RunningBackend) -> None:
    inch.connect(own_backend.address)

    inch.plug_in()
    inch.show_card()
    inch.let_pass(seconds=0.1)

    assert inch.status == "Charging"
    assert 0 < inch.register_wh < 100
