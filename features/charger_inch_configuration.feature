@charger-inch
Feature: INC Configuration keys of the Etrel INCH
  Each key of OCPP 1.6 chapter 9 has its access, takes values of its type, and does what it is for.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  @INC-15 @must
  Scenario Outline: <key> can be read and written
    Given the backend reads <key> of "Dorfplatz" at 01:00
    And the backend sets <key> of "Dorfplatz" to "<good>" at 01:01
    And the backend sets <key> of "Dorfplatz" to "<bad>" at 01:02
    And the backend reads <key> of "Dorfplatz" at 01:03
    When the clock reaches 01:04
    Then at 01:00 "Dorfplatz" shows <key> as read-write with the value "<value>"
    And at 01:01 "Dorfplatz" answers the change of <key> with Accepted
    And at 01:02 "Dorfplatz" answers the change of <key> with Rejected
    And at 01:03 "Dorfplatz" shows <key> as read-write with the value "<good>"

    Examples: switches
      | key                               | value | good  | bad   |
      | AllowOfflineTxForUnknownId        | false | true  | 1     |
      | AuthorizationCacheEnabled         | true  | false | no    |
      | AuthorizeRemoteTxRequests         | false | true  | yes   |
      | LocalAuthListEnabled              | true  | false | on    |
      | LocalAuthorizeOffline             | true  | false | 0     |
      | LocalPreAuthorize                 | false | true  | truer |
      | StopTransactionOnEVSideDisconnect | true  | false | nein  |
      | StopTransactionOnInvalidId        | true  | false | wahr  |
      | UnlockConnectorOnEVSideDisconnect | true  | false | 2     |

    Examples: whole numbers
      | key                             | value | good  | bad     |
      | BlinkRepeat                     | 3     | 5     | -1      |
      | ClockAlignedDataInterval        | 900   | 0     | -1      |
      | ConnectionTimeOut               | 60    | 120   | 0       |
      | HeartbeatInterval               | 900   | 600   | 0       |
      | LightIntensity                  | 100   | 50    | 101     |
      | MaxEnergyOnInvalidId            | 0     | 1000  | 1.5     |
      | MessageTimeout                  | 30    | 20    | soon    |
      | MeterValueSampleInterval        | 60    | 300   | -1      |
      | MinimumStatusDuration           | 0     | 30    | 1e1     |
      | ResetRetries                    | 3     | 0     | many    |
      | TransactionMessageAttempts      | 3     | 5     | 0       |
      | TransactionMessageRetryInterval | 60    | 10    | -60     |
      | WebSocketPingInterval           | 60    | 0     | -1      |

    Examples: lists
      | key                    | value                                                                                                  | good                                     | bad                   |
      | ConnectorPhaseRotation | 0.RST,1.RST                                                                                            | 0.Unknown,1.STR                          | 2.RST                 |
      | MeterValuesAlignedData | Energy.Active.Import.Register,Current.Import,Power.Active.Import,Voltage,Frequency,Power.Factor | Energy.Active.Import.Register,Voltage.L1 | Voltage,SoC           |
      | MeterValuesSampledData | Energy.Active.Import.Register,Current.Import,Power.Active.Import,Voltage,Frequency,Power.Factor | Current.Offered,Temperature              | Power.Reactive.Import |
      | StopTxnAlignedData     |                                                                                                        | Energy.Active.Import.Register            | Frequency.L1          |
      | StopTxnSampledData     | Energy.Active.Import.Register                                                                          | Energy.Active.Import.Register,Frequency  | Energy                |

  @INC-15 @must
  Scenario Outline: <key> can be read only
    Given the backend reads <key> of "Dorfplatz" at 01:00
    And the backend sets <key> of "Dorfplatz" to "<value>" at 01:01
    And the backend sets <key> of "Dorfplatz" to "7" at 01:02
    And the backend reads <key> of "Dorfplatz" at 01:03
    When the clock reaches 01:04
    Then at 01:00 "Dorfplatz" shows <key> as read only with the value "<value>"
    And at 01:01 "Dorfplatz" answers the change of <key> with Rejected
    And at 01:02 "Dorfplatz" answers the change of <key> with Rejected
    And at 01:03 "Dorfplatz" shows <key> as read only with the value "<value>"

    Examples:
      | key                                     | value                                                                               |
      | ChargeProfileMaxStackLevel              | 10                                                                                  |
      | ChargingScheduleAllowedChargingRateUnit | Current,Power                                                                       |
      | ChargingScheduleMaxPeriods              | 100                                                                                 |
      | ConnectorPhaseRotationMaxLength         | 2                                                                                   |
      | ConnectorSwitch3to1PhaseSupported       | false                                                                               |
      | GetConfigurationMaxKeys                 | 100                                                                                 |
      | LocalAuthListMaxLength                  | 200000                                                                              |
      | MaxChargingProfilesInstalled            | 20                                                                                  |
      | MeterValuesAlignedDataMaxLength         | 50                                                                                  |
      | MeterValuesSampledDataMaxLength         | 50                                                                                  |
      | NumberOfConnectors                      | 1                                                                                   |
      | ReserveConnectorZeroSupported           | true                                                                                |
      | SendLocalListMaxLength                  | 200000                                                                              |
      | StopTransactionMaxMeterValues           | 100                                                                                 |
      | StopTxnAlignedDataMaxLength             | 50                                                                                  |
      | StopTxnSampledDataMaxLength             | 50                                                                                  |
      | SupportedFeatureProfiles                | Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger |
      | SupportedFeatureProfilesMaxLength       | 6                                                                                   |
      | SupportedFileTransferProtocols          | FTP,HTTP                                                                            |

  @INC-15 @must
  Scenario: A key that it does not have is not supported, and named as unknown
    Given the backend sets ColourOfTheBox of "Dorfplatz" to "red" at 01:00
    And the backend asks "Dorfplatz" for 100 keys at 01:01
    When the clock reaches 01:02
    Then at 01:00 "Dorfplatz" answers the change of ColourOfTheBox with NotSupported
    And at 01:01 "Dorfplatz" says that it does not know 100 keys

  @INC-15 @must
  Scenario: GetConfigurationMaxKeys limits how many can be asked for at once
    Given the backend asks "Dorfplatz" for 101 keys at 01:00
    When the clock reaches 01:01
    Then at 01:00 "Dorfplatz" answers GetConfiguration with the error OccurenceConstraintViolation

  @INC-15 @must
  Scenario: A key that was changed outlives a power cut
    Given the backend sets ConnectionTimeOut of "Dorfplatz" to "33" at 01:00
    And "Dorfplatz" is without power from 02:00 to 02:05
    And the backend reads ConnectionTimeOut of "Dorfplatz" at 03:00
    When the clock reaches 03:01
    Then at 03:00 "Dorfplatz" shows ConnectionTimeOut as read-write with the value "33"

  Rule: A key changes what it is for

    @INC-15 @must
    Scenario: HeartbeatInterval is the time between two Heartbeats, from the change on
      Given the backend sets HeartbeatInterval of "Dorfplatz" to "600" at 01:05
      When the clock reaches 01:40
      Then from 01:00 to 01:40 "Dorfplatz" has sent Heartbeat at 01:00, 01:15, 01:25, 01:35

    @INC-15 @must
    Scenario: MeterValueSampleInterval is the time between two sampled values, and 0 ends them
      Given the backend has set ClockAlignedDataInterval of "Dorfplatz" to "0"
      And the backend has set MeterValueSampleInterval of "Dorfplatz" to "900"
      And the backend sets MeterValueSampleInterval of "Dorfplatz" to "600" at 08:20
      And the backend sets MeterValueSampleInterval of "Dorfplatz" to "0" at 08:45
      And Anna charges at "Dorfplatz" from 08:00 to 09:30
      When the clock reaches 09:30
      Then from 08:00 to 09:30 "Dorfplatz" has sent MeterValues at 08:15, 08:30, 08:40

    @INC-15 @must
    Scenario: ClockAlignedDataInterval is the grid of the clock-aligned values, and 0 ends them
      Given the backend has set MeterValueSampleInterval of "Dorfplatz" to "0"
      And the backend sets ClockAlignedDataInterval of "Dorfplatz" to "1200" at 08:20
      And the backend sets ClockAlignedDataInterval of "Dorfplatz" to "0" at 09:05
      And Anna charges at "Dorfplatz" from 08:07 to 09:50
      When the clock reaches 09:50
      Then from 08:00 to 09:50 "Dorfplatz" has sent MeterValues at 08:15, 08:40, 09:00

    @INC-15 @must
    Scenario: MeterValuesSampledData lists what is sampled, also of one phase
      Given "Dorfplatz" is to sample every 5 minutes
      And the backend has set MeterValuesSampledData of "Dorfplatz" to "Voltage.L2,Temperature,Energy.Active.Import.Register"
      And Anna charges at "Dorfplatz" from 08:00 to 09:00
      When the clock reaches 09:00
      Then the sampled values of "Dorfplatz" are 300 seconds apart and hold
        | measurand                     | phases | unit    |
        | Voltage                       | L2     | V       |
        | Temperature                   |        | Celsius |
        | Energy.Active.Import.Register |        | kWh     |

    @INC-15 @must
    Scenario: An empty MeterValuesAlignedData still asks for the register
      Given the backend has set MeterValueSampleInterval of "Dorfplatz" to "0"
      And the backend sets MeterValuesAlignedData of "Dorfplatz" to "" at 01:00
      And Anna charges at "Dorfplatz" from 08:00 to 08:20
      When the clock reaches 08:30
      Then the last MeterValues of "Dorfplatz" up to 08:30 says
        | field                                   | value                         |
        | meterValue[0].sampledValue[0].measurand   | Energy.Active.Import.Register |
        | meterValue[0].sampledValue[1]             | (none)                        |

    @INC-15 @must
    Scenario: StopTxnSampledData and StopTxnAlignedData list what a stop tells of its transaction
      Given "Dorfplatz" is to sample every 20 minutes
      And the backend has set ClockAlignedDataInterval of "Dorfplatz" to "900"
      And the backend has set StopTxnSampledData of "Dorfplatz" to "Energy.Active.Import.Register,Power.Active.Import"
      And the backend has set StopTxnAlignedData of "Dorfplatz" to "Energy.Active.Import.Register"
      And Anna charges at "Dorfplatz" from 08:00 to 09:10
      When the clock reaches 09:10
      Then the transactionData of "Dorfplatz" holds
        | context           | measurand                     | times |
        | Transaction.Begin | Energy.Active.Import.Register | 1     |
        | Transaction.Begin | Power.Active.Import           | 1     |
        | Sample.Periodic   | Energy.Active.Import.Register | 3     |
        | Sample.Periodic   | Power.Active.Import           | 3     |
        | Sample.Clock      | Energy.Active.Import.Register | 4     |
        | Transaction.End   | Energy.Active.Import.Register | 1     |
        | Transaction.End   | Power.Active.Import           | 1     |

    @INC-15 @must
    Scenario: Empty StopTxn lists leave transactionData out
      Given the backend sets StopTxnSampledData of "Dorfplatz" to "" at 01:00
      And Anna charges at "Dorfplatz" from 08:00 to 08:10
      When the clock reaches 08:10
      Then the last StopTransaction of "Dorfplatz" up to 08:10 says
        | field           | value  |
        | transactionData | (none) |

    @INC-15 @must
    Scenario: StopTransactionMaxMeterValues limits transactionData, and never its ends
      Given the backend has set MeterValueSampleInterval of "Dorfplatz" to "10"
      And Anna charges at "Dorfplatz" from 08:00 to 09:00
      When the clock reaches 09:00
      Then the transactionData of "Dorfplatz" has at most 100 entries with both ends

    @INC-15 @must
    Scenario: MinimumStatusDuration keeps back what lasts less
      Given the backend has set MinimumStatusDuration of "Dorfplatz" to "30"
      And Anna charges at "Dorfplatz" from 08:00 to 08:10
      When the clock reaches 08:20
      Then "Dorfplatz" has told the statuses Available, Charging, Available
      And the last StatusNotification of "Dorfplatz" up to 08:05 says
        | field     | value                    |
        | status    | Charging                 |
        | timestamp | 2025-06-03T06:00:00.000Z |

    @INC-15 @must
    Scenario Outline: StopTransactionOnInvalidId <value>: a card that is refused too late <what>
      Given the backend has set AllowOfflineTxForUnknownId of "Dorfplatz" to "true"
      And the backend has set StopTransactionOnInvalidId of "Dorfplatz" to "<value>"
      And the line of "Dorfplatz" is cut from 07:55 to 08:10
      And Beat plugs in at "Dorfplatz" at 08:00
      And a stranger shows the card at "Dorfplatz" at 08:00
      When the clock reaches 08:20
      Then "Dorfplatz" has told the statuses <statuses>

      Examples:
        | value | what                    | statuses                           |
        | true  | ends its transaction    | Available, Charging, Finishing     |
        | false | only gets no more power | Available, Charging, SuspendedEVSE |

    @INC-15 @must
    Scenario: MaxEnergyOnInvalidId is what such a card still gets
      Given the backend has set AllowOfflineTxForUnknownId of "Dorfplatz" to "true"
      And the backend has set StopTransactionOnInvalidId of "Dorfplatz" to "false"
      And the backend has set MaxEnergyOnInvalidId of "Dorfplatz" to "500"
      And the line of "Dorfplatz" is cut from 07:55 to 08:00
      And Beat plugs in at "Dorfplatz" at 07:59
      And a stranger shows the card at "Dorfplatz" at 07:59
      And a stranger shows the card at "Dorfplatz" at 09:00
      When the clock reaches 09:00
      Then the energy of the last session at "Dorfplatz" was 800 to 880 Wh

    @INC-15 @must
    Scenario: StopTransactionOnInvalidId is the reason that the stop gives
      Given the backend has set AllowOfflineTxForUnknownId of "Dorfplatz" to "true"
      And the line of "Dorfplatz" is cut from 07:55 to 08:10
      And Beat plugs in at "Dorfplatz" at 08:00
      And a stranger shows the card at "Dorfplatz" at 08:00
      When the clock reaches 08:20
      Then the last StopTransaction of "Dorfplatz" gives the reason DeAuthorized

    @INC-15 @must
    Scenario Outline: LocalPreAuthorize <value>: a card that is known <what>
      Given the backend has set LocalPreAuthorize of "Dorfplatz" to "<value>"
      And Anna charges at "Dorfplatz" from 08:00 to 08:10
      And Anna charges at "Dorfplatz" from 09:00 to 09:10
      When the clock reaches 09:20
      Then from 00:00 to 09:20 "Dorfplatz" has sent Authorize at <times>
      And from 00:00 to 09:20 "Dorfplatz" has sent StartTransaction at 08:00, 09:00

      Examples:
        | value | what                  | times        |
        | true  | is not asked for      | 08:00        |
        | false | is asked for each time | 08:00, 09:00 |

    @INC-15 @must
    Scenario Outline: <key> <value>: without a line <who> <what>
      Given the backend has set <key> of "Dorfplatz" to "<value>"
      And Anna charges at "Dorfplatz" from 08:00 to 08:10
      And the line of "Dorfplatz" is cut from 08:55 to 09:30
      And Anna plugs in at "Dorfplatz" at 09:00
      And <who> shows the card at "Dorfplatz" at 09:00
      When the clock reaches 09:40
      Then from 09:00 to 09:40 "Dorfplatz" has sent StartTransaction at <times>

      Examples:
        | key                        | value | who        | what          | times   |
        | LocalAuthorizeOffline      | true  | Anna       | can start     | 09:30   |
        | LocalAuthorizeOffline      | false | Anna       | cannot start  | no time |
        | AuthorizationCacheEnabled  | false | Anna       | is not known  | no time |
        | AllowOfflineTxForUnknownId | true  | a stranger | can start     | 09:30   |
        | AllowOfflineTxForUnknownId | false | a stranger | cannot start  | no time |

    @INC-15 @must
    Scenario: ConnectionTimeOut is how long an accepted card waits for its cable
      Given the backend has set ConnectionTimeOut of "Dorfplatz" to "300"
      And Anna shows the card at "Dorfplatz" at 08:00
      And Anna plugs in at "Dorfplatz" at 08:10
      When the clock reaches 08:20
      Then from 08:00 to 08:20 "Dorfplatz" has sent StatusNotification at 08:00, 08:05, 08:10
      And "Dorfplatz" has told the statuses Available, Preparing, Available, Preparing

    @INC-15 @must
    Scenario Outline: AuthorizeRemoteTxRequests <value>: a remote start is <what>
      Given the backend has set AuthorizeRemoteTxRequests of "Dorfplatz" to "<value>"
      And Anna plugs in at "Dorfplatz" at 08:00
      And the backend starts a session of Anna at "Dorfplatz" at 08:01
      When the clock reaches 08:02
      Then from 08:00 to 08:02 "Dorfplatz" has sent Authorize at <times>
      And from 08:00 to 08:02 "Dorfplatz" has sent StartTransaction at 08:01

      Examples:
        | value | what                           | times   |
        | true  | authorised like a card         | 08:01   |
        | false | enough by the backend's word   | no time |

    @INC-15 @must
    Scenario Outline: StopTransactionOnEVSideDisconnect <value>: a car that leaves <what>
      Given the backend has set StopTransactionOnEVSideDisconnect of "Dorfplatz" to "<value>"
      And Anna plugs in at "Dorfplatz" at 08:00
      And Anna shows the card at "Dorfplatz" at 08:00
      And Anna unplugs at "Dorfplatz" at 08:30
      When the clock reaches 08:40
      Then "Dorfplatz" has told the statuses <statuses>
      And from 08:00 to 08:40 "Dorfplatz" has sent StopTransaction at <times>

      Examples:
        | value | what                         | statuses                                              | times   |
        | true  | ends its transaction         | Available, Preparing, Charging, Finishing, Available  | 08:30   |
        | false | leaves its transaction open  | Available, Preparing, Charging, SuspendedEV           | no time |

    @INC-15 @must
    Scenario: UnlockConnectorOnEVSideDisconnect off: the cable stays locked until the card is shown
      Given the backend has set UnlockConnectorOnEVSideDisconnect of "Dorfplatz" to "false"
      And Anna plugs in at "Dorfplatz" at 08:00
      And Anna shows the card at "Dorfplatz" at 08:00
      And Anna unplugs at "Dorfplatz" at 08:30
      When the clock reaches 08:40
      Then "Dorfplatz" has told the statuses Available, Preparing, Charging, Finishing

    @INC-15 @must
    Scenario Outline: A refused StartTransaction is sent <attempts> times, further apart each time
      Given a central system that refuses StartTransaction 9 times
      And "Dorfplatz" is set to send a transaction message <attempts> times, <seconds> seconds apart
      And Anna charges at "Dorfplatz" from 08:00 to 09:00
      When the clock reaches 09:10
      Then from 08:00 to 09:10 "Dorfplatz" has sent StartTransaction at <times>
      And the last StopTransaction of "Dorfplatz" up to 09:10 says
        | field         | value |
        | transactionId | -1    |

      Examples:
        | attempts | seconds | times                      |
        | 2        | 120     | 08:00, 08:02               |
        | 3        | 60      | 08:00, 08:01, 08:03        |
        | 4        | 60      | 08:00, 08:01, 08:03, 08:06 |
