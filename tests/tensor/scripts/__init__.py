"""Short scripts by theme. Each is a function of the library that it is to run under, and prints what it finds."""
