"""fcpin drift beside the engine that deployed: the same stack, endpoints and credentials."""

import subprocess
import sys

from tests.lifecycle.shop import FUNCTION, Shop
from tests.support.stack import Run


def drift(shop: Shop) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "fcpin", "drift", "--stack", "test", "--engine", shop.stack.engine],
        cwd=shop.stack.folder,
        env=shop.stack.process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return Run(done.returncode, done.stdout)


def test_the_exit_code_tells_what_happened_since_the_deployment(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    assert drift(shop).code == 0
    shop.push("main-2")
    assert drift(shop).code == 10
    shop.push("main-1", "moved")
    broken = drift(shop)
    assert broken.code == 20
    assert "moved-tag" in broken.output
    assert FUNCTION in broken.output
    shop.up()
    assert drift(shop).code == 0
    shop.stack.environment["PULUMI_CONFIG_PASSPHRASE"] = "wrong"
    shop.configure(registries={shop.cloud.enterprise_host: {"endpoint": shop.stack.seal("x")}})
    closed = drift(shop)
    assert closed.code == 30
    assert len(closed.output.splitlines()) == 1
