@charger-inch
Feature: INC The emulated INCH without a line and without power
  Nothing that was measured is lost, and what is told late bears the time at which it was.

  Background:
    Given a charger under test

  @INC-10 @must
  Scenario: More than 100,000 cards come in one go, and the last one starts offline
    Given the operator sends a local list of 100001 cards
    And the line is cut
    When a car is plugged in
    And the last card of the list is shown
    And 5 min pass
    And the line is restored
    Then the charger has said, in this order
      | message              | with                                              |
      | StartTransaction.req | idTag=the last card of the list, timestamp=5 min ago |
    And the charger has said no Authorize.req

  @INC-10 @must
  Scenario: The list is updated in part
    Given the operator sends a local list of 1000 cards
    And the operator sends a difference that adds 500 cards and takes the first 10 out
    And the line is cut
    When the first card of the list is shown
    And a car is plugged in
    And the last card of the list is shown
    And the line is restored
    Then the charger has said, in this order
      | message              | with                            |
      | StartTransaction.req | idTag=the last card of the list |
    And the charger has said no StartTransaction.req with idTag=the first card of the list

  @INC-14 @must
  Scenario: The queue survives a power cut and is told in its order, with its own times
    Given the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 60    |
    And the operator sends GetConfiguration with key[0]=MeterValuesSampledData
    And a transaction is running
    When the line is cut
    And 200 s pass
    And the power is cut
    And 10 min pass
    And the power is restored
    And the line is restored
    And 2 min pass
    Then the charger has said, in this order
      | message              | with                                            |
      | BootNotification.req |                                                 |
      | MeterValues.req      | transactionId=the transaction                   |
      | MeterValues.req      | transactionId=the transaction                   |
      | MeterValues.req      | transactionId=the transaction                   |
      | StopTransaction.req  | transactionId=the transaction, reason=PowerLoss |
    And its meter values of Sample.Periodic bear times 60 s apart and hold every measurand of MeterValuesSampledData
    And at least 3 of them were taken while the line was cut

  @INC-14 @must
  Scenario: What was begun and ended offline is told with its own times
    Given the charger is configured with
      | key                        | value |
      | AllowOfflineTxForUnknownId | true  |
    When the line is cut
    And a car is plugged in
    And Anna shows the card
    And 5 min pass
    And Anna shows the card
    And 10 min pass
    And the line is restored
    Then the charger has said, in this order
      | message              | with                                                                  |
      | StartTransaction.req | idTag=Anna's card, timestamp=15 min ago                               |
      | StopTransaction.req  | idTag=Anna's card, timestamp=10 min ago, transactionId=the transaction |

  @INC-14 @must
  Scenario: A message that the backend fails to take is sent again after growing pauses
    Given the charger is configured with
      | key                             | value |
      | TransactionMessageAttempts      | 4     |
      | TransactionMessageRetryInterval | 30    |
    And a transaction is running
    And the central system answers the next StopTransaction with error=InternalError
    And the central system answers the next StopTransaction with error=InternalError
    When Anna shows the card
    And 10 min pass
    Then the charger has said, in this order
      | message             | with         | after |
      | StopTransaction.req | reason=Local |       |
      | StopTransaction.req | reason=Local | 30 s  |
      | StopTransaction.req | reason=Local | 60 s  |

  @INC-14 @must
  Scenario: A message that the backend fails to take as often as it may is given up
    Given the charger is configured with
      | key                             | value |
      | TransactionMessageAttempts      | 2     |
      | TransactionMessageRetryInterval | 30    |
    And a transaction is running
    And the central system answers the next StopTransaction with error=InternalError
    And the central system answers the next StopTransaction with error=InternalError
    When Anna shows the card
    And 10 min pass
    Then the charger has said, in this order
      | message             | with         | after |
      | StopTransaction.req | reason=Local |       |
      | StopTransaction.req | reason=Local | 30 s  |

  @INC-14 @must
  Scenario: A lost answer is no failure; the message comes again until it is answered
    Given the charger is configured with
      | key                        | value |
      | TransactionMessageAttempts | 1     |
    And a transaction is running
    And the central system answers the next StopTransaction with nothing
    And the central system answers the next StopTransaction with nothing
    When Anna shows the card
    And 10 min pass
    Then the charger has said, in this order
      | message             | with         |
      | StopTransaction.req | reason=Local |
      | StopTransaction.req | reason=Local |
      | StopTransaction.req | reason=Local |

  @INC-16 @must
  Scenario Outline: Power, currents, voltages and register agree at every instant: <what>
    Given the car of the charger is <car>
    And the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 10    |
    And a transaction is running
    When the operator sets the charging profiles
      | id | connector | purpose          | level | lasts | limits                                              |
      | 1  | 1         | TxDefaultProfile | 0     | 1 h   | 0 s: 32 A, 300 s: 10 A, 600 s: 0 A, 900 s: 20 A |
    And 2 h pass
    Then what the charger has told of power, currents, voltages and register agrees
    And the current of each phase was never above <most> A

    Examples:
      | what                             | car                                                  | most |
      | a car on three phases            | on 3 phases, at most 32 A, at 20 % of 60 kWh         | 32   |
      | one on a single phase            | on 1 phase, at most 16 A, at 50 % of 40 kWh          | 16   |
      | a nearly full one that tapers    | on 3 phases, at most 16 A, at 78 % of 20 kWh         | 16   |
      | a thin cable                     | on 3 phases, at most 32 A, at 20 % of 60 kWh, with a cable for 20 A | 20   |

  @INC-16 @must
  Scenario Outline: A limit ends <how>
    Given its currents are told every 10 s
    And a transaction is running
    When the operator sends SetChargingProfile with connectorId=1, csChargingProfiles.chargingProfileId=1, csChargingProfiles.stackLevel=0, csChargingProfiles.chargingProfilePurpose=TxDefaultProfile, csChargingProfiles.chargingProfileKind=Absolute, csChargingProfiles.chargingSchedule.startSchedule=now, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=6, <end>
    And 2 min pass
    Then the car has drawn on each phase
      | from | to    | A  |
      | 0 s  | 59 s  | 6  |
      | 61 s | 2 min | 32 |

    Examples:
      | how                               | end                                             |
      | with the duration of its schedule | csChargingProfiles.chargingSchedule.duration=60 |
      | with its validity                 | csChargingProfiles.validTo=in 60 s              |
