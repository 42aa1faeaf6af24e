"""The package's CSMS against `station`."""

import asyncio
import base64
import contextlib
import datetime
import tempfile

import operations
from common import Inbox, Program, Steps, StrictPeer, expect
from ocpp.routing import on
from ocpp.v16 import call, call_result
from ocpp.v16.enums import (
    Action,
    AuthorizationStatus,
    ConfigurationStatus,
    DataTransferStatus,
    RegistrationStatus,
    RemoteStartStopStatus,
)
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

IDENTITY = "CP001"
PASSWORD = "interop: 0123456789"
# Keys of 1.6 §9.1 that a session needs, with the values that this one was started with.
REQUIRED_KEYS = {
    "AuthorizeRemoteTxRequests": None,
    "ConnectionTimeOut": None,
    "GetConfigurationMaxKeys": None,
    "HeartbeatInterval": "1",
    "LocalAuthorizeOffline": None,
    "LocalPreAuthorize": None,
    "MeterValuesSampledData": None,
    "MeterValueSampleInterval": "1",
    "NumberOfConnectors": "2",
    "StopTransactionOnEVSideDisconnect": None,
    "StopTransactionOnInvalidId": None,
    "SupportedFeatureProfiles": None,
    "TransactionMessageAttempts": None,
    "TransactionMessageRetryInterval": None,
    "UnlockConnectorOnEVSideDisconnect": None,
}


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


class CentralSystem(StrictPeer):
    """Accepts everything and keeps what it was told."""

    def __init__(self, identity, connection):
        super().__init__(identity, connection)
        self.told = Inbox()
        self.last_transaction = 100

    async def wait(self, action, **fields):
        """The next message of this action that has these values."""

        def find(message):
            kind, payload = message
            matches = kind == action and all(payload.get(name) == value for name, value in fields.items())
            return payload if matches else None

        return await self.told.wait(find)

    @on(Action.boot_notification)
    def on_boot(self, **payload):
        self.told.put(("BootNotification", payload))
        return call_result.BootNotification(now(), 1, RegistrationStatus.accepted)

    @on(Action.heartbeat)
    def on_heartbeat(self):
        self.told.put(("Heartbeat", {}))
        return call_result.Heartbeat(now())

    @on(Action.status_notification)
    def on_status(self, **payload):
        self.told.put(("StatusNotification", payload))
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(self, **payload):
        self.told.put(("Authorize", payload))
        is_known = payload["id_tag"] != "STRANGER"
        status = AuthorizationStatus.accepted if is_known else AuthorizationStatus.invalid
        return call_result.Authorize({"status": status})

    @on(Action.start_transaction)
    def on_start(self, **payload):
        self.last_transaction += 1
        self.told.put(("StartTransaction", payload | {"number": self.last_transaction}))
        return call_result.StartTransaction(self.last_transaction, {"status": AuthorizationStatus.accepted})

    @on(Action.meter_values)
    def on_meter_values(self, **payload):
        self.told.put(("MeterValues", payload))
        return call_result.MeterValues()

    @on(Action.stop_transaction)
    def on_stop(self, **payload):
        self.told.put(("StopTransaction", payload))
        return call_result.StopTransaction()

    @on(Action.diagnostics_status_notification)
    def on_diagnostics_status(self, **payload):
        self.told.put(("DiagnosticsStatusNotification", payload))
        return call_result.DiagnosticsStatusNotification()

    @on(Action.firmware_status_notification)
    def on_firmware_status(self, **payload):
        self.told.put(("FirmwareStatusNotification", payload))
        return call_result.FirmwareStatusNotification()

    @on(Action.log_status_notification)
    def on_log_status(self, **payload):
        self.told.put(("LogStatusNotification", payload))
        return call_result.LogStatusNotification()

    @on(Action.security_event_notification)
    def on_security_event(self, **payload):
        self.told.put(("SecurityEventNotification", payload))
        return call_result.SecurityEventNotification()

    @on(Action.sign_certificate)
    def on_sign_certificate(self, **payload):
        self.told.put(("SignCertificate", payload))
        return call_result.SignCertificate("Accepted")

    @on(Action.signed_firmware_status_notification)
    def on_signed_firmware_status(self, **payload):
        self.told.put(("SignedFirmwareStatusNotification", payload))
        return call_result.SignedFirmwareStatusNotification()


def energy(meter_values):
    return float(meter_values["meter_value"][0]["sampled_value"][0]["value"])


async def session(steps, station, csms):
    async with steps.step("unknown token does not charge"):
        station.say({"token": {"evse": 1, "id": "STRANGER"}})
        await csms.wait("Authorize", id_tag="STRANGER")
        refusal = await station.wait_for("event", "TokenRefused")
        expect(refusal["reason"] == {"Csms": "Invalid"}, refusal)
    async with steps.step("session starts with plug and token"):
        station.say({"plug": 1})
        await csms.wait("StatusNotification", connector_id=1, status="Preparing")
        station.say({"token": {"evse": 1, "id": "DRIVER"}})
        await csms.wait("Authorize", id_tag="DRIVER")
        started = await csms.wait("StartTransaction", connector_id=1, id_tag="DRIVER")
    async with steps.step("meter values grow"):
        values = [energy(await csms.wait("MeterValues", transaction_id=started["number"])) for _ in range(2)]
        expect(started["meter_start"] <= values[0] < values[1], f"{started['meter_start']} then {values}")
    async with steps.step("pulled plug ends the session"):
        station.say({"unplug": 1})
        stopped = await csms.wait("StopTransaction", transaction_id=started["number"])
        expect(stopped["reason"] == "EVDisconnected", stopped)
        # Whole watt-hours, where samples have fractions.
        expect(stopped["meter_stop"] >= int(values[1]), f"{stopped['meter_stop']} after {values}")


async def remote(steps, station, csms):
    async with steps.step("remote start"):
        station.say({"plug": 2})
        response = await csms.ask(call.RemoteStartTransaction(id_tag="APP", connector_id=2))
        expect(response.status == RemoteStartStopStatus.accepted, response)
        started = await csms.wait("StartTransaction", connector_id=2, id_tag="APP")
        await station.wait_for("event", "TransactionKnown")
    async with steps.step("remote stop of an unknown transaction is rejected"):
        response = await csms.ask(call.RemoteStopTransaction(transaction_id=7))
        expect(response.status == RemoteStartStopStatus.rejected, response)
    async with steps.step("remote stop"):
        response = await csms.ask(call.RemoteStopTransaction(transaction_id=started["number"]))
        expect(response.status == RemoteStartStopStatus.accepted, response)
        stopped = await csms.wait("StopTransaction", transaction_id=started["number"])
        expect(stopped["reason"] == "Remote", stopped)


async def configuration(steps, csms):
    async def read(*keys):
        response = await csms.ask(call.GetConfiguration(key=list(keys) or None))
        return {entry["key"]: entry for entry in response.configuration_key or []}, response.unknown_key or []

    async def change(key, value):
        return (await csms.ask(call.ChangeConfiguration(key=key, value=value))).status

    async with steps.step("configuration has the keys that a session needs"):
        known, _ = await read()
        missing = REQUIRED_KEYS.keys() - known.keys()
        expect(not missing, f"missing {sorted(missing)}")
        for key, value in REQUIRED_KEYS.items():
            expect(value in (None, known[key].get("value")), f"{known[key]} instead of {value}")
    async with steps.step("unknown keys are named as such"):
        known, unknown = await read("HeartbeatInterval", "Nonsense")
        expect(list(known) == ["HeartbeatInterval"] and unknown == ["Nonsense"], f"{known} {unknown}")
    async with steps.step("changed key is accepted and read back"):
        expect(await change("HeartbeatInterval", "86400") == ConfigurationStatus.accepted, "not accepted")
        known, _ = await read("HeartbeatInterval")
        expect(known["HeartbeatInterval"]["value"] == "86400", known)
    async with steps.step("key is refused when read-only, out of range or unknown"):
        expect(await change("NumberOfConnectors", "3") == ConfigurationStatus.rejected, "read-only")
        expect(await change("HeartbeatInterval", "often") == ConfigurationStatus.rejected, "no number")
        expect(await change("Nonsense", "1") == ConfigurationStatus.not_supported, "unknown")


async def oddities(steps, station, csms):
    async with steps.step("vendor data is answered by the application"):
        asking = asyncio.create_task(csms.ask(call.DataTransfer(vendor_id="org.example", data="ping")))
        asked = await station.wait_for("ask")
        expect(asked["question"]["DataTransfer"]["data"] == "ping", asked)
        station.say({"answer": {"id": asked["id"], "status": "Accepted", "data": "pong"}})
        response = await asking
        expect((response.status, response.data) == (DataTransferStatus.accepted, "pong"), response)
    async with steps.step("wrong calls are answered with the right error"):
        code = await csms.ask_badly("RemoteStopTransaction", {"transactionId": "x"})
        expect(code == "TypeConstraintViolation", code)
        code = await csms.ask_badly("ChangeConfiguration", {"key": "HeartbeatInterval"})
        expect(code == "OccurenceConstraintViolation", code)
        code = await csms.ask_badly("Fly", {})
        expect(code == "NotImplemented", code)


async def main():
    steps = Steps("station")
    connected = asyncio.Queue()

    async def handler(connection):
        csms = CentralSystem(IDENTITY, connection)
        connected.put_nowait(csms)
        with contextlib.suppress(ConnectionClosed):
            await csms.start()

    async with serve(handler, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        port = server.sockets[0].getsockname()[1]
        with tempfile.TemporaryDirectory() as store:
            station = await Program.start(
                *("station", "--url", f"ws://127.0.0.1:{port}/some/path", "--id", IDENTITY, "--ocpp", "1.6"),
                *("--password", PASSWORD, "--evses", "2", "--store", store, "--power", "360000"),
                *("--set", "MeterValueSampleInterval=1", "--manual-jobs"),
            )
            async with steps.step("handshake: path, subprotocol and Basic authentication"):
                csms = await connected.get()
                request = csms._connection.request
                credentials = base64.b64encode(f"{IDENTITY}:{PASSWORD}".encode()).decode()
                expect(request.path == f"/some/path/{IDENTITY}", request.path)
                expect(csms._connection.subprotocol == "ocpp1.6", csms._connection.subprotocol)
                expect(request.headers["Authorization"] == f"Basic {credentials}", request.headers)
            async with steps.step("boot, then the status of the station and each connector"):
                boot = await csms.wait("BootNotification")
                expect(boot["charge_point_vendor"] and boot["charge_point_model"], boot)
                for connector in range(3):
                    await csms.wait("StatusNotification", connector_id=connector, status="Available")
            async with steps.step("heartbeats at the interval given"):
                await csms.wait("Heartbeat")
                await csms.wait("Heartbeat")
            await session(steps, station, csms)
            await remote(steps, station, csms)
            await configuration(steps, csms)
            await oddities(steps, station, csms)
            rebooted = await operations.run(steps, station, csms, connected)
            async with steps.step("every call of the package was sent"):
                unsent = operations.unsent(csms)
                expect(not unsent, sorted(unsent))
            async with steps.step("nothing broke a schema, nothing went wrong"):
                csms.check()
                rebooted.check()
                await station.stop()
                events = [line["event"] for line in station.seen if "event" in line]
                # An event without members is its name alone.
                names = [{event} if isinstance(event, str) else event.keys() for event in events]
                wrong = [name for name in names if name & {"CallFailed", "Disconnected", "RecordSkipped"}]
                expect(not wrong, wrong)
    print(f"station: {steps.count} steps hold", flush=True)


asyncio.run(main())
