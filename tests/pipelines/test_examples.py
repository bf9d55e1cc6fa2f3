"""The pipelines of Alibaba Cloud's documentation run in the emulator and push what is read back."""

import pytest
import yaml

from fcpin.image import Image
from fcpin.pipelines.builder import BuildReport
from fcpin.pipelines.checks import check
from fcpin.pipelines.document import to_wire
from fcpin.pipelines.variables import rendered, values
from tests.pipelines.documents import DATA, mended, text_of
from tests.pipelines.harness import COMMIT, DevsHarness

ENTERPRISE = "demo-registry-vpc.cn-hangzhou.aliyuncs.com"


def as_documented(example: str, devs: DevsHarness) -> str:
    """The text of an example, with names of this cloud where the documentation has none or masks them."""
    text = mended() if example == "commit-and-deploy" else text_of(example)
    return (
        text.replace("cri-xxxx", devs.cloud.instance_id)
        .replace("***", "")
        .replace(ENTERPRISE, devs.cloud.enterprise_host)
    )


def document_of(example: str, devs: DevsHarness) -> object:
    if example != "warm-then-build":
        return yaml.safe_load(as_documented(example, devs))
    # the third example is a list of tasks, with a cache: they belong into the second one's environment
    pipeline, tasks = (yaml.safe_load(as_documented(name, devs)) for name in ("nas-cache", example))
    del tasks[0]["context"]["data"]["warm"]["instanceID"]  # of Enterprise, for images of Personal
    pipeline["spec"]["templateSpec"]["tasks"] = tasks
    return pipeline


@pytest.mark.parametrize("example", sorted(path.stem for path in DATA.glob("*.yaml") if path.stem != "s"))
def test_an_example_builds_the_image_that_it_names(devs: DevsHarness, example: str) -> None:
    given = values(COMMIT, devs.clock.now(), app_name="shop", env_name="prod")
    document = to_wire(rendered(document_of(example, devs), given))
    checked = check(document, is_template=False)
    assert checked.problems == ()
    finished = devs.builder.run(document, 86400, devs.lines.append)
    report = BuildReport(finished.pipeline.name, str(finished.log or ""), finished.reported)
    for pushed in checked.pipeline.pushed:
        image = Image.parse(pushed.image)
        digest = devs.builds().read_back(image, report, 60)
        assert digest == devs.cloud.tags(image.repository.path)[image.tag or ""]
    assert devs.phases == ["Success"]
    assert checked.pipeline.pushed
