@gateway
Feature: SGW What a smart gateway does by itself: automations and tariffs
  Conditions are looked at each second; what follows is done when their outcome changes. The two
  automations are the worked examples of the manual, §4.5.6.

  Background:
    Given the day is 3 June 2025
    And the gateway "Keller" stands alone, with the meter "Haus" on IR

  Rule: A condition with a hysteresis turns at the far end of its band

    @SGW-11 @must
    Scenario Outline: At <time> the consumption is <power> kW and ECO mode is <mode>
      Given "Keller" has the meter "HVAC", a IE38MD, on RS485
      And link 1 of "Keller" goes to the control room, plainly
      And behind the meter "Haus" flow
        | from  | kW   |
        | 0:00  | 9.9  |
        | 0:10  | 10.5 |
        | 0:20  | 10.6 |
        | 0:30  | 9.6  |
        | 0:40  | 9.5  |
      And the gateway "Keller" has this automation
        """
        {"description": "HVAC", "enabled": true, "mode": "on_change",
         "condition": {"equation": [{"sign": "+", "input": {"property": "meter", "interface": "left_ir",
           "address": 33, "quantity": "active_power", "phase": "total"}}],
           "operator": ">", "value": 10000, "hysteresis": 500},
         "on_true": [
           {"device": "modbus", "address": 35, "function": 6, "register": 101, "type": "int16", "value": 20302},
           {"device": "bicom", "interface": "right_ir", "function": "off"},
           {"device": "mqtt", "link": 1, "subtopic": "eco", "message": "ECO mode turned on"}],
         "on_false": [
           {"device": "modbus", "address": 35, "function": 6, "register": 101, "type": "int16", "value": 20294},
           {"device": "bicom", "interface": "right_ir", "function": "on"},
           {"device": "mqtt", "link": 1, "subtopic": "eco", "message": "ECO mode turned off"}]}
        """
      When the clock reaches <time>
      Then the switch at the right IR port of "Keller" is <switch>
      And register 101 of "HVAC" holds <register>
      And the control room hears under "eco" of "Keller"
        """
        ECO mode turned <mode>
        """

      Examples:
        | time | power | switch | register | mode |
        | 0:05 | 9.9   | on     | 20294    | off  |
        | 0:15 | 10.5  | on     | 20294    | off  |
        | 0:25 | 10.6  | off    | 20302    | on   |
        | 0:35 | 9.6   | off    | 20302    | on   |
        | 0:45 | 9.5   | on     | 20294    | off  |

    @SGW-11 @must
    Scenario: A meter that does not answer leaves everything as it is
      Given behind the meter "Haus" flow
        | from | kW |
        | 0:00 | 11 |
        | 0:20 | 0  |
      And "Haus" does not answer from 0:10 to 0:40
      And the gateway "Keller" has this automation
        """
        {"enabled": true, "mode": "continuous",
         "condition": {"equation": [{"sign": "+", "input": {"property": "meter", "interface": "left_ir",
           "address": 33, "quantity": "active_power", "phase": "total"}}],
           "operator": ">", "value": 10000, "hysteresis": 500},
         "on_true": [{"device": "bicom", "interface": "right_ir", "function": "on"}],
         "on_false": [{"device": "bicom", "interface": "right_ir", "function": "off"}]}
        """
      When the clock reaches 0:39
      Then the switch at the right IR port of "Keller" is on

  Rule: Gates join conditions

    @SGW-11 @must
    Scenario Outline: The heater is <state> at <time>
      Given behind the meter "Haus" flow
        | from  | kW  |
        | 0:00  | 4.9 |
        | 12:00 | 5.1 |
        | 13:00 | 4.9 |
      And the gateway "Keller" has this automation
        """
        {"description": "Heater", "enabled": true, "mode": "on_change",
         "condition": {"gate": "and", "of": [
           {"equation": [{"sign": "+", "input": {"property": "time", "part": "hour"}}],
            "operator": ">", "value": 6},
           {"equation": [{"sign": "+", "input": {"property": "time", "part": "hour"}}],
            "operator": "<", "value": 16},
           {"equation": [{"sign": "+", "input": {"property": "meter", "interface": "left_ir",
             "address": 33, "quantity": "active_power", "phase": "total"}}],
            "operator": "<", "value": 5000}]},
         "on_true": [{"device": "bicom", "interface": "right_ir", "function": "on"}],
         "on_false": [{"device": "bicom", "interface": "right_ir", "function": "off"}]}
        """
      When the clock reaches <time>
      Then the switch at the right IR port of "Keller" is <state>

      Examples: hour greater than 6 and less than 16
        | time  | state |
        | 6:59  | off   |
        | 7:01  | on    |
        | 15:59 | on    |
        | 16:01 | off   |

      Examples: less than 5 kW
        | time  | state |
        | 12:01 | off   |
        | 13:01 | on    |

  Rule: The active tariff decides which counters count

    @SGW-12 @must
    Scenario Outline: On <what> the energies fall into their tariffs
      Given "Keller" has the meter "Werkstatt", a IE38MD, on RS485
      And behind the meter "Werkstatt" flow 1 kW from 0:00 on
      And the gateway "Keller" has these tariffs
        """
        {"tariffs": [{"name": "Visoka", "price": 0.23}, {"name": "Nizka", "price": 0.16}],
         "seasons": [
           {"name": "Work Days", "start": "2024-01-01", "workday": true,
            "schedule": [{"hour": 0, "tariff": 2}, {"hour": 6, "tariff": 1}, {"hour": 22, "tariff": 2}]},
           {"name": "Holidays/Weekends", "start": "2024-01-01", "weekend": true, "holiday": true,
            "schedule": [{"hour": 0, "tariff": 2}]}],
         "holidays": [
           {"name": "Pfingsten", "type": "once", "date": "<holiday>", "duration_days": 2}]}
        """
      When the clock reaches 23:00
      Then "Werkstatt" has counted <high> Wh in tariff 1
      And "Werkstatt" has counted <low> Wh in tariff 2
      And "Keller" is in tariff 2

      Examples:
        | what      | holiday    | high  | low   |
        | a workday | 2025-06-08 | 16000 | 7000  |
        | a holiday | 2025-06-02 | 0     | 23000 |

    @SGW-12 @SGW-11 @must
    Scenario: An automation follows the tariff
      Given the gateway "Keller" has these tariffs
        """
        {"tariffs": [{"name": "Visoka"}, {"name": "Nizka"}],
         "seasons": [{"start": "2024-01-01", "workday": true,
           "schedule": [{"hour": 0, "tariff": 1}, {"hour": 22, "tariff": 2}]}]}
        """
      And the gateway "Keller" has this automation
        """
        {"description": "Boiler in the low tariff", "enabled": true, "mode": "on_change",
         "condition": {"equation": [{"sign": "+", "input": {"property": "tariff"}}],
           "operator": "==", "value": 2},
         "on_true": [{"device": "bicom", "interface": "right_ir", "function": "on"}]}
        """
      When the clock reaches 22:01
      Then the switch at the right IR port of "Keller" is on
