@collection
Feature: COL Field faults: connection and framing
  How a charger opens its line and numbers its messages alters no energy; who cannot be heard is missing, not zero.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 14:00 to 14:30 and from 16:00 to 16:30

  Rule: An odd line carries the same energy

    @COL-03 @F65 @must
    Scenario: F65 The charger speaks another version first
      Given "Dorfplatz" has the habit "other-version-first"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F67 @must
    Scenario: F67 The identity is percent-encoded
      Given "Dorfplatz" has the habit "identity-encoded"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F68 @must
    Scenario: F68 The address has a slash too many
      Given "Dorfplatz" has the habit "odd-slashes"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F69 @must
    Scenario: F69 A second line opens beside the first
      Given "Dorfplatz" has the habit "second-socket"
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F70 @must
    Scenario: F70 The line breaks again and again
      Given "Dorfplatz" has the habit "line-flaps"
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F73 @must
    Scenario: F73 Some frames are huge
      Given "Dorfplatz" has the habit "huge-frames"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

  Rule: Odd numbers of messages lose none

    @COL-03 @F74 @must
    Scenario: F74 A hundred messages come at once
      Given "Dorfplatz" has the habit "many-calls-at-once"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F75 @must
    Scenario: F75 A message id comes twice
      Given "Dorfplatz" has the habit "same-id-twice"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F76 @must
    Scenario: F76 Message ids are numbers, or too long
      Given "Dorfplatz" has the habit "odd-message-ids"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F77 @must
    Scenario: F77 There is no BootNotification
      Given "Dorfplatz" has the habit "never-boots"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F78 @must
    Scenario: F78 A BootNotification that is triggered makes the charger boot
      Given "Dorfplatz" has the habit "reboots-on-trigger"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

  Rule: Who cannot be heard is missing, not zero

    @COL-03 @F64 @must
    Scenario: F64 The charger offers no sub-protocol
      Given "Dorfplatz" has the habit "no-subprotocol" from 15:50 to 17:00
      And the line of "Dorfplatz" is cut from 15:50 to 15:55
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | W      |
        | 16:00 | 0.000 | E      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |
        | 16:45 |       | F      |
        | 17:00 |       | F      |

    @COL-03 @F66 @must
    Scenario: F66 The charger asks for no upgrade
      Given "Dorfplatz" has the habit "no-upgrade" from 15:50 to 17:00
      And the line of "Dorfplatz" is cut from 15:50 to 15:55
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | W      |
        | 16:00 | 0.000 | E      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |
        | 16:45 |       | F      |
        | 17:00 |       | F      |
        | 17:15 |       | F      |

    @COL-03 @F71 @must
    Scenario: F71 A line that is lost never comes back
      Given "Dorfplatz" has the habit "never-reconnects"
      And the line of "Dorfplatz" is cut from 15:00 to 15:10
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | W      |
        | 15:15 |       | F      |
        | 16:15 |       | F      |
        | 24:00 |       | F      |

    @COL-03 @F72 @must
    Scenario: F72 The charger compresses what nobody asked to be
      Given "Dorfplatz" has the habit "compresses-unasked" from 15:50 to 17:00
      And the line of "Dorfplatz" is cut from 15:50 to 15:55
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | W      |
        | 16:00 | 0.000 | E      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |
        | 16:45 |       | F      |
        | 17:00 |       | F      |

  Rule: What chargers get wrong over SOAP alters nothing either

    @COL-03 @F93 @F94 @F95 @F96 @F97 @must
    Scenario: F93 to F97 A charger over SOAP leaves its address out, or says its actions oddly
      Given chargers speak OCPP 1.6 over SOAP
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else
