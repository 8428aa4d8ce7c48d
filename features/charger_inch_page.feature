@charger-inch
Feature: INC The emulated INCH's own page
  What a person does on the page happens at the charger, and is seen on its line.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna's card has the UID 77:FD:2A:FA

  @INC-12 @must
  Scenario: A person plugs in, shows a card and unplugs
    Given Anna does on the page of "Dorfplatz"
      | time  | what          | with                      |
      | 08:00 | plug in       | phases=1 max_current_a=16 |
      | 08:01 | show the card |                           |
      | 09:00 | unplug        |                           |
    When the clock reaches 09:30
    Then "Dorfplatz" has told the backend
      | time  | message            | field  | value          |
      | 08:00 | StatusNotification | status | Preparing      |
      | 08:01 | StartTransaction   | idTag  | FA2AFD77       |
      | 09:00 | StopTransaction    | reason | EVDisconnected |
      | 09:00 | StatusNotification | status | Available      |
    And the power of "Dorfplatz" never exceeded 3.8 kW and reached 3.6 kW

  @INC-12 @must
  Scenario: The page shows what the charger tells its backend
    Given Anna charges at "Dorfplatz" from 06:00 to 07:00
    And Anna charges at "Dorfplatz" from 08:00 to 09:00
    And Anna looks at the page of "Dorfplatz" at 08:30
    When the clock reaches 09:30
    Then the page of "Dorfplatz" showed at 08:30
      | what               | value    |
      | status word        | Charging |
      | transaction id_tag | FA2AFD77 |
      | line registration  | Accepted |
    And the page showed at 08:30 the energy that "Dorfplatz" told the backend

  @INC-12 @must
  Scenario: The line is cut and put right
    Given Anna does on the page of "Dorfplatz"
      | time  | what             | with |
      | 08:00 | plug in          |      |
      | 08:00 | show the card    |      |
      | 08:10 | cut the line     |      |
      | 08:40 | restore the line |      |
    When the clock reaches 09:00
    Then "Dorfplatz" has told the backend nothing from 08:11 to 08:40
    And "Dorfplatz" has told the backend
      | time  | message     | field       | value |
      | 08:40 | MeterValues | connectorId | 1     |

  @INC-12 @must
  Scenario: The power is pulled and comes back
    Given Anna does on the page of "Dorfplatz"
      | time  | what              | with |
      | 08:00 | plug in           |      |
      | 08:00 | show the card     |      |
      | 08:20 | cut the power     |      |
      | 08:40 | restore the power |      |
    When the clock reaches 09:00
    Then "Dorfplatz" has told the backend nothing from 08:21 to 08:40
    And "Dorfplatz" has told the backend
      | time  | message          | field            | value     |
      | 08:40 | BootNotification | chargePointModel | INCH      |
      | 08:40 | StopTransaction  | reason           | PowerLoss |

  @INC-12 @must
  Scenario: An interval is set
    Given Anna does on the page of "Dorfplatz"
      | time  | what        | with                         |
      | 07:00 | set the key | MeterValueSampleInterval=300 |
      | 07:01 | set the key | ClockAlignedDataInterval=0   |
    And Anna charges at "Dorfplatz" from 08:00 to 09:00
    When the clock reaches 09:30
    Then the sampled values of "Dorfplatz" are 300 seconds apart and hold
      | measurand                     | phases   | unit |
      | Energy.Active.Import.Register |          | kWh  |
      | Current.Import                | L1 L2 L3 | A    |
      | Power.Active.Import           |          | kW   |
      | Voltage                       | L1 L2 L3 | V    |
      | Frequency                     |          |      |
      | Power.Factor                  |          |      |

  @INC-12 @must
  Scenario: The order of card numbers is set
    Given Anna does on the page of "Dorfplatz"
      | time  | what   | with                  |
      | 07:00 | set up | big_endian_cards=true |
    And Anna charges at "Dorfplatz" from 08:00 to 09:00
    When the clock reaches 09:30
    Then "Dorfplatz" has authorised the idTag 77FD2AFA

  @INC-12 @must
  Scenario: Another identity is a restart under the new one
    Given the backend also admits a charger "Bahnhof"
    And Anna does on the page of "Dorfplatz"
      | time  | what          | with             |
      | 08:00 | plug in       |                  |
      | 08:00 | show the card |                  |
      | 08:30 | set up        | identity=Bahnhof |
    When the clock reaches 09:00
    Then "Dorfplatz" has told the backend
      | time  | message         | field  | value  |
      | 08:30 | StopTransaction | reason | Reboot |
    And "Bahnhof" has told the backend
      | time  | message          | field                   | value     |
      | 08:30 | BootNotification | chargePointSerialNumber | Dorfplatz |

  @INC-12 @must
  Scenario: Another backend address is another line
    Given Anna does on the page of "Dorfplatz"
      | time  | what   | with                          |
      | 08:00 | set up | backend=ws://127.0.0.1:9/ocpp |
      | 08:40 | set up | backend=home                  |
    When the clock reaches 09:00
    Then "Dorfplatz" has told the backend nothing from 08:00 to 08:40
    And "Dorfplatz" has told the backend
      | time  | message          | field            | value |
      | 08:40 | BootNotification | chargePointModel | INCH  |

  @INC-12 @must
  Scenario: What cannot be done is refused and changes nothing
    Given Anna does on the page of "Dorfplatz"
      | time  | what        | with                       |
      | 08:00 | unplug      |                            |
      | 08:01 | set the key | MeterValueSampleInterval=x |
    When the clock reaches 09:00
    Then the page of "Dorfplatz" refused at 08:00 with "no car is plugged in; plug one in first"
    And the page of "Dorfplatz" refused at 08:01 with "it takes a whole number from 0 to 86400"
    And "Dorfplatz" has sent no MeterValues
