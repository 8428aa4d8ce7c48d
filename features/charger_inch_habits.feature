@charger-inch
Feature: INC Habits of real INCHes
  What INCHes in the field do besides their questionnaire is switched on one habit at a time.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  @INC-15 @must
  Scenario: Sampled values bear the transactionId that the backend gave
    Given "Dorfplatz" is to sample every 30 minutes
    And Anna charges at "Dorfplatz" from 08:00 to 09:10
    When the clock reaches 09:30
    Then the MeterValues of "Dorfplatz" say in transactionId: 1, 1
    And the StopTransaction of "Dorfplatz" names the transaction as the backend did

  @INC-15 @must
  Scenario: With negative ids they bear the charger's own number, while start and stop do not
    Given "Dorfplatz" has the habit "negative-transaction-ids"
    And "Dorfplatz" is to sample every 30 minutes
    And Anna charges at "Dorfplatz" from 08:00 to 09:10
    And Anna charges at "Dorfplatz" from 10:00 to 10:40
    When the clock reaches 11:00
    Then the MeterValues of "Dorfplatz" say in transactionId: -1, -1, -2
    And the StopTransaction of "Dorfplatz" names the transaction as the backend did

  @INC-15 @must
  Scenario: A habit can be switched on and off while the charger runs
    Given "Dorfplatz" has the habit "negative-transaction-ids" from 08:15 to 08:45
    And "Dorfplatz" is to sample every 20 minutes
    And Anna charges at "Dorfplatz" from 08:00 to 09:10
    When the clock reaches 09:30
    Then the MeterValues of "Dorfplatz" say in transactionId: -1, -1, 1

  @INC-15 @must
  Scenario Outline: Clock-aligned values <when>
    Given "Dorfplatz" has the habit "<habit>"
    And the backend has set MeterValueSampleInterval of "Dorfplatz" to "0"
    And Anna charges at "Dorfplatz" from 08:00 to 09:10
    When the clock reaches 09:30
    Then the MeterValues of "Dorfplatz" say in meterValue[0].timestamp: <stamps>

    Examples:
      | when                        | habit                              | stamps |
      | come half a second early    | clock-aligned-early                | 2025-06-03T06:14:59.489Z, 2025-06-03T06:29:59.489Z, 2025-06-03T06:44:59.489Z, 2025-06-03T06:59:59.489Z |
      | come as early as it is set  | clock-aligned-early:early_ms=1500  | 2025-06-03T06:14:58.500Z, 2025-06-03T06:29:58.500Z, 2025-06-03T06:44:58.500Z, 2025-06-03T06:59:58.500Z |
      | come half a minute late     | clock-aligned-early:early_ms=-30000 | 2025-06-03T06:00:30.000Z, 2025-06-03T06:15:30.000Z, 2025-06-03T06:30:30.000Z, 2025-06-03T06:45:30.000Z, 2025-06-03T07:00:30.000Z |

  @INC-15 @must
  Scenario: Clock-aligned values come on time without that habit
    Given the backend has set MeterValueSampleInterval of "Dorfplatz" to "0"
    And Anna charges at "Dorfplatz" from 08:00 to 08:40
    When the clock reaches 09:00
    Then the MeterValues of "Dorfplatz" say in meterValue[0].timestamp: 2025-06-03T06:15:00.000Z, 2025-06-03T06:30:00.000Z

  @INC-15 @must
  Scenario: Clock-aligned values name no transaction, also while one runs
    Given the backend has set MeterValueSampleInterval of "Dorfplatz" to "0"
    And Anna charges at "Dorfplatz" from 08:00 to 08:40
    When the clock reaches 09:00
    Then the MeterValues of "Dorfplatz" say in transactionId: (none), (none)

  @INC-15 @must
  Scenario: Without that habit they name it
    Given "Dorfplatz" does not have the habit "clock-values-without-transaction"
    And the backend has set MeterValueSampleInterval of "Dorfplatz" to "0"
    And Anna charges at "Dorfplatz" from 08:00 to 08:40
    When the clock reaches 09:00
    Then the MeterValues of "Dorfplatz" say in transactionId: 1, 1

  @INC-15 @must
  Scenario: Message ids are short hex counters, which begin again at a boot
    Given "Dorfplatz" is without power from 00:10 to 00:12
    And Anna plugs in at "Dorfplatz" at 00:20
    When the clock reaches 00:20
    Then the message ids of "Dorfplatz" are 1, 2, 3, 1, 2, 3, 4 up to 00:20

  @INC-15 @must
  Scenario: Without short ids no message id comes twice
    Given "Dorfplatz" does not have the habit "short-message-ids"
    And "Dorfplatz" is without power from 00:10 to 00:12
    And Anna plugs in at "Dorfplatz" at 00:20
    When the clock reaches 00:20
    Then the message ids of "Dorfplatz" are 1-1, 1-2, 1-3, 2-1, 2-2, 2-3, 2-4 up to 00:20

  @INC-15 @must
  Scenario: A list of measurands is RebootRequired, and holds after the boot only
    Given "Dorfplatz" has the habit "reboot-required"
    And the backend has set MeterValueSampleInterval of "Dorfplatz" to "0"
    And the backend sets MeterValuesAlignedData of "Dorfplatz" to "Frequency" at 07:00
    And Anna charges at "Dorfplatz" from 08:00 to 08:20
    And "Dorfplatz" is without power from 09:00 to 09:01
    And Anna charges at "Dorfplatz" from 10:00 to 10:20
    When the clock reaches 11:00
    Then at 07:00 "Dorfplatz" answers the change of MeterValuesAlignedData with RebootRequired
    And the MeterValues of "Dorfplatz" say in meterValue[0].sampledValue[0].measurand: Energy.Active.Import.Register, Frequency

  @INC-15 @must
  Scenario: Other keys are not, and without the habit neither are lists
    Given "Dorfplatz" has the habit "reboot-required" from 06:00 to 07:00
    And the backend has set MeterValueSampleInterval of "Dorfplatz" to "0"
    And the backend sets ConnectionTimeOut of "Dorfplatz" to "90" at 06:30
    And the backend sets MeterValuesAlignedData of "Dorfplatz" to "Frequency" at 07:30
    And Anna charges at "Dorfplatz" from 08:00 to 08:20
    When the clock reaches 09:00
    Then at 06:30 "Dorfplatz" answers the change of ConnectionTimeOut with Accepted
    And at 07:30 "Dorfplatz" answers the change of MeterValuesAlignedData with Accepted
    And the MeterValues of "Dorfplatz" say in meterValue[0].sampledValue[0].measurand: Frequency

  @INC-15 @must
  Scenario: It introduces itself with the labels of newer firmware
    Given "Dorfplatz" has the habit "newer-labels"
    When the clock reaches 00:01
    Then "Dorfplatz" has said of itself
      | field                   | value           |
      | chargePointVendor       | Etrel           |
      | chargePointModel        | G-HB1V5CY20-A14 |
      | chargePointSerialNumber | Dorfplatz       |
      | chargeBoxSerialNumber   | Dorfplatz       |
      | firmwareVersion         | 5.4:5.0.5       |
      | meterType               | IntegratedAfe   |
      | meterSerialNumber       |                 |

  @INC-15 @must
  Scenario: A triggered status says that it was
    Given "Dorfplatz" has the habit "trigger-named"
    And the backend asks "Dorfplatz" at 01:00 for StatusNotification and Heartbeat
    When the clock reaches 01:00
    Then the last StatusNotification of "Dorfplatz" up to 00:30 says
      | field    | value  |
      | info     | (none) |
      | vendorId | (none) |
    And the last StatusNotification of "Dorfplatz" up to 01:00 says
      | field    | value          |
      | info     | TriggerMessage |
      | vendorId | Etrel          |

  @INC-15 @must
  Scenario: Clock-aligned values go on in standby
    Given "Dorfplatz" has the habit "standby-values"
    When the clock reaches 01:00
    Then from 00:00 to 01:00 "Dorfplatz" has sent MeterValues at 00:15, 00:30, 00:45, 01:00
