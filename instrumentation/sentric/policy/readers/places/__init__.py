"""Places: hosts, sites and addresses, whose they are, what they imitate, where they lead."""
