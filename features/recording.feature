@harness
Feature: HAR Recordings are made between real ends, replayed anywhere, shortened, and made into scenarios

  @HAR-04 @must
  Scenario: A recorder between a charger and its backend writes down every frame and alters none
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 07:07 to 08:19
    And the line of "Dorfplatz" is cut from 07:30 to 07:50
    And a recorder stands between the chargers and the backend
    When the day is exported
    Then the recorder has written down what "Dorfplatz" said and was told, frame by frame
    And each interval of "Dorfplatz" holds what its meter counted in it

  @HAR-04 @must
  Scenario: What a recorder has written comes to what its chargers counted when it is replayed
    Given a recorder's "day.jsonl" of Anna charging at "Dorfplatz" from 07:07 to 08:19
    And the recording "day.jsonl"
    When the recording is replayed
    Then EW Seedorf holds 96 values for "Dorfplatz"
    And the values of "Dorfplatz" sum to what its meter counted that day

  @HAR-04 @must
  Scenario: Another backend is told what was recorded, word for word
    Given a recorder's "day.jsonl" of Anna charging at "Dorfplatz" from 07:07 to 08:19
    When "day.jsonl" is replayed to another backend, as fast as it answers
    Then the other backend was told each call of "day.jsonl", word for word

  @HAR-04 @must @slow
  Scenario: A recording becomes a scenario with one command
    Given a recorder's "day.jsonl" of Anna charging at "Dorfplatz" from 07:07 to 08:19
    And the command "isebench scenario day.jsonl -o mine/day.feature" was run
    When the command "isebench conform --features mine --report out" is run
    Then it ends with exit code 0

  @HAR-04 @must @slow
  Scenario: A scenario of a recording fails where the backend does otherwise
    Given a recorder's "day.jsonl" of Anna charging at "Dorfplatz" from 07:07 to 08:19
    And the command "isebench scenario day.jsonl -o mine/day.feature" was run
    And the first energy in "mine/day.feature" was 0.001 kWh less then
    When the command "isebench conform --features mine --report out" is run
    Then it ends with exit code 1
    And it names the quarter hour, what arrived and what was expected

  @HAR-04 @must @slow
  Scenario: The shortest recording that still shows a fault is found
    Given a recorder's "day.jsonl" of Anna charging at "Dorfplatz" from 07:07 to 08:19
    When the command "isebench minimise day.jsonl --keeps '"Dorfplatz" 07:45 is 5.500' -o short.jsonl" is run
    Then it ends with exit code 0
    And "short.jsonl" holds at most 8 frames
    And "short.jsonl" comes to 5.500 kWh of "Dorfplatz" until 07:45

  @HAR-04 @must
  Scenario: What cannot be judged from a recording alone is refused
    Given a recorder's "day.jsonl" of Anna charging at "Dorfplatz" from 07:07 to 08:19
    When the command "isebench minimise day.jsonl --keeps 'AEX-19 fails' -o short.jsonl" is run
    Then it ends with exit code 2
    And it says "AEX-19 cannot be judged from a recording alone"
