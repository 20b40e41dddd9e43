"""Review and publishing: what a person approves is what goes out."""
