"""The package's charge point against `csms`."""

import asyncio
import base64
import contextlib
import datetime
import os
import sqlite3
import tempfile

from common import Program, Steps, StrictPeer, expect
from ocpp.routing import on
from ocpp.v16 import call, call_result
from ocpp.v16.enums import (
    Action,
    AuthorizationStatus,
    ChargePointErrorCode,
    ChargePointStatus,
    ConfigurationStatus,
    DataTransferStatus,
    RegistrationStatus,
    RemoteStartStopStatus,
)
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

IDENTITY = "CP001"
PASSWORD = "interop: 0123456789"
START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def at(second):
    """Times as stations write them: with an offset, or with Z."""
    time = (START + datetime.timedelta(seconds=second)).isoformat()
    return time if second % 2 else time.replace("+00:00", "Z")


class Station(StrictPeer):
    """Answers what it is asked."""

    @on(Action.remote_start_transaction)
    def on_remote_start(self, id_tag, **_):
        is_known = id_tag == "DRIVER"
        status = RemoteStartStopStatus.accepted if is_known else RemoteStartStopStatus.rejected
        return call_result.RemoteStartTransaction(status)

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, **_):
        return call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted)

    @on(Action.get_configuration)
    def on_get_configuration(self, key=None, **_):
        known = [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
        return call_result.GetConfiguration(known, ["Nonsense"] if key and "Nonsense" in key else None)

    @on(Action.change_configuration)
    def on_change_configuration(self, **_):
        return call_result.ChangeConfiguration(ConfigurationStatus.reboot_required)


def dial(url, password):
    credentials = base64.b64encode(f"{IDENTITY}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"}
    return connect(f"{url}/ocpp/{IDENTITY}", subprotocols=["ocpp1.6"], additional_headers=headers)


def values(second, watt_hours):
    sample = {"value": str(watt_hours), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    return [{"timestamp": at(second), "sampled_value": [sample, {"value": "11000", "measurand": "Power.Active.Import"}]}]


async def session(steps, station):
    async with steps.step("boot is accepted with the time and an interval"):
        boot = await station.ask(call.BootNotification(charge_point_model="Python", charge_point_vendor="Interop"))
        expect(boot.status == RegistrationStatus.accepted and boot.interval == 600, boot)
        told = datetime.datetime.fromisoformat(boot.current_time)
        away = abs(datetime.datetime.now(datetime.timezone.utc) - told)
        expect(away < datetime.timedelta(seconds=60), f"{boot.current_time} is {away} away")
    async with steps.step("heartbeat and status are answered"):
        await station.ask(call.Heartbeat())
        for connector in (0, 1):
            await station.ask(
                call.StatusNotification(connector, ChargePointErrorCode.no_error, ChargePointStatus.available)
            )
    async with steps.step("token is judged"):
        for token, expected in (("DRIVER", AuthorizationStatus.accepted), ("STRANGER", AuthorizationStatus.invalid)):
            response = await station.ask(call.Authorize(id_tag=token))
            expect(response.id_tag_info["status"] == expected, response)
    async with steps.step("transaction starts, and again with the same number"):
        start = call.StartTransaction(connector_id=1, id_tag="driver", meter_start=1000, timestamp=at(0))
        started = await station.ask(start)
        expect(started.id_tag_info["status"] == AuthorizationStatus.accepted, started)
        again = await station.ask(start)
        expect(again.transaction_id == started.transaction_id, f"{again} after {started}")
    number = started.transaction_id
    async with steps.step("meter values and the end are answered, and again"):
        for second, watt_hours in ((1, 1100), (2, 1200)):
            await station.ask(call.MeterValues(1, values(second, watt_hours), number))
        stop = call.StopTransaction(meter_stop=1300, timestamp=at(3), transaction_id=number, reason="Local")
        await station.ask(stop)
        await station.ask(stop)
    async with steps.step("end of an unknown transaction is answered"):
        await station.ask(call.StopTransaction(meter_stop=5, timestamp=at(4), transaction_id=number ^ 1))
    return number


async def commands(steps, csms, number):
    async def command(action, payload):
        csms.say({"station": IDENTITY, "action": action, "payload": payload})
        answer = await csms.wait_for("answer")
        expect(answer["action"] == action and "violation" not in answer, answer)
        return answer.get("payload")

    async with steps.step("remote start and stop"):
        answer = await command("RemoteStartTransaction", {"idTag": "DRIVER", "connectorId": 1})
        expect(answer == {"status": "Accepted"}, answer)
        answer = await command("RemoteStartTransaction", {"idTag": "STRANGER"})
        expect(answer == {"status": "Rejected"}, answer)
        answer = await command("RemoteStopTransaction", {"transactionId": number})
        expect(answer == {"status": "Accepted"}, answer)
    async with steps.step("configuration is read and changed"):
        answer = await command("GetConfiguration", {"key": ["HeartbeatInterval", "Nonsense"]})
        expect(answer["configurationKey"][0]["value"] == "300" and answer["unknownKey"] == ["Nonsense"], answer)
        answer = await command("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"})
        expect(answer == {"status": "RebootRequired"}, answer)
    async with steps.step("command that the station does not implement fails"):
        csms.say({"station": IDENTITY, "action": "ClearCache", "payload": {}})
        answer = await csms.wait_for("answer")
        expect("NotImplemented" in answer.get("failure", ""), answer)


async def oddities(steps, station):
    async with steps.step("vendor data of an unknown vendor"):
        response = await station.ask(call.DataTransfer(vendor_id="org.example", data="x"))
        expect(response.status == DataTransferStatus.unknown_vendor_id, response)
    async with steps.step("wrong calls are answered with the right error"):
        code = await station.ask_badly("StopTransaction", {"transactionId": 1, "meterStop": "much", "timestamp": at(0)})
        expect(code == "TypeConstraintViolation", code)
        code = await station.ask_badly("Authorize", {})
        expect(code == "OccurenceConstraintViolation", code)
        code = await station.ask_badly("Fly", {})
        expect(code == "NotImplemented", code)


def bill(database, number):
    with contextlib.closing(sqlite3.connect(database)) as ledger:
        bills = ledger.execute(
            "SELECT station, transaction_id, evse, token, verdict, meter_start_wh, meter_stop_wh, energy_wh, reason"
            " FROM transactions"
        ).fetchall()
        samples = ledger.execute(
            "SELECT transaction_id, value FROM meter_values WHERE measurand LIKE 'Energy%' ORDER BY at"
        ).fetchall()
        findings = ledger.execute("SELECT kind, transaction_id FROM findings").fetchall()
    name = str(number)
    expect(bills == [(IDENTITY, name, 1, "driver", "Accepted", 1000, 1300, 300, "Local")], bills)
    expect(samples == [(name, "1100"), (name, "1200")], samples)
    expect(findings == [("StopOrphaned", str(number ^ 1))], findings)


async def main():
    steps = Steps("csms")
    with tempfile.TemporaryDirectory() as directory:
        database = os.path.join(directory, "ledger.db")
        csms = await Program.start(
            *("csms", "--listen", "127.0.0.1:0", "--ocpp", "1.6", "--db", database),
            *("--station", f"{IDENTITY}={PASSWORD}", "--token", "DRIVER", "--heartbeat", "600"),
        )
        url = await csms.wait_for("listening", "url")
        async with steps.step("wrong password is refused"):
            try:
                async with dial(url, "guess"):
                    expect(False, "was let in")
            except InvalidStatus as refused:
                expect(refused.response.status_code == 401, refused)
        async with dial(url, PASSWORD) as connection:
            async with steps.step("handshake agrees on the version"):
                expect(connection.subprotocol == "ocpp1.6", connection.subprotocol)
            station = Station(IDENTITY, connection)
            serving = asyncio.create_task(station.start())
            number = await session(steps, station)
            async with steps.step("bill, samples and findings stand in the database"):
                bill(database, number)
            await commands(steps, csms, number)
            async with steps.step("nothing broke a schema"):
                # ClearCache, which it does not implement.
                expect(len(station.violations) == 1, station.violations)
            await oddities(steps, station)
            serving.cancel()
        await csms.stop()
    print(f"csms: {steps.count} steps hold", flush=True)


asyncio.run(main())
