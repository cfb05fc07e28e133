"""The static status page: written by the worker, served by anything, true while everything of ours is down."""
