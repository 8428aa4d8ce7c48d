"""Misbehaviours of chargers, by what they are about."""

from __future__ import annotations

from bites.mutant import case, mutant

from simulators.charger_inch import (
    authority,
    cards,
    configuration,
    connector,
    device,
    electric,
    line_io,
    maintenance,
    measurements,
    metering,
    ocpp_json_io,
    outbox,
    page,
    requests,
    reservations,
    smart_charging,
    status_reports,
    vendor_data,
)

STARTS_AND_STOPS = (
    case(
        "a session ends with Finishing, and without a StopTransaction",
        "TC_012_CS",
        (
            connector.Connector._stop,
            'self._outbox.add_of_transaction(Message("StopTransaction", stop, transaction))',
            "pass",
        ),
        saying="StopTransaction.req with reason=Remote",
    ),
    case(
        "a transaction ends with less than it began with",
        "TC_012_CS",
        (connector.Connector._stop, '"meterStop": self._register_wh(now)', '"meterStop": -1'),
        saying="meterStop is less",
    ),
    case(
        "a transaction begins with a register that is not the meter's",
        "TC_003_CS",
        (
            connector.Connector._begin_transaction,
            "self._register_wh(now) if meter_start_wh is None else meter_start_wh",
            "987654321",
        ),
        saying="the register is",
    ),
    case(
        "a transaction begins before the cable is in",
        "TC_004_1_CS",
        (
            connector.Connector._accept,
            "if self._outlet.car is not None:",
            "if True:",
        ),
        saying="StartTransaction.req",
    ),
    case(
        "a card of any group ends the transaction",
        "TC_069_CS",
        (connector.Connector._stop_with, "group and info.parent_id_tag == group and", "group and"),
        saying="Bert's card was asked for",
    ),
    case(
        "a card that the cache lets in is asked for all the same",
        "TC_007_CS",
        (
            connector.Connector._ask,
            "self._authority.lets_in_at_once(id_tag, now)",
            "False",
        ),
        saying="Authorize.req",
    ),
    case(
        "a charger that is broken charges all the same",
        "TC_041_CS",
        (connector.Connector.refusal_of_start, "if self.is_faulted or", "if"),
        (connector.Connector._accept, "if self.is_faulted or", "if"),
        saying="status=Rejected",
    ),
    case(
        "a car that is plugged in is not told as Preparing",
        "TC_003_CS",
        (
            connector.Connector._situation,
            "in_use=self.cable_is_in or self._authorized is not None",
            "in_use=False",
        ),
        saying="Preparing",
    ),
    case(
        "the end of a session is told as Available while the cable is in",
        "TC_012_CS",
        (
            connector.Connector._stop,
            "self._after_transaction = self.cable_is_in and not self.is_out_of_service",
            "self._after_transaction = False",
        ),
        saying="Finishing",
    ),
    case(
        "a session is told as Charging before it has begun",
        "TC_004_1_CS",
        (
            connector.Connector._situation,
            "in_transaction=self.transaction is not None",
            "in_transaction=self.transaction is not None or self._authorized is not None",
        ),
        (
            connector.Connector._situation,
            "flows=self._outlet.flow_at(now).power_nw > 0",
            "flows=True",
        ),
        saying="Preparing",
    ),
    case(
        "a car that leaves is told as somebody's wish to stop",
        "TC_005_1_CS",
        (
            connector.Connector.unplug_car,
            'self._stop("EVDisconnected", now)',
            'self._stop("Local", now)',
        ),
        saying="EVDisconnected",
    ),
    case(
        "a car that leaves ends its transaction, whatever is set",
        "TC_005_3_CS",
        (
            connector.Connector.unplug_car,
            'self._configuration.is_on("StopTransactionOnEVSideDisconnect")',
            "True",
        ),
        saying="SuspendedEV",
    ),
    case(
        "the stop does not name the card that ended it",
        "TC_069_CS",
        (connector.Connector._stop, '{"idTag": id_tag}', "{}"),
        saying="idTag",
    ),
    case(
        "a cleared cache still lets cards in",
        "TC_061_CS",
        (authority.Authority.clear_cache, "self._memory.empty(CACHE)", "pass"),
        saying="Authorize.req",
    ),
    case(
        "a card that the backend calls Invalid begins a session",
        "TC_023_CS",
        (connector.Connector.authorized, "elif info.is_good(now):", "elif True:"),
        saying="nothing more was asked for",
    ),
    case(
        "a lock that fails keeps nothing from charging",
        "TC_024_CS",
        (connector.Connector._start, "if not self._lock():", "if False:"),
        saying="Faulted",
    ),
    mutant(
        "StopTransaction has no transactionData, whatever is asked for",
        "INC-15",
        "the transactionData of",
        (connector.Connector._stop, "if data:", "if False:"),
        only="stoptxnsampleddata_and",
    ),
)

BOOTS = (
    case(
        "a charger that is rejected goes on as if it were accepted",
        "TC_001_CS",
        (
            device.Device._on_boot_answer,
            '_Registration(payload["status"])',
            '_Registration("Accepted")',
        ),
        saying="is Rejected, and asks",
    ),
    case(
        "a charger that is rejected does not wait as long as it was told",
        "TC_001_CS",
        (device.Device._on_boot_answer, "seconds=wait_s", "seconds=1"),
        saying="BootNotification.req",
    ),
    case(
        "a charger that is rejected asks for a card",
        "TC_001_CS",
        (
            device.Device._on_boot_answer,
            "wait_s = interval_s",
            "self.outbox.add(Message('Authorize', {'idTag': 'A'}))\n        wait_s = interval_s",
        ),
        saying="is Rejected, and asks",
    ),
    case(
        "a Heartbeat comes every five minutes, whatever was told",
        "TC_001_CS",
        (
            device.Device._plan_heartbeat,
            'self.configuration.number("HeartbeatInterval")',
            "300",
        ),
        saying="Heartbeat.req, 120 s later",
    ),
    case(
        "being out of service is forgotten at a boot",
        "TC_013_CS",
        (
            connector.Connector.start_up,
            'self.shown = "ready"',
            "self._memory.empty(SERVICE)",
        ),
        saying="Unavailable",
    ),
    case(
        "a hard reset is told as a loss of power",
        "TC_015_CS",
        (device.Device.reset, 'f"{kind}Reset"', '"PowerLoss"'),
        saying="PowerLoss",
    ),
    case(
        "times are written without their zone",
        "TC_003_CS",
        (measurements.stamp, '"+00:00", "Z"', '"+00:00", ""'),
        saying="is not a 'date-time'",
    ),
    case(
        "all messages bear the same id",
        "TC_003_CS",
        (device.Device._next_number, 'f"{self._calls:x}"', '"1"'),
        saying="was used before",
    ),
    mutant(
        "it calls itself by the name of another model",
        "INC-01",
        "has said of itself",
        (device.Device.say_boot, '"chargePointModel": MODEL', '"chargePointModel": "INCH Duo"'),
    ),
    mutant(
        "it says nothing of connector 0",
        "INC-01",
        "the status of connectors 0 and 1",
        (
            status_reports.StatusReports.report,
            "connectors or (CHARGER, CONNECTOR)",
            "connectors or (CONNECTOR,)",
        ),
        (status_reports.StatusReports._tell_charger, "if self._online()", "if False"),
        only="introduces",
    ),
    mutant(
        "it boots at a backend whose certificate nobody it trusts has signed",
        "INC-02",
        "the charger has said no BootNotification.req",
        (
            line_io._trust,
            "ssl.create_default_context(cafile=trusted)",
            "ssl._create_unverified_context()",
        ),
        only="does_not_trust",
    ),
    mutant(
        "it boots at a backend that speaks OCPP 1.5",
        "INC-02",
        "the charger has said no BootNotification.req",
        (ocpp_json_io.OcppJsonLine._open, "(WIRE,)", '(WIRE, "ocpp1.5")'),
        (ocpp_json_io.OcppJsonLine._open, "socket.subprotocol != WIRE and", "False and"),
        only="refuses_ocpp",
    ),
    mutant(
        "it sends no Heartbeat",
        "INC-03",
        "has sent each of",
        (device.Device.say_heartbeat, 'self.outbox.add(Message("Heartbeat", {}))', "pass"),
    ),
    case(
        "a charger that is pending tells its status as if it were accepted",
        "TC_002_CS",
        (device.Device._on_boot_answer, "if self.online:", "if True:"),
        saying="is Pending, and asks",
    ),
    case(
        "the order to send another Heartbeat interval is taken and not heeded",
        "TC_002_CS",
        (
            device.Device._on_boot_answer,
            'self.configuration.change("HeartbeatInterval", str(interval_s))',
            "pass",
        ),
        saying="Heartbeat.req",
    ),
    case(
        "a soft reset leaves the end of the transaction untold",
        "TC_016_CS",
        (device.Device.reset, "self.connector.stop_for(self._off_reason, now)", "pass"),
        (
            connector.Connector._end_what_ran,
            "self._outbox.add_of_transaction(message)",
            "pass",
        ),
        saying="StopTransaction.req",
    ),
    case(
        "times are local, and bear a Z",
        "TC_003_CS",
        (
            measurements.stamp,
            "instant.isoformat(timespec=",
            "(instant + __import__('datetime').timedelta(hours=2)).isoformat(timespec=",
        ),
        saying="timestamp",
    ),
    case(
        "an answer bears the id of another request",
        "TC_062_CS",
        (ocpp_json_io._answer, "ocpp_frames.result(call.number,", "ocpp_frames.result('1',"),
        saying="which is not open",
    ),
    case(
        "an answer has a field that OCPP does not know",
        "TC_062_CS",
        (
            ocpp_json_io._answer,
            "ocpp_frames.result(call.number, answer.payload)",
            "ocpp_frames.result(call.number, {**answer.payload, 'cellar': True})",
        ),
        saying="cellar",
    ),
)

VALUES = (
    case(
        "clock-aligned values are taken a second off the grid",
        "TC_071_CS",
        (metering.next_on_grid, "return min(", "return timedelta(seconds=1) + min("),
        sentence="lie on the grid of 20 s",
    ),
    case(
        "sampled values come a second late each",
        "TC_070_CS",
        (metering.Metering.plan_samples, "seconds=interval_s)", "seconds=interval_s + 1)"),
        sentence="bear times 60 s apart",
    ),
    case(
        "the current is told of one phase of three",
        "TC_082_CS",
        (
            measurements._current,
            "zip(_PHASES, reading.flow.currents_ma, strict=True)",
            "zip(_PHASES[:1], reading.flow.currents_ma[:1], strict=True)",
        ),
        sentence="the car has drawn on each phase",
    ),
    case(
        "meter values do not tell of which transaction they are",
        "TC_070_CS",
        (metering.Metering.report, 'payload["transactionId"] = None', "pass"),
        sentence="each of its meter values bears",
    ),
    case(
        "the register is told in ampere",
        "TC_070_CS",
        (measurements._energy, '"kWh"', '"A"'),
        sentence="bear times 60 s apart",
    ),
    mutant(
        "the voltage is told of one phase of three",
        "INC-09",
        "300 seconds apart and hold",
        (
            measurements._voltage,
            "zip(_PHASES, reading.supply.voltages_mv, strict=True)",
            "zip(_PHASES[:1], reading.supply.voltages_mv[:1], strict=True)",
        ),
    ),
    mutant(
        "the power is told in W",
        "INC-09",
        "300 seconds apart and hold",
        (measurements._power, '"kW"', '"W"'),
    ),
    mutant(
        "values go on when nobody charges",
        "INC-09",
        "has sent no MeterValues",
        (metering.Metering.plan_aligned, "reads = self._transaction is not None", "reads = True"),
        only="in_standby",
    ),
    case(
        "sampled values say that they are clock-aligned",
        "TC_070_CS",
        (
            metering.Metering._on_sample_due,
            '"MeterValuesSampledData", "Sample.Periodic"',
            '"MeterValuesSampledData", "Sample.Clock"',
        ),
        sentence="bear times 60 s apart",
    ),
    case(
        "clock-aligned values come by the clock of the session",
        "TC_071_CS",
        (
            metering.Metering.plan_aligned,
            "next_on_grid(now + early, interval_s) - early",
            "now + timedelta(seconds=interval_s)",
        ),
        sentence="lie on the grid of 20 s",
    ),
    case(
        "a list of measurands is taken and one of them left out",
        "TC_070_CS",
        (
            metering.Metering.report,
            "self._configuration.measurands(key) or (ENERGY,)",
            "self._configuration.measurands(key)[:-1] or (ENERGY,)",
        ),
        sentence="bear times 60 s apart",
    ),
    mutant(
        "the power is that of one phase of three",
        "INC-16",
        "agrees",
        (measurements._power, "reading.flow.power_nw", "reading.flow.power_nw // 3"),
        only="on three phases",
    ),
    mutant(
        "currents are told of the phases in the wrong order",
        "INC-16",
        "agrees",
        (measurements._current, "zip(_PHASES, reading", "zip(_PHASES[::-1], reading"),
        only="on a single phase",
    ),
    mutant(
        "the register counts 1 % too much",
        "INC-16",
        "agrees",
        (
            measurements._energy,
            "kwh_text(reading.register_fj)",
            "kwh_text(reading.register_fj * 101 // 100)",
        ),
        only="on three phases",
    ),
    mutant(
        "a cable for 20 A is charged through with 32 A",
        "INC-16",
        "was never above",
        (
            electric.offer_ma,
            "min(offered_ma(phases, supply, limit), car.cable_a * 1_000)",
            "offered_ma(phases, supply, limit)",
        ),
        only="a thin cable",
    ),
)

OFFLINE = (
    case(
        "what was measured without a line is told in reverse",
        "TC_036_CS",
        (
            outbox.Outbox.add_of_transaction,
            "self._transactions.append(self._numbered(message))",
            "self._transactions.insert(0, self._numbered(message))",
        ),
        sentence="bear times 60 s apart",
    ),
    case(
        "energy flows while the charger says that it holds it back",
        "TC_037_2_CS",
        (connector.Connector._on_allowance_used, "self._outlet.switch_off(due)", "pass"),
        sentence="its register stands still",
    ),
    case(
        "a card that nobody knows is let in without a line",
        "TC_039_CS",
        (
            authority.Authority.lets_in_offline,
            'self._configuration.is_on("AllowOfflineTxForUnknownId")',
            "True",
        ),
        saying="Anna's card",
    ),
    case(
        "a session that ends without a line is never told",
        "TC_038_CS",
        (
            outbox.Outbox.line_restored,
            "self.retry_at = None",
            "self.retry_at = None\n    self._transactions.clear()",
        ),
        saying="StopTransaction.req",
    ),
    mutant(
        "what waits is lost when the power goes",
        "INC-14",
        "has said, in this order",
        (
            outbox.Outbox.power_off,
            "self.retry_at = None",
            "self.retry_at = None\n    self._transactions.clear()\n    self.memory.empty(QUEUE)",
        ),
        only="survives_a_power_cut",
        saying="MeterValues.req",
    ),
    mutant(
        "what was told without a line is told twice",
        "INC-14",
        "has said, in this order",
        (
            outbox.Outbox.answered,
            "self._forget(message)",
            "if message is not None and self.is_old(message) and not message.failures:\n"
            "        message.failures = 1\n"
            "    else:\n"
            "        self._forget(message)",
        ),
        only="begun_and_ended_offline",
        saying="StopTransaction.req with",
    ),
    mutant(
        "what is told late bears the time at which it is told",
        "INC-14",
        "has said, in this order",
        (
            device.Device._request_of,
            "message.payload_to_send(),",
            "{**message.payload_to_send(), **({'timestamp': now.isoformat()[:19] + 'Z'} if "
            "'timestamp' in message.payload and message.transaction else {})},",
        ),
        only="begun_and_ended_offline",
        saying="timestamp",
    ),
    mutant(
        "the pauses between attempts do not grow",
        "INC-14",
        "has said, in this order",
        (outbox.Outbox.failed, "interval_s * message.failures", "interval_s"),
        only="after_growing_pauses",
        saying="60 s",
    ),
    mutant(
        "a message that the backend failed to take is given up at once",
        "INC-14",
        "has said, in this order",
        (outbox.Outbox.failed, "if message.failures >= attempts:", "if True:"),
        only="after_growing_pauses",
        saying="StopTransaction.req",
    ),
    mutant(
        "a message that the backend fails to take is sent for ever",
        "INC-14",
        "has said, in this order",
        (outbox.Outbox.failed, "if message.failures >= attempts:", "if False:"),
        only="is_given_up",
        saying="StopTransaction.req",
    ),
    mutant(
        "a message whose answer is lost is not sent again",
        "INC-14",
        "has said, in this order",
        (outbox.Outbox.line_lost, "self.in_flight = None", "self.answered()"),
        only="a_lost_answer",
        saying="StopTransaction.req",
    ),
)

CARDS = (
    case(
        "a difference to an older local list is taken",
        "TC_043_2_CS",
        (authority.Authority.update, "version <= self.version", "version < 0"),
        saying="VersionMismatch",
    ),
    case(
        "a difference to the local list takes its place",
        "TC_043_CS",
        (authority.Authority.update, 'if kind == "Full":', "if True:"),
        sentence="the charger has said no Authorize.req",
    ),
    case(
        "a card that the local list blocks is let in",
        "TC_008_CS",
        (authority.Authority.lets_in_at_once, "and info.is_good(now)", ""),
        saying="StartTransaction.req",
    ),
    mutant(
        "a local list of more than 10,000 cards is cut in silence",
        "INC-10",
        "has said, in this order",
        (
            authority.Authority.update,
            "for key, info in changes.items():",
            "for key, info in [*changes.items()][:10_000]:",
        ),
        only="more_than_100",
        saying="StartTransaction.req",
    ),
    mutant(
        "a card that was taken out of the local list begins a session without a line",
        "INC-10",
        "has said, in this order",
        (authority.Authority.update, "self._memory.forget(LIST, key)", "pass"),
        only="updated_in_part",
        saying="the last card of the list was asked for",
    ),
    case(
        "a local list that could not be kept is told as taken",
        "TC_043_3_CS",
        (requests.Requests._on_send_local_list, '{"status": "Failed"}', '{"status": "Accepted"}'),
        saying="Failed",
    ),
    case(
        "a local list is taken although lists are switched off",
        "TC_043_1_CS",
        (
            authority.Authority.update,
            'if not self._configuration.is_on("LocalAuthListEnabled"):',
            "if False:",
        ),
        saying="NotSupported",
    ),
    case(
        "a difference of the version that the list has is taken",
        "TC_043_2_CS",
        (authority.Authority.update, "version <= self.version", "version < self.version"),
        saying="VersionMismatch",
    ),
    mutant(
        "a card is written in the order in which it is printed",
        "INC-06",
        "has authorised the idTag",
        (cards.id_tag_of, "uid[::-1]", "uid"),
        only="little",
    ),
)

REMOTE = (
    case(
        "a remote start is accepted where a transaction runs",
        "TC_026_CS",
        (
            connector.Connector.refusal_of_start,
            'return "the connector is taken"',
            'return ""',
        ),
        saying="status=Rejected",
    ),
    case(
        "a connector that is not there is unlocked",
        "TC_031_CS",
        (connector.Connector.unlock_remotely, "if connector != CONNECTOR or", "if"),
        saying="NotSupported",
    ),
    case(
        "a card is let in from afar and never asked for",
        "TC_010_CS",
        (
            connector.Connector.start_remotely,
            "self._ask(id_tag, now, remotely=True)",
            "self._accept(self._authorize(id_tag, remotely=True), now)",
        ),
        sentence="it has asked for the card",
    ),
    case(
        "a remote start at connector 0 begins at connector 1",
        "TC_027_CS",
        (connector.Connector.refusal_of_start, "if connector != CONNECTOR:", "if False:"),
        saying="status=Rejected",
    ),
    case(
        "a remote stop ends what runs, whichever it names",
        "TC_028_CS",
        (connector.Connector.stop_remotely, "or self.transaction.number != number", ""),
        saying="Rejected",
    ),
    mutant(
        "a remote stop of what does not run is told as Accepted",
        "INC-04",
        "has said, in this order",
        (requests.Requests._on_remote_stop, '"Accepted" if done else "Rejected"', '"Accepted"'),
        only="[RemoteStopTransaction",
        saying="Rejected",
    ),
    mutant(
        "diagnostics are promised without the name of their file",
        "INC-04",
        "has said, in this order",
        (
            maintenance.Maintenance.get_diagnostics,
            'return {"fileName": self._file_name(now)}',
            "return {}",
        ),
        saying="fileName",
    ),
    mutant(
        "what is known and not done is answered as unknown",
        "INC-05",
        "has said, in this order",
        (requests.Requests.refusal_of, '"NotSupported"', '"NotImplemented"'),
        saying="NotSupported",
    ),
    case(
        "an unlock leaves the transaction running",
        "TC_018_1_CS",
        (connector.Connector.unlock_remotely, 'self._stop("UnlockCommand", now)', "pass"),
        saying="StopTransaction.req",
    ),
    case(
        "a lock that does not move is told as unlocked",
        "TC_030_CS",
        (connector.Connector.unlock_remotely, 'return "UnlockFailed"', 'return "Unlocked"'),
        saying="UnlockFailed",
    ),
    case(
        "a trigger is Accepted and nothing comes of it",
        "TC_054_CS",
        (requests.Requests._on_trigger_message, "trigger(connector, now)", "pass"),
        saying="MeterValues.req",
    ),
    case(
        "a trigger is accepted for a connector that is not there",
        "TC_055_CS",
        (
            requests.Requests._on_trigger_message,
            "connector not in (None, CHARGER, CONNECTOR) or",
            "",
        ),
        saying="Rejected",
    ),
    case(
        "triggered values do not say that they were triggered",
        "TC_054_CS",
        (requests.Requests._report_values, '"Trigger"', '"Sample.Periodic"'),
        saying="Trigger",
    ),
    mutant(
        "a message of a vendor that nobody knows is accepted",
        "INC-13",
        "has said, in this order",
        (
            requests.Requests._on_data_transfer,
            '{"status": "UnknownVendorId"}',
            '{"status": "Accepted"}',
        ),
        only="vendor",
        saying="UnknownVendorId",
    ),
    mutant(
        "a vendor's message is accepted with a content that it cannot have",
        "INC-13",
        "has said, in this order",
        (
            vendor_data.VendorMessage.takes,
            "if not isinstance(data, dict) or not self.fields.keys() <= data.keys():",
            "if False:",
        ),
        only="vendor",
        saying="Rejected",
    ),
    case(
        "availability is told as changed, and stays as it was",
        "TC_034_CS",
        (
            connector.Connector.change_availability,
            "self._memory.put(SERVICE, str(number), False)",
            "pass",
        ),
        saying="Unavailable",
    ),
)

RESERVING = (
    case(
        "a transaction does not tell whose reservation it used",
        "TC_046_1_CS",
        (
            connector.Connector._begin_transaction,
            'start["reservationId"] = reservation.number',
            "pass",
        ),
        saying="reservationId=7",
    ),
    case(
        "a card is let in whoever the connector is reserved for",
        "TC_046_1_CS",
        (
            connector.Connector._show_card_first,
            "reservation = self.reservations.current",
            "reservation = None",
        ),
        (
            connector.Connector._accept,
            "reservation = self.reservations.current",
            "reservation = None",
        ),
        saying="StartTransaction.req",
    ),
    case(
        "a remote start is taken whoever the connector is reserved for",
        "TC_046_2_CS",
        (
            connector.Connector.refusal_of_start,
            "reservation = self.reservations.current",
            "reservation = None",
        ),
        (
            connector.Connector._accept,
            "reservation = self.reservations.current",
            "reservation = None",
        ),
        saying="StartTransaction.req",
    ),
    case(
        "any group of cards may use what is reserved for one",
        "TC_053_CS",
        (reservations.Reservation.is_for, 'group != "" and group == parent_id_tag', 'group != ""'),
        saying="StartTransaction.req",
    ),
    case(
        "a reservation ends although its cancellation was refused",
        "TC_052_CS",
        (
            connector.Connector.cancel_reservation,
            "return False",
            "return bool(self.reservations.end() and False)",
        ),
        sentence="the charger has said no StartTransaction.req",
    ),
    case(
        "a connector that is broken can be reserved",
        "TC_048_1_CS",
        (connector.Connector.reserve, "if self.is_faulted:", "if False:"),
        saying="Faulted",
    ),
    case(
        "a connector with a car is reserved for somebody else",
        "TC_048_2_CS",
        (connector.Connector.reserve, "if not (self.status is Status.AVAILABLE", "if not (True"),
        saying="Occupied",
    ),
    case(
        "a connector out of service can be reserved",
        "TC_048_3_CS",
        (connector.Connector.reserve, "if self.is_out_of_service:", "if False:"),
        saying="Unavailable",
    ),
    case(
        "a reservation does not end by itself",
        "TC_047_CS",
        (
            connector.Connector.reserve,
            "self._timers.set(Timer.RESERVATION, reservation.expires)",
            "pass",
        ),
        saying="Available",
    ),
    case(
        "a reservation is taken and not told as Reserved",
        "TC_046_1_CS",
        (
            connector.Connector._situation,
            "reserved=self.reservations.current is not None",
            "reserved=False",
        ),
        saying="Reserved",
    ),
    case(
        "a charger that takes no reservations says that it does",
        "TC_050_4_CS",
        (requests.Requests._on_reserve_now, "or not self._accepts_reservations", ""),
        saying="Rejected",
    ),
)

LIMITS = (
    case(
        "a charging profile outlives the transaction that it is for",
        "TC_057_CS",
        (
            smart_charging.Profiles.end_transaction,
            "self._installed = {",
            "_ = {",
        ),
        sentence="the car has drawn on each phase",
    ),
    case(
        "a charging profile is accepted and not followed",
        "TC_072_CS",
        (
            connector.Connector._apply_limit,
            "self._outlet.limit_to(now, self._profiles.limit_at(now, self.transaction))",
            "pass",
        ),
        sentence="the car has drawn on each phase",
    ),
    case(
        "of two profiles the lower one prevails",
        "TC_072_CS",
        (smart_charging.Profiles._stack, "reverse=True", "reverse=False"),
        sentence="the car has drawn on each phase",
    ),
    case(
        "a profile that was cleared goes on to limit",
        "TC_067_CS",
        (smart_charging.Profiles.clear, "del self._installed[place]", "pass"),
        sentence="the car has drawn on each phase",
    ),
    mutant(
        "a limit goes on when its schedule is over",
        "INC-16",
        "the car has drawn on each phase",
        (
            smart_charging._Profile.allowance_at,
            "if self.ends_s is not None and position_s >= self.ends_s:",
            "if False:",
        ),
        only="with the duration",
    ),
    mutant(
        "a limit goes on when it is not valid any more",
        "INC-16",
        "the car has drawn on each phase",
        (
            smart_charging._Profile._is_valid,
            "self.valid_to is None or instant < self.valid_to",
            "True",
        ),
        only="with its validity",
    ),
    case(
        "only the first period of a schedule is followed",
        "TC_059_CS",
        (
            smart_charging._Profile.allowance_at,
            "bisect_right(self.periods, position_s, key=_start_s) - 1",
            "0",
        ),
        sentence="the car has drawn on each phase",
    ),
    case(
        "a remote start's profile is accepted and forgotten",
        "TC_059_CS",
        (smart_charging.Profiles.begin_transaction, "self._put(self._awaiting)", "pass"),
        sentence="the car has drawn on each phase",
    ),
    case(
        "a profile for a transaction that does not run is accepted",
        "TC_058_1_CS",
        (
            smart_charging.Profiles.install,
            "_check_transaction(profile, read.purpose, transaction)",
            "pass",
        ),
        saying="Rejected",
    ),
    case(
        "a remote start is accepted with a profile that is for no transaction",
        "TC_060_CS",
        (
            smart_charging.Profiles.install_with_remote_start,
            "if read.purpose is not Purpose.TX:",
            "if False:",
        ),
        saying="Rejected",
    ),
)

CONFIGURING = (
    case(
        "a key that is not there is refused as one that cannot be changed",
        "TC_040_1_CS",
        (configuration.Configuration.change, 'return "NotSupported"', 'return "Rejected"'),
        saying="NotSupported",
    ),
    case(
        "all keys are told to be writable",
        "TC_019_CS",
        (
            configuration.Configuration.entries,
            '"readonly": self._is_read_only(key)',
            '"readonly": False',
        ),
        sentence="the charger has the configuration keys",
    ),
    mutant(
        "a key that can only be read is written",
        "INC-15",
        "answers the change of",
        (configuration.Configuration.change, "if self._is_read_only(key)", "if False"),
        only="read_only",
    ),
    mutant(
        "a change is Accepted, shown, and not heeded",
        "INC-15",
        "has sent Heartbeat at",
        (configuration.Configuration.change, "self._in_force[key.name] = accepted", "pass"),
        only="heartbeatinterval_is",
    ),
    mutant(
        "a change is Accepted and forgotten at the next power cut",
        "INC-15",
        "shows ConnectionTimeOut as",
        (
            configuration.Configuration.boot,
            "self._in_force = dict(self._values)",
            "self._values = dict(self._set_up_values)\n    self._in_force = dict(self._values)",
        ),
        only="outlives_a_power_cut",
    ),
    mutant(
        "RebootRequired is answered, and holds at once",
        "INC-15",
        "say in meterValue",
        (
            configuration.Configuration.change,
            "if key.name in after_reboot:",
            "self._in_force[key.name] = accepted\n    if key.name in after_reboot:",
        ),
        only="is_rebootrequired",
    ),
    mutant(
        "a list of measurands holds only after a boot, and is answered Accepted",
        "INC-15",
        "answers the change of",
        (configuration.Configuration.change, 'return "RebootRequired"', 'return "Accepted"'),
        only="is_rebootrequired",
    ),
    mutant(
        "statuses are told however short they were",
        "INC-15",
        "has told the statuses",
        (status_reports.StatusReports._tell_soon, "if wait_s == 0:", "if True:"),
        only="minimumstatusduration",
    ),
)

MAINTAINING = (
    case(
        "firmware is fetched before the time for it",
        "TC_044_1_CS",
        (maintenance.Maintenance.update_firmware, "now if due is None else max(due, now)", "now"),
        saying="Downloading",
    ),
    mutant(
        "diagnostics are told as uploaded that nobody took",
        "INC-07",
        "has said, in this order",
        (maintenance.Maintenance._uploaded, "if not problem:", "if True:"),
        only="cannot_be_brought",
        saying="UploadFailed",
    ),
    mutant(
        "diagnostics are brought without the user of their location",
        "INC-07",
        "has said, in this order",
        (
            maintenance.Maintenance._upload,
            "order.location, self",
            "order.location.replace('@', '.'), self",
        ),
        only="diagnostics_are_brought",
        saying="UploadFailed",
    ),
    mutant(
        "diagnostics are no zip",
        "INC-07",
        "the depot holds the diagnostics",
        (
            maintenance.Maintenance._upload,
            "archive(self._report(order.start, order.stop), now)",
            "b'diagnostics'",
        ),
        only="diagnostics_are_brought",
    ),
    mutant(
        "diagnostics are no ASCII",
        "INC-07",
        "are a zip of ASCII files",
        (maintenance.archive, 'text.encode("ascii", "backslashreplace")', '(text + "ü").encode()'),
        only="diagnostics_are_brought",
    ),
    mutant(
        "Downloaded is never told",
        "INC-08",
        "has said, in this order",
        (maintenance.Maintenance._downloaded, 'self._tell_firmware("Downloaded")', "pass"),
        only="by_wire",
        saying="Downloaded",
    ),
    mutant(
        "the firmware is named by its old version after the boot",
        "INC-08",
        "has said, in this order",
        (
            maintenance.Maintenance.version,
            'self._memory.get(FIRMWARE, "version") or factory',
            "factory",
        ),
        only="by_wire",
        saying="firmwareVersion",
    ),
    mutant(
        "firmware is installed while somebody charges",
        "INC-08",
        "has said, in this order",
        (maintenance.Maintenance.try_to_install, "or not self._may_install()", ""),
        only="whoever_charges",
        saying="Installing",
    ),
    mutant(
        "what is no firmware is installed",
        "INC-08",
        "has said, in this order",
        (maintenance.Maintenance._install, 'version_in(self._archive or b"")', "'9.9'"),
        only="no_firmware",
        saying="InstallationFailed",
    ),
    case(
        "a download that failed is not told",
        "TC_044_2_CS",
        (maintenance.Maintenance._end_firmware, "self._tell_firmware(status)", "pass"),
        saying="DownloadFailed",
    ),
    case(
        "an upload is tried again although no retries were asked for",
        "TC_045_2_CS",
        (maintenance._order, 'max(0, payload.get("retries", 0))', "2"),
        sentence="the charger has come to the depot once",
    ),
    mutant(
        "an error does not bear the vendor's code",
        "INC-11",
        "has said, in this order",
        (connector.Connector._details, "if self.error.vendor_error_code:", "if False:"),
        saying="vendorErrorCode",
    ),
    mutant(
        "a weak signal is told as a charger that is broken",
        "INC-11",
        "has said, in this order",
        (
            connector.Connector.is_faulted,
            "self.error is not None and self.error.faulted",
            "self.error is not None",
        ),
        only="[WeakSignal",
        saying="Available",
    ),
)

PAGE = (
    mutant(
        "the page takes a key and does not set it",
        "INC-12",
        "300 seconds apart and hold",
        (page.configure, "await charger.configure(key, value, person=person)", '"Accepted"'),
        only="an_interval_is_set",
    ),
    mutant(
        "the page shows the register for the energy of the session",
        "INC-12",
        "the energy that",
        (page._transaction, "register_wh - running.meter_start_wh", "register_wh"),
        only="what_the_charger_tells",
    ),
)
