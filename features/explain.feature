@collection
Feature: COL Why an interval is what it is
  Each energy can be explained in plain words: by which rule it was made, of which readings, what was not believed and
  why, and what was delivered of it. What an operator knows and no charger tells, a meter that was exchanged or where a
  register begins again, is a setting.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  Rule: An interval tells of which readings it was made

    @COL-08 @must
    Scenario: A measured interval
      Given the meter of "Dorfplatz" reads
        | time  | kWh  |
        | 14:00 | 12.3 |
        | 14:15 | 12.7 |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:15 | 0.400 | W      |
      And the command explains "Dorfplatz" until 14:15
        """
        0.400 kWh, W: the register rose from 12.300 kWh at 14:00 to 12.700 kWh at 14:15. (rule measured)
        Used: 12.7 kWh at 14:15 (Sample.Periodic) in frame …, MeterValues.
        Delivered as 0.400 kWh, W (rule measured) in …, made on 04.06.2025 at 00:30, arrived on 04.06.2025 at 00:30.
        """

    @COL-08 @must
    Scenario: An interval within an outage: why is this 0.4 and E?
      Given the meter of "Dorfplatz" reads
        | time     | kWh  |
        | 13:58    | 12.3 |
        | 14:38    | 13.9 |
      And the line of "Dorfplatz" is cut from 13:59 to 14:37
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:30 | 0.600 | E      |
      And the command explains "Dorfplatz" until 14:30
        """
        0.600 kWh, E: the readings around are further apart than the interval, 12.300 kWh at 13:58 and 13.900 kWh at 14:38; the energy between them is spread evenly over the time. (rule interpolated)
        The charger was offline from 13:59 to 14:37.
        The register was 12.980 kWh at 14:15 and 13.580 kWh at 14:30.
        """

    @COL-08 @must
    Scenario: An interval of which nothing is known says what is needed
      Given the line of "Dorfplatz" is cut from 11:00 on
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh | status |
        | 11:15 |     | F      |
      And the command explains "Dorfplatz" until 11:15
        """
        No energy, F: the charger was offline and no later reading bridges the gap. (rule offline)
        Needed: a reading of the register from after the outage; the energy is then made of the difference.
        The charger was offline from 11:00 on.
        """

    @COL-08 @must
    Scenario: The API and the page tell the same
      Given the backend has a web page
      And the meter of "Dorfplatz" reads
        | time  | kWh  |
        | 14:00 | 12.3 |
        | 15:00 | 13.9 |
      When the day is exported
      Then the command explains "Dorfplatz" until 14:30
        """
        0.400 kWh, E: the readings around are further apart than the interval, 12.300 kWh at 14:00 and 13.900 kWh at 15:00; …
        The register was 12.700 kWh at 14:15 and 13.100 kWh at 14:30.
        """
      And the API explains "Dorfplatz" until 14:30
        """
        0.400 kWh, E: the readings around are further apart than the interval, 12.300 kWh at 14:00 and 13.900 kWh at 15:00; …
        The register was 12.700 kWh at 14:15 and 13.100 kWh at 14:30.
        """
      And the page explains "Dorfplatz" until 14:30
        """
        0.400 kWh, E: the readings around are further apart than the interval, 12.300 kWh at 14:00 and 13.900 kWh at 15:00; …
        The register was 12.700 kWh at 14:15 and 13.100 kWh at 14:30.
        """

  Rule: What was not believed is told with its reason

    @COL-08 @must
    Scenario: A register that began anew
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 100 |
        | 14:15 | 101 |
        | 14:30 | 0.5 |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:30 | 0.000 | E      |
      And the command explains "Dorfplatz" until 14:30
        """
        0.000 kWh, E: the register began anew between 14:15 and 14:30, and nothing is counted across. (rule across-reset)
        Reset: the register fell from 101.000 kWh at 14:15 to 0.500 kWh at 14:30.
        """

    @COL-08 @must
    Scenario: A spike
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 100 |
        | 14:10 | 900 |
        | 14:15 | 102 |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:15 | 2.000 | W      |
      And the command explains "Dorfplatz" until 14:15
        """
        Set aside: 900 kWh at 14:10 (Sample.Periodic) in frame …, MeterValues, as a peak that the model cannot have charged: the readings after it go on from before. (rule spike)
        """

    @COL-08 @must
    Scenario: A power that cannot be
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 100 |
        | 14:15 | 500 |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh | status |
        | 14:15 |     | F      |
      And the command explains "Dorfplatz" until 14:15
        """
        No energy, F: the register rose faster than the model can charge, which is 22 kW. (rule impossible-rise)
        Jump: the register leapt from 100.000 kWh at 14:00 to 500.000 kWh at 14:15.
        Needed: the true power of the model in its profile (max_power_w), or the exchange of the meter in the settings ([[station.meter_exchange]]).
        """

    @COL-08 @must
    Scenario: A wrong unit
      Given Anna charges at "Dorfplatz" from 14:00 to 14:30
      And "Dorfplatz" has the habit "kwh-labelled-wh"
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh | status |
        | 14:15 |     | F      |
      And the command explains "Dorfplatz" until 14:15
        """
        No energy, F: the power says a hundred times more than the register, so one of the two has the wrong unit. (rule contradicted)
        Contradicted: from 14:… to 14:30 the power makes at least 10.… kWh, and the register rose by 0.010 kWh.
        Needed: the unit that the model means, in its profile (energy_unit_always).
        """

    @COL-08 @must
    Scenario: A unit that the profile corrects
      Given Anna charges at "Dorfplatz" from 14:00 to 14:30
      And "Dorfplatz" has the habit "kwh-labelled-wh"
      And the model of "Dorfplatz" has energy_unit_always = "kWh"
      When the day is exported
      Then the values of "Dorfplatz" sum to 10.000 kWh
      And the command explains "Dorfplatz" until 14:15
        """
        Read leniently in frame …: transactionData[0].sampledValue[0].unit said Wh, read in the unit that the profile knows. (unit-corrected)
        """

    @COL-08 @must
    Scenario: A clock that is wrong
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 1   |
      And "Dorfplatz" says at 14:10
        """
        [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T14:10:00Z","sampledValue":[{"value":"3.000","unit":"kWh"}]}]}]
        """
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 14:15 | 2.000 | E      |
      And the command explains "Dorfplatz" until 14:15
        """
        2.000 kWh, E: the charger's clock was wrong, so a reading stands where it was received. (rule reception-time)
        Used: 3.000 kWh at 14:10 (Sample.Periodic) in frame …, MeterValues; it stands where it was received.
        Read leniently in frame …: …timestamp said 2025-06-03T14:10:00Z, read as the instant of reception: a clock set wrong. (timestamp-ahead)
        """

  Rule: What an operator knows is a setting

    @COL-08 @must
    Scenario: Where a register begins again at zero is for the model to say
      Given the model of "Dorfplatz" has rollovers_wh = [100_000]
      And the meter of "Dorfplatz" reads
        | time  | kWh  |
        | 14:00 | 99.5 |
        | 14:15 | 99.9 |
        | 14:30 | 0.3  |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 0.400 | W      |
        | 14:30 | 0.400 | W      |
      And the command explains "Dorfplatz" until 14:30
        """
        Rollover: behind 99.900 kWh at 14:15 the register began again at 0, as the model does at 100.000 kWh, and showed 0.300 kWh at 14:30.
        """

    @COL-08 @must
    Scenario: An exchanged meter whose readings are known loses nothing
      Given the meter of "Dorfplatz" was exchanged at 14:20, the old one at 103 kWh and the new one at 0.5 kWh
      And the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 100 |
        | 14:15 | 102 |
        | 14:30 | 1   |
        | 14:45 | 2   |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 2.000 | W      |
        | 14:30 | 1.500 | E      |
        | 14:45 | 1.000 | W      |
      And the command explains "Dorfplatz" until 14:30
        """
        1.500 kWh, E: the meter was exchanged, and its readings then are the settings'. (rule meter-exchange)
        Meter exchange: on 03.06.2025 at 14:20, by the settings, the old one at 103.000 kWh and the new one at 0.500 kWh.
        """

    @COL-08 @must
    Scenario: A new meter that shows more than the old one counts nothing across
      Given the meter of "Dorfplatz" was exchanged at 14:20
      And the meter of "Dorfplatz" reads
        | time  | kWh |
        | 14:00 | 100 |
        | 14:15 | 102 |
        | 14:30 | 105 |
        | 14:45 | 106 |
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz" zeros, but
        | until | kWh   | status |
        | 14:15 | 2.000 | W      |
        | 14:30 | 0.000 | E      |
        | 14:45 | 1.000 | W      |
      And the command explains "Dorfplatz" until 14:30
        """
        0.000 kWh, E: the meter was exchanged, and its readings then are not known: nothing is counted across. (rule across-exchange)
        Meter exchange: on 03.06.2025 at 14:20, by the settings, from 102.000 kWh at 14:15 to 105.000 kWh at 14:30.
        """

  Rule: What was delivered is told with it

    @COL-08 @must
    Scenario: What became known after the delivery is a correction that is due
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 21:45 | 5   |
      And the line of "Dorfplatz" is cut from 22:00 on
      And the line of "Dorfplatz" is restored on the next day at 2:55, and it says
        """
        [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T21:45:00Z","sampledValue":[{"value":"7.000","unit":"kWh"}]}]}]
        """
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh | status |
        | 22:15 |     | F      |
      And the command explains "Dorfplatz" until 22:15
        """
        0.250 kWh, E: the readings around are further apart than the interval, …
        Delivered as no energy, F (rule offline) in …, made on 04.06.2025 at 00:30, arrived on 04.06.2025 at 00:30.
        A correction is due: what is known now is not what was delivered last.
        """

    @COL-08 @must
    Scenario: What was corrected is told with what was delivered before
      Given the meter of "Dorfplatz" reads
        | time  | kWh |
        | 21:45 | 5   |
      And the line of "Dorfplatz" is cut from 22:00 on
      And the line of "Dorfplatz" is restored on the next day at 2:00, and it says
        """
        [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T21:45:00Z","sampledValue":[{"value":"7.000","unit":"kWh"}]}]}]
        """
      When the day is exported
      Then EW Seedorf holds for "Dorfplatz"
        | until | kWh   | status |
        | 22:15 | 0.250 | E      |
      And the command explains "Dorfplatz" until 22:15
        """
        0.250 kWh, E: the readings around are further apart than the interval, …
        Delivered as no energy, F (rule offline) in …, made on 04.06.2025 at 00:30, arrived on 04.06.2025 at 00:30.
        Corrected to 0.250 kWh, E (rule interpolated) in …, made on 04.06.2025 at 02:50, arrived on 04.06.2025 at 02:50.
        """

  Rule: Who asks for what is not there is told what there is

    @COL-08 @must
    Scenario Outline: <case>
      Given the day is 26 October 2025
      When the day is exported
      Then the command refuses to explain <code> at "<instant>" with "<sentence>"

      Examples: what cannot be explained
        | case                        | code                              | instant                   | sentence                                                                    |
        | A time that exists twice    | CH98765012345AAAAAAAAAAAAAAA00001 | 2025-10-26 02:15          | exists twice; write 2025-10-26T02:15:00+02:00 or 2025-10-26T02:15:00+01:00  |
        | A code that nobody has      | CH98765012345AAAAAAAAAAAAAAA00002 | 2025-10-26 14:15          | near is CH98765012345AAAAAAAAAAAAAAA00001                                   |
        | A time that is still ahead  | CH98765012345AAAAAAAAAAAAAAA00001 | 2025-11-26 14:15          | lies ahead                                                                  |
