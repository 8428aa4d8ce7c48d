@delivery
Feature: FTP The utility's servers, what can go wrong at them, and their record

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  @FTP-01 @must
  Scenario Outline: Over <wire> users have folders and quotas of their own
    Given the utility's servers have the users
      | name | password | home  | quota |
      | ewa  | one      | north |       |
      | ewb  | two      | south | 1000  |
    When each of them uploads 2000 bytes over <wire>, on a port of choice
    Then the server listened on that port
    And what "ewa" uploaded lies in "north", 2000 bytes, and nothing else
    And "ewb" is refused because of "space", and nothing lies in "south"

    Examples:
      | wire          |
      | SFTP          |
      | FTP           |
      | FTPS          |
      | implicit FTPS |

  @FTP-02 @must
  Scenario Outline: Over <wire>, "<fault>" for a while ends with one right file
    Given the account's server speaks <wire>
    And EW Seedorf has the fault "<fault>" until 00:32
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples: faults that are at no step of a delivery; those that are, are in fault_matrix.feature
      | wire          | fault                             |
      | FTP           | refused-overwrite                 |
      | SFTP          | refused-overwrite                 |
      | FTP           | cut-after-bytes:upload_bytes=2000 |
      | FTPS          | cut-after-bytes:upload_bytes=2000 |
      | SFTP          | cut-after-bytes:upload_bytes=2000 |
      | SFTP          | slow-line:bytes_per_s=10000       |

  @FTP-03 @must
  Scenario: The record says what a collector would have seen at any moment
    Given the account's server speaks FTP
    And the destination of EW Seedorf says upload = "direct"
    And EW Seedorf has the fault "cut-after-bytes:upload_bytes=2000" until 00:32
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And at 00:31 the drop folder showed a file of 2000 bytes
    And at 00:33 the drop folder showed the whole file

  @FTP-03 @must
  Scenario: The record holds every command, how it ended, and how large the file then was
    Given the account's server speaks FTPS
    When the day is exported
    Then the drop has recorded of the delivery
      | action        | answer                    | size |
      | connect       | ok                        |      |
      | secure        | ok                        |      |
      | user          | ok                        |      |
      | login         | ok                        |      |
      | features      | ok                        |      |
      | options       | ok                        |      |
      | buffer        | ok                        |      |
      | protect       | ok                        |      |
      | type          | ok                        |      |
      | change-folder | ok                        |      |
      | remove        | no such file or directory |      |
      | stat          | no such file or directory |      |
      | passive       | ok                        |      |
      | open          | ok                        | some |
      | write         | ok                        | all  |
      | close         | ok                        | all  |
      | stat          | ok                        | all  |
      | stat          | no such file or directory |      |
      | rename-from   | ok                        | all  |
      | rename        | ok                        | all  |
      | stat          | ok                        | all  |
      | quit          | ok                        |      |
