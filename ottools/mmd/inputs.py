"""Where `whole` and `generator` were before they moved to `ottools.measures`."""

from ottools.measures import generator, whole

__all__ = ["generator", "whole"]
