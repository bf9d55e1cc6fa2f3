"""All checks of a deployment's surroundings. Each runs by itself: one that fails does not hide another."""

import platform
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fcpin import __version__
from fcpin.acr_hosts import AcrHost, acr_host, public_host
from fcpin.clock import Clock
from fcpin.doctor import cloud, registries
from fcpin.doctor.result import Check, CheckResult, not_tried, ok, problem
from fcpin.doctor.targets import FunctionTarget, Targets
from fcpin.errors import FcpinError, InvalidInput
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Account, Profile
from fcpin.http.openapi import split_endpoint
from fcpin.image import Repository
from fcpin.registry.acr_enterprise import AcrApi
from fcpin.registry.distribution import default_endpoint
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings, by_registry
from fcpin.settings import Settings, endpoint_of
from fcpin.stack.engine import Engine

_AT_ONCE: Final = 8
_PACKAGES: Final = ("pulumi", "alibabacloud-tea-openapi", "alibabacloud-credentials")
_CLI: Final = "pulumi"
_SECONDS: Final = 20.0


def run_checks(targets: Targets, clock: Clock) -> Iterator[CheckResult]:
    """Results in the order of the checks, which run eight at once. Raises nothing."""
    checks = list(_checks(targets, clock))
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fcpin-doctor") as pool:
        for results in pool.map(_results, checks):
            yield from results


def _results(check: Check) -> list[CheckResult]:
    results = list[CheckResult]()
    try:
        results.extend(check())
    except FcpinError as error:
        results.append(problem("check", str(error), "repair this first, and look again"))
    except Exception as error:  # a defect in one check does not hide the others
        results.append(
            problem("check", f"{type(error).__name__}: {error}", "this is a defect of fcpin: please report it")
        )
    return results


def _checks(targets: Targets, clock: Clock) -> Iterator[Check]:
    yield versions
    if targets.engine is not None:
        yield partial(engine, targets.engine)
    for what, failure in targets.failures:
        yield partial(_unreadable, what, failure)
    if targets.settings is None:
        yield lambda: iter([not_tried("credentials, endpoints, rights", "the stack's configuration could not be read")])
        return
    checks = _StackChecks(targets.settings, targets, clock)
    yield from checks.accounts()
    yield from checks.functions()
    yield from checks.pipelines()
    yield from checks.repositories()


def _unreadable(what: str, failure: FcpinError) -> Iterator[CheckResult]:
    remedy = "correct the stack's configuration" if isinstance(failure, InvalidInput) else "repair this first"
    yield problem(what, str(failure), remedy)


class _StackChecks:
    """For a stack whose settings could be read."""

    def __init__(self, settings: Settings, targets: Targets, clock: Clock) -> None:
        self._settings = settings
        self._targets = targets
        self._clock = clock
        self._registries = by_registry(settings.registries)

    def accounts(self) -> Iterator[Check]:
        """The stack's credentials, and those of its profiles."""
        settings = self._registries.values()
        profiles = [one.profile for one in self._targets.functions] + [one.profile or "" for one in settings]
        yield partial(cloud.credentials, self._settings.credentials, self._targets.key_source)
        for profile in dict.fromkeys(filter(None, profiles)):
            yield partial(cloud.credentials, Profile(profile), "")

    def functions(self) -> Iterator[Check]:
        functions = self._targets.functions
        regions = dict.fromkeys(filter(None, [self._settings.region, *(target.region for target in functions)]))
        if not regions:
            yield lambda: iter([not_tried("Function Compute", "no region: give --region, or set ALICLOUD_REGION")])
        for number, region in enumerate(regions):
            url = _url(self._client(region).endpoint)
            yield partial(cloud.endpoint, f"Function Compute in {region}", url, self._clock, has_clock=number == 0)
            yield partial(cloud.list_functions, self._client(region), is_only_check=not functions)
        for target in functions:
            yield partial(self._get, target)
        yield partial(cloud.changes, functions)

    def pipelines(self) -> Iterator[Check]:
        """Only where the stack configures their endpoint: few projects use them."""
        if url := self._settings.endpoints.get("devs"):
            yield partial(cloud.endpoint, "Serverless Devs", _url(url), self._clock)

    def repositories(self) -> Iterator[Check]:
        opened = Registries(
            self._settings.registries,
            credentials=self._settings.credentials,
            cr_endpoint=self._settings.endpoints.get("cr"),
            retry=cloud.ONCE,
            clock=self._clock,
        )
        seen = set[str]()
        for repository in self._targets.repositories:
            host, settings = public_host(repository.host), self._of(repository)
            if host not in seen:
                yield from self._addresses(repository, settings)
            seen.add(host)
            acr = acr_host(host)
            if acr is not None and acr.edition == "enterprise":
                yield self._enterprise(repository, acr, opened).check
            else:
                yield partial(registries.login, repository, settings)
                yield partial(registries.list_tags, opened.open(repository))

    def _get(self, target: FunctionTarget) -> Iterator[CheckResult]:
        elsewhere = f" in {target.region}" if target.region != self._settings.region else ""
        account = f" as {target.profile}" if target.profile else ""
        return cloud.get_function(self._client(target.region, target.profile), target, f"{elsewhere}{account}")

    def _client(self, region: str, profile: str = "") -> FunctionClient:
        account: Account | None = Profile(profile) if profile else self._settings.credentials
        url = endpoint_of(self._settings, region)
        return FunctionClient(region, endpoint=url, credentials=account, retry=cloud.ONCE)

    def _addresses(self, repository: Repository, settings: RegistrySettings) -> Iterator[Check]:
        host = public_host(repository.host)
        base = (settings.endpoint or default_endpoint(host)).rstrip("/")
        yield partial(cloud.endpoint, f"registry {host}", f"{base}/v2/", self._clock)
        acr = acr_host(host)
        if acr is not None and acr.edition == "enterprise":
            yield partial(cloud.endpoint, f"ACR in {acr.region}", _url(self._cr_endpoint(acr)), self._clock)

    def _enterprise(self, repository: Repository, acr: AcrHost, opened: Registries) -> registries.EnterpriseRights:
        settings = self._of(repository)
        account = Profile(settings.profile) if settings.profile else self._settings.credentials
        api = AcrApi(acr.region, credentials=account, endpoint=self._cr_endpoint(acr), retry=cloud.ONCE)
        instance_id = settings.instance_id or ""
        return registries.EnterpriseRights(opened.open(repository), acr, api, instance_id, self._targets.protects)

    def _cr_endpoint(self, acr: AcrHost) -> str:
        return self._settings.endpoints.get("cr") or f"cr.{acr.region}.aliyuncs.com"

    def _of(self, repository: Repository) -> RegistrySettings:
        return self._registries.get(public_host(repository.host), RegistrySettings())


def _url(endpoint: str) -> str:
    scheme, host = split_endpoint(endpoint)
    return f"{scheme}://{host}/"


def is_well(results: Sequence[CheckResult]) -> bool:
    """Whether no result is a problem."""
    return not any(each.status == "problem" for each in results)


def versions() -> Iterator[CheckResult]:
    yield ok("fcpin", f"{__version__}, Python {platform.python_version()}")
    for package in _PACKAGES:
        try:
            yield ok(package, version(package))
        except PackageNotFoundError:
            yield problem(package, "is not installed", f"pip install {package}")


def engine(found: Engine | FcpinError) -> Iterator[CheckResult]:
    """The Pulumi CLI, or the embedded engine."""
    if isinstance(found, FcpinError):
        yield problem("engine", str(found), "install the Pulumi CLI, or run it where the project is")
    elif found.name != _CLI:
        yield ok("engine", f"embedded ({found.name})")
    else:
        yield _cli(found)


def _cli(found: Engine) -> CheckResult:
    try:
        done = subprocess.run(
            [_CLI, "version"], env=found.environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return problem("engine", f"`pulumi version` cannot be run ({type(error).__name__})", "reinstall the Pulumi CLI")
    printed = done.stdout.strip().partition("\n")[0]
    if done.returncode != 0 or not printed.startswith("v"):
        return problem("engine", f"`pulumi version` ended with status {done.returncode}", "reinstall the Pulumi CLI")
    return ok("engine", f"Pulumi CLI {printed}")
