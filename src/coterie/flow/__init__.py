"""The data plane, read top to bottom: collect, log, map, resolve, fold, evaluate, diff, export."""
