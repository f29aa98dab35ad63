"""Knowledge about networks: layer tables, files, heads. No device, no frame."""
