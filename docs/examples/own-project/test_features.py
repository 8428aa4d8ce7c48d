"""Sentences of the bench, and one of our own: `harness.sentences` and `bench`."""

from decimal import Decimal

from pytest_bdd import parsers, scenarios, then

from harness.fixtures import Bench

scenarios("features")


@then(parsers.parse("at {price} CHF a kWh that is a bill of between {least:d} and {most:d} CHF"))
def bill_is_between(bench: Bench, price: str, least: int, most: int) -> None:
    held = bench.utility.held(bench.station("Dorfplatz").metering_code or "")
    bill = Decimal(price) * sum(value.energy_kwh or Decimal(0) for value in held)
    assert least <= bill <= most


def test_a_day_without_gherkin(bench: Bench) -> None:
    bench.declare_station("Dorfplatz")
    bench.advance_to(bench.at("0:31 of the next day"))
    assert [file.name for file in bench.arrived()]
