@HAR-08 @must @compliance
Feature: HAR Compliance, central system: firmware and diagnostics

  Background:
    Given a central system under test
    And the charger has started up

  @TC_044_1_CSMS
  Scenario: TC_044_1_CSMS Firmware Update - Download and Install
    When the operator sends UpdateFirmware with location=ftp://127.0.0.1/inch-1.13.zip, retrieveDate=now
    And the charger says
      | message                        | with                              |
      | FirmwareStatusNotification.req | status=Downloading                |
      | FirmwareStatusNotification.req | status=Downloaded                 |
      | StatusNotification.req         | connectorId=0, status=Unavailable |
      | StatusNotification.req         | connectorId=1, status=Unavailable |
      | FirmwareStatusNotification.req | status=Installing                 |
      | BootNotification.req           | firmwareVersion=1.13              |
      | StatusNotification.req         | connectorId=0, status=Available   |
      | StatusNotification.req         | connectorId=1, status=Available   |
      | FirmwareStatusNotification.req | status=Installed                  |
    Then the central system has said, in this order
      | message                         | with                                                     |
      | UpdateFirmware.req              | location=ftp://127.0.0.1/inch-1.13.zip, retrieveDate=now |
      | FirmwareStatusNotification.conf |                                                          |
      | FirmwareStatusNotification.conf |                                                          |
      | StatusNotification.conf         |                                                          |
      | StatusNotification.conf         |                                                          |
      | FirmwareStatusNotification.conf |                                                          |
      | BootNotification.conf           | status=Accepted                                          |
      | StatusNotification.conf         |                                                          |
      | StatusNotification.conf         |                                                          |
      | FirmwareStatusNotification.conf |                                                          |

  @TC_044_2_CSMS
  Scenario: TC_044_2_CSMS Firmware Update - Download Failed
    When the operator sends UpdateFirmware with location=ftp://127.0.0.1/not-there.zip, retrieveDate=in 10 min, retries=2, retryInterval=60
    And 10 min pass
    And the charger says
      | message                        | with                  |
      | FirmwareStatusNotification.req | status=Downloading    |
      | FirmwareStatusNotification.req | status=DownloadFailed |
    Then the central system has said, in this order
      | message                         | with                                                                                  |
      | UpdateFirmware.req              | location=ftp://127.0.0.1/not-there.zip, retrieveDate=now, retries=2, retryInterval=60 |
      | FirmwareStatusNotification.conf |                                                                                       |
      | FirmwareStatusNotification.conf |                                                                                       |

  @TC_044_3_CSMS
  Scenario: TC_044_3_CSMS Firmware Update - Installation Failed
    When the operator sends UpdateFirmware with location=ftp://127.0.0.1/inch-1.13.zip, retrieveDate=now
    And the charger says
      | message                        | with                              |
      | FirmwareStatusNotification.req | status=Downloading                |
      | FirmwareStatusNotification.req | status=Downloaded                 |
      | StatusNotification.req         | connectorId=0, status=Unavailable |
      | StatusNotification.req         | connectorId=1, status=Unavailable |
      | FirmwareStatusNotification.req | status=Installing                 |
      | BootNotification.req           |                                   |
      | StatusNotification.req         | connectorId=0, status=Available   |
      | StatusNotification.req         | connectorId=1, status=Available   |
      | FirmwareStatusNotification.req | status=InstallationFailed         |
    Then the central system has said, in this order
      | message                         | with                                                     |
      | UpdateFirmware.req              | location=ftp://127.0.0.1/inch-1.13.zip, retrieveDate=now |
      | FirmwareStatusNotification.conf |                                                          |
      | FirmwareStatusNotification.conf |                                                          |
      | StatusNotification.conf         |                                                          |
      | StatusNotification.conf         |                                                          |
      | FirmwareStatusNotification.conf |                                                          |
      | BootNotification.conf           | status=Accepted                                          |
      | StatusNotification.conf         |                                                          |
      | StatusNotification.conf         |                                                          |
      | FirmwareStatusNotification.conf |                                                          |

  @TC_045_1_CSMS
  Scenario: TC_045_1_CSMS Get Diagnostics
    When the operator sends GetDiagnostics with location=the http depot
    And the charger says
      | message                           | with             |
      | DiagnosticsStatusNotification.req | status=Uploading |
    And the charger brings its diagnostics to where it was told
    And the charger says
      | message                           | with            |
      | DiagnosticsStatusNotification.req | status=Uploaded |
    Then the central system has said, in this order
      | message                            | with                    |
      | GetDiagnostics.req                 | location=the http depot |
      | DiagnosticsStatusNotification.conf |                         |
      | DiagnosticsStatusNotification.conf |                         |
    And the depot holds the diagnostics

  @TC_045_2_CSMS
  Scenario: TC_045_2_CSMS Get Diagnostics - Upload Failed
    When the operator sends GetDiagnostics with location=ftp://127.0.0.1:1/nowhere
    And the charger says
      | message                           | with                |
      | DiagnosticsStatusNotification.req | status=Uploading    |
      | DiagnosticsStatusNotification.req | status=UploadFailed |
    Then the central system has said, in this order
      | message                            | with                               |
      | GetDiagnostics.req                 | location=ftp://127.0.0.1:1/nowhere |
      | DiagnosticsStatusNotification.conf |                                    |
      | DiagnosticsStatusNotification.conf |                                    |
