"""Bugs of a backend: what it answers chargers, and what it asks of them."""

from __future__ import annotations

from bites.mutant import case, mutant

from backend.adapters import (
    ocpp_answers,
    ocpp_commands,
    ocpp_json,
    ocpp_schemas,
    registration,
)
from backend.core import (
    id_tags,
    local_list,
)
from backend.web import api, forms

CENTRAL_SYSTEMS = (
    case(
        "a StopTransaction that comes late is answered with an error",
        "TC_039_CSMS",
        (
            ocpp_answers._stop_transaction,
            "return Answer(odd=report.reception.leniencies + odd, work=work)",
            "return Refusal(CallErrorCode.INTERNAL_ERROR, 'too late')",
        ),
        saying="InternalError",
    ),
    case(
        "a card that is blocked is answered as one that nobody knows",
        "TC_023_3_CSMS",
        (
            ocpp_answers._authorize,
            '{"idTagInfo": card}',
            '{"idTagInfo": card if card["status"] != "Blocked" else {"status": "Invalid"}}',
        ),
        saying="idTagInfo.status=Blocked was asked for",
    ),
    case(
        "a start is answered without a transactionId",
        "TC_010_CSMS",
        (ocpp_answers._start_transaction, '{"transactionId": number, "idTagInfo"', '{"idTagInfo"'),
        saying="'transactionId' is a required property",
    ),
    case(
        "the time that chargers are told has no zone",
        "TC_001_CSMS",
        (ocpp_answers._time, '"+00:00", "Z"', '"+00:00", ""'),
        saying="is not a 'date-time'",
    ),
    case(
        "all transactions have the same id",
        "TC_003_CSMS",
        (ocpp_answers._start_transaction, '{"transactionId": number', '{"transactionId": 0'),
        saying="transactionId 0 was used before",
    ),
    case(
        "a charger that boots is told a time of long ago",
        "TC_013_CSMS",
        (
            ocpp_answers._boot_notification,
            '"currentTime": _time(sender.now)',
            '"currentTime": "1970-01-01T00:00:00.000Z"',
        ),
        saying="currentTime is 1970",
    ),
    case(
        "a card that was let in is refused at the end of its session",
        "TC_053_CSMS",
        (
            ocpp_answers._stop_transaction,
            '{"idTagInfo": card}',
            '{"idTagInfo": {"status": "Invalid"}}',
        ),
        saying="idTagInfo.status=Accepted or omitted was asked for",
    ),
    case(
        "a charger is restarted besides what was asked for",
        "TC_018_1_CSMS",
        (
            ocpp_commands.Commands._carry_out,
            "follow = _FOLLOW.get(action)",
            "await turn.call(Action('Reset'), {'type': 'Hard'})\n    follow = _FOLLOW.get(action)",
        ),
        saying="no operator wanted this Reset",
    ),
    case(
        "an operator is told Accepted whatever the charger answers",
        "TC_026_CSMS",
        (
            ocpp_commands.Commands._carry_out,
            "return answer",
            'return {**answer, "status": "Accepted"}',
        ),
        sentence="the operator was told Rejected",
    ),
    case(
        "the limit of a transaction is sent without an end",
        "TC_057_CSMS",
        (
            ocpp_commands.Commands._carry_out,
            "self._lines.registrations.asked(station, action, exact)",
            "exact.get('csChargingProfiles', {}).get('chargingSchedule', {}).pop('duration', 0)",
        ),
        saying="duration",
    ),
    case(
        "all reservations have the same id",
        "TC_051_CSMS",
        (
            ocpp_commands.Commands._reserve,
            "number = await",
            "number = 1\n    await",
        ),
        saying="reservationId 1 was used before",
    ),
    case(
        "a local list is cut to its first card",
        "TC_043_4_CSMS",
        (
            local_list.Update.payload,
            '"localAuthorizationList": entries',
            '"localAuthorizationList": entries[:1]',
        ),
        sentence="local list holds",
    ),
    case(
        "a local list that the charger could not take counts as taken",
        "TC_043_3_CSMS",
        (ocpp_commands._listed, "if status == ACCEPTED:", "if True:"),
        saying="SendLocalList.req with updateType",
    ),
)

ASKING = (
    mutant(
        "an action that OCPP does not know is refused as one that is not supported",
        "COL-01",
        "was answered with NotImplemented",
        (ocpp_answers.answer, "CallErrorCode.NOT_IMPLEMENTED", "CallErrorCode.NOT_SUPPORTED"),
        only="that OCPP does not know",
    ),
    mutant(
        "a heartbeat is answered without the time",
        "COL-01",
        "the backend has answered",
        (ocpp_answers._heartbeat, '{"currentTime": _time(sender.now)}', "{}"),
        only="is_answered_over_wire",
    ),
    mutant(
        "a command is sent as its caller writes it, good or not",
        "COL-01",
        "was asked no",
        (ocpp_commands.Commands._allowed, "exact = checked(action, payload)", "exact = payload"),
        only="connectorId breaks minimum",
    ),
    mutant(
        "a reservation is asked for under an id that is no number",
        "COL-01",
        "was asked ReserveNow",
        (
            ocpp_commands.Commands.run,
            'if action == "ReserveNow":',
            'payload = {**payload, "reservationId": 0}\n    if action == "never":',
        ),
        only="by_a_scenario_command[ReserveNow",
    ),
    mutant(
        "limits are cut to whole amperes on their way",
        "COL-01",
        "was asked SetChargingProfile",
        (ocpp_schemas._exact, "return Decimal(str(value))", "return int(value)"),
        (
            ocpp_schemas._exact,
            "return value\n",
            "return int(value) if isinstance(value, Decimal) else value\n",
        ),
        only="by_a_scenario_command[SetChargingProfile",
    ),
    mutant(
        "the API says Accepted whatever the charger answers",
        "COL-01",
        "who sent it was told",
        (api.Api.command, '"answer": masked(answer)', '"answer": {"status": "Accepted"}'),
        only="over_the_api_command[ClearChargingProfile",
    ),
    mutant(
        "the page sends a form without its nested fields",
        "COL-01",
        "has been asked SetChargingProfile once",
        (
            forms.payload_of,
            "found = _read",
            "values = {k: v for k, v in values.items() if '.' not in k}\n    found = _read",
        ),
        only="from_the_page_command[SetChargingProfile",
    ),
    mutant(
        "a pending charger is told to start a session",
        "COL-01",
        "was asked no RemoteStartTransaction",
        (registration.Registrations.check, "if status == ACCEPTED or", "if True or"),
        only="is_asked_for_no_session",
    ),
    mutant(
        "frames are shown with the keys in them",
        "COL-01",
        "shows of",
        (ocpp_json.CentralSystem.show, "masked_frame(text)", "text"),
        only="shown_nowhere",
    ),
    mutant(
        "what a pending charger measures is refused",
        "COL-02",
        "EW Seedorf holds for",
        (registration.may_come, "or action in _ALWAYS", ""),
        only="before_the_boot_is_accepted",
    ),
)

CARDS = (
    mutant(
        "a card is known only with its bytes in the order in which it was entered",
        "INC-06",
        "has authorised the idTag",
        (id_tags.find_card, "other is not None and other in known", "False"),
    ),
)
