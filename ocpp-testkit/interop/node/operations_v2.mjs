// What a CSMS of 2.0.1 or 2.1 can ask of a station beside a plain session: variables, reports, files, certificates, the local list, resets.

import { expect } from './common.mjs';

// What is in them is the host's business, and the host is the script.
const FILES = 'ftp://files.example/interop';
const PEM = '-----BEGIN CERTIFICATE-----\nY2VydA==\n-----END CERTIFICATE-----\n';
const CSR = '-----BEGIN CERTIFICATE REQUEST-----\nY3Ny\n-----END CERTIFICATE REQUEST-----\n';

// A certificate as messages name it, and as the host lists it.
const NAMES = { hashAlgorithm: 'SHA256', issuerNameHash: 'A1', issuerKeyHash: 'B2', serialNumber: 'C3' };
const KEPT = { algorithm: 'Sha256', issuer_name_hash: 'A1', issuer_key_hash: 'B2', serial_number: 'C3' };
const LISTED = { usage: 'CsmsRoot', hash: KEPT, children: [] };

const now = () => new Date().toISOString();

const named = (component, name, place = {}) => ({
    component: { name: component, ...place },
    ...(name ? { variable: { name } } : {}),
});

// The host of the station is given this work, and it ends so.
async function work(station, kind, outcome) {
    const { id, order } = await station.waitFor('job');
    expect(JSON.stringify(order).includes(kind), order);
    station.say({ job: { id, outcome } });
}

async function answered(csms, action, payload, status = 'Accepted') {
    const answer = await csms.client.call(action, payload);
    expect(answer.status === status, answer);
    return answer;
}

// An answer that waits for the host.
async function answeredByWork(station, csms, action, payload, kind, outcome, status = 'Accepted') {
    const asking = answered(csms, action, payload, status);
    await work(station, kind, outcome);
    return asking;
}

export async function variables(steps, csms) {
    const interval = named('OCPPCommCtrlr', 'HeartbeatInterval');
    const read = async (...asked) => (await csms.client.call('GetVariables', { getVariableData: asked })).getVariableResult;
    const set = async (...wanted) => (await csms.client.call('SetVariables', { setVariableData: wanted })).setVariableResult;
    await steps.step('variables are read, unknown ones named as such', async () => {
        const [known, component, variable] = await read(interval, named('No', 'Such'), named('OCPPCommCtrlr', 'NoSuch'));
        expect(known.attributeStatus === 'Accepted' && known.attributeValue === '300', known);
        expect(component.attributeStatus === 'UnknownComponent', component);
        expect(variable.attributeStatus === 'UnknownVariable', variable);
    });
    await steps.step('variables are set and read back, each with a verdict of its own', async () => {
        const [taken, wrong] = await set(
            { ...interval, attributeValue: '600' },
            { ...named('TxCtrlr', 'EVConnectionTimeOut'), attributeValue: 'often' },
        );
        expect(taken.attributeStatus === 'Accepted' && wrong.attributeStatus === 'Rejected', [taken, wrong]);
        const [found] = await read(interval);
        expect(found.attributeValue === '600', found);
    });
}

// The variables of all parts of a report.
async function report(csms, action, request) {
    await answered(csms, action, request);
    const told = [];
    for (let number = 0; ; number += 1) {
        const part = await csms.wait('NotifyReport', ({ requestId }) => requestId === request.requestId);
        expect(part.seqNo === number, part);
        told.push(...part.reportData);
        if (!part.tbc) {
            return told;
        }
    }
}

export async function reports(steps, csms) {
    const full = await steps.step('full report has the station, its EVSEs and its controllers', async () => {
        const all = await report(csms, 'GetBaseReport', { requestId: 1, reportBase: 'FullInventory' });
        const components = new Set(all.map(({ component }) => component.name));
        for (const name of ['ChargingStation', 'EVSE', 'Connector', 'OCPPCommCtrlr', 'SecurityCtrlr']) {
            expect(components.has(name), `no ${name}`);
        }
        return all;
    });
    await steps.step('every variable of the report is read with the same value', async () => {
        for (const { component, variable, variableAttribute } of full) {
            const asked = { getVariableData: [{ component, variable }] };
            const [read] = (await csms.client.call('GetVariables', asked)).getVariableResult;
            const [{ mutability, value }] = variableAttribute;
            if (mutability === 'WriteOnly') {
                expect(read.attributeStatus === 'Rejected', read);
            } else if (variable.name !== 'DateTime') {
                expect(read.attributeValue === value, read);
            }
        }
    });
    await steps.step('configuration and summary are parts of it', async () => {
        for (const [requestId, reportBase] of [[2, 'ConfigurationInventory'], [3, 'SummaryInventory']]) {
            const some = await report(csms, 'GetBaseReport', { requestId, reportBase });
            expect(some.length > 0 && some.length < full.length, reportBase);
        }
    });
    await steps.step('custom report has what is asked for', async () => {
        const componentVariable = [named('EVSE', 'AvailabilityState')];
        const states = await report(csms, 'GetReport', { requestId: 4, componentVariable });
        expect(states.length === 2, states);
        await answered(csms, 'GetReport', { requestId: 5, componentVariable: [named('Nonsense')] }, 'EmptyResultSet');
    });
}

export async function files(steps, station, csms) {
    const update = (requestId, signed) => ({ requestId, firmware: { location: FILES, retrieveDateTime: now(), ...signed } });
    const progress = async (action, number, ...statuses) => {
        for (const wanted of statuses) {
            await csms.wait(action, ({ requestId, status }) => requestId === number && status === wanted);
        }
    };
    const signature = { signingCertificate: PEM, signature: 'Zml0' };
    await steps.step('firmware that nobody signed is refused', async () => {
        await answered(csms, 'UpdateFirmware', update(10), 'Rejected');
    });
    await steps.step('firmware is fetched and installed', async () => {
        await answeredByWork(station, csms, 'UpdateFirmware', update(11, signature), 'CheckSigner', 'Done');
        await work(station, 'Download', 'Done');
        await work(station, 'Install', 'Done');
        const told = ['Downloading', 'Downloaded', 'SignatureVerified', 'Installing', 'Installed'];
        await progress('FirmwareStatusNotification', 11, ...told);
    });
    await steps.step('firmware whose signature is wrong is not installed', async () => {
        await answeredByWork(station, csms, 'UpdateFirmware', update(12, signature), 'CheckSigner', 'Done');
        await work(station, 'Download', 'Invalid');
        await progress('FirmwareStatusNotification', 12, 'Downloading', 'Downloaded', 'InvalidSignature');
    });
    await steps.step('log is uploaded', async () => {
        const log = { log: { remoteLocation: FILES }, logType: 'DiagnosticsLog', requestId: 13 };
        const { filename } = await answered(csms, 'GetLog', log);
        expect(filename, 'no name');
        await work(station, 'Upload', 'Done');
        await progress('LogStatusNotification', 13, 'Uploading', 'Uploaded');
    });
}

export async function certificates(steps, station, csms) {
    const certificateType = 'CSMSRootCertificate';
    await steps.step('certificates are installed, listed and deleted', async () => {
        const of = ['GetInstalledCertificateIds', { certificateType: [certificateType] }, 'ListCertificates'];
        await answeredByWork(station, csms, ...of, { Certificates: [] }, 'NotFound');
        const root = { certificateType, certificate: PEM };
        await answeredByWork(station, csms, 'InstallCertificate', root, 'InstallCertificate', 'Done');
        const listed = await answeredByWork(station, csms, ...of, { Certificates: [LISTED] });
        const [chain] = listed.certificateHashDataChain;
        expect(chain.certificateType === certificateType && chain.certificateHashData.serialNumber === 'C3', listed);
        const gone = { certificateHashData: NAMES };
        await answeredByWork(station, csms, 'DeleteCertificate', gone, 'DeleteCertificate', 'Done');
    });
    await steps.step('certificate of the station is asked for, signed and installed', async () => {
        const setVariableData = [{ ...named('SecurityCtrlr', 'OrganizationName'), attributeValue: 'Interop' }];
        await csms.client.call('SetVariables', { setVariableData });
        await answered(csms, 'TriggerMessage', { requestedMessage: 'SignChargingStationCertificate' });
        await work(station, 'CreateCsr', { Csr: CSR });
        await csms.wait('SignCertificate', ({ csr }) => csr === CSR);
        const signed = { certificateChain: PEM, certificateType: 'ChargingStationCertificate' };
        await answeredByWork(station, csms, 'CertificateSigned', signed, 'InstallCertificate', 'Done');
    });
}

export async function localList(steps, csms) {
    const entry = (idToken, status) => ({ idToken: { idToken, type: 'ISO14443' }, idTokenInfo: { status } });
    await steps.step('local list is replaced, changed, and told by its version', async () => {
        const updates = [
            [3, 'Full', [entry('A', 'Accepted'), entry('B', 'Blocked')]],
            [4, 'Differential', [entry('C', 'Accepted')]],
        ];
        for (const [versionNumber, updateType, localAuthorizationList] of updates) {
            await answered(csms, 'SendLocalList', { versionNumber, updateType, localAuthorizationList });
            const installed = await csms.client.call('GetLocalListVersion', {});
            expect(installed.versionNumber === versionNumber, installed);
        }
        await answered(csms, 'ClearCache', {}, 'Rejected');
    });
}

export async function upkeep(steps, station, csms) {
    await steps.step('an EVSE out of service and back', async () => {
        for (const [operationalStatus, wanted] of [['Inoperative', 'Unavailable'], ['Operative', 'Available']]) {
            await answered(csms, 'ChangeAvailability', { operationalStatus, evse: { id: 1 } });
            const fits = ({ evseId, connectorStatus }) => evseId === 1 && connectorStatus === wanted;
            await csms.wait('StatusNotification', fits);
        }
    });
    await steps.step('messages are triggered, and what is not there is not', async () => {
        for (const requestedMessage of ['Heartbeat', 'MeterValues', 'LogStatusNotification', 'FirmwareStatusNotification']) {
            await answered(csms, 'TriggerMessage', { requestedMessage });
            await csms.wait(requestedMessage);
        }
        await answered(csms, 'TriggerMessage', { requestedMessage: 'SignV2GCertificate' }, 'NotImplemented');
    });
    await steps.step('transaction of nobody is none', async () => {
        const status = await csms.client.call('GetTransactionStatus', { transactionId: 'of nobody' });
        expect(!status.ongoingIndicator && !status.messagesInQueue, status);
    });
    await steps.step('vendor data of an unknown vendor', async () => {
        const asking = answered(csms, 'DataTransfer', { vendorId: 'org.example', data: 'ping' }, 'UnknownVendorId');
        const { id } = await station.waitFor('ask');
        station.say({ answer: { id, status: 'UnknownVendorId' } });
        await asking;
    });
    await steps.step('fixed cable cannot be unlocked', async () => {
        const answer = await csms.client.call('UnlockConnector', { evseId: 1, connectorId: 1 });
        expect(answer.status !== 'Unlocked', answer);
    });
    await steps.step('network profile is taken', async () => {
        const connectionData = {
            ocppVersion: 'OCPP20', ocppTransport: 'JSON', ocppCsmsUrl: 'ws://other.example/ocpp',
            messageTimeout: 30, securityProfile: 1, ocppInterface: 'Wired0',
        };
        const answer = await csms.client.call('SetNetworkProfile', { configurationSlot: 2, connectionData });
        expect(['Accepted', 'Rejected'].includes(answer.status), answer);
    });
    await steps.step('call that the station does not carry out is answered so', async () => {
        const code = await csms.client.call('GetCompositeSchedule', { duration: 60, evseId: 1 }).then(
            (answer) => JSON.stringify(answer),
            (error) => error.rpcErrorCode,
        );
        expect(code === 'NotSupported', code);
    });
}

// Gives the station's next connection.
export async function reset(steps, csms, next) {
    return steps.step('reset on idle, and the boot after it', async () => {
        await answered(csms, 'Reset', { type: 'OnIdle' });
        const again = await next();
        const boot = await again.wait('BootNotification');
        expect(['RemoteReset', 'ScheduledReset'].includes(boot.reason), boot);
        return again;
    });
}
