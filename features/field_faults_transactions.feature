@collection
Feature: COL Field faults: transactions
  What chargers in the field say of their transactions must not alter, lose or double a quarter hour.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 14:00 to 14:30 and from 16:00 to 16:30

  Rule: A number that is not the one that was given decides nothing

    @COL-03 @F01 @must
    Scenario: F01 MeterValues bear the transactionId 0
      Given "Dorfplatz" has the habit "transaction-id-zero"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F02 @must
    Scenario: F02 MeterValues bear the charger's own negative number
      Given "Dorfplatz" has the habit "negative-transaction-ids"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F06 @must
    Scenario: F06 A stray stop names a transaction of nobody while another one runs
      Given "Dorfplatz" has the habit "stray-stop"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F07 @must
    Scenario: F07 MeterValues bear a number a little beside the one that was given
      Given "Dorfplatz" has the habit "transaction-id-offset"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F08 @must
    Scenario: F08 MeterValues bear the highest number of 64 bits
      Given "Dorfplatz" has the habit "transaction-id-huge:age_s=0"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F21 @must
    Scenario: F21 MeterValues bear the number of a transaction that is over
      Given "Dorfplatz" has the habit "stale-transaction-ids"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

  Rule: A stop that fits no start loses no energy

    @COL-03 @F03 @must
    Scenario: F03 After a start without an answer the stop bears -1
      Given "Dorfplatz" has the habit "start-given-up"
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F04 @must
    Scenario: F04 The stop bears 0
      Given "Dorfplatz" has the habit "stop-with-zero"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F05 @must
    Scenario: F05 There is no start, only a stop of a number of the charger's own
      Given "Dorfplatz" has the habit "stop-without-start"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F11 @must
    Scenario: F11 Each stop comes twice, with another register
      Given "Dorfplatz" has the habit "stop-twice"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F12 @must
    Scenario: F12 The stop never comes
      Given "Dorfplatz" has the habit "stop-never-sent"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F13 @must
    Scenario: F13 A start that waited for the line is lost, its stop is not
      Given "Dorfplatz" has the habit "offline-start-lost"
      And the line of "Dorfplatz" is cut from 15:50 to 16:10
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 5.500 | W      |
        | 16:00 | 0.000 | E      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |

    @COL-03 @F14 @must
    Scenario: F14 After a transaction without a stop the next one is not refused
      Given "Dorfplatz" has the habit "refused-start-forgotten"
      And "Dorfplatz" has the habit "stop-never-sent"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F17 @must
    Scenario: F17 The stop has no idTag
      Given "Dorfplatz" has the habit "stop-without-id-tag"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F37 @must
    Scenario: F37 Values come after the stop, a little above it
      Given "Dorfplatz" has the habit "values-after-stop"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F38 @must
    Scenario: F38 The last value of a transaction comes after its stop
      Given "Dorfplatz" has the habit "end-after-stop"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

  Rule: A start that comes again begins nothing anew

    @COL-03 @F09 @must
    Scenario: F09 A start whose answer was lost comes again under a new message id
      Given "Dorfplatz" has the habit "start-repeated"
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F10 @must
    Scenario: F10 After a start whose answer was lost another one begins
      Given "Dorfplatz" has the habit "start-anew"
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F15 @must
    Scenario: F15 At the end of a transaction a start is sent, no stop
      Given "Dorfplatz" has the habit "start-instead-of-stop"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F16 @must
    Scenario: F16 The status is Charging before the start comes
      Given "Dorfplatz" has the habit "charging-before-start"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

  Rule: What interrupts a transaction interrupts no register

    @COL-03 @F18 @must
    Scenario: F18 After a refused stop the charger boots again and again
      Given "Dorfplatz" has the habit "boots-on-refused-stop"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F19 @must
    Scenario: F19 After a power cut the stop gives another reason
      Given "Dorfplatz" has the habit "wrong-reason-on-power-loss"
      And "Dorfplatz" is without power from 14:15 to 14:20
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 0.000 | E      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |

    @COL-03 @F20 @must
    Scenario: F20 After a power cut the transaction goes on under its old number
      Given "Dorfplatz" has the habit "resumes-after-boot"
      And "Dorfplatz" is without power from 14:15 to 14:20
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.500 | W      |
        | 14:30 | 3.605 | W      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |
