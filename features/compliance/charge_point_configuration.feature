@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: configuration and meter values

  Background:
    Given a charger under test

  @TC_019_CS
  Scenario: TC_019_CS Retrieve configuration
    When the operator sends GetConfiguration with key[0]=SupportedFeatureProfiles
    And the operator sends GetConfiguration
    And the operator sends GetConfiguration with key[0]=GetConfigurationMaxKeys
    And the operator asks for as many configuration keys at once as the charger allows
    Then the charger has said, in this order
      | message               | with                                             |
      | GetConfiguration.conf | configurationKey[0].key=SupportedFeatureProfiles |
      | GetConfiguration.conf | any configurationKey[0].key                      |
      | GetConfiguration.conf | configurationKey[0].key=GetConfigurationMaxKeys  |
      | GetConfiguration.conf | any configurationKey[0].key                      |
    And it knows every key that it was asked for
    And the charger has the configuration keys
      | key                                     | access  | value         |
      | AuthorizeRemoteTxRequests               | R or RW | true or false |
      | ClockAlignedDataInterval                | RW      | a number      |
      | ConnectionTimeOut                       | RW      | a number      |
      | ConnectorPhaseRotation                  | RW      | any           |
      | GetConfigurationMaxKeys                 | R       | a number      |
      | HeartbeatInterval                       | RW      | a number      |
      | LocalAuthorizeOffline                   | RW      | true or false |
      | LocalPreAuthorize                       | RW      | true or false |
      | MeterValuesAlignedData                  | RW      | any           |
      | MeterValuesSampledData                  | RW      | any           |
      | MeterValueSampleInterval                | RW      | a number      |
      | NumberOfConnectors                      | R       | a number      |
      | ResetRetries                            | RW      | a number      |
      | StopTransactionOnInvalidId              | RW      | true or false |
      | StopTxnAlignedData                      | RW      | any           |
      | StopTxnSampledData                      | RW      | any           |
      | SupportedFeatureProfiles                | R       | a text        |
      | TransactionMessageAttempts              | RW      | a number      |
      | TransactionMessageRetryInterval         | RW      | a number      |
      | UnlockConnectorOnEVSideDisconnect       | R or RW | true or false |
      | LocalAuthListEnabled                    | RW      | true or false |
      | LocalAuthListMaxLength                  | R       | a number      |
      | SendLocalListMaxLength                  | R       | a number      |
      | ChargeProfileMaxStackLevel              | R       | a number      |
      | ChargingScheduleAllowedChargingRateUnit | R       | a text        |
      | ChargingScheduleMaxPeriods              | R       | a number      |
      | MaxChargingProfilesInstalled            | R       | a number      |

  @TC_021_CS
  Scenario: TC_021_CS Change/set Configuration
    Given the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 30    |
    When the operator sends ChangeConfiguration with key=MeterValueSampleInterval, value=45
    And the operator sends GetConfiguration with key[0]=MeterValueSampleInterval
    Then the charger has said, in this order
      | message                  | with                                                                           |
      | ChangeConfiguration.conf | status=Accepted                                                                |
      | GetConfiguration.conf    | configurationKey[0].key=MeterValueSampleInterval, configurationKey[0].value=45 |

  @TC_040_1_CS
  Scenario: TC_040_1_CS Configuration key - NotSupported
    When the operator sends ChangeConfiguration with key=NoSuchKey, value=true
    Then the charger has said, in this order
      | message                  | with                |
      | ChangeConfiguration.conf | status=NotSupported |

  @TC_040_2_CS
  Scenario: TC_040_2_CS Configuratoin key - Invalid value
    Given the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 30    |
    When the operator sends ChangeConfiguration with key=MeterValueSampleInterval, value=-1
    And the operator sends GetConfiguration with key[0]=MeterValueSampleInterval
    Then the charger has said, in this order
      | message                  | with                                                                           |
      | ChangeConfiguration.conf | status=Rejected / error=PropertyConstraintViolation                            |
      | GetConfiguration.conf    | configurationKey[0].key=MeterValueSampleInterval, configurationKey[0].value=30 |

  @TC_070_CS
  Scenario: TC_070_CS Sampled Meter Values
    Given the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 60    |
      | ClockAlignedDataInterval | 0     |
    And the operator sends GetConfiguration with key[0]=MeterValuesSampledData
    And a transaction is running
    When 200 s pass
    Then its meter values of Sample.Periodic bear times 60 s apart and hold every measurand of MeterValuesSampledData
    And it has told no meter value of Sample.Clock
    And each of its meter values bears connectorId=1, transactionId=the transaction
    And its register has risen

  @TC_071_CS
  Scenario: TC_071_CS Clock-aligned Meter Values
    Given the charger is configured with
      | key                      | value |
      | MeterValueSampleInterval | 0     |
      | ClockAlignedDataInterval | 20    |
    And the operator sends GetConfiguration with key[0]=MeterValuesAlignedData
    And 7 s pass
    And a transaction is running
    When 80 s pass
    Then its meter values of Sample.Clock bear times 20 s apart and hold every measurand of MeterValuesAlignedData
    And the times of its meter values of Sample.Clock lie on the grid of 20 s
    And it has told no meter value of Sample.Periodic
    And each of its meter values bears connectorId=1, transactionId=the transaction or omitted
    And its register has risen
