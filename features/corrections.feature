@energy
Feature: ISE Corrections
  What comes to light after an interval was delivered is delivered, too, under a later name.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  Rule: A reading that arrives late leads to a new delivery of its interval

    @ISE-20 @must
    Scenario: A session comes to light after an outage over midnight
      Given Anna charges at "Dorfplatz" from 18:10 to 18:40
      And Anna charges at "Dorfplatz" from 21:10 to 8:30 of the next day
      And the line of "Dorfplatz" is cut from 20:00 to 8:00 of the next day
      When the day is exported
      And EW Seedorf has read what came until 9:00 on 4 June 2025
      Then the first file told of "Dorfplatz"
        | until | kWh   | status |
        | 19:45 | 0.000 | W      |
        | 21:30 |       | F      |
      And each interval of "Dorfplatz" holds what its meter counted in it
      And 2 files arrive at EW Seedorf
      And each file has a later name than those before it
      And the last file tells nothing that was known before

    @ISE-20 @must
    Scenario: A reading of the next day bridges the evening before
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 10  |
        | 22:00 | 10  |
      And the line of "Dorfplatz" is cut from 22:01 to 2:30 of the next day
      And "Dorfplatz" says at 2:40 of the next day
        """
        [2,"r1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-04T00:30:00Z","sampledValue":[{"value":"28","unit":"kWh"}]}]}]
        """
      When EW Seedorf has read what came until 3:00 on 4 June 2025
      Then the first file told of "Dorfplatz"
        | until | kWh   | status |
        | 22:00 | 0.000 | W      |
        | 22:30 |       | F      |
        | 24:00 |       | F      |
      And EW Seedorf holds for "Dorfplatz" 1.000 kWh E until 22:15, 22:30, 22:45, 23:00, 23:15, 23:30, 23:45 and 24:00, and zeros else
      And 2 files arrive at EW Seedorf

    @ISE-20 @must
    Scenario: What comes late in two portions is corrected twice
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 10  |
        | 16:00 | 18  |
      And "Dorfplatz" says at 8:00 of the next day
        """
        [2,"r1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T13:00:00Z","sampledValue":[{"value":"12","unit":"kWh"}]}]}]
        """
      And "Dorfplatz" says at 10:00 of the next day
        """
        [2,"r2","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T13:30:00Z","sampledValue":[{"value":"17","unit":"kWh"}]}]}]
        """
      When the day is exported
      And EW Seedorf has read what came until 11:00 on 4 June 2025
      Then EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 0.500 | E      |
        | 14:30 | 0.500 | E      |
        | 14:45 | 0.500 | E      |
        | 15:00 | 0.500 | E      |
        | 15:15 | 2.500 | E      |
        | 15:30 | 2.500 | E      |
        | 15:45 | 0.500 | E      |
        | 16:00 | 0.500 | E      |
      And 3 files arrive at EW Seedorf
      And each file has a later name than those before it
      And the last file tells nothing that was known before

    @ISE-20 @must
    Scenario: Days that were delivered in vain are corrected one by one, the clock's change among them
      Given the day is 26 October 2025
      And the meter of "Dorfplatz" reads
        | time  | kWh |
        | 00:00 | 10  |
      And the line of "Dorfplatz" is cut from 0:01 to 2:00 of 28 October 2025
      And "Dorfplatz" says at 2:30 of 28 October 2025
        """
        [2,"r1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-10-27T23:00:00Z","sampledValue":[{"value":"29.600","unit":"kWh"}]}]}]
        """
      When EW Seedorf has read what came until 3:00 on 28 October 2025
      Then 4 files arrive at EW Seedorf
      And EW Seedorf holds 100 values for "Dorfplatz"
      And every value of "Dorfplatz" is 0.100 kWh with status E
      And the values of "Dorfplatz" of all days sum to 19.600 kWh
      And each file has a later name than those before it

    @ISE-20 @must
    Scenario: The second hour at two o'clock in October is told from the first
      Given the day is 26 October 2025
      And the meter of "Dorfplatz" reads in UTC
        | time  | kWh |
        | 00:00 | 10  |
        | 01:00 | 14  |
        | 02:00 | 18  |
      And "Dorfplatz" says at 8:00 of the next day
        """
        [2,"r1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-10-26T01:30:00Z","sampledValue":[{"value":"17","unit":"kWh"}]}]}]
        """
      When EW Seedorf has read what came until 9:00 on 27 October 2025
      Then EW Seedorf holds 100 values for "Dorfplatz"
      And EW Seedorf holds for "Dorfplatz" in UTC
        | until | kWh   | status |
        | 00:15 | 1.000 | E      |
        | 00:30 | 1.000 | E      |
        | 01:15 | 1.500 | E      |
        | 01:30 | 1.500 | E      |
        | 01:45 | 0.500 | E      |
        | 02:00 | 0.500 | E      |

  Rule: What did not change is not delivered again, unless asked

    @ISE-20 @must
    Scenario: What is said again changes nothing
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 10  |
        | 14:15 | 12  |
      And "Dorfplatz" says at 8:00 of the next day
        """
        [2,"r1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":"12","unit":"kWh"}]}]}]
        """
      When EW Seedorf has read what came until 23:00 on 4 June 2025
      Then 1 file arrives at EW Seedorf

    @ISE-20 @must
    Scenario: Another charger that is late takes no charger along
      Given the charger "Bahnhof" is in service
      And Anna charges at "Dorfplatz" from 18:10 to 18:40
      And Anna charges at "Dorfplatz" from 21:10 to 8:30 of the next day
      And Beat charges at "Bahnhof" from 18:10 to 18:40
      And Beat charges at "Bahnhof" from 21:10 to 8:30 of the next day
      And the line of "Bahnhof" is cut from 20:00 to 8:00 of the next day
      When EW Seedorf has read what came until 9:00 on 4 June 2025
      Then each interval of "Bahnhof" holds what its meter counted in it
      And each interval of "Dorfplatz" holds what its meter counted in it
      And 2 files arrive at EW Seedorf
      And the last file tells nothing that was known before
      And the last file tells only of "Bahnhof"

    @ISE-20 @must
    Scenario: A day that is asked for again comes whole, under a later name
      Given Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      And the operator has 3 June 2025 exported again at 9:00 on 4 June 2025
      Then 2 files arrive at EW Seedorf
      And each file has a later name than those before it
      And the last file tells of 96 intervals
      And each interval of "Dorfplatz" holds what its meter counted in it

    @ISE-20 @must
    Scenario: A utility that wants whole days gets the whole day
      Given the task's corrections hold the whole series
      And Anna charges at "Dorfplatz" from 18:10 to 18:40
      And Anna charges at "Dorfplatz" from 21:10 to 8:30 of the next day
      And the line of "Dorfplatz" is cut from 20:00 to 8:00 of the next day
      When EW Seedorf has read what came until 9:00 on 4 June 2025
      Then each interval of "Dorfplatz" holds what its meter counted in it
      And 2 files arrive at EW Seedorf
      And the last file tells of 96 intervals
