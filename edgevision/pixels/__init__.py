"""Arithmetic on pictures: into the input tensor, and onto the overlay."""
