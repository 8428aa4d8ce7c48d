@harness
Feature: HAR The bench judges by what crossed the wire and what arrived

  @HAR-01 @must
  Scenario: One command runs what is asked and writes three reports
    When the command "isebench conform ISE-03 --report out" is run
    Then it ends with exit code 0
    And "out" holds junit.xml, cucumber.json and report.html
    And the reports tell of the scenarios of ISE-03 and of no other

  @HAR-01 @must
  Scenario: A run that fails ends with exit code 1
    Given a feature of a user's own, whose file never arrives
    When the command "isebench conform --features mine --report out" is run
    Then it ends with exit code 1
    And the report shows the failed sentence and the frames before it

  @HAR-04 @must
  Scenario: A recorded day gives the same files when it is replayed
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 07:07 to 08:19
    And the line of "Dorfplatz" is cut from 07:30 to 10:30
    When the day is exported
    And its recording is replayed twice against a new backend
    Then all three gave the same file

  @HAR-04 @must
  Scenario: Every frame is recorded with its time and its direction
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 07:07 to 08:19
    When the day is exported
    Then the recording holds each call with its answer, both ways, in the order of time

  @HAR-05 @must
  Scenario: Every requirement has a scenario, and every scenario a requirement
    When the features are listed
    Then every requirement has at least one scenario
    And every scenario names a requirement that exists

  @HAR-06 @must
  Scenario: A day of charging passes in well under a second, and one seed gives the same bytes
    Given the day is 26 October 2025
    And the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 01:10 to 04:20
    When the same day is lived twice with one seed
    Then both recordings are the same, byte for byte
    And both delivered files are the same, byte for byte
    And each day cost at most 100 times what its frames cost on a bare wire

  @HAR-08 @must
  Scenario: Compliance cases are run by their public names, and what is not shown is counted apart
    When the command "isebench conform TC_003_CS TC_042_2_CS TC_085_CSMS --report out" is run
    Then it ends with exit code 0
    And the reports count 1 passed, 1 not applicable and 1 not yet covered case

  @HAR-09 @must
  Scenario: A backend that lies about its delivery does not pass
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And a backend that says it has delivered and has not
    When the day is exported
    Then the sentence "1 file arrives at EW Seedorf" fails

  @HAR-09 @must
  Scenario: A verdict shows the frames that decided it
    When the command "isebench conform ISE-02 --report out" is run
    Then the report shows for each verdict of ISE-02 the frames and the file that decided it
