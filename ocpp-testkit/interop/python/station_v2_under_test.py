"""The package's CSMS of 2.0.1 and 2.1 against `station`, which is started anew for each."""

import asyncio
import contextlib
import datetime
import tempfile

import ocpp.v21
import ocpp.v201
import operations_v2
from common import Inbox, Program, Steps, Strict, expect
from ocpp.routing import on
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

IDENTITY = "CP001"


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


def csms_of(package):
    """A CSMS of a version, which accepts everybody but one and keeps what it was told."""
    call_result = package.call_result

    class Csms(Strict, package.ChargePoint):
        def __init__(self, identity, connection):
            super().__init__(identity, connection)
            self.told = Inbox()

        async def wait(self, action, **fields):
            """The next message of this action that has these values."""

            def find(message):
                kind, payload = message
                matches = kind == action and all(payload.get(name) == value for name, value in fields.items())
                return payload if matches else None

            return await self.told.wait(find)

        def verdict(self, id_token):
            return {"status": "Invalid" if id_token["id_token"] == "STRANGER" else "Accepted"}

        @on("BootNotification")
        def on_boot(self, **payload):
            self.told.put(("BootNotification", payload))
            return call_result.BootNotification(now(), 300, "Accepted")

        @on("Heartbeat")
        def on_heartbeat(self, **_):
            return call_result.Heartbeat(now())

        @on("StatusNotification")
        def on_status(self, **payload):
            self.told.put(("StatusNotification", payload))
            return call_result.StatusNotification()

        @on("NotifyEvent")
        def on_event(self, **payload):
            self.told.put(("NotifyEvent", payload))
            return call_result.NotifyEvent()

        @on("SecurityEventNotification")
        def on_security_event(self, **payload):
            return call_result.SecurityEventNotification()

        @on("NotifyReport")
        def on_report(self, **payload):
            self.told.put(("NotifyReport", payload))
            return call_result.NotifyReport()

        @on("FirmwareStatusNotification")
        def on_firmware_status(self, **payload):
            self.told.put(("FirmwareStatusNotification", payload))
            return call_result.FirmwareStatusNotification()

        @on("LogStatusNotification")
        def on_log_status(self, **payload):
            self.told.put(("LogStatusNotification", payload))
            return call_result.LogStatusNotification()

        @on("SignCertificate")
        def on_sign_certificate(self, **payload):
            self.told.put(("SignCertificate", payload))
            return call_result.SignCertificate("Accepted")

        @on("MeterValues")
        def on_meter_values(self, **payload):
            return call_result.MeterValues()

        @on("Authorize")
        def on_authorize(self, id_token, **_):
            self.told.put(("Authorize", id_token))
            return call_result.Authorize(self.verdict(id_token))

        @on("TransactionEvent")
        def on_transaction_event(self, id_token=None, **payload):
            self.told.put(("TransactionEvent", payload | {"id_token": id_token}))
            return call_result.TransactionEvent(id_token_info=self.verdict(id_token) if id_token else None)

    return Csms


def energy(event):
    """The last register in Wh that an event tells."""
    samples = [sample for value in event["meter_value"] for sample in value["sampled_value"]]
    registers = [
        sample["value"] * 10 ** (sample.get("unit_of_measure") or {}).get("multiplier", 0)
        for sample in samples
        if sample.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
    ]
    return registers[-1]


async def session(steps, station, csms):
    async with steps.step("boot is told"):
        boot = await csms.wait("BootNotification")
        expect(boot["charging_station"]["model"], boot)
        # It was accepted.
        await csms.wait("StatusNotification")
    async with steps.step("unknown token does not charge"):
        station.say({"token": {"evse": 1, "id": "STRANGER"}})
        await csms.told.wait(lambda it: it if it[0] == "Authorize" and it[1]["id_token"] == "STRANGER" else None)
        await station.wait_for("event", "TokenRefused")
    async with steps.step("session starts with plug and token"):
        station.say({"plug": 1})
        station.say({"token": {"evse": 1, "id": "DRIVER"}})
        begun = await csms.wait("TransactionEvent", event_type="Started")
        expect(begun["evse"]["id"] == 1 and begun["seq_no"] == 0, begun)
    name = begun["transaction_info"]["transaction_id"]
    async with steps.step("events are numbered, and meter values grow"):
        number, readings = begun["seq_no"], []
        while len(readings) < 2:
            event = await csms.wait("TransactionEvent", event_type="Updated")
            expect(event["transaction_info"]["transaction_id"] == name, event)
            expect(event["seq_no"] == number + 1, f"{event['seq_no']} after {number}")
            number = event["seq_no"]
            if event.get("meter_value"):
                readings.append(energy(event))
        expect(readings[0] < readings[1], readings)
    async with steps.step("pulled plug ends the session"):
        station.say({"unplug": 1})
        ended = await csms.wait("TransactionEvent", event_type="Ended")
        expect(ended["transaction_info"]["stopped_reason"] == "EVDisconnected", ended)
        expect(energy(ended) >= readings[-1], ended)


async def remote(steps, station, csms, call):
    token = {"id_token": "APP", "type": "Central"}
    async with steps.step("remote start names its command"):
        station.say({"plug": 2})
        response = await csms.ask(call.RequestStartTransaction(id_token=token, remote_start_id=77, evse_id=2))
        expect(response.status == "Accepted", response)
        begun = await csms.wait("TransactionEvent", event_type="Started")
        info = begun["transaction_info"]
        expect(begun["evse"]["id"] == 2 and info["remote_start_id"] == 77, begun)
    async with steps.step("remote stop of an unknown transaction is rejected"):
        response = await csms.ask(call.RequestStopTransaction(transaction_id="nobody's"))
        expect(response.status == "Rejected", response)
    async with steps.step("remote stop"):
        response = await csms.ask(call.RequestStopTransaction(transaction_id=info["transaction_id"]))
        expect(response.status == "Accepted", response)
        ended = await csms.told.wait(
            lambda it: it[1] if it[0] == "TransactionEvent" and it[1]["transaction_info"].get("stopped_reason") else None
        )
        expect(ended["transaction_info"]["stopped_reason"] == "Remote", ended)


async def variables(steps, csms, call):
    def variable(component, name):
        return {"component": {"name": component}, "variable": {"name": name}}

    interval = variable("OCPPCommCtrlr", "HeartbeatInterval")
    async with steps.step("variables are read, unknown ones named as such"):
        response = await csms.ask(call.GetVariables([interval, variable("No", "Such")]))
        known, unknown = response.get_variable_result
        expect(known["attribute_status"] == "Accepted" and known["attribute_value"] == "300", known)
        expect(unknown["attribute_status"] == "UnknownComponent", unknown)
    async with steps.step("variable is set and read back"):
        response = await csms.ask(call.SetVariables([{**interval, "attribute_value": "600"}]))
        expect(response.set_variable_result[0]["attribute_status"] == "Accepted", response)
        response = await csms.ask(call.GetVariables([interval]))
        expect(response.get_variable_result[0]["attribute_value"] == "600", response)
        response = await csms.ask(call.SetVariables([{**interval, "attribute_value": "often"}]))
        expect(response.set_variable_result[0]["attribute_status"] == "Rejected", response)


async def oddities(steps, csms):
    async with steps.step("wrong calls are answered with the right error"):
        wrong = {"idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": "x"}
        code = await csms.ask_badly("RequestStartTransaction", wrong)
        expect(code == "TypeConstraintViolation", code)
        code = await csms.ask_badly("RequestStopTransaction", {})
        expect(code == "OccurrenceConstraintViolation", code)
        code = await csms.ask_badly("RemoteStartTransaction", {"idTag": "APP"})
        expect(code == "NotImplemented", code)


async def one_version(steps, package, version):
    connected = asyncio.Queue()

    async def handler(connection):
        csms = csms_of(package)(IDENTITY, connection)
        connected.put_nowait(csms)
        with contextlib.suppress(ConnectionClosed):
            await csms.start()

    async with serve(handler, "127.0.0.1", 0, subprotocols=[f"ocpp{version}"]) as server:
        port = server.sockets[0].getsockname()[1]
        with tempfile.TemporaryDirectory() as store:
            station = await Program.start(
                *("station", "--url", f"ws://127.0.0.1:{port}/ocpp", "--id", IDENTITY, "--ocpp", f"{version},1.6"),
                *("--evses", "2", "--store", store, "--set", "SampledDataCtrlr.TxUpdatedInterval=1", "--manual-jobs"),
            )
            async with steps.step(f"handshake offers {version}"):
                csms = await connected.get()
            await session(steps, station, csms)
            await remote(steps, station, csms, package.call)
            await variables(steps, csms, package.call)
            await operations_v2.reports(steps, csms, package.call)
            await operations_v2.files(steps, station, csms, package.call)
            await operations_v2.certificates(steps, station, csms, package.call)
            await operations_v2.local_list(steps, csms, package.call)
            async with steps.step("nothing broke a schema"):
                csms.check()
            await oddities(steps, csms)
            await station.stop()


async def main():
    steps = Steps("station in 2.x")
    await one_version(steps, ocpp.v201, "2.0.1")
    await one_version(steps, ocpp.v21, "2.1")
    print(f"station in 2.x: {steps.count} steps hold", flush=True)


asyncio.run(main())
