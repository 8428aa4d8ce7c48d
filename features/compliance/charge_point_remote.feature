@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: what an operator asks for

  Background:
    Given a charger under test

  @TC_010_CS
  Scenario: TC_010_CS Remote Start Charging Session – Cable Plugged in First
    Given the operator sends ChangeConfiguration with key=AuthorizeRemoteTxRequests, value=true
    When the operator sends GetConfiguration with key[0]=AuthorizeRemoteTxRequests
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And Anna shows the card
    And the cable is taken out
    And the operator sends ChangeConfiguration with key=AuthorizeRemoteTxRequests, value=false
    And the operator sends GetConfiguration with key[0]=AuthorizeRemoteTxRequests
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Bert's card
    Then the charger has said, in this order
      | message                     | with                                              | may                     |
      | GetConfiguration.conf       | configurationKey[0].key=AuthorizeRemoteTxRequests |                         |
      | StatusNotification.req      | connectorId=1, status=Preparing                   |                         |
      | RemoteStartTransaction.conf | status=Accepted                                   |                         |
      | StartTransaction.req        | connectorId=1, idTag=Anna's card, timestamp=now   |                         |
      | StatusNotification.req      | connectorId=1, status=Charging                    | swap places             |
      | StopTransaction.req         | reason=Local or omitted                           |                         |
      | StatusNotification.req      | connectorId=1, status=Finishing                   | swap places             |
      | StatusNotification.req      | connectorId=1, status=Available                   |                         |
      | GetConfiguration.conf       | configurationKey[0].key=AuthorizeRemoteTxRequests |                         |
      | StatusNotification.req      | connectorId=1, status=Preparing                   |                         |
      | RemoteStartTransaction.conf | status=Accepted                                   |                         |
      | StartTransaction.req        | connectorId=1, idTag=Bert's card, timestamp=now   |                         |
      | StatusNotification.req      | connectorId=1, status=Charging                    | swap places             |
    And it has asked for the card as its AuthorizeRemoteTxRequests says

  @TC_011_1_CS
  Scenario: TC_011_1_CS Remote Start Charging Session – Remote Start First
    Given the operator sends ChangeConfiguration with key=AuthorizeRemoteTxRequests, value=true
    When the operator sends GetConfiguration with key[0]=AuthorizeRemoteTxRequests
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And 10 s pass
    And a car is plugged in
    And 90 s pass
    Then the charger has said, in this order
      | message                     | with                                                 | may         |
      | GetConfiguration.conf       | configurationKey[0].key=AuthorizeRemoteTxRequests    |             |
      | RemoteStartTransaction.conf | status=Accepted                                      |             |
      | StatusNotification.req      | connectorId=1, status=Preparing                      |             |
      | StartTransaction.req        | connectorId=1, idTag=Anna's card, timestamp=90 s ago |             |
      | StatusNotification.req      | connectorId=1, status=Charging                       | swap places |
    And it has asked for the card as its AuthorizeRemoteTxRequests says

  @TC_011_2_CS
  Scenario: TC_011_2_CS Remote Start Charging Session – Time Out
    Given the operator sends ChangeConfiguration with key=AuthorizeRemoteTxRequests, value=true
    And the charger is configured with
      | key               | value |
      | ConnectionTimeOut | 40    |
    When the operator sends GetConfiguration with key[0]=AuthorizeRemoteTxRequests
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And 2 min pass
    Then the charger has said, in this order
      | message                     | with                                              | after |
      | GetConfiguration.conf       | configurationKey[0].key=AuthorizeRemoteTxRequests |       |
      | RemoteStartTransaction.conf | status=Accepted                                   |       |
      | StatusNotification.req      | connectorId=1, status=Preparing                   |       |
      | StatusNotification.req      | connectorId=1, status=Available                   | 40 s  |
    And it has asked for the card as its AuthorizeRemoteTxRequests says
    And the charger has said no StartTransaction.req

  @TC_012_CS
  Scenario: TC_012_CS Remote Stop Charging Session
    Given a transaction is running
    When the operator sends RemoteStopTransaction with transactionId=the transaction
    Then the charger has said, in this order
      | message                    | with                                         | may         |
      | RemoteStopTransaction.conf | status=Accepted                              |             |
      | StopTransaction.req        | reason=Remote, transactionId=the transaction |             |
      | StatusNotification.req     | connectorId=1, status=Finishing              | swap places |

  @TC_026_CS
  Scenario: TC_026_CS Remote Start Charging Session – Rejected
    Given the charger is configured with
      | key               | value |
      | LocalPreAuthorize | false |
    And a transaction is running
    When the operator sends RemoteStartTransaction with connectorId=1, idTag=Bert's card
    And 60 s pass
    Then the charger has said, in this order
      | message                     | with            |
      | RemoteStartTransaction.conf | status=Rejected |
    And the charger has said no StartTransaction.req
    And the charger has said no StopTransaction.req

  @TC_027_CS
  Scenario: TC_027_CS Remote start transaction - connector id shall not be 0
    When the operator sends RemoteStartTransaction with connectorId=0, idTag=Anna's card
    And a car is plugged in
    And 30 s pass
    Then the charger has said, in this order
      | message                     | with                        |
      | RemoteStartTransaction.conf | status=Rejected / any error |
    And the charger has said no StartTransaction.req

  @TC_028_CS
  Scenario: TC_028_CS Remote Stop Transaction – Rejected
    Given a transaction is running
    When the operator sends RemoteStopTransaction with transactionId=987654
    And 60 s pass
    Then the charger has said, in this order
      | message                    | with            |
      | RemoteStopTransaction.conf | status=Rejected |
    And the charger has said no StopTransaction.req

  @TC_013_CS
  Scenario: TC_013_CS Hard Reset Without transaction
    When the operator sends ChangeAvailability with connectorId=1, type=Inoperative
    And the operator sends Reset with type=Hard
    And 5 min pass
    And the operator sends ChangeAvailability with connectorId=1, type=Operative
    Then the charger has said, in this order
      | message                 | with                              | may         |
      | ChangeAvailability.conf | status=Accepted                   |             |
      | StatusNotification.req  | connectorId=1, status=Unavailable |             |
      | Reset.conf              | status=Accepted                   |             |
      | BootNotification.req    |                                   |             |
      | StatusNotification.req  | connectorId=0, status=Available   |             |
      | StatusNotification.req  | connectorId=1, status=Unavailable | swap places |
      | ChangeAvailability.conf | status=Accepted                   |             |
      | StatusNotification.req  | connectorId=1, status=Available   |             |
    And it has come back over a new line

  @TC_014_CS
  Scenario: TC_014_CS Soft Reset Without Transaction
    When the operator sends ChangeAvailability with connectorId=1, type=Inoperative
    And the operator sends Reset with type=Soft
    And 5 min pass
    And the operator sends ChangeAvailability with connectorId=1, type=Operative
    Then the charger has said, in this order
      | message                 | with                              | may                     |
      | ChangeAvailability.conf | status=Accepted                   |                         |
      | StatusNotification.req  | connectorId=1, status=Unavailable |                         |
      | Reset.conf              | status=Accepted                   |                         |
      | BootNotification.req    |                                   | be missing              |
      | StatusNotification.req  | connectorId=0, status=Available   | be missing              |
      | StatusNotification.req  | connectorId=1, status=Unavailable | swap places, be missing |
      | ChangeAvailability.conf | status=Accepted                   |                         |
      | StatusNotification.req  | connectorId=1, status=Available   |                         |
    And it is remarked if it has not booted after the reset

  @TC_015_CS
  Scenario: TC_015_CS Hard Reset With Transaction
    Given a transaction is running
    When the operator sends Reset with type=Hard
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                                            | may                     |
      | Reset.conf             | status=Accepted                                 |                         |
      | StopTransaction.req    | reason=HardReset, transactionId=the transaction |                         |
      | StatusNotification.req | connectorId=1, status=Finishing                 | swap places, be missing |
      | BootNotification.req   |                                                 | swap places             |
      | StatusNotification.req | connectorId=0, status=Available                 | swap places             |
      | StatusNotification.req | connectorId=1, status=Finishing or Preparing    | swap places             |
    And it has come back over a new line

  @TC_016_CS
  Scenario: TC_016_CS Soft Reset With Transaction
    Given a transaction is running
    When the operator sends Reset with type=Soft
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                                            | may                     |
      | Reset.conf             | status=Accepted                                 |                         |
      | StopTransaction.req    | reason=SoftReset, transactionId=the transaction |                         |
      | StatusNotification.req | connectorId=1, status=Finishing                 | swap places             |
      | BootNotification.req   |                                                 | be missing              |
      | StatusNotification.req | connectorId=0, status=Available                 | be missing              |
      | StatusNotification.req | connectorId=1, status=Finishing or Preparing    | swap places, be missing |
    And it is remarked if it has not booted after the reset

  @TC_017_1_CS
  Scenario: TC_017_1_CS Unlock connector - no charging session running (Not fixed cable)
    When the operator sends UnlockConnector with connectorId=1
    Then the charger has said, in this order
      | message              | with            |
      | UnlockConnector.conf | status=Unlocked |
    And the charger has said no StatusNotification.req with errorCode!=NoError

  @TC_017_2_CS
  Scenario: TC_017_2_CS Unlock connector - no charging session running (Fixed cable)
    Given the charger has a fixed cable
    When the operator sends UnlockConnector with connectorId=1
    Then the charger has said, in this order
      | message              | with                |
      | UnlockConnector.conf | status=NotSupported |

  @TC_018_1_CS
  Scenario: TC_018_1_CS Unlock Connector - With Charging Session (Not fixed cable)
    Given a transaction is running
    When the operator sends UnlockConnector with connectorId=1
    And 10 s pass
    And the cable is taken out
    Then the charger has said, in this order
      | message                | with                                                | may         |
      | UnlockConnector.conf   | status=Unlocked                                     |             |
      | StopTransaction.req    | reason=UnlockCommand, transactionId=the transaction | swap places |
      | StatusNotification.req | connectorId=1, status=Finishing                     | swap places |
      | StatusNotification.req | connectorId=1, status=Available                     |             |

  @TC_018_2_CS
  Scenario: TC_018_2_CS Unlock Connector - With Charging Session (Fixed cable)
    Given the charger has a fixed cable
    And a transaction is running
    When the operator sends UnlockConnector with connectorId=1
    Then the charger has said, in this order
      | message              | with                |
      | UnlockConnector.conf | status=NotSupported |
    And the charger has said no StopTransaction.req

  @TC_030_CS
  Scenario: TC_030_CS Unlock Connector – Unlock Failure
    Given a transaction is running
    And the lock of the charger fails
    When the operator sends UnlockConnector with connectorId=1
    Then the charger has said, in this order
      | message              | with                |
      | UnlockConnector.conf | status=UnlockFailed |

  @TC_031_CS
  Scenario: TC_031_CS Unlock Connector – Unknown Connector
    When the operator sends UnlockConnector with connectorId=2
    Then the charger has said, in this order
      | message              | with                |
      | UnlockConnector.conf | status=NotSupported |

  @TC_054_CS
  Scenario: TC_054_CS Trigger Message
    When the operator sends
      | command        | with                                               |
      | TriggerMessage | requestedMessage=MeterValues, connectorId=1        |
      | TriggerMessage | requestedMessage=Heartbeat                         |
      | TriggerMessage | requestedMessage=StatusNotification, connectorId=1 |
      | TriggerMessage | requestedMessage=DiagnosticsStatusNotification     |
      | TriggerMessage | requestedMessage=FirmwareStatusNotification        |
    Then the charger has said, in this order
      | message                           | with                                                         | may        |
      | TriggerMessage.conf               | status=Accepted                                              |            |
      | MeterValues.req                   | connectorId=1, meterValue[0].sampledValue[0].context=Trigger |            |
      | TriggerMessage.conf               | status=Accepted                                              |            |
      | Heartbeat.req                     |                                                              |            |
      | TriggerMessage.conf               | status=Accepted                                              |            |
      | StatusNotification.req            | connectorId=1, status=Available                              |            |
      | TriggerMessage.conf               | status=Accepted                                              |            |
      | DiagnosticsStatusNotification.req | status=Idle                                                  |            |
      | TriggerMessage.conf               | status=Accepted or NotImplemented                            |            |
      | FirmwareStatusNotification.req    | status=Idle                                                  | be missing |
    And it has sent what it accepted to send

  @TC_055_CS
  Scenario: TC_055_CS Trigger Message - Rejected
    When the operator sends TriggerMessage with requestedMessage=MeterValues, connectorId=2
    Then the charger has said, in this order
      | message             | with                        |
      | TriggerMessage.conf | status=Rejected / any error |
    And the charger has said no MeterValues.req

  @TC_062_CS
  Scenario: TC_062_CS Data Transfer to a Charge Point
    When the operator sends DataTransfer with vendorId=ch.isebench.nobody, messageId=Nothing, data=nothing
    Then the charger has said, in this order
      | message           | with                                                               |
      | DataTransfer.conf | status=Rejected or UnknownMessageId or UnknownVendorId or Accepted |
    And it is remarked if a message of an unknown vendor was accepted
