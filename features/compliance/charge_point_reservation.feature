@HAR-08 @must @compliance
Feature: HAR Compliance, charge point: reservation

  Background:
    Given a charger under test

  @TC_046_1_CS
  Scenario: TC_046_1_CS Reservation of a Connector - Local start transaction
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    And Bert shows the card
    And a car is plugged in
    And 30 s pass
    And Anna shows the card
    Then the charger has said, in this order
      | message                | with                                                             | may         |
      | ReserveNow.conf        | status=Accepted                                                  |             |
      | StatusNotification.req | connectorId=1, status=Reserved                                   |             |
      | Authorize.req          | idTag=Bert's card                                                | be missing  |
      | Authorize.req          | idTag=Anna's card                                                | be missing  |
      | StatusNotification.req | connectorId=1, status=Preparing                                  | swap places |
      | StartTransaction.req   | connectorId=1, idTag=Anna's card, reservationId=7, timestamp=now |             |
      | StatusNotification.req | connectorId=1, status=Charging                                   | swap places |

  @TC_046_2_CS
  Scenario: TC_046_2_CS Reservation of a Connector - Remote start transaction
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Bert's card
    And a car is plugged in
    And 30 s pass
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    Then the charger has said, in this order
      | message                     | with                                                             | may         |
      | ReserveNow.conf             | status=Accepted                                                  |             |
      | StatusNotification.req      | connectorId=1, status=Reserved                                   |             |
      | RemoteStartTransaction.conf | status=Rejected or Accepted                                      |             |
      | RemoteStartTransaction.conf | status=Accepted                                                  |             |
      | StatusNotification.req      | connectorId=1, status=Preparing                                  | swap places |
      | StartTransaction.req        | connectorId=1, idTag=Anna's card, reservationId=7, timestamp=now |             |
      | StatusNotification.req      | connectorId=1, status=Charging                                   | swap places |

  @TC_047_CS
  Scenario: TC_047_CS Reservation of a Connector - Expire
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 60 s
    And 2 min pass
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Bert's card
    Then the charger has said, in this order
      | message                | with                                                              | after | may         |
      | ReserveNow.conf        | status=Accepted                                                   |       |             |
      | StatusNotification.req | connectorId=1, status=Reserved                                    |       |             |
      | StatusNotification.req | connectorId=1, status=Available                                   | 60 s  |             |
      | StatusNotification.req | connectorId=1, status=Preparing                                   |       |             |
      | StartTransaction.req   | connectorId=1, idTag=Bert's card, no reservationId, timestamp=now |       |             |
      | StatusNotification.req | connectorId=1, status=Charging                                    |       | swap places |

  @TC_048_1_CS
  Scenario: TC_048_1_CS Reservation of a Connector - Faulted
    Given the charger breaks down with InternalError
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    Then the charger has said, in this order
      | message         | with           |
      | ReserveNow.conf | status=Faulted |
    And the charger has said no StatusNotification.req with status=Reserved

  @TC_048_2_CS
  Scenario: TC_048_2_CS Reservation of a Connector - Occupied
    Given a car is plugged in
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    Then the charger has said, in this order
      | message         | with            |
      | ReserveNow.conf | status=Occupied |
    And the charger has said no StatusNotification.req with status=Reserved

  @TC_048_3_CS
  Scenario: TC_048_3_CS Reservation of a Connector - Unavailable
    Given the operator sends ChangeAvailability with connectorId=1, type=Inoperative
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    Then the charger has said, in this order
      | message         | with               |
      | ReserveNow.conf | status=Unavailable |
    And the charger has said no StatusNotification.req with status=Reserved

  @TC_048_4_CS
  Scenario: TC_048_4_CS Reservation of a Connector - Rejected
    Given the charger takes no reservations
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    Then the charger has said, in this order
      | message         | with            |
      | ReserveNow.conf | status=Rejected |
    And the charger has said no StatusNotification.req with status=Reserved

  @TC_049_CS
  Scenario: TC_049_CS Reservation of a Charge Point - Transaction
    When the operator sends ReserveNow with connectorId=0, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Bert's card
    And a car is plugged in
    And 30 s pass
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Anna's card
    Then the charger has said, in this order
      | message                     | with                                                             | may         |
      | ReserveNow.conf             | status=Accepted                                                  |             |
      | StatusNotification.req      | connectorId=0 or 1, status=Reserved                              |             |
      | RemoteStartTransaction.conf | status=Rejected or Accepted                                      |             |
      | RemoteStartTransaction.conf | status=Accepted                                                  |             |
      | StatusNotification.req      | connectorId=1, status=Preparing                                  | swap places |
      | StartTransaction.req        | connectorId=1, idTag=Anna's card, reservationId=7, timestamp=now |             |
      | StatusNotification.req      | connectorId=1, status=Charging                                   | swap places |

  @TC_050_1_CS
  Scenario: TC_050_1_CS Reservation of a Charge Point - Faulted
    Given the charger breaks down with InternalError
    When the operator sends ReserveNow with connectorId=0, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    Then the charger has said, in this order
      | message         | with           |
      | ReserveNow.conf | status=Faulted |
    And the charger has said no StatusNotification.req with status=Reserved

  @TC_050_2_CS
  Scenario: TC_050_2_CS Reservation of a Charge Point - Occupied
    Given a car is plugged in
    When the operator sends ReserveNow with connectorId=0, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    Then the charger has said, in this order
      | message         | with            |
      | ReserveNow.conf | status=Occupied |
    And the charger has said no StatusNotification.req with status=Reserved

  @TC_050_3_CS
  Scenario: TC_050_3_CS Reservation of a Charge Point - Unavailable
    Given the operator sends ChangeAvailability with connectorId=0, type=Inoperative
    When the operator sends ReserveNow with connectorId=0, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    Then the charger has said, in this order
      | message         | with               |
      | ReserveNow.conf | status=Unavailable |
    And the charger has said no StatusNotification.req with status=Reserved

  @TC_050_4_CS
  Scenario: TC_050_4_CS Reservation of a Charge Point - Rejected
    Given the charger takes no reservations
    When the operator sends ReserveNow with connectorId=0, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    Then the charger has said, in this order
      | message         | with            |
      | ReserveNow.conf | status=Rejected |
    And the charger has said no StatusNotification.req with status=Reserved

  @TC_051_CS
  Scenario: TC_051_CS Cancel Reservation
    Given the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    When the operator sends CancelReservation with reservationId=7
    And a car is plugged in
    And the operator sends RemoteStartTransaction with connectorId=1, idTag=Bert's card
    Then the charger has said, in this order
      | message                | with                                                              | may         |
      | CancelReservation.conf | status=Accepted                                                   |             |
      | StatusNotification.req | connectorId=1, status=Available                                   |             |
      | StatusNotification.req | connectorId=1, status=Preparing                                   |             |
      | StartTransaction.req   | connectorId=1, idTag=Bert's card, no reservationId, timestamp=now |             |
      | StatusNotification.req | connectorId=1, status=Charging                                    | swap places |

  @TC_052_CS
  Scenario: TC_052_CS Cancel Reservation - Rejected
    Given the operator sends ReserveNow with connectorId=1, idTag=Anna's card, reservationId=7, expiryDate=in 30 min
    When the operator sends CancelReservation with reservationId=8
    And Bert shows the card
    And a car is plugged in
    And 30 s pass
    Then the charger has said, in this order
      | message                | with            |
      | CancelReservation.conf | status=Rejected |
    And the charger has said no StatusNotification.req with status=Available
    And the charger has said no StartTransaction.req

  @TC_053_CS
  Scenario: TC_053_CS Use a reserved Connector with parentIdTag
    Given the cards of Anna and Bert have the parentIdTag FAMILY
    And the cards of Carla and Dora have the parentIdTag OTHERS
    When the operator sends ReserveNow with connectorId=1, idTag=Anna's card, parentIdTag=FAMILY, reservationId=7, expiryDate=in 30 min
    And Carla shows the card
    And a car is plugged in
    And 30 s pass
    And the cable is taken out
    And Bert shows the card
    And 10 s pass
    And a car is plugged in
    Then the charger has said, in this order
      | message                | with                                                             | may         |
      | ReserveNow.conf        | status=Accepted                                                  |             |
      | StatusNotification.req | connectorId=1, status=Reserved                                   |             |
      | Authorize.req          | idTag=Carla's card                                               | be missing  |
      | StatusNotification.req | connectorId=1, status=Preparing                                  | be missing  |
      | StatusNotification.req | connectorId=1, status=Available                                  | be missing  |
      | StatusNotification.req | connectorId=1, status=Reserved                                   | be missing  |
      | Authorize.req          | idTag=Bert's card                                                |             |
      | StatusNotification.req | connectorId=1, status=Preparing                                  | swap places |
      | StartTransaction.req   | connectorId=1, idTag=Bert's card, reservationId=7, timestamp=now |             |
      | StatusNotification.req | connectorId=1, status=Charging                                   | swap places |
