"""What the service takes in: a generator of load, the service or a peer driven by it, and a floor beside."""
