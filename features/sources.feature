@sources
Feature: SRC Sources of energies
  A task sends the energies of stations, of groups of them, of meters, of folders of meters, and of
  RFID cards. A charger and the meter in front of it may feed one metering point.

  Background:
    Given the day is 3 June 2025
    And the charger "Dorfplatz" is in service
    And the charger "Bahnhof" is in service

  Rule: A task says how often data is sent

    @ISE-09 @must
    Scenario: A daily task sends each day once
      When the clock reaches 3:00 on 5 June 2025
      Then 2 files arrive at EW Seedorf

    @ISE-09 @must
    Scenario: A task that only a person starts sends nothing by itself
      Given the task sends only when it is asked
      When the clock reaches 3:00 on 5 June 2025
      Then 0 files arrive at EW Seedorf

  Rule: A task says from which source

    @ISE-09 @must
    Scenario: A station
      Given the task takes the station "Bahnhof"
      And Anna charges at "Bahnhof" from 14:00 to 15:00
      When the day is exported
      Then the newest file tells of "Bahnhof" and of nothing else
      And each interval of "Bahnhof" holds what its meter counted in it

    @ISE-09 @must
    Scenario: A station group
      Given the station group "Tiefgarage" holds "Bahnhof"
      And the task takes the station group "Tiefgarage"
      And Anna charges at "Bahnhof" from 14:00 to 15:00
      When the day is exported
      Then the newest file tells of "Bahnhof" and of nothing else
      And each interval of "Bahnhof" holds what its meter counted in it

    @ISE-09 @must
    Scenario: A station that is added to the group is in the next file
      Given the station group "Tiefgarage" holds "Bahnhof"
      And the task takes the station group "Tiefgarage"
      And the day was exported
      And "Dorfplatz" was added to the station group "Tiefgarage"
      When the next day is exported
      Then the newest file tells of "Bahnhof", of "Dorfplatz" and of nothing else

    @ISE-09 @must
    Scenario: A station that is named and in a group as well stands in the file once
      Given the station group "Tiefgarage" holds "Bahnhof"
      And the task takes the station group "Tiefgarage"
      And the task takes the station "Bahnhof"
      When the day is exported
      Then the newest file tells of "Bahnhof" and of nothing else
      And EW Seedorf holds 96 values for "Bahnhof"

    @ISE-09 @must
    Scenario: A meter, of which nothing is known but what it sends
      Given the meter "Keller" sends its register
        | time  | kWh    |
        | 14:00 | 100    |
        | 14:15 | 102.25 |
        | 15:15 | 104.25 |
      And the task takes the meter "Keller"
      When the day is exported
      Then the newest file tells of "Keller" and of nothing else
      And EW Seedorf holds for "Keller"
        | until | kWh   | status |
        | 14:00 |       | F      |
        | 14:15 | 2.250 | W      |
        | 14:30 | 0.500 | E      |
        | 15:15 | 0.500 | E      |
        | 15:30 |       | F      |

    @ISE-09 @must
    Scenario: A folder of meters
      Given the meter "Keller" sends its register
        | time | kWh |
        | 8:00 | 1   |
        | 8:15 | 2   |
      And the meter "Dach" sends its register
        | time | kWh |
        | 8:00 | 5   |
        | 8:15 | 5.5 |
      And the folder "Haus A" holds "Keller" and "Dach"
      And the task takes the folder "Haus A"
      When the day is exported
      Then the newest file tells of "Keller", of "Dach" and of nothing else
      And EW Seedorf holds for "Keller"
        | until | kWh   | status |
        | 8:15  | 1.000 | W      |
      And EW Seedorf holds for "Dach"
        | until | kWh   | status |
        | 8:15  | 0.500 | W      |

    @ISE-09 @must
    Scenario: A register that a meter sends again changes nothing
      Given the meter "Keller" sends its register
        | time | kWh |
        | 8:00 | 1   |
        | 8:15 | 2   |
      And the meter "Keller" sends all of it again at 9:00
      And the task takes the meter "Keller"
      When the day is exported
      Then "Keller" was told that 2 of its registers were new
      And EW Seedorf holds for "Keller"
        | until | kWh   | status |
        | 8:15  | 1.000 | W      |

    @ISE-09 @must
    Scenario: Stations, meters and cards in one file
      Given the meter "Keller" sends its register
        | time | kWh |
        | 8:00 | 1   |
      And Anna's card is a source
      And the task takes the meter "Keller"
      And the task takes the station "Dorfplatz"
      And the task takes Anna's card
      When the day is exported
      Then the newest file tells of "Keller", of "Dorfplatz", of "Anna's card" and of nothing else

    @ISE-09 @must
    Scenario Outline: A source that is not there is refused: <kind>
      When the task is to take the <kind> "Nirgendwo"
      Then the settings are refused, naming "<key>"

      Examples:
        | kind          | key      |
        | station       | stations |
        | station group | groups   |
        | meter         | meters   |
        | folder        | folders  |
        | card          | cards    |

    @ISE-09 @must
    Scenario: Two sources of one task that would be one metering point are refused
      Given the meter "Keller" is in service
      And the task takes the station "Dorfplatz"
      And the task takes the meter "Keller"
      When "Keller" has the metering code of "Dorfplatz"
      Then the settings are refused, naming "is fed by station 'Dorfplatz' and by meter 'Keller'"

  Rule: An RFID card can be a source: its consumption over all chargers

    @ISE-21 @must
    Scenario: A card has what its sessions took, wherever they were
      Given Anna's card is a source
      And the task takes Anna's card
      And Anna charges at "Dorfplatz" from 7:07 to 8:19
      And Beat charges at "Dorfplatz" from 9:11 to 10:02
      And Anna charges at "Bahnhof" from 17:41 to 18:03
      When the day is exported
      Then the newest file tells of "Anna's card" and of nothing else
      And each interval of "Anna's card" holds what was counted in its sessions
      And EW Seedorf holds for "Anna's card"
        | until | kWh   | status |
        | 7:00  | 0.000 | W      |
        | 7:30  | 5.500 | W      |
        | 10:00 | 0.000 | W      |
        | 24:00 | 0.000 | W      |

    @ISE-21 @must
    Scenario: A card is named by its RFID number
      Given Anna's card has the UID 77:FD:2A:FA
      And Anna's card is a source
      And the task takes Anna's card
      When the day is exported
      Then every row of "Anna's card" begins with FA2AFD77
      And every value of "Anna's card" is 0.000 kWh with status W

    @ISE-21 @must
    Scenario: A card is named otherwise where a name is set
      Given Anna's card is a source by the name "Flotte-7"
      And the task takes Anna's card
      And Anna charges at "Bahnhof" from 14:00 to 15:00
      When the day is exported
      Then every row of "Anna's card" begins with Flotte-7
      And each interval of "Anna's card" holds what was counted in its sessions

    @ISE-21 @must
    Scenario: A card is one card, in whatever order a charger sends its number
      Given the charger "Werkhof" is in service and reads cards big-endian
      And Anna's card has the UID 77:FD:2A:FA
      And Anna's card is a source
      And the task takes Anna's card
      And Anna charges at "Werkhof" from 14:00 to 15:00
      And Anna charges at "Bahnhof" from 16:00 to 17:00
      When the day is exported
      Then each interval of "Anna's card" holds what was counted in its sessions

    @ISE-21 @must
    Scenario: Cards that share a quarter hour have together what the charger has
      Given Anna's card is a source
      And Beat's card is a source
      And the task takes the station "Dorfplatz"
      And the task takes Anna's card
      And the task takes Beat's card
      And Anna charges at "Dorfplatz" from 14:01 to 14:08
      And Beat charges at "Dorfplatz" from 14:09 to 14:38
      When the day is exported
      Then each interval of "Anna's card" holds what was counted in its sessions
      And each interval of "Beat's card" holds what was counted in its sessions
      And "Anna's card" and "Beat's card" hold together what "Dorfplatz" holds

    @ISE-21 @must
    Scenario: What a session takes is missing until its charger tells of it
      Given Anna's card is a source
      And the task takes Anna's card
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      And the line of "Dorfplatz" is cut from 14:20 on
      When the day is exported
      Then EW Seedorf holds for "Anna's card"
        | until | kWh   | status |
        | 14:00 | 0.000 | W      |
        | 14:45 |       | F      |

    @ISE-21 @must
    Scenario: A charger that is offline says nothing against a card that is in no session
      Given Anna's card is a source
      And the task takes Anna's card
      And the line of "Dorfplatz" is cut from 9:00 on
      When the day is exported
      Then every value of "Anna's card" is 0.000 kWh with status W

  Rule: A charger and the meter in front of it can feed one metering point

    @COL-07 @must
    Scenario: The charger counts where nothing else is set
      Given the meter "Keller" stands in front of "Dorfplatz" and counts 10 % more
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then each interval of "Dorfplatz" holds what its meter counted in it

    @COL-07 @must
    Scenario: The meter counts where that is set
      Given the meter "Keller" stands in front of "Dorfplatz" and counts 10 % more
      And the meter in front of "Dorfplatz" is the one that counts
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then each interval of "Dorfplatz" holds what "Keller" counted in it

    @COL-07 @must
    Scenario Outline: A difference beyond the limits raises a warning: <percent> % <way>
      Given the meter "Keller" stands in front of "Dorfplatz" and counts <percent> % <way>
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then the backend warns of "Dorfplatz" once, with the sums that both have counted
      And the page of "Dorfplatz" shows that warning

      Examples:
        | percent | way  |
        | 10      | more |
        | 10      | less |

    @COL-07 @must
    Scenario: What the line and the meters lose raises no warning
      Given the meter "Keller" stands in front of "Dorfplatz" and counts 1 % more
      And Anna charges at "Dorfplatz" from 14:00 to 15:00
      When the day is exported
      Then the backend warns of nothing

    @COL-07 @must
    Scenario: A great share of nearly nothing raises no warning
      Given the meter "Keller" stands in front of "Dorfplatz" and counts 10 % more
      And Anna charges at "Dorfplatz" from 14:00 to 14:04
      When the day is exported
      Then the backend warns of nothing

    @COL-07 @must
    Scenario: What only one of them has told is not compared
      Given the meter "Keller" stands in front of "Dorfplatz" and counts 10 % more
      And the meter "Keller" sends nothing after 14:31
      And Anna charges at "Dorfplatz" from 14:00 to 16:00
      When the day is exported
      Then the backend warns of "Dorfplatz" once, with the sums that both have counted
