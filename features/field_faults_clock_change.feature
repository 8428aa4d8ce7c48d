@collection
Feature: COL Field faults: the hour that comes twice
  When summer time ends, local times without a zone name two instants.

  Background:
    Given the day is 26 October 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 01:45 to 03:00

  Rule: Of two instants the one that can be is meant

    @COL-03 @F63 @must
    Scenario: F63 Times are local over the end of summer time
      Given "Dorfplatz" has the habit "local-time-over-clock-change"
      And the model of "Dorfplatz" has zone_of_naive_times = "Europe/Zurich"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And the rows of "Dorfplatz" labelled 02:15 are 5.500 kWh and then 5.500 kWh
      And the rows of "Dorfplatz" labelled 02:45 are 5.500 kWh and then 3.336 kWh
