@HAR-08 @must @compliance
Feature: HAR Compliance, central system: boot and sessions
  Every title is the public id and name of a case; what each checks is told in words of our own.

  Background:
    Given a central system under test
    And Anna's card is Accepted

  @TC_001_CSMS
  Scenario: TC_001_CSMS Cold Boot Charge Point
    When the charger says
      | message                | with                            |
      | BootNotification.req   |                                 |
      | StatusNotification.req | connectorId=0, status=Available |
      | StatusNotification.req | connectorId=1, status=Available |
    And the interval that it was told passes
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                 | with                          |
      | BootNotification.conf   | status=Accepted, any interval |
      | StatusNotification.conf |                               |
      | StatusNotification.conf |                               |
      | Heartbeat.conf          | any currentTime               |

  @TC_003_CSMS
  Scenario: TC_003_CSMS Regular Charging Session - Plugin First
    Given the charger has started up
    When the charger says
      | message                | with              |
      | StatusNotification.req | status=Preparing  |
      | Authorize.req          | idTag=Anna's card |
      | StartTransaction.req   | idTag=Anna's card |
      | StatusNotification.req | status=Charging   |
    And 10 min pass
    And the charger says
      | message                | with                               |
      | StopTransaction.req    | idTag=Anna's card, reason=Local    |
      | StatusNotification.req | status=Available                   |
      | StatusNotification.req | status=Preparing                   |
      | Authorize.req          | idTag=Anna's card                  |
      | StartTransaction.req   | idTag=Anna's card, meterStart=1500 |
      | StatusNotification.req | status=Charging                    |
    Then the central system has said, in this order
      | message                 | with                                         |
      | StatusNotification.conf |                                              |
      | Authorize.conf          | idTagInfo.status=Accepted                    |
      | StartTransaction.conf   | idTagInfo.status=Accepted, any transactionId |
      | StatusNotification.conf |                                              |
      | StopTransaction.conf    | idTagInfo.status=Accepted or omitted         |
      | StatusNotification.conf |                                              |
      | StatusNotification.conf |                                              |
      | Authorize.conf          | idTagInfo.status=Accepted                    |
      | StartTransaction.conf   | idTagInfo.status=Accepted, any transactionId |
      | StatusNotification.conf |                                              |
    And each transaction has an id of its own

  @TC_004_1_CSMS
  Scenario: TC_004_1_CSMS Regular Charging Session – Identification First
    Given the charger has started up
    When the charger says
      | message                | with              |
      | Authorize.req          | idTag=Anna's card |
      | StatusNotification.req | status=Preparing  |
      | StartTransaction.req   | idTag=Anna's card |
      | StatusNotification.req | status=Charging   |
    Then the central system has said, in this order
      | message                 | with                                         |
      | Authorize.conf          | idTagInfo.status=Accepted                    |
      | StatusNotification.conf |                                              |
      | StartTransaction.conf   | idTagInfo.status=Accepted, any transactionId |
      | StatusNotification.conf |                                              |

  @TC_004_2_CSMS
  Scenario: TC_004_2_CSMS Regular Charging Session – Identification First - ConnectionTimeOut
    Given the charger has started up
    When the charger says
      | message                | with              |
      | Authorize.req          | idTag=Anna's card |
      | StatusNotification.req | status=Preparing  |
    And 60 s pass
    And the charger says
      | message                | with             |
      | StatusNotification.req | status=Available |
    Then the central system has said, in this order
      | message                 | with                      |
      | Authorize.conf          | idTagInfo.status=Accepted |
      | StatusNotification.conf |                           |
      | StatusNotification.conf |                           |

  @TC_005_1_CSMS
  Scenario: TC_005_1_CSMS EV Side Disconnected - StopTransactionOnEVSideDisconnect = true - UnlockConnectorOnEVSideDisconnect = true
    Given the charger has started up
    And a transaction is running
    When the charger says
      | message                | with                  |
      | StatusNotification.req | status=SuspendedEV    |
      | StopTransaction.req    | reason=EVDisconnected |
      | StatusNotification.req | status=Finishing      |
      | StatusNotification.req | status=Available      |
    Then the central system has said, in this order
      | message                 | with |
      | StatusNotification.conf |      |
      | StopTransaction.conf    |      |
      | StatusNotification.conf |      |
      | StatusNotification.conf |      |

  @TC_007_CSMS
  Scenario: TC_007_CSMS Regular Start Charging Session – Cached Id
    Given the charger has started up
    When the charger says
      | message                | with              |
      | StatusNotification.req | status=Preparing  |
      | StartTransaction.req   | idTag=Anna's card |
      | StatusNotification.req | status=Charging   |
    Then the central system has said, in this order
      | message                 | with                                         |
      | StatusNotification.conf |                                              |
      | StartTransaction.conf   | idTagInfo.status=Accepted, any transactionId |
      | StatusNotification.conf |                                              |

  @TC_061_CSMS
  Scenario: TC_061_CSMS Clear Authorization Data in Authorization Cache
    Given the charger has started up
    When the operator sends ClearCache
    Then the central system has said, in this order
      | message        | with |
      | ClearCache.req |      |

  @TC_023_1_CSMS
  Scenario: TC_023_1_CSMS Start Charging Session – Authorize invalid
    Given Bert's card is Invalid
    And the charger has started up
    When the charger says
      | message       | with              |
      | Authorize.req | idTag=Bert's card |
    Then the central system has said, in this order
      | message        | with                     |
      | Authorize.conf | idTagInfo.status=Invalid |

  @TC_023_2_CSMS
  Scenario: TC_023_2_CSMS Start Charging Session – Authorize expired
    Given Bert's card is Expired
    And the charger has started up
    When the charger says
      | message       | with              |
      | Authorize.req | idTag=Bert's card |
    Then the central system has said, in this order
      | message        | with                     |
      | Authorize.conf | idTagInfo.status=Expired |

  @TC_023_3_CSMS
  Scenario: TC_023_3_CSMS Start Charging Session – Authorize blocked
    Given Bert's card is Blocked
    And the charger has started up
    When the charger says
      | message       | with              |
      | Authorize.req | idTag=Bert's card |
    Then the central system has said, in this order
      | message        | with                     |
      | Authorize.conf | idTagInfo.status=Blocked |

  @TC_024_CSMS
  Scenario: TC_024_CSMS Start Charging Session Lock Failure
    Given the charger has started up
    When the charger says
      | message                | with                                           |
      | Authorize.req          | idTag=Anna's card                              |
      | StatusNotification.req | status=Preparing                               |
      | StatusNotification.req | status=Faulted, errorCode=ConnectorLockFailure |
    Then the central system has said, in this order
      | message                 | with                      |
      | Authorize.conf          | idTagInfo.status=Accepted |
      | StatusNotification.conf |                           |
      | StatusNotification.conf |                           |

  @TC_032_1_CSMS
  Scenario: TC_032_1_CSMS Power failure boot charging point-configured to stop transaction(s)
    Given the charger has started up
    And a transaction is running
    When the line is cut
    And 2 min pass
    And the line is restored
    And the charger says
      | message                | with                                  |
      | BootNotification.req   |                                       |
      | StatusNotification.req | connectorId=0, status=Available       |
      | StatusNotification.req | connectorId=1, status=Finishing       |
      | StopTransaction.req    | reason=PowerLoss, timestamp=2 min ago |
    Then the central system has said, in this order
      | message                 | with            |
      | BootNotification.conf   | status=Accepted |
      | StatusNotification.conf |                 |
      | StatusNotification.conf |                 |
      | StopTransaction.conf    |                 |

  @TC_037_1_CSMS
  Scenario: TC_037_1_CSMS Offline Start Transaction - Valid IdTag
    Given the charger has started up
    When the line is cut
    And 2 min pass
    And the line is restored
    And the charger says
      | message                | with                                  |
      | StartTransaction.req   | idTag=Anna's card, timestamp=90 s ago |
      | StatusNotification.req | status=Charging                       |
    Then the central system has said, in this order
      | message                 | with                                         |
      | StartTransaction.conf   | idTagInfo.status=Accepted, any transactionId |
      | StatusNotification.conf |                                              |

  @TC_037_3_CSMS
  Scenario: TC_037_3_CSMS Offline Start Transaction - Invalid IdTag - StopTransactionOnInvalidId = true
    Given Bert's card is Invalid
    And the charger has started up
    When the line is cut
    And 2 min pass
    And the line is restored
    And the charger says
      | message                | with                                  |
      | StartTransaction.req   | idTag=Bert's card, timestamp=90 s ago |
      | StatusNotification.req | status=Charging                       |
      | StopTransaction.req    | reason=DeAuthorized                   |
      | StatusNotification.req | status=Finishing                      |
    Then the central system has said, in this order
      | message                 | with                                        |
      | StartTransaction.conf   | idTagInfo.status=Invalid, any transactionId |
      | StatusNotification.conf |                                             |
      | StopTransaction.conf    |                                             |
      | StatusNotification.conf |                                             |

  @TC_039_CSMS
  Scenario: TC_039_CSMS Offline Transaction
    Given the charger has started up
    When the line is cut
    And 2 min pass
    And the line is restored
    And the charger says
      | message              | with                                                |
      | StartTransaction.req | idTag=Anna's card, timestamp=90 s ago               |
      | StopTransaction.req  | idTag=Anna's card, reason=Local, timestamp=30 s ago |
    Then the central system has said, in this order
      | message               | with                                         |
      | StartTransaction.conf | idTagInfo.status=Accepted, any transactionId |
      | StopTransaction.conf  | idTagInfo.status=Accepted or omitted         |

  @TC_064_CSMS
  Scenario: TC_064_CSMS Data Transfer to a Central System
    Given the charger has started up
    When the charger says
      | message          | with                                                         |
      | DataTransfer.req | vendorId=ch.isebench.nobody, messageId=Nothing, data=nothing |
    Then the central system has said, in this order
      | message           | with                                                               |
      | DataTransfer.conf | status=Rejected or UnknownMessageId or UnknownVendorId or Accepted |
    And it is remarked if a message of an unknown vendor was accepted
