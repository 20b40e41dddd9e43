"""What changed between revisions of a page: stored, compared claim by claim with reasons, shown as a redline."""
