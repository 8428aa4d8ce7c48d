@gateway
Feature: SGW A smart gateway over Modbus TCP
  Masters read the gateway and the devices behind it over Modbus TCP, each device under its own
  address. Here a master is pyiskra, the public client of these devices, as it is published.

  Background:
    Given the day is 3 June 2025
    And the gateway "Keller" reads the meter "Haus" over IR
    And the backend reads "Keller" over Modbus TCP

  Rule: A request goes to whoever has its address

    @SGW-03 @must
    Scenario Outline: <who> answers under its own address
      Given the gateway "Keller" reads the meter "Werkstatt", a IE38MD, over RS485
      When a master asks "Keller" who is there at 9:00 under the address <address>
      Then a <model> answers

      Examples:
        | who                    | address | model  |
        | the gateway            | 34      | SG-E1  |
        | the meter at the IR    | 33      | WM3M4C |
        | the meter on the RS485 | 35      | IE38MD |

    @SGW-03 @must
    Scenario: Under an address that nobody has nobody answers
      When a master asks "Keller" who is there at 9:00 under the address 99
      Then nobody answers

    @SGW-03 @must
    Scenario: A meter that has gone does not answer, and the gateway does not answer for it
      Given "Haus" does not answer from 8:50 to 9:10
      When a master asks "Keller" who is there at 9:00 under the address 33
      Then nobody answers

  Rule: What is measured and what is counted agree, in every family of meters

    @SGW-08 @SGW-19 @must
    Scenario Outline: pyiskra reads what flows through a <model>, and what has flowed
      Given the gateway "Keller" reads the meter "Werkstatt", a <model>, over RS485
      And behind the meter "Werkstatt" flow
        | from | kW  |
        | 8:00 | 4.6 |
      When a master reads the meter "Werkstatt" at 9:30
      Then it reads a power of 4.6 kW at 230 V and 20 A
      And it reads an energy of 6.9 kWh

      Examples:
        | model  |
        | WM1-6  |
        | WM3M4C |
        | IE14MD |
        | IE38MD |
        | MC784  |
        | iMT550 |

    @SGW-08 @must
    Scenario: What a meter measures and counts in total is what its three phases have together
      Given the charger "Dorfplatz" is in service
      And the charger "Dorfplatz" is behind the meter "Haus"
      And Anna charges at "Dorfplatz" from 8:00 to 10:00
      When a master reads the meter "Haus" at 9:30
      Then it reads the power and the energy that "Dorfplatz" told the backend

  Rule: A switch is moved by whoever writes its register

    @SGW-13 @must
    Scenario: What a switch cuts off flows no longer, and is counted no longer
      Given behind the meter "Haus" flow
        | from | kW  |
        | 8:00 | 4.6 |
      And a switch at the right IR port of "Keller" is in front of "Haus"
      And a master switched it off at 8:30
      When a master reads the meter "Haus" at 9:30
      Then it reads a power of 0 kW at 230 V and 0 A
      And it reads an energy of 2.3 kWh

  Rule: Who is new on RS485 is found by a scan, if the lines are set alike

    @SGW-14 @must
    Scenario: A device that was found and added answers
      Given a new IE38MD was put on the RS485 line of "Keller"
      And all that "Keller" found on RS485 at 8:30 were added
      When a master asks "Keller" who is there at 9:00 under the address 35
      Then a IE38MD answers

    @SGW-14 @must
    Scenario Outline: A device whose <what> is another is not found
      Given the gateway "Keller" reads the meter "Werkstatt", a IE35MD, over RS485
      And a new IE38MD with <line> was put on the RS485 line of "Keller"
      And all that "Keller" found on RS485 at 8:30 were added
      When a master asks "Keller" who is there at 9:00 under the address 36
      Then nobody answers

      Examples:
        | what                | line           |
        | speed               | 9600 bit/s     |
        | parity              | an even parity |
        | number of stop bits | 2 stop bits    |
