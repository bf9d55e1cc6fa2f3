"""What a stack's configuration has to say so that the functions of an `s.yaml` are adopted."""

from collections.abc import Collection, Sequence

from fcpin.adoption.entries import Entry, free_name
from fcpin.serverless_devs.functions import Deployed


def entries(functions: Sequence[Deployed], region: str, taken: Collection[str]) -> list[Entry]:
    """One entry a function, under its name, or one made of it where that is *taken*.

    *region*: the stack's own, which is not said.
    """
    used, made = set(taken), []
    for function in functions:
        name = free_name(function.name, used)
        used.add(name)
        values = {
            "function_name": function.name,
            **({"region": function.region} if function.region not in {"", region} else {}),
            "repository": str(function.repository),
            **function.guess.spec,
        }
        made.append(Entry(name, values, (f"s.yaml deploys :{function.written}", function.guess.note)))
    return made
