"""What is sent where, and when: ``[[task]]``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from backend.core.corrections import CHANGED, EXTENTS, OFF
from backend.core.exports import DAILY, SCHEDULES, Plan, Trigger, spread
from backend.core.file_names import check_name
from backend.core.id_tags import canonical
from backend.settings.section import Section, read_day

#: The schedule of a task that only a person starts.
NOW = "now"
#: What of its sources a task exports (document 002 "Measured values to be exported").
MEASURED, VIRTUAL_TARIFFS = "measured", "virtual tariffs"
#: What a task can take, and how each is named.
TASK_SOURCES = {
    "stations": "identities",
    "groups": "names of station groups",
    "meters": "names of meters",
    "folders": "names of folders",
    "cards": "numbers of cards, as their tables have them",
}


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """
    What is sent where, and when (ISE-09).

    Attributes:
        stations: identities, or None for all stations of the account.
        schedule: one of `exports.SCHEDULES`, or ``now`` for one that only a person starts.
        plan: what is delivered when; None for ``now``.
        start: the first local day that it delivers by itself; None for the day on which it
            could first do so.
        corrections: what is delivered again when late readings change it, one of
            `corrections.EXTENTS`.
        groups, meters, folders, cards: by name, cards by idTag in canonical form; None for all
            of the account.
        values: ``measured``, or the ``virtual tariffs`` of its folders.
    """

    account: str
    name: str
    stations: tuple[str, ...] | None
    format: str
    destination: str
    schedule: str
    plan: Plan | None
    start: date | None = None
    corrections: str = CHANGED
    groups: tuple[str, ...] | None = ()
    meters: tuple[str, ...] | None = ()
    folders: tuple[str, ...] | None = ()
    cards: tuple[str, ...] | None = ()
    values: str = MEASURED


def read_task(section: Section) -> TaskSettings:
    """Read a task."""
    name = check_name(section.text("name"), f"{section.where}, key 'name'")
    schedule = section.choice("schedule", (*SCHEDULES, NOW), DAILY)
    plan = _plan(section, name, schedule)
    sources = _task_sources(section)
    return TaskSettings(
        account=section.text("account"),
        name=name,
        stations=sources.pop("stations"),
        format=section.text("format"),
        destination=section.text("destination"),
        schedule=schedule,
        plan=plan,
        start=_start(section, plan),
        corrections=section.choice("corrections", EXTENTS, OFF if plan is None else CHANGED),
        values=section.choice("values", (MEASURED, VIRTUAL_TARIFFS), MEASURED),
        **sources,
    )


def _plan(section: Section, name: str, schedule: str) -> Plan | None:
    at = section.take("at")
    if schedule == NOW:
        for key in ("at", "trigger"):
            if section.take(key) is not None:
                raise section.error(key, f"has no meaning with schedule {NOW!r}", "take it out")
        return None
    trigger = Trigger(section.choice("trigger", [each.value for each in Trigger], Trigger.TIME))
    if at is not None and (schedule != DAILY or trigger is not Trigger.TIME):
        raise section.error(
            "at",
            f"has no meaning with schedule {schedule!r} and trigger {trigger.value!r}",
            "take it out",
        )
    minutes = SCHEDULES[schedule]
    at = None if at is None else _time(section, at)
    return Plan(minutes, trigger, at, spread(name, minutes))


def _start(section: Section, plan: Plan | None) -> date | None:
    """Read the first day that a task exports; TOML has a form for days."""
    value = section.take("start")
    if value is None:
        return None
    if plan is None:
        raise section.error("start", f"has no meaning with schedule {NOW!r}", "take it out")
    return read_day(section, "start", value)


def _task_sources(section: Section) -> dict[str, tuple[str, ...] | None]:
    """Read what a task takes; one that says nothing of it takes all stations."""
    given = [key for key in TASK_SOURCES if section.mapping.get(key) is not None] or ["stations"]
    found: dict[str, tuple[str, ...] | None] = {}
    for key, thing in TASK_SOURCES.items():
        if key in given and section.mapping.get(key) is not None:
            found[key] = section.names(key, thing)
        else:
            section.take(key)
            found[key] = None if key in given else ()
    cards = found["cards"]
    found["cards"] = None if cards is None else tuple(canonical(one) for one in cards)
    return found


def _time(section: Section, value: object) -> time:
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    try:
        if isinstance(value, str) and len(value) == 5:
            return time.fromisoformat(value)
    except ValueError:
        pass  # told below, together with what has another length or type
    raise section.error("at", f"is {value!r}", 'write a local time as "HH:MM"')
