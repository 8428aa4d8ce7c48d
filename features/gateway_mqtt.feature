@gateway
Feature: SGW A smart gateway over MQTT, and its push in XML
  A gateway has two links. Each goes to a broker, where it publishes and takes commands, or to a
  receiver of pushes in XML. Here a control room listens at the broker to everything.

  Background:
    Given the day is 3 June 2025
    And the gateway "Keller" stands alone, with the meter "Haus" on IR
    And behind the meter "Haus" flow 4.6 kW from 8:00 on

  Rule: Each device goes over its own links, at its own interval

    @SGW-07 @SGW-08 @must
    Scenario Outline: A meter is published <how>
      Given link 1 of "Keller" goes to the control room, <how>
      And "Haus" goes over link 1 every 240 minutes
      When the clock reaches 10:01
      Then the control room hears of "Haus"
        | at    | power    | counter |
        | 2:00  | 0.0 W    | 0 Wh    |
        | 6:00  | 0.0 W    | 0 Wh    |
        | 10:00 | 4600.0 W | 9200 Wh |

      Examples:
        | how                                       |
        | plainly                                   |
        | through TLS                               |
        | through TLS with a certificate of its own |

    @SGW-07 @SGW-08 @must
    Scenario: Two meters go over two links, one published and one pushed in XML
      Given "Keller" has the meter "Werkstatt", a IE38MD, on RS485
      And behind the meter "Werkstatt" flow 1 kW from 9:00 on
      And link 1 of "Keller" goes to the control room, plainly
      And link 2 of "Keller" goes to a receiver of pushes
      And "Haus" goes over link 1 every 240 minutes
      And "Werkstatt" goes over link 2 every 120 minutes
      When the clock reaches 10:01
      Then the control room hears of "Haus"
        | at    | power    | counter |
        | 2:00  | 0.0 W    | 0 Wh    |
        | 6:00  | 0.0 W    | 0 Wh    |
        | 10:00 | 4600.0 W | 9200 Wh |
      And the receiver of "Keller" took
        | at    | number | meter     | time  | counter |
        | 2:00  | 1      | Werkstatt | 2:00  | 0 Wh    |
        | 4:00  | 2      | Werkstatt | 4:00  | 0 Wh    |
        | 6:00  | 3      | Werkstatt | 6:00  | 0 Wh    |
        | 8:00  | 4      | Werkstatt | 8:00  | 0 Wh    |
        | 10:00 | 5      | Werkstatt | 10:00 | 1000 Wh |

    @SGW-07 @must
    Scenario: A meter that does not answer is not published, and its counter tells afterwards
      Given link 1 of "Keller" goes to the control room, plainly
      And "Haus" goes over link 1 every 60 minutes
      And "Haus" does not answer from 0:30 to 8:30
      When the clock reaches 9:01
      Then the control room hears of "Haus"
        | at   | power    | counter |
        | 9:00 | 4600.0 W | 4600 Wh |

  Rule: A push that is not acknowledged comes again, and none is lost

    @SGW-07 @must
    Scenario: Lost acknowledgements bring the same message again, before any later one
      Given link 1 of "Keller" goes to a receiver of pushes
      And "Haus" goes over link 1 every 240 minutes
      And the receiver loses 2 acknowledgements at 9:00
      When the clock reaches 14:01
      Then the receiver of "Keller" took
        | at             | number | meter | time  | counter  |
        | 2:00           | 1      | Haus  | 2:00  | 0 Wh     |
        | 6:00           | 2      | Haus  | 6:00  | 0 Wh     |
        | 10:00          | 3      | Haus  | 10:00 | 9200 Wh  |
        | 10:00 and 10 s | 3      | Haus  | 10:00 | 9200 Wh  |
        | 10:00 and 30 s | 3      | Haus  | 10:00 | 9200 Wh  |
        | 14:00          | 4      | Haus  | 14:00 | 27600 Wh |

    @SGW-07 @must
    Scenario: What could not be pushed goes once the network is back
      Given link 1 of "Keller" goes to a receiver of pushes
      And "Haus" goes over link 1 every 120 minutes
      And "Keller" has no network from 1:00 to 9:30
      When the clock reaches 10:01
      Then the receiver of "Keller" took
        | at    | number | meter | time  | counter |
        | 9:30  | 1      | Haus  | 2:00  | 0 Wh    |
        | 9:30  | 2      | Haus  | 4:00  | 0 Wh    |
        | 9:30  | 3      | Haus  | 6:00  | 0 Wh    |
        | 9:30  | 4      | Haus  | 8:00  | 0 Wh    |
        | 10:00 | 5      | Haus  | 10:00 | 9200 Wh |

  Rule: Commands are answered under the publish topic

    @SGW-06 @must
    Scenario: The gateway says hello
      Given link 1 of "Keller" goes to the control room, plainly
      When the control room says to "Keller" at 9:00
        """
        {"data": {"cmd": "hello"}}
        """
      Then the control room hears under "status" of "Keller"
        """
        {"hello": "hello world", "serial number": "IS000001", "model_type": "SG-E1"}
        """

    @SGW-06 @must
    Scenario: The gateway tells its settings, but no password
      Given link 1 of "Keller" goes to the control room, plainly
      When the control room says to "Keller" at 9:00
        """
        {"data": {"cmd": "get_settings"}}
        """
      Then the control room hears under "status" of "Keller"
        """
        {"settings": {"modbus_address": 34, "authentication": {"username": "admin", "password": "********"}}}
        """

    @SGW-06 @must
    Scenario: The devices on RS485 are detected, by the command as the manual prints it
      Given "Keller" has the meter "Werkstatt", a IE38MD, on RS485
      And link 1 of "Keller" goes to the control room, plainly
      When the control room says to "Keller" at 9:00
        """
        {
          "data": {
            "cmd": "detect_485_devices",
            }
        }
        """
      Then the control room hears under "status" of "Keller"
        """
        {"devices": [{"model": "IE38MD", "address": 35}]}
        """

    @SGW-06 @must
    Scenario Outline: A meter is read by its <what>
      Given "Keller" has the meter "Werkstatt", a IE38MD, on RS485
      And link 1 of "Keller" goes to the control room, plainly
      When the control room says to "Keller" at 9:00
        """
        {"data": {"cmd": "<command>", <argument>}}
        """
      Then the control room hears under "<command>/<place>" of "Keller"
        """
        <answer>
        """

      Examples:
        | what                 | command      | argument    | place   | answer                                                                    |
        | port                 | measurements | "addr": 0   | ir      | {"measurements": {"Total": {"P": "4600.0 W"}}}                            |
        | address on IR        | counters     | "addr": 33  | ir      | {"counters": {"non_resettable": [{"name": "Counter 1", "value": 4600}]}}  |
        | address on RS485     | measurements | "addr": 35  | rs485/1 | {"measurements": {"Total": {"P": "0.0 W"}}}                               |
        | index                | counters     | "index": 1  | rs485/1 | {"counters": {"non_resettable": [{"name": "Counter 1", "value": 0}]}}     |

    @SGW-06 @SGW-13 @must
    Scenario: A switch is moved, and tells where it stands
      Given link 1 of "Keller" goes to the control room, plainly
      When the control room says to "Keller" at 9:00
        """
        {"data": {"cmd": "bicom", "addr": 0, "val": "on"}}
        """
      Then the control room hears under "bicom/ir" of "Keller"
        """
        {"bicom": {"state": "on"}}
        """
      And the switch at the right IR port of "Keller" is on

    @SGW-06 @must
    Scenario Outline: Registers are reached by <command>, by <what>
      Given "Keller" has the meter "Werkstatt", a IE38MD, on RS485
      And link 1 of "Keller" goes to the control room, plainly
      When the control room says to "Keller" at 9:00
        """
        {"data": {"cmd": "<command>", <target>, <arguments>}}
        """
      Then the control room hears under "modbus" of "Keller"
        """
        {"cmd": "<command>", "modbus address": 35, "register": <register>, "values": ["<value>"]}
        """

      Examples:
        | command             | what          | target                      | arguments                        | register | value  |
        | modbus_read         | address       | "modbus_address": 35        | "reg": 30001, "no_regs": 1       | 30001    | 0x4945 |
        | modbus_read         | serial number | "serial_number": "I0000003" | "reg": 30001, "no_regs": 1       | 30001    | 0x4945 |
        | modbus_write_single | address       | "modbus_address": 35        | "reg": 40101, "value": 16706     | 40101    | 0x4142 |
        | modbus_write_multi  | serial number | "serial_number": "I0000003" | "reg": 40101, "values": [65, 66] | 40101    | 0x4142 |

    @SGW-06 @must
    Scenario Outline: What cannot be done is told in plain text: <why>
      Given link 1 of "Keller" goes to the control room, plainly
      And "Haus" does not answer from 8:30 to 9:30
      When the control room says to "Keller" at 9:00
        """
        <command>
        """
      Then the control room hears under "error" of "Keller"
        """
        <error>
        """

      Examples:
        | why            | command                                                                      | error                                                                           |
        | an absent one  | {"data": {"cmd": "measurements", "addr": 0}}                                 | Error: Left IR Energy meter not responding                                      |
        | nobody there   | {"data": {"cmd": "modbus_read", "modbus_address": 99, "reg": 40001, "no_regs": 1}} | Error: Modbus device 99 not responding                                    |
        | an odd number  | {"data": {"cmd": "modbus_write_multi", "modbus_address": 33, "reg": 40101, "values": [65]}} | Error: values [65]: give bytes, an even number of them, 2 to 246 |
        | another value  | {"data": {"cmd": "bicom", "addr": 0, "val": "toggle"}}                       | Error: val 'toggle': give on, off or state                                      |

    @SGW-06 @must
    Scenario: After a reboot the gateway says hello again, and goes on
      Given link 1 of "Keller" goes to the control room, plainly
      And "Haus" goes over link 1 every 240 minutes
      When the control room says to "Keller" at 6:01
        """
        {"data": {"cmd": "reboot"}}
        """
      Then the control room hears nothing under "error" of "Keller"
      And the control room hears of "Haus"
        | at   | power | counter |
        | 2:00 | 0.0 W | 0 Wh    |
        | 6:00 | 0.0 W | 0 Wh    |
