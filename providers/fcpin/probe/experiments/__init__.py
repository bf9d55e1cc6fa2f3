"""The experiments, one room a theme, in the order in which they are made."""

from collections.abc import Sequence
from typing import Final

from fcpin.probe.experiments import acr, breaking, distribution, images, life, login, pipelines, updates
from fcpin.probe.experiments.experiment import Experiment

EXPERIMENTS: Final[Sequence[Experiment]] = (
    *distribution.EXPERIMENTS,
    *acr.EXPERIMENTS,
    *life.EXPERIMENTS,
    *images.EXPERIMENTS,
    *updates.EXPERIMENTS,
    *login.EXPERIMENTS,
    *breaking.EXPERIMENTS,
    *pipelines.EXPERIMENTS,
)
"""Where an experiment is registered. The first of `life` makes the function that the later ones work on."""

__all__ = ["EXPERIMENTS", "Experiment"]
