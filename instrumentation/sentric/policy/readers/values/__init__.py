"""Values: what can be named and recognised again, in whatever form it is written."""
