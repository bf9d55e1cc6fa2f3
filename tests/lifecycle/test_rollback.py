"""fcpin rollback between two deployments: the engine reads what it wrote."""

import subprocess
import sys

from tests.lifecycle.shop import FUNCTION, Shop


def fcpin(shop: Shop, *arguments: str) -> None:
    command = [sys.executable, "-m", "fcpin", "rollback", FUNCTION, "--stack", "test", "--engine", shop.stack.engine]
    environment = shop.stack.process_environment()
    subprocess.run([*command, *arguments], cwd=shop.stack.folder, env=environment, check=True, timeout=60)


def test_a_bad_release_is_rolled_back_and_the_hold_removed(shop: Shop) -> None:
    good = shop.push("main-1")
    shop.up()
    bad = shop.push("main-2")
    shop.up()
    fcpin(shop, "--until", "7d", "--reason", "main-2 loses orders: 3 of 4")
    assert "held at main-1 until" in shop.up().output
    assert shop.deployed() == f"main-1@{good}"
    fcpin(shop, "--remove")
    shop.up()
    assert shop.deployed() == f"main-2@{bad}"
