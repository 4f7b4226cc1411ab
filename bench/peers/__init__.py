"""The contenders: one module each, with one class that fulfils `bench.contender`."""
