"""What a CSMS of 2.0.1 or 2.1 can ask for beside a plain session: reports, files, certificates, the local list."""

from common import expect
from operations import CSR, FILES, LISTED, NAMES, PEM, ask_with_work, now, work


def pair(component, variable=None, **place):
    named = {"component": {"name": component, **place}}
    return named if variable is None else named | {"variable": {"name": variable}}


async def report(csms, request):
    """The variables of all parts of a report."""
    response = await csms.ask(request)
    expect(response.status == "Accepted", response)
    told, number, is_more = [], 0, True
    while is_more:
        part = await csms.wait("NotifyReport", request_id=request.request_id)
        expect(part["seq_no"] == number, part)
        told, number, is_more = told + part["report_data"], number + 1, part.get("tbc", False)
    return told


def value(variable):
    return variable["variable_attribute"][0].get("value")


async def reports(steps, csms, call):
    async with steps.step("full report has the station, its EVSEs and its controllers"):
        full = await report(csms, call.GetBaseReport(request_id=1, report_base="FullInventory"))
        components = {variable["component"]["name"] for variable in full}
        expect({"ChargingStation", "EVSE", "Connector", "OCPPCommCtrlr", "SecurityCtrlr"} <= components, components)
        expect(all(variable["variable_characteristics"]["data_type"] for variable in full), "no type")
    async with steps.step("every variable of the report is read with the same value"):
        for variable in full:
            asked = {"component": variable["component"], "variable": variable["variable"]}
            read = (await csms.ask(call.GetVariables([asked]))).get_variable_result[0]
            if variable["variable_attribute"][0]["mutability"] == "WriteOnly":
                expect(read["attribute_status"] == "Rejected", read)
            elif variable["variable"]["name"] != "DateTime":
                expect(read["attribute_value"] == value(variable), read)
    async with steps.step("configuration and summary are parts of it"):
        for request, base in ((2, "ConfigurationInventory"), (3, "SummaryInventory")):
            some = await report(csms, call.GetBaseReport(request_id=request, report_base=base))
            expect(0 < len(some) < len(full), base)
    async with steps.step("custom report has what is asked for"):
        states = call.GetReport(request_id=4, component_variable=[pair("EVSE", "AvailabilityState")])
        told = [value(state) for state in await report(csms, states)]
        # At the second a vehicle is left.
        expect(told == ["Available", "Occupied"], told)
        nothing = await csms.ask(call.GetReport(request_id=5, component_variable=[pair("Nonsense")]))
        expect(nothing.status == "EmptyResultSet", nothing)


async def files(steps, station, csms, call):
    def update(number, **signed):
        firmware = {"location": FILES, "retrieve_date_time": now(), **signed}
        return call.UpdateFirmware(request_id=number, firmware=firmware)

    async def progress(action, number, *statuses):
        for status in statuses:
            await csms.wait(action, request_id=number, status=status)

    async with steps.step("firmware that nobody signed is refused"):
        response = await csms.ask(update(10))
        expect(response.status == "Rejected", response)
    async with steps.step("firmware is fetched and installed"):
        signed = update(11, signing_certificate=PEM, signature="Zml0")
        await ask_with_work(station, csms, signed, "CheckSigner", "Done", "Accepted")
        await work(station, "Download", "Done")
        await work(station, "Install", "Done")
        told = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]
        await progress("FirmwareStatusNotification", 11, *told)
    async with steps.step("firmware whose signature is wrong is not installed"):
        signed = update(12, signing_certificate=PEM, signature="Zml0")
        await ask_with_work(station, csms, signed, "CheckSigner", "Done", "Accepted")
        await work(station, "Download", "Invalid")
        await progress("FirmwareStatusNotification", 12, "Downloading", "Downloaded", "InvalidSignature")
    async with steps.step("log is uploaded"):
        response = await csms.ask(
            call.GetLog(log={"remote_location": FILES}, log_type="DiagnosticsLog", request_id=13)
        )
        expect(response.status == "Accepted" and response.filename, response)
        await work(station, "Upload", "Done")
        await progress("LogStatusNotification", 13, "Uploading", "Uploaded")


async def certificates(steps, station, csms, call):
    root = "CSMSRootCertificate"

    async def ask(*of):
        return await ask_with_work(station, csms, *of)

    async with steps.step("certificates are installed, listed and deleted"):
        ids = call.GetInstalledCertificateIds(certificate_type=[root])
        await ask(ids, "ListCertificates", {"Certificates": []}, "NotFound")
        install = call.InstallCertificate(certificate_type=root, certificate=PEM)
        await ask(install, "InstallCertificate", "Done", "Accepted")
        response = await ask(ids, "ListCertificates", {"Certificates": [LISTED]}, "Accepted")
        chain = response.certificate_hash_data_chain
        expect(chain == [{"certificate_type": root, "certificate_hash_data": NAMES}], response)
        await ask(call.DeleteCertificate(certificate_hash_data=NAMES), "DeleteCertificate", "Done", "Accepted")
    async with steps.step("certificate of the station is asked for, signed and installed"):
        owner = pair("SecurityCtrlr", "OrganizationName") | {"attribute_value": "Interop"}
        await csms.ask(call.SetVariables([owner]))
        response = await csms.ask(call.TriggerMessage(requested_message="SignChargingStationCertificate"))
        expect(response.status == "Accepted", response)
        await work(station, "CreateCsr", {"Csr": CSR})
        await csms.wait("SignCertificate", csr=CSR)
        signed = call.CertificateSigned(certificate_chain=PEM, certificate_type="ChargingStationCertificate")
        await ask(signed, "InstallCertificate", "Done", "Accepted")


async def local_list(steps, csms, call):
    def entry(token, status):
        return {"id_token": {"id_token": token, "type": "ISO14443"}, "id_token_info": {"status": status}}

    async with steps.step("local list is replaced, changed, and told by its version"):
        for number, kind, entries in (
            (3, "Full", [entry("A", "Accepted"), entry("B", "Blocked")]),
            (4, "Differential", [entry("C", "Accepted")]),
        ):
            request = call.SendLocalList(version_number=number, update_type=kind, local_authorization_list=entries)
            response = await csms.ask(request)
            expect(response.status == "Accepted", response)
            installed = await csms.ask(call.GetLocalListVersion())
            expect(installed.version_number == number, installed)
        entries = (await csms.ask(call.GetVariables([pair("LocalAuthListCtrlr", "Entries")]))).get_variable_result[0]
        expect(entries["attribute_value"] == "3", entries)
