@harness
Feature: HAR A backend that is not ours is judged where its files land

  Background:
    Given a target file that starts the bundled backend in a process of its own

  @HAR-03 @must @slow
  Scenario: Elsewhere, the bundled backend gets the verdicts and the files that it gets on the bench
    When ISE-03 and TC_010_CSMS are run with the target and without
    Then both runs end with exit code 0
    And both give the same verdicts
    And both leave the same files, byte for byte

  @HAR-03 @must
  Scenario: What a target declares beforehand is told apart from what fails
    Given a feature of a user's own, of which three days deliver nothing
    And the target declares ISE-03 not applicable, as "it makes files of sessions"
    And the target declares ISE-16 to fail, as "issue 12"
    When the command "isebench conform --features mine --target target.toml --report out" is run
    Then it ends with exit code 1
    And it says "1 not applicable: it makes files of sessions"
    And it says "1 expected failure: issue 12"
    And it says "it passes, and the target declares it to fail"
    And it says "2 failed, 2 skipped"
    And the report is about "the bundled backend, elsewhere"

  @HAR-03 @must
  Scenario: A target that does not come up is named before anything is run
    Given the target is started by a command that ends at once, saying "no database"
    When the command "isebench conform ISE-03 --target target.toml --report out" is run
    Then it ends with exit code 2
    And it says "no database"

  @HAR-03 @must @slow
  Scenario: A target may live faster than the machine
    Given the target lives 1200 times as fast as the machine
    When the command "isebench conform ISE-03 --target target.toml --report out" is run
    Then it ends with exit code 0
    And it says "2 passed"
