"""Every option that the engine supports, in three stages: first deployed, then changed, then changed again."""

import pulumi
from journal import Box, Item  # type: ignore[import-not-found]
from pulumi import Output
from pulumi import ResourceOptions as Options

config = pulumi.Config()
stage = config.require_int("stage")
first, second = stage == 1, stage == 2

a = Item(
    "a",
    size=stage,
    pw=Output.secret("hunter2"),
    nested={"deep": Output.secret("x"), "n": 1.5},
    opts=Options(additional_secret_outputs=["token"]),
)
b = Item("b", of=a.token, lst=[1, a.version, None], opts=Options(protect=stage < 3))
c = Item("c", key=f"c{stage}", v=1)
Item("d", key=f"d{stage}")
Item("reference", other=a)
Item("configured", pw=config.require_secret("pw"), base=config.require("base"))

box = Box("box")
Item("inner", opts=Options(parent=box, depends_on=[c]))
box.register_outputs({"stage": stage, "secret": Output.secret("q")})

Item("ignoring", tag=f"t{stage}", deep={"x": stage, "y": 1}, opts=Options(ignore_changes=["tag", "deep.x"]))
Item("replaced", v=stage, key="r2" if second else "r1", opts=None if second else Options(replace_on_changes=["v"]))
Item("updated", v=stage, own_diff=True, opts=Options(replace_on_changes=["v"]))
if first:
    gone = Item("gone")
    Item("gone-too", of=gone.token)
    Item("retained", opts=Options(retain_on_delete=True))

pulumi.export("token", a.token)
pulumi.export("stage", stage)
pulumi.export("nested", {"list": [1, 2.5], "secret": Output.secret("z")})
