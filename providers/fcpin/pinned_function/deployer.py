"""Create, update and delete functions, and verify what they run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fcpin.clients import ClientFor
from fcpin.clock import Clock
from fcpin.drift import live_image
from fcpin.errors import (
    FcpinError,
    FunctionExists,
    FunctionLocked,
    FunctionNotFound,
    FunctionProtocolError,
    FunctionRejected,
    LoginLost,
    PinMismatch,
    TagMoved,
)
from fcpin.fc.client import FunctionClient
from fcpin.fc.model import RUNTIME, Function
from fcpin.fc.readiness import Waiter
from fcpin.image import Image, Pin, SameDigest, TagRecord, short
from fcpin.pinned_function import plan
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.properties import Deployed, Log
from fcpin.pinned_function.resolver import Resolver
from fcpin.pinned_function.verify_pin import Verifier


@dataclass(frozen=True, slots=True)
class Deployer:
    """Creates, updates and deletes functions. Raises FcpinError; a change that is half done is an error, too."""

    client_for: ClientFor
    resolver: Resolver
    verifier: Verifier
    clock: Clock
    log: Log
    created_here: set[tuple[str, str, str]] = field(default_factory=set)
    """Region, profile and name of what this process created or took over: a replacement may bear the old name."""

    def create(self, args: PinArgs, pin: Pin) -> Deployed:
        """Create an owned function, or adopt an existing one. Idempotent: an interrupted create is taken up again."""
        client = self.client_for(args.region, args.profile)
        self.created_here.add((args.region, args.profile, args.function_name))
        function = _found(client, args.function_name)
        if function is not None:
            return self._take_over(client, args, pin, function)
        if args.config is None:
            raise FunctionNotFound(
                f"function {args.function_name} does not exist in {args.region}, so its image cannot be managed; "
                "create it first, or give `config` and fcpin creates it"
            )
        return self._create(client, args, pin)

    def update(self, args: PinArgs, pin: Pin, *, created: bool, config: Mapping[str, Any] | None) -> Deployed:
        """Make the function run *pin*. No call is made that changes nothing.

        *config*: its settings that were managed before, None where none were; those of an adopted function are only
        managed with `adopt`.
        """
        client = self.client_for(args.region, args.profile)
        try:
            function = client.get(args.function_name)
        except FunctionNotFound:
            raise FunctionNotFound(
                f"function {args.function_name} was deleted in {args.region}; run `up --refresh` to create it again"
            ) from None
        if args.config is not None and config is None and not (created or args.adopt):
            raise _exists(args)
        return self._deploy(client, args, pin, function, created=created, config=config)

    def delete(
        self, region: str, profile: str, function_name: str, function_id: str, *, created: bool, deadline: float
    ) -> None:
        """Delete what fcpin created; leave what it adopted, and another function that now has the name.

        It is deleted when FC returns FunctionNotFound, which may take *deadline* seconds. Raises DeadlineExceeded.
        """
        if not created:
            self.log("info", f"function {function_name} was adopted: it stays, and is no longer managed")
            return
        if (region, profile, function_name) in self.created_here:
            self.log("info", f"function {function_name} is managed by another resource since this run: it stays")
            return
        client = self.client_for(region, profile)
        try:
            function = client.get(function_name)
        except FunctionNotFound:
            return
        if function_id and not function.id:
            raise FunctionRejected(
                f"function {function_name}: GetFunction returned no functionId, so it is not known whether it is the "
                "one that was created here; nothing was deleted; run again"
            )
        if function_id and function.id != function_id:
            self.log("warning", f"function {function_name} is not the one that was created here: it stays")
            return
        if function.lock is not None and function.lock.holds_function:
            raise FunctionLocked(f"function {function_name} is {function.lock} and was not deleted; unlock it first")
        self._delete(client, function, deadline)

    def _delete(self, client: FunctionClient, function: Function, deadline: float) -> None:
        watch = Waiter(self.clock, deadline, self._progress).watch(function.name, "not deleted")
        while True:
            client.delete(function.name)
            if self._is_gone(client, function):
                return
            watch.pause("GetFunction still returns it")
            if self._is_gone(client, function):  # the name may belong to another function now
                return

    def _is_gone(self, client: FunctionClient, function: Function) -> bool:
        left = _found(client, function.name)
        if left is None:
            return True
        if not left.id or left.id == function.id:
            return False
        self.log("warning", f"function {function.name} is deleted, and another one of that name exists: it stays")
        return True

    def _create(self, client: FunctionClient, args: PinArgs, pin: Pin) -> Deployed:
        self.verifier.verify_pin(args, pin)
        try:
            sent = client.create(args.function_name, plan.creation(args, pin))
        except FunctionExists:  # the answer to our own request may have been lost, and the request sent again
            return self._take_over(client, args, pin, client.get(args.function_name))
        try:
            function = self._waiter(args).wait(sent, lambda: client.get(args.function_name))
            same = self.resolver.same_image(args.repository, args.policy.platform)
            function = self._verified(client, args, pin, function, same)
        except FcpinError:
            self.log(
                "warning",
                f"function {args.function_name} was created, but its deployment failed; "
                "run `up` again to continue with it",
            )
            raise
        return Deployed(function, created=True)

    def _take_over(self, client: FunctionClient, args: PinArgs, pin: Pin, function: Function) -> Deployed:
        ours = args.config is not None and function.tags.get(plan.OWNER_TAG) == args.owner
        if ours:
            self.log(
                "warning",
                f"function {args.function_name} has this resource's owner tag, so it is managed as created here",
            )
        elif args.config is not None and not args.adopt:
            raise _exists(args)
        return self._deploy(client, args, pin, function, created=ours, config=None)

    def _deploy(
        self,
        client: FunctionClient,
        args: PinArgs,
        pin: Pin,
        function: Function,
        *,
        created: bool,
        config: Mapping[str, Any] | None,
    ) -> Deployed:
        require_container(function)
        live = self._waiter(args).settle(function, lambda: client.get(args.function_name))
        same = self.resolver.same_image(args.repository, args.policy.platform)
        runs = plan.runs(args, pin, live, same)
        body = plan.update(args, pin, live, runs=runs, before=config)
        if body is not None:
            _require_deployable(args, live)
        record = None if runs and not pin.protected else self.verifier.verify_pin(args, pin)
        if body is None:
            return Deployed(live, created)
        function = self._verified(client, args, pin, self._updated(client, args, live, body), same)
        if runs or record is None:
            return Deployed(function, created)
        moved = live.image == str(Image(args.repository, pin.tag)) and live.digest != function.digest
        return Deployed(
            function,
            created,
            previous_image=f"{live.image}@{live.digest}" if live.digest else live.image,
            exposed_seconds=self._exposed(args, record) if moved else None,
        )

    def _waiter(self, args: PinArgs) -> Waiter:
        return Waiter(self.clock, args.deadline, self._progress)

    def _progress(self, line: str) -> None:
        self.log("info", line)

    def _updated(self, client: FunctionClient, args: PinArgs, before: Function, body: dict[str, Any]) -> Function:
        """The function as UpdateFunction with *body* has made it. Raises UpdateFailed, DeadlineExceeded, LoginLost."""
        sent = client.update(args.function_name, body)
        function = self._waiter(args).wait(sent, lambda: client.get(args.function_name), before)
        user = plan.lost_login(before, function)
        if user is not None and "auth_config" not in (args.config or {}).get("registry_config", {}):
            raise LoginLost(
                f"function {args.function_name}: UpdateFunction removed its registry login (user {user or 'unknown'}), "
                "so new instances cannot pull a private image; set registryConfig again with the password, or give "
                "config.registry_config"
            )
        return function

    def _verified(
        self, client: FunctionClient, args: PinArgs, pin: Pin, function: Function, same: SameDigest
    ) -> Function:
        """*function*, once it runs *pin*. FC resolves the tag itself; where that differs, it is sent once more."""
        for again in (True, False):
            if same(pin.digest, function.digest):
                if pin.protected:
                    self.verifier.restore_pin_tag(args, pin)
                return function
            if again:
                self._moved_meanwhile(args, pin, function)
                body = {"customContainerConfig": plan.resend(args, function)}
                function = self._updated(client, args, function, body)
        raise PinMismatch(
            f"function {args.function_name}: ready, but FC resolved {function.image} to {short(function.digest)}, "
            f"expected {short(pin.digest)}; FC keeps the digest of an unchanged tag here: push the image under a new "
            "tag"
        )

    def _moved_meanwhile(self, args: PinArgs, pin: Pin, function: Function) -> None:
        try:
            self.verifier.verify_pin(args, pin)
        except TagMoved:
            raise TagMoved(
                f"{pin.image(args.repository)} moved while FC was deploying it: function {args.function_name} runs "
                f"{short(function.digest)}, not the previewed {short(pin.digest)}; run again to preview the new digest"
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


def _found(client: FunctionClient, name: str) -> Function | None:
    try:
        return client.get(name)
    except FunctionNotFound:
        return None


def _exists(args: PinArgs) -> FunctionExists:
    return FunctionExists(
        f"function {args.function_name} exists in {args.region} already; "
        "set adopt: true to take it over with this config, or choose another name"
    )


def _require_deployable(args: PinArgs, function: Function) -> None:
    """Before anything is sent. Raises FunctionLocked, LoginLost.

    FunctionLocked is also for a function that may not be invoked: it serves nothing, whatever its image is.
    """
    if function.lock is not None and function.lock.holds_function:
        raise FunctionLocked(
            f"function {function.name} is {function.lock}; nothing was deployed; unlock it and run again"
        )
    user = plan.drops_login(args, function)
    if user is not None:
        raise LoginLost(
            f"function {function.name} has a registry login (user {user or 'unknown'}), and config.registry_config has "
            "none; add auth_config with the password, or auth_config: {} to remove the login; nothing was deployed"
        )
    if function.disabled:
        raise FunctionLocked(
            f"function {function.name} cannot be invoked, FC disabled it: {function.disabled}; nothing was deployed; "
            "remove the restriction and run again"
        )


def require_container(function: Function) -> None:
    """Raises FunctionRejected for a function of any other runtime: UpdateFunction would take an image for it."""
    if function.runtime not in {"", RUNTIME}:
        raise FunctionRejected(
            f"function {function.name} has the runtime {function.runtime}; fcpin deploys to {RUNTIME} functions only; "
            "choose another function"
        )


def require_image(function: Function) -> None:
    """Raises FunctionProtocolError for a custom container whose image is not a valid reference.

    A state that takes it over has no tag, so that nothing would keep the next deployment from an older one.
    """
    if function.runtime == RUNTIME and live_image(function) is None:
        raise FunctionProtocolError(
            f"function {function.name}: GetFunction: expected an image HOST/NAMESPACE/NAME:TAG, got "
            f"{function.image[:200]!r}; the state is unchanged; run again, or run "
            "`up` without a refresh to deploy the pin"
        )
