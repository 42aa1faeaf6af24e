"""Every call that the package has for a CSMS, beside those of a plain session."""

import asyncio
import dataclasses
import datetime

from common import expect
from ocpp.exceptions import NotSupportedError
from ocpp.v16 import call
from ocpp.v16.enums import (
    AvailabilityStatus,
    AvailabilityType,
    CancelReservationStatus,
    ChargingProfileStatus,
    ClearCacheStatus,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
    MessageTrigger,
    RemoteStartStopStatus,
    ReservationStatus,
    ResetStatus,
    ResetType,
    TriggerMessageStatus,
    UnlockStatus,
    UpdateStatus,
    UpdateType,
)

FILES = "ftp://files.example/interop"
# What is in them is the host's business, and the host is the script.
PEM = "-----BEGIN CERTIFICATE-----\nY2VydA==\n-----END CERTIFICATE-----\n"
CSR = "-----BEGIN CERTIFICATE REQUEST-----\nY3Ny\n-----END CERTIFICATE REQUEST-----\n"

# A certificate as messages name it, and as the host lists it.
NAMES = {"hash_algorithm": "SHA256", "issuer_name_hash": "A1", "issuer_key_hash": "B2", "serial_number": "C3"}
KEPT = {"algorithm": "Sha256", "issuer_name_hash": "A1", "issuer_key_hash": "B2", "serial_number": "C3"}
LISTED = {"usage": "CsmsRoot", "hash": KEPT, "children": []}

def soon():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).isoformat()


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


def limited_to(amperes, purpose, transaction=None, identity=1):
    profile = {
        "charging_profile_id": identity,
        "stack_level": 0,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": "Relative",
        "charging_schedule": {
            "charging_rate_unit": "A",
            "charging_schedule_period": [{"start_period": 0, "limit": amperes}],
        },
    }
    return profile if transaction is None else profile | {"transaction_id": transaction}


async def availability(steps, csms):
    async with steps.step("connector goes out of service and comes back"):
        for kind, status in ((AvailabilityType.inoperative, "Unavailable"), (AvailabilityType.operative, "Available")):
            response = await csms.ask(call.ChangeAvailability(connector_id=1, type=kind))
            expect(response.status == AvailabilityStatus.accepted, response)
            await csms.wait("StatusNotification", connector_id=1, status=status)
        response = await csms.ask(call.ChangeAvailability(connector_id=9, type=AvailabilityType.inoperative))
        expect(response.status == AvailabilityStatus.rejected, response)


async def reservation(steps, csms):
    def reserve(connector):
        return call.ReserveNow(connector_id=connector, expiry_date=soon(), id_tag="DRIVER", reservation_id=4)

    async with steps.step("reservation is made and cancelled"):
        response = await csms.ask(reserve(1))
        expect(response.status == ReservationStatus.accepted, response)
        await csms.wait("StatusNotification", connector_id=1, status="Reserved")
        response = await csms.ask(call.CancelReservation(reservation_id=4))
        expect(response.status == CancelReservationStatus.accepted, response)
        await csms.wait("StatusNotification", connector_id=1, status="Available")
    async with steps.step("reservation that cannot be is refused"):
        response = await csms.ask(reserve(9))
        expect(response.status == ReservationStatus.rejected, response)
        response = await csms.ask(call.CancelReservation(reservation_id=4))
        expect(response.status == CancelReservationStatus.rejected, response)


async def local_list(steps, csms):
    async def send(version, kind, *tokens):
        entries = [{"id_tag": token, "id_tag_info": {"status": "Accepted"}} for token in tokens]
        response = await csms.ask(call.SendLocalList(version, kind, entries))
        installed = await csms.ask(call.GetLocalListVersion())
        return response.status, installed.list_version

    async with steps.step("local list is sent, changed and kept"):
        installed = await csms.ask(call.GetLocalListVersion())
        expect(installed.list_version == 0, installed)
        for version, kind, expected in (
            (1, UpdateType.full, (UpdateStatus.accepted, 1)),
            (3, UpdateType.differential, (UpdateStatus.accepted, 3)),
            (2, UpdateType.differential, (UpdateStatus.version_mismatch, 3)),
        ):
            told = await send(version, kind, "DRIVER", f"OTHER{version}")
            expect(told == expected, told)
    async with steps.step("cache is cleared"):
        response = await csms.ask(call.ClearCache())
        expect(response.status == ClearCacheStatus.accepted, response)


async def smart_charging(steps, station, csms):
    async def limit():
        response = await csms.ask(call.GetCompositeSchedule(connector_id=1, duration=60, charging_rate_unit="A"))
        expect(response.status == GetCompositeScheduleStatus.accepted, response)
        return response.charging_schedule["charging_schedule_period"][0]["limit"]

    async def install(profile):
        return (await csms.ask(call.SetChargingProfile(connector_id=1, cs_charging_profiles=profile))).status

    async with steps.step("remote start brings its profile"):
        station.say({"plug": 1})
        await csms.wait("StatusNotification", connector_id=1, status="Preparing")
        request = call.RemoteStartTransaction("APP", 1, limited_to(16, "TxProfile"))
        response = await csms.ask(request)
        expect(response.status == RemoteStartStopStatus.accepted, response)
        number = (await csms.wait("StartTransaction", connector_id=1, id_tag="APP"))["number"]
        await csms.wait("StatusNotification", connector_id=1, status="Charging")
        expect(await limit() == 16, await limit())
    async with steps.step("profiles are set, refused and cleared"):
        expect(await install(limited_to(10, "TxProfile", number)) == ChargingProfileStatus.accepted, "not accepted")
        expect(await limit() == 10, await limit())
        other = await install(limited_to(9, "TxProfile", number + 1, 2))
        expect(other == ChargingProfileStatus.rejected, "profile of another transaction")
        for status in (ClearChargingProfileStatus.accepted, ClearChargingProfileStatus.unknown):
            response = await csms.ask(call.ClearChargingProfile(id=1))
            expect(response.status == status, response)
        response = await csms.ask(call.GetCompositeSchedule(connector_id=9, duration=60))
        expect(response.status == GetCompositeScheduleStatus.rejected, response)
    async with steps.step("a connector in use goes out of service later"):
        response = await csms.ask(call.ChangeAvailability(connector_id=1, type=AvailabilityType.inoperative))
        expect(response.status == AvailabilityStatus.scheduled, response)
        response = await csms.ask(call.ChangeAvailability(connector_id=1, type=AvailabilityType.operative))
        expect(response.status == AvailabilityStatus.accepted, response)
    async with steps.step("fixed cable is not unlocked"):
        response = await csms.ask(call.UnlockConnector(connector_id=1))
        expect(response.status == UnlockStatus.not_supported, response)
    async with steps.step("remote stop ends it"):
        response = await csms.ask(call.RemoteStopTransaction(transaction_id=number))
        expect(response.status == RemoteStartStopStatus.accepted, response)
        await csms.wait("StopTransaction", transaction_id=number, reason="Remote")
        for connector in (1, 2):
            station.say({"unplug": connector})
            await csms.wait("StatusNotification", connector_id=connector, status="Available")


async def work(station, kind, outcome):
    """The host of the station is given this work, and it ends so."""
    job = await station.wait_for("job")
    expect(kind in str(job["order"]), job)
    station.say({"job": {"id": job["id"], "outcome": outcome}})


async def ask_with_work(station, csms, request, kind, outcome, status):
    """Asks what the host's work answers, which has this outcome: the answer, with this status."""
    asking = asyncio.create_task(csms.ask(request))
    await work(station, kind, outcome)
    response = await asking
    expect(response.status == status, response)
    return response


async def files(steps, station, csms):
    async with steps.step("diagnostics are uploaded"):
        response = await csms.ask(call.GetDiagnostics(location=FILES, retries=0))
        expect(response.file_name, response)
        await csms.wait("DiagnosticsStatusNotification", status="Uploading")
        await work(station, "Upload", "Done")
        await csms.wait("DiagnosticsStatusNotification", status="Uploaded")
    async with steps.step("firmware without a signature is refused, as there is a password"):
        try:
            await csms.ask(call.UpdateFirmware(location=FILES, retrieve_date=now()))
            expect(False, "was accepted")
        except NotSupportedError:
            pass


async def triggers(steps, csms):
    expected = {
        MessageTrigger.boot_notification: TriggerMessageStatus.rejected,
        MessageTrigger.diagnostics_status_notification: TriggerMessageStatus.accepted,
        MessageTrigger.firmware_status_notification: TriggerMessageStatus.accepted,
        MessageTrigger.heartbeat: TriggerMessageStatus.accepted,
        MessageTrigger.meter_values: TriggerMessageStatus.accepted,
        MessageTrigger.status_notification: TriggerMessageStatus.accepted,
    }
    for message, status in expected.items():
        async with steps.step(f"{message.value} is triggered" if status == "Accepted" else f"{message.value} is not"):
            response = await csms.ask(call.TriggerMessage(requested_message=message, connector_id=1))
            expect(response.status == status, response)
            if status == TriggerMessageStatus.accepted:
                await csms.wait(message.value)


async def certificates(steps, station, csms):
    root = "CentralSystemRootCertificate"

    async def ask(*of):
        return await ask_with_work(station, csms, *of)

    async with steps.step("certificates are installed, listed and deleted"):
        ids = call.GetInstalledCertificateIds(root)
        await ask(ids, "ListCertificates", {"Certificates": []}, "NotFound")
        await ask(call.InstallCertificate(root, PEM), "InstallCertificate", "Done", "Accepted")
        response = await ask(ids, "ListCertificates", {"Certificates": [LISTED]}, "Accepted")
        expect(response.certificate_hash_data == [NAMES], response)
        await ask(call.DeleteCertificate(NAMES), "DeleteCertificate", "Done", "Accepted")
    async with steps.step("certificate that the host refuses is rejected and reported"):
        await ask(call.InstallCertificate(root, PEM), "InstallCertificate", "Invalid", "Rejected")
        await csms.wait("SecurityEventNotification", type="InvalidCentralSystemCertificate")
    async with steps.step("certificate of the station is asked for, signed and installed"):
        await csms.ask(call.ChangeConfiguration(key="CpoName", value="Interop"))
        response = await csms.ask(call.ExtendedTriggerMessage("SignChargePointCertificate"))
        expect(response.status == "Accepted", response)
        await work(station, "CreateCsr", {"Csr": CSR})
        await csms.wait("SignCertificate", csr=CSR)
        await ask(call.CertificateSigned(PEM), "InstallCertificate", "Done", "Accepted")


async def signed_files(steps, station, csms):
    def update(number):
        firmware = {"location": FILES, "retrieve_date_time": now(), "signing_certificate": PEM, "signature": "Zml0"}
        return call.SignedUpdateFirmware(number, firmware)

    async def progress(action, number, *statuses):
        for status in statuses:
            await csms.wait(action, request_id=number, status=status)

    for number, outcome, status in ((1, "Invalid", "InvalidSignature"), (2, "Done", "Installed")):
        async with steps.step(f"signed firmware: {status}"):
            await ask_with_work(station, csms, update(number), "CheckSigner", "Done", "Accepted")
            await progress("SignedFirmwareStatusNotification", number, "Downloading")
            await work(station, "Download", outcome)
            if status == "Installed":
                await work(station, "Install", "Done")
            await progress("SignedFirmwareStatusNotification", number, "Downloaded", status)
    async with steps.step("security log is uploaded"):
        response = await csms.ask(call.GetLog({"remote_location": FILES}, "SecurityLog", 3))
        expect(response.status == "Accepted" and response.filename, response)
        await work(station, "Upload", "Done")
        await progress("LogStatusNotification", 3, "Uploading", "Uploaded")


async def reset(steps, csms, connected):
    """Gives the station's next connection."""
    async with steps.step("reset restarts the station"):
        response = await csms.ask(call.Reset(type=ResetType.soft))
        expect(response.status == ResetStatus.accepted, response)
        again = await connected.get()
        await again.wait("BootNotification")
        for connector in range(3):
            await again.wait("StatusNotification", connector_id=connector, status="Available")
    return again


def unsent(csms):
    """The calls of the package that a CSMS may send and none of the steps did: it handles the others itself."""
    own = (kind for kind in vars(call).values() if dataclasses.is_dataclass(kind) and kind.__module__ == call.__name__)
    return {kind.__name__ for kind in own} - set(csms.route_map) - csms.asked


async def run(steps, station, csms, connected):
    await availability(steps, csms)
    await reservation(steps, csms)
    await local_list(steps, csms)
    await smart_charging(steps, station, csms)
    await files(steps, station, csms)
    await triggers(steps, csms)
    await certificates(steps, station, csms)
    await signed_files(steps, station, csms)
    return await reset(steps, csms, connected)
