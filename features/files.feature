@files
Feature: FMT Files that a utility can import
  The layout of an IS-E file is agreed with each utility, so every knob of it is a setting;
  what is written must read back to the same values.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  @ISE-05 @must
  Scenario: The file type is CSV
    Given Anna charges at "Dorfplatz" from 14:00 to 15:00
    When the day is exported
    Then a file "ISE_Tagesexport_20250603_20250603_20250603223000_1.csv" arrives at EW Seedorf
    And its first line is "Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status"
    And its line for 14:15 has the form "CH98765012345AAAAAAAAAAAAAAA00001;1-1:1.29.0*255;03.06.2025 14:15:00;#;kWh;W"

  @ISE-05 @must
  Scenario: The file type is XML where the account's profile asks for it
    Given the account's profile asks for XML
    When the day is exported
    Then a file "ISE_Tagesexport_20250603_20250603_20250603223000_1.xml" arrives at EW Seedorf

  @ISE-06 @must
  Scenario: Every row names its charger by its metering code
    Given the charger "Bahnhof" is in service
    And Anna charges at "Bahnhof" from 14:00 to 15:00
    When the day is exported
    Then every row of "Dorfplatz" begins with CH98765012345AAAAAAAAAAAAAAA00001
    And every row of "Bahnhof" begins with CH98765012345AAAAAAAAAAAAAAA00002
    And the file holds no other rows
    And each interval of "Bahnhof" holds what its meter counted in it
    And every value of "Dorfplatz" is 0.000 kWh with status W

  @ISE-15 @must
  Scenario: A charger that is not activated is in no file
    Given the charger "Werkhof" is in service without IS-E
    And Anna charges at "Werkhof" from 14:00 to 15:00
    When the day is exported
    Then EW Seedorf holds 96 values for "Dorfplatz"
    And no file tells anything of "Werkhof"

  @ISE-15 @must
  Scenario: The three fields of the activation shape the rows
    Given "Dorfplatz" is activated with metering code "CH10088012345AXL-000000000000113X", OBIS code "1-1:1.9.0" and an interval of 60 minutes
    When the day is exported
    Then EW Seedorf holds 24 values for "Dorfplatz"
    And every row of "Dorfplatz" begins with CH10088012345AXL-000000000000113X;1-1:1.9.0

  @FMT-08 @must
  Scenario Outline: The knob "<knob>" of a layout is a setting
    Given the layout sets <knob> to <value>
    And Anna charges at "Dorfplatz" from 14:00 to 15:00
    When the day is exported
    Then the file shows <sign>
    And each interval of "Dorfplatz" holds what its meter counted in it

    Examples: numbers and signs
      | knob          | value  | sign                                    |
      | separator     | ,      | "Messpunkt,OBIS,Zeitstempel,Wert"       |
      | decimal_mark  | ,      | ";0,000;kWh;W"                          |
      | decimals      | 6      | ";0.000000;kWh;W"                       |
      | header        | false  | no "Messpunkt"                          |
      | status_column | false  | no "kWh;W"                              |
      | obis_suffix   | false  | no "*255"                               |

    Examples: time
      | knob      | value          | sign                              |
      | time_form | %Y-%m-%d %H:%M | ";2025-06-03 14:15;"              |
      | zone      | utc            | ";02.06.2025 22:15:00;"           |
      | zone      | local+offset   | ";2025-06-03T14:15:00+02:00;"     |
      | stamp     | start          | ";03.06.2025 00:00:00;"           |

    Examples: bytes and names
      | knob         | value                    | sign                         |
      | encoding     | utf-8-sig                | the bytes EF BB BF first     |
      | line_end     | lf                       | no carriage return           |
      | name_pattern | {from}-{task}-{created}  | the name "20250603-Tagesexport-20250603223000" |

  @FMT-08 @must
  Scenario: A layout may ask for one file a meter
    Given the charger "Bahnhof" is in service
    And the layout sets files to meter
    When the day is exported
    Then 2 files arrive at EW Seedorf
    And each of them tells of one charger only

  @FMT-09 @must
  Scenario: What was written reads back, whatever it is
    When any rows are written in any form
    Then the backend and the utility read back the same meters, instants, values and status

  @FMT-09 @must
  Scenario Outline: What a charger counted arrives as MSCONS <version>
    Given EW Seedorf takes MSCONS <version>
    And Anna charges at "Dorfplatz" from 14:00 to 15:00
    When the day is exported
    Then a file "MSCONS_TL_Tagesexport_20250603_20250603_20250603223000_1.txt" arrives at EW Seedorf
    And the file shows "<sign>"
    And EW Seedorf holds 96 values for "Dorfplatz"
    And each interval of "Dorfplatz" holds what its meter counted in it

    Examples:
      | version | sign                                                            |
      | 2.2e    | QTY+220:0.000'DTM+163:202506030000?+02:303'                     |
      | 2.4a    | QTY+220:0.000:KWH'DTM+163:202506022200?+00:303'                 |

  @FMT-09 @must
  Scenario: A session that comes to light later arrives as MSCONS
    Given EW Seedorf takes MSCONS 2.2e
    And Anna charges at "Dorfplatz" from 18:10 to 18:40
    And Anna charges at "Dorfplatz" from 21:10 to 8:30 of the next day
    And the line of "Dorfplatz" is cut from 20:00 to 8:00 of the next day
    When the day is exported
    And EW Seedorf has read what came until 9:00 on 4 June 2025
    Then the first file told of "Dorfplatz"
      | until | kWh   | status |
      | 19:45 | 0.000 | W      |
      | 21:30 |       | F      |
    And each interval of "Dorfplatz" holds what its meter counted in it
    And 2 files arrive at EW Seedorf

  @FMT-12 @must
  Scenario Outline: A file that <does> is read
    Given an MSCONS file of the day that <does>
    When the file is read
    Then it tells <count> values for <points> points, the first 36.300 kWh
    And the reader says "<remark>"

    Examples:
      | does                                   | count | points | remark                                  |
      | has no UNA                             | 96    | 1      | nothing                                 |
      | begins with UNA                        | 96    | 1      | nothing                                 |
      | counts its segments wrongly            | 96    | 1      | UNT says 109 segments, there are 299    |
      | gives its series a period of no length | 96    | 1      | nothing                                 |
      | holds several points in one message    | 192   | 2      | nothing                                 |
      | has units                              | 96    | 1      | nothing                                 |
      | has times in UTC                       | 96    | 1      | nothing                                 |
      | has local times without offset         | 96    | 1      | nothing                                 |

  @FMT-12 @must
  Scenario Outline: A file of a day on which the clock is changed is read
    Given the day is <day>
    And an MSCONS file of the day that <does>
    When the file is read
    Then it tells <count> values for 1 points, the first 36.300 kWh

    Examples:
      | day             | does                           | count |
      | 30 March 2025   | has no UNA                     | 92    |
      | 30 March 2025   | has local times without offset | 92    |
      | 26 October 2025 | has times in UTC               | 100   |
      | 26 October 2025 | has local times without offset | 100   |

  @FMT-10 @must
  Scenario Outline: The metering code <code> is refused
    When "Dorfplatz" is given the metering code "<code>"
    Then the settings are refused, naming "<place>"

    Examples: wrong length
      | code                               | place         |
      | CH987650123450000000000000000001   | 32 characters |
      | CH98765012345000000000000000000001 | 34 characters |

    Examples: wrong characters
      | code                              | place             |
      | DE98765012345AAAAAAAAAAAAAAA00001 | position 1: 'D'   |
      | CH98765O12345AAAAAAAAAAAAAAA00001 | position 8: 'O'   |
      | CH98765012345AAAAAAAAAaAAAAA00001 | position 23: 'a'  |
      | CH98765012345AAAAAAAA;AAAAAA00001 | position 22: ';'  |

  @FMT-11 @must
  Scenario Outline: A name that could break a file is refused or made harmless: <danger>
    When the <thing> is named <name>
    Then the settings are refused, or the files keep their form

    Examples: separators, quotes and line ends
      | danger            | thing | name             |
      | a separator       | task  | "a;b"            |
      | a quote           | task  | "a\"b"           |
      | a line end        | task  | "a\\r\\nb"       |
      | a separator       | OBIS  | "1-1:1.29.0;7"   |

    Examples: formulas
      | danger            | thing | name             |
      | a formula         | OBIS  | "=1+1"           |
      | a formula         | code  | "=CMD()"         |
      | an at sign        | task  | "@SUM(A1)"       |

    Examples: path parts
      | danger            | thing | name             |
      | a way up          | task  | "../../etc/x"    |
      | a slash           | task  | "a/b"            |
      | a backslash       | task  | "a\\\\b"         |
      | a hidden file     | task  | ".hidden"        |
