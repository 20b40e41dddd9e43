"""The published site: its index, feed, corrections and schema, all made from the log and the ledgers."""
