"""All checks of a patient, each on its own: one that fails hides no other."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from fcpin.clock import Clock
from fcpin.doctor import functions, logins, versions
from fcpin.doctor.credentials import credentials
from fcpin.doctor.endpoints import ONCE, endpoint
from fcpin.doctor.enterprise import Enterprise
from fcpin.doctor.line import Check, Line, problem, untried
from fcpin.doctor.patient import Patient, Subject
from fcpin.errors import FcpinError, InvalidInput
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Account, Profile
from fcpin.http.openapi import split_endpoint
from fcpin.image import AcrHost, Repository, acr_host
from fcpin.registry.acr_enterprise_api import AcrApi
from fcpin.registry.distribution import default_endpoint
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings, by_registry, public_host
from fcpin.settings import Settings, endpoint_of

_AT_ONCE: Final = 8


def examine(patient: Patient, clock: Clock) -> Iterator[Line]:
    """One line after another, in the order of the checks. Raises nothing."""
    checks = list(_checks(patient, clock))
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fcpin-doctor") as pool:
        for lines in pool.map(_lines, checks):
            yield from lines


def _lines(check: Check) -> list[Line]:
    lines = list[Line]()
    try:
        lines.extend(check())
    except FcpinError as error:
        lines.append(problem("check", str(error), "repair this first, and look again"))
    except Exception as error:  # one that is broken hides no other
        lines.append(
            problem("check", f"{type(error).__name__}: {error}", "this is a defect of fcpin: please report it")
        )
    return lines


def _checks(patient: Patient, clock: Clock) -> Iterator[Check]:
    yield versions.versions
    if patient.engine is not None:
        yield partial(versions.engine, patient.engine)
    for what, failure in patient.failures:
        yield partial(_unreadable, what, failure)
    if patient.settings is None:
        yield lambda: iter([untried("credentials, endpoints, rights", "without the stack's configuration")])
        return
    whole = _Whole(patient.settings, patient, clock)
    yield from whole.accounts()
    yield from whole.functions()
    yield from whole.pipelines()
    yield from whole.repositories()


def _unreadable(what: str, failure: FcpinError) -> Iterator[Line]:
    remedy = "correct the stack's configuration" if isinstance(failure, InvalidInput) else "repair this first"
    yield problem(what, str(failure), remedy)


class _Whole:
    """A patient whose settings could be read."""

    def __init__(self, settings: Settings, patient: Patient, clock: Clock) -> None:
        self._settings = settings
        self._patient = patient
        self._clock = clock
        self._registries = by_registry(settings.registries)

    def accounts(self) -> Iterator[Check]:
        """The stack's credentials, and those of every profile that it names."""
        subjects, registries = self._patient.subjects, self._registries.values()
        profiles = [one.profile for one in subjects] + [one.profile or "" for one in registries]
        yield partial(credentials, self._settings.credentials, self._patient.key_given_by)
        for profile in dict.fromkeys(filter(None, profiles)):
            yield partial(credentials, Profile(profile), "")

    def functions(self) -> Iterator[Check]:
        subjects = self._patient.subjects
        regions = dict.fromkeys(filter(None, [self._settings.region, *(subject.region for subject in subjects)]))
        if not regions:
            yield lambda: iter([untried("Function Compute", "no region: give --region, or set ALICLOUD_REGION")])
        for number, region in enumerate(regions):
            url = _url(self._client(region).endpoint)
            yield partial(endpoint, f"Function Compute in {region}", url, self._clock, tells_time=number == 0)
            yield partial(functions.list_all, self._client(region), is_all_there_is=not subjects)
        for subject in subjects:
            yield partial(self._get, subject)
        yield partial(functions.changes, subjects)

    def pipelines(self) -> Iterator[Check]:
        """Only where the stack says where they are: hardly anybody builds with them."""
        if url := self._settings.endpoints.get("devs"):
            yield partial(endpoint, "Serverless Devs", _url(url), self._clock)

    def repositories(self) -> Iterator[Check]:
        registries = Registries(
            self._settings.registries,
            credentials=self._settings.credentials,
            cr_endpoint=self._settings.endpoints.get("cr"),
            retry=ONCE,
            clock=self._clock,
        )
        seen = set[str]()
        for repository in self._patient.repositories:
            host, settings = public_host(repository.host), self._of(repository)
            if host not in seen:
                yield from self._addresses(repository, settings)
            seen.add(host)
            acr = acr_host(host)
            if acr is not None and acr.edition == "enterprise":
                yield self._enterprise(repository, acr, registries).check
            else:
                yield partial(logins.login, repository, settings)
                yield partial(logins.listing, registries.open(repository))

    def _get(self, subject: Subject) -> Iterator[Line]:
        elsewhere = f" in {subject.region}" if subject.region != self._settings.region else ""
        account = f" as {subject.profile}" if subject.profile else ""
        return functions.get(self._client(subject.region, subject.profile), subject, f"{elsewhere}{account}")

    def _client(self, region: str, profile: str = "") -> FunctionClient:
        account: Account | None = Profile(profile) if profile else self._settings.credentials
        return FunctionClient(region, endpoint=endpoint_of(self._settings, region), credentials=account, retry=ONCE)

    def _addresses(self, repository: Repository, settings: RegistrySettings) -> Iterator[Check]:
        host = public_host(repository.host)
        base = (settings.endpoint or default_endpoint(host)).rstrip("/")
        yield partial(endpoint, f"registry {host}", f"{base}/v2/", self._clock)
        acr = acr_host(host)
        if acr is not None and acr.edition == "enterprise":
            yield partial(endpoint, f"ACR in {acr.region}", _url(self._cr_endpoint(acr)), self._clock)

    def _enterprise(self, repository: Repository, acr: AcrHost, registries: Registries) -> Enterprise:
        settings = self._of(repository)
        account = Profile(settings.profile) if settings.profile else self._settings.credentials
        api = AcrApi(acr.region, credentials=account, endpoint=self._cr_endpoint(acr), retry=ONCE)
        return Enterprise(registries.open(repository), acr, api, settings.instance_id or "", self._patient.protects)

    def _cr_endpoint(self, acr: AcrHost) -> str:
        return self._settings.endpoints.get("cr") or f"cr.{acr.region}.aliyuncs.com"

    def _of(self, repository: Repository) -> RegistrySettings:
        return self._registries.get(public_host(repository.host), RegistrySettings())


def _url(endpoint: str) -> str:
    scheme, host = split_endpoint(endpoint)
    return f"{scheme}://{host}/"


def is_well(lines: Sequence[Line]) -> bool:
    """Whether nothing is wrong."""
    return not any(line.status == "problem" for line in lines)
