@export
Feature: AEX Exports
  When a task delivers which period.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  Rule: When all meters have values

    Background:
      Given the task is triggered when all meters have values

    @AEX-14 @must
    Scenario: A day with all values is delivered as soon as it is over
      Given Anna charges at "Dorfplatz" from 14:00 to 15:00
      When EW Seedorf has read what came until 0:02 on 4 June 2025
      Then 1 file arrives at EW Seedorf
      And EW Seedorf holds 96 values for "Dorfplatz"
      And each interval of "Dorfplatz" holds what its meter counted in it

    @AEX-14 @must
    Scenario: One meter without its values keeps the file back until they come
      Given the charger "Bahnhof" is in service
      And Anna charges at "Bahnhof" from 21:00 to 5:00 of the next day
      And the line of "Bahnhof" is cut from 22:00 to 7:00 of the next day
      When EW Seedorf has read what came until 7:05 on 4 June 2025
      Then no file had arrived by 6:59 on 4 June 2025
      And 1 file arrives at EW Seedorf
      And EW Seedorf holds 96 values for "Bahnhof"
      And each interval of "Bahnhof" holds what its meter counted in it
      And no interval of "Bahnhof" is missing

    @AEX-14 @must
    Scenario: A period that is never complete is never delivered
      Given the charger "Bahnhof" is in service
      And the line of "Bahnhof" is cut from 22:00 on
      When EW Seedorf has read what came until 12:00 on 5 June 2025
      Then 0 files arrive at EW Seedorf

    @AEX-14 @must
    Scenario: A car that charges over midnight is waited for
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 23:00 | 10  |
      And "Dorfplatz" says at 22:59
        """
        [2,"s1","StartTransaction",{"connectorId":1,"idTag":"04A1B2C3","meterStart":10000,"timestamp":"2025-06-03T20:59:00Z"}]
        """
      And "Dorfplatz" says at 1:00 of the next day
        """
        [2,"r1","MeterValues",{"connectorId":1,"transactionId":1,"meterValue":[{"timestamp":"2025-06-03T23:00:00Z","sampledValue":[{"value":"18","unit":"kWh"}]}]}]
        """
      When EW Seedorf has read what came until 1:03 on 4 June 2025
      Then no file had arrived by 0:59 on 4 June 2025
      And 1 file arrives at EW Seedorf
      And EW Seedorf holds for "Dorfplatz" 1.000 kWh E until 23:15, 23:30, 23:45 and 24:00, and zeros else

  Rule: 12 h after the end

    @AEX-15 @must
    Scenario Outline: Twelve hours after <day>, with what there is
      Given the task is triggered 12 h after the end
      And the day is <day>
      And the line of "Dorfplatz" is cut from 22:00 on
      When EW Seedorf has read what came until <after>
      Then no file had arrived by <before>
      And 1 file arrives at EW Seedorf
      And EW Seedorf holds <values> values for "Dorfplatz"

      Examples: an ordinary day, and those at which the clock changes
        | day             | before                   | after                    | values |
        | 3 June 2025     | 11:59 on 4 June 2025     | 12:01 on 4 June 2025     | 96     |
        | 30 March 2025   | 11:59 on 31 March 2025   | 12:01 on 31 March 2025   | 92     |
        | 25 October 2025 | 10:59 on 26 October 2025 | 11:01 on 26 October 2025 | 96     |

  Rule: Daily exports start between 00:00 and 01:00

    @AEX-16 @must
    Scenario Outline: Twelve tasks start within the hour, each at its own moment, after <day>
      Given the day is <day>
      And 12 daily tasks without a time of day
      When the day is exported
      Then 12 files arrive at EW Seedorf
      And they were made between 0:00 and 1:00 of the next day, at 6 different minutes or more
      And they had arrived by 3:00 of the next day

      Examples: an ordinary day, and those before the clock changes
        | day             |
        | 3 June 2025     |
        | 29 March 2025   |
        | 25 October 2025 |

  Rule: A start date in the past

    @AEX-17 @must
    Scenario: Everything from the start date on is delivered, day by day, in order
      Given the task starts on 30 May 2025
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then 5 files arrive at EW Seedorf
      And they tell of 30 May 2025, 31 May 2025, 1 June 2025, 2 June 2025 and 3 June 2025, in this order
      And each file has a later name than those before it
      And each interval of "Dorfplatz" holds what its meter counted in it

    @AEX-17 @must
    Scenario: What a charger kept from before the start counts as well
      Given the task starts on 1 June 2025
      And the meter of "Dorfplatz" reads
        | time  | kWh |
        | 00:00 | 12  |
      And "Dorfplatz" says at 0:10
        """
        [2,"r1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-01T12:00:00Z","sampledValue":[{"value":"10","unit":"kWh"}]},{"timestamp":"2025-06-01T12:15:00Z","sampledValue":[{"value":"12","unit":"kWh"}]}]}]
        """
      When the day is exported
      Then the values of "Dorfplatz" of all days sum to 2.000 kWh

    @AEX-17 @must
    Scenario: Nothing is delivered before a start date in the future
      Given the task starts on 4 June 2025
      When EW Seedorf has read what came until 3:00 on 5 June 2025
      Then no file had arrived by 3:00 on 4 June 2025
      And 1 file arrives at EW Seedorf

  Rule: Periods that are shorter than a day

    @ISE-01 @ISE-19 @must
    Scenario Outline: Every <schedule> on <day> a file, <files> in all, and nothing lost between them
      Given the day is <day>
      And the task delivers every <schedule>
      And Anna charges at "Dorfplatz" from 01:10 to 04:20
      When the day is exported
      Then <files> files of the day arrive at EW Seedorf
      And EW Seedorf holds <values> values for "Dorfplatz"
      And each interval of "Dorfplatz" holds what its meter counted in it
      And each file has a later name than those before it

      Examples: an ordinary day
        | day         | schedule | files | values |
        | 3 June 2025 | 1 h      | 24    | 96     |
        | 3 June 2025 | 6 h      | 4     | 96     |

      Examples: the clock changes
        | day             | schedule | files | values |
        | 30 March 2025   | 2 h      | 12    | 92     |
        | 26 October 2025 | 15 min   | 93    | 100    |
        | 26 October 2025 | 12 h     | 2     | 100    |
