@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: boot and sessions
  Every title is the public id and name of a case; what each checks is told in words of our own.

  Background:
    Given a charger under test

  @TC_001_CS
  Scenario: TC_001_CS Cold Boot Charge Point
    Given the central system answers the next BootNotification with status=Rejected, interval=60
    And the central system answers the next BootNotification with interval=120
    When the charger is switched on
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                            | after | may         |
      | BootNotification.req   |                                 |       |             |
      | BootNotification.req   |                                 | 60 s  |             |
      | StatusNotification.req | connectorId=0, status=Available |       |             |
      | StatusNotification.req | connectorId=1, status=Available |       | swap places |
      | Heartbeat.req          |                                 | 120 s |             |
      | Heartbeat.req          |                                 | 120 s |             |

  @TC_002_CS
  Scenario: TC_002_CS Cold Boot Charge Point - Pending
    Given the central system answers the next BootNotification with status=Pending, interval=60
    And the central system answers the next BootNotification with interval=120
    When the charger is switched on
    And the operator sends GetConfiguration
    And the operator sends ChangeConfiguration with key=MeterValueSampleInterval, value=30
    And 5 min pass
    Then the charger has said, in this order
      | message                  | with                            | after | may         |
      | BootNotification.req     |                                 |       |             |
      | GetConfiguration.conf    | any configurationKey[0].key     |       |             |
      | ChangeConfiguration.conf | status=Accepted                 |       |             |
      | BootNotification.req     |                                 | 60 s  |             |
      | StatusNotification.req   | connectorId=0, status=Available |       |             |
      | StatusNotification.req   | connectorId=1, status=Available |       | swap places |
      | Heartbeat.req            |                                 | 120 s |             |
      | Heartbeat.req            |                                 | 120 s |             |

  @TC_003_CS
  Scenario: TC_003_CS Regular Charging Session - Plugin First
    Given the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 60    |
    When a car is plugged in
    And Anna shows the card
    And 90 s pass
    Then the charger has said, in this order
      | message                | with                                                 | may         |
      | StatusNotification.req | connectorId=1, status=Preparing                      |             |
      | Authorize.req          | idTag=Anna's card                                    |             |
      | StartTransaction.req   | connectorId=1, idTag=Anna's card, timestamp=90 s ago |             |
      | StatusNotification.req | connectorId=1, status=Charging                       | swap places |
    And its register has risen

  @TC_004_1_CS
  Scenario: TC_004_1_CS Regular Charging Session – Identification First
    Given the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 60    |
    When Anna shows the card
    And 10 s pass
    And a car is plugged in
    And 90 s pass
    Then the charger has said, in this order
      | message                | with                                                 | may         |
      | Authorize.req          | idTag=Anna's card                                    |             |
      | StatusNotification.req | connectorId=1, status=Preparing                      | swap places |
      | StartTransaction.req   | connectorId=1, idTag=Anna's card, timestamp=90 s ago |             |
      | StatusNotification.req | connectorId=1, status=Charging                       | swap places |
    And its register has risen

  @TC_004_2_CS
  Scenario: TC_004_2_CS Regular Charging Session – Identification First - ConnectionTimeOut
    Given the charger is configured with
      | key               | value |
      | ConnectionTimeOut | 40    |
    When Anna shows the card
    And 2 min pass
    Then the charger has said, in this order
      | message                | with                            | after | may         |
      | Authorize.req          | idTag=Anna's card               |       |             |
      | StatusNotification.req | connectorId=1, status=Preparing |       | swap places |
      | StatusNotification.req | connectorId=1, status=Available | 40 s  |             |
    And the charger has said no StartTransaction.req

  @TC_005_1_CS
  Scenario: TC_005_1_CS EV Side Disconnected - StopTransactionOnEVSideDisconnect = true - UnlockConnectorOnEVSideDisconnect = true
    Given the charger is configured with
      | key                               | value |
      | MinimumStatusDuration             | 0     |
      | StopTransactionOnEVSideDisconnect | true  |
      | UnlockConnectorOnEVSideDisconnect | true  |
    And a transaction is running
    When the cable is taken out of the car
    And 10 s pass
    And somebody pulls at the cable
    Then the charger has said, in this order
      | message                | with                                                 | may         |
      | StopTransaction.req    | reason=EVDisconnected, transactionId=the transaction |             |
      | StatusNotification.req | connectorId=1, status=Finishing                      | swap places |
      | StatusNotification.req | connectorId=1, status=Available                      |             |

  @TC_005_2_CS
  Scenario: TC_005_2_CS EV Side Disconnected - StopTransactionOnEVSideDisconnect = true - UnlockConnectorOnEVSideDisconnect = false
    Given the charger is configured with
      | key                               | value |
      | MinimumStatusDuration             | 0     |
      | StopTransactionOnEVSideDisconnect | true  |
      | UnlockConnectorOnEVSideDisconnect | false |
    And a transaction is running
    When the cable is taken out of the car
    And 10 s pass
    And somebody pulls at the cable
    And the operator sends UnlockConnector with connectorId=1
    And somebody pulls at the cable
    Then the charger has said, in this order
      | message                | with                                                 | may         |
      | StopTransaction.req    | reason=EVDisconnected, transactionId=the transaction |             |
      | StatusNotification.req | connectorId=1, status=Finishing or Available         | swap places |
      | UnlockConnector.conf   | status=Unlocked or NotSupported                      |             |
      | StatusNotification.req | connectorId=1, status=Available                      | be missing  |

  @TC_005_3_CS
  Scenario: TC_005_3_CS EV Side Disconnected - StopTransactionOnEVSideDisconnect = false - UnlockConnectorOnEVSideDisconnect = false
    Given the charger is configured with
      | key                               | value |
      | MinimumStatusDuration             | 0     |
      | StopTransactionOnEVSideDisconnect | false |
      | UnlockConnectorOnEVSideDisconnect | false |
    And a transaction is running
    When the cable is taken out of the car
    And the operator sends RemoteStopTransaction with transactionId=the transaction
    Then the charger has said, in this order
      | message                    | with                                                                          | may         |
      | StatusNotification.req     | connectorId=1, status=SuspendedEV or SuspendedEVSE, info=EV side disconnected |             |
      | RemoteStopTransaction.conf | status=Accepted                                                               |             |
      | StatusNotification.req     | connectorId=1, status=Finishing or Available                                  |             |
      | StopTransaction.req        | reason=Remote, transactionId=the transaction                                  | swap places |

  @TC_068_CS
  Scenario: TC_068_CS Stop transaction - IdTag in StopTransaction matches IdTag in StartTransaction
    Given a transaction is running
    When Bert shows the card
    And 30 s pass
    And Anna shows the card
    Then the charger has said, in this order
      | message                | with                                                            | after | may         |
      | StopTransaction.req    | idTag=Anna's card, transactionId=the transaction, timestamp=now |       |             |
      | StatusNotification.req | connectorId=1, status=Finishing                                 |       | swap places |
    And the charger has said no Authorize.req with idTag=Anna's card

  @TC_069_CS
  Scenario: TC_069_CS Stop transaction - ParentIdTag in StopTransaction matches ParentIdTag in StartTransaction
    Given the cards of Anna and Bert have the parentIdTag FAMILY
    And the cards of Carla and Dora have the parentIdTag OTHERS
    And a transaction is running
    When Carla shows the card
    And 30 s pass
    And Bert shows the card
    Then the charger has said, in this order
      | message                | with                                                            | may         |
      | Authorize.req          | idTag=Carla's card                                              |             |
      | Authorize.req          | idTag=Bert's card                                               |             |
      | StopTransaction.req    | idTag=Bert's card, transactionId=the transaction, timestamp=now |             |
      | StatusNotification.req | connectorId=1, status=Finishing                                 | swap places |

  @TC_007_CS
  Scenario: TC_007_CS Regular Start Charging Session – Cached Id
    Given the charger is configured with
      | key                       | value |
      | AuthorizationCacheEnabled | true  |
      | AuthorizeRemoteTxRequests | true  |
      | LocalPreAuthorize         | true  |
    And Anna has charged before
    And Bert's card is Invalid
    When a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Bert's card
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    Then the charger has said, in this order
      | message                     | with                             | may         |
      | StatusNotification.req      | connectorId=1, status=Preparing  |             |
      | RemoteStartTransaction.conf | status=Accepted or Rejected      |             |
      | Authorize.req               | idTag=Bert's card                | swap places |
      | RemoteStartTransaction.conf | status=Accepted                  |             |
      | StartTransaction.req        | connectorId=1, idTag=Anna's card |             |
      | StatusNotification.req      | connectorId=1, status=Charging   | swap places |

  @TC_061_CS
  Scenario: TC_061_CS Clear Authorization Data in Authorization Cache
    Given the charger is configured with
      | key                       | value |
      | AuthorizationCacheEnabled | true  |
      | LocalPreAuthorize         | true  |
      | ConnectionTimeOut         | 40    |
    When Anna shows the card
    And Anna shows the card
    And Anna shows the card
    And Anna shows the card
    And the operator sends ClearCache
    And Anna shows the card
    Then the charger has said, in this order
      | message                | with                            | may         |
      | Authorize.req          | idTag=Anna's card               |             |
      | StatusNotification.req | connectorId=1, status=Preparing | swap places |
      | StatusNotification.req | connectorId=1, status=Available |             |
      | StatusNotification.req | connectorId=1, status=Preparing |             |
      | StatusNotification.req | connectorId=1, status=Available |             |
      | ClearCache.conf        | status=Accepted                 |             |
      | Authorize.req          | idTag=Anna's card               |             |
      | StatusNotification.req | connectorId=1, status=Preparing | swap places |

  @TC_023_CS
  Scenario: TC_023_CS Start Charging Session – Authorize invalid
    Given the charger is configured with
      | key                   | value |
      | MinimumStatusDuration | 10    |
      | LocalPreAuthorize     | true  |
    And Anna's card is Invalid
    When a car is plugged in
    And 20 s pass
    And Anna shows the card
    And 2 min pass
    Then the charger has said, in this order
      | message                | with                            |
      | StatusNotification.req | connectorId=1, status=Preparing |
      | Authorize.req          | idTag=Anna's card               |
    And the charger has said no StartTransaction.req

  @TC_024_CS
  Scenario: TC_024_CS Start Charging Session - Lock Failure
    Given the operator sends ChangeConfiguration with key=AuthorizeRemoteTxRequests, value=true
    And the lock of the charger fails
    When the operator sends GetConfiguration with key[0]=AuthorizeRemoteTxRequests
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And a car is plugged in
    And 2 min pass
    Then the charger has said, in this order
      | message                     | with                                                          | may |
      | RemoteStartTransaction.conf | status=Accepted                                               |     |
      | StatusNotification.req      | connectorId=1, status=Preparing                               |     |
      | StatusNotification.req      | connectorId=1, status=Faulted, errorCode=ConnectorLockFailure |     |
    And it has asked for the card as its AuthorizeRemoteTxRequests says
    And the charger has said no StartTransaction.req
