"""All of NumPy, with creation functions that give traced constants inside a transform."""
