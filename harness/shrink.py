"""
From a recording that shows something to the shortest that still does: delta debugging.

Nothing here knows what is shown or how that is found out: ``shows`` tells. The algorithm is the
one of Zeller and Hildebrandt ("Simplifying and Isolating Failure-Inducing Input", 2002, ddmin),
by complements: it ends when nothing can be left out alone.

What can be left out, the coarse before the fine: whole chargers; exchanges (a CALL with its
answer) and changes of a line; elements of lists in payloads (sampled values); fields of payloads.
What is left out of a frame lets it be written anew, without blanks. Fields that OCPP requires stay,
and a list keeps one element: a frame that is well formed does not become one that is not, which
might show the same for another reason.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from harness.ocpp_rules import CALL, schema
from harness.recording import FieldLog, Frame, LineChange

T = TypeVar("T")
Shows = Callable[[FieldLog], bool]
Path = tuple[int, tuple[str | int, ...]]
"""A place in a frame: the frame's number, and the way in its payload."""


def ddmin(parts: Sequence[T], shows: Callable[[list[T]], bool]) -> list[T]:
    """
    Leave out parts as long as what is left shows the same; all of them together show it.

    Returns:
        Parts of which none can be left out alone; none at all where nothing is needed.
    """
    left, count = list(parts), 2
    if left and shows([]):
        return []
    while len(left) >= 2:
        size = -(-len(left) // count)
        for begin in range(0, len(left), size):
            without = left[:begin] + left[begin + size :]
            if without and shows(without):
                left, count = without, max(count - 1, 2)
                break
        else:
            if size == 1:
                break
            count = min(count * 2, len(left))
    return left


@dataclass(slots=True)
class Shrinker:
    """
    Shortens a recording; what is the shortest so far can be had at any time.

    Parameters:
        best: the recording; it shows what it is to show.
        shows: tells whether a recording still does.
        tell: told what is looked at and how much is left of it, at each try.

    Attributes:
        tries: how many recordings were tried.
    """

    best: FieldLog
    shows: Shows
    tell: Callable[[str], object] = lambda text: None
    tries: int = 0
    _known: dict[tuple[object, ...], bool] = field(default_factory=dict)

    def shrink(self) -> FieldLog:
        """Leave out what can be left out, until nothing can."""
        size = None
        while size != (size := _size(self.best)):
            self._by("chargers", list(self.best.identities), self._only_of)
            self._by("exchanges", _exchanges(self.best), self._only)
            self._within("sampled values", _elements)
            self._within("fields", _members)
        return self.best

    def _by(self, what: str, parts: list[T], made: Callable[[FieldLog, list[T]], FieldLog]) -> None:
        whole = self.best
        ddmin(parts, lambda left: self._try(what, len(left), len(parts), made(whole, left)))

    def _within(self, what: str, places: Callable[[FieldLog], list[Path]]) -> None:
        whole = self.best
        paths = places(whole)

        def shows(left: list[Path]) -> bool:
            kept = set(left)
            log = _left_out(whole, [path for path in paths if path not in kept])
            return log is not None and self._try(what, len(left), len(paths), log)

        ddmin(paths, shows)

    def _try(self, what: str, left: int, of: int, log: FieldLog) -> bool:
        key = (*((one.identity, one.text, one.at) for one in log.frames), *log.changes)
        if key not in self._known:
            self.tries += 1
            self.tell(f"{what}: {left} of {of}? {len(self.best.frames)} frames so far")
            self._known[key] = bool(log.frames) and self.shows(log)
        if self._known[key]:
            self.best = log
        return self._known[key]

    @staticmethod
    def _only_of(log: FieldLog, identities: list[str]) -> FieldLog:
        return replace(
            log,
            frames=tuple(one for one in log.frames if one.identity in identities),
            changes=tuple(one for one in log.changes if one.identity in identities),
        )

    @staticmethod
    def _only(log: FieldLog, exchanges: list[tuple[Frame | LineChange, ...]]) -> FieldLog:
        kept = {id(one) for each in exchanges for one in each}
        return replace(
            log,
            frames=tuple(one for one in log.frames if id(one) in kept),
            changes=tuple(one for one in log.changes if id(one) in kept),
        )


def _size(log: FieldLog) -> tuple[int, int, int]:
    return len(log.frames), len(log.changes), sum(len(one.text) for one in log.frames)


def _exchanges(log: FieldLog) -> list[tuple[Frame | LineChange, ...]]:
    """Give each CALL with its answers, and each change of a line."""
    found: dict[object, list[Frame | LineChange]] = {}
    for number, frame in enumerate(log.frames):
        message_id = _message_id(frame.text)
        key = (frame.identity, message_id)
        if frame.direction == "in" or key not in found:
            # A message id that comes again begins another exchange.
            found[number] = found[key] = [frame]
        else:
            found[key].append(frame)
    exchanges = [tuple(each) for key, each in found.items() if isinstance(key, int)]
    return [*exchanges, *((change,) for change in log.changes)]


def _message_id(text: str) -> str:
    try:
        return repr(json.loads(text)[1])
    except (ValueError, LookupError, TypeError, RecursionError):
        return text


def _calls(log: FieldLog) -> Iterable[tuple[int, str, Any]]:
    """Give the action and the payload of each CALL that has one, with the frame's number."""
    for number, frame in enumerate(log.frames):
        if frame.direction == "in":
            try:
                said = json.loads(frame.text)
            except (ValueError, RecursionError):
                continue
            if isinstance(said, list) and len(said) == 4 and isinstance(said[3], dict):
                yield number, str(said[2]), said[3]


def _elements(log: FieldLog) -> list[Path]:
    """Give the places of the elements of lists, outer ones first."""
    return [
        (number, way)
        for number, _, payload in _calls(log)
        for way, _ in _ways(payload, {})
        if isinstance(way[-1], int)
    ]


def _members(log: FieldLog) -> list[Path]:
    """Give the places of the members of objects that are not required; outer ones first."""
    return [
        (number, way)
        for number, action, payload in _calls(log)
        for way, is_required in _ways(payload, schema(action, CALL) or {})
        if isinstance(way[-1], str) and not is_required
    ]


def _ways(value: Any, shape: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], bool]]:
    """Give the way to each place in a value, and whether its schema requires it."""
    pairs: list[tuple[str | int, Any, Mapping[str, Any]]] = []
    if isinstance(value, dict):
        shapes = shape.get("properties", {})
        pairs = [(key, inner, shapes.get(key, {})) for key, inner in value.items()]
    elif isinstance(value, list):
        pairs = [(key, inner, shape.get("items", {})) for key, inner in enumerate(value)]
    for key, inner, inner_shape in pairs:
        yield (key,), key in shape.get("required", ())
        for way, is_required in _ways(inner, inner_shape):
            yield (key, *way), is_required


def _left_out(log: FieldLog, paths: Sequence[Path]) -> FieldLog | None:
    """Give the recording without some places of its payloads; None where a list would be empty."""
    by_frame: dict[int, list[tuple[str | int, ...]]] = {}
    for number, way in paths:
        by_frame.setdefault(number, []).append(way)
    frames = list(log.frames)
    for number, ways in by_frame.items():
        said = json.loads(frames[number].text)
        left = _without(said[3], ways)
        if _empty_lists(left) > _empty_lists(said[3]):
            return None
        said[3] = left
        text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
        frames[number] = replace(frames[number], text=text)
    return replace(log, frames=tuple(frames))


def _without(payload: Any, ways: list[tuple[str | int, ...]]) -> Any:
    payload = copy.deepcopy(payload)
    # From the end, so that the places of what comes before stay as they are.
    for way in reversed(ways):
        owner = payload
        for key in way[:-1]:
            owner = owner[key]
        del owner[way[-1]]
    return payload


def _empty_lists(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_empty_lists, value.values()))
    if isinstance(value, list):
        return sum(map(_empty_lists, value)) if value else 1
    return 0
