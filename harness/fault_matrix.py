"""
How the cells of the fault matrix are tried, see `harness.fault_cells`.

With the backend as it is, over real sockets, in virtual time: the fault is switched
on, a day is exported and tried once, or, where something can have been left behind, once more a
minute later; then the fault goes, and with the pauses of the backend the file must arrive. After
each the folder is emptied by hand.

Rule 1: what a cell ends in is read from the server's own record; of the backend only the cause is
asked that its status tells (DLV-06).
Rule 2: a fault at a step that the delivery never came to is no pass: the server tells which bit.
Rule 3: a frozen line costs real time, so such a delivery is given little of it. On a machine that
is too busy for that, it is given more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from backend.adapters.roads import Roads
from backend.ports import Arrival, Destination, Step
from harness.bench import TASK, Bench
from harness.fault_cells import Cell, CellResult
from harness.targets.face import Delivery
from simulators.faults import Fault
from simulators.ftp_server.faults import AtStep, fault_from_text

LEAVING = ("uploading", "renaming")
"""Parts in which something can be left at the server; these are tried twice while a fault is on."""
LIMIT_S = 10.0
FREEZE_LIMITS_S = (0.3, 2.0, 8.0)
"""How long a delivery may take in all: as a rule, and to a server that freezes."""
PAUSE = timedelta(minutes=1)
PATIENCE = timedelta(hours=1)
"""When the second try comes, and how long the next may let wait for itself."""


# ---------------------------------------------------------------- how a cell is tried


class PatientRoads:
    """The roads of the backend as they are, with the time that a delivery has set for each."""

    def __init__(self, bench: Bench) -> None:
        self.limit_s = LIMIT_S
        self._bench = bench

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Deliver."""
        roads = Roads(self._bench.clock)
        return await roads.deliver(self._in_time(destination), name, content)

    async def test(self, destination: Destination) -> Sequence[Step]:
        """Try all that a delivery needs."""
        return await Roads(self._bench.clock).test(self._in_time(destination))

    async def rest(self) -> None:
        """Give nothing back: each delivery has a line of its own."""

    def _in_time(self, destination: Destination) -> Destination:
        return replace(destination, time_limit_s=self.limit_s)


class Matrix:
    """
    Tries cells on a bench, whose day is over.

    Parameters:
        bench: not yet going.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._roads = PatientRoads(bench)
        bench.drop = self._roads
        self._right = b""
        self._head: Delivery | None = None

    def run(self, cells: Sequence[Cell]) -> list[CellResult]:
        """Let the day's own file arrive, which is the measure, and try each cell."""
        bench = self.bench
        bench.advance_to(bench.at("1:00 of the next day"))
        bench.collect()
        self._right = bench.utility.first().content
        results: list[CellResult] = []
        for cell in cells:
            result = CellResult(cell, expected=len(self._right))
            results.append(result)
            if self._look() is None:
                self._try(result)
            else:
                result.not_tried = "not tried: the file of an earlier cell never arrived"
        return results

    def _try(self, result: CellResult) -> None:
        bench, fault = self.bench, fault_from_text(result.cell.made)
        seen = bench.utility.versions_seen
        bench.run(bench.utility.faults.switch_on(fault))
        if result.cell.fault == "freeze":
            self._deliver_frozen(result, fault)
        else:
            self._deliver(result, fault)
        bench.run(bench.utility.faults.switch_off(fault))
        self._roads.limit_s = LIMIT_S
        arrives = self._let_arrive()
        self._read(result, seen)
        bench.utility.clear()
        if not arrives:
            # Whatever stood in its way is gone now.
            self._let_arrive()
            bench.utility.clear()

    def _deliver_frozen(self, result: CellResult, fault: Fault) -> None:
        for limit_s in FREEZE_LIMITS_S:
            self._roads.limit_s = limit_s
            result.told.clear()
            self._next_try(result)
            result.bit = self._has_bitten(fault)
            # Where the whole time was over before that of the step, there was too little of it.
            if (result.bit and not result.cause_trouble) or self._head is None:
                return

    def _deliver(self, result: CellResult, fault: Fault) -> None:
        self._next_try(result)
        if self._head is not None and result.cell.part in LEAVING:
            self._next_try(result)
        result.bit = self._has_bitten(fault)

    def _next_try(self, result: CellResult) -> None:
        """Export, or let the pause after a try pass; keep the cause that is told then."""
        bench, before = self.bench, self._head
        if before is None:
            bench.run(bench.backend.export_now(TASK, bench.day, bench.day))
            bench.run(bench.clock.settle())
            self._look()
        else:
            self._wait(lambda: self._look() == before)
        if self._head is not None:
            result.told.append(self._head.cause or "")

    def _let_arrive(self) -> bool:
        """Give the backend time for a file that waits, and say whether it arrived."""
        if self._head is not None and self._head.state == "stopped":
            # A changed identity stops the task; an operator lets it go on.
            self.bench.run(self.bench.backend.release_delivery(TASK))
        if self._head is not None:
            self._wait(lambda: self._look() is not None)
        return self._head is None

    def _look(self) -> Delivery | None:
        """Look for a file that waits, by the status of the task."""
        views = self.bench.run(self.bench.backend.deliveries())
        self._head = next((one for one in views if one.state != "delivered"), None)
        return self._head

    def _wait(self, for_what: Callable[[], bool]) -> None:
        """Let time pass, from one try to the next, as long as something is so."""
        bench = self.bench
        until = bench.clock.now() + PATIENCE
        while bench.clock.now() < until:
            again = None if self._head is None else self._head.next_try_at
            bench.advance_to(again or bench.clock.now() + PAUSE)
            if not for_what():
                return

    def _has_bitten(self, fault: Fault) -> bool:
        return not isinstance(fault, AtStep) or any(
            one is fault for one in self.bench.utility.bitten
        )

    def _read(self, result: CellResult, seen: int) -> None:
        utility = self.bench.utility
        result.found = utility.standing()
        result.shown = {size for _, size in utility.sizes_shown(seen)}
        names = utility.visible()
        places = [utility.place_of(name) for name in names]
        result.is_right = [self._right] == [place.read_bytes() for place in places if place]
        if result.trouble:
            self.bench.decide_files(names)
