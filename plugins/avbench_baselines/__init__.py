"""Rows that give other rows a scale, and a way to score embeddings made elsewhere."""
