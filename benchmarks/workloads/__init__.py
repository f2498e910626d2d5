"""The workloads, a chapter each."""
