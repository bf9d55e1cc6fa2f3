"""The dynamic provider of ImagePipeline: builds what is not there yet, and tells the digest that the registry has.

The import path of the class is written into every stack's state. It stays
`fcpin.image_pipeline.provider.ImagePipelineProvider` for ever; moving it is a migration.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ReadResult, UpdateResult

from fcpin.errors import InvalidSettings, TagMoved
from fcpin.pinned_function.configured import ConfiguredProvider
from fcpin.pinned_function.failures import problems_at, told

if TYPE_CHECKING:
    from fcpin.build.making import Maker
    from fcpin.image_pipeline.inputs import PipelineArgs
    from fcpin.pinned_function.engine_log import Log
    from fcpin.pinned_function.run_memo import RunMemo


class ImagePipelineProvider(ConfiguredProvider):
    """Of an image that is built from a commit."""

    @told
    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration. Nothing is asked of any service yet."""
        from fcpin.image_pipeline.making import maker

        super().configure(req)
        self._maker: Maker = maker(req.config.get, self._services.registries)
        self._memo: RunMemo = self._services.memo
        self._log: Log = self._services.log

    @told
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare. `changes=None` lets the engine name the properties that changed."""
        from fcpin.image_pipeline.difference import changed, is_only_gone

        if not changed(_olds, _news):
            return DiffResult(changes=False)
        return DiffResult(changes=True if is_only_gone(_olds, _news) else None)

    @told
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Take the image that is there, or build it."""
        args = self._args(props)
        return CreateResult(str(args.image.repository), self._made(args, props, {}, again=args.always))

    @told
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The same for another commit. What changes no image builds none."""
        from fcpin.image_pipeline.difference import makes_another_image

        args = self._args(_news)
        again = args.always and makes_another_image(_olds, _news)
        return UpdateResult(self._made(args, _news, _olds, again=again))

    @told
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Gone when its tag is, so that it is built anew; else the digest that the tag has. Raises if nobody tells."""
        from fcpin.image import Image
        from fcpin.image_pipeline.inputs import inputs_of

        digest = self._maker.find(Image.parse(f"{props['repository']}:{props['tag']}"))
        if digest is None:
            return ReadResult("", {})
        now = {**props, "digest": digest}
        return ReadResult(id_, now, inputs_of(now))

    @told
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Functions may run the image, so it stays."""
        self._log("info", f"{_props.get('repository')}:{_props.get('tag')} stays in its registry")

    def _checked(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the seam's
        """Add where the image goes, and its digest where it is there already."""
        from fcpin.image_pipeline.inputs import PipelineArgs, inputs_of, known_problems
        from fcpin.image_pipeline.keys import OWN_KEYS

        inputs = {key: news[key] for key in OWN_KEYS if key in news}
        known = {key: value for key, value in news.items() if not pulumi.contains_unknowns(value)}
        if known.keys() != news.keys():
            if wrong := tuple(known_problems(known)):
                raise InvalidSettings(*wrong)
            return inputs
        args = PipelineArgs.read({**inputs, **{key: news[key] for key in news if key not in inputs_of(news)}})
        digest = {} if args.always else self._there(args)
        return {**inputs, **args.target, **digest}

    def _there(self, args: "PipelineArgs") -> dict[str, str]:
        """The digest of an image that need not be built: in both phases of a run the one that was previewed."""
        from fcpin.pinned_function.run_memo import Remembered, key_of

        key = key_of("ImagePipeline", str(args.image))
        remembered = self._memo.recall(key)
        if remembered is not None and remembered.digest:
            return {"digest": remembered.digest}
        with problems_at("image"):
            digest = self._maker.find(args.image)
        self._memo.remember(key, Remembered(args.image.tag or "", digest or "", "built"))
        return {"digest": digest} if digest else {}

    def _args(self, props: Mapping[str, Any]) -> "PipelineArgs":
        from fcpin.image_pipeline.inputs import PipelineArgs, inputs_of

        return PipelineArgs.read(inputs_of(props))

    def _made(
        self, args: "PipelineArgs", props: Mapping[str, Any], olds: Mapping[str, Any], *, again: bool
    ) -> dict[str, Any]:
        """The outputs once the image is there."""
        from fcpin.image import short
        from fcpin.image_pipeline.inputs import inputs_of

        maker, name = self._maker, f"{args.image.repository.path}:{args.image.tag}"
        shown = props.get("digest")
        if shown and not again and (now := maker.find(args.image)) != shown:
            raise TagMoved(
                f"{args.image} moved from {short(shown)} to {short(now)} since it was previewed; run again to see it"
            )
        made = maker.make(args.request, lambda line: self._log("info", f"{name}: {line}"), again=again)
        told = {"pipeline": made.name, "log_location": made.log_location}
        if not made.name and olds.get("digest") == made.digest:
            told = {key: olds.get(key) or "" for key in told}
        return {**inputs_of(props), **args.target, "digest": made.digest, **told}
