// What both directions share: programs driven by JSON lines, things waited for, and a verdict for each step.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

// Nothing takes nearly so long, only a failure does.
const PATIENCE_MS = 30_000;

export function expect(condition, found) {
    if (!condition) {
        throw new Error(typeof found === 'string' ? found : JSON.stringify(found));
    }
}

// Runs steps one after the other, with one line for each. After a broken one the rest makes no sense.
export class Steps {
    count = 0;

    constructor(subject) {
        this.subject = subject;
    }

    async step(name, body) {
        let timer;
        const patience = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error('nothing came')), PATIENCE_MS);
        });
        try {
            const result = await Promise.race([body(), patience]);
            this.count += 1;
            console.log(`ok   ${this.subject}: ${name}`);
            return result;
        } catch (error) {
            console.log(`FAIL ${this.subject}: ${name}: ${error.message}`);
            process.exit(1);
        } finally {
            clearTimeout(timer);
        }
    }

    done() {
        console.log(`${this.subject}: ${this.count} steps hold`);
    }
}

// Things that arrive, waited for by what they are, in any order. What was found is gone.
export class Inbox {
    #items = [];
    #wake = () => {};

    put(item) {
        this.#items.push(item);
        this.#wake();
    }

    async wait(find) {
        for (;;) {
            for (const [place, item] of this.#items.entries()) {
                const found = find(item);
                if (found !== undefined) {
                    this.#items.splice(place, 1);
                    return found;
                }
            }
            await new Promise((resolve) => {
                this.#wake = resolve;
            });
        }
    }
}

// `station` or `csms` as a process.
export class Program {
    lines = new Inbox();
    seen = [];

    constructor(...args) {
        this.process = spawn(process.env.PROGRAM, args, { stdio: ['pipe', 'pipe', 'inherit'] });
        // A broken step ends this process at once, and must leave no other behind.
        process.on('exit', () => this.process.kill('SIGKILL'));
        createInterface({ input: this.process.stdout }).on('line', (text) => {
            const line = JSON.parse(text);
            this.seen.push(line);
            this.lines.put(line);
        });
    }

    say(line) {
        this.process.stdin.write(`${JSON.stringify(line)}\n`);
    }

    // The value at this path of the first line that has it.
    waitFor(...path) {
        return this.lines.wait((line) => path.reduce((value, name) => value?.[name], line));
    }

    async stop() {
        const gone = new Promise((resolve) => this.process.on('exit', resolve));
        this.process.kill('SIGKILL');
        await gone;
    }
}

// Collects what the package's validator refuses, in either direction.
export function violationsOf(client) {
    const violations = [];
    client.on('strictValidationFailure', ({ method, params, result, outbound, error }) => {
        const sender = outbound ? 'this script' : 'the program';
        violations.push(`${method} of ${sender}: ${error.message} in ${JSON.stringify(result ?? params)}`);
    });
    client.on('badMessage', ({ error }) => violations.push(`bad message: ${error.message}`));
    return violations;
}
