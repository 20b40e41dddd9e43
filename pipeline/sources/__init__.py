"""Sources of guidance: notes, added documents, anchors between them, the registry."""
