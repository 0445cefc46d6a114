"""What the data plane is told to do: streams, schemas, audiences, as one configuration."""
