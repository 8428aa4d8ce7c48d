"""Sentences about the central system: what it answers, what it asks, and its models."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

from pytest_bdd import given, parsers, then, when

from backend.core.device_profile import load_profile
from harness.bench import Bench
from harness.console import (
    BACKEND,
    HTTP_WIRE,
    OPERATOR,
    TOKEN,
    WAYS,
    Console,
    by_scenario,
    is_json,
    matches,
    read_json,
)
from harness.declared import Finding, Kind, compare, frames_in
from harness.errors import Disagreement, NothingArrived
from harness.frames import Call, calls, calls_of
from harness.questionnaire import as_html, sections_of
from harness.steps import must_be_done, records
from harness.steps import show as shown

Table = list[list[str]]
PAGE = "questionnaire.html"


# ---------------------------------------------------------------------- what is declared


@given(parsers.parse("chargers speak OCPP 1.6 over {wire}"))
def chargers_speak(bench: Bench, wire: str) -> None:
    """Choose the wire; what the system under test declares not to do is not applicable."""
    must_be_done(bench, wire)


@given("the backend has a web page")
def has_web_page(bench: Bench) -> None:
    """Let the backend listen for people and programs, on a port of its own."""
    bench.amend(lambda settings: settings.update(web={"port": 0, "token": TOKEN}))


@given(parsers.parse('the boot of "{name}" is answered {answer}'))
def boot_is_answered(bench: Bench, name: str, answer: str) -> None:
    """Set how a charger's BootNotification is answered: Accepted, Pending or Rejected."""
    words = {"Accepted": "accept", "Pending": "pending", "Rejected": "reject"}
    bench.amend(_at_station(bench, name, lambda one: one.update(registration=words[answer])))


@given(parsers.parse('the model of "{name}" has {key} = {value}'))
def model_has(bench: Bench, name: str, key: str, value: str) -> None:
    """Describe a charger's model otherwise than the bundled one, by one key of its profile."""
    mine = f"model of {name}"
    told = tomllib.loads(f"value = {value}")["value"]

    def describe(settings: dict[str, Any]) -> None:
        found = settings.setdefault("profile", [])
        found.append({"name": mine, "base": "etrel_inch", key: told})

    bench.amend(describe)
    bench.amend(_at_station(bench, name, lambda one: one.update(profile=mine)))


@given("cards are entered as they are printed")
def cards_as_printed(bench: Bench) -> None:
    """Enter UIDs in the order in which they stand on the cards."""

    def enter(settings: dict[str, Any]) -> None:
        for row, card in zip(settings["card"], bench.cards.values(), strict=True):
            row.update(id_tag=card.uid.hex(), written="printed")

    bench.amend(enter)


def _at_station(
    bench: Bench, name: str, change: Callable[[dict[str, Any]], None]
) -> Callable[[dict[str, Any]], None]:
    bench.station(name)

    def amend(settings: dict[str, Any]) -> None:
        for one in settings["station"]:
            if one["identity"] == name:
                change(one)

    return amend


# ---------------------------------------------------------------------- what happens


@when(
    parsers.re(
        r'(?P<action>[A-Z]\w+) (?P<payload>\{.*\}) is sent to "(?P<name>[^"]+)" '
        r"(?P<way>by a scenario|over the API|from the page) at (?P<time>\d+:\d\d)$"
    )
)
def command_is_sent(
    bench: Bench, action: str, payload: str, name: str, way: str, time: str
) -> None:
    """Send a command to a charger in one of the three ways."""
    bench.advance_to(bench.at(time))
    bench.sent_after = len(bench.tap.crossings)
    told = read_json(payload)
    if way == WAYS[0]:
        bench.told = bench.run(by_scenario(bench.backend.commands, name, action, told))
    else:
        console = Console(bench.backend.web_address, bench.tap)
        send = console.over_api if way == WAYS[1] else console.from_page
        bench.told = bench.run(send(name, action, json.loads(payload)))
    bench.run(bench.clock.settle())


@when(parsers.parse('the questionnaire of "{profile}" is written'))
def questionnaire_is_written(bench: Bench, profile: str) -> None:
    """Write the questionnaire of a model as a page into the bench's folder."""
    found = load_profile(profile)
    page = as_html(found, sections_of(found))
    (bench.folder / PAGE).write_text(page, encoding="utf-8")


# ---------------------------------------------------------------------- what is seen


@then(parsers.parse('the backend has answered "{name}"'))
def has_answered(bench: Bench, name: str, datatable: Table) -> None:
    """Compare the first answer to each message, where "…" stands for anything."""
    sent = calls_of(bench.tap.crossings, name)
    for row in records(datatable, "message", "answer"):
        call = next((one for one in sent if one.action == row["message"]), None)
        if call is None or call.answer is None:
            raise NothingArrived(f"{name} got no answer to a {row['message']}")
        bench.decide([call.crossing, call.answer])
        if not matches(read_json(row["answer"]), _said(call)):
            raise Disagreement(f"the answer to {row['message']} is {call.answer.text}")


@then(parsers.parse('the frame of "{name}" with the id {number} was answered with {answer}'))
def frame_was_answered(bench: Bench, name: str, number: str, answer: str) -> None:
    """Compare the answer to a frame of its own id: JSON, the code of an error, or "nothing"."""
    answers = [
        crossing
        for crossing in bench.tap.crossings
        if (crossing.sender, crossing.receiver) == (BACKEND, name)
        and crossing.wire.startswith("ocpp")
        and str(json.loads(crossing.text)[1]) == number
    ]
    bench.decide([one for one in bench.tap.crossings if one.sender == name and number in one.text])
    bench.decide(answers)
    found = [json.loads(one.text) for one in answers]
    said = "nothing" if not found else _word(found[-1])
    if not (is_json(answer) and found and matches(read_json(answer), found[-1][2])):
        assert said == answer, f"it was answered with {said}"


@then(parsers.parse('the frames of "{name}" with the ids {first} and {second} were answered alike'))
def frames_were_answered_alike(bench: Bench, name: str, first: str, second: str) -> None:
    """Compare two answers; neither may be missing, or an error."""
    found = {
        one.unique_id: one
        for one in calls_of(bench.tap.crossings, name)
        if one.unique_id in (first, second) and one.confirmed
    }
    if len(found) != 2:
        raise NothingArrived(f"of {first} and {second} {name} had answers to {[*found]}")
    bench.decide([call.answer for call in found.values() if call.answer is not None])
    answers = [found[number].answered for number in (first, second)]
    if answers[0] != answers[1]:
        raise Disagreement(f"{name} was answered {answers[0]}, and then {answers[1]}")


@then(parsers.parse('"{name}" was asked {action} {payload} once and answered {answer}'))
def was_asked(bench: Bench, name: str, action: str, payload: str, answer: str) -> None:
    """Compare what went over the wire for a command; "…" stands for anything."""
    asked = _asked(bench, name, action)
    bench.decide(crossing for call in asked for crossing in (call.crossing, call.answer))
    assert len(asked) == 1, f"{name} was asked {action} {len(asked)} times"
    (call,) = asked
    if not matches(read_json(payload), _exact(call.crossing.text)[3]):
        raise Disagreement(f"{name} was asked {call.crossing.text}")
    if call.answer is None:
        raise NothingArrived(f"{name} has not answered {action}")
    said = _exact(call.answer.text)
    if not (is_json(answer) and matches(read_json(answer), said[2])):
        assert said[2] == answer, f"{name} answered {call.answer.text}"


@then(parsers.re(r'"(?P<name>[^"]+)" has been asked (?P<action>\w+)$'))
def has_been_asked(bench: Bench, name: str, action: str) -> None:
    """Look for a request of the backend on the wire."""
    asked = _asked(bench, name, action)
    bench.decide(crossing for call in asked for crossing in (call.crossing, call.answer))
    assert asked, f"{name} was never asked {action}"


@then(parsers.re(r'"(?P<name>[^"]+)" has been asked (?P<action>\w+) once$'))
def has_been_asked_once(bench: Bench, name: str, action: str) -> None:
    """Count the requests of a kind since a command was sent; it must have been answered."""
    asked = _asked(bench, name, action)
    bench.decide(crossing for call in asked for crossing in (call.crossing, call.answer))
    assert len(asked) == 1, f"{name} was asked {action} {len(asked)} times"
    assert asked[0].answer is not None, f"{name} has not answered {action}"


@then(parsers.parse('"{name}" was asked no {action}'))
def was_not_asked(bench: Bench, name: str, action: str) -> None:
    """Look for a request of the backend that must not be there."""
    asked = _asked(bench, name, action)
    bench.decide(call.crossing for call in asked)
    assert not asked, f"{name} was asked {shown({call.crossing.text for call in asked})}"


@then(parsers.parse('who sent it was told "{word}"'))
def was_told(bench: Bench, word: str) -> None:
    """Compare what came back to the operator: a status, an error code, or what is wrong."""
    bench.decide(crossing for crossing in bench.tap.crossings if crossing.wire == HTTP_WIRE)
    assert bench.told == word, f'the operator was told "{bench.told}"'


@then(parsers.parse('the API shows of "{name}" nothing that holds {secret}'))
def api_hides(bench: Bench, name: str, secret: str) -> None:
    """Read frames, commands and deviations over the API, and look for a secret."""
    console = Console(bench.backend.web_address, bench.tap)
    for what in ("frames", "sent", "deviations"):
        text = bench.run(console.read_api(f"/api/stations/{name}/{what}"))
        assert text.startswith("["), text
        assert secret not in text, f"{what} of {name} hold it"
    crossings = [one for one in bench.tap.crossings if one.wire == HTTP_WIRE]
    bench.decide(one for one in crossings if one.receiver == OPERATOR)


@then("it answers")
def it_answers(bench: Bench, datatable: Table) -> None:
    """Compare rows of the page: a question or a name, and what stands beside it."""
    page = _Answers((bench.folder / PAGE).read_text(encoding="utf-8"))
    for row in records(datatable, "question", "answer"):
        said = page.rows.get(row["question"])
        if said != row["answer"]:
            raise Disagreement(f'"{row["question"]}" is answered "{said}", not "{row["answer"]}"')


@then(parsers.parse('"{name}" has shown of the model "{profile}"'))
def has_shown(bench: Bench, name: str, profile: str, datatable: Table) -> None:
    """Hold what a model declares against the frames, and compare single rows."""
    found = _held_against(bench, name, profile)
    for row in records(datatable, "what", "name", "finding"):
        finding = found.get((row["what"], row["name"]))
        if finding != row["finding"]:
            raise Disagreement(f"{row['what']} {row['name']} is {finding}, not {row['finding']}")


@then(parsers.parse('"{name}" has shown nothing that "{profile}" does not declare'))
def has_shown_nothing_else(bench: Bench, name: str, profile: str) -> None:
    """Look for messages, measurands and units that no profile declares; keys may be more."""
    odd = (Finding.UNDECLARED, Finding.CONTRADICTED)
    found = [
        f"{kind} {what}"
        for (kind, what), finding in _held_against(bench, name, profile).items()
        if finding in odd and kind != Kind.KEY
    ]
    assert not found, f"{name} has also shown {shown(found)}"


def _held_against(bench: Bench, name: str, profile: str) -> dict[tuple[str, str], str]:
    frames = frames_in(bench.tap.crossings, name)
    assert frames, f"{name} has said nothing"
    bench.decide(call.crossing for call in calls_of(bench.tap.crossings, name))
    rows = compare(load_profile(profile), frames)
    return {(str(row.kind), row.name): str(row.finding) for row in rows}


def _asked(bench: Bench, name: str, action: str) -> list[Call]:
    # What the backend asks of its own accord when a charger boots is another matter.
    sent = calls(bench.tap.crossings[bench.sent_after :], BACKEND, name)
    return [call for call in sent if call.action == action]


def _said(call: Call) -> Any:
    assert call.answer is not None
    return _exact(call.answer.text)[2]


def _exact(text: str) -> Any:
    return read_json(text)


def _word(frame: list[Any]) -> str:
    return str(frame[2]) if frame[0] == 4 else json.dumps(frame[2])


class _Answers(HTMLParser):
    """Reads the rows of a page: what stands first, and the rest of the row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, str] = {}
        self._cells: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row, or a cell of it."""
        self._inside = tag
        if tag == "tr":
            self._cells = []
        elif tag in ("th", "td"):
            self._cells.append("")

    def handle_endtag(self, tag: str) -> None:
        """Keep a row."""
        self._inside = ""
        if tag == "tr":
            self.rows.setdefault(self._cells[0], " ".join(filter(None, self._cells[1:])))

    def handle_data(self, data: str) -> None:
        """Take a text."""
        if self._inside in ("th", "td"):
            self._cells[-1] += data
