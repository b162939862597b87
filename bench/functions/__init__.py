"""The figures of the function engine: a module each, with measure(), which prints its tables and answers its Figures."""
