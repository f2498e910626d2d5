"""A package of plain NumPy code, as people write it, that knows nothing of derivatives."""
