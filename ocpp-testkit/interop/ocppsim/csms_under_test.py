"""ocppsim, a station in a terminal, against `csms`: a whole session, by hand and from afar, then another one after a restart of it.

It has no other way in than its terminal, so it gets one, and its log tells what it saw. Arguments: the versions.
"""

import asyncio
import atexit
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "python"))
from program import Broken, Program, Steps, expect  # noqa: E402

# A line of its log: the time, the level, the text.
LINE = re.compile(r"^\S+(?: \S+)? \[(INFO|WARN|ERROR|TX|RX)\] (.*)$")

# What `validate` has against its frames over two starts: it counts transactions from its start, and so gives names again (2.x E01.FR.08).
KNOWN_FAULTS = {"1.6": set(), "2.0.1": {"sequence-repeated"}, "2.1": {"sequence-repeated"}}


class Simulator:
    """ocppsim in a terminal of its own."""

    def __init__(self, url, identity, version, log):
        self.log = log
        self.read = 0
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        arguments = [os.environ["OCPPSIM"], "--ws-url", url, "--cp-id", identity, "--protocol", version]
        arguments += ["--connectors", "2", "--log-path", str(log), "--trace-frames", "--strict"]
        # A home of its own: it reads profiles there, and writes the history of its commands.
        surroundings = {**os.environ, "TERM": "xterm-256color", "HOME": str(log.parent)}
        self.process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, env=surroundings, start_new_session=True)
        os.close(slave)
        atexit.register(self.kill)
        # It blocks once nobody reads its screen.
        asyncio.get_running_loop().add_reader(self.master, self._look)

    def _look(self):
        try:
            os.read(self.master, 1 << 16)
        except OSError:
            asyncio.get_running_loop().remove_reader(self.master)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)

    def type(self, command):
        os.write(self.master, command.encode() + b"\r")

    def lines(self):
        """What its log has, as level and text."""
        text = self.log.read_text() if self.log.exists() else ""
        found = [LINE.match(line) for line in text.splitlines()]
        return [match.groups() for match in found if match]

    async def wait_for(self, level, find):
        """The first line of a level from now on of which `find` gives something."""
        while True:
            lines = self.lines()
            for at in range(self.read, len(lines)):
                found = find(lines[at][1]) if lines[at][0] == level else None
                if found is not None:
                    self.read = at + 1
                    return found
            if self.process.poll() is not None:
                raise Broken(f"ended with {self.process.returncode}")
            await asyncio.sleep(0.02)

    async def exchange(self, action):
        """Its next call of this action, and the payload of the answer."""

        def call(text):
            frame = json.loads(text) if text.startswith("[2,") else [0, 0, None]
            return frame if frame[2] == action else None

        sent = await self.wait_for("TX", call)

        def answer(text):
            frame = json.loads(text) if text.startswith(("[3,", "[4,")) else [0, None]
            return frame if frame[1] == sent[1] else None

        got = await self.wait_for("RX", answer)
        expect(got[0] == 3, f"{sent} was answered {got}")
        return sent[3], got[2]

    async def meter(self, connector, watt_hours):
        """Sets a register. What it is typed is done later than what it hears, so this waits; and for its clock, which has no fractions."""
        await asyncio.sleep(1.1)
        self.type(f"meter {connector} {watt_hours}")
        done = f"Connector {connector} meter set to {watt_hours} Wh"
        await self.wait_for("INFO", lambda text: text == done or None)

    async def exit(self):
        """Ends it; it asks back while it has anything to do."""
        while self.process.poll() is None:
            self.type("exit")
            await asyncio.sleep(1)
        atexit.unregister(self.kill)
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)

    def check(self):
        """It had nothing to complain of."""
        complaints = [text for level, text in self.lines() if level in ("WARN", "ERROR")]
        complaints += [text for level, text in self.lines() if level == "RX" and "CALLERROR" in text]
        expect(not complaints, complaints)


class Words:
    """What a version calls the steps of a session."""

    def __init__(self, version):
        self.is_first = version == "1.6"
        self.begin, self.sample, self.end = (
            ("StartTransaction", "MeterValues", "StopTransaction") if self.is_first else ("TransactionEvent",) * 3
        )

    def verdict(self, answer):
        return answer["idTagInfo" if self.is_first else "idTokenInfo"]["status"]


async def by_hand(steps, simulator, words, from_wh):
    async with steps.step("boot is accepted and the connectors are told"):
        # What is typed before its terminal is set up comes to nothing.
        await simulator.wait_for("INFO", lambda text: text.startswith("Simulator ready") or None)
        simulator.type("connect")
        _, boot = await simulator.exchange("BootNotification")
        expect(boot["status"] == "Accepted" and boot["interval"] == 600, boot)
        await simulator.exchange("StatusNotification")
    async with steps.step("token is judged"):
        for token, expected in (("DRIVER", "Accepted"), ("STRANGER", "Invalid")):
            simulator.type(f"authorize {token}")
            _, answer = await simulator.exchange("Authorize")
            expect(words.verdict(answer) == expected, answer)
    async with steps.step("transaction begins"):
        await simulator.meter(1, from_wh)
        simulator.type("start 1 DRIVER")
        _, answer = await simulator.exchange(words.begin)
        expect(words.verdict(answer) == "Accepted", answer)
    async with steps.step("meter values and the end are answered"):
        await simulator.meter(1, from_wh + 200)
        simulator.type("send-meter 1")
        await simulator.exchange(words.sample)
        await simulator.meter(1, from_wh + 300)
        simulator.type("stop 1")
        await simulator.exchange(words.end)
        await simulator.exchange("StatusNotification")


async def from_afar(steps, csms, simulator, words, identity, from_wh):
    async def command(action, payload):
        csms.say({"station": identity, "action": action, "payload": payload})
        answer = await csms.wait_for("answer")
        expect(answer["action"] == action and "violation" not in answer, answer)
        return answer.get("payload")

    async with steps.step("remote start and stop"):
        await simulator.meter(2, from_wh)
        if words.is_first:
            answer = await command("RemoteStartTransaction", {"idTag": "DRIVER", "connectorId": 2})
        else:
            token = {"idToken": "DRIVER", "type": "Central"}
            answer = await command("RequestStartTransaction", {"idToken": token, "evseId": 2, "remoteStartId": 7})
        expect(answer["status"] == "Accepted", answer)
        began, answer = await simulator.exchange(words.begin)
        expect(words.verdict(answer) == "Accepted", answer)
        await simulator.meter(2, from_wh + 50)
        if words.is_first:
            await command("RemoteStopTransaction", {"transactionId": answer["transactionId"]})
        else:
            name = began["transactionInfo"]["transactionId"]
            await command("RequestStopTransaction", {"transactionId": name})
        await simulator.exchange(words.end)
        await simulator.exchange("StatusNotification")
    async with steps.step("settings are read"):
        if words.is_first:
            answer = await command("GetConfiguration", {"key": ["HeartbeatInterval"]})
            expect(answer["configurationKey"][0]["key"] == "HeartbeatInterval", answer)
        else:
            name = {"component": {"name": "ChargingStation"}, "variable": {"name": "HeartbeatInterval"}}
            answer = await command("GetVariables", {"getVariableData": [name]})
            expect(answer["getVariableResult"][0]["attributeStatus"] == "Accepted", answer)


def ledger(database, identity, is_first):
    with contextlib.closing(sqlite3.connect(database)) as rows:
        bills = rows.execute(
            "SELECT evse, token, verdict, meter_start_wh, meter_stop_wh, energy_wh, missing_events FROM transactions"
            " WHERE station = ? ORDER BY meter_start_wh",
            (identity,),
        ).fetchall()
        findings = rows.execute("SELECT kind FROM findings WHERE station = ?", (identity,)).fetchall()
    expected = [(1, 1000, 300), (1, 2000, 300), (2, 5000, 50), (2, 6000, 50)]
    expect(bills == [(evse, "DRIVER", "Accepted", wh, wh + more, more, 0) for evse, wh, more in expected], bills)
    renamed = 0 if is_first else 2
    expect(findings == [("NameReused",)] * renamed, findings)


def faults(trace):
    """The kinds of errors in the frames, by our judge."""
    judge = [os.environ["PROGRAM"], "validate", "--json", trace]
    run = subprocess.run(judge, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in run.stdout.splitlines()]
    expect(run.returncode < 2 and found, run.stderr)
    wrong = [line for line in found if line.get("severity") == "error"]
    expect(all(line["from"] == "station" for line in wrong), wrong)
    return {line["kind"] for line in wrong}


async def one_version(steps, version, directory):
    words = Words(version)
    identity = f"SIM-{version}"
    database, trace = os.path.join(directory, "ledger.db"), os.path.join(directory, "trace.jsonl")
    csms = await Program.start(
        *("csms", "--listen", "127.0.0.1:0", "--db", database, "--save", trace),
        *("--accept-all-stations", "--token", "DRIVER", "--heartbeat", "600"),
    )
    url = f"{await csms.wait_for('listening', 'url')}/ocpp"
    for start in range(2):
        simulator = Simulator(url, identity, version, pathlib.Path(directory) / f"{start}.log")
        await by_hand(steps, simulator, words, 1000 + 1000 * start)
        await from_afar(steps, csms, simulator, words, identity, 5000 + 1000 * start)
        async with steps.step("nothing was refused"):
            await simulator.exit()
            simulator.check()
    await csms.stop()
    async with steps.step("all sessions of both starts stand in the database, each for itself"):
        ledger(database, identity, words.is_first)
    async with steps.step("what it gets wrong is what is known of it"):
        found = faults(trace)
        expect(found == KNOWN_FAULTS[version], found)


async def main():
    for version in sys.argv[1:]:
        steps = Steps(f"csms in {version}")
        with tempfile.TemporaryDirectory() as directory:
            await one_version(steps, version, directory)
        print(f"csms in {version}: {steps.count} steps hold", flush=True)


asyncio.run(main())
