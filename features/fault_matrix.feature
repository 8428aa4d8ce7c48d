@delivery
Feature: DLV The fault matrix of a delivery
  Each fault at each step of a delivery, over each kind of server: the cells are harness/fault_matrix.toml.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And 11 more chargers are in the file

  @FTP-02 @DLV-01 @DLV-03 @DLV-06 @must
  Scenario Outline: Whatever goes wrong over <wire> while <part>, one right file is there in the end
    Given the account's server speaks <wire>
    When a day is delivered with each fault that there can be while <part>
    Then each delivery ends with one right file, and nothing beside it
    And no incomplete file was ever seen under a final name
    And the status of the task told the cause of each fault
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples:
      | wire          | part       |
      | SFTP          | connecting |
      | SFTP          | looking    |
      | SFTP          | uploading  |
      | SFTP          | renaming   |
      | FTPS          | connecting |
      | FTPS          | looking    |
      | FTPS          | uploading  |
      | FTPS          | renaming   |

  @FTP-02 @DLV-01 @DLV-03 @DLV-06 @must @slow
  Scenario Outline: It is no other in the clear, nor with TLS from the first byte: <wire> while <part>
    Given the account's server speaks <wire>
    When a day is delivered with each fault that there can be while <part>
    Then each delivery ends with one right file, and nothing beside it
    And no incomplete file was ever seen under a final name
    And the status of the task told the cause of each fault
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples:
      | wire          | part       |
      | FTP           | connecting |
      | FTP           | looking    |
      | FTP           | uploading  |
      | FTP           | renaming   |
      | implicit FTPS | connecting |
      | implicit FTPS | looking    |
      | implicit FTPS | uploading  |
      | implicit FTPS | renaming   |
