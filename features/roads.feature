@delivery
Feature: DLV The roads to the utility's server: FTP, FTPS and SFTP

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  @AEX-02 @must
  Scenario Outline: The host of a destination may carry the port: <kind> at <host>
    When the settings name a destination of kind "<kind>" at "<host>"
    Then its files go to port <port> of "<name>"
    And its encryption begins <begin>

    Examples:
      | kind | host                | name              | port | begin                   |
      | sftp | drop.example        | drop.example      | 22   | with the first byte     |
      | ftps | drop.example        | drop.example      | 21   | when it is asked for    |
      | ftps | drop.example:990    | drop.example      | 990  | with the first byte     |
      | ftps | drop.example:2121   | drop.example      | 2121 | when it is asked for    |
      | ftp  | drop.example        | drop.example      | 21   | never                   |
      | sftp | [2001:db8::7]:2222  | 2001:db8::7       | 2222 | with the first byte     |

  @AEX-18 @must
  Scenario Outline: A day arrives by the upload type <wire>
    Given the account's server speaks <wire>
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And it came over <wire>, into the folder of the account
    And at no moment did the drop folder show an incomplete file under a final name
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples:
      | wire          |
      | SFTP          |
      | FTP           |
      | FTPS          |
      | implicit FTPS |

  @DLV-05 @must
  Scenario Outline: A server that demands TLS session reuse gets its file over <wire>
    Given the account's server speaks <wire>
    And EW Seedorf has the fault "session-reuse-demanded"
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples:
      | wire          |
      | FTPS          |
      | implicit FTPS |

  @DLV-05 @must
  Scenario Outline: A <wire> server behind address translation is reached by <how>
    Given the account's server speaks <wire>
    And the account's server says that its address is 203.0.113.9
    And the account's server <knows> EPSV
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples:
      | wire          | how  | knows    |
      | FTP           | EPSV | knows    |
      | FTP           | PASV | knows no |
      | FTPS          | PASV | knows no |
      | implicit FTPS | PASV | knows no |

  @DLV-04 @must
  Scenario Outline: A server that shows another <what> than the pinned one stops the task
    Given the account's server speaks <wire>
    And EW Seedorf has the fault "<fault>"
    When the day is exported
    Then 0 files arrive at EW Seedorf
    And the task has stopped because of "<cause>", saying "<words>"

    Examples:
      | what        | wire | fault               | cause       | words                                                   |
      | host key    | SFTP | changed-host-key    | host key    | the server shows another host key than the pinned one   |
      | certificate | FTPS | expired-certificate | certificate | the server shows another certificate than the pinned one |

  @DLV-04 @must
  Scenario: The test of a connection shows the host key that is to be pinned
    Given the destination of EW Seedorf says host_key = nothing
    When the connection to EW Seedorf is tested
    Then the test fails at "connect", saying "no host key is pinned; the server shows ssh-ed25519 SHA256:"
    And the test fails at "connect", saying "compare this with what the utility states, and only then write host_key = "ssh-ed25519 AAAA"

  @DLV-04 @must
  Scenario: Nothing is sent to a server whose host key is not pinned
    Given the destination of EW Seedorf says host_key = nothing
    When the day is exported
    Then 0 files arrive at EW Seedorf
    And the task has stopped because of "host key", saying "no host key is pinned"

  @DLV-04 @must
  Scenario: A certificate that nobody vouches for is refused
    Given the account's server speaks FTPS
    And the destination of EW Seedorf says certificate_sha256 = nothing
    When the day is exported
    Then 0 files arrive at EW Seedorf
    And the delivery waits because of "tls", saying "its certificate is not to be trusted: self-signed certificate"

  @DLV-04 @must
  Scenario Outline: The test of a connection shows the certificate that is to be pinned, over <wire>
    Given the account's server speaks <wire>
    And the destination of EW Seedorf says certificate_sha256 = nothing
    When the connection to EW Seedorf is tested
    Then the test fails at "connect", saying "self-signed certificate (its SHA-256 is"

    Examples:
      | wire          |
      | FTPS          |
      | implicit FTPS |

  @DLV-04 @must
  Scenario: A certificate is verified by who signed it
    Given the account's server speaks FTPS
    And the destination of EW Seedorf names who signed the certificate
    When the day is exported
    Then 1 file arrives at EW Seedorf

  @DLV-04 @must
  Scenario: An expired certificate is refused
    Given the account's server speaks implicit FTPS
    And the destination of EW Seedorf names who signed the certificate
    And EW Seedorf has the fault "expired-certificate"
    When the day is exported
    Then 0 files arrive at EW Seedorf
    And the delivery waits because of "tls", saying "its certificate is not to be trusted"

  @DLV-06 @must
  Scenario Outline: Over <wire>, <fault> is told as "<cause>"
    Given the account's server speaks <wire>
    And EW Seedorf has the fault "<fault>"
    When the day is exported
    Then 0 files arrive at EW Seedorf
    And the delivery waits because of "<cause>", saying "<words>"

    Examples:
      | wire | fault                         | cause       | words                                                  |
      | FTP  | full-disk:free_bytes=2000     | space       | the server has no room left at uploading               |
      | FTPS | full-disk:free_bytes=2000     | space       | the server has no room left at uploading               |
      | SFTP | full-disk:free_bytes=2000     | space       | the server has no room left at uploading               |
      | FTP  | silent-quota                  | incomplete  | its quota may be used up                               |
      | FTP  | denied-writing                | permission  | ask the utility for the right to write                 |
      | FTPS | denied-writing                | permission  | ask the utility for the right to write                 |
      | SFTP | denied-writing                | permission  | ask the utility for the right to write                 |
      | FTP  | refused-login                 | login       | the server refused user 'isebench' or the password     |
      | FTPS | refused-login                 | login       | the server refused user 'isebench' or the password     |
      | SFTP | refused-login                 | login       | the server refused user 'isebench' or the password     |
      | FTP  | server-away                   | unreachable | nothing listens there; check host and port             |
      | SFTP | server-away                   | unreachable | nothing listens there; check host and port             |
      | FTP  | closed-passive-ports          | unreachable | the server's port for data cannot be reached           |
      | FTP  | cut-at-command:action=open    | line        | the line broke at uploading                            |
      | FTPS | cut-after-bytes:upload_bytes=1000 | line    | the line broke at uploading                            |
      | SFTP | cut-after-bytes:upload_bytes=1000 | line    | the line broke at uploading                            |
      | FTP  | refused-rename                | rename      | but the server refused its final name                  |
      | FTPS | refused-rename                | rename      | but the server refused its final name                  |
      | SFTP | refused-rename                | rename      | but the server refused its final name                  |
      | FTPS | refused-command:action=secure | tls         | it refuses AUTH TLS                                    |

  @DLV-06 @must
  Scenario Outline: A destination that is not where the settings say is told as "<cause>"
    Given the account's server speaks <wire>
    And the destination of EW Seedorf says <key> = <value>
    When the day is exported
    Then 0 files arrive at EW Seedorf
    And the delivery waits because of "<cause>", saying "<words>"

    Examples:
      | wire | key    | value                       | cause       | words                                      |
      | FTP  | host   | "nobody.invalid"            | unreachable | the name 'nobody.invalid' is not known     |
      | SFTP | host   | "nobody.invalid"            | unreachable | the name 'nobody.invalid' is not known     |
      | FTPS | secret | "another password"          | login       | correct user and password                  |
      | FTP  | folder | "nowhere"                   | folder      | there is no folder 'nowhere'               |
      | SFTP | folder | "nowhere"                   | folder      | there is no folder 'nowhere'               |

  @DLV-06 @must
  Scenario Outline: A <wire> server that answers nothing any more is told as "<cause>"
    Given the account's server speaks <wire>
    And the destination of EW Seedorf says time_limit_s = 1
    And EW Seedorf has the fault "no-answer:action=<action>"
    When the clock reaches 00:32 on 4 June 2025
    Then the delivery waits because of "<cause>", saying "<words>"

    Examples:
      | wire | action  | cause       | words                      |
      | FTP  | connect | unreachable | no answer within 0.5 s     |
      | FTP  | login   | unreachable | no answer to the login     |
      | FTPS | close   | timeout     | was not done after 1 s     |
      | SFTP | rename  | timeout     | was not done after 1 s     |

  @DLV-02 @must
  Scenario: A failed delivery is tried again with pauses that grow
    Given EW Seedorf has the fault "refused-login" until 02:00
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And EW Seedorf was tried at 00:30, 00:31, 00:33, 00:38, 00:53, 01:23, 02:23

  @DLV-02 @must
  Scenario: A later file waits for an earlier one
    Given EW Seedorf has the fault "refused-login"
    When the day is exported
    And the next day is exported
    Then 0 files arrive at EW Seedorf
    And of 2 files that wait only the first was tried

  @DLV-02 @must
  Scenario Outline: Over <wire>, a file that is refused keeps no other of its day, and all of the next
    Given the account's server speaks <wire>
    And the charger "Bahnhof" is in service
    And the charger "Markt" is in service
    And the layout sets files to meter
    And the destination of EW Seedorf says at_once = 8
    And another file stands at EW Seedorf under the name of that of "Dorfplatz"
    When the clock reaches 02:00 on 5 June 2025
    Then of each charger but "Dorfplatz" the file of the day has arrived, and none of the next day

    Examples:
      | wire |
      | SFTP |
      | FTPS |

  @DLV-02 @must
  Scenario Outline: Over <wire>, all files of a day need one login
    Given the account's server speaks <wire>
    And the charger "Bahnhof" is in service
    And the charger "Markt" is in service
    And the layout sets files to meter
    When the day is exported
    Then 3 files arrive at EW Seedorf
    And EW Seedorf was tried at 00:30

    Examples:
      | wire |
      | SFTP |
      | FTP  |
      | FTPS |

  @DLV-02 @must
  Scenario: An operator stops a delivery, and lets it go on
    Given EW Seedorf has the fault "refused-login" until 00:32
    When the clock reaches 00:32 on 4 June 2025
    And the operator stops the delivery
    And the clock reaches 03:00 on 4 June 2025
    And the operator lets the delivery go on
    Then 1 file arrives at EW Seedorf
    And EW Seedorf was tried at 00:30, 00:31, 03:00

  @DLV-07 @must
  Scenario Outline: A sealed password opens the door over <wire>, and stands nowhere
    Given the backend has a web page
    And the account's server speaks <wire>
    And the password of EW Seedorf is sealed in the settings
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And the password stands in none of the settings, the database, the log, the record or the page

    Examples:
      | wire |
      | SFTP |
      | FTP  |
      | FTPS |

  @DLV-07 @must
  Scenario: A sealed password that was copied from another destination does not open
    When the password of EW Seedorf is sealed for the destination "Another"
    Then the settings are refused, naming "sealed for another place than destination/EW Seedorf/EW Seedorf/secret"

  @DLV-01 @must
  Scenario Outline: Over <wire>, a line that breaks at <step> delivers once in the end
    Given the account's server speaks <wire>
    And EW Seedorf has the fault "<kind>:action=<step>" until 01:00
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And at no moment did the drop folder show an incomplete file under a final name
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

    Examples:
      | wire | kind              | step        |
      | FTP  | cut-at-command    | open        |
      | FTPS | cut-before-answer | open        |
      | FTP  | cut-at-command    | close       |
      | FTPS | cut-before-answer | close       |
      | FTP  | cut-at-command    | rename-from |
      | FTPS | cut-at-command    | rename      |
      | FTP  | cut-before-answer | rename      |
      | FTPS | cut-before-answer | rename      |
      | FTP  | cut-before-answer | stat        |

  @DLV-01 @must
  Scenario: A server that forbids renaming takes the file under its own name
    Given the account's server speaks FTP
    And EW Seedorf has the fault "refused-rename"
    And the destination of EW Seedorf says upload = "direct"
    When the day is exported
    Then 1 file arrives at EW Seedorf
    And nothing else lies in the drop folder
    And EW Seedorf holds 96 values for "Dorfplatz"

  @ISE-13 @must
  Scenario: The connection to an FTPS server works
    Given the account's server speaks FTPS
    When the connection to EW Seedorf is tested
    Then each step of the test is done
      | step    | words                              |
      | connect | shows the pinned certificate, TLSv |
      | log in  | user 'isebench' is let in          |
      | folder  | '/einlesen' is there               |
      | write   | 30 bytes were written              |
      | list    | it is one of                       |
      | rename  | it has another name now            |
      | remove  | nothing is left of it              |
    And nothing else lies in the drop folder
