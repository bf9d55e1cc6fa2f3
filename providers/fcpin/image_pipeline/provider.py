"""The dynamic provider of ImagePipeline: it builds an image that is missing and returns its digest in the registry.

The import path of the class is in every stack's state. It stays
`fcpin.image_pipeline.provider.ImagePipelineProvider`; moving it is a migration.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ReadResult, UpdateResult

from fcpin.clock import SystemClock
from fcpin.errors import BuildCanceled, InvalidSettings, TagMoved
from fcpin.pinned_function.provider import ConfiguredProvider, problems_at, report_errors

if TYPE_CHECKING:
    from fcpin.image_pipeline.properties import PipelineArgs
    from fcpin.pinned_function.preview_cache import PreviewCache
    from fcpin.pinned_function.properties import Log

_SLICE: Final = 0.5
"""Seconds between two looks for an interruption."""


class PluginClock(SystemClock):
    """The machine's clock in a plugin process; its sleep raises BuildCanceled when the process is to end.

    Pulumi's plugin waits for its calls when it is interrupted, and does not notify them.
    """

    def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            if not threading.main_thread().is_alive():
                raise BuildCanceled("interrupted: the build was cancelled")
            super().sleep(min(_SLICE, left))


class ImagePipelineProvider(ConfiguredProvider):
    """Creates, updates, reads and deletes ImagePipeline."""

    @report_errors
    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration, without any request to a service."""
        from pathlib import Path

        from fcpin.clients import builders
        from fcpin.pipelines.image_builds import ImageBuilds
        from fcpin.settings import Settings

        super().configure(req)
        clock, registries = PluginClock(), self._services.registries
        builder = builders(Settings.read(req.config.get), registries, Path(), clock)
        self._builds: ImageBuilds = ImageBuilds(builder, registries, clock)
        self._cache: PreviewCache = self._services.cache
        self._log: Log = self._services.log

    @report_errors
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare. With `changes=None` the engine names the properties that changed."""
        from fcpin.image_pipeline.properties import has_changed, is_only_gone

        if not has_changed(_olds, _news):
            return DiffResult(changes=False)
        return DiffResult(changes=True if is_only_gone(_olds, _news) else None)

    @report_errors
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Take the image that exists, or build it."""
        args = self._args(props)
        return CreateResult(str(args.image.repository), self._outputs(args, props, {}, rebuild=args.entry.is_rebuilt))

    @report_errors
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The same for another commit. Nothing is built if no input of the build changed."""
        from fcpin.image_pipeline.properties import needs_build

        args = self._args(_news)
        return UpdateResult(
            self._outputs(args, _news, _olds, rebuild=args.entry.is_rebuilt and needs_build(_olds, _news))
        )

    @report_errors
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return the digest that the tag has; the resource is gone if the tag is. Raises if the registry fails."""
        from fcpin.image import Image
        from fcpin.image_pipeline.properties import inputs_of

        digest = self._builds.find(Image.parse(f"{props['repository']}:{props['tag']}"))
        if digest is None:
            return ReadResult("", {})
        now = {**props, "digest": digest}
        return ReadResult(id_, now, inputs_of(now))

    @report_errors
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Keep the image: functions may run it."""
        self._log("info", f"{_props.get('repository')}:{_props.get('tag')} stays in its registry")

    def _checked(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the base's
        """Add repository and tag, and the digest if the image exists."""
        from fcpin.image_pipeline.properties import OWN_KEYS, PipelineArgs, inputs_of, known_problems

        inputs = {key: news[key] for key in OWN_KEYS if key in news}
        known = {key: value for key, value in news.items() if not pulumi.contains_unknowns(value)}
        if known.keys() != news.keys():
            if wrong := tuple(known_problems(known)):
                raise InvalidSettings(*wrong)
            return inputs
        args = PipelineArgs.read({**inputs, **{key: news[key] for key in news if key not in inputs_of(news)}})
        digest = {} if args.entry.is_rebuilt else self._existing(args)
        return {**inputs, **args.target, **digest}

    def _existing(self, args: "PipelineArgs") -> dict[str, str]:
        """Return the digest of an image that need not be built; the update of a run uses that of its preview."""
        from fcpin.pinned_function.preview_cache import Selected, key_of

        key = key_of("ImagePipeline", str(args.image))
        selected = self._cache.get(key)
        if selected is not None and selected.digest:
            return {"digest": selected.digest}
        with problems_at("image"):
            digest = self._builds.find(args.image)
        self._cache.put(key, Selected(args.image.tag or "", digest or "", "built"))
        return {"digest": digest} if digest else {}

    def _args(self, props: Mapping[str, Any]) -> "PipelineArgs":
        from fcpin.image_pipeline.properties import PipelineArgs, inputs_of

        return PipelineArgs.read(inputs_of(props))

    def _outputs(
        self, args: "PipelineArgs", props: Mapping[str, Any], olds: Mapping[str, Any], *, rebuild: bool
    ) -> dict[str, Any]:
        """Ensure that the image exists; return the outputs."""
        from fcpin.image import short
        from fcpin.image_pipeline.properties import inputs_of

        builds, name = self._builds, f"{args.image.repository.path}:{args.image.tag}"
        shown = props.get("digest")
        if shown and not rebuild and (now := builds.find(args.image)) != shown:
            raise TagMoved(
                f"{args.image} moved from {short(shown)} to {short(now)} since the preview; run again to see the change"
            )
        image = builds.ensure_image(args.request, lambda line: self._log("info", f"{name}: {line}"), rebuild=rebuild)
        built = {"pipeline": image.run, "log_location": image.log_location}
        if not image.run and olds.get("digest") == image.digest:
            built = {key: olds.get(key) or "" for key in built}
        return {**inputs_of(props), **args.target, "digest": image.digest, **built}
