"""The benchmarks of the object store: a module a figure, each with measure(sizes), which prints its tables and answers its figures."""
