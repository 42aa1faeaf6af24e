// The package's client in 2.0.1, in strict mode, and 2.1 against `csms`, one after the other on one port.

import { isDeepStrictEqual } from 'node:util';

import { RPCClient } from 'ocpp-rpc';

import { Program, Steps, expect, violationsOf } from './common.mjs';

const PASSWORD = 'interop: 0123456789';
const START = Date.parse('2026-01-02T03:04:05Z');

const at = (second) => new Date(START + second * 1000).toISOString();

function station(endpoint, identity, version) {
    // The package's schemas of 2.1 bear names for which it does not look.
    const strictMode = version === '2.0.1';
    const options = { endpoint, identity, password: PASSWORD, protocols: [`ocpp${version}`], strictMode };
    return new RPCClient({ ...options, reconnect: false, pingIntervalMs: 60_000 });
}

async function session(steps, client, transactionId) {
    const idToken = { idToken: 'DRIVER', type: 'ISO14443' };
    const energy = (second, value) => [{ timestamp: at(second), sampledValue: [{ value }] }];
    const event = (eventType, seqNo, triggerReason, more = {}, info = {}) =>
        client.call('TransactionEvent', {
            eventType,
            timestamp: at(60 * seqNo),
            triggerReason,
            seqNo,
            transactionInfo: { transactionId, ...info },
            ...more,
        });
    await steps.step('boot, heartbeat and status are answered', async () => {
        const chargingStation = { model: 'Node', vendorName: 'Interop' };
        const boot = await client.call('BootNotification', { chargingStation, reason: 'PowerUp' });
        expect(boot.status === 'Accepted' && boot.interval === 600, boot);
        await client.call('Heartbeat', {});
        const status = { timestamp: at(0), connectorStatus: 'Available', evseId: 1, connectorId: 1 };
        await client.call('StatusNotification', status);
    });
    await steps.step('transaction from its begin to its end', async () => {
        const evse = { id: 1, connectorId: 1 };
        const begun = await event('Started', 0, 'Authorized', { evse, idToken, meterValue: energy(0, 1000) });
        expect(begun.idTokenInfo.status === 'Accepted', begun);
        await event('Updated', 1, 'MeterValuePeriodic', { meterValue: energy(60, 1100.5) });
        await event('Updated', 2, 'ChargingStateChanged', { offline: true }, { chargingState: 'SuspendedEV' });
        const ended = await event('Ended', 3, 'EVCommunicationLost', { meterValue: energy(180, 1200) }, {
            stoppedReason: 'EVDisconnected',
        });
        expect(!ended.idTokenInfo, ended);
    });
    await steps.step('several calls at once are all answered', async () => {
        const tokens = ['DRIVER', 'STRANGER', 'DRIVER', 'STRANGER'];
        const ask = (text) => client.call('Authorize', { idToken: { idToken: text, type: 'Central' } });
        const answers = await Promise.all(tokens.map(ask));
        const statuses = answers.map(({ idTokenInfo }) => idTokenInfo.status);
        expect(statuses.join() === 'Accepted,Invalid,Accepted,Invalid', statuses);
    });
    await steps.step('vendor data of an unknown vendor', async () => {
        const answer = await client.call('DataTransfer', { vendorId: 'org.example', data: 'x' });
        expect(answer.status === 'UnknownVendorId', answer);
    });
}

async function commands(steps, csms, client, identity) {
    const name = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' } };
    const cases = {
        RequestStartTransaction: [{ idToken: { idToken: 'DRIVER', type: 'Central' }, remoteStartId: 1 }, { status: 'Accepted' }],
        RequestStopTransaction: [{ transactionId: 'none' }, { status: 'Rejected' }],
        GetVariables: [
            { getVariableData: [name] },
            { getVariableResult: [{ ...name, attributeStatus: 'Accepted', attributeValue: '300' }] },
        ],
        SetVariables: [
            { setVariableData: [{ ...name, attributeValue: '60' }] },
            { setVariableResult: [{ ...name, attributeStatus: 'Accepted' }] },
        ],
        GetBaseReport: [{ requestId: 1, reportBase: 'FullInventory' }, { status: 'NotSupported' }],
        UnlockConnector: [{ evseId: 1, connectorId: 1 }, { status: 'Unlocked', statusInfo: { reasonCode: 'Fine' } }],
        ClearCache: [{}, { status: 'Rejected' }],
        Reset: [{ type: 'Immediate' }, { status: 'Rejected' }],
    };
    for (const [action, [payload, expected]] of Object.entries(cases)) {
        client.handle(action, () => expected);
        await steps.step(`${action} is sent within the schema, and its answer told`, async () => {
            csms.say({ station: identity, action, payload });
            const answer = await csms.waitFor('answer');
            expect(answer.action === action && !('violation' in answer) && !('failure' in answer), answer);
            expect(isDeepStrictEqual(answer.payload, expected), answer);
        });
    }
}

async function main() {
    const steps = new Steps('csms in 2.x');
    const csms = new Program(
        ...['csms', '--listen', '127.0.0.1:0', '--password', PASSWORD, '--token', 'DRIVER', '--heartbeat', '600'],
    );
    const endpoint = `${await csms.waitFor('listening', 'url')}/ocpp`;
    for (const version of ['2.0.1', '2.1']) {
        const identity = `CP ${version}`;
        const client = station(endpoint, identity, version);
        const violations = violationsOf(client);
        await steps.step(`handshake agrees on ${version}`, async () => {
            await client.connect();
            expect(client.protocol === `ocpp${version}`, client.protocol);
        });
        await session(steps, client, `5f8a-${version}`);
        await commands(steps, csms, client, identity);
        await steps.step('nothing broke a schema', async () => expect(violations.length === 0, violations));
        await client.close();
    }
    await csms.stop();
    steps.done();
    process.exit(0);
}

await main();
