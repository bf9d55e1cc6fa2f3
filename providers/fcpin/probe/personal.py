"""A repository of ACR Personal, asked by its API (version 2016-06-07)."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from fcpin.image import Repository
from fcpin.json_reader import JsonFields
from fcpin.probe.api import Api, Said

VERSION: Final = "2016-06-07"
_PAGE: Final = 100
_PAGES: Final = 100


class Personal:
    """*repository* by its path, which is all that the API takes. Raises CloudError, NotNow."""

    def __init__(self, api: Api, repository: Repository) -> None:
        self._api = api
        self._path = f"/repos/{quote(repository.path)}/tags"

    def tag(self, name: str) -> tuple[Said, JsonFields | None]:
        """What GetRepoTags tells of a tag, or None where it lists none of that name; and its last answer."""
        for said in self._answers():
            listed = said.fields("a listing").object("data").objects("tags", "a tag", required=said.is_success)
            found = next((tag for tag in listed if tag.wire.get("tag") == name), None)
            if found is not None or not listed:
                break
        return said, found

    def _answers(self) -> Iterator[Said]:
        for number in range(1, _PAGES):
            yield self._api.call("GetRepoTags", "GET", self._path, query={"Page": number, "PageSize": _PAGE})
