@collection
Feature: COL Field faults: registers
  What chargers in the field say of their registers is believed as far as it can be, and named where it cannot.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 14:00 to 14:30 and from 16:00 to 16:30

  Rule: How a number is written does not alter it

    @COL-03 @F23 @must
    Scenario: F23 Values at the quarter hour name no transaction
      Given "Dorfplatz" has the habit "clock-values-without-transaction"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F25 @must
    Scenario: F25 The power is a number of kW under the unit W
      Given "Dorfplatz" has the habit "kw-labelled-w"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F26 @must
    Scenario: F26 A value has no unit and no measurand
      Given "Dorfplatz" has the habit "bare-register"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.499 | W      |
        | 14:30 | 5.500 | W      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |

    @COL-03 @F27 @must
    Scenario: F27 Values are numbers, not texts
      Given "Dorfplatz" has the habit "numbers-for-texts"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F28 @must
    Scenario: F28 Values have blanks, commas or no number
      Given "Dorfplatz" has the habit "odd-numbers"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F29 @must
    Scenario: F29 A list of one is an object
      Given "Dorfplatz" has the habit "object-for-list"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F30 @must
    Scenario: F30 Some frames are no JSON
      Given "Dorfplatz" has the habit "invalid-json"
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F49 @must
    Scenario: F49 Signed values stand beside the raw ones
      Given "Dorfplatz" has the habit "signed-data"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F51 @must
    Scenario: F51 The frequency has the unit Hz
      Given "Dorfplatz" has the habit "frequency-in-hz"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

  Rule: Which of several values is the register is decided by what they are

    @COL-03 @F31 @must
    Scenario: F31 MeterValues count from the start of the session, start and stop do not
      Given "Dorfplatz" has the habit "session-values"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.499 | W      |
        | 14:30 | 5.500 | W      |
        | 14:45 | 0.000 | E      |
        | 15:00 | 0.000 | E      |
        | 15:15 | 0.000 | E      |
        | 15:30 | 0.001 | E      |
        | 15:45 | 0.000 | E      |
        | 16:00 | 0.000 | E      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |

    @COL-03 @F39 @must
    Scenario: F39 The value of the start stands among the periodic ones
      Given "Dorfplatz" has the habit "begin-among-periodic"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F40 @must
    Scenario: F40 Register and interval stand beside each other
      Given "Dorfplatz" has the habit "register-and-interval"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F41 @must
    Scenario: F41 There is the energy of intervals alone
      Given "Dorfplatz" has the habit "interval-only"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F42 @must
    Scenario: F42 There are registers of phases, and no total
      Given "Dorfplatz" has the habit "phases-without-total"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F43 @must
    Scenario: F43 There are a total and registers of phases
      Given "Dorfplatz" has the habit "total-and-phases"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F44 @must
    Scenario: F44 Phases have odd names
      Given "Dorfplatz" has the habit "odd-phase-labels"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F45 @must
    Scenario: F45 Only one phase is told of
      Given "Dorfplatz" has the habit "one-phase-only"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F46 @must
    Scenario: F46 There is energy in the stop only
      Given "Dorfplatz" has the habit "energy-in-stop-only"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F47 @must
    Scenario: F47 The stop has thousands of values
      Given "Dorfplatz" has the habit "huge-transaction-data"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F52 @must
    Scenario: F52 Measurands are accepted and left out
      Given "Dorfplatz" has the habit "accepts-any-measurand:missing=Energy.Active.Import.Register"
      And the backend has set MeterValuesSampledData of "Dorfplatz" to "Energy.Active.Import.Register,Power.Active.Import"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

  Rule: A register that falls, sticks or leaps neither loses nor invents energy

    @COL-03 @F24 @must
    Scenario: F24 The register is kWh under the unit Wh
      Given "Dorfplatz" has the habit "kwh-labelled-wh"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 |       | F      |
        | 14:30 |       | F      |
        | 16:15 |       | F      |
        | 16:30 |       | F      |

    @COL-03 @F24 @must
    Scenario: F24 The profile says that the register is kWh
      Given "Dorfplatz" has the habit "kwh-labelled-wh"
      And the model of "Dorfplatz" has energy_unit_always = "kWh"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And the values of "Dorfplatz" sum to 21.000 kWh
      And no value of "Dorfplatz" is negative

    @COL-03 @F32 @must
    Scenario: F32 The register begins anew with each session
      Given "Dorfplatz" has the habit "register-restarts"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F33 @must
    Scenario: F33 The register is 0 for a moment
      Given "Dorfplatz" has the habit "register-momentarily-zero"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F34 @must
    Scenario: F34 meterStart is 0, meterStop is the lifetime's
      Given "Dorfplatz" has the habit "meter-start-zero"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F35 @must
    Scenario: F35 meterStop is below meterStart
      Given "Dorfplatz" has the habit "meter-stop-below-start"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F36 @must
    Scenario: F36 meterStop is -1
      Given "Dorfplatz" has the habit "meter-stop-missing"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F48 @must
    Scenario: F48 The register stands still while a car charges
      Given "Dorfplatz" has the habit "register-sticks"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" 5.500 kWh W until 14:15, 14:30, 16:15 and 16:30, and zeros else

    @COL-03 @F50 @must
    Scenario: F50 The register of 32 bits begins again at 0
      Given "Dorfplatz" has the habit "register-rolls-over"
      When the day is exported
      Then every frame of "Dorfplatz" was confirmed
      And EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 5.499 | W      |
        | 14:30 | 5.500 | W      |
        | 16:15 | 5.500 | W      |
        | 16:30 | 5.500 | W      |
