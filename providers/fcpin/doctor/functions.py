"""What these credentials may do to functions, as far as calls can tell that change nothing."""

from collections.abc import Iterator, Sequence

from fcpin.doctor.line import Line, note, ok, problem, untried
from fcpin.doctor.patient import Subject
from fcpin.errors import FunctionDenied, FunctionError, FunctionNotFound
from fcpin.fc.client import FunctionClient


def get(client: FunctionClient, subject: Subject, where: str) -> Iterator[Line]:
    """Whether the function can be read. *where*: in which region and account, unless they are the stack's own."""
    name = f"fc:GetFunction {subject.function_name}{where}"
    try:
        function = client.get(subject.function_name)
    except FunctionNotFound as error:
        if subject.is_owned:
            yield note(name, f"is not in {subject.region} yet", "the next up creates it")
        else:
            yield problem(name, str(error), "correct function_name and region, or let whoever owns it create it first")
    except FunctionDenied as error:
        yield problem(name, str(error), f"check the credentials, and allow fc:GetFunction on {_resource(subject)}")
    except FunctionError as error:
        yield problem(name, str(error), "see the endpoint and the clock above")
    else:
        state = function.state or "no state told"
        yield ok(name, f"{state}, last update {function.last_update_status or 'not told'}")


def list_all(client: FunctionClient, *, is_all_there_is: bool) -> Iterator[Line]:
    """One page. No deployment needs it; *is_all_there_is*: nothing else proves the key."""
    name = f"fc:ListFunctions in {client.region}"
    try:
        next(iter(client.list()), None)
    except FunctionDenied as error:
        if is_all_there_is:
            yield problem(name, str(error), "check the credentials, and allow fc:ListFunctions on functions/*")
        else:
            yield note(name, str(error), "no preview and no up needs it, but fcpin import, impact, probe and prune do")
    except FunctionError as error:
        yield problem(name, str(error), "see the endpoint and the clock above")
    else:
        yield ok(name, "allowed")


def changes(subjects: Sequence[Subject]) -> Iterator[Line]:
    """What cannot be tried without doing it."""
    if subjects:
        yield untried("fc:UpdateFunction", "it would change a function; up needs it on every pinned function")
    if any(subject.is_owned for subject in subjects):
        yield untried(
            "fc:CreateFunction, fc:DeleteFunction", "they would make or remove one; up needs them for what it owns"
        )
    if any(subject.has_role for subject in subjects):
        yield untried("ram:PassRole", "it is no call of its own; up needs it for functions with a role")


def _resource(subject: Subject) -> str:
    return f"acs:fc:{subject.region}:*:functions/{subject.function_name}"
