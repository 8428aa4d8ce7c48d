@collection
Feature: COL Collecting what chargers say
  A billing value is never lost: what deviates is answered, kept, flagged and used as far as it can be.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  @COL-02 @must
  Scenario Outline: A deviating MeterValues is confirmed and used: <deviation>
    Given the meter of "Dorfplatz" reads
      | time  | kWh |
      | 14:00 | 1   |
    And "Dorfplatz" says at 14:15
      """
      <frame>
      """
    When the day is exported
    Then every frame of "Dorfplatz" was confirmed
    And EW Seedorf holds for "Dorfplatz"
      | until | kWh   | status |
      | 14:15 | 2.000 | W      |

    Examples: numbers and units
      | deviation                   | frame |
      | a number instead of a text  | [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":3000}]}]}] |
      | no unit, hence Wh           | [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":"3000"}]}]}] |
      | blanks around the number    | [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":" 3.000 ","unit":"kWh"}]}]}] |
      | a unit the schema forbids   | [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":"50","measurand":"Frequency","unit":"Hz"},{"value":"3","unit":"kWh"}]}]}] |

    Examples: structure, ids and time
      | deviation                   | frame |
      | an object for the list      | [2,"d1","MeterValues",{"connectorId":1,"meterValue":{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":"3000"}]}}] |
      | a transaction never opened  | [2,"d1","MeterValues",{"connectorId":1,"transactionId":-16,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":"3000"}]}]}] |
      | an offset instead of Z      | [2,"d1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T22:15:00.000+10:00","sampledValue":[{"value":"3000"}]}]}] |
      | a field too many            | [2,"d1","MeterValues",{"connectorId":1,"cellar":true,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z","sampledValue":[{"value":"3000"}]}]}] |

  @COL-02 @must
  Scenario: A stop of a transaction that nobody knows is confirmed, and its register counts
    Given the meter of "Dorfplatz" reads
      | time  | kWh |
      | 14:00 | 1   |
    And "Dorfplatz" says at 14:15
      """
      [2,"d1","StopTransaction",{"transactionId":9999,"meterStop":3000,"timestamp":"2025-06-03T12:15:00Z"}]
      """
    When the day is exported
    Then every frame of "Dorfplatz" was confirmed
    And EW Seedorf holds for "Dorfplatz"
      | until | kWh   | status |
      | 14:15 | 2.000 | W      |

  @COL-02 @F47 @must
  Scenario: A stop of several mebibytes is confirmed, and its register counts
    Given "Dorfplatz" has the habit "huge-transaction-data"
    And Anna charges at "Dorfplatz" from 14:00 to 14:30
    When the day is exported
    Then every frame of "Dorfplatz" was confirmed
    And EW Seedorf holds for "Dorfplatz"
      | until | kWh   | status |
      | 14:15 | 5.500 | W      |
      | 14:30 | 5.500 | W      |

  @COL-02 @must
  Scenario: A start that comes again under another message id is the transaction that it was
    Given "Dorfplatz" says at 14:00
      """
      [2,"d1","StartTransaction",{"connectorId":1,"idTag":"FA2AFD77","meterStart":1000,"timestamp":"2025-06-03T12:00:00Z"}]
      """
    And "Dorfplatz" says at 14:01
      """
      [2,"d2","StartTransaction",{"connectorId":1,"idTag":"FA2AFD77","meterStart":1000,"timestamp":"2025-06-03T12:00:00Z"}]
      """
    When the clock reaches 14:02
    Then the frames of "Dorfplatz" with the ids d1 and d2 were answered alike

  @COL-02 @must
  Scenario: Frames that are no messages harm nothing
    Given the meter of "Dorfplatz" reads
      | time  | kWh |
      | 14:00 | 1   |
      | 14:15 | 3   |
    And "Dorfplatz" says at 14:05
      """
      [2,"d1","MeterValues",{"connectorId":1,
      """
    And "Dorfplatz" says at 14:06
      """
      {"no":"array"}
      """
    And "Dorfplatz" says at 14:07
      """
      [2,"d3",["MeterValues"],{}]
      """
    When the day is exported
    Then EW Seedorf holds for "Dorfplatz"
      | until | kWh   | status |
      | 14:15 | 2.000 | W      |

  @COL-02 @must
  Scenario: What was confirmed survives the kill of the backend
    Given a backend in a process of its own
    When it is killed 5 times while "Dorfplatz" reports its meter
    Then EW Seedorf holds every quarter hour that "Dorfplatz" had confirmed
