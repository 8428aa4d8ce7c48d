@HAR-08 @must @compliance
Feature: HAR Compliance, central system: what an operator asks for

  Background:
    Given a central system under test
    And Anna's card is Accepted
    And the charger has started up

  @TC_010_CSMS
  Scenario: TC_010_CSMS Remote Start Charging Session – Cable Plugged in First
    When the charger says
      | message                | with             |
      | StatusNotification.req | status=Preparing |
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And the charger says
      | message                | with              |
      | Authorize.req          | idTag=Anna's card |
      | StartTransaction.req   | idTag=Anna's card |
      | StatusNotification.req | status=Charging   |
    Then the central system has said, in this order
      | message                    | with                                         |
      | StatusNotification.conf    |                                              |
      | RemoteStartTransaction.req | idTag=Anna's card, connectorId=1             |
      | Authorize.conf             | idTagInfo.status=Accepted                    |
      | StartTransaction.conf      | idTagInfo.status=Accepted, any transactionId |
      | StatusNotification.conf    |                                              |

  @TC_011_1_CSMS
  Scenario: TC_011_1_CSMS Remote Start Charging Session – Remote Start First
    When the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And the charger says
      | message                | with              |
      | Authorize.req          | idTag=Anna's card |
      | StatusNotification.req | status=Preparing  |
      | StartTransaction.req   | idTag=Anna's card |
      | StatusNotification.req | status=Charging   |
    Then the central system has said, in this order
      | message                    | with                                         |
      | RemoteStartTransaction.req | idTag=Anna's card, connectorId=1             |
      | Authorize.conf             | idTagInfo.status=Accepted                    |
      | StatusNotification.conf    |                                              |
      | StartTransaction.conf      | idTagInfo.status=Accepted, any transactionId |
      | StatusNotification.conf    |                                              |

  @TC_011_2_CSMS
  Scenario: TC_011_2_CSMS Remote Start Charging Session – Time Out
    When the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And the charger says
      | message                | with              |
      | Authorize.req          | idTag=Anna's card |
      | StatusNotification.req | status=Preparing  |
    And 60 s pass
    And the charger says
      | message                | with             |
      | StatusNotification.req | status=Available |
    Then the central system has said, in this order
      | message                    | with                             |
      | RemoteStartTransaction.req | idTag=Anna's card, connectorId=1 |
      | Authorize.conf             | idTagInfo.status=Accepted        |
      | StatusNotification.conf    |                                  |
      | StatusNotification.conf    |                                  |

  @TC_012_CSMS
  Scenario: TC_012_CSMS Remote Stop Charging Session
    Given a transaction is running
    When the operator sends RemoteStopTransaction with transactionId=the transaction
    And the charger says
      | message                | with             |
      | StopTransaction.req    | reason=Remote    |
      | StatusNotification.req | status=Finishing |
      | StatusNotification.req | status=Available |
    Then the central system has said, in this order
      | message                   | with                          |
      | RemoteStopTransaction.req | transactionId=the transaction |
      | StopTransaction.conf      |                               |
      | StatusNotification.conf   |                               |
      | StatusNotification.conf   |                               |

  @TC_026_CSMS
  Scenario: TC_026_CSMS Remote Start Charging Session – Rejected
    Given the charger answers RemoteStartTransaction with status=Rejected
    When the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                    | with                             |
      | RemoteStartTransaction.req | idTag=Anna's card, connectorId=1 |
      | Heartbeat.conf             |                                  |
    And the operator was told Rejected

  @TC_028_CSMS
  Scenario: TC_028_CSMS Remote Stop Transaction – Rejected
    Given a transaction is running
    And the charger answers RemoteStopTransaction with status=Rejected
    When the operator sends RemoteStopTransaction with transactionId=987654
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                   | with                 |
      | RemoteStopTransaction.req | transactionId=987654 |
      | Heartbeat.conf            |                      |
    And the operator was told Rejected

  @TC_013_CSMS
  Scenario: TC_013_CSMS Hard Reset
    When the operator sends Reset with type=Hard
    And the line is cut
    And 60 s pass
    And the line is restored
    And the charger says
      | message                | with                            |
      | BootNotification.req   |                                 |
      | StatusNotification.req | connectorId=0, status=Available |
      | StatusNotification.req | connectorId=1, status=Available |
    Then the central system has said, in this order
      | message                 | with            |
      | Reset.req               | type=Hard       |
      | BootNotification.conf   | status=Accepted |
      | StatusNotification.conf |                 |
      | StatusNotification.conf |                 |

  @TC_014_CSMS
  Scenario: TC_014_CSMS Soft Reset
    When the operator sends Reset with type=Soft
    And the charger says
      | message                | with                            |
      | BootNotification.req   |                                 |
      | StatusNotification.req | connectorId=0, status=Available |
      | StatusNotification.req | connectorId=1, status=Available |
    Then the central system has said, in this order
      | message                 | with            |
      | Reset.req               | type=Soft       |
      | BootNotification.conf   | status=Accepted |
      | StatusNotification.conf |                 |
      | StatusNotification.conf |                 |

  @TC_017_1_CSMS
  Scenario: TC_017_1_CSMS Unlock connector - no charging session running (Not fixed cable)
    When the operator sends UnlockConnector with connectorId=1
    Then the central system has said, in this order
      | message             | with          |
      | UnlockConnector.req | connectorId=1 |

  @TC_017_2_CSMS
  Scenario: TC_017_2_CSMS Unlock connector - no charging session running (Fixed cable)
    Given the charger answers UnlockConnector with status=NotSupported
    When the operator sends UnlockConnector with connectorId=1
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message             | with          |
      | UnlockConnector.req | connectorId=1 |
      | Heartbeat.conf      |               |
    And the operator was told NotSupported

  @TC_018_1_CSMS
  Scenario: TC_018_1_CSMS Unlock Connector - With Charging Session (Not fixed cable)
    Given a transaction is running
    When the operator sends UnlockConnector with connectorId=1
    And the charger says
      | message                | with                 |
      | StatusNotification.req | status=Finishing     |
      | StopTransaction.req    | reason=UnlockCommand |
      | StatusNotification.req | status=Available     |
    Then the central system has said, in this order
      | message                 | with          |
      | UnlockConnector.req     | connectorId=1 |
      | StatusNotification.conf |               |
      | StopTransaction.conf    |               |
      | StatusNotification.conf |               |

  @TC_030_CSMS
  Scenario: TC_030_CSMS Unlock Connector – Unlock Failure
    Given the charger answers UnlockConnector with status=UnlockFailed
    When the operator sends UnlockConnector with connectorId=1
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message             | with          |
      | UnlockConnector.req | connectorId=1 |
      | Heartbeat.conf      |               |
    And the operator was told UnlockFailed

  @TC_031_CSMS
  Scenario: TC_031_CSMS Unlock Connector – Unknown Connector
    Given the charger answers UnlockConnector with status=NotSupported
    When the operator sends UnlockConnector with connectorId=2
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message             | with          |
      | UnlockConnector.req | connectorId=2 |
      | Heartbeat.conf      |               |
    And the operator was told NotSupported

  @TC_019_1_CSMS
  Scenario: TC_019_1_CSMS Retrieve all configuration keys
    When the operator sends GetConfiguration
    Then the central system has said, in this order
      | message              | with      |
      | GetConfiguration.req | no key[0] |

  @TC_019_2_CSMS
  Scenario: TC_019_2_CSMS Retrieve specific configuration key
    When the operator sends GetConfiguration with key[0]=SupportedFeatureProfiles
    Then the central system has said, in this order
      | message              | with                                       |
      | GetConfiguration.req | key[0]=SupportedFeatureProfiles, no key[1] |

  @TC_021_CSMS
  Scenario: TC_021_CSMS Change/set Configuration
    When the operator sends ChangeConfiguration with key=MeterValueSampleInterval, value=60
    Then the central system has said, in this order
      | message                 | with                                   |
      | ChangeConfiguration.req | key=MeterValueSampleInterval, value=60 |

  @TC_040_1_CSMS
  Scenario: TC_040_1_CSMS Configuration keys
    Given the charger answers ChangeConfiguration with status=NotSupported
    When the operator sends ChangeConfiguration with key=NoSuchKey, value=true
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                 | with                      |
      | ChangeConfiguration.req | key=NoSuchKey, value=true |
      | Heartbeat.conf          |                           |
    And the operator was told NotSupported

  @TC_040_2_CSMS
  Scenario: TC_040_2_CSMS Configuration keys
    Given the charger answers ChangeConfiguration with status=Rejected
    When the operator sends ChangeConfiguration with key=MeterValueSampleInterval, value=-1
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                 | with                                   |
      | ChangeConfiguration.req | key=MeterValueSampleInterval, value=-1 |
      | Heartbeat.conf          |                                        |
    And the operator was told Rejected

  @TC_054_CSMS
  Scenario: TC_054_CSMS Trigger Message
    When the operator sends TriggerMessage with requestedMessage=MeterValues, connectorId=1
    And the charger says
      | message         | with |
      | MeterValues.req |      |
    And the operator sends TriggerMessage with requestedMessage=Heartbeat
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    And the operator sends TriggerMessage with requestedMessage=StatusNotification, connectorId=1
    And the charger says
      | message                | with             |
      | StatusNotification.req | status=Available |
    And the operator sends TriggerMessage with requestedMessage=DiagnosticsStatusNotification
    And the charger says
      | message                           | with        |
      | DiagnosticsStatusNotification.req | status=Idle |
    And the operator sends TriggerMessage with requestedMessage=FirmwareStatusNotification
    And the charger says
      | message                        | with        |
      | FirmwareStatusNotification.req | status=Idle |
    Then the central system has said, in this order
      | message                            | with                                               |
      | TriggerMessage.req                 | requestedMessage=MeterValues, connectorId=1        |
      | MeterValues.conf                   |                                                    |
      | TriggerMessage.req                 | requestedMessage=Heartbeat                         |
      | Heartbeat.conf                     |                                                    |
      | TriggerMessage.req                 | requestedMessage=StatusNotification, connectorId=1 |
      | StatusNotification.conf            |                                                    |
      | TriggerMessage.req                 | requestedMessage=DiagnosticsStatusNotification     |
      | DiagnosticsStatusNotification.conf |                                                    |
      | TriggerMessage.req                 | requestedMessage=FirmwareStatusNotification        |
      | FirmwareStatusNotification.conf    |                                                    |

  @TC_055_CSMS
  Scenario: TC_055_CSMS Trigger Message - Rejected
    Given the charger answers TriggerMessage with status=Rejected
    When the operator sends TriggerMessage with requestedMessage=MeterValues, connectorId=2
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message            | with                                        |
      | TriggerMessage.req | requestedMessage=MeterValues, connectorId=2 |
      | Heartbeat.conf     |                                             |
    And the operator was told Rejected
