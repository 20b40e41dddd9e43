"""Gold questions of the retrieval suite, and how its decision was fitted."""
