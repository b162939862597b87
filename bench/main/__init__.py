"""The benchmarks of the rest of Gust: a module each, with measure(), which prints its tables."""
