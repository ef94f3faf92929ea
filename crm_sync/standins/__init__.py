"""CRMs to run on one's own machine: for the demo and for tests, never in production. Plain Python."""
