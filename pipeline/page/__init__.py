"""The page: assembled from verified statements, rendered as HTML, Markdown and the claim ledger."""
