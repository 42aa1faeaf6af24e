"""The package's charge points of 2.0.1 and 2.1 against `csms`, one after the other on one port."""

import asyncio
import base64
import contextlib
import datetime
import os
import sqlite3
import tempfile

import ocpp.v21
import ocpp.v201
from common import Program, Steps, Strict, expect
from ocpp.routing import on
from websockets.asyncio.client import connect

PASSWORD = "interop: 0123456789"
START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def at(second):
    """Times as stations write them: with an offset, or with Z."""
    time = (START + datetime.timedelta(seconds=second)).isoformat()
    return time if second % 2 else time.replace("+00:00", "Z")


def station_of(package, version):
    """A charge point of a version that answers what it is asked."""
    call_result = package.call_result

    class Station(Strict, package.ChargePoint):
        @on("RequestStartTransaction")
        def on_request_start(self, id_token, remote_start_id, **_):
            self.remote_start = remote_start_id
            status = "Accepted" if id_token["id_token"] == "DRIVER" else "Rejected"
            return call_result.RequestStartTransaction(status)

        @on("RequestStopTransaction")
        def on_request_stop(self, **_):
            return call_result.RequestStopTransaction("Accepted")

        @on("GetVariables")
        def on_get_variables(self, get_variable_data, **_):
            results = [
                {**asked, "attribute_status": "Accepted", "attribute_value": "300"} for asked in get_variable_data
            ]
            return call_result.GetVariables(results)

        @on("SetVariables")
        def on_set_variables(self, set_variable_data, **_):
            results = [
                {"component": data["component"], "variable": data["variable"], "attribute_status": "RebootRequired"}
                for data in set_variable_data
            ]
            return call_result.SetVariables(results)

        @on("Reset")
        def on_reset(self, **_):
            return call_result.Reset("Scheduled")

        @on("ChangeAvailability")
        def on_change_availability(self, **_):
            return call_result.ChangeAvailability("Accepted")

        @on("TriggerMessage")
        def on_trigger_message(self, **_):
            return call_result.TriggerMessage("NotImplemented")

    return Station


def dial(url, identity, version):
    credentials = base64.b64encode(f"{identity}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"}
    return connect(f"{url}/ocpp/{identity}", subprotocols=[f"ocpp{version}"], additional_headers=headers)


def energy(second, value, **unit):
    register = {"value": value, "measurand": "Energy.Active.Import.Register", **unit}
    return [{"timestamp": at(second), "sampled_value": [register, {"value": 11000, "measurand": "Power.Active.Import"}]}]


async def session(steps, station, call, transaction):
    token = {"id_token": "DRIVER", "type": "ISO14443"}

    def event(kind, number, trigger, info=None, **more):
        return call.TransactionEvent(
            event_type=kind,
            timestamp=at(60 * number),
            trigger_reason=trigger,
            seq_no=number,
            transaction_info={"transaction_id": transaction, **(info or {})},
            **more,
        )

    async with steps.step("boot is accepted with the time and an interval"):
        info = {"model": "Python", "vendor_name": "Interop", "modem": {"iccid": "1"}}
        boot = await station.ask(call.BootNotification(charging_station=info, reason="PowerUp"))
        expect(boot.status == "Accepted" and boot.interval == 600, boot)
        away = abs(datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(boot.current_time))
        expect(away < datetime.timedelta(seconds=60), f"{boot.current_time} is {away} away")
    async with steps.step("heartbeat and status are answered"):
        await station.ask(call.Heartbeat())
        await station.ask(call.StatusNotification(timestamp=at(0), connector_status="Available", evse_id=1, connector_id=1))
    async with steps.step("token is judged"):
        for text, expected in (("DRIVER", "Accepted"), ("STRANGER", "Invalid")):
            response = await station.ask(call.Authorize(id_token={"id_token": text, "type": "ISO14443"}))
            expect(response.id_token_info["status"] == expected, response)
    async with steps.step("transaction begins, and again"):
        begin = event(
            "Started", 0, "Authorized", evse={"id": 1, "connector_id": 1}, id_token=token, meter_value=energy(0, 1000)
        )
        for _ in range(2):
            response = await station.ask(begin)
            expect(response.id_token_info["status"] == "Accepted", response)
    async with steps.step("what happens in it is answered, out of order and offline too"):
        kilo = {"unit_of_measure": {"unit": "Wh", "multiplier": 3}}
        await station.ask(event("Updated", 2, "MeterValuePeriodic", meter_value=energy(120, 1.2, **kilo)))
        charging = {"charging_state": "Charging"}
        late = event("Updated", 1, "ChargingStateChanged", charging, offline=True, meter_value=energy(60, 1100))
        await station.ask(late)
    async with steps.step("transaction ends, and again"):
        end = event("Ended", 3, "StopAuthorized", {"stopped_reason": "Local"}, id_token=token, meter_value=energy(180, 1300))
        for _ in range(2):
            response = await station.ask(end)
            expect(response.id_token_info["status"] == "Accepted", response)
    async with steps.step("start button needs no driver"):
        button = {"id_token": "", "type": "NoAuthorization"}
        response = await station.ask(
            call.TransactionEvent(
                event_type="Started",
                timestamp=at(300),
                trigger_reason="Authorized",
                seq_no=7,
                transaction_info={"transaction_id": transaction + "-button"},
                id_token=button,
                evse={"id": 2},
            )
        )
        expect(response.id_token_info["status"] == "Accepted", response)


async def reports(steps, station, csms, call):
    event = {
        "event_id": 1,
        "timestamp": at(0),
        "trigger": "Delta",
        "actual_value": "Faulted",
        "component": {"name": "Connector", "evse": {"id": 1, "connector_id": 1}},
        "event_notification_type": "HardWiredNotification",
        "variable": {"name": "AvailabilityState"},
    }
    async with steps.step("reports and events are answered and told"):
        await station.ask(call.NotifyReport(request_id=1, generated_at=at(0), seq_no=0))
        told = await csms.wait_for("event", "event", "Notified")
        expect(told["action"] == "NotifyReport", told)
        await station.ask(call.NotifyEvent(generated_at=at(0), seq_no=0, event_data=[event]))
        await station.ask(call.SecurityEventNotification(type="StartupOfTheDevice", timestamp=at(0)))
        await station.ask(call.FirmwareStatusNotification(status="Idle"))
        await station.ask(call.MeterValues(evse_id=1, meter_value=energy(600, 1300)))


async def commands(steps, csms, station, identity, transaction):
    async def command(action, payload):
        csms.say({"station": identity, "action": action, "payload": payload})
        answer = await csms.wait_for("answer")
        expect(answer["action"] == action and "violation" not in answer, answer)
        return answer.get("payload")

    async with steps.step("remote start and stop"):
        for text, expected in (("DRIVER", "Accepted"), ("STRANGER", "Rejected")):
            token = {"idToken": text, "type": "Central"}
            answer = await command("RequestStartTransaction", {"idToken": token, "evseId": 1, "remoteStartId": 5})
            expect(answer == {"status": expected}, answer)
        answer = await command("RequestStopTransaction", {"transactionId": transaction})
        expect(answer == {"status": "Accepted"}, answer)
    async with steps.step("variables are read and set"):
        name = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        answer = await command("GetVariables", {"getVariableData": [name]})
        expect(answer["getVariableResult"][0]["attributeValue"] == "300", answer)
        answer = await command("SetVariables", {"setVariableData": [{**name, "attributeValue": "60"}]})
        expect(answer["setVariableResult"][0]["attributeStatus"] == "RebootRequired", answer)
    async with steps.step("operations are sent within the schema, and their answers told"):
        answer = await command("Reset", {"type": "OnIdle"})
        expect(answer == {"status": "Scheduled"}, answer)
        answer = await command("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 1}})
        expect(answer == {"status": "Accepted"}, answer)
        answer = await command("TriggerMessage", {"requestedMessage": "Heartbeat"})
        expect(answer == {"status": "NotImplemented"}, answer)
    async with steps.step("command of another version is refused before it leaves"):
        csms.say({"station": identity, "action": "ChangeConfiguration", "payload": {"key": "a", "value": "b"}})
        error = await csms.wait_for("error")
        expect("no action" in error["reason"], error)


async def oddities(steps, station, call):
    async with steps.step("vendor data of an unknown vendor"):
        response = await station.ask(call.DataTransfer(vendor_id="org.example", data={"any": ["thing"]}))
        expect(response.status == "UnknownVendorId", response)
    async with steps.step("wrong calls are answered with the right error"):
        code = await station.ask_badly("Authorize", {})
        expect(code == "OccurrenceConstraintViolation", code)
        code = await station.ask_badly("StartTransaction", {"connectorId": 1})
        expect(code == "NotImplemented", code)


def bill(database, identity, transaction):
    with contextlib.closing(sqlite3.connect(database)) as ledger:
        bills = ledger.execute(
            "SELECT transaction_id, evse, token, verdict, meter_start_wh, meter_stop_wh, energy_wh, reason, missing_events"
            " FROM transactions WHERE station = ? AND transaction_id = ?",
            (identity, transaction),
        ).fetchall()
    expect(bills == [(transaction, 1, "DRIVER", "Accepted", 1000, 1300, 300, "Local", 0)], bills)


async def one_version(steps, csms, url, database, package, version):
    identity = f"CP-{version}"
    transaction = f"5f8a-{version}"
    async with dial(url, identity, version) as connection:
        async with steps.step(f"handshake agrees on {version}"):
            expect(connection.subprotocol == f"ocpp{version}", connection.subprotocol)
        station = station_of(package, version)(identity, connection)
        serving = asyncio.create_task(station.start())
        await session(steps, station, package.call, transaction)
        async with steps.step("bill stands in the database"):
            bill(database, identity, transaction)
        await reports(steps, station, csms, package.call)
        await commands(steps, csms, station, identity, transaction)
        await oddities(steps, station, package.call)
        async with steps.step("nothing broke a schema"):
            station.check()
        serving.cancel()


async def main():
    steps = Steps("csms in 2.x")
    with tempfile.TemporaryDirectory() as directory:
        database = os.path.join(directory, "ledger.db")
        csms = await Program.start(
            *("csms", "--listen", "127.0.0.1:0", "--db", database, "--password", PASSWORD),
            *("--token", "DRIVER", "--heartbeat", "600"),
        )
        url = await csms.wait_for("listening", "url")
        await one_version(steps, csms, url, database, ocpp.v201, "2.0.1")
        await one_version(steps, csms, url, database, ocpp.v21, "2.1")
        await csms.stop()
    print(f"csms in 2.x: {steps.count} steps hold", flush=True)


asyncio.run(main())
