@gateway
Feature: SGW Load profiles
  A meter remembers the quarter hours of a day, and loses them with its power. The gateway keeps them
  for 56 hours, from hardware D on. Its page draws them, and adds and subtracts those of several
  meters: that is tried in a browser, by the integration tests.

  Background:
    Given the gateway "Keller" reads the meter "Haus" over IR
    And the backend reads "Keller" over REST
    And 4.6 kW flow behind the meter "Haus" from 8:00 to 10:00

  Rule: What was counted is told by quarter hours

    @SGW-09 @must
    Scenario: The load profile adds up to what the counter shows
      When somebody asks "Keller" for the load profile at 12:05
      Then the answer tells 48 quarter hours, 48 of them from the meter
      And they sum to 9.200 kWh, which the counter of "Haus" shows

    @SGW-09 @must
    Scenario Outline: After 30 hours hardware <hardware> knows <hours> hours
      Given the gateway "Keller" is of hardware <hardware>
      When somebody asks "Keller" for the load profile at 6:00 of the next day
      Then the answer tells <known> quarter hours, 96 of them from the meter

      Examples:
        | hardware | hours | known |
        | C        | 24    | 96    |
        | D        | 30    | 120   |

  Rule: A meter that loses its power loses its own

    @SGW-09 @must
    Scenario Outline: What hardware <hardware> has after a power failure
      Given the gateway "Keller" is of hardware <hardware>
      And the power of the meter "Haus" fails from 9:05 to 9:10
      When somebody asks "Keller" for the load profile at 12:05
      Then the answer tells <known> quarter hours, 12 of them from the meter

      Examples:
        | hardware | known |
        | C        | 12    |
        | D        | 48    |

    @SGW-09 @must
    Scenario: The load recorder keeps 56 hours
      When somebody asks "Keller" for the load profile at 23:00 on 6 June 2025
      Then the answer tells 224 quarter hours, 96 of them from the meter
