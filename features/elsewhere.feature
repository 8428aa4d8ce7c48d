@harness
Feature: HAR The bench is used from another project

  @HAR-07 @must
  Scenario: A project of its own has devices, servers and backends as fixtures
    Given a project of its own that loads the fixtures
    And its tests charge, read, send and let a day be delivered
    And one of its tests is of a backend that bills what was not charged
    When its tests are run
    Then all of them pass but the one of that backend
    And that one shows the frames that crossed the wire last

  @HAR-07 @must
  Scenario: A project of its own speaks the sentences, beside one of its own
    Given a project of its own that loads the sentences
    And its feature ends with a sentence of its own, once true and once not
    When its tests are run
    Then the scenario passes where its sentence is true, and fails where it is not
