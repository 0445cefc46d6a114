"""The control plane: who may do what, and what the data plane is told to do."""

from coterie.store import Store

# The doors hand the store through to the planes and never import it themselves.
__all__ = ["Store"]
