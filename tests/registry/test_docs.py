"""docs/registries.md and docs/reliability.md agree with the code."""

import re
from pathlib import Path

import pytest
import yaml

from fcpin.acr_hosts import ACR_FORMS
from fcpin.http.retries import API_RETRY, REGISTRY_RETRY
from fcpin.registry.settings import RegistrySettings, parse_registries

RELIABILITY = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text()
PAGE = (Path(__file__).parents[2] / "docs" / "registries.md").read_text()


@pytest.mark.parametrize("key", RegistrySettings.__struct_fields__)
def test_every_key_has_a_row(key: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{key}`" in line.split("|")[1]]
    assert rows, f"docs/registries.md has no row for {key}"


def test_the_example_is_accepted() -> None:
    example = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    registries = example["config"]["fcpin:registries"]
    for entry in registries.values():
        if "password" in entry:
            entry["password"] = "as the engine decrypts it"
    assert set(parse_registries(registries)) == set(registries)


def test_the_table_of_hosts_has_every_form_of_acr_host_and_no_other() -> None:
    forms = [line.split("|")[1] for line in PAGE.replace(r"\|", "¦").splitlines() if line.startswith("| `")]
    hosts = [host for form in forms if "aliyuncs" in form for host in _spelt_out(form.strip(" `"))]
    names = {"": "", r"crpi-[a-z0-9]+": "crpi-abc123", r"[a-z0-9][a-z0-9-]*": "demo"}
    known = [form.host("cn-hangzhou", network, names[form.name]) for form in ACR_FORMS for network in form.networks]
    assert sorted(hosts) == sorted(known)


def test_the_pages_have_the_numbers_of_attempts() -> None:
    for retry in (API_RETRY, REGISTRY_RETRY):
        assert re.search(rf"up to {retry.attempts} (attempts )?within {retry.seconds:.0f} s", RELIABILITY)
    assert f"up to {REGISTRY_RETRY.attempts} attempts within {REGISTRY_RETRY.seconds:.0f} s" in PAGE


def _spelt_out(form: str) -> list[str]:
    """`registry[-vpc¦-internal].<region>…` as the hosts it stands for."""
    form = form.replace("<region>", "cn-hangzhou").replace("<id>", "abc123").replace("<instance>", "demo")
    optional = re.search(r"\[(.*?)\]", form)
    assert optional, form
    return [form.replace(optional[0], choice) for choice in ("", *optional[1].split("¦"))]
