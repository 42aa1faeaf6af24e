"""A strict peer, beside what all scripts share."""

import json
import logging

from ocpp.exceptions import OCPPError
from ocpp.messages import unpack
from ocpp.v16 import ChargePoint
from program import Broken, Inbox, Program, Steps, dig, expect

__all__ = ["Broken", "Inbox", "Program", "Steps", "Strict", "StrictPeer", "dig", "expect"]

# The package logs what it refuses; the steps tell it in one line.
logging.getLogger("ocpp").setLevel(logging.CRITICAL)


class Strict:
    """A peer of the package, which validates each payload by the schema of its version. What it refuses, or answers with an error,
    is a violation unless a step said that it wants one."""

    def __init__(self, identity, connection):
        super().__init__(identity, connection)
        self.violations = []
        self.asked = set()

    async def route_message(self, raw_msg):
        try:
            unpack(raw_msg)
        except OCPPError as error:
            self.violations.append(f"{error!r} for {raw_msg}")
        await super().route_message(raw_msg)

    async def _send(self, message):
        if json.loads(message)[0] == 4:
            self.violations.append(f"had to answer {message}")
        await super()._send(message)

    async def ask(self, request):
        """Calls, with request and response validated; an error is raised."""
        self.asked.add(type(request).__name__)
        return await self.call(request, suppress=False)

    async def ask_badly(self, action, payload):
        """Sends a call that is not validated, and gives the error code that it is answered with."""
        await self._connection.send(json.dumps([2, f"bad-{action}", action, payload]))
        answer = await self._response_queue.get()
        expect(answer.message_type_id == 4, f"{action} {payload} was answered {answer}")
        return answer.error_code

    def check(self):
        expect(not self.violations, "; ".join(self.violations))


class StrictPeer(Strict, ChargePoint):
    """The package's 1.6 peer."""
