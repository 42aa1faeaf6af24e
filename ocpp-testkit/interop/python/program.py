"""What every peer's scripts share, with nothing but Python itself: programs driven by JSON lines, and a verdict for each step."""

import asyncio
import atexit
import contextlib
import json
import os
import signal
import sys

# Nothing takes nearly so long, only a failure does.
PATIENCE = 30


class Broken(Exception):
    """An expectation that does not hold."""


def expect(condition, message):
    if not condition:
        raise Broken(message)


class Steps:
    """Runs steps one after the other, with one line for each. After a broken one the rest makes no sense."""

    def __init__(self, subject):
        self.subject = subject
        self.count = 0

    @contextlib.asynccontextmanager
    async def step(self, name):
        try:
            async with asyncio.timeout(PATIENCE):
                yield
        except Exception as error:
            print(f"FAIL {self.subject}: {name}: {error or type(error).__name__}", flush=True)
            sys.exit(1)
        self.count += 1
        print(f"ok   {self.subject}: {name}", flush=True)


class Inbox:
    """Things that arrive, waited for by what they are. What was looked at is gone."""

    def __init__(self):
        self.queue = asyncio.Queue()

    def put(self, item):
        self.queue.put_nowait(item)

    async def wait(self, find):
        while True:
            found = find(await self.queue.get())
            if found is not None:
                return found


class Program:
    """`station` or `csms` as a process."""

    def __init__(self, process):
        self.process = process
        self.lines = Inbox()
        self.seen = []
        self.reader = asyncio.create_task(self._read())
        # A broken step ends this process at once, and must leave no other behind.
        atexit.register(os.kill, process.pid, signal.SIGKILL)

    @classmethod
    async def start(cls, *arguments):
        pipe = asyncio.subprocess.PIPE
        program = os.environ["PROGRAM"]
        process = await asyncio.create_subprocess_exec(program, *arguments, stdin=pipe, stdout=pipe, limit=1 << 20)
        return cls(process)

    async def _read(self):
        async for line in self.process.stdout:
            line = json.loads(line)
            self.seen.append(line)
            self.lines.put(line)

    def say(self, line):
        self.process.stdin.write(json.dumps(line).encode() + b"\n")

    async def wait_for(self, *path):
        """The value at this path of the first line from now on that has it."""
        return await self.lines.wait(lambda line: dig(line, path))

    async def stop(self):
        atexit.unregister(os.kill)
        self.process.kill()
        await self.process.wait()
        await self.reader


def dig(value, path):
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
