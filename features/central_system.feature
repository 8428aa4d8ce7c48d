@central-system
Feature: COL The central system and its chargers
  Whatever an INCH says is answered, whatever it can be asked can be asked in three ways, and what is particular about a
  model is data.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna's card has the UID 77:FD:2A:FA

  @COL-01 @must
  Scenario Outline: Each message of the INCH is answered, over <wire>
    Given chargers speak OCPP 1.6 over <wire>
    And Anna charges at "Dorfplatz" from 08:00 to 09:00
    And the backend asks "Dorfplatz" at 10:00 for DiagnosticsStatusNotification and FirmwareStatusNotification
    And "Dorfplatz" passes on a vendor's message at 11:00
    When the clock reaches 12:00
    Then the backend has answered "Dorfplatz"
      | message                       | answer |
      | BootNotification              | {"status":"Accepted","currentTime":"2025-06-02T22:00:00.000Z","interval":900} |
      | Heartbeat                     | {"currentTime":"2025-06-02T22:15:00.000Z"} |
      | Authorize                     | {"idTagInfo":{"status":"Accepted"}} |
      | StartTransaction              | {"transactionId":1,"idTagInfo":{"status":"Accepted"}} |
      | StatusNotification            | {} |
      | MeterValues                   | {} |
      | StopTransaction               | {"idTagInfo":{"status":"Accepted"}} |
      | DiagnosticsStatusNotification | {} |
      | FirmwareStatusNotification    | {} |
      | DataTransfer                  | {"status":"UnknownVendorId"} |

    Examples:
      | wire |
      | JSON |
      | SOAP |

  @COL-01 @must
  Scenario Outline: What cannot be answered is refused with the code of OCPP-J: <what>
    Given "Dorfplatz" says at 0:05
      """
      <frame>
      """
    When the clock reaches 0:06
    Then the frame of "Dorfplatz" with the id x1 was answered with <answer>

    Examples:
      | what                               | answer                  | frame |
      | an action that OCPP does not know  | NotImplemented          | [2,"x1","Teleport",{}] |
      | an action of the other direction   | NotSupported            | [2,"x1","Reset",{"type":"Soft"}] |
      | an action that is no text          | FormationViolation      | [2,"x1",["Heartbeat"],{}] |
      | a payload that is no object        | FormationViolation      | [2,"x1","BootNotification",[1]] |
      | a card that is not named           | ProtocolError           | [2,"x1","Authorize",{}] |
      | a card whose number is a number    | TypeConstraintViolation | [2,"x1","Authorize",{"idTag":7}] |
      | a payload of null, as of no fields | {"currentTime":"…"}     | [2,"x1","Heartbeat",null] |
      | a message type of the future       | nothing                 | [9,"x1","Heartbeat",{}] |

  @COL-01 @must
  Scenario Outline: Each command of the INCH can be sent by a scenario: <command>
    When <command> <written> is sent to "Dorfplatz" by a scenario at 0:05
    Then "Dorfplatz" was asked <command> <sent> once and answered <answer>

    Examples:
      | command                | written                                                                                                                                                                                                                                                          | sent                                                                                                                                                                                                                                                             | answer |
      | CancelReservation      | {"reservationId":7}                                                                                                                                                                                                                                              | {"reservationId":7}                                                                                                                                                                                                                                              | {"status":"Rejected"} |
      | ChangeAvailability     | {"connectorId":0,"type":"Inoperative"}                                                                                                                                                                                                                           | {"connectorId":0,"type":"Inoperative"}                                                                                                                                                                                                                           | {"status":"Accepted"} |
      | ChangeConfiguration    | {"key":"MeterValueSampleInterval","value":"30"}                                                                                                                                                                                                                  | {"key":"MeterValueSampleInterval","value":"30"}                                                                                                                                                                                                                  | {"status":"Accepted"} |
      | ClearCache             | {}                                                                                                                                                                                                                                                               | {}                                                                                                                                                                                                                                                               | {"status":"Accepted"} |
      | ClearChargingProfile   | {"stackLevel":3}                                                                                                                                                                                                                                                 | {"stackLevel":3}                                                                                                                                                                                                                                                 | {"status":"Unknown"} |
      | DataTransfer           | {"vendorId":"Etrel","messageId":"None"}                                                                                                                                                                                                                          | {"vendorId":"Etrel","messageId":"None"}                                                                                                                                                                                                                          | {"status":"UnknownMessageId"} |
      | GetCompositeSchedule   | {"connectorId":1,"duration":600}                                                                                                                                                                                                                                 | {"connectorId":1,"duration":600}                                                                                                                                                                                                                                 | NotSupported |
      | GetConfiguration       | {"key":["NumberOfConnectors"]}                                                                                                                                                                                                                                   | {"key":["NumberOfConnectors"]}                                                                                                                                                                                                                                   | {"configurationKey":[{"key":"NumberOfConnectors","readonly":true,"value":"1"}],"unknownKey":[]} |
      | GetDiagnostics         | {"location":"http://127.0.0.1:9/in"}                                                                                                                                                                                                                             | {"location":"http://127.0.0.1:9/in"}                                                                                                                                                                                                                             | {"fileName":"…"} |
      | GetLocalListVersion    | {}                                                                                                                                                                                                                                                               | {}                                                                                                                                                                                                                                                               | NotSupported |
      | RemoteStartTransaction | {"connectorId":1,"idTag":"FA2AFD77"}                                                                                                                                                                                                                             | {"connectorId":1,"idTag":"FA2AFD77"}                                                                                                                                                                                                                             | {"status":"Accepted"} |
      | RemoteStopTransaction  | {"transactionId":99}                                                                                                                                                                                                                                             | {"transactionId":99}                                                                                                                                                                                                                                             | {"status":"Rejected"} |
      | ReserveNow             | {"connectorId":1,"idTag":"FA2AFD77","expiryDate":"2025-06-03T12:00:00Z"}                                                                                                                                                                                         | {"connectorId":1,"idTag":"FA2AFD77","expiryDate":"2025-06-03T12:00:00Z","reservationId":1}                                                                                                                                                                       | {"status":"Accepted"} |
      | Reset                  | {"type":"Soft"}                                                                                                                                                                                                                                                  | {"type":"Soft"}                                                                                                                                                                                                                                                  | {"status":"Accepted"} |
      | SendLocalList          | {"updateType":"Full"}                                                                                                                                                                                                                                            | {"listVersion":1,"updateType":"Full","localAuthorizationList":[{"idTag":"FA2AFD77","idTagInfo":{"status":"Accepted"}}]}                                                                                                                                          | {"status":"Accepted"} |
      | SetChargingProfile     | {"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Relative","chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16.1}]}}} | {"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Relative","chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16.1}]}}} | {"status":"Accepted"} |
      | TriggerMessage         | {"requestedMessage":"Heartbeat"}                                                                                                                                                                                                                                 | {"requestedMessage":"Heartbeat"}                                                                                                                                                                                                                                 | {"status":"Accepted"} |
      | UnlockConnector        | {"connectorId":1}                                                                                                                                                                                                                                                | {"connectorId":1}                                                                                                                                                                                                                                                | {"status":"Unlocked"} |
      | UpdateFirmware         | {"location":"http://127.0.0.1:9/f.zip","retrieveDate":"2030-01-01T00:00:00Z"}                                                                                                                                                                                    | {"location":"http://127.0.0.1:9/f.zip","retrieveDate":"2030-01-01T00:00:00Z"}                                                                                                                                                                                    | {} |

  @COL-01 @must
  Scenario Outline: Each command of the INCH can be sent over the API: <command>
    Given the backend has a web page
    When <command> <written> is sent to "Dorfplatz" over the API at 0:05
    Then "Dorfplatz" has been asked <command> once
    And who sent it was told "<told>"

    Examples:
      | command                | told             | written |
      | CancelReservation      | Rejected         | {"reservationId":7} |
      | ChangeAvailability     | Accepted         | {"connectorId":0,"type":"Inoperative"} |
      | ChangeConfiguration    | Accepted         | {"key":"MeterValueSampleInterval","value":"30"} |
      | ClearCache             | Accepted         | {} |
      | ClearChargingProfile   | Unknown          | {"stackLevel":3} |
      | DataTransfer           | UnknownMessageId | {"vendorId":"Etrel","messageId":"None"} |
      | GetCompositeSchedule   | NotSupported     | {"connectorId":1,"duration":600} |
      | GetConfiguration       | answered         | {"key":["NumberOfConnectors"]} |
      | GetDiagnostics         | answered         | {"location":"http://127.0.0.1:9/in"} |
      | GetLocalListVersion    | NotSupported     | {} |
      | RemoteStartTransaction | Accepted         | {"connectorId":1,"idTag":"FA2AFD77"} |
      | RemoteStopTransaction  | Rejected         | {"transactionId":99} |
      | ReserveNow             | Accepted         | {"connectorId":1,"idTag":"FA2AFD77","expiryDate":"2025-06-03T12:00:00Z"} |
      | Reset                  | Accepted         | {"type":"Soft"} |
      | SendLocalList          | Accepted         | {"updateType":"Full"} |
      | SetChargingProfile     | Accepted         | {"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Relative","chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16.1}]}}} |
      | TriggerMessage         | Accepted         | {"requestedMessage":"Heartbeat"} |
      | UnlockConnector        | Unlocked         | {"connectorId":1} |
      | UpdateFirmware         | answered         | {"location":"http://127.0.0.1:9/f.zip","retrieveDate":"2030-01-01T00:00:00Z"} |

  @COL-01 @must
  Scenario Outline: Each command of the INCH can be sent from the page: <command>
    Given the backend has a web page
    When <command> <written> is sent to "Dorfplatz" from the page at 0:05
    Then "Dorfplatz" has been asked <command> once
    And who sent it was told "<told>"

    Examples:
      | command                | told             | written |
      | CancelReservation      | Rejected         | {"reservationId":7} |
      | ChangeAvailability     | Accepted         | {"connectorId":0,"type":"Inoperative"} |
      | ChangeConfiguration    | Accepted         | {"key":"MeterValueSampleInterval","value":"30"} |
      | ClearCache             | Accepted         | {} |
      | ClearChargingProfile   | Unknown          | {"stackLevel":3} |
      | DataTransfer           | UnknownMessageId | {"vendorId":"Etrel","messageId":"None"} |
      | GetCompositeSchedule   | NotSupported     | {"connectorId":1,"duration":600} |
      | GetConfiguration       | answered         | {"key":["NumberOfConnectors"]} |
      | GetDiagnostics         | answered         | {"location":"http://127.0.0.1:9/in"} |
      | GetLocalListVersion    | NotSupported     | {} |
      | RemoteStartTransaction | Accepted         | {"connectorId":1,"idTag":"FA2AFD77"} |
      | RemoteStopTransaction  | Rejected         | {"transactionId":99} |
      | ReserveNow             | Accepted         | {"connectorId":1,"idTag":"FA2AFD77","expiryDate":"2025-06-03T12:00:00Z"} |
      | Reset                  | Accepted         | {"type":"Soft"} |
      | SendLocalList          | Accepted         | {"updateType":"Full"} |
      | SetChargingProfile     | Accepted         | {"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Relative","chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16.1}]}}} |
      | TriggerMessage         | Accepted         | {"requestedMessage":"Heartbeat"} |
      | UnlockConnector        | Unlocked         | {"connectorId":1} |
      | UpdateFirmware         | answered         | {"location":"http://127.0.0.1:9/f.zip","retrieveDate":"2030-01-01T00:00:00Z"} |

  @COL-01 @must
  Scenario: A session can be stopped from afar
    Given Anna charges at "Dorfplatz" from 08:00 to 11:00
    When RemoteStopTransaction {"transactionId":1} is sent to "Dorfplatz" by a scenario at 10:00
    Then "Dorfplatz" was asked RemoteStopTransaction {"transactionId":1} once and answered {"status":"Accepted"}

  @COL-01 @must
  Scenario Outline: Nothing invalid leaves the backend: <command>
    Given the backend has a web page
    When <command> <written> is sent to "Dorfplatz" over the API at 0:05
    Then "Dorfplatz" was asked no <command>
    And who sent it was told "<told>"

    Examples:
      | command                | told                                      | written |
      | Reset                  | type breaks enum                          | {"type":"Warm"} |
      | UnlockConnector        | connectorId breaks minimum                | {"connectorId":0} |
      | RemoteStartTransaction | idTag breaks maxLength                    | {"idTag":"FA2AFD77FA2AFD77FA2AF"} |
      | ReserveNow             | expiryDate breaks format                  | {"connectorId":1,"idTag":"A","expiryDate":"tomorrow"} |
      | TriggerMessage         | requestedMessage breaks required          | {} |
      | SendLocalList          | localAuthorizationList[1].idTag breaks errata 3.74 | {"listVersion":2,"updateType":"Differential","localAuthorizationList":[{"idTag":"A"},{"idTag":"a"}]} |

  @COL-01 @must
  Scenario: What logs a charger in is shown nowhere
    Given the backend has a web page
    When ChangeConfiguration {"key":"AuthorizationKey","value":"0011223344556677889900"} is sent to "Dorfplatz" from the page at 0:05
    Then "Dorfplatz" has been asked ChangeConfiguration once
    And the API shows of "Dorfplatz" nothing that holds 0011223344556677889900

  @COL-01 @must
  Scenario Outline: A charger whose boot is <answer> is asked for no session
    Given the boot of "Dorfplatz" is answered <answer>
    When RemoteStartTransaction {"idTag":"FA2AFD77"} is sent to "Dorfplatz" by a scenario at 0:05
    Then "Dorfplatz" was asked no RemoteStartTransaction

    Examples:
      | answer   |
      | Pending  |
      | Rejected |

  @COL-01 @must
  Scenario: A charger whose boot is pending can be configured
    Given the boot of "Dorfplatz" is answered Pending
    When ChangeConfiguration {"key":"HeartbeatInterval","value":"60"} is sent to "Dorfplatz" by a scenario at 0:05
    Then "Dorfplatz" has been asked ChangeConfiguration
    And the backend has answered "Dorfplatz"
      | message          | answer |
      | BootNotification | {"status":"Pending","currentTime":"…","interval":900} |

  @COL-02 @must
  Scenario: What is measured before the boot is accepted is billed all the same
    Given the boot of "Dorfplatz" is answered Pending
    And the meter of "Dorfplatz" reads
      | time  | kWh |
      | 14:00 | 1   |
    And "Dorfplatz" says at 14:15
      """
      [2,"x1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":"3000"}]}]}]
      """
    And "Dorfplatz" says at 14:16
      """
      [2,"x2","Authorize",{"idTag":"FA2AFD77"}]
      """
    When the day is exported
    Then EW Seedorf holds for "Dorfplatz"
      | until | kWh   | status |
      | 14:15 | 2.000 | W      |
    And the frame of "Dorfplatz" with the id x1 was answered with {}
    And the frame of "Dorfplatz" with the id x2 was answered with SecurityError

  @COL-04 @must
  Scenario Outline: The model decides how a reading counts: <key>
    Given the model of "Dorfplatz" has <key> = <value>
    And the meter of "Dorfplatz" reads
      | time  | kWh |
      | 14:00 | 1   |
    And "Dorfplatz" says at 14:15
      """
      [2,"x1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"<stamp>","sampledValue":[<sample>]}]}]
      """
    When the day is exported
    Then EW Seedorf holds for "Dorfplatz"
      | until | kWh   | status |
      | 14:15 | <kWh> | W      |

    Examples: units and numbers
      | key                 | value  | kWh   | stamp                | sample |
      | default_energy_unit | "kWh"  | 2.000 | 2025-06-03T12:15:00Z | {"value":"3"} |
      | energy_unit_always  | "kWh"  | 2.000 | 2025-06-03T12:15:00Z | {"value":"3","unit":"Wh"} |
      | decimal_comma       | true   | 2.000 | 2025-06-03T12:15:00Z | {"value":"3,000","unit":"kWh"} |

    Examples: the clock and the zone
      | key                 | value           | kWh   | stamp                | sample |
      | aligned_stamp       | "start"         | 2.000 | 2025-06-03T12:00:00Z | {"value":"3000","context":"Sample.Clock"} |
      | zone_of_naive_times | "Europe/Zurich" | 2.000 | 2025-06-03T14:15:00  | {"value":"3000"} |

    Examples: the register
      | key                 | value    | kWh   | stamp                | sample |
      | rollovers_wh        | ["2000"] | 1.500 | 2025-06-03T12:15:00Z | {"value":"500"} |
      | register_step_wh    | "600"    | 0.000 | 2025-06-03T12:15:00Z | {"value":"500"} |

  @COL-04 @must
  Scenario Outline: The model decides in which order a card's UID is sent: <order>
    Given the model of "Dorfplatz" has id_tag_order = <order>
    And cards are entered as they are printed
    When SendLocalList {"updateType":"Full"} is sent to "Dorfplatz" by a scenario at 0:05
    Then "Dorfplatz" was asked SendLocalList {"listVersion":1,"updateType":"Full","localAuthorizationList":[{"idTag":"<idTag>","idTagInfo":{"status":"Accepted"}}]} once and answered {"status":"Accepted"}

    Examples:
      | order    | idTag    |
      | "little" | FA2AFD77 |
      | "big"    | 77FD2AFA |

  @COL-04 @must
  Scenario: The questionnaire of the INCH is generated from its model
    When the questionnaire of "etrel_inch" is written
    Then it answers
      | question                                  | answer |
      | Vendor name                               | ETREL |
      | Firmware version                          | 1.12 |
      | Connector type                            | Type 2 |
      | Max. power [kW]                           | 22 |
      | Authorize                                 | ☐ ☒ ☒ |
      | TriggerMessage                            | ☒ ☒ |
      | GetLocalListVersion                       | ☐ ☐ ☐ |
      | Byte order                                | Little-Endian as default |
      | Example                                   | FA2AFD77 |
      | Upload protocols                          | ftp, http |
      | Energy.Active.Import.Register             | – connector meter value interval not sent kWh |
      | Current.Import                            | L1 L2 L3 connector meter value interval not sent A |
      | RFID cards stored                         | >100000 |
      | Charger's service endpoint, OCPP 1.6 SOAP | TCP 80 |

  @COL-04 @must
  Scenario: What the INCH shows is what its model declares
    Given Anna charges at "Dorfplatz" from 08:00 to 09:00
    And the backend asks "Dorfplatz" at 09:30 for DiagnosticsStatusNotification and FirmwareStatusNotification
    When GetLocalListVersion {} is sent to "Dorfplatz" by a scenario at 10:00
    Then "Dorfplatz" has shown of the model "etrel_inch"
      | what                   | name                                 | finding              |
      | message of the charger | StartTransaction                     | shown                |
      | message of the charger | DataTransfer                         | not shown            |
      | request of the backend | TriggerMessage                       | shown                |
      | request of the backend | Reset                                | not shown            |
      | request of the backend | GetLocalListVersion (refused)        | refused, as declared |
      | measurand              | Voltage L3                           | shown                |
      | unit                   | Energy.Active.Import.Register in kWh | shown                |
      | unit                   | Frequency without unit               | shown                |
      | configuration key      | ClockAlignedDataInterval             | shown                |
    And "Dorfplatz" has shown nothing that "etrel_inch" does not declare
