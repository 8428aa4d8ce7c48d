@harness
Feature: HAR A charger that is not ours is put under test
  The bench is its central system, in real time. Chargers of these scenarios run in processes of their own.

  @HAR-02 @must
  Scenario: A charger is led through its cases, and a statement says what it showed
    Given an emulated INCH in a process of its own, at which a program has its hands
    When it is certified by TC_017_1_CS, TC_040_1_CS and TC_048_2_CS
    Then it ends with exit code 0
    And the statement says
      | case        | verdict        |
      | TC_017_1_CS | passed         |
      | TC_017_2_CS | not applicable |
      | TC_040_1_CS | passed         |
      | TC_048_2_CS | passed         |
      | TC_003_CS   | not asked      |
    And it says that this is not a whole certification
    And it bears the frames that decided each passed case, as they were recorded
    And it can be read as a page and as PDF

  @HAR-02 @must
  Scenario: What is declared and not shown is named
    Given a charger that boots, sends heartbeats and does nothing else
    And the person at it can do nothing
    When it is certified by TC_040_1_CS and TC_048_2_CS
    Then it ends with exit code 1
    And the statement says
      | case        | verdict   |
      | TC_040_1_CS | failed    |
      | TC_048_2_CS | not shown |
    And it says that this is not a whole certification
    And it names as declared and not shown
      | what                   |
      | StartTransaction       |
      | RemoteStartTransaction |

  @HAR-02 @must
  Scenario: A run that was interrupted goes on where it stopped
    Given a charger that boots, sends heartbeats and does nothing else
    And its certification by TC_040_1_CS and TC_048_2_CS was interrupted after the first of them
    And the person at it can do nothing
    When it is certified by TC_040_1_CS and TC_048_2_CS
    Then it ends with exit code 1
    And the statement says
      | case        | verdict   |
      | TC_040_1_CS | failed    |
      | TC_048_2_CS | not shown |
    And each of its cases was run once

  @HAR-02 @must
  Scenario Outline: A statement that is not as it was issued is found
    Given a signed statement of a charger that failed
    When <what> is altered
    Then its verification ends with exit code 1 and names <what>

    Examples: what belongs to it
      | what           |
      | statement.json |
      | statement.html |
      | statement.pdf  |
      | a recording    |
      | the signature  |
