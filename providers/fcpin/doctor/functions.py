"""What these credentials may do to functions, as far as calls can tell that change nothing."""

from collections.abc import Iterator, Sequence

from fcpin.doctor.line import Line, note, ok, problem, untried
from fcpin.doctor.patient import Subject
from fcpin.errors import FunctionDenied, FunctionError, FunctionNotFound
from fcpin.fc.client import FunctionClient


def get(client: FunctionClient, subject: Subject) -> Iterator[Line]:
    """Whether the function can be read."""
    name = f"fc:GetFunction {subject.function_name}"
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
    """One page. Only `fcpin impact` and `fcpin probe` need it; *is_all_there_is*: nothing else proves the key."""
    name = f"fc:ListFunctions in {client.region}"
    try:
        next(iter(client.list()), None)
    except FunctionDenied as error:
        if is_all_there_is:
            yield problem(name, str(error), "check the credentials, and allow fc:ListFunctions on functions/*")
        else:
            yield note(name, str(error), "only fcpin impact needs it")
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


def _resource(subject: Subject) -> str:
    return f"acs:fc:{subject.region}:*:functions/{subject.function_name}"
