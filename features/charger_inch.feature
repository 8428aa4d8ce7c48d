@charger-inch
Feature: INC The emulated Etrel INCH
  What the charger shows on the wire is what its questionnaire promises.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  @INC-01 @must
  Scenario: The charger introduces itself as an Etrel INCH
    When the clock reaches 00:01
    Then "Dorfplatz" has said of itself
      | field             | value |
      | chargePointVendor | ETREL |
      | chargePointModel  | INCH  |
      | firmwareVersion   | 1.12  |
    And it has reported the status of connectors 0 and 1 and of no other

  @INC-01 @must
  Scenario: It charges with up to 22 kW on three phases
    Given Anna charges at "Dorfplatz" from 08:00 to 09:00
    When the clock reaches 09:30
    Then the power of "Dorfplatz" never exceeded 22.1 kW and reached 21.5 kW

  @INC-03 @must
  Scenario: It sends every message of its questionnaire
    Given Anna charges at "Dorfplatz" from 08:00 to 09:00
    And the backend asks "Dorfplatz" at 10:00 for DiagnosticsStatusNotification and FirmwareStatusNotification
    And "Dorfplatz" passes on a vendor's message at 11:00
    When the clock reaches 12:00
    Then "Dorfplatz" has sent each of
      | message                       |
      | Authorize                     |
      | BootNotification              |
      | DataTransfer                  |
      | DiagnosticsStatusNotification |
      | FirmwareStatusNotification    |
      | Heartbeat                     |
      | MeterValues                   |
      | StartTransaction              |
      | StatusNotification            |
      | StopTransaction               |
    And "Dorfplatz" has sent no other message

  @INC-06 @must
  Scenario: A card is read little-endian, without delimiters
    Given Anna's card has the UID 77:FD:2A:FA
    And Anna charges at "Dorfplatz" from 08:00 to 09:00
    When the clock reaches 09:30
    Then "Dorfplatz" has authorised the idTag FA2AFD77

  @INC-06 @must
  Scenario: Big-endian is a setting
    Given the charger "Bahnhof" is in service and reads cards big-endian
    And Anna's card has the UID 77:FD:2A:FA
    And Anna charges at "Bahnhof" from 08:00 to 09:00
    When the clock reaches 09:30
    Then "Bahnhof" has authorised the idTag 77FD2AFA
    And EW Seedorf's backend accepted it

  @INC-09 @must
  Scenario: While charging it sends the values of its questionnaire
    Given "Dorfplatz" is to sample every 5 minutes
    And Anna charges at "Dorfplatz" from 08:00 to 09:00
    When the clock reaches 09:30
    Then the sampled values of "Dorfplatz" are 300 seconds apart and hold
      | measurand                     | phases   | unit |
      | Energy.Active.Import.Register |          | kWh  |
      | Current.Import                | L1 L2 L3 | A    |
      | Power.Active.Import           |          | kW   |
      | Voltage                       | L1 L2 L3 | V    |
      | Frequency                     |          |      |
      | Power.Factor                  |          |      |

  @INC-09 @must
  Scenario: In standby it sends no values
    When the clock reaches 12:00
    Then "Dorfplatz" has sent no MeterValues
