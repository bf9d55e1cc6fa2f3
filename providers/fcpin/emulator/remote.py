"""The emulator in another process: the same verbs over HTTP.

cloud = RemoteEmulator("http://127.0.0.1:9900")
cloud.push("shop/app", "release-1")
"""

import http.client
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fcpin.emulator.account import ACCESS_KEY, REGISTRY_LOGIN
from fcpin.emulator.calls import ApiCall, CallLog
from fcpin.emulator.fc.instances import InvokeResult
from fcpin.emulator.verbs import Verbs
from fcpin.emulator.wire import EmulatorError

_TIMEOUT = 30.0


class RemoteEmulator(Verbs):
    """Raises EmulatorError, also when no emulator responds at *url*."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or not parts.port:
            raise EmulatorError(f"url {url!r}: expected a URL such as http://127.0.0.1:9900")
        self.url = url.rstrip("/")
        self.address = parts.netloc
        self.access_key_id, self.access_key_secret = ACCESS_KEY.id, ACCESS_KEY.secret
        self.username, self.password = REGISTRY_LOGIN

    def call(self, verb: str, /, **arguments: Any) -> Any:
        """Carry out any verb, by its name."""
        connection = http.client.HTTPConnection(self.address, timeout=_TIMEOUT)
        try:
            headers = {"content-type": "application/json"}
            connection.request("POST", f"/_emulator/{verb}", json.dumps(arguments), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EmulatorError(f"{self.url}: no emulator responds ({error}); start one: fcpin emulator") from error
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise EmulatorError(str(answer["error"]))
        return answer["result"]

    def _carry_out(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        result = self.call(function.__name__, **arguments)
        return InvokeResult(**result) if function.__name__ == "invoke" else result

    @property
    def calls(self) -> CallLog:
        """A copy of the log; `clear_calls` clears the original."""
        calls = CallLog()
        for call in self.call("calls"):
            calls.add(ApiCall(call["action"], call["target"], datetime.fromisoformat(call["time"])))
        return calls

    def clear_calls(self) -> None:
        self.call("clear_calls")

    @property
    def token_certificate(self) -> str:
        return str(self.call("about")["token_certificate"])

    @property
    def instance_id(self) -> str:
        return str(self.call("about")["instance_id"])

    @property
    def enterprise_host(self) -> str:
        return str(self.call("about")["enterprise_host"])
