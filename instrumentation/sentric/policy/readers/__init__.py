"""What is read out of texts, addresses, values, calls and programs. A package for each subject, each over the last."""
