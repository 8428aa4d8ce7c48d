@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: smart charging
  An INCH tells no composite schedule, so whether it follows one is seen from the current that it tells.

  Background:
    Given a charger under test
    And its currents are told every 10 s

  @TC_056_CS
  Scenario: TC_056_CS Central Smart Charging - TxDefaultProfile
    When the operator sets the charging profiles
      | id | connector | purpose          | level | lasts  | limits   |
      | 1  | 1         | TxDefaultProfile | 0     | 10 min | 0 s: 6 A |
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And 2 min pass
    Then the charger has said, in this order
      | message                 | with                             |
      | SetChargingProfile.conf | status=Accepted                  |
      | StartTransaction.req    | connectorId=1, idTag=Anna's card |
    And the car has drawn on each phase
      | from | to    | A |
      | 0 s  | 2 min | 6 |

  @TC_057_CS
  Scenario: TC_057_CS Central Smart Charging - TxProfile
    A TxProfile is for the transaction that runs: it ends with its time or with the transaction.
    Given a transaction is running
    When the operator sets the charging profiles
      | id | connector | purpose   | level | lasts | limits   |
      | 1  | 1         | TxProfile | 0     | 60 s  | 0 s: 6 A |
    And 2 min pass
    And the operator sets the charging profiles
      | id | connector | purpose   | level | lasts  | limits   |
      | 1  | 1         | TxProfile | 0     | 10 min | 0 s: 6 A |
    And 60 s pass
    And the operator sends RemoteStopTransaction with transactionId=the transaction
    And the cable is taken out
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And 60 s pass
    Then the charger has said, in this order
      | message                 | with            |
      | SetChargingProfile.conf | status=Accepted |
      | SetChargingProfile.conf | status=Accepted |
    And the car has drawn on each phase
      | from  | to    | A  |
      | 0 s   | 59 s  | 6  |
      | 61 s  | 2 min | 32 |
      | 121 s | 3 min | 6  |
      | 181 s | 4 min | 32 |

  @TC_058_1_CS
  Scenario: TC_058_1_CS Central Smart Charging - No ongoing transaction
    When the operator sends SetChargingProfile with connectorId=1, csChargingProfiles.chargingProfileId=1, csChargingProfiles.transactionId=987654, csChargingProfiles.stackLevel=0, csChargingProfiles.chargingProfilePurpose=TxProfile, csChargingProfiles.chargingProfileKind=Absolute, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=6
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And 60 s pass
    Then the charger has said, in this order
      | message                 | with                                                |
      | SetChargingProfile.conf | status=Rejected / error=PropertyConstraintViolation |
    And the car has drawn on each phase
      | from | to   | A  |
      | 0 s  | 60 s | 32 |

  @TC_058_2_CS
  Scenario: TC_058_2_CS Central Smart Charging - Wrong transactionId
    Given a transaction is running
    When the operator sends SetChargingProfile with connectorId=1, csChargingProfiles.chargingProfileId=1, csChargingProfiles.transactionId=987654, csChargingProfiles.stackLevel=0, csChargingProfiles.chargingProfilePurpose=TxProfile, csChargingProfiles.chargingProfileKind=Absolute, csChargingProfiles.chargingSchedule.chargingRateUnit=A, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod=0, csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=6
    And 60 s pass
    Then the charger has said, in this order
      | message                 | with            |
      | SetChargingProfile.conf | status=Rejected |
    And the car has drawn on each phase
      | from | to   | A  |
      | 0 s  | 60 s | 32 |

  @TC_082_CS
  Scenario: TC_082_CS Central Smart Charging - TxDefaultProfile - with ongoing transaction
    Given a transaction is running
    When the operator sets the charging profiles
      | id | connector | purpose          | level | lasts | limits   |
      | 1  | 1         | TxDefaultProfile | 0     | 60 s  | 0 s: 6 A |
    And 2 min pass
    Then the charger has said, in this order
      | message                 | with            |
      | SetChargingProfile.conf | status=Accepted |
    And the car has drawn on each phase
      | from | to    | A  |
      | 0 s  | 59 s  | 6  |
      | 61 s | 2 min | 32 |

  @TC_059_CS
  Scenario: TC_059_CS Remote Start Transaction with Charging Profile
    When a car is plugged in
    And the operator starts a transaction of Anna with the charging profile
      | id | connector | purpose   | level | lasts | limits              |
      | 1  | 1         | TxProfile | 0     | 60 s  | 0 s: 6 A, 30 s: 8 A |
    And 2 min pass
    And the operator sends RemoteStopTransaction with transactionId=the transaction
    And the cable is taken out
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    And 60 s pass
    Then the charger has said, in this order
      | message                     | with                             |
      | RemoteStartTransaction.conf | status=Accepted                  |
      | StartTransaction.req        | connectorId=1, idTag=Anna's card |
      | RemoteStartTransaction.conf | status=Accepted                  |
      | StartTransaction.req        | connectorId=1, idTag=Anna's card |
    And the car has drawn on each phase
      | from  | to    | A  |
      | 0 s   | 29 s  | 6  |
      | 31 s  | 59 s  | 8  |
      | 61 s  | 2 min | 32 |
      | 121 s | 3 min | 32 |

  @TC_060_CS
  Scenario: TC_060_CS Remote Start Transaction with Charging Profile - Rejected
    When a car is plugged in
    And the operator starts a transaction of Anna with the charging profile
      | id | connector | purpose          | level | lasts | limits   |
      | 1  | 1         | TxDefaultProfile | 0     | 60 s  | 0 s: 6 A |
    And 60 s pass
    Then the charger has said, in this order
      | message                     | with                                                |
      | RemoteStartTransaction.conf | status=Rejected / error=PropertyConstraintViolation |
    And the charger has said no StartTransaction.req

  @TC_066_CS
  Scenario: TC_066_CS Get Composite Schedule
    Given GetCompositeSchedule is supported
    And a transaction is running
    When the operator sets the charging profiles
      | id | connector | purpose               | level | lasts | limits                           |
      | 1  | 0         | ChargePointMaxProfile | 0     | 24 h  | 0 s: 12 A                        |
      | 2  | 1         | TxDefaultProfile      | 0     | 300 s | 0 s: 7 A, 290 s: 10 A            |
      | 3  | 1         | TxProfile             | 0     | 280 s | 0 s: 9 A, 60 s: 14 A, 210 s: 8 A |
    And the operator sends GetCompositeSchedule with connectorId=1, duration=420, chargingRateUnit=A
    Then the charger has said, in this order
      | message                   | with                                                                                               |
      | SetChargingProfile.conf   | status=Accepted                                                                                    |
      | SetChargingProfile.conf   | status=Accepted                                                                                    |
      | SetChargingProfile.conf   | status=Accepted                                                                                    |
      | GetCompositeSchedule.conf | status=Accepted, connectorId=1, chargingSchedule.duration=420, chargingSchedule.chargingRateUnit=A |
    And the composite schedule has the limits 0 s: 9 A, 60 s: 12 A, 210 s: 8 A, 280 s: 7 A, 290 s: 10 A, 300 s: 12 A

  @TC_067_CS
  Scenario: TC_067_CS Clear Charging Profile
    Given a transaction is running
    When the operator sets the charging profiles
      | id | connector | purpose               | level | lasts | limits                           |
      | 1  | 1         | TxDefaultProfile      | 1     | 400 s | 0 s: 7 A, 50 s: 9 A, 180 s: 12 A |
      | 2  | 1         | TxDefaultProfile      | 0     | 400 s | 0 s: 8 A, 120 s: 10 A            |
      | 3  | 0         | ChargePointMaxProfile | 0     | 24 h  | 0 s: 14 A, 220 s: 16 A           |
    And 80 s pass
    And the operator sends ClearChargingProfile with id=1
    And 80 s pass
    And the operator sends ClearChargingProfile with chargingProfilePurpose=TxDefaultProfile, stackLevel=0
    And 80 s pass
    And the operator sends ClearChargingProfile
    And 80 s pass
    Then the charger has said, in this order
      | message                   | with            |
      | SetChargingProfile.conf   | status=Accepted |
      | SetChargingProfile.conf   | status=Accepted |
      | SetChargingProfile.conf   | status=Accepted |
      | ClearChargingProfile.conf | status=Accepted |
      | ClearChargingProfile.conf | status=Accepted |
      | ClearChargingProfile.conf | status=Accepted |
    And the car has drawn on each phase
      | from  | to    | A  |
      | 0 s   | 49 s  | 7  |
      | 51 s  | 79 s  | 9  |
      | 81 s  | 119 s | 8  |
      | 121 s | 159 s | 10 |
      | 161 s | 219 s | 14 |
      | 221 s | 239 s | 16 |
      | 241 s | 320 s | 32 |

  @TC_072_CS
  Scenario: TC_072_CS Stacking Charging Profiles
    Given a transaction is running
    When the operator sets the charging profiles
      | id | connector | purpose          | level | lasts | limits                           |
      | 1  | 1         | TxDefaultProfile | 0     | 400 s | 0 s: 7 A, 90 s: 9 A, 210 s: 13 A |
      | 2  | 1         | TxDefaultProfile | 1     | 160 s | 0 s: 8 A, 80 s: 11 A             |
    And 350 s pass
    Then the charger has said, in this order
      | message                 | with            |
      | SetChargingProfile.conf | status=Accepted |
      | SetChargingProfile.conf | status=Accepted |
    And the car has drawn on each phase
      | from  | to    | A  |
      | 0 s   | 79 s  | 8  |
      | 81 s  | 159 s | 11 |
      | 161 s | 209 s | 9  |
      | 211 s | 350 s | 13 |
