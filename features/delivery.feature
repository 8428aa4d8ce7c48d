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

    Examples: what the bundled backend speaks
      | wire |
      | SFTP |

    Examples: what it declares not to speak yet
      | wire |
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
