@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: security profiles

  Background:
    Given a charger under test

  @TC_073_CS
  Scenario: TC_073_CS Update Charge Point Password for HTTP Basic Authentication
    Given security profile 1 or 2 is supported
    When the operator sends ChangeConfiguration with key=AuthorizationKey, value=69736562656E63682D6B65792D31362B6F6B
    And 5 min pass
    Then the charger has said, in this order
      | message                  | with            |
      | ChangeConfiguration.conf | status=Accepted |
    And it has come back over a new line
    And it has named itself and its AuthorizationKey

  @TC_074_CS
  Scenario: TC_074_CS Update Charge Point Certificate by request of Central System
    Given security profile 3 is supported
    When the operator sends ExtendedTriggerMessage with requestedMessage=SignChargePointCertificate
    And the operator sends CertificateSigned with certificateChain=the certificate that was asked for
    And 5 min pass
    Then the charger has said, in this order
      | message                     | with            |
      | ExtendedTriggerMessage.conf | status=Accepted |
      | SignCertificate.req         | any csr         |
      | CertificateSigned.conf      | status=Accepted |
    And it has come back over a new line

  @TC_075_1_CS
  Scenario: TC_075_1_CS Install a certificate on the Charge Point - ManufacturerRootCertificate
    Given security profile 2 or 3 is supported
    When the operator sends InstallCertificate with certificateType=ManufacturerRootCertificate, certificate=a root certificate
    And the operator sends GetInstalledCertificateIds with certificateType=ManufacturerRootCertificate
    Then the charger has said, in this order
      | message                         | with                                                                   |
      | InstallCertificate.conf         | status=Accepted                                                        |
      | GetInstalledCertificateIds.conf | status=Accepted, certificateHashData[0].serialNumber=its serial number |

  @TC_075_2_CS
  Scenario: TC_075_2_CS Install a certificate on the Charge Point - CentralSystemRootCertificate
    Given security profile 2 or 3 is supported
    When the operator sends InstallCertificate with certificateType=CentralSystemRootCertificate, certificate=a root certificate
    And the operator sends GetInstalledCertificateIds with certificateType=CentralSystemRootCertificate
    Then the charger has said, in this order
      | message                         | with                                                                   |
      | InstallCertificate.conf         | status=Accepted                                                        |
      | GetInstalledCertificateIds.conf | status=Accepted, certificateHashData[0].serialNumber=its serial number |

  @TC_076_CS
  Scenario: TC_076_CS Delete a specific certificate from the Charge Point
    Given security profile 2 or 3 is supported
    And the operator sends InstallCertificate with certificateType=CentralSystemRootCertificate, certificate=a root certificate
    When the operator sends GetInstalledCertificateIds with certificateType=CentralSystemRootCertificate
    And the operator sends DeleteCertificate with certificateHashData.hashAlgorithm=SHA256, certificateHashData.issuerNameHash=its issuer name hash, certificateHashData.issuerKeyHash=its issuer key hash, certificateHashData.serialNumber=its serial number
    And the operator sends GetInstalledCertificateIds with certificateType=CentralSystemRootCertificate
    Then the charger has said, in this order
      | message                         | with                                                                   |
      | GetInstalledCertificateIds.conf | status=Accepted, certificateHashData[0].serialNumber=its serial number |
      | DeleteCertificate.conf          | status=Accepted                                                        |
      | GetInstalledCertificateIds.conf | certificateHashData[0].serialNumber!=its serial number                 |

  @TC_077_CS
  Scenario: TC_077_CS Invalid ChargePointCertificate Security Event
    Given security profile 3 is supported
    When the operator sends ExtendedTriggerMessage with requestedMessage=SignChargePointCertificate
    And the operator sends CertificateSigned with certificateChain=an invalid certificate
    Then the charger has said, in this order
      | message                       | with                               |
      | ExtendedTriggerMessage.conf   | status=Accepted                    |
      | SignCertificate.req           | any csr                            |
      | CertificateSigned.conf        | status=Rejected                    |
      | SecurityEventNotification.req | type=InvalidChargePointCertificate |

  @TC_078_CS
  Scenario: TC_078_CS Invalid CentralSystemCertificate Security Event
    Given security profile 2 or 3 is supported
    When the operator sends InstallCertificate with certificateType=CentralSystemRootCertificate, certificate=an invalid certificate
    Then the charger has said, in this order
      | message                       | with                                 |
      | InstallCertificate.conf       | status=Rejected                      |
      | SecurityEventNotification.req | type=InvalidCentralSystemCertificate |

  @TC_079_CS
  Scenario: TC_079_CS Get Security Log
    Given a security profile is supported
    When the operator sends GetLog with logType=SecurityLog, requestId=1, log.remoteLocation=the ftp depot
    And 10 min pass
    Then the charger has said, in this order
      | message                   | with             |
      | GetLog.conf               | status=Accepted  |
      | LogStatusNotification.req | status=Uploading |
      | LogStatusNotification.req | status=Uploaded  |

  @TC_080_CS
  Scenario: TC_080_CS Secure Firmware Update
    Given a security profile is supported
    And the depot holds the firmware 1.13 as inch-1.13.zip
    When the operator sends SignedUpdateFirmware with requestId=1, firmware.location=the http depot's inch-1.13.zip, firmware.retrieveDateTime=now, firmware.signingCertificate=a signing certificate, firmware.signature=its signature of inch-1.13.zip
    And 10 min pass
    Then the charger has said, in this order
      | message                              | with                            | may                     |
      | SignedUpdateFirmware.conf            | status=Accepted                 |                         |
      | SignedFirmwareStatusNotification.req | status=Downloading              |                         |
      | SignedFirmwareStatusNotification.req | status=Downloaded               |                         |
      | SignedFirmwareStatusNotification.req | status=SignatureVerified        |                         |
      | SignedFirmwareStatusNotification.req | status=Installing               |                         |
      | BootNotification.req                 |                                 |                         |
      | StatusNotification.req               | connectorId=0, status=Available | swap places             |
      | StatusNotification.req               | connectorId=1, status=Available | swap places             |
      | SecurityEventNotification.req        | type=FirmwareUpdated            | swap places, be missing |
      | SignedFirmwareStatusNotification.req | status=Installed                | swap places             |

  @TC_081_CS
  Scenario: TC_081_CS Secure Firmware Update - Invalid Signature
    Given a security profile is supported
    And the depot holds the firmware 1.13 as inch-1.13.zip
    When the operator sends SignedUpdateFirmware with requestId=1, firmware.location=the http depot's inch-1.13.zip, firmware.retrieveDateTime=now, firmware.signingCertificate=a signing certificate, firmware.signature=an invalid signature
    And 10 min pass
    Then the charger has said, in this order
      | message                              | with                    |
      | SignedUpdateFirmware.conf            | status=Accepted         |
      | SignedFirmwareStatusNotification.req | status=Downloading      |
      | SignedFirmwareStatusNotification.req | status=Downloaded       |
      | SignedFirmwareStatusNotification.req | status=InvalidSignature |

  @TC_083_CS
  Scenario: TC_083_CS Upgrade security profile
    Given security profile 1 or 2 is supported
    When the operator sends ChangeConfiguration with key=SecurityProfile, value=2
    And the operator sends Reset with type=Hard
    And 5 min pass
    Then the charger has said, in this order
      | message                  | with                              | may         |
      | ChangeConfiguration.conf | status=Accepted or RebootRequired |             |
      | Reset.conf               | status=Accepted                   |             |
      | BootNotification.req     |                                   |             |
      | StatusNotification.req   | connectorId=0, status=Available   |             |
      | StatusNotification.req   | connectorId=1, status=Available   | swap places |
    And it has come back over a new line

  @TC_084_CS
  Scenario: TC_084_CS Downgrade security profile - Rejected
    Given security profile 2 or 3 is supported
    When the operator sends ChangeConfiguration with key=SecurityProfile, value=1
    Then the charger has said, in this order
      | message                  | with            |
      | ChangeConfiguration.conf | status=Rejected |

  @TC_085_CS
  Scenario: TC_085_CS Basic Authentication - Valid username/password combination
    Given security profile 1 or 2 is supported
    And the operator sends ChangeConfiguration with key=AuthorizationKey, value=69736562656E63682D6B65792D31362B6F6B
    When the operator sends Reset with type=Hard
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                            | may         |
      | Reset.conf             | status=Accepted                 |             |
      | BootNotification.req   |                                 |             |
      | StatusNotification.req | connectorId=0, status=Available |             |
      | StatusNotification.req | connectorId=1, status=Available | swap places |
    And it has come back over a new line
    And it has named itself and its AuthorizationKey

  @TC_086_CS
  Scenario: TC_086_CS TLS - server-side certificate - Valid certificate
    Given security profile 2 or 3 is supported
    And the central system speaks through TLS, with a certificate that the charger trusts
    When the operator sends Reset with type=Hard
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                            | may         |
      | Reset.conf             | status=Accepted                 |             |
      | BootNotification.req   |                                 |             |
      | StatusNotification.req | connectorId=0, status=Available |             |
      | StatusNotification.req | connectorId=1, status=Available | swap places |
    And it has come back over a new line
    And its line speaks TLS 1.2 or later
    And it has named itself by its AuthorizationKey or a certificate

  @TC_087_CS
  Scenario: TC_087_CS TLS - Client-side certificate - valid certificate
    Given security profile 3 is supported
    And the central system speaks through TLS, with a certificate that the charger trusts
    When the operator sends Reset with type=Hard
    And 5 min pass
    Then the charger has said, in this order
      | message                | with                            | may         |
      | Reset.conf             | status=Accepted                 |             |
      | BootNotification.req   |                                 |             |
      | StatusNotification.req | connectorId=0, status=Available |             |
      | StatusNotification.req | connectorId=1, status=Available | swap places |
    And it has come back over a new line
    And its line speaks TLS 1.2 or later
    And it has shown a certificate of its own
