// The package's server in 2.0.1, in strict mode, and 2.1 against `station`, which is started anew for each.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RPCServer } from 'ocpp-rpc';

import { Inbox, Program, Steps, expect, violationsOf } from './common.mjs';
import * as operations from './operations_v2.mjs';

const IDENTITY = 'CP001';

const now = () => new Date().toISOString();

// Accepts everybody but one and keeps what it was told.
class Csms {
    told = new Inbox();

    constructor(client) {
        this.client = client;
        this.violations = violationsOf(client);
        const verdict = (idToken) => ({ status: idToken.idToken === 'STRANGER' ? 'Invalid' : 'Accepted' });
        const answers = {
            BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: 300 }),
            Heartbeat: () => ({ currentTime: now() }),
            StatusNotification: () => ({}),
            NotifyEvent: () => ({}),
            MeterValues: () => ({}),
            SecurityEventNotification: () => ({}),
            NotifyReport: () => ({}),
            FirmwareStatusNotification: () => ({}),
            LogStatusNotification: () => ({}),
            SignCertificate: () => ({ status: 'Accepted' }),
            Authorize: ({ idToken }) => ({ idTokenInfo: verdict(idToken) }),
            TransactionEvent: ({ idToken }) => (idToken ? { idTokenInfo: verdict(idToken) } : {}),
        };
        for (const [action, answer] of Object.entries(answers)) {
            client.handle(action, ({ params }) => {
                this.told.put({ action, ...params });
                return answer(params);
            });
        }
    }

    wait(action, fits = () => true) {
        return this.told.wait((message) => (message.action === action && fits(message) ? message : undefined));
    }
}

async function session(steps, station, csms) {
    await steps.step('boot, and then the statuses', async () => {
        await csms.wait('BootNotification');
        await csms.wait('StatusNotification');
    });
    const begun = await steps.step('token, plug, begin', async () => {
        station.say({ token: { evse: 1, id: 'DRIVER' } });
        await csms.wait('Authorize', ({ idToken }) => idToken.idToken === 'DRIVER');
        station.say({ plug: 1 });
        return csms.wait('TransactionEvent', ({ eventType }) => eventType === 'Started');
    });
    const { transactionId } = begun.transactionInfo;
    const isOf = (type) => (event) => event.eventType === type && event.transactionInfo.transactionId === transactionId;
    await steps.step('meter values and the end', async () => {
        await csms.wait('TransactionEvent', (event) => isOf('Updated')(event) && event.meterValue?.length > 0);
        station.say({ unplug: 1 });
        const ended = await csms.wait('TransactionEvent', isOf('Ended'));
        expect(ended.transactionInfo.stoppedReason === 'EVDisconnected' && ended.seqNo > begun.seqNo, ended);
    });
    await steps.step('remote start and stop', async () => {
        station.say({ plug: 2 });
        const idToken = { idToken: 'APP', type: 'Central' };
        const start = { idToken, remoteStartId: 77, evseId: 2 };
        const answer = await csms.client.call('RequestStartTransaction', start);
        expect(answer.status === 'Accepted', answer);
        const started = await csms.wait('TransactionEvent', ({ eventType, evse }) => eventType === 'Started' && evse?.id === 2);
        expect(started.transactionInfo.remoteStartId === 77, started);
        const name = started.transactionInfo.transactionId;
        const stop = await csms.client.call('RequestStopTransaction', { transactionId: name });
        expect(stop.status === 'Accepted', stop);
        const ended = await csms.wait(
            'TransactionEvent',
            (event) => event.transactionInfo.transactionId === name && event.transactionInfo.stoppedReason,
        );
        expect(ended.transactionInfo.stoppedReason === 'Remote', ended);
    });
}

async function main() {
    const steps = new Steps('station in 2.x');
    for (const version of ['2.0.1', '2.1']) {
        // The package's schemas of 2.1 bear names for which it does not look.
        const server = new RPCServer({ protocols: [`ocpp${version}`], strictMode: version === '2.0.1' });
        const clients = new Inbox();
        server.on('client', (client) => clients.put(new Csms(client)));
        const http = await server.listen(0, '127.0.0.1');
        const store = mkdtempSync(join(tmpdir(), 'interop-'));
        process.on('exit', () => rmSync(store, { recursive: true, force: true }));
        const station = new Program(
            ...['station', '--url', `ws://127.0.0.1:${http.address().port}/ocpp`, '--id', IDENTITY],
            ...['--ocpp', `${version},1.6`, '--evses', '2', '--store', store, '--power', '360000'],
            ...['--set', 'SampledDataCtrlr.TxUpdatedInterval=1', '--manual-jobs'],
        );
        const next = () => clients.wait((client) => client);
        const csms = await steps.step(`handshake offers ${version}`, next);
        await session(steps, station, csms);
        await operations.variables(steps, csms);
        await operations.reports(steps, csms);
        await operations.files(steps, station, csms);
        await operations.certificates(steps, station, csms);
        await operations.localList(steps, csms);
        await operations.upkeep(steps, station, csms);
        station.say({ unplug: 2 });
        const again = await operations.reset(steps, csms, next);
        const violations = [...csms.violations, ...again.violations];
        await steps.step('nothing broke a schema', async () => expect(violations.length === 0, violations));
        await station.stop();
        await server.close({ force: true });
    }
    steps.done();
    process.exit(0);
}

await main();
