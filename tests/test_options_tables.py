"""Tables of options in the docs are those of the models. `python -m tests.test_options_tables` writes them."""

import re
from pathlib import Path
from typing import Final

import pytest

from fcpin.cli.cases import CaseEntry, Expectation
from fcpin.fc.runtime_config import RuntimeConfig
from fcpin.models import Model, options_table
from fcpin.pipelines.spec import PipelineEntry
from fcpin.policy.filters import FilterTags
from fcpin.policy.hold import Hold
from fcpin.policy.policy import ORDERS, Policy
from fcpin.receiver.settings.model import PageSettings, ReceiverSettings, SenderSettings, StackSettings, Window
from fcpin.registry.settings import RegistrySettings
from fcpin.settings import Endpoints, StackConfig

DOCS: Final = Path(__file__).parent.parent / "docs"
MODELS: Final[dict[str, type[Model]]] = {
    "Policy": Policy,
    "FilterTags": FilterTags,
    "Hold": Hold,
    **{model.__name__: model for model in ORDERS.values()},
    "CaseEntry": CaseEntry,
    "Endpoints": Endpoints,
    "Expectation": Expectation,
    "PipelineEntry": PipelineEntry,
    "RegistrySettings": RegistrySettings,
    "RuntimeConfig": RuntimeConfig,
    "StackConfig": StackConfig,
    "ReceiverSettings": ReceiverSettings,
    "StackSettings": StackSettings,
    "Window": Window,
    "SenderSettings": SenderSettings,
    "PageSettings": PageSettings,
}
"""By the name in a page's `<!-- options: NAME -->`, which stands before the table."""
TABLE: Final = re.compile(r"(<!-- options: (\w+) -->\n)((?:\|.*\n)*)")


def tables() -> list[tuple[Path, str, str]]:
    """Page, name of the model and text of every table."""
    return [(page, *match[1:]) for page in sorted(DOCS.rglob("*.md")) for match in TABLE.findall(page.read_text())]


@pytest.mark.parametrize(("page", "name", "table"), tables(), ids=[f"{page.stem}-{name}" for page, name, _ in tables()])
def test_a_table_is_what_the_model_has(page: Path, name: str, table: str) -> None:
    assert table == options_table(MODELS[name]), f"run python -m tests.test_options_tables to write {page.name}"


def test_every_model_has_its_table() -> None:
    assert {name for _, name, _ in tables()} == set(MODELS)


if __name__ == "__main__":
    for page in {page for page, _, _ in tables()}:
        page.write_text(TABLE.sub(lambda match: f"{match[1]}{options_table(MODELS[match[2]])}", page.read_text()))
