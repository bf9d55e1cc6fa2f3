"""Carry a plan out: make functions run their pins, and tell what they run."""

from collections.abc import Callable
from dataclasses import dataclass

from fcpin.clock import Clock
from fcpin.errors import FunctionExists, FunctionNotFound, PinMismatch, TagMoved
from fcpin.fc.client import FunctionClient
from fcpin.fc.model import Function
from fcpin.fc.readiness import Waiter
from fcpin.image import TagRecord
from fcpin.pinned_function import plan
from fcpin.pinned_function.engine_log import Log
from fcpin.pinned_function.inputs import Pin, PinArgs
from fcpin.pinned_function.resolver import Resolver

ClientFor = Callable[[str], FunctionClient]
"""The client of a region."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function that runs its pin."""

    function: Function
    created: bool
    """Whether fcpin made the function, and so is to delete it one day."""
    previous_image: str = ""
    """`image@digest` that ran before; empty when nothing had to change."""
    exposed_seconds: float | None = None
    """From the push that moved the function's tag until the function ran the new digest; None when none had moved."""


@dataclass(frozen=True, slots=True)
class Deployer:
    """Creates, updates, reads and deletes functions. Raises FcpinError; nothing is half done without being said."""

    client_for: ClientFor
    resolver: Resolver
    clock: Clock
    log: Log

    def create(self, args: PinArgs, pin: Pin) -> Deployed:
        """Create an owned function, or adopt an existing one. Idempotent: an interrupted create is taken up again."""
        record = self.resolver.verify(args, pin)
        client = self.client_for(args.region)
        try:
            function = client.get(args.function_name)
        except FunctionNotFound:
            if args.config is None:
                raise FunctionNotFound(
                    f"function {args.function_name} does not exist in {args.region}, so its image cannot be managed; "
                    "create it first, or give `config` and fcpin creates it"
                ) from None
            return self._create(client, args, pin)
        ours = function.tags.get(plan.OWNER_TAG) == args.owner
        if args.config is not None and not ours and not args.adopt:
            raise FunctionExists(
                f"function {args.function_name} exists in {args.region} already; "
                "set adopt: true to take it over with this config, or choose another name"
            )
        return self._deploy(client, args, pin, function, record, created=ours)

    def update(self, args: PinArgs, pin: Pin, *, created: bool) -> Deployed:
        """Make the function run *pin*. No call is made that changes nothing."""
        record = self.resolver.verify(args, pin)
        client = self.client_for(args.region)
        return self._deploy(client, args, pin, client.get(args.function_name), record, created=created)

    def delete(self, region: str, function_name: str, *, created: bool) -> None:
        """Delete what fcpin created, leave what it adopted."""
        if created:
            self.client_for(region).delete(function_name)
        else:
            self.log("info", f"function {function_name} was adopted: it stays, and is no longer managed")

    def _create(self, client: FunctionClient, args: PinArgs, pin: Pin) -> Deployed:
        sent = client.create(args.function_name, plan.creation(args, pin))
        function = self._ready(client, args, sent)
        return Deployed(self._verified(client, args, pin, function), created=True)

    def _deploy(
        self, client: FunctionClient, args: PinArgs, pin: Pin, live: Function, record: TagRecord, *, created: bool
    ) -> Deployed:
        body = plan.update(args, pin, live, self.resolver.same_image(args))
        if body is None:
            return Deployed(self._ready(client, args, live), created)
        function = self._ready(client, args, client.update(args.function_name, body))
        function = self._verified(client, args, pin, function)
        moved = live.image == function.image and live.digest != function.digest
        return Deployed(
            function,
            created,
            previous_image=f"{live.image}@{live.digest}" if live.digest else live.image,
            exposed_seconds=self._exposed(args, record) if moved else None,
        )

    def _ready(self, client: FunctionClient, args: PinArgs, sent: Function) -> Function:
        return Waiter(self.clock, args.deadline).wait(sent, lambda: client.get(args.function_name))

    def _verified(self, client: FunctionClient, args: PinArgs, pin: Pin, function: Function) -> Function:
        """*function*, once it runs *pin*; FC resolves the tag itself, so it is asked a second time where it differs."""
        same = self.resolver.same_image(args)
        for again in (True, False):
            if same(pin.digest, function.digest):
                return function
            if again:
                self._moved_meanwhile(args, pin, function)
                body = {"customContainerConfig": plan.resend(function)}
                function = self._ready(client, args, client.update(args.function_name, body))
        raise PinMismatch(
            f"function {args.function_name}: ready, but FC resolved {function.image} to {function.digest}, "
            f"expected {pin.digest}; FC keeps the digest of an unchanged tag here: push the image under a new tag"
        )

    def _moved_meanwhile(self, args: PinArgs, pin: Pin, function: Function) -> None:
        try:
            self.resolver.verify(args, pin)
        except TagMoved:
            raise TagMoved(
                f"{args.repository}:{pin.tag} moved while FC was deploying it: function {args.function_name} runs "
                f"{function.digest}, not the previewed {pin.digest}; run again to see it and decide"
            ) from None

    def _exposed(self, args: PinArgs, record: TagRecord) -> float | None:
        if record.pushed is None:
            self.log("info", f"{args.function_name}: healed; its tag {record.tag} had been moved")
            return None
        seconds = max((self.clock.now() - record.pushed).total_seconds(), 0.0)
        self.log(
            "info",
            f"{args.function_name}: healed; its tag {record.tag} had been moved, "
            f"and new instances could not start for up to {seconds:.1f} s",
        )
        return round(seconds, 1)
