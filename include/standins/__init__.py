"""Stand-ins of the systems that retail_ops connects, and the shoppers who use them. They import nothing of it."""
