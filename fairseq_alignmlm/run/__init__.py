"""From settings to results: the configuration, the table of objectives, and the engine that runs what is stale."""
