#!/usr/bin/env python3
"""Drives a station through a charging session over `ocpp-testkit pipe`: its hardware, its driver and its CSMS in one.

usage: charging_session.py PROGRAM [ARGUMENT...]    such as: charging_session.py target/debug/ocpp-testkit
"""
import json
import subprocess
import sys

ANSWERS = {
    "BootNotification": {"status": "Accepted", "currentTime": "2026-01-01T12:00:00Z", "interval": 300},
    "Heartbeat": {"currentTime": "2026-01-01T12:05:00Z"},
    "Authorize": {"idTagInfo": {"status": "Accepted"}},
    "StartTransaction": {"transactionId": 7, "idTagInfo": {"status": "Accepted"}},
}
pipe = subprocess.Popen([*sys.argv[1:], "pipe", "--role", "station", "--auto-store"],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
timeout, calls, energy_mwh, since = None, [], 1_000_000, None  # 7,200 W since then: 2 mWh in a millisecond


def read_block():
    global timeout
    block = []
    while "timeout" not in (line := json.loads(pipe.stdout.readline())):
        block.append(line)
    timeout = line["timeout"]
    for line in block:
        carry_out(line["at"], line["out"])


def tell(at, fact):
    print(json.dumps({"at": at, "in": fact}), file=pipe.stdin, flush=True)
    read_block()


def run_until(at):
    while timeout is not None and timeout <= at:  # stop wherever the station may want something
        tell(timeout, "Tick")


def carry_out(at, order):
    global energy_mwh, since
    match order:
        case {"Link": {"Connect": request}}:
            tell(at, {"Link": {"Opened": {"subprotocol": request["subprotocols"][0]}}})
        case {"Link": "Ping"}:
            tell(at, {"Link": "Pong"})
        case {"Link": {"Send": text}} if (frame := json.loads(text))[0] == 2:
            calls.append((frame[2], frame[3]))
            tell(at, {"Link": {"Frame": json.dumps([3, frame[1], ANSWERS.get(frame[2], {})])}})
        case {"Evse": [evse, {"Power": level}]}:
            energy_mwh, since = register(at), at if level == "On" else None
            tell(at, {"Evse": [evse, {"Contactor": "Closed" if level == "On" else "Open"}]})
        case {"Evse": [evse, {"Lock": state}]}:
            tell(at, {"Evse": [evse, {"Lock": state}]})
        case {"Evse": [evse, "ReadMeter"]}:
            tell(at, {"Evse": [evse, {"Meter": {"energy_mwh": register(at), "values": []}}]})


def register(at):
    return energy_mwh if since is None else energy_mwh + 2 * (at - since)


read_block()
for at, fact in [(10_000, {"Evse": [1, {"Cable": "Connected"}]}), (11_000, {"Evse": [1, {"Vehicle": "Ready"}]}),
                 (12_000, {"Token": {"evse": 1, "token": "TAG"}}), (612_000, {"Token": {"evse": 1, "token": "TAG"}}),
                 (620_000, {"Evse": [1, {"Cable": "Absent"}]})]:
    run_until(at)
    tell(at, fact)
pipe.stdin.close()

start, stop = (dict(calls)[action] for action in ("StartTransaction", "StopTransaction"))
assert stop["transactionId"] == 7 and stop["reason"] == "Local", stop
energy_wh = stop["meterStop"] - start["meterStart"]
assert energy_wh == 1_200, f"600 s of 7,200 W are 1,200 Wh, not {energy_wh}"
assert pipe.wait() == 0, "a line was wrong"
print(f"{len(calls)} calls, {energy_wh} Wh")
