"""The layers, a chapter each."""
