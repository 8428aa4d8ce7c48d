@HAR-08 @must @compliance
Feature: HAR Compliance, central system: local authorization list

  Background:
    Given a central system under test
    And Anna's card is Accepted
    And Bert's card is Accepted

  @TC_042_1_CSMS
  Scenario: TC_042_1_CSMS Get Local List Version (not supported)
    Given the charger has started up
    And the charger answers GetLocalListVersion with listVersion=-1
    When the operator sends GetLocalListVersion
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                 | with |
      | GetLocalListVersion.req |      |
      | Heartbeat.conf          |      |

  @TC_042_2_CSMS
  Scenario: TC_042_2_CSMS Get Local List Version (empty)
    Given the charger has started up
    And the charger answers GetLocalListVersion with listVersion=0
    When the operator sends GetLocalListVersion
    Then the central system has said, in this order
      | message                 | with |
      | GetLocalListVersion.req |      |

  @TC_043_1_CSMS
  Scenario: TC_043_1_CSMS Send Local Authorization List - NotSupported
    Given the charger has started up
    And the charger answers SendLocalList with status=NotSupported
    When the operator sends SendLocalList with updateType=Full
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message           | with            |
      | SendLocalList.req | updateType=Full |
      | Heartbeat.conf    |                 |
    And the operator was told NotSupported

  @TC_043_3_CSMS
  Scenario: TC_043_3_CSMS Send Local Authorization List - Failed
    Given the charger has started up
    And the charger answers SendLocalList with status=Failed
    When the operator sends SendLocalList with updateType=Full
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    And the charger answers SendLocalList with status=Accepted
    And the operator sends SendLocalList with updateType=Differential
    Then the central system has said, in this order
      | message           | with                            |
      | SendLocalList.req | updateType=Full                 |
      | Heartbeat.conf    |                                 |
      | SendLocalList.req | updateType=Full or Differential |
    And the operator was told Failed, then Accepted
    And the charger's local list holds
      | card        | status   |
      | Anna's card | Accepted |
      | Bert's card | Accepted |

  @TC_043_4_CSMS
  Scenario: TC_043_4_CSMS Send Local Authorization List - Full
    Given the charger has started up
    When the operator sends SendLocalList with updateType=Full
    Then the central system has said, in this order
      | message           | with            |
      | SendLocalList.req | updateType=Full |
    And every entry of the local list has an idTagInfo
    And the charger's local list holds
      | card        | status   |
      | Anna's card | Accepted |
      | Bert's card | Accepted |

  @TC_043_5_CSMS
  Scenario: TC_043_5_CSMS Send Local Authorization List - Differential
    Given the charger has started up
    And the operator sends SendLocalList with updateType=Full, localAuthorizationList[0].idTag=Anna's card, localAuthorizationList[0].idTagInfo.status=Accepted
    When the operator sends SendLocalList with updateType=Differential
    Then the central system has said, in this order
      | message           | with                                                                                               |
      | SendLocalList.req | updateType=Differential, localAuthorizationList[0].idTag=Bert's card, no localAuthorizationList[1] |
    And every entry of the local list has an idTagInfo
    And the charger's local list holds
      | card        | status   |
      | Anna's card | Accepted |
      | Bert's card | Accepted |
