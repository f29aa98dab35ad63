"""Accuracy on labelled photos, and speed."""
