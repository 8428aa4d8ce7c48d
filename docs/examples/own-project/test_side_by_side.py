"""Our billing beside the reference backend, which gives what a utility would be told."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from conftest import RunningBackend

from harness.fixtures import Drop, Inch, ReferenceBackend, Site


def test_both_find_the_same_energy(
    make_inch: Callable[..., Inch],
    site: Site,
    reference_backend: ReferenceBackend,
    drop: Drop,
    own_backend: RunningBackend,
) -> None:
    theirs, ours = make_inch("Dorfplatz"), make_inch("at our backend")
    theirs.connect(reference_backend.address)
    ours.connect(own_backend.address)

    site.let_pass(until="07:07")
    for inch in (theirs, ours):
        inch.plug_in()
        inch.show_card()
    site.let_pass(until="08:19")
    for inch in (theirs, ours):
        inch.show_card()
        inch.unplug()
    site.let_pass(until="01:00")

    told = drop.values(reference_backend.metering_code("Dorfplatz"))
    billed_wh = own_backend.next_bill()["energy_wh"]
    assert len(told) == 96
    # The two chargers stand on grids whose voltages differ by up to 4 %.
    assert abs(
        sum(value.energy_kwh or Decimal(0) for value in told) * 1000 / billed_wh - 1
    ) < Decimal("0.04")


def test_its_files_are_what_arrived(
    inch: Inch, reference_backend: ReferenceBackend, drop: Drop
) -> None:
    inch.connect(reference_backend.address)

    inch.let_pass(until="00:45")
    reference_backend.export(date(2025, 6, 3))

    (file,) = drop.files()
    assert reference_backend.files() == {file.name: file.content}
    first, *_ = reference_backend.energies("Dorfplatz", date(2025, 6, 3))
    assert (first.status.value, first.energy_kwh) == ("W", Decimal(0))
