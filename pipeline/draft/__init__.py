"""Drafting: from facts, notes or a model to statements with the evidence they offer."""
