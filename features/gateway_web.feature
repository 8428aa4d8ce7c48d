@gateway
Feature: SGW A smart gateway over REST, on the network, and at its front
  Programs and people ask the gateway over HTTP, find it on the network, and touch its button. Where
  a program reads, it is pyiskra, the public client of these devices, as it is published.

  Background:
    Given the day is 3 June 2025
    And the gateway "Keller" reads the meter "Haus" over IR
    And the backend reads "Keller" over Modbus TCP

  Rule: The gateway tells what it is

    @SGW-01 @must
    Scenario Outline: A <model> has its status page
      Given the gateway "Keller" is a <model> with software 2.08
      And "Keller" is set up with
        | setting                    | value        |
        | description                | Heizraum     |
        | connectivity mode          | wifi         |
        | connectivity wifi_ssid     | Werkhof      |
        | connectivity wifi_password | werkhof-2026 |
      When somebody asks "Keller" for the status at 9:00
      Then the answer says
        | what                   | value               |
        | device model_type      | <model>             |
        | device serial_number   | IS000001            |
        | device description     | Heizraum            |
        | device sw_ver          | 2.08                |
        | device hw_ver          | D                   |
        | status connection_mode | WiFi                |
        | status wifi_signal     | -58 dBm             |
        | status link_1_status   | Disabled            |
        | status error_flags     | 0x00000000          |
        | other active_tariff    | 1                   |
        | other local_time       | 03.06.2025 09:00:00 |

      Examples:
        | model  |
        | SG-E1  |
        | SG-W1  |
        | SG-W1A |

    @SGW-02 @must
    Scenario: All places for external devices are listed
      Given a switch at the right IR port of "Keller" is in front of "Haus"
      And "Keller" is set up with
        | setting      | value |
        | rs485 1 kind | meter |
      When somebody asks "Keller" for the devices at 9:00
      Then the answer says
        | what                 | value        |
        | devices 1 interface  | Left IR      |
        | devices 1 model      | WM3M4C       |
        | devices 1 address    | 33           |
        | devices 2 interface  | Right IR     |
        | devices 2 model      | IR Bicom     |
        | devices 3 interface  | RS485 1      |
        | devices 3 model      | Not Detected |
        | devices 18 interface | RS485 16     |
        | devices 18 model     | Disabled     |

    @SGW-20 @must
    Scenario: Pulses and the temperature are shown where they are enabled
      Given behind the meter "Haus" flow
        | from | kW |
        | 8:00 | 3  |
      And what flows behind the meter "Haus" is counted by pulses, too
      And the sensor of "Keller" is at 21.5 °C
      And "Keller" is set up with
        | setting                    | value |
        | features pulse_counter     | on    |
        | features temperature_input | on    |
      When somebody asks "Keller" for the status at 9:30
      Then the answer says
        | what                | value     |
        | other pulse_counter | 4.500 kWh |
        | other temperature   | 21.5 °C   |

    @SGW-20 @must
    Scenario: An input that is not enabled is not looked at
      Given behind the meter "Haus" flow
        | from | kW |
        | 8:00 | 3  |
      And what flows behind the meter "Haus" is counted by pulses, too
      And the sensor of "Keller" is at 21.5 °C
      When somebody asks "Keller" for the status at 9:30
      Then the answer says
        | what                | value |
        | other pulse_counter | N/A   |
        | other temperature   | N/A   |

    @SGW-18 @must
    Scenario: The page has the manual's sections
      When somebody asks "Keller" for its page at 9:00
      Then its page has the sections
        | SG Status        |
        | SG Settings      |
        | Measurements     |
        | Energy Counters  |
        | Load Profile     |
        | Recorder Graph   |
        | External Devices |
        | Bicom Control    |
        | File Manager     |
        | SG Upgrade       |

  Rule: Programs read it over REST

    @SGW-04 @must
    Scenario: Everything comes as the API describes it
      Given "Keller" is set up with
        | setting             | value |
        | recorders 1 enabled | on    |
      When somebody asks "Keller" at 9:00 for
        | thing                            |
        | the status                       |
        | its settings                     |
        | the Wi-Fi networks               |
        | the devices                      |
        | the measurements                 |
        | the measurement                  |
        | the counters                     |
        | the counter                      |
        | the switches                     |
        | a scan of RS485                  |
        | the recorders                    |
        | the recorder                     |
        | the load profile                 |
        | the load profile without a slash |
        | a blink of its LED               |
        | the automations                  |
        | the files                        |
      Then each answer is as the API describes it

    @SGW-08 @SGW-19 @must
    Scenario Outline: pyiskra reads over REST what flows through a <model>, and what has flowed
      Given the gateway "Keller" reads the meter "Werkstatt", a <model>, over RS485
      And behind the meter "Werkstatt" flow
        | from | kW  |
        | 8:00 | 4.6 |
      When pyiskra reads the meter "Werkstatt" over REST at 9:30
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

    @SGW-13 @must
    Scenario: What is switched off over REST flows no longer
      Given behind the meter "Haus" flow
        | from | kW |
        | 8:00 | 3  |
      And a switch at the right IR port of "Keller" is in front of "Haus"
      And the switch of "Keller" was switched off over REST at 9:00
      When pyiskra reads the meter "Haus" over REST at 9:30
      Then it reads a power of 0 kW at 230 V and 0 A
      And it reads an energy of 3 kWh

    @SGW-14 @must
    Scenario: What is found on RS485 is added with one touch
      Given a new IE38MD was put on the RS485 line of "Keller"
      And all that "Keller" finds was added over REST at 8:00
      When somebody asks "Keller" for the devices at 9:00
      Then the answer says
        | what              | value  |
        | devices 3 model   | IE38MD |
        | devices 3 address | 35     |

    @SGW-10 @must
    Scenario: A recorder is exported as CSV
      Given behind the meter "Haus" flow
        | from | kW |
        | 8:00 | 3  |
      And "Keller" is set up with
        | setting             | value |
        | recorders 1 enabled | on    |
      When somebody asks "Keller" for the recorder as CSV at 7:00 on 5 June 2025
      Then the answer has the lines
        | begin,counter [Wh],consumption [Wh],complete |
        | 2025-06-04,48000,48000,yes                   |
        | 2025-06-05,96000,,no                         |

  Rule: Its lock lets in who has the password

    @SGW-05 @must
    Scenario Outline: With the lock on <thing> is for those who have logged in
      Given "Keller" is set up with
        | setting                | value |
        | authentication enabled | on    |
      When somebody asks "Keller" for <thing> at 9:00
      Then it is refused with 403: log in first: POST /api/auth, or the cookie Authorization

      Examples:
        | thing            |
        | the status       |
        | its settings     |
        | the measurements |

    @SGW-05 @must
    Scenario: Whoever has the factory's password is let in
      Given "Keller" is set up with
        | setting                | value |
        | authentication enabled | on    |
      When admin logs in at "Keller" with iskra for its settings at 9:00
      Then the answer says
        | what                             | value    |
        | settings authentication username | admin    |
        | settings authentication password | ******** |

  Rule: It is found on the network while its settings want it

    @SGW-17 @must
    Scenario: The scan of the public client finds it
      When somebody looks for "Keller" on the network at 9:00
      Then it is found with
        | what           | value    |
        | model          | SG-E1    |
        | serial         | IS000001 |
        | modbus_address | 34       |
        | sw_ver         | 2.09     |
        | hw_ver         | D        |

    @SGW-17 @must
    Scenario: With the discovery off it is silent
      Given the settings of "Keller" were changed at 8:00
        | setting                | value |
        | features udp_discovery | off   |
      When somebody looks for "Keller" on the network at 9:00
      Then it is not found

  Rule: Its clock is set by NTP, or stays as wrong as it is

    @SGW-21 @must
    Scenario Outline: With NTP <ntp> a clock that is 90 s ahead shows <local time>
      Given the clock of "Keller" is 90 s ahead
      And "Keller" is set up with
        | setting   | value         |
        | time ntp  | <ntp>         |
        | time zone | Europe/London |
      When somebody asks "Keller" for the status at 9:00
      Then the answer says
        | what             | value        |
        | other local_time | <local time> |

      Examples:
        | ntp | local time          |
        | on  | 03.06.2025 08:00:00 |
        | off | 03.06.2025 08:01:30 |

  Rule: Its firmware is upgraded

    @SGW-15 @must
    Scenario: An upgrade that is left alone for a minute stays
      Given the upgrade "https://ota.example/sg-2.10.bin" of "Keller" was started at 8:50
      When somebody asks "Keller" for the status at 9:00
      Then the answer says
        | what                  | value |
        | device sw_ver         | 2.10  |
        | status upgrade_status | OK    |

    @SGW-15 @must
    Scenario: Settings that are touched within the minute bring the old firmware back
      Given the upgrade "https://ota.example/sg-2.10.bin" of "Keller" was started at 8:50
      And the settings of "Keller" were changed at 8:51
        | setting  | value |
        | location | Kranj |
      When somebody asks "Keller" for the status at 9:00
      Then the answer says
        | what                  | value    |
        | device sw_ver         | 2.09     |
        | device location       | Kranj    |
        | status upgrade_status | Reverted |

    @SGW-15 @must
    Scenario: Version 2.01 asks for the server's certificate
      Given the gateway "Keller" is a SG-E1 with software 2.01
      When somebody sends "Keller" at 9:00 to /api/upgrade
        """
        {"url": "https://ota.example/sg-2.10.bin"}
        """
      Then it is refused with 409: the gateway: cannot upgrade: version 2.01 needs the server's certificate; add its .pem file first

    @SGW-15 @must
    Scenario: With the certificate among its files version 2.01 is upgraded
      Given the gateway "Keller" is a SG-E1 with software 2.01
      And the file "ota.pem" was put on "Keller" at 8:40
      And the upgrade "https://ota.example/sg-2.10.bin" of "Keller" was started at 8:50
      When somebody asks "Keller" for the status at 9:00
      Then the answer says
        | what          | value |
        | device sw_ver | 2.10  |

    @SGW-15 @must
    Scenario: Files are listed
      Given the file "ota.pem" was put on "Keller" at 8:40
      When somebody asks "Keller" for the files at 9:00
      Then the answer says
        | what         | value   |
        | files 1 name | ota.pem |
        | files 1 type | file    |
        | files 1 size | 59      |

  Rule: Its function button has a menu

    @SGW-16 @must
    Scenario: A long press opens the menu, and a minute later it is left
      When a person presses the button of "Keller" at 9:00
        | seconds |
        | 10      |
      Then the LED shows
        | colour | rhythm |
        | green  | slow   |
        | green  | steady |
        | orange | steady |
        | red    | steady |
        | orange | steady |
        | green  | steady |
        | green  | fast   |
        | green  | slow   |

    @SGW-16 @must
    Scenario: Reboot is executed by another long press
      When a person presses the button of "Keller" at 9:00
        | seconds |
        | 10      |
        | 10      |
      Then the LED shows
        | colour | rhythm |
        | green  | slow   |
        | green  | steady |
        | orange | steady |
        | red    | steady |
        | orange | steady |
        | green  | steady |
        | green  | fast   |
        | green  | steady |
        | orange | steady |
        | red    | steady |
        | off    |        |
        | green  | fast   |
        | green  | slow   |

    @SGW-16 @must
    Scenario: Short presses go on to provisioning, which shows in orange
      When a person presses the button of "Keller" at 9:00
        | seconds |
        | 10      |
        | 2       |
        | 10      |
      Then the LED shows
        | colour | rhythm |
        | green  | slow   |
        | green  | steady |
        | orange | steady |
        | red    | steady |
        | orange | steady |
        | green  | steady |
        | green  | fast   |
        | orange | fast   |
        | green  | steady |
        | orange | steady |
        | red    | steady |
        | orange | slow   |

    @SGW-16 @must
    Scenario: A factory reset restores what the manual says
      Given "Keller" is set up with
        | setting                 | value    |
        | description             | Heizraum |
        | authentication password | geheim   |
        | features modbus_port    | 502      |
        | time zone               | UTC      |
        | link_1 root_topic       | keller   |
      And the button of "Keller" was pressed for its factory reset at 8:50
      When somebody asks "Keller" for its settings at 9:00
      Then the answer says
        | what                          | value           |
        | settings description          | Description     |
        | settings features modbus_port | 10001           |
        | settings time zone            | Europe/Brussels |
        | settings link_1 root_topic    |                 |
        | settings left_ir kind         | disabled        |
