@HAR-08 @must @compliance
Feature: HAR Compliance, central system: smart charging

  Background:
    Given a central system under test
    And Anna's card is Accepted
    And the charger has started up

  @TC_056_CSMS
  Scenario: TC_056_CSMS Central Smart Charging - TxDefaultProfile
    When the operator sets the charging profiles
      | id | connector | purpose          | level | lasts | limits   |
      | 1  | 1         | TxDefaultProfile | 0     | 300 s | 0 s: 6 A |
    Then the central system has said, in this order
      | message                | with                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        |
      | SetChargingProfile.req | connectorId=1, csChargingProfiles.stackLevel=0, csChargingProfiles.chargingProfilePurpose=TxDefaultProfile, csChargingProfiles.chargingProfileKind=Absolute, any csChargingProfiles.validFrom, any csChargingProfiles.validTo, any csChargingProfiles.chargingSchedule.startSchedule, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.duration=300, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=6, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].numberPhases=3 or omitted |

  @TC_057_CSMS
  Scenario: TC_057_CSMS Central Smart Charging - TxProfile
    Given a transaction is running
    When the operator sets the charging profiles
      | id | connector | purpose   | level | lasts | limits   |
      | 1  | 1         | TxProfile | 0     | 300 s | 0 s: 6 A |
    Then the central system has said, in this order
      | message                | with                                                                                                                                                                                                                                                                                                                                                                                                                |
      | SetChargingProfile.req | connectorId=1, csChargingProfiles.chargingProfilePurpose=TxProfile, csChargingProfiles.transactionId=the transaction, csChargingProfiles.stackLevel=0, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.duration=300, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=6 |

  @TC_059_CSMS
  Scenario: TC_059_CSMS Remote Start Transaction with Charging Profile
    When the operator starts a transaction of Anna with the charging profile
      | id | connector | purpose   | level | lasts | limits   |
      | 1  | 1         | TxProfile | 0     | 300 s | 0 s: 6 A |
    And the charger says
      | message                | with              |
      | Authorize.req          | idTag=Anna's card |
      | StatusNotification.req | status=Preparing  |
      | StartTransaction.req   | idTag=Anna's card |
      | StatusNotification.req | status=Charging   |
    Then the central system has said, in this order
      | message                    | with                                                                                                                                                                                                                                                                                                                                                                                                                                               |
      | RemoteStartTransaction.req | idTag=Anna's card, connectorId=1, chargingProfile.chargingProfilePurpose=TxProfile, no chargingProfile.transactionId, chargingProfile.chargingProfileKind=Relative, chargingProfile.stackLevel=0, chargingProfile.chargingSchedule.chargingRateUnit=A, chargingProfile.chargingSchedule.duration=300, chargingProfile.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, chargingProfile.chargingSchedule.chargingSchedulePeriod[0].limit=6 |
      | Authorize.conf             | idTagInfo.status=Accepted                                                                                                                                                                                                                                                                                                                                                                                                                          |
      | StatusNotification.conf    |                                                                                                                                                                                                                                                                                                                                                                                                                                                    |
      | StartTransaction.conf      | idTagInfo.status=Accepted, any transactionId                                                                                                                                                                                                                                                                                                                                                                                                       |
      | StatusNotification.conf    |                                                                                                                                                                                                                                                                                                                                                                                                                                                    |

  @TC_066_CSMS
  Scenario: TC_066_CSMS Get Composite Schedule
    When the operator sends GetCompositeSchedule with connectorId=1, duration=300, chargingRateUnit=A
    Then the central system has said, in this order
      | message                  | with                                            |
      | GetCompositeSchedule.req | connectorId=1, duration=300, chargingRateUnit=A |

  @TC_067_CSMS
  Scenario: TC_067_CSMS Clear Charging Profile
    When the operator sets the charging profiles
      | id | connector | purpose          | level | lasts | limits   |
      | 1  | 1         | TxDefaultProfile | 0     | 300 s | 0 s: 6 A |
      | 2  | 1         | TxDefaultProfile | 1     | 300 s | 0 s: 7 A |
      | 3  | 1         | TxDefaultProfile | 2     | 300 s | 0 s: 8 A |
    And the operator sends ClearChargingProfile with id=1
    And the operator sends ClearChargingProfile with connectorId=1, chargingProfilePurpose=TxDefaultProfile, stackLevel=1
    And the operator sends ClearChargingProfile
    Then the central system has said, in this order
      | message                  | with                                                                                                                                                                                                                                                                                                                                                                                                             |
      | SetChargingProfile.req   | connectorId=1, csChargingProfiles.chargingProfileId=1, csChargingProfiles.chargingProfilePurpose=TxDefaultProfile, csChargingProfiles.stackLevel=0, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.duration=300, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=6 |
      | SetChargingProfile.req   | connectorId=1, csChargingProfiles.chargingProfileId=2, csChargingProfiles.chargingProfilePurpose=TxDefaultProfile, csChargingProfiles.stackLevel=1, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.duration=300, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=7 |
      | SetChargingProfile.req   | connectorId=1, csChargingProfiles.chargingProfileId=3, csChargingProfiles.chargingProfilePurpose=TxDefaultProfile, csChargingProfiles.stackLevel=2, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.duration=300, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=8 |
      | ClearChargingProfile.req | id=1, no connectorId, no chargingProfilePurpose, no stackLevel                                                                                                                                                                                                                                                                                                                                                   |
      | ClearChargingProfile.req | no id, connectorId=1, chargingProfilePurpose=TxDefaultProfile, stackLevel=1                                                                                                                                                                                                                                                                                                                                      |
      | ClearChargingProfile.req | no id, no connectorId, no chargingProfilePurpose, no stackLevel                                                                                                                                                                                                                                                                                                                                                  |
