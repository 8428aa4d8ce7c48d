@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: local authorization list

  Background:
    Given a charger under test

  @TC_042_1_CS
  Scenario: TC_042_1_CS Get Local List Version (not supported)
    Given the charger is configured with
      | key                  | value |
      | LocalAuthListEnabled | false |
    When the operator sends GetLocalListVersion
    Then the charger has said, in this order
      | message                  | with                                |
      | GetLocalListVersion.conf | listVersion=-1 / error=NotSupported |

  @TC_042_2_CS
  Scenario: TC_042_2_CS Get Local List Version (empty)
    Given GetLocalListVersion is supported
    And the charger is configured with
      | key                  | value |
      | LocalAuthListEnabled | true  |
    When the operator sends SendLocalList with listVersion=1, updateType=Full
    And the operator sends GetLocalListVersion
    Then the charger has said, in this order
      | message                  | with            |
      | SendLocalList.conf       | status=Accepted |
      | GetLocalListVersion.conf | listVersion=0   |

  @TC_043_CS
  Scenario: TC_043_CS Send Local Authorization List
    What the list holds is seen from whom the charger lets in without asking.
    Given the charger is configured with
      | key                       | value |
      | LocalPreAuthorize         | true  |
      | AuthorizationCacheEnabled | false |
      | LocalAuthListEnabled      | true  |
    When the operator sends
      | command       | with                                                                                                                                     |
      | SendLocalList | listVersion=1, updateType=Full, localAuthorizationList[0].idTag=Anna's card, localAuthorizationList[0].idTagInfo.status=Accepted         |
      | SendLocalList | listVersion=2, updateType=Differential, localAuthorizationList[0].idTag=Bert's card, localAuthorizationList[0].idTagInfo.status=Accepted |
    And a car is plugged in
    And Anna shows the card
    And 10 s pass
    And Anna shows the card
    And the cable is taken out
    And a car is plugged in
    And Bert shows the card
    Then the charger has said, in this order
      | message              | with                                            |
      | SendLocalList.conf   | status=Accepted                                 |
      | SendLocalList.conf   | status=Accepted                                 |
      | StartTransaction.req | connectorId=1, idTag=Anna's card                |
      | StopTransaction.req  |                                                 |
      | StartTransaction.req | connectorId=1, idTag=Bert's card, timestamp=now |
    And the charger has said no Authorize.req

  @TC_043_1_CS
  Scenario: TC_043_1_CS Send Local Authorization List - NotSupported
    Given the charger is configured with
      | key                  | value |
      | LocalAuthListEnabled | false |
    When the operator sends SendLocalList with listVersion=1, updateType=Full, localAuthorizationList[0].idTag=Anna's card, localAuthorizationList[0].idTagInfo.status=Accepted
    Then the charger has said, in this order
      | message            | with                                     |
      | SendLocalList.conf | status=NotSupported / error=NotSupported |

  @TC_043_2_CS
  Scenario: TC_043_2_CS Send Local Authorization List - VersionMismatch
    Which version the list is at is seen from which differences it takes, as an INCH does not tell it; what it
    holds, from whom the charger lets in without asking.
    Given Carla's card is Invalid
    And the charger is configured with
      | key                       | value |
      | LocalPreAuthorize         | true  |
      | AuthorizationCacheEnabled | false |
      | LocalAuthListEnabled      | true  |
    When the operator sends
      | command       | with                                                                                                                                      |
      | SendLocalList | listVersion=2, updateType=Full, localAuthorizationList[0].idTag=Anna's card, localAuthorizationList[0].idTagInfo.status=Accepted          |
      | SendLocalList | listVersion=5, updateType=Differential, localAuthorizationList[0].idTag=Bert's card, localAuthorizationList[0].idTagInfo.status=Accepted  |
      | SendLocalList | listVersion=4, updateType=Differential, localAuthorizationList[0].idTag=Carla's card, localAuthorizationList[0].idTagInfo.status=Accepted |
      | SendLocalList | listVersion=5, updateType=Differential, localAuthorizationList[0].idTag=Carla's card, localAuthorizationList[0].idTagInfo.status=Accepted |
      | SendLocalList | listVersion=6, updateType=Differential, localAuthorizationList[0].idTag=Dora's card, localAuthorizationList[0].idTagInfo.status=Accepted  |
    And a car is plugged in
    And Carla shows the card
    And 10 s pass
    And Anna shows the card
    Then the charger has said, in this order
      | message              | with                                            |
      | SendLocalList.conf   | status=Accepted                                 |
      | SendLocalList.conf   | status=Accepted                                 |
      | SendLocalList.conf   | status=VersionMismatch                          |
      | SendLocalList.conf   | status=VersionMismatch                          |
      | SendLocalList.conf   | status=Accepted                                 |
      | Authorize.req        | idTag=Carla's card                              |
      | StartTransaction.req | connectorId=1, idTag=Anna's card, timestamp=now |

  @TC_043_3_CS
  Scenario: TC_043_3_CS Send Local Authorization List - Failed
    Given the charger is configured with
      | key                       | value |
      | LocalPreAuthorize         | true  |
      | AuthorizationCacheEnabled | false |
      | LocalAuthListEnabled      | true  |
    And the list memory of the charger fails
    When the operator sends SendLocalList with listVersion=2, updateType=Full, localAuthorizationList[0].idTag=Anna's card, localAuthorizationList[0].idTagInfo.status=Accepted
    And Anna shows the card
    Then the charger has said, in this order
      | message            | with              |
      | SendLocalList.conf | status=Failed     |
      | Authorize.req      | idTag=Anna's card |

  @TC_008_CS
  Scenario: TC_008_CS Regular Start Charging Session – Id in Local Authorization List
    Given Bert's card is Blocked
    And the charger is configured with
      | key                       | value |
      | LocalPreAuthorize         | true  |
      | AuthorizationCacheEnabled | false |
      | LocalAuthListEnabled      | true  |
      | AuthorizeRemoteTxRequests | true  |
    When the operator sends SendLocalList with listVersion=1, updateType=Full, localAuthorizationList[0].idTag=Anna's card, localAuthorizationList[0].idTagInfo.status=Accepted, localAuthorizationList[1].idTag=Bert's card, localAuthorizationList[1].idTagInfo.status=Blocked
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Bert's card
    And 30 s pass
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    Then the charger has said, in this order
      | message                     | with                                            | may                     |
      | SendLocalList.conf          | status=Accepted                                 |                         |
      | StatusNotification.req      | connectorId=1, status=Preparing                 |                         |
      | RemoteStartTransaction.conf | status=Rejected or Accepted                     |                         |
      | Authorize.req               | idTag=Bert's card                               | swap places, be missing |
      | RemoteStartTransaction.conf | status=Accepted                                 |                         |
      | StartTransaction.req        | connectorId=1, idTag=Anna's card, timestamp=now |                         |
      | StatusNotification.req      | connectorId=1, status=Charging                  | swap places             |
