@billing
Feature: What a session costs at our tariff

  @ours
  Scenario: A morning is billed by the kilowatt hours that the utility holds
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 07:07 to 08:19
    When the day is exported
    Then EW Seedorf holds 96 values for "Dorfplatz"
    And at 0.25 CHF a kWh that is a bill of between 5 and 8 CHF
