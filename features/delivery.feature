@delivery
Feature: DLV Delivery to the utility's server

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  @ISE-04 @must
  Scenario Outline: The file arrives on the account's <wire> server
    Given the account's server speaks <wire>
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And it came over <wire>, into the folder of the account

    Examples:
      | wire |
      | SFTP |
      | FTP  |
      | FTPS |

  @DLV-01 @must
  Scenario: A file appears under its final name only when it is complete
    When the day is exported
    Then at no moment did the drop folder show an incomplete file under a final name
    And 1 file arrives at EW Seedorf
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

  @DLV-01 @must
  Scenario: An upload that breaks off leaves nothing the utility could mistake for a file
    Given the line to EW Seedorf breaks after 1000 bytes of a file
    When the clock reaches 00:31 on 4 June 2025
    Then the drop folder shows no file under a final name

  @DLV-01 @must
  Scenario: What a broken upload left behind is removed on the next try
    Given the line to EW Seedorf breaks after 1000 bytes of a file until 01:00
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

  @DLV-01 @must
  Scenario: A disk that is full is not mistaken for a delivery
    Given the disk of EW Seedorf is full after 2000 bytes until 02:00
    When the day is exported
    Then at no moment did the drop folder show an incomplete file under a final name
    And 1 file arrives at EW Seedorf
    And EW Seedorf holds 96 values for "Dorfplatz"

  @DLV-03 @must
  Scenario: The answer to the rename is lost, and the file is still delivered once
    Given the line to EW Seedorf breaks before the answer to a rename, once
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

  @DLV-03 @must
  Scenario: A backend that is killed again and again delivers each file once
    Given a backend in a process of its own, with a day to deliver
    When it is killed 8 times while it delivers
    Then 1 file arrives at EW Seedorf
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

  @ISE-13 @must
  Scenario: The connection to the utility's server works
    When the connection to EW Seedorf is tested
    Then each step of the test is done
      | step    | words                      |
      | connect | shows the pinned host key  |
      | log in  | may use SFTP               |
      | folder  | '/einlesen' is there       |
      | write   | 30 bytes were written      |
      | list    | it is one of               |
      | rename  | it has another name now    |
      | remove  | nothing is left of it      |
    And nothing else lies in the drop folder

  @ISE-13 @must
  Scenario Outline: The test of a connection names the step that fails at <fault>
    Given EW Seedorf has the fault "<fault>"
    When the connection to EW Seedorf is tested
    Then the test fails at "<step>", saying "<words>"

    Examples:
      | fault                        | step    | words                                                |
      | server-away                  | connect | nothing listens there; check host and port           |
      | changed-host-key             | connect | the server shows another host key than the pinned one |
      | refused-login                | log in  | the server refused user 'isebench' or the password   |
      | full-disk:free_bytes=10      | write   | the server has no room left at uploading             |
      | silent-quota                 | write   | then had no file: its quota may be used up           |
      | denied-writing               | write   | permission denied at uploading                       |
      | cut-at-command:action=list   | list    | the line broke at listing the folder                 |
      | refused-rename               | rename  | the server refuses another name: permission denied   |
      | cut-at-command:action=remove | write   | the line broke at removing                           |

  @DLV-08 @must
  Scenario: Each delivery leaves a receipt that is found and downloaded
    Given the backend has a web page
    And the line to EW Seedorf breaks before the answer to a rename, once
    And Anna charges at "Dorfplatz" from 14:00 to 15:00
    When the day is exported
    And the next day is exported
    Then the operator finds for "Tagesexport" the receipts
      | file                                                 | rows | from       | until      | tries |
      | ISE_Tagesexport_20250604_20250604_20250604223000_1.csv | 96   | 4.6. 00:00 | 5.6. 00:00 | 1     |
      | ISE_Tagesexport_20250603_20250603_20250603223000_1.csv | 96   | 3.6. 00:00 | 4.6. 00:00 | 2     |
    And what the operator downloads is what arrived, by size, hash and content
    And of 3 June 2025 the operator finds 1 receipts
    And of 2 June 2025 the operator finds 0 receipts
    And the operator finds no receipt for "Wochenexport"

  @AEX-18 @AEX-19 @FTP-01 @must
  Scenario Outline: A key file of "<command>" opens the door
    Given EW Seedorf takes SFTP logins by the key file of "<command>" alone
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples:
      | command                                |
      | openssl genrsa 2048                    |
      | openssl rsa -des-ede3-cbc -traditional |
      | ssh-keygen -t rsa                      |
      | ssh-keygen -t ecdsa                    |
      | ssh-keygen -t ed25519                  |
      | ssh-keygen -t ed25519 -N PASSPHRASE    |

  @AEX-19 @must
  Scenario Outline: A wrong passphrase of a key file is told when the settings are read
    Given EW Seedorf takes SFTP logins by the key file of "<command>" alone
    When the passphrase of the key file is given as "<passphrase>"
    Then the settings are refused, naming "<words>"

    Examples:
      | command                                | passphrase | words                                         |
      | openssl rsa -des-ede3-cbc -traditional | falsch     | is not opened by the passphrase that is given |
      | openssl rsa -des-ede3-cbc -traditional |            | is protected by a passphrase                  |
      | ssh-keygen -t ed25519 -N PASSPHRASE    | falsch     | is not opened by the passphrase that is given |
      | ssh-keygen -t ed25519 -N PASSPHRASE    |            | is protected by a passphrase                  |

  @AEX-19 @must
  Scenario: A wrong key is told when it is tried, with the line that the utility needs
    Given the backend has a web page
    And EW Seedorf takes SFTP logins by the key file of "openssl genrsa 2048" alone
    But EW Seedorf does not know the key
    When the clock reaches 00:31 on 4 June 2025
    Then the operator reads of the delivery: "the server refused the key of user 'isebench' (ssh-rsa SHA256:"
    And the operator reads of the delivery: "give the utility this public key: ssh-rsa AAAA"
    And the drop folder shows no file under a final name

  @AEX-19 @must
  Scenario: The test of a connection tells a wrong key from a server that cannot be reached
    Given EW Seedorf takes SFTP logins by the key file of "ssh-keygen -t ed25519" alone
    But EW Seedorf does not know the key
    When the connection to EW Seedorf is tested
    Then the test fails at "log in", saying "the server refused the key of user 'isebench'"
