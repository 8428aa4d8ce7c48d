@HAR-08 @must @compliance
Feature: HAR Compliance, central system: security profiles

  Background:
    Given a central system under test

  @TC_073_CSMS
  Scenario: TC_073_CSMS Update Charge Point Password for HTTP Basic Authentication
    Given security profile 1 or 2 is supported
    And the charger has the password isebench-key-of-old
    And the charger has started up
    When the operator sends ChangeConfiguration with key=AuthorizationKey, value=69736562656E63682D6B65792D31362B6F6B
    And the line is cut
    And the charger dials with the password isebench-key-of-old
    And the charger takes up the password that it was sent
    And the line is restored
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                 | with                                                             |
      | ChangeConfiguration.req | key=AuthorizationKey, value=69736562656E63682D6B65792D31362B6F6B |
      | Heartbeat.conf          |                                                                  |
    And no line came up that was dialled so

  @TC_074_CSMS
  Scenario: TC_074_CSMS Update Charge Point Certificate by request of Central System
    Given security profile 3 is supported
    And the charger has started up
    When the operator sends ExtendedTriggerMessage with requestedMessage=SignChargePointCertificate
    And the charger says
      | message             | with                  |
      | SignCertificate.req | csr=a signing request |
    Then the central system has said, in this order
      | message                    | with                                                        |
      | ExtendedTriggerMessage.req | requestedMessage=SignChargePointCertificate, no connectorId |
      | SignCertificate.conf       | status=Accepted                                             |
      | CertificateSigned.req      | any certificateChain                                        |

  @TC_075_1_CSMS
  Scenario: TC_075_1_CSMS Install a certificate on the Charge Point - ManufacturerRootCertificate
    Given security profile 2 or 3 is supported
    And the charger has started up
    When the operator sends InstallCertificate with certificateType=ManufacturerRootCertificate, certificate=a root certificate
    And the operator sends GetInstalledCertificateIds with certificateType=ManufacturerRootCertificate
    Then the central system has said, in this order
      | message                        | with                                                         |
      | InstallCertificate.req         | certificateType=ManufacturerRootCertificate, any certificate |
      | GetInstalledCertificateIds.req | certificateType=ManufacturerRootCertificate                  |

  @TC_075_2_CSMS
  Scenario: TC_075_2_CSMS Install a certificate on the Charge Point - CentralSystemRootCertificate
    Given security profile 2 or 3 is supported
    And the charger has started up
    When the operator sends InstallCertificate with certificateType=CentralSystemRootCertificate, certificate=a root certificate
    And the operator sends GetInstalledCertificateIds with certificateType=CentralSystemRootCertificate
    Then the central system has said, in this order
      | message                        | with                                                          |
      | InstallCertificate.req         | certificateType=CentralSystemRootCertificate, any certificate |
      | GetInstalledCertificateIds.req | certificateType=CentralSystemRootCertificate                  |

  @TC_076_CSMS
  Scenario: TC_076_CSMS Delete a specific certificate from the Charge Point
    Given security profile 2 or 3 is supported
    And the charger has started up
    When the operator sends GetInstalledCertificateIds with certificateType=CentralSystemRootCertificate
    And the operator sends DeleteCertificate with certificateHashData.hashAlgorithm=SHA256, certificateHashData.issuerNameHash=its issuer name hash, certificateHashData.issuerKeyHash=its issuer key hash, certificateHashData.serialNumber=its serial number
    Then the central system has said, in this order
      | message                        | with                                                                                         |
      | GetInstalledCertificateIds.req | certificateType=CentralSystemRootCertificate                                                 |
      | DeleteCertificate.req          | certificateHashData.hashAlgorithm=SHA256, certificateHashData.serialNumber=its serial number |

  @TC_077_CSMS
  Scenario: TC_077_CSMS Invalid ChargePointCertificate Security Event
    Given security profile 3 is supported
    And the charger has started up
    When the operator sends ExtendedTriggerMessage with requestedMessage=SignChargePointCertificate
    And the charger says
      | message                       | with                                              |
      | SignCertificate.req           | csr=a signing request                             |
      | SecurityEventNotification.req | type=InvalidChargePointCertificate, timestamp=now |
    Then the central system has said, in this order
      | message                        | with                                                        |
      | ExtendedTriggerMessage.req     | requestedMessage=SignChargePointCertificate, no connectorId |
      | SignCertificate.conf           | status=Accepted                                             |
      | CertificateSigned.req          | any certificateChain                                        |
      | SecurityEventNotification.conf |                                                             |

  @TC_078_CSMS
  Scenario: TC_078_CSMS Invalid CentralSystemCertificate Security Event
    Given security profile 2 or 3 is supported
    And the charger has started up
    When the operator sends InstallCertificate with certificateType=CentralSystemRootCertificate, certificate=an invalid certificate
    And the charger says
      | message                       | with                                                |
      | SecurityEventNotification.req | type=InvalidCentralSystemCertificate, timestamp=now |
    Then the central system has said, in this order
      | message                        | with                                                          |
      | InstallCertificate.req         | certificateType=CentralSystemRootCertificate, any certificate |
      | SecurityEventNotification.conf |                                                               |

  @TC_079_CSMS
  Scenario: TC_079_CSMS Get Security Log
    Given a security profile is supported
    And the charger has started up
    When the operator sends GetLog with logType=SecurityLog, requestId=1, log.remoteLocation=ftp://127.0.0.1/logs
    And the charger says
      | message                   | with             |
      | LogStatusNotification.req | status=Uploading |
      | LogStatusNotification.req | status=Uploaded  |
    Then the central system has said, in this order
      | message                    | with                                        |
      | GetLog.req                 | logType=SecurityLog, any log.remoteLocation |
      | LogStatusNotification.conf |                                             |
      | LogStatusNotification.conf |                                             |

  @TC_080_CSMS
  Scenario: TC_080_CSMS Secure Firmware Update
    Given a security profile is supported
    And the charger has started up
    When the operator sends SignedUpdateFirmware with requestId=1, firmware.location=ftp://127.0.0.1/inch-1.13.zip, firmware.retrieveDateTime=now, firmware.signingCertificate=a signing certificate, firmware.signature=a signature
    And the charger says
      | message                              | with                                |
      | SignedFirmwareStatusNotification.req | status=Downloading                  |
      | SignedFirmwareStatusNotification.req | status=Downloaded                   |
      | SignedFirmwareStatusNotification.req | status=SignatureVerified            |
      | StatusNotification.req               | connectorId=1, status=Unavailable   |
      | SignedFirmwareStatusNotification.req | status=Installing                   |
      | SignedFirmwareStatusNotification.req | status=InstallRebooting             |
      | BootNotification.req                 | firmwareVersion=1.13                |
      | SecurityEventNotification.req        | type=FirmwareUpdated, timestamp=now |
      | StatusNotification.req               | connectorId=1, status=Available     |
      | SignedFirmwareStatusNotification.req | status=Installed                    |
    Then the central system has said, in this order
      | message                               | with                                                                                                     |
      | SignedUpdateFirmware.req              | firmware.location=ftp://127.0.0.1/inch-1.13.zip, any firmware.signature, any firmware.signingCertificate |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |
      | StatusNotification.conf               |                                                                                                          |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |
      | BootNotification.conf                 |                                                                                                          |
      | SecurityEventNotification.conf        |                                                                                                          |
      | StatusNotification.conf               |                                                                                                          |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |

  @TC_081_CSMS
  Scenario: TC_081_CSMS Secure Firmware Update - Invalid Signature
    Given a security profile is supported
    And the charger has started up
    When the operator sends SignedUpdateFirmware with requestId=1, firmware.location=ftp://127.0.0.1/inch-1.13.zip, firmware.retrieveDateTime=now, firmware.signingCertificate=a signing certificate, firmware.signature=a signature
    And the charger says
      | message                              | with                    |
      | SignedFirmwareStatusNotification.req | status=Downloading      |
      | SignedFirmwareStatusNotification.req | status=Downloaded       |
      | SignedFirmwareStatusNotification.req | status=InvalidSignature |
    Then the central system has said, in this order
      | message                               | with                                                                                                     |
      | SignedUpdateFirmware.req              | firmware.location=ftp://127.0.0.1/inch-1.13.zip, any firmware.signature, any firmware.signingCertificate |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |
      | SignedFirmwareStatusNotification.conf |                                                                                                          |

  @TC_085_CSMS
  Scenario: TC_085_CSMS Basic Authentication - Valid username/password combination
    Given security profile 1 or 2 is supported
    And the charger has the password isebench-key-of-old
    And the charger has started up
    When the line is cut
    And the charger dials without a password
    And the charger dials with the password isebench-key-of-another
    And the line is restored
    And the charger says
      | message                | with                            |
      | BootNotification.req   |                                 |
      | StatusNotification.req | connectorId=0, status=Available |
      | StatusNotification.req | connectorId=1, status=Available |
    Then the central system has said, in this order
      | message                 | with            |
      | BootNotification.conf   | status=Accepted |
      | StatusNotification.conf |                 |
      | StatusNotification.conf |                 |
    And no line came up that was dialled so

  @TC_086_CSMS
  Scenario: TC_086_CSMS TLS - server-side certificate - Valid certificate
    Given security profile 2 or 3 is supported
    And the charger has started up
    When the line is cut
    And the charger dials in the clear
    And the line is restored
    And the charger says
      | message                | with                            |
      | BootNotification.req   |                                 |
      | StatusNotification.req | connectorId=0, status=Available |
      | StatusNotification.req | connectorId=1, status=Available |
    Then the central system has said, in this order
      | message                 | with            |
      | BootNotification.conf   | status=Accepted |
      | StatusNotification.conf |                 |
      | StatusNotification.conf |                 |
    And no line came up that was dialled so
    And the line is encrypted with TLS 1.2 or newer

  @TC_087_CSMS
  Scenario: TC_087_CSMS TLS - Client-side certificate - valid certificate
    Given security profile 3 is supported
    And the charger has started up
    When the line is cut
    And the charger dials in the clear
    And the charger dials without a certificate
    And the line is restored
    And the charger says
      | message                | with                            |
      | BootNotification.req   |                                 |
      | StatusNotification.req | connectorId=0, status=Available |
      | StatusNotification.req | connectorId=1, status=Available |
    Then the central system has said, in this order
      | message                 | with            |
      | BootNotification.conf   | status=Accepted |
      | StatusNotification.conf |                 |
      | StatusNotification.conf |                 |
    And no line came up that was dialled so
    And the line is encrypted with TLS 1.2 or newer
