@gateway
Feature: COL Meters behind a smart gateway
  The backend reads meters at an Iskra smart gateway over Modbus TCP, over REST, over MQTT, or takes
  what it pushes in XML. Whichever way it is, the same intervals hold the same energies.

  Background:
    Given the day is 3 June 2025
    And the gateway "Keller" reads the meter "Haus" over IR
    And 4.6 kW flow behind the meter "Haus" from 8:00 to 10:00

  Rule: One way is enough

    @COL-05 @must
    Scenario Outline: The energies of a day come over <way>
      Given the backend reads "Keller" over <way>
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 0:30  | 0.000 | W      |
        | 8:00  | 0.000 | W      |
        | 8:15  | 1.150 | W      |
        | 8:30  | 1.150 | W      |
        | 8:45  | 1.150 | W      |
        | 9:00  | 1.150 | W      |
        | 9:15  | 1.150 | W      |
        | 9:30  | 1.150 | W      |
        | 9:45  | 1.150 | W      |
        | 10:00 | 1.150 | W      |
        | 10:15 | 0.000 | W      |
        | 24:00 | 0.000 | W      |

      Examples:
        | way          |
        | Modbus TCP   |
        | REST         |
        | MQTT         |
        | the XML push |

    @COL-05 @must
    Scenario: A day that is read in all ways at once gives the same bytes by each of them
      Given each of four accounts reads "Keller" by another way
      When the next day is exported
      Then the files of the next day of all accounts are the same, byte by byte

  Rule: A charger and the meter in front of it feed one metering point

    @COL-07 @must
    Scenario: The gateway's meter counts where that is set, with what else is behind it
      Given the charger "Dorfplatz" is in service
      And the task takes the station "Dorfplatz"
      And the charger "Dorfplatz" is behind the meter "Haus"
      And the meter in front of "Dorfplatz" is the one that counts
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 8:00  | 0.000 | W      |
        | 8:15  | 1.150 | W      |
        | 10:15 | 0.000 | W      |

    @COL-07 @must
    Scenario: A charger and the gateway's meter in front of it agree on what was charged
      Given the gateway "Keller" reads the meter "Wallbox", a IE38MD, over RS485
      And the charger "Dorfplatz" is in service
      And the charger "Dorfplatz" is behind the meter "Wallbox"
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then each interval of "Wallbox" holds what "Dorfplatz" counted in it, to the watt hour
      And the backend warns of nothing

  Rule: A gap is filled from the load profile, where the gateway gives it

    @COL-06 @must
    Scenario Outline: After an outage each quarter hour is true, read over <way>
      Given the backend reads "Keller" over <way>
      And the backend fills gaps from the load profile of "Keller"
      And "Haus" does not answer from 8:25 to <end>
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 8:15  | 1.150 | W      |
        | 8:30  | 1.150 | W      |
        | 8:45  | 1.150 | W      |
        | 9:30  | 1.150 | W      |
        | 9:45  | 1.150 | W      |
        | 10:00 | 1.150 | W      |
        | 10:15 | 0.000 | W      |

      Examples:
        | way        | end  |
        | REST       | 9:40 |
        | Modbus TCP | 8:40 |

    @COL-06 @must
    Scenario: Without the load profile the quarter hours of an outage are a guess
      Given "Haus" does not answer from 7:50 to 8:58
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 7:45  | 0.000 | W      |
        | 8:00  | 0.920 | E      |
        | 9:00  | 0.920 | E      |
        | 9:15  | 1.150 | W      |

    @COL-06 @must
    Scenario: A meter that loses its power loses its profile, and the gateway's recorder keeps it
      Given the gateway "Keller" is of hardware D
      And the backend fills gaps from the load profile of "Keller"
      And the gateway "Keller" cannot be reached from 8:05 to 9:25
      And the power of the meter "Haus" fails from 8:50 to 9:10
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 8:15  | 1.150 | W      |
        | 8:30  | 1.150 | W      |
        | 8:45  | 1.150 | W      |
        | 9:00  | 0.383 | W      |
        | 9:15  | 0.383 | W      |
        | 9:30  | 1.150 | W      |

    @COL-06 @must
    Scenario: Where nobody kept the profile, the quarter hours before the power failed are a guess
      Given the gateway "Keller" is of hardware C
      And the backend fills gaps from the load profile of "Keller"
      And the gateway "Keller" cannot be reached from 8:05 to 9:25
      And the power of the meter "Haus" fails from 8:50 to 9:10
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 8:00  | 0.000 | W      |
        | 8:15  | 0.958 | E      |
        | 9:00  | 0.958 | E      |
        | 9:15  | 0.383 | W      |
        | 9:30  | 1.150 | W      |

    @COL-06 @must
    Scenario: A load profile by a wrong clock fills nothing
      Given 2.0 kW flow behind the meter "Haus" from 3:00 to 4:00
      And the backend fills gaps from the load profile of "Keller"
      And the clock of the meter "Haus" is 15 minutes ahead
      And "Haus" does not answer from 7:50 to 10:20
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 4:00  | 0.500 | W      |
        | 8:15  | 0.883 | E      |
        | 10:15 | 0.884 | E      |
        | 10:45 | 0.000 | W      |
      And the values of "Haus" of all days sum to 11.200 kWh

  Rule: Whatever goes wrong, no energy is lost, doubled or moved

    @COL-05 @must
    Scenario Outline: Words in the wrong order are not believed: a <model>
      Given the gateway "Keller" reads the meter "Dach", a <model>, over RS485
      And 4.6 kW flow behind the meter "Dach" from 8:00 to 10:00
      And the backend reads "Keller" over Modbus TCP
      And the gateway "Keller" has the fault "word-order:address=35" from 8:20 to 8:40
      When the day is exported
      Then EW Seedorf holds for "Dach"
        | until | kWh   | status |
        | 8:15  | 1.150 | W      |
        | 8:30  | 1.150 | E      |
        | 8:45  | 1.150 | E      |
        | 9:00  | 1.150 | W      |
      And the values of "Dach" of all days sum to 9.200 kWh

      Examples:
        | model  |
        | IE38MD |
        | WM3-6  |

    @COL-05 @must
    Scenario: A gateway whose clock is ahead pushes nothing into the future
      Given the backend reads "Keller" over the XML push
      And the clock of "Keller" is 7 minutes ahead
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 8:30  | 1.150 | W      |
        | 9:45  | 1.150 | W      |
      And the values of "Haus" of all days sum to 9.200 kWh

    @COL-06 @must
    Scenario: What the broker kept from the backend is in the load profile
      Given the backend reads "Keller" over MQTT
      And the backend fills gaps from the load profile of "Keller"
      And the broker is away from 8:20 to 9:20
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 8:30  | 1.150 | W      |
        | 8:45  | 1.150 | W      |
        | 9:15  | 1.150 | W      |
        | 9:30  | 1.150 | W      |

    @COL-06 @must
    Scenario: What could not be pushed is pushed later, for its own quarter hours
      Given the backend reads "Keller" over the XML push
      And the gateway "Keller" has the fault "no-network" from 8:20 to 9:20
      When the day is exported
      Then EW Seedorf holds for "Haus"
        | until | kWh   | status |
        | 8:30  | 1.150 | W      |
        | 8:45  | 1.150 | W      |
        | 9:15  | 1.150 | W      |
        | 9:30  | 1.150 | W      |
