@HAR-08 @must @compliance
Feature: HAR Compliance, central system: reservation

  Background:
    Given a central system under test
    And Anna's card is Accepted

  @TC_046_CSMS
  Scenario: TC_046_CSMS Reservation of a Connector - Transaction
    Given the charger has started up
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 30 min
    And the charger says
      | message                | with                                             |
      | StatusNotification.req | status=Reserved                                  |
      | Authorize.req          | idTag=Anna's card                                |
      | StatusNotification.req | status=Preparing                                 |
      | StartTransaction.req   | idTag=Anna's card, reservationId=the reservation |
      | StatusNotification.req | status=Charging                                  |
    Then the central system has said, in this order
      | message                 | with                                                                      |
      | ReserveNow.req          | connectorId=1, idTag=Anna's card, any reservationId, expiryDate=in 30 min |
      | StatusNotification.conf |                                                                           |
      | Authorize.conf          | idTagInfo.status=Accepted                                                 |
      | StatusNotification.conf |                                                                           |
      | StartTransaction.conf   | idTagInfo.status=Accepted, any transactionId                              |
      | StatusNotification.conf |                                                                           |

  @TC_047_CSMS
  Scenario: TC_047_CSMS Reservation of a Connector - Expire
    Given the charger has started up
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 60 s
    And the charger says
      | message                | with            |
      | StatusNotification.req | status=Reserved |
    And 60 s pass
    And the charger says
      | message                | with             |
      | StatusNotification.req | status=Available |
    Then the central system has said, in this order
      | message                 | with                                                                |
      | ReserveNow.req          | connectorId=1, idTag=Anna's card, any reservationId, expiryDate=now |
      | StatusNotification.conf |                                                                     |
      | StatusNotification.conf |                                                                     |

  @TC_048_1_CSMS
  Scenario: TC_048_1_CSMS Reservation of a Connector - Faulted
    Given the charger has started up
    And the charger answers ReserveNow with status=Faulted
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 30 min
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message        | with                                                                      |
      | ReserveNow.req | connectorId=1, idTag=Anna's card, any reservationId, expiryDate=in 30 min |
      | Heartbeat.conf |                                                                           |
    And the operator was told Faulted

  @TC_048_2_CSMS
  Scenario: TC_048_2_CSMS Reservation of a Connector - Occupied
    Given the charger has started up
    And the charger answers ReserveNow with status=Occupied
    When the charger says
      | message                | with             |
      | StatusNotification.req | status=Preparing |
    And the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 30 min
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                 | with                                                                      |
      | StatusNotification.conf |                                                                           |
      | ReserveNow.req          | connectorId=1, idTag=Anna's card, any reservationId, expiryDate=in 30 min |
      | Heartbeat.conf          |                                                                           |
    And the operator was told Occupied

  @TC_048_3_CSMS
  Scenario: TC_048_3_CSMS Reservation of a Connector - Unavailable
    Given the charger has started up
    And the charger answers ReserveNow with status=Unavailable
    When the operator sends ChangeAvailability with connectorId=1, type=Inoperative
    And the charger says
      | message                | with               |
      | StatusNotification.req | status=Unavailable |
    And the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 30 min
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                 | with                                                                      |
      | ChangeAvailability.req  | connectorId=1, type=Inoperative                                           |
      | StatusNotification.conf |                                                                           |
      | ReserveNow.req          | connectorId=1, idTag=Anna's card, any reservationId, expiryDate=in 30 min |
      | Heartbeat.conf          |                                                                           |
    And the operator was told Unavailable

  @TC_048_4_CSMS
  Scenario: TC_048_4_CSMS Reservation of a Connector - Rejected
    Given the charger has started up
    And the charger answers ReserveNow with status=Rejected
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 30 min
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message        | with                                                                      |
      | ReserveNow.req | connectorId=1, idTag=Anna's card, any reservationId, expiryDate=in 30 min |
      | Heartbeat.conf |                                                                           |
    And the operator was told Rejected

  @TC_049_CSMS
  Scenario: TC_049_CSMS Reservation of a Charge Point - Transaction
    Given the charger has started up
    When the operator sends ReserveNow with connectorId=0, idTag=Anna's card, expiryDate=in 30 min
    And the charger says
      | message                | with                           |
      | StatusNotification.req | connectorId=0, status=Reserved |
    Then the central system has said, in this order
      | message                 | with                                                                      |
      | ReserveNow.req          | connectorId=0, idTag=Anna's card, any reservationId, expiryDate=in 30 min |
      | StatusNotification.conf |                                                                           |

  @TC_051_CSMS
  Scenario: TC_051_CSMS Cancel Reservation
    Given the charger has started up
    And the operator sends ReserveNow with connectorId=1, idTag=Bert's card, expiryDate=in 30 min
    And the operator sends CancelReservation with reservationId=the reservation
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 30 min
    And the charger says
      | message                | with            |
      | StatusNotification.req | status=Reserved |
    And the operator sends CancelReservation with reservationId=the reservation
    And the charger says
      | message                | with             |
      | StatusNotification.req | status=Available |
    Then the central system has said, in this order
      | message                 | with                                                                      |
      | ReserveNow.req          | connectorId=1, idTag=Anna's card, any reservationId, expiryDate=in 30 min |
      | StatusNotification.conf |                                                                           |
      | CancelReservation.req   | reservationId=the reservation                                             |
      | StatusNotification.conf |                                                                           |
    And each reservation has an id of its own

  @TC_052_CSMS
  Scenario: TC_052_CSMS Cancel Reservation - Rejected
    Given the charger has started up
    And the charger answers CancelReservation with status=Rejected
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 30 min
    And the charger says
      | message                | with            |
      | StatusNotification.req | status=Reserved |
    And the operator sends CancelReservation with reservationId=987654
    And the charger says
      | message       | with |
      | Heartbeat.req |      |
    Then the central system has said, in this order
      | message                 | with                                                                      |
      | ReserveNow.req          | connectorId=1, idTag=Anna's card, any reservationId, expiryDate=in 30 min |
      | StatusNotification.conf |                                                                           |
      | CancelReservation.req   | reservationId=987654                                                      |
      | Heartbeat.conf          |                                                                           |
    And the operator was told Rejected

  @TC_053_CSMS
  Scenario: TC_053_CSMS Use a reserved Connector with parentIdTag
    Given the cards of Anna and Bert have the parentIdTag FAMILY
    And the charger has started up
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, expiryDate=in 30 min, parentIdTag=FAMILY
    And the charger says
      | message                | with                                             |
      | StatusNotification.req | status=Reserved                                  |
      | Authorize.req          | idTag=Anna's card                                |
      | StatusNotification.req | status=Preparing                                 |
      | StartTransaction.req   | idTag=Anna's card, reservationId=the reservation |
      | StatusNotification.req | status=Charging                                  |
      | Authorize.req          | idTag=Bert's card                                |
      | StopTransaction.req    | idTag=Bert's card                                |
      | StatusNotification.req | status=Finishing                                 |
    Then the central system has said, in this order
      | message                 | with                                                                                          |
      | ReserveNow.req          | connectorId=1, idTag=Anna's card, parentIdTag=FAMILY, any reservationId, expiryDate=in 30 min |
      | StatusNotification.conf |                                                                                               |
      | Authorize.conf          | idTagInfo.status=Accepted                                                                     |
      | StatusNotification.conf |                                                                                               |
      | StartTransaction.conf   | idTagInfo.status=Accepted, any transactionId                                                  |
      | StatusNotification.conf |                                                                                               |
      | Authorize.conf          | idTagInfo.status=Accepted, idTagInfo.parentIdTag=FAMILY                                       |
      | StopTransaction.conf    | idTagInfo.status=Accepted or omitted                                                          |
      | StatusNotification.conf |                                                                                               |
