@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: power, line and faults

  Background:
    Given a charger under test

  @TC_032_1_CS
  Scenario: TC_032_1_CS Power failure boot charging point - configured to stop transaction(s) before going down
    Given the charger has back-up power
    And a transaction is running
    When the power is cut
    And 60 s pass
    And the power is restored
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                                            | may         |
      | StopTransaction.req    | reason=PowerLoss, transactionId=the transaction |             |
      | StatusNotification.req | connectorId=1, status=Finishing                 | swap places |
      | BootNotification.req   |                                                 |             |
      | StatusNotification.req | connectorId=0, status=Available                 |             |
      | StatusNotification.req | connectorId=1, status=Finishing or Preparing    | swap places |

  @TC_032_2_CS
  Scenario: TC_032_2_CS Power failure boot charging point-configured to stop transaction(s)
    Given the charger has no back-up power
    And a transaction is running
    When the power is cut
    And 60 s pass
    And the power is restored
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                                            | may                     |
      | BootNotification.req   |                                                 |                         |
      | StatusNotification.req | connectorId=0, status=Available                 |                         |
      | StatusNotification.req | connectorId=1, status=Finishing or Preparing    | swap places             |
      | StopTransaction.req    | reason=PowerLoss, transactionId=the transaction | swap places             |
      | StatusNotification.req | connectorId=1, status=Finishing or Preparing    | swap places, be missing |

  @TC_034_CS
  Scenario: TC_034_CS Power Failure with Unavailable Status
    When the operator sends ChangeAvailability with connectorId=0, type=Inoperative
    And the power is cut
    And 60 s pass
    And the power is restored
    And 5 min pass
    Then the charger has said, in this order
      | message                 | with                              | may         |
      | ChangeAvailability.conf | status=Accepted                   |             |
      | StatusNotification.req  | connectorId=0, status=Unavailable |             |
      | StatusNotification.req  | connectorId=1, status=Unavailable | swap places |
      | BootNotification.req    |                                   |             |
      | StatusNotification.req  | connectorId=0, status=Unavailable |             |
      | StatusNotification.req  | connectorId=1, status=Unavailable | swap places |

  @TC_036_CS
  Scenario: TC_036_CS Connection Loss During Transaction
    Given the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 60    |
      | ClockAlignedDataInterval | 0     |
    And the operator sends GetConfiguration with key[0]=MeterValuesSampledData
    And a transaction is running
    When the line is cut
    And 200 s pass
    And the line is restored
    And 2 min pass
    Then its meter values of Sample.Periodic bear times 60 s apart and hold every measurand of MeterValuesSampledData
    And at least 3 of them were taken while the line was cut
    And it has told no meter value of Sample.Clock
    And each of its meter values bears connectorId=1, transactionId=the transaction
    And its register has risen

  @TC_037_1_CS
  Scenario: TC_037_1_CS Offline Start Transaction - Valid IdTag
    Given the charger is configured with
      | key                        | value |
      | LocalAuthorizeOffline      | true  |
      | LocalAuthListEnabled       | true  |
      | AuthorizationCacheEnabled  | true  |
      | AllowOfflineTxForUnknownId | true  |
    And Anna has charged before
    When the line is cut
    And a car is plugged in
    And Anna shows the card
    And 90 s pass
    And the line is restored
    Then the charger has said, in this order
      | message                | with                                                 | may         |
      | StartTransaction.req   | connectorId=1, idTag=Anna's card, timestamp=90 s ago |             |
      | StatusNotification.req | connectorId=1, status=Charging                       | swap places |

  @TC_037_2_CS
  Scenario: TC_037_2_CS Offline Start Transaction - Invalid IdTag - StopTransactionOnInvalidId = false
    Given the charger is configured with
      | key                        | value |
      | LocalAuthorizeOffline      | true  |
      | LocalAuthListEnabled       | true  |
      | AuthorizationCacheEnabled  | true  |
      | AllowOfflineTxForUnknownId | true  |
      | StopTransactionOnInvalidId | false |
      | MaxEnergyOnInvalidId       | 0     |
      | MeterValueSampleInterval   | 60    |
    And Anna has charged before
    And Anna's card is Invalid
    When the line is cut
    And a car is plugged in
    And Anna shows the card
    And 90 s pass
    And the line is restored
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                                                  | may         |
      | StartTransaction.req   | connectorId=1, idTag=Anna's card, timestamp=390 s ago |             |
      | StatusNotification.req | connectorId=1, status=Charging                        | swap places |
      | StatusNotification.req | connectorId=1, status=SuspendedEVSE                   |             |
    And its register stands still after SuspendedEVSE
    And the charger has said no StopTransaction.req

  @TC_037_3_CS
  Scenario: TC_037_3_CS Offline Start Transaction - Invalid IdTag - StopTransactionOnInvalidId = true
    Given the charger is configured with
      | key                        | value |
      | LocalAuthorizeOffline      | true  |
      | LocalAuthListEnabled       | true  |
      | AuthorizationCacheEnabled  | true  |
      | AllowOfflineTxForUnknownId | true  |
      | StopTransactionOnInvalidId | true  |
      | MaxEnergyOnInvalidId       | 0     |
    And Anna has charged before
    And Anna's card is Invalid
    When the line is cut
    And a car is plugged in
    And Anna shows the card
    And 90 s pass
    And the line is restored
    And 2 min pass
    Then the charger has said, in this order
      | message                | with                                                                        | may         |
      | StartTransaction.req   | connectorId=1, idTag=Anna's card, timestamp=210 s ago                       |             |
      | StatusNotification.req | connectorId=1, status=Charging                                              | swap places |
      | StopTransaction.req    | reason=DeAuthorized, transactionId=the transaction, timestamp=120 s ago     |             |
      | StatusNotification.req | connectorId=1, status=Finishing                                             | swap places |

  @TC_038_CS
  Scenario: TC_038_CS Offline Stop Transaction
    Given a transaction is running
    When the line is cut
    And 30 s pass
    And Anna shows the card
    And 90 s pass
    And the line is restored
    Then the charger has said, in this order
      | message                | with                                                                                                     | may         |
      | StopTransaction.req    | idTag=Anna's card or omitted, reason=Local or omitted, transactionId=the transaction, timestamp=90 s ago |             |
      | StatusNotification.req | connectorId=1, status=Finishing                                                                          | swap places |

  @TC_039_CS
  Scenario: TC_039_CS Offline Transaction
    Given the charger is configured with
      | key                        | value |
      | LocalAuthorizeOffline      | true  |
      | LocalAuthListEnabled       | true  |
      | AuthorizationCacheEnabled  | true  |
      | AllowOfflineTxForUnknownId | true  |
    And Anna has charged before
    When the operator sends ChangeConfiguration with key=AllowOfflineTxForUnknownId, value=false
    And the line is cut
    And a car is plugged in
    And Bert shows the card
    And 30 s pass
    And the cable is taken out
    And the line is restored
    And the operator sends ChangeConfiguration with key=AllowOfflineTxForUnknownId, value=true
    And the line is cut
    And a car is plugged in
    And Anna shows the card
    And 90 s pass
    And Anna shows the card
    And the cable is taken out
    And 30 s pass
    And the line is restored
    Then the charger has said, in this order
      | message              | with                                                                                                     |
      | StartTransaction.req | connectorId=1, idTag=Anna's card, timestamp=120 s ago                                                    |
      | StopTransaction.req  | idTag=Anna's card or omitted, reason=Local or omitted, transactionId=the transaction, timestamp=30 s ago |

  @TC_041_CS
  Scenario: TC_041_CS Fault Behavior
    When the charger breaks down with InternalError
    And a car is plugged in
    And Anna shows the card
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And 5 min pass
    Then the charger has said, in this order
      | message                     | with                                                   |
      | StatusNotification.req      | connectorId=1, status=Faulted, errorCode=InternalError |
      | RemoteStartTransaction.conf | status=Rejected                                        |
    And the charger has said no StartTransaction.req
