// The package's server, in strict mode, against `station`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RPCServer } from 'ocpp-rpc';

import { Inbox, Program, Steps, expect, violationsOf } from './common.mjs';

const IDENTITY = 'CP 001';
const PASSWORD = 'interop: 0123456789';

const now = () => new Date().toISOString();

// Accepts everything and keeps what it was told.
class CentralSystem {
    told = new Inbox();
    #lastTransaction = 100;

    constructor(client) {
        this.client = client;
        this.violations = violationsOf(client);
        const answers = {
            BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: 1 }),
            Heartbeat: () => ({ currentTime: now() }),
            StatusNotification: () => ({}),
            Authorize: ({ idTag }) => ({ idTagInfo: { status: idTag === 'STRANGER' ? 'Invalid' : 'Accepted' } }),
            StartTransaction: (_, transactionId) => ({ transactionId, idTagInfo: { status: 'Accepted' } }),
            MeterValues: () => ({}),
            StopTransaction: () => ({}),
        };
        for (const [action, answer] of Object.entries(answers)) {
            client.handle(action, ({ params }) => {
                const number = action === 'StartTransaction' ? ++this.#lastTransaction : undefined;
                this.told.put({ action, number, ...params });
                return answer(params, number);
            });
        }
    }

    // The next message of this action that has these values.
    wait(action, fields = {}) {
        return this.told.wait((message) => {
            const fits = Object.entries(fields).every(([name, value]) => message[name] === value);
            return message.action === action && fits ? message : undefined;
        });
    }

    call(action, payload = {}) {
        return this.client.call(action, payload);
    }

    // Calls what is wrong on purpose: gives the error code, or the name of what came instead.
    async refusal(action, payload) {
        try {
            const answer = await this.client.call(action, payload);
            return JSON.stringify(answer);
        } catch (error) {
            return error.rpcErrorCode;
        }
    }
}

async function session(steps, station, csms) {
    await steps.step('token, plug, meter values, plug out', async () => {
        station.say({ token: { evse: 1, id: 'DRIVER' } });
        await csms.wait('Authorize', { idTag: 'DRIVER' });
        station.say({ plug: 1 });
        const started = await csms.wait('StartTransaction', { connectorId: 1, idTag: 'DRIVER' });
        await csms.wait('StatusNotification', { connectorId: 1, status: 'Charging' });
        const sample = await csms.wait('MeterValues', { transactionId: started.number });
        expect(sample.meterValue[0].sampledValue.length > 0, sample);
        station.say({ unplug: 1 });
        const stopped = await csms.wait('StopTransaction', { transactionId: started.number });
        expect(stopped.reason === 'EVDisconnected' && stopped.meterStop >= started.meterStart, stopped);
        await csms.wait('StatusNotification', { connectorId: 1, status: 'Available' });
    });
    await steps.step('a session with a second token while the first runs', async () => {
        for (const evse of [1, 2]) {
            station.say({ plug: evse });
            await csms.wait('StatusNotification', { connectorId: evse, status: 'Preparing' });
            station.say({ token: { evse, id: `DRIVER${evse}` } });
        }
        const one = await csms.wait('StartTransaction', { connectorId: 1, idTag: 'DRIVER1' });
        const two = await csms.wait('StartTransaction', { connectorId: 2, idTag: 'DRIVER2' });
        for (const { number } of [two, one]) {
            await station.lines.wait(({ event }) => event?.TransactionKnown?.csms_id === number || undefined);
            const answer = await csms.call('RemoteStopTransaction', { transactionId: number });
            expect(answer.status === 'Accepted', answer);
            const stopped = await csms.wait('StopTransaction', { transactionId: number });
            expect(stopped.reason === 'Remote', stopped);
        }
        for (const evse of [1, 2]) {
            station.say({ unplug: evse });
            await csms.wait('StatusNotification', { connectorId: evse, status: 'Available' });
        }
    });
}

async function operations(steps, station, csms) {
    const status = async (action, payload) => (await csms.call(action, payload)).status;

    await steps.step('all configuration keys are listed, and within the schema', async () => {
        const { configurationKey } = await csms.call('GetConfiguration');
        const keys = configurationKey.map(({ key }) => key);
        expect(new Set(keys).size === keys.length && keys.length > 20, keys);
    });
    await steps.step('connector out of service and back', async () => {
        expect((await status('ChangeAvailability', { connectorId: 2, type: 'Inoperative' })) === 'Accepted', 'refused');
        await csms.wait('StatusNotification', { connectorId: 2, status: 'Unavailable' });
        expect((await status('ChangeAvailability', { connectorId: 2, type: 'Operative' })) === 'Accepted', 'refused');
        await csms.wait('StatusNotification', { connectorId: 2, status: 'Available' });
    });
    await steps.step('reservation is kept for its token, and cancelled once', async () => {
        const expiryDate = new Date(Date.now() + 600_000).toISOString();
        const reservation = { connectorId: 1, expiryDate, idTag: 'GUEST', reservationId: 7 };
        expect((await status('ReserveNow', reservation)) === 'Accepted', 'refused');
        await csms.wait('StatusNotification', { connectorId: 1, status: 'Reserved' });
        expect((await status('CancelReservation', { reservationId: 7 })) === 'Accepted', 'refused');
        await csms.wait('StatusNotification', { connectorId: 1, status: 'Available' });
        expect((await status('CancelReservation', { reservationId: 7 })) === 'Rejected', 'cancelled twice');
    });
    await steps.step('fixed cable cannot be unlocked', async () => {
        const answer = await status('UnlockConnector', { connectorId: 1 });
        expect(answer === 'NotSupported', answer);
    });
    await steps.step('vendor data of an unknown vendor', async () => {
        const asking = csms.call('DataTransfer', { vendorId: 'org.example', data: 'ping' });
        const { id } = await station.waitFor('ask');
        station.say({ answer: { id, status: 'UnknownVendorId' } });
        const answer = await asking;
        expect(answer.status === 'UnknownVendorId', answer);
    });
}

async function main() {
    const steps = new Steps('station');
    const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true });
    const handshakes = new Inbox();
    const clients = new Inbox();
    server.auth((accept, _, handshake) => {
        handshakes.put(handshake);
        accept();
    });
    server.on('client', (client) => clients.put(new CentralSystem(client)));
    const http = await server.listen(0, '127.0.0.1');
    const store = mkdtempSync(join(tmpdir(), 'interop-'));
    process.on('exit', () => rmSync(store, { recursive: true, force: true }));

    const station = new Program(
        ...['station', '--url', `ws://127.0.0.1:${http.address().port}/some/path`, '--id', IDENTITY, '--ocpp', '1.6'],
        ...['--password', PASSWORD, '--evses', '2', '--store', store, '--power', '360000'],
        ...['--set', 'MeterValueSampleInterval=1'],
    );
    const csms = await steps.step('handshake: identity with a space, subprotocol, password', async () => {
        const handshake = await handshakes.wait((item) => item);
        expect(handshake.identity === IDENTITY, handshake.identity);
        expect(handshake.password?.toString() === PASSWORD, 'wrong password');
        return clients.wait((client) => client);
    });
    await steps.step('boot, statuses, heartbeats', async () => {
        await csms.wait('BootNotification');
        for (const connectorId of [0, 1, 2]) {
            await csms.wait('StatusNotification', { connectorId, status: 'Available' });
        }
        await csms.wait('Heartbeat');
    });
    await session(steps, station, csms);
    await operations(steps, station, csms);
    await steps.step('connection that breaks is made again, without a second boot', async () => {
        csms.client.close({ code: 1012, force: true });
        const again = await clients.wait((client) => client);
        const first = await again.told.wait((message) => message);
        expect(first.action !== 'BootNotification', first);
        expect(again.violations.length === 0, again.violations);
    });
    await steps.step('nothing broke a schema', async () => expect(csms.violations.length === 0, csms.violations));
    await station.stop();
    steps.done();
    process.exit(0);
}

await main();
