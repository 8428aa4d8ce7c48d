@charger-inch
Feature: INC What a backend can ask of the emulated INCH
  Every message that the questionnaire ticks is answered and does what it says; what it does not tick is refused so.

  Background:
    Given a charger under test

  @INC-02 @must
  Scenario: It speaks OCPP 1.6 JSON over ws
    When the charger is switched on
    Then the charger has said, in this order
      | message              | with                                     |
      | BootNotification.req | chargePointVendor=ETREL, firmwareVersion=1.12 |

  @INC-02 @must
  Scenario: It speaks OCPP 1.6 JSON over wss, with whom it trusts
    Given the central system speaks through TLS, with a certificate that the charger trusts
    When the charger is switched on
    Then the charger has said, in this order
      | message              | with                    |
      | BootNotification.req | chargePointVendor=ETREL |

  @INC-02 @must
  Scenario: It says nothing to whom it does not trust
    Given the central system speaks through TLS, with a certificate that the charger does not trust
    When the charger is switched on
    And 10 min pass
    Then the charger has said no BootNotification.req

  @INC-02 @must
  Scenario: It refuses OCPP 1.5
    Given the central system speaks ocpp1.5 only
    When the charger is switched on
    And 10 min pass
    Then the charger has said no BootNotification.req

  @INC-02 @must
  Scenario: It speaks OCPP 1.6 over SOAP
    Given OCPP over SOAP is supported
    When the charger is switched on
    Then the charger has said, in this order
      | message              | with                    |
      | BootNotification.req | chargePointVendor=ETREL |

  @INC-04 @must
  Scenario Outline: It answers <message>
    When the operator sends
      | command   | with     |
      | <message> | <fields> |
    Then the charger has said, in this order
      | message        | with     |
      | <message>.conf | <answer> |

    Examples: core
      | message                | fields                                         | answer                                                     |
      | ChangeAvailability     | connectorId=1, type=Operative                  | status=Accepted                                            |
      | ChangeConfiguration    | key=ConnectionTimeOut, value=90                | status=Accepted                                            |
      | ClearCache             |                                                | status=Accepted                                            |
      | DataTransfer           | vendorId=somebody                              | status=UnknownVendorId                                     |
      | GetConfiguration       | key[0]=NumberOfConnectors                      | configurationKey[0].key=NumberOfConnectors, configurationKey[0].value=1 |
      | RemoteStartTransaction | connectorId=1, idTag=Anna's card               | status=Accepted                                            |
      | RemoteStopTransaction  | transactionId=987654                           | status=Rejected                                            |
      | Reset                  | type=Soft                                      | status=Accepted                                            |
      | UnlockConnector        | connectorId=1                                  | status=Unlocked                                            |

    Examples: the other profiles
      | message              | fields                                                                         | answer          |
      | CancelReservation    | reservationId=1                                                                | status=Rejected |
      | ReserveNow           | connectorId=1, expiryDate=in 30 min, idTag=Anna's card, reservationId=1        | status=Accepted |
      | SendLocalList        | listVersion=1, updateType=Full                                                 | status=Accepted |
      | ClearChargingProfile | id=1                                                                           | status=Unknown  |
      | SetChargingProfile   | connectorId=0, csChargingProfiles.chargingProfileId=1, csChargingProfiles.stackLevel=0, csChargingProfiles.chargingProfilePurpose=ChargePointMaxProfile, csChargingProfiles.chargingProfileKind=Absolute, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=16 | status=Accepted |
      | TriggerMessage       | requestedMessage=Heartbeat                                                     | status=Accepted |
      | GetDiagnostics       | location=ftp://127.0.0.1:1/                                                    | any fileName    |
      | UpdateFirmware       | location=ftp://127.0.0.1:1/x.zip, retrieveDate=in 1 h                          |                 |

  @INC-05 @must
  Scenario Outline: <message> is not supported, and it says so
    When the operator sends
      | command   | with     |
      | <message> | <fields> |
    Then the charger has said, in this order
      | message        | with               |
      | <message>.conf | error=NotSupported |

    Examples:
      | message              | fields                     |
      | GetLocalListVersion  |                            |
      | GetCompositeSchedule | connectorId=1, duration=60 |

  @INC-07 @must
  Scenario Outline: Diagnostics are brought by <wire>, with user and password in the location
    When the operator sends GetDiagnostics with location=the <wire> depot
    And 1 min pass
    Then the charger has said, in this order
      | message                           | with             |
      | GetDiagnostics.conf               | any fileName     |
      | DiagnosticsStatusNotification.req | status=Uploading |
      | DiagnosticsStatusNotification.req | status=Uploaded  |
    And the depot holds the diagnostics
    And the diagnostics are a zip of ASCII files

    Examples:
      | wire |
      | ftp  |
      | http |

  @INC-07 @must
  Scenario: What cannot be brought is tried as often as was asked, and has then failed
    When the operator sends GetDiagnostics with location=ftp://127.0.0.1:1/nowhere, retries=2, retryInterval=60
    And 10 min pass
    Then the charger has said, in this order
      | message                           | with                | after |
      | DiagnosticsStatusNotification.req | status=Uploading    |       |
      | DiagnosticsStatusNotification.req | status=UploadFailed | 120 s |

  @INC-08 @must
  Scenario Outline: Firmware is fetched by <wire>, installed, and named after the boot
    Given the depot holds the firmware 2.0 as inch-2.0.zip
    When the operator sends UpdateFirmware with location=the <wire> depot's inch-2.0.zip, retrieveDate=now
    And 10 min pass
    Then the charger has said, in this order
      | message                        | with                              | may         |
      | FirmwareStatusNotification.req | status=Downloading                |             |
      | FirmwareStatusNotification.req | status=Downloaded                 |             |
      | StatusNotification.req         | connectorId=1, status=Unavailable |             |
      | FirmwareStatusNotification.req | status=Installing                 | swap places |
      | BootNotification.req           | firmwareVersion=2.0               |             |
      | StatusNotification.req         | connectorId=0, status=Available   |             |
      | StatusNotification.req         | connectorId=1, status=Available   | swap places |
      | FirmwareStatusNotification.req | status=Installed                  |             |

    Examples:
      | wire |
      | ftp  |
      | http |

  @INC-08 @must
  Scenario: Whoever charges goes on charging; the installation waits
    Given the depot holds the firmware 2.0 as inch-2.0.zip
    And a transaction is running
    When the operator sends UpdateFirmware with location=the http depot's inch-2.0.zip, retrieveDate=now
    And 10 min pass
    And Anna shows the card
    And 2 min pass
    Then the charger has said, in this order
      | message                        | with               |
      | FirmwareStatusNotification.req | status=Downloading |
      | FirmwareStatusNotification.req | status=Downloaded  |
      | StopTransaction.req            | reason=Local       |
      | FirmwareStatusNotification.req | status=Installing  |
      | FirmwareStatusNotification.req | status=Installed   |

  @INC-08 @must
  Scenario: What is no firmware is not installed
    Given the depot holds the file inch-2.0.zip, which is no firmware
    When the operator sends UpdateFirmware with location=the http depot's inch-2.0.zip, retrieveDate=now
    And 10 min pass
    Then the charger has said, in this order
      | message                        | with                              | may         |
      | FirmwareStatusNotification.req | status=Downloading                |             |
      | FirmwareStatusNotification.req | status=Downloaded                 |             |
      | StatusNotification.req         | connectorId=1, status=Unavailable |             |
      | FirmwareStatusNotification.req | status=Installing                 | swap places |
      | FirmwareStatusNotification.req | status=InstallationFailed         |             |
      | StatusNotification.req         | connectorId=1, status=Available   | swap places |
    And the charger has said no BootNotification.req

  @INC-11 @must
  Scenario Outline: <error> is told with the vendor's code, which is assumed
    When the charger breaks down with <error>
    Then the charger has said, in this order
      | message                | with                                                                         |
      | StatusNotification.req | connectorId=1, status=<status>, errorCode=<error>, vendorErrorCode=<code>, vendorId=Etrel |

    Examples:
      | error               | code     | status    |
      | GroundFailure       | INCH-002 | Faulted   |
      | EVCommunicationError | INCH-003 | Faulted   |
      | PowerMeterFailure   | INCH-008 | Faulted   |
      | WeakSignal          | INCH-011 | Available |

  @INC-13 @must
  Scenario Outline: A vendor's message is answered: <case>
    When the operator sends DataTransfer with <fields>
    Then the charger has said, in this order
      | message           | with            |
      | DataTransfer.conf | status=<status> |

    Examples:
      | case                 | fields                                                                             | status           |
      | one that it knows    | vendorId=Etrel, messageId=SetChargingMode, data={"connectorId":1,"chargingMode":"Fast"} | Accepted         |
      | with a wrong content | vendorId=Etrel, messageId=SetChargingMode, data={"connectorId":1}                  | Rejected         |
      | an unknown message   | vendorId=Etrel, messageId=MakeCoffee                                               | UnknownMessageId |
      | an unknown vendor    | vendorId=somebody, messageId=SetChargingMode                                       | UnknownVendorId  |

  @INC-13 @must
  Scenario: Building and cluster consumption are told in the vendor's words, which are assumed
    When the charger tells what its building and its cluster consume
    Then the charger has said, in this order
      | message          | with                                                     |
      | DataTransfer.req | vendorId=Etrel, messageId=BuildingConsumption, any data  |
      | DataTransfer.req | vendorId=Etrel, messageId=ClusterConsumption, any data   |
