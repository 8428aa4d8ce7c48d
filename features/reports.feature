@harness
Feature: HAR Reports tell what was judged, of what, and what is otherwise than before

  @HAR-01 @must @slow
  Scenario: Several processes make the report that one makes
    Given features of a user's own, of which one fails
    And the command "isebench conform --features mine --report alone" was run
    When the command "isebench conform --features mine --jobs 2 --report shared" is run
    Then it ends with exit code 1
    And "alone" and "shared" hold the same, but for the real time that it took

  @HAR-01 @must
  Scenario: What is asked for is chosen by tags, and listed before it is run
    Given features of a user's own, of which one fails
    When the command "isebench conform --features mine --list --tags @bright --exclude ISE-03" is run
    Then it ends with exit code 0
    And it says "ISE-02: Nothing is told of who is in no file  (bright.feature:5)"
    And it says "1 scenario of 1 feature would be run"

  @HAR-01 @must
  Scenario: A tag that no scenario bears is refused
    Given features of a user's own, of which one fails
    When the command "isebench conform --features mine --tags @brihgt" is run
    Then it ends with exit code 2
    And it says "no scenario bears the tag @brihgt"

  @HAR-01 @must
  Scenario: What an earlier run left open is asked for again, and nothing else
    Given features of a user's own, of which one fails
    And the report "before" of a run of them, in which 1 failed
    When the command "isebench conform --features mine --only-failed before --list" is run
    Then it ends with exit code 0
    And it says "ISE-03: A file of a charger that is in none  (bright.feature:10)"
    And it says "1 scenario of 1 feature would be run"

  @HAR-01 @must
  Scenario: A run that is worse than an earlier one is told by its exit code, and how
    Given the report "before" of a run of them, in which 0 failed
    And the report "now" of a run of them, in which 1 failed
    When the command "isebench compare before now" is run
    Then it ends with exit code 1
    And it says "newly failed (1)"
    And it says "line 2, cell 2: 1.000, now 9.533"

  @HAR-05 @must
  Scenario: The matrix of requirements and scenarios is a page, a table and a file for programs
    Given the report "out" of a run of them, in which 1 failed
    When the reports in "out" are read
    Then each tells for every requirement the same verdict and the same scenarios

  @HAR-09 @must
  Scenario: A delivered file shows which of its cells were judged, and what was expected there
    Given the charger "Dorfplatz" is in service
    When the day is exported
    Then 'every value of "Dorfplatz" is 1 kWh with status W' fails
    And the file shows that 1 was expected where 0 stands, in 96 cells
    And the file shows that W was expected where it stands, in 96 cells

  @HAR-09 @must
  Scenario: What decided is drawn, from the person to the utility
    Given the charger "Dorfplatz" is in service
    And Anna charges at "Dorfplatz" from 07:07 to 07:09
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And EW Seedorf holds 96 values for "Dorfplatz"
    And the drawing of it has the lines Anna, Dorfplatz, backend, EW Seedorf
    And the drawing of it marks what was done at the drop, and no frame of "Dorfplatz"

  @HAR-09 @must
  Scenario: Evidence that was altered after the run is not taken for evidence
    Given the report "before" of a run of them, in which 0 failed
    And the report "now" of a run of them, in which 1 failed
    And a delivered file of "now" was altered
    When the command "isebench compare before now" is run
    Then it ends with exit code 2
    And it says "is not what report.json was made of"
