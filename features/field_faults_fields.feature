@collection
Feature: COL Field faults: fields and cards
  An odd field never costs a kilowatt hour.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 14:00 to 14:30 and from 16:00 to 16:30

  Rule: Odd fields cost no energy

    @COL-03 @F80 @must
    Scenario: F80 The error code is none of OCPP
      Given "Dorfplatz" has the habit "invalid-error-code"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F82 @must
    Scenario: F82 Fields are too long
      Given "Dorfplatz" has the habit "over-long-fields"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F83 @must
    Scenario: F83 The vendor is empty
      Given "Dorfplatz" has the habit "empty-vendor"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F84 @must
    Scenario: F84 There are fields too many
      Given "Dorfplatz" has the habit "extra-fields"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F85 @must
    Scenario: F85 Values of the configuration are numbers
      Given "Dorfplatz" has the habit "numeric-configuration"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

  Rule: A card that is spelt oddly is the same card

    @COL-03 @F86 @must
    Scenario: F86 The idTag holds control bytes
      Given "Dorfplatz" has the habit "control-bytes-in-id-tag"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F87 @must
    Scenario: F87 The idTag has delimiters
      Given "Dorfplatz" has the habit "separated-id-tag"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F90 @must
    Scenario: F90 The idTag is in lower case
      Given "Dorfplatz" has the habit "lower-case-id-tag"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F91 @must
    Scenario: F91 Any card starts a session
      Given "Dorfplatz" has the habit "any-card-starts"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else
