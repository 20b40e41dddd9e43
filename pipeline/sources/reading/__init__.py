"""Readers of documents: any file form into blocks, in a process of their own."""
