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
    And the destination of EW Seedorf says time_limit_s = 1
    And EW Seedorf has the fault "<fault>" until 00:32
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples: faults of the server, whatever its wire
      | wire          | fault                             |
      | FTP           | refused-login                     |
      | FTPS          | full-disk:free_bytes=3000         |
      | implicit FTPS | quota:limit_bytes=3000            |
      | FTP           | silent-quota:limit_bytes=3000     |
      | FTPS          | denied-writing                    |
      | SFTP          | denied-writing                    |
      | FTP           | refused-rename                    |
      | FTP           | refused-overwrite                 |
      | SFTP          | refused-overwrite                 |
      | FTP           | server-away                       |

    Examples: faults of the line
      | wire          | fault                             |
      | FTP           | cut-after-bytes:upload_bytes=2000 |
      | FTPS          | cut-after-bytes:upload_bytes=2000 |
      | SFTP          | cut-after-bytes:upload_bytes=2000 |
      | FTPS          | session-reuse-demanded            |
      | FTP           | closed-passive-ports              |
      | FTP           | no-answer:action=open             |
      | FTPS          | no-answer:action=login            |
      | FTP           | slow-line:bytes_per_s=1000        |
      | SFTP          | slow-line:bytes_per_s=1000        |

    Examples: a line that is cut at each step of a delivery over FTPS
      | wire          | fault                                 |
      | FTPS          | cut-at-command:action=connect         |
      | FTPS          | cut-at-command:action=secure          |
      | FTPS          | cut-before-answer:action=user         |
      | FTPS          | cut-at-command:action=login           |
      | FTPS          | cut-before-answer:action=buffer       |
      | FTPS          | cut-at-command:action=protect         |
      | FTPS          | cut-at-command:action=change-folder   |
      | FTPS          | cut-before-answer:action=passive      |
      | FTPS          | cut-at-command:action=open            |
      | FTPS          | cut-before-answer:action=close        |
      | FTPS          | cut-at-command:action=stat            |
      | FTPS          | cut-before-answer:action=stat         |
      | FTPS          | cut-before-answer:action=rename-from  |
      | FTPS          | cut-at-command:action=rename,with_reset=true |
      | FTPS          | cut-before-answer:action=rename       |
      | FTPS          | cut-at-command:action=quit            |

    Examples: a server that refuses each step of a delivery over FTP
      | wire          | fault                                 |
      | FTP           | refused-command:action=login,code=530 |
      | FTP           | refused-command:action=passive,code=425 |
      | FTP           | refused-command:action=open,code=553  |
      | FTP           | refused-command:action=close,code=451 |
      | FTP           | refused-command:action=stat,code=550  |
      | FTP           | refused-command:action=rename-from    |
      | FTP           | refused-command:action=rename         |

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
