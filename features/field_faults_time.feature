@collection
Feature: COL Field faults: time and order
  A clock that is wrong puts energy into the wrong quarter hour; what cannot be trusted is never W.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 14:00 to 14:30 and from 16:00 to 16:30

  Rule: A time that is told oddly is read as it is meant

    @COL-03 @F55 @must
    Scenario: F55 Times bear the offset of another zone
      Given "Dorfplatz" has the habit "offset-times"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F57 @must
    Scenario: F57 Values at the quarter hour come half a second early
      Given "Dorfplatz" has the habit "clock-aligned-early"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F60 @must
    Scenario: F60 Two values of one message have one time
      Given "Dorfplatz" has the habit "entries-of-one-time"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F62 @must
    Scenario: F62 After a reconnection the status has the time at which it began
      Given "Dorfplatz" has the habit "status-of-the-past"
      And the line of "Dorfplatz" is cut from 15:00 to 15:10
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | W      |
        | 15:15 | 0.000 | E      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |

  Rule: A time that is wrong is never believed in silence

    @COL-03 @F53 @must
    Scenario: F53 Times are local and do not say so
      Given "Dorfplatz" has the habit "local-time-without-zone"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | E      |
        | 14:30 | 5.500 | E      |
        | 16:15 | 5.500 | E      |
        | 16:30 | 5.500 | E      |

    @COL-03 @F53 @must
    Scenario: F53 The profile says in which zone times without one are
      Given "Dorfplatz" has the habit "local-time-without-zone"
      And the model of "Dorfplatz" has zone_of_naive_times = "Europe/Zurich"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F54 @must
    Scenario: F54 Times are local and claim to be UTC
      Given "Dorfplatz" has the habit "local-time-as-utc"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | E      |
        | 14:30 | 5.500 | E      |
        | 16:15 | 5.500 | E      |
        | 16:30 | 5.500 | E      |

    @COL-03 @F56 @must
    Scenario: F56 The clock begins in 1970 at each boot
      Given "Dorfplatz" has the habit "clock-not-set"
      And the line of "Dorfplatz" is cut from 15:50 to 16:20
      And "Dorfplatz" is without power from 15:55 to 15:56
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | W      |
        | 14:45 | 1.000 | E      |
        | 15:00 | 1.000 | E      |
        | 15:15 | 1.000 | E      |
        | 15:30 | 1.000 | E      |
        | 15:45 | 1.000 | E      |
        | 16:00 | 1.000 | E      |
        | 16:15 | 1.000 | E      |
        | 16:30 | 4.000 | E      |

  Rule: What comes late or out of order counts where it was measured

    @COL-03 @F58 @must
    Scenario: F58 What waited for the line comes slowly, under random ids
      Given "Dorfplatz" has the habit "slow-replay"
      And the line of "Dorfplatz" is cut from 15:50 to 17:00
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | W      |
        | 16:00 | 0.000 | E      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |
        | 16:45 |       | F      |
        | 17:00 |       | F      |

    @COL-03 @F59 @must
    Scenario: F59 Values of years ago come again
      Given "Dorfplatz" has the habit "old-values-replayed"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F61 @must
    Scenario: F61 Values lie outside of their transaction and run backwards
      Given "Dorfplatz" has the habit "values-outside-transaction"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:00 | 0.000 | E      |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | E      |
        | 14:45 | 0.017 | E      |
        | 15:00 | 0.017 | E      |
        | 15:15 | 0.017 | E      |
        | 15:30 | 0.016 | E      |
        | 15:45 | 0.017 | E      |
        | 16:00 | 0.149 | E      |
        | 16:15 | 5.267 | E      |
        | 16:30 | 5.500 | W      |
        | 16:45 | 0.000 | E      |
