@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: firmware and diagnostics

  Background:
    Given a charger under test

  @TC_044_1_CS
  Scenario: TC_044_1_CS Firmware Update - Download and Install
    Given the depot holds the firmware 1.13 as inch-1.13.zip
    When the operator sends UpdateFirmware with location=the http depot's inch-1.13.zip, retrieveDate=in 2 min
    And 100 s pass
    And the operator sends GetConfiguration with key[0]=HeartbeatInterval
    And 10 min pass
    Then the charger has said, in this order
      | message                        | with                              | may         |
      | UpdateFirmware.conf            |                                   |             |
      | GetConfiguration.conf          |                                   |             |
      | StatusNotification.req         | connectorId=1, status=Unavailable | be missing  |
      | FirmwareStatusNotification.req | status=Downloading                | swap places |
      | FirmwareStatusNotification.req | status=Downloaded                 |             |
      | StatusNotification.req         | connectorId=1, status=Unavailable | be missing  |
      | FirmwareStatusNotification.req | status=Installing                 | swap places |
      | BootNotification.req           | firmwareVersion=1.13              |             |
      | StatusNotification.req         | connectorId=0, status=Available   |             |
      | StatusNotification.req         | connectorId=1, status=Available   | swap places |
      | FirmwareStatusNotification.req | status=Installed                  | swap places |

  @TC_044_2_CS
  Scenario: TC_044_2_CS Firmware Update - Download Failed
    When the operator sends UpdateFirmware with location=the ftp depot's not-there.zip, retries=0, retrieveDate=now
    And 10 min pass
    Then the charger has said, in this order
      | message                        | with                  | may        |
      | UpdateFirmware.conf            |                       |            |
      | FirmwareStatusNotification.req | status=Downloading    | be missing |
      | FirmwareStatusNotification.req | status=DownloadFailed |            |
    And the charger has come to the depot once
    And the charger has said no BootNotification.req

  @TC_044_3_CS
  Scenario: TC_044_3_CS Firmware Update - Installation Failed
    Given the depot holds the file inch-1.13.zip, which is no firmware
    When the operator sends UpdateFirmware with location=the http depot's inch-1.13.zip, retrieveDate=now
    And 10 min pass
    And a car is plugged in
    And Anna shows the card
    Then the charger has said, in this order
      | message                        | with                                            | may         |
      | UpdateFirmware.conf            |                                                 |             |
      | FirmwareStatusNotification.req | status=Downloading                              |             |
      | FirmwareStatusNotification.req | status=Downloaded                               |             |
      | FirmwareStatusNotification.req | status=Installing                               | be missing  |
      | BootNotification.req           |                                                 | be missing  |
      | FirmwareStatusNotification.req | status=InstallationFailed                       | swap places |
      | StartTransaction.req           | connectorId=1, idTag=Anna's card, timestamp=now |             |

  @TC_045_1_CS
  Scenario: TC_045_1_CS Get Diagnostics
    When the operator sends GetDiagnostics with location=the ftp depot
    And 10 min pass
    Then the charger has said, in this order
      | message                           | with             |
      | GetDiagnostics.conf               | any fileName     |
      | DiagnosticsStatusNotification.req | status=Uploading |
      | DiagnosticsStatusNotification.req | status=Uploaded  |
    And the depot holds the diagnostics

  @TC_045_2_CS
  Scenario: TC_045_2_CS Get Diagnostics - Upload Failed
    When the operator sends GetDiagnostics with location=the ftp depot's not-there/, retries=0
    And 10 min pass
    Then the charger has said, in this order
      | message                           | with                |
      | GetDiagnostics.conf               |                     |
      | DiagnosticsStatusNotification.req | status=Uploading    |
      | DiagnosticsStatusNotification.req | status=UploadFailed |
    And the charger has come to the depot once
