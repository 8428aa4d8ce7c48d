@energy
Feature: ISE Local days
  A day is a day of Europe/Zurich, whatever the clocks of the devices and servers say.

  @ISE-19 @must
  Scenario Outline: The local day of <day> has <values> quarter hours
    Given the day is <day>
    And the charger "Dorfplatz" is in service
    When the day is exported
    Then EW Seedorf holds <values> values for "Dorfplatz"
    And the rows of "Dorfplatz" stand in the order of time, 00:15 first and 00:00 of the next day last

    Examples: ordinary days
      | day              | values |
      | 1 June 2025      | 96     |
      | 31 December 2025 | 96     |

    Examples: the clock changes
      | day             | values |
      | 30 March 2025   | 92     |
      | 26 October 2025 | 100    |

  @ISE-19 @must
  Scenario: The two hours at two o'clock in October keep their own energies
    Given the day is 26 October 2025
    And the charger "Dorfplatz" is in service
    And the meter of "Dorfplatz" reads in UTC
      | time  | kWh |
      | 00:00 | 10  |
      | 00:15 | 11  |
      | 01:00 | 11  |
      | 01:15 | 14  |
    When the day is exported
    Then the rows of "Dorfplatz" labelled 02:15 are 1.000 kWh and then 3.000 kWh

  @ISE-19 @must
  Scenario: A session over the change of the clock loses nothing
    Given the day is 26 October 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 01:10 to 04:20
    When the day is exported
    Then the values of "Dorfplatz" sum to what its meter counted that day
    And each interval of "Dorfplatz" holds what its meter counted in it
