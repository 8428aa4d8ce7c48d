"""The status of the connector, and what may follow what."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.charger_inch.status import LEGAL, Situation, Status, path


@pytest.mark.parametrize(("old", "new"), list(product(Status, Status)))
def test_every_way_is_legal(old: Status, new: Status) -> None:
    """From any status to any other there are at most two steps, each in the table."""
    steps = path(old, new)
    assert len(steps) == (0 if old is new else 1 if (old, new) in LEGAL else 2)
    assert set(pairwise((old, *steps))) <= LEGAL
    assert steps[-1:] in ((), (new,))


def test_the_table_has_the_changes_of_the_standard() -> None:
    """53 changes; a few by their letters in OCPP 1.6 §4.9 and errata 3.20."""
    assert len(LEGAL) == 53
    assert (Status.AVAILABLE, Status.FINISHING) not in LEGAL  # A6
    assert (Status.PREPARING, Status.FINISHING) in LEGAL  # B6
    assert (Status.PREPARING, Status.UNAVAILABLE) not in LEGAL  # B8
    assert (Status.UNAVAILABLE, Status.PREPARING) in LEGAL  # H2
    assert all((Status.FAULTED, one) in LEGAL for one in Status if one is not Status.FAULTED)


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        (Situation(), Status.AVAILABLE),
        (Situation(reserved=True), Status.RESERVED),
        (Situation(reserved=True, in_use=True), Status.PREPARING),
        (Situation(in_use=True, after_transaction=True), Status.FINISHING),
        (Situation(in_use=True, out_of_service=True), Status.UNAVAILABLE),
        (Situation(in_transaction=True, flows=True, out_of_service=True), Status.CHARGING),
        (Situation(in_transaction=True), Status.SUSPENDED_EV),
        (Situation(in_transaction=True, held_back=True), Status.SUSPENDED_EVSE),
        (Situation(in_transaction=True, flows=True, fault=True), Status.FAULTED),
    ],
)
def test_the_status_says_it_best(situation: Situation, status: Status) -> None:
    """A fault before a transaction, a transaction before a sign, down to Available."""
    assert situation.status is status


@given(st.builds(Situation))
def test_every_situation_has_a_status(situation: Situation) -> None:
    """There is no situation without one."""
    assert situation.status in Status
