"""The documentation is true: it names every order and every key, and its examples print what it shows."""

import re
from pathlib import Path

import pytest
import yaml

from fcpin.policy import Policy
from fcpin.policy.policy import KEYS, ORDERS
from tests.support.examples import Example, examples

DOCS = Path(__file__).parent.parent.parent / "docs" / "policies"
PAGES = sorted(DOCS.glob("*.md"))
_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


EXAMPLES = [example for page in PAGES for example in examples(page)]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_has_a_page_a_row_and_all_its_fields(order: str) -> None:
    page = (DOCS / f"{order}.md").read_text()
    row = next(line for line in (DOCS / "README.md").read_text().splitlines() if line.startswith(f"| [`{order}`]"))
    for option in ORDERS[order].__struct_fields__:
        assert f"| `{option}` |" in page
        assert f"`{option}`" in row
    assert "In the above example" in page


@pytest.mark.parametrize("key", KEYS)
def test_every_option_has_a_row(key: str) -> None:
    rows = [line for line in (DOCS / "README.md").read_text().splitlines() if line.startswith("| ")]
    assert any(f"`{key}`" in row.split(" | ")[0] for row in rows)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_example_prints_what_is_shown(example: Example) -> None:
    assert example.run(DOCS) == example.output


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_policy_that_is_shown_is_valid(page: Path) -> None:
    shown = _YAML.findall(page.read_text())
    assert shown
    for text in shown:
        spec = yaml.safe_load(text)
        if "follow" in spec.get("policy", {}):  # what the program reads from the other stack
            spec["policy"]["follow"].setdefault("image", f"r.example.com/shop/app:main-1@sha256:{'0' * 64}")
        Policy.from_spec(spec)
