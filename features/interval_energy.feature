@energy
Feature: ISE Interval energies
  What the utility bills from: the energy of each interval of a local day, stamped at the
  interval's end, with a status that says how it is known.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  Rule: A row carries the energy of its period, stamped at the period's end

    @ISE-02 @must
    Scenario: The register's difference stands at the end of its quarter hour
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 1   |
        | 14:15 | 3   |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:00 | 0.000 | W      |
        | 14:15 | 2.000 | W      |
        | 14:30 | 0.000 | W      |

    @ISE-02 @must
    Scenario: A quarter hour of real charging is the difference of the charger's own registers
      Given Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then each interval of "Dorfplatz" holds what its meter counted in it

    @ISE-02 @must
    Scenario: A register that comes late counts where it was measured
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 1   |
      And "Dorfplatz" says at 16:20
        """
        [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":"3.000","unit":"kWh"}]}]}]
        """
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:15 | 2.000 | W      |
        | 16:30 | 0.000 | W      |

    @ISE-02 @must
    Scenario: What is told late, after an outage, counts where it was measured
      Given Anna charges at "Dorfplatz" from 07:07 to 08:19
      And the line of "Dorfplatz" is cut from 07:30 to 10:30
      And Beat charges at "Dorfplatz" from 17:41 to 18:03
      When the day is exported
      Then each interval of "Dorfplatz" holds what its meter counted in it

  Rule: The interval is a setting of the charger

    @ISE-01 @must
    Scenario Outline: A day of charging is evaluated every <minutes> minutes
      Given the interval of "Dorfplatz" is <minutes> minutes
      And Anna charges at "Dorfplatz" from 09:00 to 12:30
      When the day is exported
      Then EW Seedorf holds <values> values for "Dorfplatz"
      And each interval of "Dorfplatz" holds what its meter counted in it

      Examples: the six intervals
        | minutes | values |
        | 1       | 1440   |
        | 5       | 288    |
        | 10      | 144    |
        | 15      | 96     |
        | 30      | 48     |
        | 60      | 24     |

    @ISE-01 @must
    Scenario: Fifteen minutes is the interval where none is set
      Given Anna charges at "Dorfplatz" from 09:00 to 12:30
      When the day is exported
      Then EW Seedorf holds 96 values for "Dorfplatz"

  Rule: No interval is left out

    @ISE-03 @must
    Scenario: A day without charging is delivered as zeros
      When the day is exported
      Then EW Seedorf holds 96 values for "Dorfplatz"
      And every value of "Dorfplatz" is 0.000 kWh with status W

    @ISE-03 @must
    Scenario: Before and after a session there are zeros
      Given Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 00:15 | 0.000 | W      |
        | 14:00 | 0.000 | W      |
        | 15:15 | 0.000 | W      |
        | 24:00 | 0.000 | W      |

  Rule: The status says how a value is known

    @ISE-16 @must
    Scenario: An offline device without a later register leaves its intervals missing
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 10:00 | 5   |
        | 10:15 | 6   |
      And the line of "Dorfplatz" is cut from 11:00 on
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 10:15 | 1.000 | W      |
        | 11:00 | 0.000 | W      |
        | 11:15 |       | F      |
        | 24:00 |       | F      |

    @ISE-16 @must
    Scenario: A register after the outage turns missing into estimated
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 11:00 | 5   |
        | 13:00 | 7   |
      And the line of "Dorfplatz" is cut from 11:05 to 12:55
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 11:15 | 0.250 | E      |
        | 12:00 | 0.250 | E      |
        | 13:00 | 0.250 | E      |
        | 13:15 | 0.000 | W      |

    @ISE-16 @must
    Scenario: A charger that was offline and idle owes no energy, but its zeros are estimated
      Given the line of "Dorfplatz" is cut from 09:00 to 12:00
      And Anna charges at "Dorfplatz" from 07:00 to 08:00
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 08:15 | 0.000 | W      |
        | 09:15 | 0.000 | E      |
        | 12:00 | 0.000 | E      |
        | 12:15 | 0.000 | W      |

    @ISE-16 @must
    Scenario Outline: A charger that tells of energy in a way that cannot be read is not silent: <way>
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 1   |
        | 14:15 | 2   |
      And "Dorfplatz" says at 14:30
        """
        [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:30:00Z","sampledValue":[<value>]}]}]
        """
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:15 | 1.000 | W      |
        | 14:30 |       | F      |
        | 14:45 | 0.000 | W      |

      Examples: registers that are none, and energy without a register
        | way              | value                                                              |
        | a decimal comma  | {"value":"105,0","unit":"kWh"}                                     |
        | signed data      | {"value":"T0NNRg==","format":"SignedData"}                         |
        | a foreign unit   | {"value":"105","unit":"kVAh"}                                      |
        | power alone      | {"value":"11.0","unit":"kW","measurand":"Power.Active.Import"}     |

    @ISE-17 @must
    Scenario: Registers an hour apart are spread evenly, and marked
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 100 |
        | 15:00 | 200 |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh    | status |
        | 14:15 | 25.000 | E      |
        | 14:30 | 25.000 | E      |
        | 14:45 | 25.000 | E      |
        | 15:00 | 25.000 | E      |
        | 15:15 | 0.000  | W      |

  Rule: Energies sum to the register's difference, to the last digit

    @ISE-18 @must
    Scenario: Thirds of a watt hour neither vanish nor multiply
      Given the meter of "Dorfplatz" reads
        | time  | kWh           |
        | 10:00 | 98733.2551115 |
        | 12:15 | 98734.2558885 |
      When the day is exported
      Then the values of "Dorfplatz" sum to 1.001 kWh
      And no value of "Dorfplatz" is negative

    @ISE-18 @must
    Scenario: Half a watt hour of the register is rounded up
      Given the meter of "Dorfplatz" reads
        | time  | kWh      |
        | 10:00 | 733.2545 |
        | 10:15 | 733.2555 |
        | 10:30 | 733.2565 |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 10:15 | 0.001 | W      |
        | 10:30 | 0.001 | W      |

    @ISE-18 @must
    Scenario: A day of real sessions sums to what the meter counted
      Given Anna charges at "Dorfplatz" from 07:07 to 08:19
      And Beat charges at "Dorfplatz" from 17:41 to 22:03
      When the day is exported
      Then the values of "Dorfplatz" sum to what its meter counted that day
      And no value of "Dorfplatz" is negative
