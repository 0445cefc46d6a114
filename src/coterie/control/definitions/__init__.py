"""What the data plane is told to do: streams, schemas, audiences, as one configuration."""

from coterie.control.definitions.pipeline import current_epoch, load_config

__all__ = ["current_epoch", "load_config"]
