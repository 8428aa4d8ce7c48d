@formats
Feature: FMT Formats of every kind
  Registers, feed, load profiles and columns by OBIS code. What of them nobody prescribes is proposed, and a
  setting.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service

  Rule: IS-E, registers by meter and day

    @FMT-01 @FTP-04 @must
    Scenario: A charger's register at the end of the day, as CSV
      Given EW Seedorf takes IS-E readings as CSV
      And the meter of "Dorfplatz" shows 1234.5 kWh in the morning
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then 1 file arrives at EW Seedorf
      And its line for 00:00 has the form "CH98765012345AAAAAAAAAAAAAAA00001;1-1:1.8.0;04.06.2025 00:00:00;#;kWh;W"
      And EW Seedorf holds 1 value for "Dorfplatz" under "1-1:1.8.0"
      And that value is what the meter of "Dorfplatz" showed at 24:00

    @FMT-01 @must
    Scenario: A charger that was away since its last reading may have charged unseen
      Given EW Seedorf takes IS-E readings as CSV
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      And the line of "Dorfplatz" is cut from 16:00 to 23:00
      When the day is exported
      Then when the day ends, EW Seedorf holds of "Dorfplatz"
        | OBIS      | value | unit | status |
        | 1-1:1.8.0 |       | kWh  | F      |

    @ISE-05 @FMT-01 @FTP-04 @must
    Scenario: The same as XML, where the account's profile asks for it
      Given the account's profile asks for XML
      And the meter of "Dorfplatz" shows 1234.5 kWh in the morning
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then a file "ISE_Tagesexport_20250603_20250603_20250603223000_1.xml" arrives at EW Seedorf
      And the file shows "<TimePeriod end="2025-06-04T00:00:00">"
      And EW Seedorf holds 1 value for "Dorfplatz" under "1-1:1.8.0"
      And that value is what the meter of "Dorfplatz" showed at 24:00

    @FMT-01 @must
    Scenario: In XML a meter is called by the numbers that the profile asks for
      Given the account's profile asks for XML
      And the layout sets keys to factory_no, internal_no
      And "Dorfplatz" has the factory number "38157930" and the internal number "TG-7"
      When the day is exported
      Then the file shows "<Meter factoryNo="38157930" internalNo="TG-7">"

    @FMT-01 @must
    Scenario: A number that the profile asks for and a meter does not have
      Given the account's profile asks for XML
      And the layout sets keys to factory_no
      When the backend is given its settings
      Then the settings are refused, naming "factory_no"

    @FMT-01 @must
    Scenario: Of several registers each that the format names, and those alone that the meter has
      Given EW Seedorf takes IS-E readings as CSV
      And the layout sets obis to 1-1:1.8.0, 1-1:1.8.1, 1-1:2.8.0, 1-1:5.8.0
      And the meter "Keller" sends its registers
        | time  | 1-1:1.8.0 | 1-1:2.8.0 | 1-1:5.8.0 |
        | 14:00 | 100       | 7         | 1.25      |
        | 24:00 | 104.25    | 7.5       | 1.75      |
      And the task takes the meter "Keller"
      When the day is exported
      Then when the day ends, EW Seedorf holds of "Keller"
        | OBIS      | value   | unit  | status |
        | 1-1:1.8.0 | 104.250 | kWh   | W      |
        | 1-1:2.8.0 | 7.500   | kWh   | W      |
        | 1-1:5.8.0 | 1.750   | kvarh | W      |

    @FMT-01 @must
    Scenario: A register that is not known is told as missing, and told again when it is
      Given EW Seedorf takes IS-E readings as CSV
      And the meter "Keller" sends its registers
        | time  | 1-1:1.8.0 |
        | 14:00 | 100       |
      And the meter "Keller" sends its registers of the next day
        | time | 1-1:1.8.0 |
        | 4:00 | 104       |
      And the task takes the meter "Keller"
      When EW Seedorf has read what came until 6:00 on 4 June 2025
      Then when the day ends, the first file told of "Keller"
        | OBIS      | value | unit | status |
        | 1-1:1.8.0 |       | kWh  | F      |
      And when the day ends, EW Seedorf holds of "Keller"
        | OBIS      | value   | unit | status |
        | 1-1:1.8.0 | 102.857 | kWh  | E      |

  Rule: IS-E load profile, and what is more than basic

    @FMT-02 @FTP-04 @must
    Scenario: "Only basic data" 0 adds reactive energy
      Given the layout sets only_basic_data to false
      And the meter "Keller" sends its registers
        | time  | 1-1:1.8.0 | 1-1:5.8.0 | 1-1:8.8.0 |
        | 14:00 | 100       | 20        | 3         |
        | 14:15 | 102.25    | 20.5      | 3         |
      And the task takes the meter "Keller"
      When the day is exported
      Then EW Seedorf holds of "Keller" at 14:15
        | OBIS           | value | unit  | status |
        | 1-1:1.29.0*255 | 2.250 | kWh   | W      |
        | 1-1:5.29.0*255 | 0.500 | kvarh | W      |
        | 1-1:8.29.0*255 | 0.000 | kvarh | W      |

    @FMT-02 @must
    Scenario: "Only basic data" 1 leaves it out
      Given the meter "Keller" sends its registers
        | time  | 1-1:1.8.0 | 1-1:5.8.0 |
        | 14:00 | 100       | 20        |
        | 14:15 | 102.25    | 20.5      |
      And the task takes the meter "Keller"
      When the day is exported
      Then EW Seedorf holds of "Keller" at 14:15
        | OBIS           | value | unit | status |
        | 1-1:1.29.0*255 | 2.250 | kWh  | W      |

  Rule: IS-E feed (Vorschub)

    @FMT-03 @FTP-04 @must
    Scenario Outline: The energy of <day> under D = 9
      Given the day is <day>
      And EW Seedorf takes IS-E feed
      And Anna charges at "Dorfplatz" from 01:10 to 04:20
      When the day is exported
      Then its line for 00:00 has the form "CH98765012345AAAAAAAAAAAAAAA00001;1-1:1.9.0;<end> 00:00:00;#;kWh;W"
      And EW Seedorf holds 1 value for "Dorfplatz" under "1-1:1.9.0"
      And that value is what the meter of "Dorfplatz" counted in the day

      Examples: an ordinary day, and those on which the clock changes
        | day             | end        |
        | 3 June 2025     | 04.06.2025 |
        | 30 March 2025   | 31.03.2025 |
        | 26 October 2025 | 27.10.2025 |

    @FMT-03 @must
    Scenario: A card has no register, but a feed
      Given EW Seedorf takes IS-E feed
      And Anna's card is a source
      And the task takes Anna's card
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then EW Seedorf holds 1 value for Anna's card under "1-1:1.9.0"
      And that value is what the meter of "Dorfplatz" counted in the day

  Rule: MSCONS

    @FMT-04 @FMT-05 @FTP-04 @must
    Scenario Outline: A register as MSCONS <version>
      Given EW Seedorf takes registers as MSCONS <version>
      And the meter of "Dorfplatz" shows 1234.5 kWh in the morning
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then a file "MSCONS_VL_Tagesexport_20250603_20250603_20250603223000_1.txt" arrives at EW Seedorf
      And the file shows "RFF+Z13:13002'"
      And the file shows "DTM+9:<instant>:303'"
      And pydifact reads of it the register of "Dorfplatz" at 24:00, and counts its segments the same
      And EW Seedorf holds 1 value for "Dorfplatz" under "1-1:1.8.0"
      And that value is what the meter of "Dorfplatz" showed at 24:00

      Examples:
        | version | instant           |
        | 2.2e    | 202506040000?+02  |
        | 2.4a    | 202506032200?+00  |

    @FMT-04 @FMT-05 @must
    Scenario Outline: A load profile as MSCONS <version>, read by a parser that is not ours
      Given EW Seedorf takes MSCONS <version>
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then pydifact reads of it the 96 values that "Dorfplatz" counted, and counts its segments the same

      Examples:
        | version |
        | 2.2e    |
        | 2.4a    |

  Rule: CSV, its columns a list of OBIS codes

    @FMT-06 @FTP-04 @must
    Scenario: The six columns of the test file
      Given EW Seedorf takes CSV with the columns "1-0:1.8.0*255;1-0:1.8.1*255;1-0:1.8.2*255;1-0:2.8.0*255;1-0:2.8.1*255;1-0:2.8.2*255"
      And the meter "Keller" sends its registers
        | time  | 1-1:1.8.0 | 1-1:1.8.1 | 1-1:1.8.2 | 1-1:2.8.0 |
        | 14:00 | 100       | 60        | 40        | 7         |
        | 24:00 | 104.25    | 64        | 40.25     | 7.5       |
      And the task takes the meter "Keller"
      When the day is exported
      Then its first line is "Messpunkt;Zeitstempel;1-0:1.8.0*255;1-0:1.8.1*255;1-0:1.8.2*255;1-0:2.8.0*255;1-0:2.8.1*255;1-0:2.8.2*255"
      And its line for 00:00 has the form "CH98765012345ZZZZZZZZZZZZZZZ00001;04.06.2025 00:00:00;104.250;64.000;40.250;7.500;;"
      And when the day ends, EW Seedorf holds of "Keller"
        | OBIS          | value   | unit | status |
        | 1-0:1.8.0*255 | 104.250 | kWh  | W      |
        | 1-0:1.8.1*255 | 64.000  | kWh  | W      |
        | 1-0:1.8.2*255 | 40.250  | kWh  | W      |
        | 1-0:2.8.0*255 | 7.500   | kWh  | W      |

  Rule: Codes that a format does not list are refused

    @FMT-07 @must
    Scenario Outline: <code> in the format <kind> is refused
      Given EW Seedorf takes <kind>
      And the layout sets obis to <code>
      When the backend is given its settings
      Then the settings are refused, naming "<code>"

      Examples: a code of another table, or of none
        | kind                       | code           |
        | IS-E readings as CSV       | 1-0:1.8.0*255  |
        | IS-E readings as CSV       | 1-1:1.29.0*255 |
        | IS-E readings as XML       | 1-1:1.8.3      |
        | IS-E feed                  | 1-1:1.8.0      |
        | registers as MSCONS 2.2e   | 1-1:9.8.0      |
        | CSV                        | 1-1:1.8.0      |
        | CSV                        | 1-1:1.29.0*255 |

    @FMT-07 @must
    Scenario Outline: Every code of document 002's table for <format> is known with its meaning and unit
      When the codes of <format> are listed
      Then there are <count>, and "<code>" is "<meaning>" in <unit>

      Examples:
        | format | count | code           | meaning                             | unit  |
        | IS-E   | 14    | 1-1:2.8.1      | Active Energy Tariff 1 Export       | kWh   |
        | IS-E   | 14    | 8-1:1.0.0      | Cold water                          | m3    |
        | mscons | 10    | 1-1:8.29.0*255 | Reactive Energy Q4 (load profile)   | kvarh |
        | CSV    | 14    | 6-0:1.0.0*255  | Heat Energy                         | kWh   |

  Rule: Virtual tariffs

    Background:
      Given the folder "Haus A" holds "Keller"
      And "Haus A" has the virtual tariff 1 from 7:00 to 20:00, and 3 else, since 3 June 2025
      And the virtual tariffs of "Haus A" are what the task takes

    @AEX-21 @must
    Scenario Outline: Tariff n stands under <codes> in the format <kind>
      Given EW Seedorf takes <kind>
      And the meter "Keller" sends its registers
        | time  | 1-1:1.8.0 |
        | 0:00  | 100       |
        | 7:00  | 107       |
        | 20:00 | 127       |
        | 24:00 | 130       |
      When the day is exported
      Then when the day ends, EW Seedorf holds of "Keller"
        | OBIS      | value  | unit | status |
        | <first>   | 20.000 | kWh  | W      |
        | <second>  | 10.000 | kWh  | W      |

      Examples:
        | kind                 | codes       | first     | second    |
        | IS-E readings as CSV | 1-5:1.8.n   | 1-5:1.8.1 | 1-5:1.8.3 |
        | IS-E readings as XML | 1-5:1.8.n   | 1-5:1.8.1 | 1-5:1.8.3 |
        | IS-E feed            | 1-5:1.9.n   | 1-5:1.9.1 | 1-5:1.9.3 |

    @AEX-21 @must
    Scenario: The register of a virtual tariff goes on the next day, its feed begins anew
      Given EW Seedorf takes IS-E readings as CSV
      And the meter "Keller" sends its registers
        | time  | 1-1:1.8.0 |
        | 0:00  | 100       |
        | 7:00  | 107       |
        | 20:00 | 127       |
        | 24:00 | 130       |
      And the meter "Keller" sends its registers of the next day
        | time  | 1-1:1.8.0 |
        | 7:00  | 131       |
        | 20:00 | 141       |
        | 24:00 | 142       |
      When the next day is exported
      Then when the next day ends, EW Seedorf holds of "Keller"
        | OBIS      | value  | unit | status |
        | 1-5:1.8.1 | 30.000 | kWh  | W      |
        | 1-5:1.8.3 | 12.000 | kWh  | W      |

    @AEX-21 @must
    Scenario Outline: The format <kind> refuses virtual tariffs, with that reason
      Given EW Seedorf takes <kind>
      And the meter "Keller" is in service
      When the backend is given its settings
      Then the settings are refused, naming "virtual tariffs are exported in the format IS-E only"

      Examples:
        | kind                     |
        | the IS-E load profile    |
        | MSCONS 2.2e              |
        | registers as MSCONS 2.4a |
        | CSV                      |
