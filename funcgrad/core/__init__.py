"""The core: spaces, levels, primitives and their kinds, the graph, the engine, and tracers. It knows no rules."""
