// The package's client, in strict mode, against `csms`.

import { RPCClient } from 'ocpp-rpc';

import { Program, Steps, expect, violationsOf } from './common.mjs';

const IDENTITY = 'CP 001';
const PASSWORD = 'interop: 0123456789';
const START = Date.parse('2026-01-02T03:04:05Z');

const at = (second) => new Date(START + second * 1000).toISOString();

function station(endpoint, password) {
    const options = { endpoint, identity: IDENTITY, password, protocols: ['ocpp1.6'], strictMode: true };
    return new RPCClient({ ...options, reconnect: false, pingIntervalMs: 60_000 });
}

async function session(steps, client) {
    await steps.step('boot, heartbeat and status are answered', async () => {
        const boot = await client.call('BootNotification', { chargePointVendor: 'Interop', chargePointModel: 'Node' });
        expect(boot.status === 'Accepted' && boot.interval === 600, boot);
        await client.call('Heartbeat', {});
        for (const connectorId of [0, 1]) {
            await client.call('StatusNotification', { connectorId, errorCode: 'NoError', status: 'Available' });
        }
    });
    await steps.step('transaction with its meter values', async () => {
        const start = { connectorId: 1, idTag: 'DRIVER', meterStart: 1000, timestamp: at(0) };
        const { transactionId, idTagInfo } = await client.call('StartTransaction', start);
        expect(idTagInfo.status === 'Accepted' && transactionId > 0, idTagInfo);
        const sampledValue = [{ value: '1100', measurand: 'Energy.Active.Import.Register', unit: 'Wh' }];
        await client.call('MeterValues', { connectorId: 1, transactionId, meterValue: [{ timestamp: at(60), sampledValue }] });
        const transactionData = [{ timestamp: at(120), sampledValue: [{ value: '1200.5', context: 'Transaction.End' }] }];
        const stop = { transactionId, meterStop: 1200, timestamp: at(120), reason: 'Local', transactionData };
        const stopped = await client.call('StopTransaction', stop);
        expect(!stopped.idTagInfo || stopped.idTagInfo.status === 'Accepted', stopped);
    });
    await steps.step('several calls at once are all answered', async () => {
        const tokens = ['DRIVER', 'STRANGER', 'DRIVER', 'STRANGER'];
        const answers = await Promise.all(tokens.map((idTag) => client.call('Authorize', { idTag })));
        const statuses = answers.map(({ idTagInfo }) => idTagInfo.status);
        expect(statuses.join() === 'Accepted,Invalid,Accepted,Invalid', statuses);
    });
    await steps.step('vendor data of an unknown vendor', async () => {
        const answer = await client.call('DataTransfer', { vendorId: 'org.example', data: 'x' });
        expect(answer.status === 'UnknownVendorId', answer);
    });
}

async function commands(steps, csms, client) {
    const answers = {
        RemoteStartTransaction: { status: 'Accepted' },
        GetConfiguration: { configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '300' }] },
        ReserveNow: { status: 'Occupied' },
        GetLocalListVersion: { listVersion: -1 },
        SetChargingProfile: { status: 'NotSupported' },
        GetCompositeSchedule: { status: 'Rejected' },
        TriggerMessage: { status: 'NotImplemented' },
        UpdateFirmware: {},
        Reset: { status: 'Rejected' },
    };
    const payloads = {
        RemoteStartTransaction: { idTag: 'DRIVER', connectorId: 1 },
        ReserveNow: { connectorId: 1, expiryDate: at(0), idTag: 'DRIVER', reservationId: 1 },
        SetChargingProfile: {
            connectorId: 1,
            csChargingProfiles: {
                chargingProfileId: 1,
                stackLevel: 0,
                chargingProfilePurpose: 'TxDefaultProfile',
                chargingProfileKind: 'Relative',
                chargingSchedule: { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 16.1 }] },
            },
        },
        GetCompositeSchedule: { connectorId: 1, duration: 60 },
        TriggerMessage: { requestedMessage: 'Heartbeat' },
        UpdateFirmware: { location: 'https://example.org/f', retrieveDate: at(0) },
        Reset: { type: 'Soft' },
    };
    for (const [action, expected] of Object.entries(answers)) {
        client.handle(action, () => expected);
        await steps.step(`${action} is sent within the schema, and its answer told`, async () => {
            csms.say({ station: IDENTITY, action, payload: payloads[action] ?? {} });
            const answer = await csms.waitFor('answer');
            expect(answer.action === action && !('violation' in answer) && !('failure' in answer), answer);
            expect(JSON.stringify(answer.payload) === JSON.stringify(expected), answer);
        });
    }
}

async function main() {
    const steps = new Steps('csms');
    const csms = new Program(
        ...['csms', '--listen', '127.0.0.1:0', '--ocpp', '1.6', '--station', `${IDENTITY}=${PASSWORD}`],
        ...['--token', 'DRIVER', '--heartbeat', '600'],
    );
    const endpoint = `${await csms.waitFor('listening', 'url')}/ocpp`;
    await steps.step('wrong password is refused', async () => {
        try {
            await station(endpoint, 'guess').connect();
        } catch (error) {
            return expect(error.code === 401, error.message);
        }
        return expect(false, 'was let in');
    });
    const client = station(endpoint, PASSWORD);
    const violations = violationsOf(client);
    await steps.step('identity with a space is let in', async () => {
        await client.connect();
        expect(client.protocol === 'ocpp1.6', client.protocol);
    });
    await session(steps, client);
    await commands(steps, csms, client);
    await steps.step('nothing broke a schema', async () => expect(violations.length === 0, violations));
    await csms.stop();
    steps.done();
    process.exit(0);
}

await main();
