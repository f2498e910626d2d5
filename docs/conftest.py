"""What pytest does not collect here: the build's own modules, which need Sphinx, and what the build has written."""

collect_ignore = ["conf.py", "_ext", "_build", "gallery", "reference"]
